"""What a string or a reed plays through: the guitar's amplifier and cabinet, the fiddle's body.

Two takes come in, left and right, and stay apart: double tracking. Not for the gentle saturation of a whole mix
(`mix/desk.py`). The drive is anti-aliased by integrating over each sample instead of looking at its end.
Source: J. Parker, V. Zavalishin and E. Le Bivic, "Reducing the aliasing of nonlinear waveshaping using
continuous-time convolution" (DAFx-16, 2016). T taps, N samples.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Filter, Stereo, high_pass, low_pass, peak
from bandstand.composer.jit import kernel

TAPS = 64
"""Of the cabinet, a multiple of 4."""

_CHUNK = 1024

CABINET = (
    (20.0, 0.0), (300.0, 0.0), (430.0, -2.5), (700.0, -1.5), (1100.0, -1.0), (1500.0, 1.5), (2100.0, 4.0),
    (2600.0, 5.5), (3100.0, 4.5), (3600.0, 2.0), (3900.0, -3.0), (4300.0, -1.0), (4900.0, -9.0), (5600.0, -19.0),
    (7000.0, -27.0), (9000.0, -36.0), (24000.0, -50.0),
)  # fmt: skip
"""Hz, dB: a speaker on its axis, with the dip that the cone's break-up leaves."""


class Chain(Protocol):
    """Whatever a whole stem is played through, block by block."""

    def run(self, sound: Stereo) -> Stereo: ...


@kernel
def overdrive(
    sound: NDArray[np.float32], gain: float, bias: float, memory: NDArray[np.float64]
) -> None:
    """Clip in place, one side before the other: float32 [2, N]; memory float64 [2, 2]: last input, its integral."""
    rest = math.tanh(bias)
    for c in range(2):
        before, whole_before = memory[c, 0], memory[c, 1]
        for n in range(sound.shape[1]):
            x = gain * sound[c, n] + bias
            size = abs(x)
            whole = size + math.log1p(math.exp(-2.0 * size))  # log cosh, but for a constant
            step = x - before
            if abs(step) > 1e-4:
                y = (whole - whole_before) / step
            else:
                y = math.tanh(0.5 * (x + before))
            sound[c, n] = y - rest
            before, whole_before = x, whole
        memory[c, 0], memory[c, 1] = before, whole_before


@kernel
def convolve(
    out: NDArray[np.float32], padded: NDArray[np.float32], taps: NDArray[np.float32]
) -> None:
    """A short response: out float32 [2, N] is overwritten, padded float32 [2, T - 1 + N], taps float32 [T]."""
    last = taps.shape[0] - 1
    for c in range(2):
        heard, before = out[c], padded[c]
        for begin in range(0, heard.shape[0], _CHUNK):
            end = min(begin + _CHUNK, heard.shape[0])
            heard[begin:end] = 0.0
            for t in range(
                0, last + 1, 4
            ):  # four taps a pass: the chunk is written a quarter as often
                p, q, r, s = taps[t], taps[t + 1], taps[t + 2], taps[t + 3]
                place = last - t
                for n in range(begin, end):
                    heard[n] += (p * before[n + place] + q * before[n + place - 1]) + (
                        r * before[n + place - 2] + s * before[n + place - 3]
                    )


@functools.cache
def minimum_phase(curve: tuple[tuple[float, float], ...], rate: int) -> NDArray[np.float32]:
    """The shortest response with the magnitudes of a curve of (Hz, dB): float32 [T].

    source  A. Oppenheim and R. Schafer, "Discrete-Time Signal Processing": the cepstrum folded to one side
    """
    size = 4096
    hertz = np.fft.rfftfreq(size, 1.0 / rate)
    known, levels = np.array(curve).T
    decibels = np.interp(np.log2(np.maximum(hertz, 1.0)), np.log2(known), levels)
    cepstrum = np.fft.irfft(decibels * (math.log(10.0) / 20.0), size)
    cepstrum[1 : size // 2] *= 2.0
    cepstrum[size // 2 + 1 :] = 0.0
    response = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)), size)[:TAPS]
    fade = np.hanning(2 * TAPS)[TAPS:] ** 0.5
    return (response * fade).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class Rig:
    """gain: how hot the string goes in; presence: dB of bite above 2 kHz; tight: Hz below which nothing is driven."""

    gain: float
    presence: float = 0.0
    tight: float = 110.0


class Amp:
    """Pre-filter, drive, cabinet, for one stem."""

    def __init__(self, rate: int, rig: Rig) -> None:
        self._rig = rig
        self._tighten = Filter(
            [high_pass(rig.tight, rate), peak(850.0, rate, 4.0, 0.7), low_pass(6000.0, rate)]
        )
        self._memory = np.zeros((2, 2))
        self._memory[:, 0] = _BIAS
        self._memory[:, 1] = abs(_BIAS) + math.log1p(math.exp(-2.0 * abs(_BIAS)))
        self._taps = minimum_phase(CABINET, rate)
        self._before: Stereo = np.zeros((2, TAPS - 1), dtype=np.float32)
        self._tone = Filter(
            [
                high_pass(78.0, rate),
                peak(118.0, rate, 3.5, 1.3),
                peak(400.0, rate, -2.5, 0.8),
                peak(2700.0, rate, rig.presence, 0.8),
            ]
        )

    def run(self, sound: Stereo) -> Stereo:
        """Amplify a block in place and return it."""
        self._tighten.run(sound)
        overdrive(sound, self._rig.gain, _BIAS, self._memory)
        sound *= np.float32(0.25)
        padded = np.concatenate([self._before, sound], axis=1)
        self._before = padded[:, sound.shape[1] :].copy()
        convolve(sound, padded, self._taps)
        return self._tone.run(sound)


_BIAS = 0.22


class Body:
    """The resonances of a wooden box: (Hz, dB, q). A vibrato moves the partials through them."""

    def __init__(self, rate: int, resonances: tuple[tuple[float, float, float], ...]) -> None:
        self._filter = Filter([peak(hertz, rate, gain, q) for hertz, gain, q in resonances])

    def run(self, sound: Stereo) -> Stereo:
        """Let a block sound in the body, in place, and return it."""
        return self._filter.run(sound)
