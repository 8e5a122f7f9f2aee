"""Plucked strings: a delay line that feeds itself through a damping filter.

Guitars, harps, basses, harpsichord, banjo, koto. Not for strings that are bowed (`waves.py`).
Source: D. Jaffe and J. Smith, "Extensions of the Karplus-Strong Plucked-String Algorithm" (CMJ 7/2, 1983).
The loop is a delay of D whole samples, a one-pole damper and an all-pass of the remaining fraction; both filters
delay the pitch by an amount known exactly, so the string is in tune at every pitch.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Filter, peak
from bandstand.composer.jit import kernel


@kernel
def pluck_string(
    out: NDArray[np.float32], line: NDArray[np.float64], damp: float, loss: float, fraction: float
) -> None:
    """Let a string ring.

    out       float32 [N]  overwritten
    line      float64 [D]  the string as it is let go
    damp      0..1 of the one-pole damper: y = (1 - damp) x + damp y
    loss      factor per period
    fraction  coefficient of the all-pass
    """
    i, smooth, x_last, y_last = 0, 0.0, 0.0, 0.0
    for n in range(out.shape[0]):
        x = line[i]
        out[n] = x
        smooth = (1.0 - damp) * x + damp * smooth
        y = fraction * smooth + x_last - fraction * y_last
        x_last, y_last = smooth, y
        line[i] = loss * y
        i += 1
        if i == line.shape[0]:
            i = 0


@dataclass(frozen=True, kw_only=True)
class Plucked:
    """A plucked string.

    seconds   until C4's first partial has died by 60 dB; halves `per_octave` times per octave upwards
    high      seconds for the partials around 3 kHz
    place     0..1 where it is plucked, as a share of the string
    bright    dB per octave of the pluck at full strength; soft: more of it at the softest
    strings   1, or 2 that are `chorus` cents apart
    body      (Hz, dB, q) of the box
    click     level of the plectrum or finger
    release   seconds of ringing after the finger is off
    human     cents by which two strokes on one string differ
    doubled   two takes, left and right, never quite together
    palm      notes shorter than so many seconds are muted with the palm; 0: none
    """

    seconds: float = 4.0
    per_octave: float = 0.5
    high: float = 0.8
    place: float = 0.2
    bright: float = -3.0
    soft: float = -4.0
    strings: int = 1
    chorus: float = 4.0
    body: tuple[tuple[float, float, float], ...] = ()
    click: float = 0.0
    spread: float = 0.0
    release: float = 0.08
    human: float = 1.0
    doubled: bool = False
    palm: float = 0.0
    octave: int = 0

    def seconds_at(self, pitch: int) -> float:
        return self.seconds * 2.0 ** (-self.per_octave * (pitch + 12 * self.octave - 60) / 12.0)


def _damper(frequency: float, seconds: float, high: float, rate: int) -> tuple[float, float]:
    """Damp and loss so that the pitch dies in `seconds` and a partial near 3 kHz in `high` seconds."""
    period = 1.0 / frequency
    wanted = 10.0 ** (-3.0 * period / min(high, seconds))
    w = 2.0 * math.pi * min(max(3000.0, 3.0 * frequency), 0.4 * rate) / rate
    low = 10.0 ** (-3.0 * period / seconds)
    g2 = (wanted / low) ** 2
    # |1 - d|^2 / (1 - 2 d cos w + d^2) = g2, solved for d
    b = (1.0 - g2 * math.cos(w)) / max(1.0 - g2, 1e-9)
    damp = min(b - math.sqrt(max(b * b - 1.0, 0.0)), 0.95)
    z = cmath.exp(-2j * math.pi * frequency / rate)
    return damp, min(low / abs((1.0 - damp) / (1.0 - damp * z)), 0.99999)


def _string(
    sound: Plucked,
    frequency: float,
    strength: float,
    samples: int,
    rate: int,
    chance: np.random.Generator,
) -> NDArray[np.float32]:
    w = 2.0 * math.pi * frequency / rate
    seconds = sound.seconds * 2.0 ** (-sound.per_octave * math.log2(frequency / 261.63))
    damp, loss = _damper(frequency, seconds, sound.high, rate)
    damper_delay = -cmath.phase((1.0 - damp) / (1.0 - damp * cmath.exp(-1j * w))) / w
    period = rate / frequency - damper_delay
    whole = int(period - 0.3)
    rest = period - whole
    fraction = math.sin((1.0 - rest) * w / 2.0) / math.sin((1.0 + rest) * w / 2.0)
    k = np.arange(1, whole // 2 + 1, dtype=np.float64)
    tilt = sound.bright + sound.soft * (1.0 - strength)
    levels = k ** (tilt / 6.0206) * (0.06 + np.abs(np.sin(np.pi * k * sound.place)))
    spectrum = np.zeros(whole // 2 + 1, dtype=np.complex128)
    spectrum[1:] = levels * np.exp(2j * math.pi * chance.uniform(size=len(k)))
    line = np.fft.irfft(spectrum, whole)
    line *= 0.2 / math.sqrt(float(np.mean(line**2)))
    out = np.empty(samples, dtype=np.float32)
    pluck_string(out, line, damp, loss, fraction)
    return out


def pluck(
    sound: Plucked,
    *,
    pitch: int,
    strength: float,
    samples: int,
    rate: int,
    seed: int,
    muted: bool = False,
) -> NDArray[np.float32]:
    """One note of a plucked sound, left ringing: float32 [2, samples]; strength 0..1, muted with the palm or not."""
    if muted:
        sound = replace(
            sound, seconds=0.7, high=0.14, bright=sound.bright - 1.5, click=sound.click + 0.5
        )
    frequency = 440.0 * 2.0 ** ((pitch + 12 * sound.octave - 69) / 12.0)
    chance = np.random.default_rng([seed, pitch])
    if sound.strings == 1:
        string = _string(sound, frequency, strength, samples, rate, chance)
        out = np.stack([string, string])
    else:
        apart = 2.0 ** (sound.chorus / 2400.0)
        one = _string(sound, frequency * apart, strength, samples, rate, chance)
        two = _string(sound, frequency / apart, strength, samples, rate, chance)
        near, far = np.float32(0.5 + 0.5 * sound.spread), np.float32(0.5 - 0.5 * sound.spread)
        out = np.stack([near * one + far * two, far * one + near * two]).astype(np.float32)
    if sound.click:
        length = min(samples, int(0.012 * rate))
        burst = chance.standard_normal(length) * np.exp(-np.arange(length) / (0.002 * rate))
        out[:, :length] += (0.1 * sound.click * strength * burst).astype(np.float32)
    if sound.body:
        Filter([peak(hertz, rate, gain, q) for hertz, gain, q in sound.body]).run(out)
    rise = min(samples, max(int(0.0015 * rate), 8))
    out[:, :rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    return out
