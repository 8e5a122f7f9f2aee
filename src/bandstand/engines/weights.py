"""The folder of model weights: which models lie there, whole or broken, and what a pull wrote down about each.

One folder a model, named as the model is; `bandstand.json` in it is its manifest. A folder that somebody laid there by hand
has none and counts all the same. Not how weights get there (`pull.py`), nor what of it may run here (`offer.py`).
"""

from __future__ import annotations

import math
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bandstand.catalog import MODELS, MULTIBAND_WEIGHTS, NON_COMMERCIAL, Ability, Model, musicgen
from bandstand.errors import BandstandError, Conflict, Invalid, NotFound
from bandstand.musicgen.describe import Description, survey
from bandstand.musicgen.sizes import SIZES, Sizes

MANIFEST = "bandstand.json"
PARTIAL = ".partial"
TEN = tuple(SIZES)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Companion:
    """Weights that are no model, but help one.

    repository  on the Hugging Face hub
    needed      the files of it that are used; an ending stands for any name before it
    """

    repository: str
    licence: str
    needed: tuple[str, ...]


TEXT, CODEC = "t5-base", "encodec"
COMPANIONS: Mapping[str, Companion] = {
    MULTIBAND_WEIGHTS: Companion(
        repository="facebook/multiband-diffusion",
        licence=NON_COMMERCIAL,
        needed=("mbd_musicgen_32khz.th",),
    ),
    CODEC: Companion(
        repository="facebook/encodec_32khz",
        licence=NON_COMMERCIAL,
        needed=("config.json", ".safetensors"),
    ),
    TEXT: Companion(
        repository="google-t5/t5-base",
        licence="Apache-2.0",
        needed=("config.json", ".safetensors", "tokenizer.json"),
    ),
}


@dataclass(frozen=True)
class Entry:
    """One file, as it was when it was pulled."""

    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What is known of a folder since it was pulled.

    base             which of the ten it is, or by its sizes could be tuned from
    source           a repository on the hub, or the folder it was copied from
    revision         the commit it was pulled at; None for a folder
    acknowledged_at  when somebody took note of the licence, UTC seconds
    layout           "huggingface", "audiocraft", or "companion" for what is no model
    """

    name: str
    base: str | None
    source: str
    revision: str | None
    licence: str
    acknowledged_at: float | None
    layout: str
    files: Mapping[str, Entry]


@dataclass(frozen=True, kw_only=True)
class InstalledModel:
    """A model whose folder is whole.

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
class BrokenModel:
    """A folder that should be a model and is none."""

    name: str
    folder: Path
    problem: str


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
    """Every whole model in the folder, by name."""
    return tuple(found for found in _look(models) if isinstance(found, InstalledModel))


def broken_models(models: Path) -> tuple[BrokenModel, ...]:
    """Every folder there that cannot be used, with the reason. Nothing a folder holds raises."""
    return tuple(found for found in _look(models) if isinstance(found, BrokenModel))


def look_at(folder: Path, name: str) -> InstalledModel | BrokenModel:
    """What lies in one folder, wherever it is."""
    try:
        manifest = read_manifest(folder)
        _check_files(folder, manifest)
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
    missing = missing_companions(model, models)
    if missing:
        raise Invalid(model.name, lacking(missing))
    multiband = companion(models, MULTIBAND_WEIGHTS)
    return Weights(
        folder=model.folder,
        text=companion(models, TEXT) if TEXT in model.lacks else None,
        codec=companion(models, CODEC) if CODEC in model.lacks else None,
        multiband=multiband and multiband / COMPANIONS[MULTIBAND_WEIGHTS].needed[0],
    )


def companion(models: Path, name: str) -> Path | None:
    """The folder of a companion, if all that is needed of it is there."""
    folder = models / name
    there = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    needed = COMPANIONS[name].needed
    return folder if all(any(n.endswith(end) for n in there) for end in needed) else None


def folder_of(models: Path, name: str) -> Path:
    """raises Invalid for what is no name of a folder in there"""
    if not NAME.fullmatch(name):
        raise Invalid("name", f"{name!r} is not a model's name: letters, digits, '.', '_' and '-'")
    return models / name


def base_of(sizes: Sizes) -> str | None:
    """Which of the ten has these sizes."""
    return next((name for name, known in SIZES.items() if known == sizes), None)


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def read_manifest(folder: Path) -> Manifest | None:
    """raises Invalid when there is one that cannot be read"""
    file = folder / MANIFEST
    if not file.exists():
        return None
    try:
        return TypeAdapter(Manifest).validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Invalid(MANIFEST, f"it cannot be read: {first['msg']}") from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST).write_bytes(TypeAdapter(Manifest).dump_json(manifest, indent=2) + b"\n")


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
    return isinstance(look_at(folder, name), InstalledModel)


def _clear(folder: Path, models: Path) -> int:
    """Away at once for whoever looks, then file by file. A linked file is not ours, and frees nothing."""
    freed = sum(p.lstat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    aside = models / PARTIAL / f"removed-{uuid.uuid4().hex}"
    aside.parent.mkdir(exist_ok=True)
    folder.rename(aside)
    shutil.rmtree(aside)
    return freed


def _look(models: Path) -> Iterator[InstalledModel | BrokenModel]:
    for folder in sorted(models.iterdir()) if models.is_dir() else ():
        if folder.is_dir() and NAME.fullmatch(folder.name) and folder.name not in COMPANIONS:
            yield look_at(folder, folder.name)


def missing_companions(model: InstalledModel, models: Path) -> list[str]:
    return [name for name in model.lacks if companion(models, name) is None]


def lacking(companions: Sequence[str]) -> str:
    """What to do about them, in a person's words."""
    pulls = " && ".join(f"bandstand models pull {name}" for name in companions)
    return f"its layout leaves out {' and '.join(companions)}; run: {pulls}"


def _check_files(folder: Path, manifest: Manifest | None) -> None:
    for name, entry in manifest.files.items() if manifest else ():
        file = folder / name
        if not file.is_file():
            raise Invalid(name, "it is missing")
        if file.stat().st_size != entry.bytes:
            raise Invalid(name, f"it has {file.stat().st_size} bytes, and had {entry.bytes}")


def _check_kind(name: str, sizes: Sizes) -> None:
    """Under the name of one of the ten nothing of another kind may answer."""
    if name in MODELS and name not in SIZES:
        raise Invalid(name, "the name is taken by a built-in model")
    if name not in SIZES:
        return
    known = SIZES[name]
    if (sizes.is_prefix, sizes.channels) != (known.is_prefix, known.channels):
        raise Invalid(name, f"the folder holds a {_kind(sizes)} model, and should a {_kind(known)}")


def _kind(sizes: Sizes) -> str:
    return (
        f"{'stereo' if sizes.channels == 2 else 'mono'} {'melody' if sizes.is_prefix else 'text'}"
    )
