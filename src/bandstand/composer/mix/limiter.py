"""The true-peak limiter: looks ahead, sees the peaks between the samples, and never lets one through.

The peak of every interval is found by interpolating four times (ITU-R BS.1770-4, annex 2). The gain is the
least one needed within the look-ahead, averaged over the look-ahead: an average of values that are all low enough
is low enough, so there is no overshoot. Not for making things loud; a mix that needs more than a few dB of it is
wrong before it gets here.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Stereo
from bandstand.composer.jit import kernel

_TAPS = 16
_AHEAD_SECONDS = 0.005
_RELEASE_SECONDS = 0.12


@kernel
def limit(
    padded: NDArray[np.float32],
    delayed: NDArray[np.float32],
    phases: NDArray[np.float64],
    ceiling: float,
    release: float,
    window: int,
    queue_place: NDArray[np.int64],
    queue_gain: NDArray[np.float64],
    lows: NDArray[np.float64],
    state: NDArray[np.float64],
) -> None:
    """Limit `delayed` in place by what is seen in `padded`.

    padded   float32 [2, N + taps - 1]  the block with the samples before it
    delayed  float32 [2, N]             the block as it is heard, late by the look-ahead
    phases   float64 [3, taps]          interpolation at 1/4, 2/4 and 3/4 between the two middle taps
    queue    the least gains of the window, rising; lows: the last `window` least gains
    state    sample count, head, size, gain after release, sum of lows
    """
    taps = phases.shape[1]
    middle = taps // 2
    count, head, size = int(state[0]), int(state[1]), int(state[2])
    easing, total = state[3], state[4]
    room = queue_place.shape[0]
    for n in range(delayed.shape[1]):
        peak = 0.0
        for c in range(2):
            here = abs(padded[c, n + middle - 1])
            there = abs(padded[c, n + middle])
            peak = max(peak, here)
            if here + there > 0.5 * ceiling:
                for p in range(3):
                    y = 0.0
                    for t in range(taps):
                        y += phases[p, t] * padded[c, n + t]
                    peak = max(peak, abs(y))
        wanted = ceiling / peak if peak > ceiling else 1.0
        easing = min(wanted, easing + (1.0 - easing) * release)
        while size > 0 and queue_gain[(head + size - 1) % room] >= easing:
            size -= 1
        queue_gain[(head + size) % room] = easing
        queue_place[(head + size) % room] = count
        size += 1
        if queue_place[head] <= count - window:
            head = (head + 1) % room
            size -= 1
        low = queue_gain[head]
        spot = count % window
        total += low - lows[spot]
        lows[spot] = low
        gain = min(total / window, 1.0)
        delayed[0, n] *= gain
        delayed[1, n] *= gain
        count += 1
    state[0], state[1], state[2], state[3], state[4] = count, head, size, easing, total


def _interpolation() -> NDArray[np.float64]:
    """Windowed sinc for the three points between two samples."""
    t = np.arange(_TAPS) - (_TAPS // 2 - 1)
    rows: list[NDArray[np.float64]] = []
    for part in (0.25, 0.5, 0.75):
        x = t - part
        row = np.sinc(x) * np.cos(np.pi * x / (_TAPS + 1)) ** 2
        rows.append(row / row.sum())
    return np.stack(rows)


class Limiter:
    """Ceiling in dBTP; what comes out is `latency` samples late."""

    def __init__(self, rate: int, ceiling: float) -> None:
        self._ceiling = 10.0 ** (ceiling / 20.0)
        self._window = max(8, round(_AHEAD_SECONDS * rate))
        self._release = 1.0 - math.exp(-1.0 / (_RELEASE_SECONDS * rate))
        self._phases = _interpolation()
        self.latency = self._window - 1 + _TAPS // 2
        self._before = np.zeros((2, self.latency), dtype=np.float32)
        self._place = np.zeros(self._window + 1, dtype=np.int64)
        self._gain = np.ones(self._window + 1)
        self._lows = np.ones(self._window)
        self._state = np.array([0.0, 0.0, 0.0, 1.0, float(self._window)])

    def run(self, sound: Stereo) -> Stereo:
        """Limit a block; returns a new one of the same length, `latency` samples late."""
        heard = np.concatenate([self._before, sound], axis=1)
        delayed = np.ascontiguousarray(heard[:, : sound.shape[1]])
        padded = np.ascontiguousarray(heard[:, self.latency - (_TAPS - 1) :])
        self._before = heard[:, sound.shape[1] :].copy()
        limit(
            padded,
            delayed,
            self._phases,
            self._ceiling,
            self._release,
            self._window,
            self._place,
            self._gain,
            self._lows,
            self._state,
        )
        return delayed
