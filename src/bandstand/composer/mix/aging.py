"""A worn record: slow waver of pitch, crackle, a little hiss. For lo-fi; the amount comes from the score.

Crackle and hiss are drawn per absolute tenth of a second, so they do not depend on how the piece is cut into blocks.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Filter, Stereo, high_pass, low_pass
from bandstand.composer.jit import kernel


@kernel
def waver(
    sound: NDArray[np.float32],
    line: NDArray[np.float32],
    centre: float,
    depth: float,
    speeds: NDArray[np.float64],
    state: NDArray[np.float64],
) -> None:
    """Read a block, in place, through a delay that moves: centre +- depth samples; speeds: radians per sample."""
    size = line.shape[1]
    i, slow, fast = int(state[0]), state[1], state[2]
    for n in range(sound.shape[1]):
        line[0, i], line[1, i] = sound[0, n], sound[1, n]
        spot = i - centre - depth * (0.8 * math.sin(slow) + 0.2 * math.sin(fast)) + size
        whole = int(spot)
        part = spot - whole
        a, b = whole % size, (whole + 1) % size
        sound[0, n] = line[0, a] + part * (line[0, b] - line[0, a])
        sound[1, n] = line[1, a] + part * (line[1, b] - line[1, a])
        slow += speeds[0]
        fast += speeds[1]
        i += 1
        if i == size:
            i = 0
    state[0], state[1], state[2] = i, slow, fast


class Aging:
    """amount 0..1; sound comes out `latency` samples late on average."""

    def __init__(self, rate: int, amount: float, seed: int, start: int = 0) -> None:
        slow, fast = 2.0 * math.pi * 0.55, 2.0 * math.pi * 4.3
        self.latency = round(0.0008 * rate) + 2
        self._depth = 0.0004 * amount * rate
        self._line = np.zeros((2, 4 * self.latency), dtype=np.float32)
        self._speeds = np.array([slow / rate, fast / rate])
        self._state = np.array([0.0, slow * start / rate, fast * start / rate])
        self._colour = Filter([high_pass(700.0, rate), low_pass(5500.0, rate)])
        self._amount, self._seed = amount, seed
        self._tenth = max(1, rate // 10)
        self._position = start

    def run(self, sound: Stereo) -> Stereo:
        """Age a block in place and return it."""
        waver(sound, self._line, float(self.latency), self._depth, self._speeds, self._state)
        dust = self._dust(self._position, sound.shape[1])
        self._position += sound.shape[1]
        sound += self._colour.run(dust)
        return sound

    def _dust(self, start: int, samples: int) -> Stereo:
        first, last = start // self._tenth, (start + samples) // self._tenth
        tenths = np.concatenate([self._tenth_of_dust(k) for k in range(first, last + 1)], axis=1)
        skip = start - first * self._tenth
        return np.ascontiguousarray(tenths[:, skip : skip + samples])

    def _tenth_of_dust(self, k: int) -> NDArray[np.float32]:
        chance = np.random.default_rng([self._seed % 65521, k])
        dust = 0.0012 * self._amount * chance.standard_normal((2, self._tenth))
        for _ in range(int(chance.poisson(1.1 * self._amount))):
            at = int(chance.integers(self._tenth))
            loud = self._amount * min(0.05 * float(chance.exponential()), 0.2)
            dust[:, at] += loud * float(chance.choice([-1.0, 1.0])) * chance.uniform(0.4, 1.0, 2)
        return dust.astype(np.float32)
