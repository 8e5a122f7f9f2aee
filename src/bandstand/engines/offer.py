"""What this installation offers: which engines run here, which models they can play, and why the others cannot be played.

Looks at the models' folder once, when asked; a server asks at its start. Loads no engine.
"""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec

from bandstand.canvas import FAMILIES, PALETTES
from bandstand.catalog import CANVAS, MODELS, MULTIBAND_WEIGHTS, Catalog, Model, allows_commerce
from bandstand.diffusion.ways import WAYS
from bandstand.engines import MODULES, Equipment
from bandstand.engines.checkpoints import InstalledDiffuser
from bandstand.engines.companions import COMPANIONS, companion, lacking, missing_companions
from bandstand.engines.weights import (
    InstalledModel,
    broken_models,
    installed_diffusers,
    installed_models,
)
from bandstand.errors import Misconfigured
from bandstand.settings import Role, Settings

AUTO = "auto"
MUSICGEN, DIFFUSION = "musicgen", "diffusion"
NEEDED = {
    MUSICGEN: ("torch", "tokenizers", "safetensors"),
    DIFFUSION: ("torch", "diffusers", "transformers", "accelerate", "peft"),
}
EXTRAS = {MUSICGEN: "musicgen", DIFFUSION: "images"}


def engines_of(settings: Settings) -> list[str]:
    """The engines by name. auto: the composer and the canvas; musicgen and diffusion when there are weights for them and they can run.

    A process that only answers requests leaves the running to others, and needs nothing but to see the weights.

    raises  Misconfigured for an engine that does not exist
    """
    named = [name for name in settings.engines if name != AUTO]
    for name in named:
        if name not in MODULES:
            raise Misconfigured(f"there is no engine {name!r}; there are: {', '.join(MODULES)}")
    if AUTO not in settings.engines:
        return named
    here = {
        MUSICGEN: installed_models(settings.models_folder),
        DIFFUSION: installed_diffusers(settings.models_folder),
    }
    is_answering = settings.role is Role.API
    found = [
        engine
        for engine, models in here.items()
        if models and (is_answering or not missing_libraries(engine))
    ]
    return list(dict.fromkeys([*named, "composer", "canvas", *found]))


def equipment_of(settings: Settings) -> Equipment:
    """What the engines of this process may use."""
    return Equipment(
        models=settings.models_folder,
        device=settings.device.value,
        precision=settings.precision.value,
        tracks=settings.tracks,
        memory_gb=settings.memory_gb,
        unload_seconds=settings.unload_seconds,
        soundfont=settings.soundfont,
    )


def open_catalog(settings: Settings) -> Catalog:
    """All models, with those that can run here. raises as `engines_of`"""
    engines = engines_of(settings)
    folder = settings.models_folder
    models = {name: _with_choices(model) for name, model in MODELS.items()}
    absences = {
        found.name: f"The weights of model {found.name!r} cannot be used: {found.problem}"
        for found in broken_models(folder)
    }
    installed = {m.name for m in MODELS.values() if m.weights is None and m.engine in engines}
    for found in (*installed_models(folder), *installed_diffusers(folder)):
        known = models.get(found.name)
        models[found.name] = (
            dataclasses.replace(known, licence=found.licence)
            if known
            else _with_choices(found.row())
        )
        hindrance = hindrance_of(found, settings, engines)
        if hindrance is None:
            installed.add(found.name)
        else:
            absences[found.name] = f"Model {found.name!r} cannot be played here: {hindrance}"
    if hindrance := _multiband_hindrance(settings):
        absences[MULTIBAND_WEIGHTS] = hindrance
    return Catalog(frozenset(installed), settings.stand_in, models, absences)


def _with_choices(model: Model) -> Model:
    """With the names that its engine knows."""
    choices = {
        CANVAS.engine: {"family": tuple(FAMILIES), "palette": tuple(PALETTES)},
        DIFFUSION: {"scheduler": tuple(WAYS)},
    }
    return dataclasses.replace(model, choices=choices.get(model.engine, {}))


def hindrance_of(
    model: InstalledModel | InstalledDiffuser, settings: Settings, engines: list[str]
) -> str | None:
    """Why a model whose weights are whole is not used, in a person's words; None when it is."""
    engine = DIFFUSION if isinstance(model, InstalledDiffuser) else MUSICGEN
    if settings.commercial_only and not allows_commerce(model.licence):
        return not_commercial(model.licence)
    if missing := missing_companions(model.lacks, settings.models_folder):
        return lacking(missing)
    if engine in engines:
        return None
    if missing := missing_libraries(engine):
        return f"{' and '.join(missing)} is not installed; run: pip install 'bandstand[{EXTRAS[engine]}]'"
    return f"its engine, {engine}, is not named in BANDSTAND_ENGINES"


def not_commercial(licence: str) -> str:
    return f"its licence, {licence}, does not allow commercial use, and nothing else is wanted here"


def missing_libraries(engine: str = MUSICGEN) -> list[str]:
    return [name for name in NEEDED[engine] if find_spec(name) is None]


def _multiband_hindrance(settings: Settings) -> str | None:
    licence = COMPANIONS[MULTIBAND_WEIGHTS].licence
    if settings.commercial_only and not allows_commerce(licence):
        return f"MultiBand Diffusion cannot be used here: {not_commercial(licence)}"
    if companion(settings.models_folder, MULTIBAND_WEIGHTS) is None:
        return f"MultiBand Diffusion has no weights here; install them with: bandstand models pull {MULTIBAND_WEIGHTS}"
    return None
