"""The cover of a track, drawn by the canvas from the prompt and from the track's own loudness. Not a way to ask for pictures."""

from __future__ import annotations

import numpy as np

from bandstand.audio.clip import Clip
from bandstand.audio.tags import Cover
from bandstand.canvas import SOFTWARE, render, to_file
from bandstand.engines import Extra
from bandstand.specs import MusicSpec

KIND = "cover"
_SIDE = 512  # pixels
_QUALITY = 82
_MOMENTS = 480


def cover_of(clip: Clip, spec: MusicSpec) -> Extra:
    """The same track and wishes give the same bytes."""
    picture = render(
        spec.prompt, seed=spec.seed or 0, width=_SIDE, height=_SIDE, envelope=loudness(clip)
    )
    return Extra(
        name="cover.jpg",
        kind=KIND,
        media_type="image/jpeg",
        content=to_file(picture, "jpeg", quality=_QUALITY),
        about={
            "width": picture.width,
            "height": picture.height,
            "family": picture.family,
            "palette": picture.palette,
            "software": SOFTWARE,
        },
    )


def embeddable(extras: tuple[Extra, ...]) -> Cover | None:
    """The cover among the extras, as the track's own file takes it."""
    for extra in extras:
        if extra.kind == KIND and isinstance(extra.content, bytes):
            return Cover(
                jpeg=extra.content, width=extra.about["width"], height=extra.about["height"]
            )
    return None


def loudness(clip: Clip) -> list[float]:
    """Root mean square of equally long stretches, from the beginning to the end."""
    count = max(min(_MOMENTS, clip.samples.shape[1]), 1)
    stretches = np.array_split(clip.samples, count, axis=1)
    return [float(np.sqrt(np.mean(np.square(s)))) if s.size else 0.0 for s in stretches]
