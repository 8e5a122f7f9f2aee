"""The loudness meter of the desk: ITU-R BS.1770-4 integrated loudness, fed block by block.

Not for files that are already finished (`bandstand.audio`). The filter constants are those of the standard,
redesigned for the rate.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Filter, Section, Stereo, high_pass

SILENCE = -120.0


def _head(rate: int) -> Section:
    """The shelf of the head: +4 dB above 1.7 kHz (constants of the standard's analogue prototype)."""
    k = math.tan(math.pi * min(1681.974450955533, 0.47 * rate) / rate)
    q, high = 0.7071752369554196, 10.0 ** (3.999843853973347 / 20.0)
    mid = high**0.4996667741545416
    a0 = 1.0 + k / q + k * k
    return (
        (high + mid * k / q + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - mid * k / q + k * k) / a0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / q + k * k) / a0,
    )


class Meter:
    """Collects the energy of every tenth of a second; four of them make one gating block."""

    def __init__(self, rate: int) -> None:
        self._filter = Filter([_head(rate), high_pass(38.13547, rate, 0.5003270)])
        self._step = max(1, round(0.1 * rate))
        self._rest = np.zeros(0)
        self._energies: list[NDArray[np.float64]] = []

    def feed(self, sound: Stereo) -> None:
        """Hear the next block; the block itself stays as it is."""
        heard = self._filter.run(sound.copy()).astype(np.float64)
        power = np.concatenate([self._rest, heard[0] ** 2 + heard[1] ** 2])
        whole = len(power) // self._step
        steps = power[: whole * self._step].reshape(whole, self._step)
        self._energies.append(steps.mean(axis=1))
        self._rest = power[whole * self._step :]

    def energies(self) -> NDArray[np.float64]:
        """Mean squares of the tenths of a second heard so far."""
        return np.concatenate([np.zeros(0), *self._energies])

    def integrated(self) -> float:
        """LUFS of everything heard so far; SILENCE when nothing was loud enough to count."""
        return integrated(self.energies())


def integrated(energies: NDArray[np.float64]) -> float:
    """Gated loudness in LUFS of mean squares per tenth of a second."""
    return gated(blocks(energies))


def blocks(energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean squares of the gating blocks, each four tenths of a second; one block of what is shorter."""
    if len(energies) < 4:
        return energies.mean(keepdims=True) if len(energies) else energies
    return np.convolve(energies, np.full(4, 0.25), mode="valid")


def gated(powers: NDArray[np.float64]) -> float:
    """Loudness in LUFS of gating blocks."""
    loud = powers[powers > 10.0 ** ((-70.0 + 0.691) / 10.0)]
    if len(loud) == 0:
        return SILENCE
    loud = loud[loud > 0.1 * loud.mean()]
    return -0.691 + 10.0 * math.log10(loud.mean())
