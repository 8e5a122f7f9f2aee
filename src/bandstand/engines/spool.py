"""Finished files between the engine's process and the blobs: one folder a job, whole once its manifest is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """One finished file in a spool folder; becomes an artifact when it is stored."""

    name: str
    kind: str
    media_type: str
    bytes: int
    sha256: str
    about: Mapping[str, Any]


def pressed(file: Path, *, kind: str, media_type: str, about: Mapping[str, Any]) -> Pressed:
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return Pressed(
        name=file.name,
        kind=kind,
        media_type=media_type,
        bytes=file.stat().st_size,
        sha256=digest,
        about=about,
    )


def write_manifest(folder: Path, files: Sequence[Pressed]) -> None:
    """Written aside and renamed: a folder with a manifest is whole."""
    aside = folder / f"{MANIFEST}.part"
    aside.write_text(json.dumps([asdict(file) for file in files]))
    aside.rename(folder / MANIFEST)


def read_manifest(folder: Path) -> tuple[Pressed, ...] | None:
    """What an earlier run finished in this folder; None when it did not get that far."""
    try:
        return tuple(Pressed(**row) for row in json.loads((folder / MANIFEST).read_text()))
    except FileNotFoundError:
        return None
