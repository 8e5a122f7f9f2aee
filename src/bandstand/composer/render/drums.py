"""One stroke on a drum: a falling tone, its overtones, a burst of filtered noise, a clang of metal.

Rendered once per drum and strength, then laid wherever the score wants it (`rings.py`). Which drum is made of
what stands in `kits.py`. Noise comes from a generator seeded per drum, so a stroke is the same every time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Filter, high_pass, low_pass
from bandstand.composer.render.struck import ring_partials

Line = NDArray[np.float64]

# Of the bell in analogue drum machines: six square waves that share no pitch.
_CLANG = (1.0, 1.342, 1.2312, 1.6532, 1.9523, 2.1523)


@dataclass(frozen=True, kw_only=True)
class Hit:
    """What a drum is made of. Levels are linear, times are seconds until -60 dB.

    tone       Hz at rest, its level and seconds; `sweep` octaves higher at the stroke, gone after `sweep_seconds`
    tuned      the tone is moved to the nearest of these degrees of the piece, in semitones above the tonic
    overtones  (ratio, level, seconds) of a skin or a bar
    bend       octaves that the tone rises slowly after the stroke (a bayan)
    noise      level, seconds; low and high corner in Hz; `swish` seconds until its peak (0: at once)
    claps      hands that do not meet: bursts before the last one
    metal      level, seconds; Hz of the lowest of six square waves; all above `metal_low` Hz
    click      level of the first two milliseconds
    pan        -1..1;  wide: how different the noise is left and right
    drive      0..1 soft clipping of the stroke
    """

    level: float = 1.0
    tone: float = 0.0
    tone_level: float = 0.0
    tone_seconds: float = 0.3
    sweep: float = 0.0
    sweep_seconds: float = 0.03
    tuned: tuple[int, ...] = ()
    overtones: tuple[tuple[float, float, float], ...] = ()
    bend: float = 0.0
    noise: float = 0.0
    noise_seconds: float = 0.2
    low: float = 200.0
    high: float = 16000.0
    swish: float = 0.0
    claps: int = 0
    metal: float = 0.0
    metal_seconds: float = 0.3
    metal_tone: float = 320.0
    metal_low: float = 6000.0
    click: float = 0.0
    pan: float = 0.0
    wide: float = 0.0
    drive: float = 0.0

    @property
    def seconds(self) -> float:
        """Until the last of it has died by about 60 dB."""
        parts = [0.05]
        if self.tone_level:
            parts += [self.tone_seconds, *(seconds for _, _, seconds in self.overtones)]
        if self.noise:
            parts.append(self.noise_seconds + self.swish + 0.012 * self.claps)
        if self.metal:
            parts.append(self.metal_seconds)
        return max(parts)

    @property
    def energy(self) -> float:
        """About how much of it is heard, against other drums."""
        tone = self.tone_level**2 * self.tone_seconds * min(1.0, (self.tone / 60.0) ** 1.5)
        noise = 0.25 * (self.noise**2 * self.noise_seconds + self.metal**2 * self.metal_seconds)
        return self.level**2 * (tone + noise)


def _dying(samples: int, seconds: float, rate: int) -> Line:
    return np.exp(np.arange(samples) * (-6.908 / (seconds * rate)))


def in_tune(tone: float, tonic: int, degrees: tuple[int, ...]) -> float:
    """The pitch nearest to a tone in Hz that is one of some degrees above the tonic."""
    pitch = 69.0 + 12.0 * math.log2(tone / 440.0)
    near = [
        step + 12 * octave for octave in range(11) for step in ((tonic + d) % 12 for d in degrees)
    ]
    best = min(near, key=lambda candidate: abs(candidate - pitch))
    return 440.0 * 2.0 ** ((best - 69) / 12.0)


def _tone(hit: Hit, samples: int, strength: float, rate: int, tonic: int) -> Line:
    base = in_tune(hit.tone, tonic, hit.tuned) if hit.tuned else hit.tone
    time = np.arange(samples) / rate
    fall = hit.sweep * (0.6 + 0.4 * strength) * np.exp(-time / hit.sweep_seconds)
    rise = hit.bend * (1.0 - np.exp(-time / 0.12))
    phase = 2.0 * math.pi * np.cumsum(base * 2.0 ** (fall + rise)) / rate
    out = np.sin(phase) * _dying(samples, hit.tone_seconds, rate)
    for ratio, level, seconds in hit.overtones:
        if ratio * base < 0.45 * rate:
            bright = level * (0.4 + 0.6 * strength)
            out += bright * np.sin(ratio * phase) * _dying(samples, seconds, rate)
    return hit.tone_level * out


def _noise_shape(hit: Hit, samples: int, rate: int) -> Line:
    shape = _dying(samples, hit.noise_seconds, rate)
    if hit.swish:
        rise = min(samples, max(2, int(hit.swish * rate)))
        shape = np.roll(shape, rise)
        shape[:rise] = np.linspace(0.0, 1.0, rise) ** 2
    if hit.claps:
        gap = int(0.0115 * rate)
        early = np.zeros(samples)
        for clap in range(hit.claps):
            early[clap * gap : (clap + 1) * gap] = _dying(gap, 0.03, rate)
        late = np.zeros(samples)
        late[hit.claps * gap :] = shape[: samples - hit.claps * gap]
        shape = early + late
    return shape


def _noise(hit: Hit, samples: int, strength: float, rate: int, chance: np.random.Generator) -> Line:
    white = chance.standard_normal((2, samples))
    white[1] = (1.0 - hit.wide) * white[0] + hit.wide * white[1]
    sound = white.astype(np.float32)
    corner = hit.high * 2.0 ** (1.2 * (strength - 0.8))
    q = math.sqrt(0.5)
    Filter([high_pass(hit.low, rate, q), low_pass(corner, rate, q), low_pass(corner, rate, q)]).run(
        sound
    )
    loud = math.sqrt(float(np.mean(sound[0].astype(np.float64) ** 2))) + 1e-9
    return hit.noise * 0.3 / loud * sound * _noise_shape(hit, samples, rate)


def _metal(hit: Hit, samples: int, rate: int, chance: np.random.Generator) -> Line:
    tones = np.array([hit.metal_tone * ratio for ratio in _CLANG])
    starts = chance.uniform(0.0, 2.0 * math.pi, len(tones))
    odd = np.arange(1.0, 60.0, 2.0)
    hertz, phases = np.outer(tones, odd).ravel(), np.outer(starts, odd).ravel()
    levels = np.tile(1.0 / np.sqrt(odd), len(tones))
    heard = (hertz > 0.6 * hit.metal_low) & (hertz < min(0.45 * rate, 15000.0))
    hertz, phases, levels = hertz[heard], phases[heard], levels[heard]
    if not len(hertz):
        return np.zeros(samples)
    levels *= 0.3 * hit.metal / math.sqrt(float(np.sum(levels**2)) / 2.0)
    clang = np.zeros((2, samples), dtype=np.float32)
    fades = np.full(len(hertz), math.exp(-6.908 / (hit.metal_seconds * rate)))
    ring_partials(clang, 2.0 * math.pi * hertz / rate, np.stack([levels, levels]), fades, phases)
    return clang[0].astype(np.float64)


def beat_drum(
    hit: Hit, *, strength: float, samples: int, rate: int, tonic: int, seed: int
) -> NDArray[np.float32]:
    """One stroke: float32 [2, samples]; strength 0..1, tonic a pitch class."""
    chance = np.random.default_rng(seed)
    out = np.zeros((2, samples))
    if hit.tone_level:
        out += _tone(hit, samples, strength, rate, tonic)
    if hit.noise:
        out += _noise(hit, samples, strength, rate, chance)
    if hit.metal:
        out += _metal(hit, samples, rate, chance)
    if hit.click:
        length = min(samples, int(0.002 * rate))
        out[:, :length] += hit.click * strength * np.hanning(2 * length)[length:]
    if hit.drive:
        out = np.tanh((1.0 + 4.0 * hit.drive) * out) / (1.0 + 2.0 * hit.drive)
    rise, fall = min(samples, max(4, int(0.0005 * rate))), min(samples, int(0.005 * rate))
    out[:, :rise] *= np.linspace(0.0, 1.0, rise)
    out[:, samples - fall :] *= np.linspace(1.0, 0.0, fall)
    sides = np.sqrt(np.array([[1.0 - hit.pan], [1.0 + hit.pan]]))
    return (0.5 * hit.level * sides * out).astype(np.float32)
