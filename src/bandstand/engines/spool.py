"""Finished files between the engine's process and the blobs: one folder a job, under its name only when it is whole.

Not for keeping: what is stored is removed, and what a canceled or dead run left behind is cleared by the sweep.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
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
    return Pressed(
        name=file.name,
        kind=kind,
        media_type=media_type,
        bytes=file.stat().st_size,
        sha256=_digest(file),
        about=about,
    )


def aside(folder: Path) -> Path:
    """Where to gather what is going to be `folder`: two runs of a job may be under way on one machine."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))


def job_of(folder: Path) -> str:
    """Whose files are in a folder of the spool, finished or not."""
    return folder.name.partition(".")[0]


def finish(gathered: Path, folder: Path, files: Sequence[Pressed]) -> tuple[Pressed, ...]:
    """Give the gathered files their place, all at once.

    return  what is there now: another run of the job may have been first, and its files are as good
    """
    (gathered / MANIFEST).write_text(json.dumps([asdict(file) for file in files]))
    try:
        gathered.rename(folder)
    except OSError:  # there is one already
        there = read_manifest(folder)
        if there is not None:
            shutil.rmtree(gathered)
            return there
        shutil.rmtree(folder)
        gathered.rename(folder)
    return tuple(files)


def read_manifest(folder: Path) -> tuple[Pressed, ...] | None:
    """What an earlier run finished in this folder; None when it did not get that far, or the disk forgot some of it."""
    try:
        files = tuple(Pressed(**row) for row in json.loads((folder / MANIFEST).read_text()))
        is_whole = all(_digest(folder / file.name) == file.sha256 for file in files)
    except (FileNotFoundError, ValueError):
        return None
    return files if is_whole else None


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
