"""The hand on the fader: what the rehearsal got wrong about loudness is corrected slowly while the piece plays.

After each block it looks at what has been heard and at what the rest is expected to bring, and moves the gain by
no more than a listener would forgive. Not a compressor: it knows nothing of single notes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Stereo
from bandstand.composer.mix.loudness import Meter, blocks
from bandstand.composer.mix.sheet import LUFS

_FARTHEST = 6.0  # dB from the rehearsed gain
_STEP = 0.7  # dB per second
_TRUST = 6.0
"""Seconds of a kind of section that must be heard before they weigh as much as the rehearsal does."""

_SHARED = 0.5
"""How much of what is heard of all kinds of sections, in dB, is believed of one that was not heard yet."""


@dataclass
class _Kind:
    """What was heard so far of a kind of section. Energies at the rehearsed gain."""

    seconds: float = 0.0
    rehearsed: float = 0.0
    played: float = 0.0

    def ratio(self, usual: float) -> float:
        """Of what was played to what was rehearsed; what is usual as long as little was."""
        if self.rehearsed <= 0.0:
            return usual
        trust = _TRUST * self.rehearsed / self.seconds
        return (self.played + usual * trust) / (self.rehearsed + trust)


class Ride:
    """expected: (samples, mean square, kind of section) of every block to come, in order, at the rehearsed gain."""

    def __init__(self, expected: Sequence[tuple[int, float, str]], rate: int) -> None:
        self._expected = list(expected)
        self._meter = Meter(rate)
        self._step_samples = max(1, round(0.1 * rate))
        self._rate = rate
        self._index = 0
        self._told = 0  # tenths of a second
        self._kinds: dict[str, _Kind] = {}
        self._all = _Kind()
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
        _, rehearsed, kind = self._expected[self._index]
        played = float(fresh.sum()) / 10.0 ** (0.05 * (self._gain_before + self.trim))
        for one in (self._all, self._kinds.setdefault(kind, _Kind())):
            one.seconds += 0.1 * len(fresh)
            one.rehearsed += 0.1 * len(fresh) * rehearsed
            one.played += 0.1 * played

    def _turned_out(self, kind: str) -> float:
        """What a kind of section is against what was rehearsed: 1 at first, and more and more as it was heard."""
        usual = self._all.ratio(1.0) ** _SHARED
        return self._kinds[kind].ratio(usual) if kind in self._kinds else usual

    def _wanted(self, powers: NDArray[np.float64]) -> float:
        """dB that would bring the rest to where the whole meets its loudness."""
        goal = 10.0 ** ((LUFS + 0.691) / 10.0)
        gate = 0.1 * goal
        counted = powers[powers > gate]
        ratios = {kind: self._turned_out(kind) for _, _, kind in self._expected}
        rest = [
            (samples / self._step_samples, ratios[kind] * power)
            for samples, power, kind in self._expected[self._index :]
            if power > gate
        ]
        coming = sum(n * p for n, p in rest)
        if coming <= 0.0:
            return self.trim
        needed = goal * (len(counted) + sum(n for n, _ in rest)) - float(counted.sum())
        wanted = 10.0 * math.log10(max(needed / coming, 1e-3))
        return min(max(wanted, -_FARTHEST), _FARTHEST)
