"""What a folder of weights is called, and what a pull wrote down about it. Not what the weights are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bandstand.errors import Invalid

MANIFEST = "bandstand.json"
PARTIAL = ".partial"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


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


@dataclass(frozen=True)
class BrokenModel:
    """A folder that should be a model and is none."""

    name: str
    folder: Path
    problem: str


def folder_of(models: Path, name: str) -> Path:
    """raises Invalid for what is no name of a folder in there"""
    if not NAME.fullmatch(name):
        raise Invalid("name", f"{name!r} is not a model's name: letters, digits, '.', '_' and '-'")
    return models / name


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


def check_files(folder: Path, manifest: Manifest | None) -> None:
    """raises  Invalid when one is missing, or has another size than it had"""
    for name, entry in manifest.files.items() if manifest else ():
        file = folder / name
        if not file.is_file():
            raise Invalid(name, "it is missing")
        if file.stat().st_size != entry.bytes:
            raise Invalid(name, f"it has {file.stat().st_size} bytes, and had {entry.bytes}")
