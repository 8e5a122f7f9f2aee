"""The hand on the fader: what the rehearsal got wrong about loudness is corrected slowly while the piece plays.

After each block it looks at what has been heard and at what the rest is expected to bring, and moves the gain by
no more than a listener would forgive. Not a compressor: it knows nothing of single notes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Stereo
from bandstand.composer.mix.loudness import Meter, blocks
from bandstand.composer.mix.sheet import LUFS

_FARTHEST = 3.5  # dB from the rehearsed gain
_STEP = 0.45  # dB per second
_TRUST = 6.0
"""Seconds that must be heard before they weigh as much as the rehearsal does."""


class Ride:
    """expected: (samples, mean square) of every block to come, in order, at the rehearsed gain."""

    def __init__(self, expected: Sequence[tuple[int, float]], rate: int) -> None:
        self._expected = list(expected)
        self._meter = Meter(rate)
        self._step_samples = max(1, round(0.1 * rate))
        self._rate = rate
        self._index = 0
        self._told = 0  # tenths of a second
        # Energies so far, both at the rehearsed gain.
        self._seconds, self._rehearsed, self._played = 0.0, 0.0, 0.0
        self._gain_before = 0.0
        self.trim = 0.0

    def heard(self, block: Stereo) -> None:
        """Take note of a finished block and set `trim`, in dB, for the next one."""
        self._meter.feed(block)
        done = self._meter.energies()
        self._learn(done)
        self._index += 1
        self._gain_before = self.trim
        if len(done) < 4:
            return
        wanted = self._wanted(blocks(done))
        step = _STEP * block.shape[1] / self._rate
        self.trim += min(max(wanted - self.trim, -step), step)

    def _learn(self, done: NDArray[np.float64]) -> None:
        """Remember what the last block brought; its gain was half-way between two trims."""
        if self._index >= len(self._expected):
            return
        fresh = done[self._told :]
        self._told = len(done)
        self._seconds += 0.1 * len(fresh)
        self._rehearsed += 0.1 * len(fresh) * self._expected[self._index][1]
        self._played += 0.1 * float(fresh.sum()) / 10.0 ** (0.05 * (self._gain_before + self.trim))

    def _turned_out(self) -> float:
        """What was heard against what was rehearsed: 1 at first, and more and more as it is."""
        if self._rehearsed <= 0.0:
            return 1.0
        trust = _TRUST * self._rehearsed / self._seconds
        return (self._played + trust) / (self._rehearsed + trust)

    def _wanted(self, powers: NDArray[np.float64]) -> float:
        """dB that would bring the rest to where the whole meets its loudness."""
        goal = 10.0 ** ((LUFS + 0.691) / 10.0)
        gate = 0.1 * goal
        counted = powers[powers > gate]
        ratio = self._turned_out()
        rest = [
            (samples / self._step_samples, ratio * power)
            for samples, power in self._expected[self._index :]
            if power > gate
        ]
        coming = sum(n * p for n, p in rest)
        if coming <= 0.0:
            return self.trim
        needed = goal * (len(counted) + sum(n for n, _ in rest)) - float(counted.sum())
        wanted = 10.0 * math.log10(max(needed / coming, 1e-3))
        return min(max(wanted, -_FARTHEST), _FARTHEST)
