"""Weights from one layout into the other, written as a folder that can be used, copied or pulled like any.

Loads torch; only the command `bandstand models convert` comes here.
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from pathlib import Path

import torch

from bandstand.engines.manifests import BrokenModel, Entry, Manifest, bytes_in, write_manifest
from bandstand.engines.pull import digest, shown_bytes
from bandstand.engines.weights import InstalledModel, Weights, look_at
from bandstand.errors import Conflict, Invalid, Unavailable
from bandstand.musicgen.checkpoints import read_checkpoint, write_audiocraft, write_huggingface

DTYPES = {"float16": torch.float16, "float32": torch.float32}
HUGGINGFACE, AUDIOCRAFT = "huggingface", "audiocraft"
LAYOUTS = (HUGGINGFACE, AUDIOCRAFT)


def convert(
    model: InstalledModel, weights: Weights, target: Path, *, to: str, dtype: str | None
) -> InstalledModel:
    """Write `model` to the folder `target`, which must not exist. What it is licensed as goes with it.

    to      "huggingface" or "audiocraft"
    dtype   "float16", "float32", or None for as it is
    raises  Invalid, Conflict, Unavailable when there is no room
    """
    _check(target, to, dtype)
    checkpoint = read_checkpoint(
        weights.folder, text_folder=weights.text, codec_folder=weights.codec
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    _check_space(weights, target.parent)
    with tempfile.TemporaryDirectory(prefix=".convert-", dir=target.parent) as made:
        folder = Path(made) / target.name
        folder.mkdir()
        if to == HUGGINGFACE:
            kept = checkpoint.weights["heads"].dtype
            write_huggingface(checkpoint, folder, dtype=DTYPES[dtype] if dtype else kept)
        else:
            write_audiocraft(checkpoint, folder)
        write_manifest(folder, _manifest(model, folder, to))
        found = look_at(folder, target.name)
        if isinstance(found, BrokenModel):
            raise Invalid("to", found.problem)
        folder.rename(target)
    return dataclasses.replace(found, folder=target)


def _check(target: Path, to: str, dtype: str | None) -> None:
    if to not in LAYOUTS:
        raise Invalid("to", f"{to!r} is none of: {', '.join(LAYOUTS)}")
    if dtype is not None and dtype not in DTYPES:
        raise Invalid("dtype", f"{dtype!r} is none of: {', '.join(DTYPES)}")
    if dtype is not None and to == AUDIOCRAFT:
        raise Invalid("dtype", "audiocraft's layout keeps the type the weights have")
    if target.exists():
        raise Conflict(f"{target} is there already.")


def _check_space(weights: Weights, folder: Path) -> None:
    """Not less than what is read; float16 stored as float32 may need twice that, and the disk then says so itself."""
    needed, free = bytes_in(weights.folder), shutil.disk_usage(folder).free
    if needed > free:
        raise Unavailable(
            f"{folder} has {shown_bytes(free)} free, and {shown_bytes(needed)} are needed."
        )


def _manifest(model: InstalledModel, folder: Path, to: str) -> Manifest:
    known = model.manifest
    return Manifest(
        name=folder.name,
        base=model.base,
        source=model.source,
        revision=known.revision if known else None,
        licence=model.licence,
        acknowledged_at=known.acknowledged_at if known else None,
        layout=to,
        files={
            path.name: Entry(path.stat().st_size, digest(path)) for path in sorted(folder.iterdir())
        },
    )
