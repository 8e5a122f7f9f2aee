"""From made sound to finished files: level, rate, encoding, tags. Runs in the engine's process, beside the sound."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bandstand.audio.codecs import FORMATS, Tags, encode
from bandstand.audio.loudness import integrated_loudness, normalize, true_peak
from bandstand.audio.resample import resample
from bandstand.engines import Made
from bandstand.specs import MusicSpec

MANIFEST = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """One finished file in the spool folder; becomes an artifact when it is stored."""

    name: str
    kind: str
    media_type: str
    bytes: int
    sha256: str
    about: Mapping[str, Any]


def press(made: Made, spec: MusicSpec, tags: Tags, folder: Path) -> tuple[Pressed, ...]:
    """Write everything into the folder, and a manifest last: with it the folder is whole.

    raises  ValueError when the engine made no finite sound
    """
    folder.mkdir(parents=True, exist_ok=True)
    clip = normalize(made.clip, spec.loudness.value)
    if spec.sample_rate is not None:
        clip = resample(clip, spec.sample_rate)
    format_ = FORMATS[spec.encoding.value]
    track = folder / f"track.{format_.extension}"
    encode(clip, spec.encoding.value, track, tags)
    about = {
        "seconds": clip.seconds,
        "rate": clip.rate,
        "channels": clip.channels,
        "lufs": _finite(integrated_loudness(clip)),
        "true_peak": _finite(true_peak(clip)),
        **made.about,
    }
    pressed = [_pressed(track, "audio", format_.media_type, about)]
    for extra in made.extras:
        file = folder / extra.name
        file.write_bytes(extra.content)
        pressed.append(_pressed(file, extra.kind, extra.media_type, {}))
    aside = folder / f"{MANIFEST}.part"
    aside.write_text(json.dumps([asdict(file) for file in pressed]))
    aside.rename(folder / MANIFEST)
    return tuple(pressed)


def read_manifest(folder: Path) -> tuple[Pressed, ...] | None:
    """What an earlier run finished in this folder; None when it did not get that far."""
    file = folder / MANIFEST
    if not file.is_file():
        return None
    return tuple(Pressed(**row) for row in json.loads(file.read_text()))


def _pressed(file: Path, kind: str, media_type: str, about: Mapping[str, Any]) -> Pressed:
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


def _finite(value: float) -> float | None:
    """JSON knows no infinity: silence has no loudness."""
    return round(value, 2) if abs(value) < 1e6 else None
