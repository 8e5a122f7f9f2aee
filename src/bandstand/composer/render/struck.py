"""Struck sounds as sums of dying partials: piano, electric piano, mallets, bells, tanpura, sitar.

Each is rendered once per pitch and strength and then laid wherever the score wants it (`rings.py`).
Not for strings whose decay is a matter of a loop (`plucked.py`). M partials, N samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.jit import summing_kernel


@summing_kernel
def ring_partials(
    out: NDArray[np.float32],
    steps: NDArray[np.float64],
    levels: NDArray[np.float64],
    fades: NDArray[np.float64],
    phases: NDArray[np.float64],
) -> None:
    """Add dying sines to `out`: float32 [2, N].

    steps   float64 [M]     radians per sample
    levels  float64 [2, M]  left and right
    fades   float64 [M]     factor per sample
    phases  float64 [M]     radians at the start
    """
    count = steps.shape[0]
    turn_x, turn_y = fades * np.cos(steps), fades * np.sin(steps)
    x, y = np.cos(phases), np.sin(phases)
    left, right = levels[0], levels[1]
    for n in range(out.shape[1]):
        a, b = 0.0, 0.0
        for m in range(count):
            u = turn_x[m] * x[m] - turn_y[m] * y[m]
            v = turn_y[m] * x[m] + turn_x[m] * y[m]
            x[m], y[m] = u, v
            a += left[m] * v
            b += right[m] * v
        out[0, n] += a
        out[1, n] += b


@dataclass(frozen=True, kw_only=True)
class Struck:
    """A struck sound.

    ratios     of the partials to the pitch; empty: a string's, 1, 2, 3 ...
    levels     of those partials in dB; empty: by `tilt`, dB per octave, at full strength
    soft_tilt  dB per octave more at the softest strength
    seconds    until the pitch C4 has died by 60 dB; halves `per_octave` times per octave upwards
    damping    how much sooner high partials die: seconds / ratio**damping
    place      0..1 where the string is struck: every 1/place-th partial is missing; 0: everywhere
    stiffness  of a string: partial k lies at k * sqrt(1 + stiffness * k*k)
    chorus     cents between the two strings of a note; 0: one string
    swell      0..1 share of a partial that grows only after the strike, later for higher ones (jawari)
    thump      level of the hammer's noise; thump_hertz its corner
    hush       (partial, dB) taken off one partial
    spread     0..1 how differently partials sound left and right
    release    seconds of ringing after the key is up
    """

    ratios: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    tilt: float = -6.0
    soft_tilt: float = -5.0
    seconds: float = 4.0
    per_octave: float = 0.6
    damping: float = 0.6
    place: float = 0.0
    stiffness: float = 0.0
    chorus: float = 0.0
    swell: float = 0.0
    thump: float = 0.0
    thump_hertz: float = 800.0
    hush: tuple[tuple[int, float], ...] = ()
    spread: float = 0.15
    release: float = 0.15
    octave: int = 0

    def seconds_at(self, pitch: int) -> float:
        return self.seconds * 2.0 ** (-self.per_octave * (pitch + 12 * self.octave - 60) / 12.0)


def _partials(sound: Struck, frequency: float, rate: int) -> tuple[NDArray[np.float64], ...]:
    """Ratios and levels (linear, at full strength) of what fits below half the rate."""
    if sound.ratios:
        ratios = np.array(sound.ratios)
        levels = 10.0 ** (np.array(sound.levels) / 20.0)
    else:
        k = np.arange(1.0, 41.0)
        ratios = k * np.sqrt(1.0 + sound.stiffness * k * k)
        levels = k ** (sound.tilt / 6.0206)
        if sound.place:
            levels = levels * (0.08 + np.abs(np.sin(np.pi * k * sound.place)))
        for partial, gain in sound.hush:
            levels[partial - 1] *= 10.0 ** (gain / 20.0)
    fits = ratios * frequency < 0.45 * rate
    return ratios[fits], levels[fits]


def strike(
    sound: Struck, *, pitch: int, strength: float, samples: int, rate: int, seed: int
) -> NDArray[np.float32]:
    """One note of a struck sound, left ringing: float32 [2, samples]; strength 0..1."""
    frequency = 440.0 * 2.0 ** ((pitch + 12 * sound.octave - 69) / 12.0)
    chance = np.random.default_rng([seed, pitch])
    ratios, levels = _partials(sound, frequency, rate)
    levels = levels * ratios ** (sound.soft_tilt * (1.0 - strength) / 6.0206)
    levels *= 0.25 / math.sqrt(float(np.sum(levels**2)))
    deaths = sound.seconds_at(pitch) / np.maximum(ratios, 1.0) ** sound.damping
    phases = chance.uniform(0.0, 2.0 * math.pi, len(ratios))
    if sound.chorus:
        detune = 2.0 ** (sound.chorus / 2400.0)
        ratios = np.concatenate([ratios / detune, ratios * detune])
        levels = np.concatenate([0.62 * levels, 0.38 * levels])
        deaths = np.concatenate(
            [0.55 * deaths, 1.3 * deaths]
        )  # the prompt sound and the aftersound
        phases = np.concatenate([phases, phases])
    if sound.swell:
        wait = np.minimum(0.12 * deaths, 0.06 * ratios)
        grows = ratios > 1.5
        ratios = np.concatenate([ratios, ratios[grows]])
        levels = np.concatenate([levels, -sound.swell * levels[grows]])
        deaths = np.concatenate([deaths, wait[grows]])
        phases = np.concatenate([phases, phases[grows]])
    sides = sound.spread * chance.uniform(-1.0, 1.0, len(ratios))
    sides[0] = 0.0
    both = np.stack([levels * (1.0 - sides), levels * (1.0 + sides)])
    out = np.zeros((2, samples), dtype=np.float32)
    steps = 2.0 * math.pi * frequency * ratios / rate
    ring_partials(out, steps, both, np.exp(-6.908 / (deaths * rate)), phases)
    if sound.thump:
        _add_thump(out, sound, strength, rate, chance)
    rise = min(samples, max(int(0.0008 * rate), 8))
    out[:, :rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
    return out


def _add_thump(
    out: NDArray[np.float32], sound: Struck, strength: float, rate: int, chance: np.random.Generator
) -> None:
    """The knock of the hammer: a short, dull burst of noise."""
    length = min(out.shape[1], int(0.06 * rate))
    noise = chance.standard_normal(length + 64)
    span = max(2, min(64, int(rate / (2.0 * sound.thump_hertz))))
    dull = np.convolve(noise, np.hanning(span + 2)[1:-1] / math.sqrt(span), mode="valid")[:length]
    length = len(dull)
    burst = (
        dull * np.exp(-np.arange(length) / (0.011 * rate)) * sound.thump * (0.3 + 0.7 * strength)
    )
    out[:, :length] += (0.12 * burst).astype(np.float32)
