"""The room that all parts share: a reverb and a tempo-synced echo.

Source of the reverb: J.-M. Jot and A. Chaigne, "Digital delay networks for designing artificial reverberators" (AES
90, 1991): eight delays that feed one another through an energy-preserving mixture, each losing highs sooner than lows.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Stereo
from bandstand.composer.jit import kernel

_SECONDS = (0.0297, 0.0371, 0.0411, 0.0437, 0.0533, 0.0613, 0.0677, 0.0797)
_DIFFUSERS = (0.0047, 0.0119)


@kernel
def reverberate(
    sound: NDArray[np.float32],
    lines: NDArray[np.float32],
    lengths: NDArray[np.int64],
    losses: NDArray[np.float64],
    damp: float,
    spreads: NDArray[np.float32],
    places: NDArray[np.int64],
    smooth: NDArray[np.float64],
) -> None:
    """Replace a block by its reverberation.

    sound    float32 [2, N]
    lines    float32 [8, L]    the delays, of which the first lengths[i] samples are used
    losses   float64 [8]       factor per pass
    damp     0..1 one-pole damping of each pass
    spreads  float32 [2, 2, M] all-pass lines that smear the input; lengths[8], lengths[9] samples are used
    places   int64 [10]        where each line stands
    smooth   float64 [8]       memory of the damping
    """
    taps = np.empty(8)
    for n in range(sound.shape[1]):
        ins = (sound[0, n], sound[1, n])
        left, right = float(ins[0]), float(ins[1])
        for d in range(2):
            i = places[8 + d]
            kept = spreads[d, 0, i]
            fed = left + 0.6 * kept
            spreads[d, 0, i] = fed
            left = kept - 0.6 * fed
            kept = spreads[d, 1, i]
            fed = right + 0.6 * kept
            spreads[d, 1, i] = fed
            right = kept - 0.6 * fed
            places[8 + d] = i + 1 if i + 1 < lengths[8 + d] else 0
        total = 0.0
        for m in range(8):
            x = lines[m, places[m]]
            smooth[m] += (1.0 - damp) * (x - smooth[m])
            taps[m] = smooth[m] * losses[m]
            total += taps[m]
        total *= 0.25
        a, b = 0.0, 0.0
        for m in range(8):
            fed = taps[m] - total + (left if m % 2 == 0 else right)
            i = places[m]
            lines[m, i] = fed
            places[m] = i + 1 if i + 1 < lengths[m] else 0
            sign = 1.0 if m < 4 else -1.0
            if m % 2 == 0:
                a += sign * taps[m]
            else:
                b += sign * taps[m]
        sound[0, n] = 0.5 * a
        sound[1, n] = 0.5 * b


class Reverb:
    """seconds: until the low end has died by 60 dB; the highs die in about half of it."""

    def __init__(self, rate: int, seconds: float) -> None:
        lengths = [int(line * rate) for line in (*_SECONDS, *_DIFFUSERS)]
        self._lengths = np.array(lengths, dtype=np.int64)
        self._lines = np.zeros((8, max(lengths[:8])), dtype=np.float32)
        self._spreads = np.zeros((2, 2, max(lengths[8:])), dtype=np.float32)
        self._losses = np.array([10.0 ** (-3.0 * line / max(seconds, 0.2)) for line in _SECONDS])
        self._damp = math.exp(-2.0 * math.pi * min(5200.0, 0.4 * rate) / rate)
        self._places = np.zeros(10, dtype=np.int64)
        self._smooth = np.zeros(8)

    def run(self, sound: Stereo) -> Stereo:
        """Replace a block in place by its reverberation and return it."""
        reverberate(
            sound,
            self._lines,
            self._lengths,
            self._losses,
            self._damp,
            self._spreads,
            self._places,
            self._smooth,
        )
        return sound


@kernel
def bounce(
    sound: NDArray[np.float32],
    line: NDArray[np.float32],
    feedback: float,
    damp: float,
    state: NDArray[np.float64],
) -> None:
    """Replace a block by its echoes, each on the other side; state: place, memory left, memory right."""
    i = int(state[0])
    for n in range(sound.shape[1]):
        left, right = line[0, i], line[1, i]
        state[1] += (1.0 - damp) * (left - state[1])
        state[2] += (1.0 - damp) * (right - state[2])
        line[0, i] = 0.5 * (sound[0, n] + sound[1, n]) + feedback * state[2]
        line[1, i] = feedback * state[1] if feedback > 0.0 else sound[1, n]
        sound[0, n], sound[1, n] = left, right
        i += 1
        if i == line.shape[1]:
            i = 0
    state[0] = i


class Echo:
    """Echoes every `seconds`, bouncing from side to side."""

    def __init__(self, rate: int, seconds: float, feedback: float = 0.42) -> None:
        self._line = np.zeros((2, max(1, round(seconds * rate))), dtype=np.float32)
        self._feedback = feedback
        self._damp = math.exp(-2.0 * math.pi * min(3500.0, 0.4 * rate) / rate)
        self._state = np.zeros(3)

    def run(self, sound: Stereo) -> Stereo:
        """Replace a block in place by its echoes and return it."""
        bounce(sound, self._line, self._feedback, self._damp, self._state)
        return sound


class Delay:
    """A plain delay, for the sides of a part that has none."""

    def __init__(self, rate: int, seconds: float) -> None:
        self._line = np.zeros((2, max(1, round(seconds * rate))), dtype=np.float32)
        self._state = np.zeros(3)

    def run(self, sound: Stereo) -> Stereo:
        """Replace a block in place by its delayed mid and return it."""
        bounce(sound, self._line, 0.0, 0.0, self._state)
        return sound
