"""A clip at another rate or with another number of channels; soxr does the filtering.

Not for changing speed or pitch: the sound stays the same, only its sampling differs.
"""

from __future__ import annotations

import numpy as np
import soxr

from bandstand.audio.clip import Clip, Samples


def resample(clip: Clip, rate: int) -> Clip:
    """The clip at `rate` Hz; N samples become N * rate / old, rounded half up, exactly."""
    if rate <= 0:
        raise ValueError(f"rate must be positive, not {rate}")
    if rate == clip.rate:
        return clip
    length = (2 * clip.samples.shape[1] * rate + clip.rate) // (2 * clip.rate)
    if length == 0:
        return Clip(np.zeros((clip.channels, 0), np.float32), rate)
    filtered: Samples = soxr.resample(
        np.ascontiguousarray(clip.samples.T), clip.rate, rate, quality="VHQ"
    )
    samples = np.zeros((clip.channels, length), np.float32)
    shared = min(length, filtered.shape[0])
    samples[:, :shared] = filtered[:shared].T
    return Clip(samples, rate)


def to_channels(clip: Clip, channels: int) -> Clip:
    """Mono to stereo by copying, stereo to mono by the mean."""
    if channels not in {1, 2}:
        raise ValueError(f"channels must be 1 or 2, not {channels}")
    if channels == clip.channels:
        return clip
    if channels == 1:
        return Clip(clip.samples.mean(axis=0, keepdims=True, dtype=np.float32), clip.rate)
    return Clip(np.repeat(clip.samples, 2, axis=0), clip.rate)
