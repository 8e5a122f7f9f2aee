"""What this installation can offer, and what stands in for it without weights. The models themselves are in `models.py`.

Knows no engine: which models can really run here is told to `Catalog` by whoever looked (`engines/offer.py`).
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bandstand.catalog.foreign import (
    FOREIGN_NAMES,
    REPLICATE_MODEL,
    REPLICATE_VERSION,
    REPLICATE_VERSIONS,
    ForeignName,
    model_named,
)
from bandstand.catalog.models import (
    BUILTIN,
    CANVAS,
    COMMERCIAL,
    COMPOSER,
    FAKE,
    MODELS,
    MULTIBAND_WEIGHTS,
    NON_COMMERCIAL,
    OPEN_RAIL,
    Ability,
    Model,
    allows_commerce,
    diffusion,
    few_steps,
    musicgen,
)
from bandstand.errors import Invalid, Unavailable
from bandstand.settings import StandIn
from bandstand.specs import ImageSpec, Kind, MusicSpec, Spec

__all__ = [
    "CANVAS",
    "COMMERCIAL",
    "COMPOSER",
    "FAKE",
    "FOREIGN_NAMES",
    "MODELS",
    "MULTIBAND_WEIGHTS",
    "NON_COMMERCIAL",
    "OPEN_RAIL",
    "REPLICATE_MODEL",
    "REPLICATE_VERSION",
    "REPLICATE_VERSIONS",
    "Ability",
    "Catalog",
    "ForeignName",
    "Model",
    "allows_commerce",
    "diffusion",
    "few_steps",
    "model_named",
    "musicgen",
    "needed",
    "price_of",
]

# What a built-in model loses nothing by: MultiBand Diffusion only changes how tokens become sound, a scheduler how noise goes.
LOSSLESS = frozenset({Ability.MULTIBAND, Ability.SCHEDULER})


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
        if model is None or not self._is_shown(model):
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
            and _can(builtin, spec)
            and builtin.name in self.installed
        ):
            return builtin
        raise Unavailable(self.absences.get(asked.name) or _absence(asked))

    def _other(self, asked: Model, spec: Spec) -> Model | None:
        """The dearest installed model that can do what is wanted, of the same engine if there is one."""
        able = [
            model
            for model in self.models.values()
            if model.name in self.installed and model.kind is asked.kind and _can(model, spec)
        ]
        nearness = {model.name: (model.engine == asked.engine, model.price) for model in able}
        return max(able, key=lambda model: nearness[model.name], default=None)

    def rows(self) -> Iterable[Model]:
        return filter(self._is_shown, self.models.values())

    def _is_shown(self, model: Model) -> bool:
        """What is for tests only where it runs."""
        return model.engine != FAKE.engine or model.name in self.installed


def needed(spec: Spec) -> frozenset[Ability]:
    """What a model must be able to do for this spec."""
    wanted = _wanted_of_picture(spec) if isinstance(spec, ImageSpec) else _wanted_of_music(spec)
    return frozenset(ability for ability, is_wanted in wanted.items() if is_wanted)


def _can(model: Model, spec: Spec) -> bool:
    """Whether it could stand in. What is built in has neither tokens nor noise, and loses nothing by wishes about them."""
    return needed(spec) - (LOSSLESS if model.weights is None else frozenset()) <= model.abilities


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
