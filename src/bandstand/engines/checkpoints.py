"""Diffusion weights in the models' folder: models and LoRAs, whole or broken, and the companions they work with.

MusicGen's are `weights.py`'s. A LoRA may also lie in the folder as a file of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bandstand.catalog import MODELS, Ability, Kind, Model, diffusion, few_steps
from bandstand.diffusion.describe import (
    TENSORS,
    Description,
    Family,
    LoraDescription,
    survey,
)
from bandstand.engines.companions import (
    CHECKER,
    TAESD,
    TAESD_XL,
    TOKENIZER,
    UPSCALER,
    companion,
)
from bandstand.engines.manifests import (
    BrokenModel,
    Manifest,
    bytes_in,
    check_files,
    folder_of,
    read_manifest,
)
from bandstand.errors import BandstandError, Failed, Invalid, Misconfigured, NotFound

UNKNOWN_LICENCE = "unknown"
FEW_STEPS = 4
PRICES: Mapping[Family, int] = {Family.SD_1: 10, Family.SD_2: 10, Family.SDXL: 20}
# In another family, nothing drawn under the name would be what was asked for.
FAMILIES: Mapping[str, Family] = {
    "sdxl": Family.SDXL,
    "sdxl-turbo": Family.SDXL,
    "sd-2.1": Family.SD_2,
    "sd-turbo": Family.SD_2,
    "sd-1.5": Family.SD_1,
}


@dataclass(frozen=True, kw_only=True)
class Installed:
    """manifest  None when it was laid there by hand"""

    name: str
    folder: Path
    manifest: Manifest | None

    @property
    def licence(self) -> str:
        if self.manifest:
            return self.manifest.licence
        known = MODELS.get(self.name)
        return known.licence if known else UNKNOWN_LICENCE

    @property
    def source(self) -> str:
        return self.manifest.source if self.manifest else str(self.folder)

    @property
    def bytes(self) -> int:
        return bytes_in(self.folder)


@dataclass(frozen=True, kw_only=True)
class InstalledDiffuser(Installed):
    """A model of pictures whose folder is whole."""

    description: Description

    @property
    def lacks(self) -> tuple[str, ...]:
        """Companions without which it cannot draw."""
        return (TOKENIZER,) if self.description.lacks_tokenizer else ()

    @property
    def base(self) -> str:
        return self.description.family.value

    @property
    def layout(self) -> str:
        return self.description.layout.value

    @property
    def parameters(self) -> int:
        return self.description.parameters

    @property
    def abilities(self) -> frozenset[Ability]:
        return self.row().abilities

    def row(self) -> Model:
        """As the catalog shows it; a model that is not listed there costs what one of its family does."""
        model = diffusion(
            self.name,
            f"{self.name} ({self.base})",
            weights=self.source,
            side=self.description.side,
            licence=self.licence,
            price=PRICES[self.description.family],
        )
        if not self.description.is_few:
            return model
        guidance_max = model.guidance_max if self.description.has_guidance else 1.0
        return few_steps(model, steps=FEW_STEPS, guidance_max=guidance_max)


@dataclass(frozen=True, kw_only=True)
class InstalledLora(Installed):
    """A LoRA: named in a wish, never asked for alone."""

    description: LoraDescription
    layout = "lora"

    @property
    def base(self) -> str | None:
        return self.description.family and self.description.family.value

    @property
    def parameters(self) -> int:
        return self.description.parameters


def look_at_pictures(folder: Path, name: str) -> InstalledDiffuser | InstalledLora | BrokenModel:
    """What lies in one folder that somebody meant for pictures, wherever it is."""
    try:
        manifest = read_manifest(folder)
        check_files(folder, manifest)
        found = survey(folder)
        _check_name(name, found)
    except (BandstandError, OSError) as error:
        text = error.message if isinstance(error, BandstandError) else str(error)
        return BrokenModel(name, folder, text)
    if isinstance(found, LoraDescription):
        return InstalledLora(name=name, folder=folder, manifest=manifest, description=found)
    return InstalledDiffuser(name=name, folder=folder, manifest=manifest, description=found)


def find_diffuser(models: Path, name: str, elsewhere: Path | None = None) -> InstalledDiffuser:
    """elsewhere: its folder when that is not among the models. raises NotFound, Invalid with what is wrong with it"""
    folder = elsewhere or folder_of(models, name)
    if not folder.is_dir():
        raise NotFound(f"Model {name!r} has no weights here.")
    found = look_at_pictures(folder, name)
    if isinstance(found, InstalledDiffuser):
        return found
    problem = found.problem if isinstance(found, BrokenModel) else "it is a LoRA, and no model"
    raise Invalid(name, problem)


def find_lora(models: Path, name: str) -> Path:
    """The file of a LoRA: its own folder's, or one that lies beside the models' folders, with or without its ending.

    raises  Failed when there is none
    """
    if (models / name).is_dir():
        found = look_at_pictures(models / name, name)
        if isinstance(found, InstalledLora):
            return found.description.file
    else:
        for file in (models / name, models / f"{name}{TENSORS}"):
            if file.is_file() and file.suffix == TENSORS and file.parent == models:
                return file
    raise Failed(f"There is no LoRA {name!r} among the models here.")


def companions_of(model: InstalledDiffuser, models: Path) -> dict[str, Path | None]:
    """Where they lie, by what they are for.

    raises  Misconfigured when one is missing that the model cannot do without
    """
    tokenizer = companion(models, TOKENIZER)
    if TOKENIZER in model.lacks and tokenizer is None:
        raise Misconfigured(
            f"{model.name!r} is a single file, which has no tokenizer; run: bandstand models pull {TOKENIZER}"
        )
    is_xl = model.description.family is Family.SDXL
    return {
        "tokenizer": tokenizer,
        "tiny": companion(models, TAESD_XL if is_xl else TAESD),
        "checker": companion(models, CHECKER),
        "upscaler": companion(models, UPSCALER),
    }


def _check_name(name: str, found: Description | LoraDescription) -> None:
    known = MODELS.get(name)
    if known is None:
        return
    if known.kind is not Kind.IMAGE or known.weights is None or isinstance(found, LoraDescription):
        raise Invalid(name, "the name is taken by a model of another kind")
    family = FAMILIES.get(name, found.family)
    if family is not found.family:
        raise Invalid(
            name,
            f"the folder holds a model like {found.family.value}, and should one like {family.value}",
        )
