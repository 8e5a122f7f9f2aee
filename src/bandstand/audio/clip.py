"""Sound in memory. Not for files (`codecs.py`) and not for sound that is too long to hold.

C channels, N samples per channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Clip:
    """A stretch of sound; checked once here, so that nobody checks it after.

    samples  float32 [C, N]  nominally -1..1, C is 1 (mono) or 2 (stereo)
    rate     Hz
    raises   ValueError when the shape, the type or the rate is wrong
    """

    samples: Samples
    rate: int

    def __post_init__(self) -> None:
        if self.samples.dtype != np.float32:
            raise ValueError(f"samples must be float32, not {self.samples.dtype}")
        if self.samples.ndim != 2 or self.samples.shape[0] not in {1, 2}:
            raise ValueError(f"samples must be [1 or 2, N], not {list(self.samples.shape)}")
        if self.rate <= 0:
            raise ValueError(f"rate must be positive, not {self.rate}")

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def seconds(self) -> float:
        return float(self.samples.shape[1] / self.rate)


def join(clips: Sequence[Clip]) -> Clip:
    """One clip after another.

    clips   at least one; all of one rate and one number of channels
    raises  ValueError when they differ
    """
    if not clips:
        raise ValueError("nothing to join")
    first = clips[0]
    if any((clip.rate, clip.channels) != (first.rate, first.channels) for clip in clips):
        raise ValueError("clips to join must agree in rate and channels")
    return Clip(np.concatenate([clip.samples for clip in clips], axis=1), first.rate)
