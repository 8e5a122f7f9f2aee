"""From made sound to finished files: level, rate, encoding, tags. Runs in the engine's process, beside the sound.

Pictures come finished from their engines and are only laid in their place.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bandstand.audio.codecs import FORMATS, encode
from bandstand.audio.loudness import integrated_loudness, normalize, true_peak
from bandstand.audio.resample import resample, to_channels
from bandstand.audio.tags import Tags
from bandstand.engines import Drawn, Extra, Made
from bandstand.engines.cover import embeddable
from bandstand.engines.spool import Pressed, aside, finish, pressed
from bandstand.specs import MusicSpec


def press(made: Made, spec: MusicSpec, tags: Tags, folder: Path) -> tuple[Pressed, ...]:
    """Write the track and the extras; the folder appears when all of it is there.

    raises  ValueError when the engine made no finite sound
    """
    return _gather(folder, lambda gathered: _write(made, spec, tags, gathered))


def put_pictures(drawn: Drawn, folder: Path) -> tuple[Pressed, ...]:
    """Write the pictures; the folder appears when all of them are there. What is told of all is told of each."""
    return _gather(folder, lambda gathered: list(_lay(drawn.pictures, gathered, drawn.about)))


def _gather(folder: Path, write: Callable[[Path], list[Pressed]]) -> tuple[Pressed, ...]:
    gathered = aside(folder)
    try:
        return finish(gathered, folder, write(gathered))
    except BaseException:
        shutil.rmtree(gathered, ignore_errors=True)
        raise


def _write(made: Made, spec: MusicSpec, tags: Tags, folder: Path) -> list[Pressed]:
    clip = made.clip if spec.channels is None else to_channels(made.clip, spec.channels)
    if not made.is_levelled:
        clip = normalize(clip, spec.loudness.value)
    if spec.sample_rate is not None:
        clip = resample(clip, spec.sample_rate)
    form = FORMATS[spec.encoding.value]
    track = folder / f"track.{form.extension}"
    encode(clip, spec.encoding.value, track, tags, cover=embeddable(made.extras))
    about = {
        "seconds": clip.seconds,
        "rate": clip.rate,
        "channels": clip.channels,
        "lufs": _finite(integrated_loudness(clip)),
        "true_peak": _finite(true_peak(clip)),
        **made.about,
    }
    piece = pressed(track, kind="audio", media_type=form.media_type, about=about)
    return [piece, *_lay(made.extras, folder, {})]


def _lay(extras: Iterable[Extra], folder: Path, about: Mapping[str, Any]) -> Iterator[Pressed]:
    for extra in extras:
        file = folder / extra.name
        if isinstance(extra.content, Path):
            shutil.move(extra.content, file)
            extra.content.parent.rmdir()
        else:
            file.write_bytes(extra.content)
        told = {**about, **extra.about}
        yield pressed(file, kind=extra.kind, media_type=extra.media_type, about=told)


def _finite(value: float) -> float | None:
    """JSON knows no infinity: silence has no loudness."""
    return round(value, 2) if abs(value) < 1e6 else None
