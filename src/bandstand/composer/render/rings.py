"""Sounds that are struck once and then left alone: rendered once per pitch and strength, laid many times.

It works like a sampler whose samples we make ourselves. Not for sounds that change while they are held (`waves.py`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.jit import kernel

Ring = NDArray[np.float32]

LAYERS = 5
"""Strengths a stroke is rendered in; between them only the level changes."""

BYTES_MAX = 40_000_000
"""Of rings one part keeps; the ones used longest ago go first."""

SECONDS_MAX = 9.0


@kernel
def lay_ring(
    out: NDArray[np.float32],
    at: int,
    ring: NDArray[np.float32],
    gain: float,
    hold: int,
    release: float,
    length: int,
) -> None:
    """Add a ring to `out` at a level; from `hold` on it fades by the factor `release` per sample.

    out   float32 [2, N]
    ring  float32 [2, M]
    """
    length = min(length, ring.shape[1], out.shape[1] - at)
    level = gain
    for n in range(length):
        if n >= hold:
            level *= release
        out[0, at + n] += level * ring[0, n]
        out[1, at + n] += level * ring[1, n]


class RingVoice:
    """Plays what `make(pitch, strength, samples)` renders.

    seconds_at  pitch -> seconds until the ring has died by itself
    release     seconds it rings after the key is up
    loudness    exponent of velocity; the rest of a velocity is brightness
    """

    def __init__(
        self,
        make: Callable[[int, float, int], Ring],
        seconds_at: Callable[[int], float],
        rate: int,
        *,
        release: float,
        loudness: float = 1.4,
    ) -> None:
        self._make = make
        self._seconds_at = seconds_at
        self._rate = rate
        self._release = release
        self._loudness = loudness
        self._rings: OrderedDict[tuple[int, int], Ring] = OrderedDict()
        self._bytes = 0

    def _natural(self, pitch: int) -> int:
        return int(min(self._seconds_at(pitch), SECONDS_MAX) * self._rate)

    def tail(self, hold: int, pitch: int) -> int:
        """Samples from the start of a note to its last sound."""
        return min(hold + int(1.4 * self._release * self._rate), self._natural(pitch))

    def _ring(self, pitch: int, layer: int, samples: int) -> Ring:
        ring = self._rings.get((pitch, layer))
        if ring is not None and ring.shape[1] >= samples:
            self._rings.move_to_end((pitch, layer))
            return ring
        natural, length = self._natural(pitch), int(0.75 * self._rate)
        while length < samples:
            length *= 2
        if ring is not None:
            self._bytes -= ring.nbytes
        ring = self._make(pitch, (layer + 0.7) / LAYERS, max(min(length, natural), samples))
        self._rings[pitch, layer] = ring
        self._bytes += ring.nbytes
        while self._bytes > BYTES_MAX and len(self._rings) > 1:
            self._bytes -= self._rings.popitem(last=False)[1].nbytes
        return ring

    def play(
        self, out: Ring, at: int, hold: int, *, pitch: int, velocity: float, bend: float, seed: int
    ) -> None:
        """Add a note; a ring cannot bend and is the same every time, so `bend` and `seed` change nothing."""
        del bend, seed
        length = self.tail(hold, pitch)
        layer = min(int(velocity * LAYERS), LAYERS - 1)
        release = float(np.exp(-5.0 / (self._release * self._rate)))
        ring = self._ring(pitch, layer, length)
        lay_ring(out, at, ring, velocity**self._loudness, hold, release, length)
