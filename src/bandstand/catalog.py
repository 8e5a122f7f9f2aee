"""The models on offer: what each can do, under which licence, what it costs, and what stands in for it without weights.

Knows no engine: which models can really run here is told to `Catalog` by whoever looked (`engines/offer.py`).
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bandstand.errors import Invalid, Unavailable
from bandstand.settings import StandIn
from bandstand.specs import MusicSpec


class Ability(enum.StrEnum):
    """What a model can do beyond making music from text."""

    MELODY = "melody"
    CONTINUATION = "continuation"
    SECTIONS = "sections"
    MULTIBAND = "multiband"
    MIDI = "midi"
    EXACT_TEMPO = "exact tempo"
    SCORE = "score"
    VARIATION = "variation"
    STEMS = "stems"


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model.

    engine     who runs it
    weights    where its weights come from: mostly a Hugging Face repository; None when it needs none
    licence    of what it makes, as told to clients and written into files
    price      millicredits for one second of audio
    channels   1 or 2
    rate       Hz, its own
    """

    name: str
    engine: str
    title: str
    licence: str
    price: int
    channels: int
    rate: int
    weights: str | None = None
    abilities: frozenset[Ability] = frozenset()


NON_COMMERCIAL = "CC-BY-NC-4.0"
FREE = "none: use it as you like"
# Whatever is not known to allow it does not.
COMMERCIAL = frozenset(
    {
        FREE,
        "apache-2.0",
        "bsd-2-clause",
        "bsd-3-clause",
        "cc-by-4.0",
        "cc-by-sa-4.0",
        "cc0-1.0",
        "mit",
    }
)
MULTIBAND_WEIGHTS = "multiband-diffusion"


def allows_commerce(licence: str) -> bool:
    return licence.lower() in COMMERCIAL


def musicgen(
    name: str,
    *,
    stereo: bool,
    melody: bool,
    price: int,
    licence: str = NON_COMMERCIAL,
    weights: str = "",
) -> Model:
    """A model that the engine `musicgen` runs: one of the ten, or one tuned from them."""
    abilities = {Ability.CONTINUATION, Ability.SECTIONS, Ability.MULTIBAND}
    if melody:
        abilities.add(Ability.MELODY)
    return Model(
        name=name,
        engine="musicgen",
        title=f"MusicGen {name}",
        licence=licence,
        price=price,
        channels=2 if stereo else 1,
        rate=32000,
        weights=weights or f"facebook/musicgen-{name}",
        abilities=frozenset(abilities),
    )


COMPOSER = Model(
    name="composer",
    engine="composer",
    title="Bandstand composer (built in, algorithmic)",
    licence=FREE,
    price=1,
    channels=2,
    rate=44100,
    abilities=frozenset(set(Ability) - {Ability.SECTIONS, Ability.MULTIBAND}),
)
FAKE = Model(
    name="fake",
    engine="fake",
    title="Test tone",
    licence=FREE,
    price=1,
    channels=1,
    rate=32000,
    abilities=frozenset({Ability.MELODY, Ability.CONTINUATION, Ability.SECTIONS}),
)
MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        COMPOSER,
        musicgen("small", stereo=False, melody=False, price=2),
        musicgen("medium", stereo=False, melody=False, price=4),
        musicgen("large", stereo=False, melody=False, price=6),
        musicgen("melody", stereo=False, melody=True, price=4),
        musicgen("melody-large", stereo=False, melody=True, price=6),
        musicgen("stereo-small", stereo=True, melody=False, price=3),
        musicgen("stereo-medium", stereo=True, melody=False, price=5),
        musicgen("stereo-large", stereo=True, melody=False, price=8),
        musicgen("stereo-melody", stereo=True, melody=True, price=5),
        musicgen("stereo-melody-large", stereo=True, melody=True, price=8),
        FAKE,
    )
}


@dataclass(frozen=True, kw_only=True)
class ForeignName:
    """How one API calls a model.

    dialect  "replicate", "leap", "modelslab", "segmind"
    name     as it stands in that API's URLs or bodies
    model    ours
    """

    dialect: str
    name: str
    model: str


REPLICATE_MODEL = "meta/musicgen"
REPLICATE_VERSION = "671ac645ce5e552cc63a54a2bbff63fcf798043055d2dac5fc9e36a837eedcfb"
# Older ones that programs still name; all are made alike here.
REPLICATE_VERSIONS = (
    REPLICATE_VERSION,
    "b05b1dff1d8c6dc63d14b0cdb42135378dcb87f6373b0d3d341ede46e59e2b38",
    "7be0f12c54a8d033a0fbd14418c9af98962da9a86f5ff7811f9b3423a1f0b7d7",
    "7a76a8258b23fae65c5a22debb8841d1d7e816b75c2f24218cd2bd8573787906",
)
FOREIGN_NAMES: tuple[ForeignName, ...] = (
    *(
        ForeignName(dialect="replicate", name=name, model=name)
        for name in ("stereo-melody-large", "stereo-large", "melody-large", "large")
    ),
    ForeignName(dialect="leap", name="melody", model="melody-large"),
    ForeignName(dialect="leap", name="music", model="large"),
    ForeignName(dialect="modelslab", name="music_gen", model="melody"),
    ForeignName(dialect="segmind", name="meta-musicgen-medium", model="medium"),
)


def model_named(dialect: str, name: str) -> str | None:
    """Our name of a model that `dialect` calls `name`."""
    return next(
        (row.model for row in FOREIGN_NAMES if (row.dialect, row.name) == (dialect, name)), None
    )


@dataclass(frozen=True)
class Catalog:
    """What this installation can offer.

    installed  names of the models that can run here
    stand_in   what a request for another one gets
    models     all on offer: those of this file, and the ones tuned from them whose weights are here
    absences   why one that is not installed is not, where there is more to say than that it has no weights here
    """

    installed: frozenset[str] = frozenset({COMPOSER.name})
    stand_in: StandIn = StandIn.BUILTIN
    models: Mapping[str, Model] = field(default_factory=lambda: MODELS)
    absences: Mapping[str, str] = field(default_factory=dict[str, str])

    def find(self, name: str) -> Model:
        """The model of that name, installed or not.

        raises  Invalid with the nearest name
        """
        model = self.models.get(name)
        if model is None or (model is FAKE and FAKE.name not in self.installed):
            near = difflib.get_close_matches(name, [m.name for m in self.rows()], n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise Invalid("model", f"there is no model {name!r}{hint}")
        return model

    def choose(self, spec: MusicSpec) -> Model:
        """The model that really makes the piece: the one asked for, or what stands in for it.

        raises  Invalid when the model asked for cannot do what is wanted,
                Unavailable when its weights are missing and nothing may stand in
        """
        asked = self.find(spec.model)
        _check_abilities(asked, spec)
        if asked.name in self.installed:
            if spec.multiband and MULTIBAND_WEIGHTS in self.absences:
                raise Unavailable(self.absences[MULTIBAND_WEIGHTS])
            return asked
        if self.stand_in is StandIn.OTHER:
            other = self._other(asked, spec)
            if other is not None:
                return other
        if (
            self.stand_in is StandIn.BUILTIN
            and _composer_can(spec)
            and COMPOSER.name in self.installed
        ):
            return COMPOSER
        raise Unavailable(self.absences.get(asked.name) or _absence(asked))

    def _other(self, asked: Model, spec: MusicSpec) -> Model | None:
        """The dearest installed model that can do what is wanted, of the same engine if there is one."""
        able = [
            model
            for model in self.models.values()
            if model.name in self.installed and needed(spec) <= model.abilities
        ]
        nearness = {model.name: (model.engine == asked.engine, model.price) for model in able}
        return max(able, key=lambda model: nearness[model.name], default=None)

    def rows(self) -> Iterable[Model]:
        return (m for m in self.models.values() if m is not FAKE or FAKE.name in self.installed)


def needed(spec: MusicSpec) -> frozenset[Ability]:
    """What a model must be able to do for this spec."""
    wanted = {
        Ability.MELODY: spec.melody is not None,
        Ability.CONTINUATION: spec.continues is not None,
        Ability.SECTIONS: bool(spec.sections),
        Ability.MULTIBAND: spec.multiband,
        Ability.SCORE: spec.score is not None,
        Ability.VARIATION: spec.variation != 0,
        Ability.STEMS: spec.stems is not None,
    }
    return frozenset(ability for ability, is_wanted in wanted.items() if is_wanted)


def _composer_can(spec: MusicSpec) -> bool:
    """MultiBand Diffusion only changes how tokens become sound; a model without tokens loses nothing."""
    return needed(spec) - {Ability.MULTIBAND} <= COMPOSER.abilities


def _check_abilities(model: Model, spec: MusicSpec) -> None:
    for ability in sorted(needed(spec) - model.abilities):
        field_name = {Ability.CONTINUATION: "continues"}.get(ability, ability.value)
        raise Invalid(field_name, f"model {model.name!r} cannot do this")


def _absence(model: Model) -> str:
    if model.weights is None:
        return f"Model {model.name!r} is made by an engine that BANDSTAND_ENGINES does not name: {model.engine}"
    return f"Model {model.name!r} has no weights here; install them with: bandstand models pull {model.name}"


def price_of(model: Model, seconds: float) -> int:
    """Millicredits for a piece of that length: whole seconds begun."""
    return model.price * max(1, -int(-seconds // 1))
