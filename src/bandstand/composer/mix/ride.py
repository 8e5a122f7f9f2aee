"""The hand on the fader: what the rehearsal got wrong about loudness is corrected slowly while the piece plays.

After each block it looks at what has been heard and at what the rest is expected to bring, and moves the gain by
no more than a listener would forgive. Not a compressor: it knows nothing of single notes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bandstand.composer.filters import Stereo
from bandstand.composer.mix.loudness import Meter
from bandstand.composer.mix.sheet import LUFS

_FARTHEST = 2.5  # dB from the rehearsed gain
_STEP = 0.45  # dB per second


class Ride:
    """expected: (samples, mean square) of every block to come, in order, at the rehearsed gain."""

    def __init__(self, expected: Sequence[tuple[int, float]], rate: int) -> None:
        self._expected = list(expected)
        self._meter = Meter(rate)
        self._step_samples = max(1, round(0.1 * rate))
        self._rate = rate
        self._index = 0
        self.trim = 0.0

    def heard(self, block: Stereo) -> None:
        """Take note of a finished block and set `trim`, in dB, for the next one."""
        self._meter.feed(block)
        self._index += 1
        goal = 10.0 ** ((LUFS + 0.691) / 10.0)
        gate = 0.1 * goal
        done = self._meter.energies()
        if len(done) < 4:
            return
        done = np.convolve(done, np.full(4, 0.25), mode="valid")
        done = done[done > gate]
        spent = float(done.sum()) * self._step_samples
        length = len(done) * self._step_samples
        rest = [
            (samples, power) for samples, power in self._expected[self._index :] if power > gate
        ]
        coming = sum(samples * power for samples, power in rest)
        if coming <= 0.0:
            return
        needed = goal * (length + sum(samples for samples, _ in rest)) - spent
        wanted = 10.0 * math.log10(max(needed / coming, 1e-3))
        wanted = min(max(wanted, -_FARTHEST), _FARTHEST)
        step = _STEP * block.shape[1] / self._rate
        self.trim += min(max(wanted - self.trim, -step), step)
