"""The outline of a sound: how far it goes out, stretch by stretch, as a player draws it. Not a measure of loudness."""

from __future__ import annotations

import numpy as np

from bandstand.audio.clip import Clip

COUNT = 800


def peaks(clip: Clip, count: int = COUNT) -> list[float]:
    """The greatest distance from zero in any channel, 0 to 1, of `count` stretches as long as each other."""
    length = clip.samples.shape[1]
    edges = np.linspace(0, length, count, endpoint=False).astype(np.int64)
    if length == 0:
        return [0.0] * count
    highest = np.maximum.reduceat(clip.samples, edges, axis=1)
    lowest = np.minimum.reduceat(clip.samples, edges, axis=1)
    outline = np.maximum(highest, -lowest).max(axis=0)
    return [round(float(peak), 3) for peak in np.clip(outline, 0.0, 1.0)]
