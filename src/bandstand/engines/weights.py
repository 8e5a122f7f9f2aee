"""The folder of model weights: which models lie there, whole or broken, and what a pull wrote down about each.

One folder a model, named as the model is; `bandstand.json` in it is its manifest. A folder that somebody laid there by hand
has none and counts all the same. Not how weights get there (`pull.py`), nor what of it may run here (`offer.py`).
"""

from __future__ import annotations

import math
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bandstand.catalog import MODELS, MULTIBAND_WEIGHTS, NON_COMMERCIAL, Ability, Model, musicgen
from bandstand.diffusion.describe import holds_pictures
from bandstand.engines.checkpoints import InstalledDiffuser, InstalledLora, look_at_pictures
from bandstand.engines.companions import (
    CODEC,
    COMPANIONS,
    TEXT,
    companion,
    lacking,
    missing_companions,
)
from bandstand.engines.manifests import (
    MANIFEST,
    NAME,
    PARTIAL,
    BrokenModel,
    Manifest,
    bytes_in,
    check_files,
    folder_of,
    read_manifest,
)
from bandstand.errors import BandstandError, Conflict, Invalid, NotFound
from bandstand.musicgen.describe import Description, survey
from bandstand.musicgen.sizes import SIZES, Sizes

TEN = tuple(SIZES)


@dataclass(frozen=True, kw_only=True)
class InstalledModel:
    """A model of MusicGen's whose folder is whole.

    manifest  None when it was laid there by hand
    lacks     companions without which it cannot play: audiocraft's layout leaves out the text encoder, and may the codec
    """

    name: str
    folder: Path
    description: Description
    manifest: Manifest | None
    lacks: tuple[str, ...]

    @property
    def sizes(self) -> Sizes:
        return self.description.sizes

    @property
    def base(self) -> str | None:
        return base_of(self.sizes)

    @property
    def layout(self) -> str:
        return self.description.layout

    @property
    def licence(self) -> str:
        """Meta's, unless somebody said otherwise: whatever is tuned from those weights stays under it."""
        return self.manifest.licence if self.manifest else NON_COMMERCIAL

    @property
    def source(self) -> str:
        return self.manifest.source if self.manifest else str(self.folder)

    @property
    def abilities(self) -> frozenset[Ability]:
        return self.row().abilities

    @property
    def channels(self) -> int:
        return self.sizes.channels

    @property
    def parameters(self) -> int:
        return sum(math.prod(shape) for shape in self.sizes.shapes().values())

    @property
    def bytes(self) -> int:
        return bytes_in(self.folder)

    def row(self) -> Model:
        """As the catalog shows it; a tuned model costs what one of its width does."""
        wide = {1024: "small", 1536: "medium"}.get(self.sizes.width, "large")
        stereo = self.channels == 2
        price = MODELS[f"stereo-{wide}" if stereo else wide].price
        return musicgen(
            self.name,
            stereo=stereo,
            melody=self.sizes.is_prefix,
            price=price,
            licence=self.licence,
            weights=self.source,
        )


@dataclass(frozen=True)
class Weights:
    """Where the files of a model lie that an engine opens.

    text, codec  the companions of a model that lacks them; else None
    multiband    the checkpoint of MultiBand Diffusion, when it is installed
    """

    folder: Path
    text: Path | None
    codec: Path | None
    multiband: Path | None


def installed_models(models: Path) -> tuple[InstalledModel, ...]:
    """Every whole model of music in the folder, by name."""
    return tuple(found for found in _look(models) if isinstance(found, InstalledModel))


def installed_diffusers(models: Path) -> tuple[InstalledDiffuser, ...]:
    """Every whole model of pictures."""
    return tuple(found for found in _look(models) if isinstance(found, InstalledDiffuser))


def installed_loras(models: Path) -> tuple[InstalledLora, ...]:
    return tuple(found for found in _look(models) if isinstance(found, InstalledLora))


def broken_models(models: Path) -> tuple[BrokenModel, ...]:
    """Every folder there that cannot be used, with the reason. Nothing a folder holds raises."""
    return tuple(found for found in _look(models) if isinstance(found, BrokenModel))


def look_at_any(
    folder: Path, name: str
) -> InstalledModel | InstalledDiffuser | InstalledLora | BrokenModel:
    """What lies in one folder, wherever it is."""
    return look_at_pictures(folder, name) if holds_pictures(folder) else look_at(folder, name)


def look_at(folder: Path, name: str) -> InstalledModel | BrokenModel:
    """As `look_at_any`, for music alone."""
    try:
        manifest = read_manifest(folder)
        check_files(folder, manifest)
        found = survey(folder)
        _check_kind(name, found.description.sizes)
    except (BandstandError, OSError) as error:
        text = error.message if isinstance(error, BandstandError) else str(error)
        return BrokenModel(name, folder, text)
    lacks = {TEXT: found.text is None, CODEC: isinstance(found.codec, str)}
    return InstalledModel(
        name=name,
        folder=folder,
        description=found.description,
        manifest=manifest,
        lacks=tuple(name for name, is_lacking in lacks.items() if is_lacking),
    )


def find_model(models: Path, name: str) -> InstalledModel:
    """raises NotFound, Invalid with what is wrong with its folder"""
    folder = folder_of(models, name)
    if not folder.is_dir() or name in COMPANIONS:
        raise NotFound(f"Model {name!r} has no weights here.")
    found = look_at(folder, name)
    if isinstance(found, BrokenModel):
        raise Invalid(name, found.problem)
    return found


def weights_of(models: Path, name: str) -> Weights:
    """Where an engine finds a model. raises as `find_model`, and Invalid when a companion is missing"""
    return files_of(find_model(models, name), models)


def files_of(model: InstalledModel, models: Path) -> Weights:
    """As `weights_of`, for a model that may lie outside the models' folder. raises Invalid when a companion is missing"""
    missing = missing_companions(model.lacks, models)
    if missing:
        raise Invalid(model.name, lacking(missing))
    multiband = companion(models, MULTIBAND_WEIGHTS)
    return Weights(
        folder=model.folder,
        text=companion(models, TEXT) if TEXT in model.lacks else None,
        codec=companion(models, CODEC) if CODEC in model.lacks else None,
        multiband=multiband and multiband / COMPANIONS[MULTIBAND_WEIGHTS].needed[0],
    )


def base_of(sizes: Sizes) -> str | None:
    """Which of the ten has these sizes."""
    return next((name for name, known in SIZES.items() if known == sizes), None)


def remove(models: Path, name: str) -> int:
    """Take a model, a companion or a pull that was broken off out of the folder; how many bytes that freed.

    raises  NotFound, Conflict for a folder that no pull made and that holds no model
    """
    folder, partial = folder_of(models, name), models / PARTIAL / name
    if not folder.exists() and not folder.is_symlink():
        if not partial.is_dir():
            raise NotFound(f"There is no model {name!r} in {models}.")
        return _clear(partial, models)
    if folder.is_symlink():
        folder.unlink()
        return 0
    if not (folder / MANIFEST).exists() and not _is_ours(folder, name):
        raise Conflict(f"{folder} holds no model; it is left as it is.")
    return _clear(folder, models)


def _is_ours(folder: Path, name: str) -> bool:
    if name in COMPANIONS:
        return companion(folder.parent, name) is not None
    return not isinstance(look_at_any(folder, name), BrokenModel)


def _clear(folder: Path, models: Path) -> int:
    """Away at once for whoever looks, then file by file. A linked file is not ours, and frees nothing."""
    freed = sum(p.lstat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    aside = models / PARTIAL / f"removed-{uuid.uuid4().hex}"
    aside.parent.mkdir(exist_ok=True)
    folder.rename(aside)
    shutil.rmtree(aside)
    return freed


def _look(
    models: Path,
) -> Iterator[InstalledModel | InstalledDiffuser | InstalledLora | BrokenModel]:
    for folder in sorted(models.iterdir()) if models.is_dir() else ():
        if folder.is_dir() and NAME.fullmatch(folder.name) and folder.name not in COMPANIONS:
            yield look_at_any(folder, folder.name)


def _check_kind(name: str, sizes: Sizes) -> None:
    """Under the name of one of the ten nothing of another kind may answer."""
    if name in MODELS and name not in SIZES:
        raise Invalid(name, "the name is taken by a model of another kind")
    if name not in SIZES:
        return
    known = SIZES[name]
    if (sizes.is_prefix, sizes.channels) != (known.is_prefix, known.channels):
        raise Invalid(name, f"the folder holds a {_kind(sizes)} model, and should a {_kind(known)}")


def _kind(sizes: Sizes) -> str:
    return (
        f"{'stereo' if sizes.channels == 2 else 'mono'} {'melody' if sizes.is_prefix else 'text'}"
    )
