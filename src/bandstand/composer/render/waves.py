"""Sustained sounds: an oscillator that reads a stack of single-cycle waves from dull to bright.

For whatever sounds as long as it is held: synthesizers, strings, wind, brass, organ, voices. Not for struck and
plucked sounds (`struck.py`, `plucked.py`).

Each wave of the stack has the same spectrum behind a steeper or gentler low-pass, and none holds a partial
above half the rate, so that moving through the stack is a filter sweep that cannot alias. Formants belong
to the body and not to the string, so they are placed in Hz when the stack is built for a note.

F waves in a stack, T samples in a wave, U detuned players.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.jit import kernel

WAVES = 8
WAVE_SAMPLES = 2048
CONTROL = 32  # samples between two looks at pitch and brightness


@kernel
def sing(  # noqa: PLR0915 - one note told in one loop
    out: NDArray[np.float32],
    at: int,
    hold: int,
    stack: NDArray[np.float32],
    step: float,
    players: NDArray[np.float64],
    volume: float,
    envelope: NDArray[np.float64],
    colour: NDArray[np.float64],
    vibrato: NDArray[np.float64],
    breath: NDArray[np.float64],
    seed: int,
) -> None:
    """Add one note to `out`.

    out       float32 [2, N]
    at, hold  samples: where it starts, how long the key is down
    stack     float32 [F, T]  dull to bright
    step      waves per sample
    players   float64 [U, 4]  ratio of pitch, phase 0..1, gain left, gain right
    envelope  attack per sample, decay per sample, sustain level, release per sample, length of the release
    colour    resting wave, + per level of the envelope, + at the strike, its decay per look
    vibrato   radians per look, depth (ratio), delay and fade-in (looks), start bend (ratio), its decay per look
    breath    level, low and high coefficient of its band, extra at the strike
    """
    top = stack.shape[0] - 1.001
    size = stack.shape[1]
    count = players.shape[0]
    phases = players[:, 1].copy()
    attack, decay, sustain = envelope[0], envelope[1], envelope[2]
    release, total = envelope[3], hold + int(envelope[4])
    total = min(total, out.shape[1] - at)
    level, rising = 0.0, True
    strike, bend, swing = 1.0, vibrato[4], 0.0
    place = min(max(colour[0] + colour[2], 0.0), top)
    hiss, soft, softer = seed * 2654435761 % 2147483647 + 1, 0.0, 0.0
    for look, begin in enumerate(range(0, total, 32)):
        end = min(begin + 32, total)
        swell = min(max((look - vibrato[2]) / vibrato[3], 0.0), 1.0)
        speed = step * (1.0 + vibrato[1] * swell * math.sin(swing) + bend)
        swing += vibrato[0]
        bend *= vibrato[5]
        goal = min(max(colour[0] + colour[1] * level + colour[2] * strike, 0.0), top)
        slide = (goal - place) / 32.0
        strike *= colour[3]
        for n in range(begin, end):
            if n >= hold:
                level *= release
            elif rising:
                level += attack * (1.25 - level)
                if level >= 1.0:
                    level, rising = 1.0, False
            else:
                level += decay * (sustain - level)
            place += slide
            row = int(place)
            blend = place - row
            left, right = 0.0, 0.0
            for u in range(count):
                phase = phases[u] + speed * players[u, 0]
                phase -= int(phase)
                phases[u] = phase
                spot = phase * size
                i = int(spot)
                part = spot - i
                j = (i + 1) & (size - 1)
                dull = stack[row, i] + part * (stack[row, j] - stack[row, i])
                bright = stack[row + 1, i] + part * (stack[row + 1, j] - stack[row + 1, i])
                y = dull + blend * (bright - dull)
                left += y * players[u, 2]
                right += y * players[u, 3]
            if breath[0] > 0.0:
                hiss = hiss * 48271 % 2147483647
                soft += breath[2] * (hiss / 1073741823.5 - 1.0 - soft)
                softer += breath[1] * (soft - softer)
                air = (soft - softer) * breath[0] * (1.0 + breath[3] * strike)
                left += air
                right += air
            out[0, at + n] += volume * level * left
            out[1, at + n] += volume * level * right


@dataclass(frozen=True, kw_only=True)
class Wave:
    """A sustained sound.

    shape           partials: "saw", "square", "pulse", "triangle", "sine", or levels of the first ones
    tilt            dB per octave on top of the shape
    formants        (Hz, dB, width in Hz) of the body
    resonance       0..1 peak where the low-pass of each wave bites
    players, detune how many, and how far the outer ones are off, in cents; spread 0..1 across the stereo field
    attack, decay, release  seconds; sustain 0..1 where the decay ends
    rest, follow    resting wave 0..7 and how far the loudness of the note moves it
    strike, strike_seconds  waves brighter when the note begins, and how soon that is gone
    touch           waves brighter from the softest to the hardest velocity
    vibrato         Hz; depth in cents, after `delay` seconds
    scoop           semitones by which a note starts off pitch; scoop_seconds until it is there
    breath          level of the air around the note; chiff: more of it at the start
    octave          added to the written pitch
    """

    shape: str | tuple[float, ...] = "saw"
    tilt: float = 0.0
    formants: tuple[tuple[float, float, float], ...] = ()
    resonance: float = 0.0
    players: int = 1
    detune: float = 0.0
    spread: float = 0.0
    attack: float = 0.01
    decay: float = 0.3
    sustain: float = 1.0
    release: float = 0.1
    rest: float = 5.0
    follow: float = 0.0
    strike: float = 0.0
    strike_seconds: float = 0.2
    touch: float = 1.0
    vibrato: float = 0.0
    depth: float = 0.0
    delay: float = 0.3
    scoop: float = 0.0
    scoop_seconds: float = 0.05
    breath: float = 0.0
    chiff: float = 0.0
    octave: int = 0


def _levels(shape: str | tuple[float, ...], k: NDArray[np.float64]) -> NDArray[np.float64]:
    odd = (k % 2.0) == 1.0
    if isinstance(shape, tuple):
        levels = np.zeros_like(k)
        levels[: len(shape)] = shape[: len(k)]
        return levels
    if shape == "saw":
        return 1.0 / k
    if shape == "square":
        return odd / k
    if shape == "pulse":
        return np.abs(np.sin(np.pi * k * 0.22)) / k
    if shape == "triangle":
        return odd / k**2
    assert shape == "sine", f"no such shape: {shape}"
    return (k == 1.0).astype(np.float64)


@functools.lru_cache(maxsize=1024)
def wave_stack(wave: Wave, frequency: float, rate: int) -> NDArray[np.float32]:
    """The waves of a sound at one pitch, dull to bright: float32 [F, T], equally loud at wave 5 for every pitch."""
    partials = max(1, min(int(0.46 * rate / frequency), WAVE_SAMPLES // 2 - 1))
    k = np.arange(1, partials + 1, dtype=np.float64)
    levels = _levels(wave.shape, k) * k ** (wave.tilt / 6.0206)
    hertz = k * frequency
    for centre, gain, width in wave.formants:
        levels = levels * 10.0 ** (gain / 20.0 * np.exp(-(((hertz - centre) / width) ** 2)))
    corners = 1.3 * 2.0 ** (0.85 * np.arange(WAVES))
    corners[-1] = 1e4
    ratio = k[None, :] / corners[:, None]
    response = 1.0 / np.sqrt(1.0 + ratio**6)
    response = response * (1.0 + 4.0 * wave.resonance * np.exp(-((np.log2(ratio) / 0.35) ** 2)))
    loudness = math.sqrt(float(np.sum((levels * response[5]) ** 2)) / 2.0)
    spectrum = np.zeros((WAVES, WAVE_SAMPLES // 2 + 1), dtype=np.complex128)
    turn = np.exp(1j * 0.61 * k * (k - 1.0))  # spread phases: a low crest factor
    spectrum[:, 1 : partials + 1] = levels * response * turn * (-0.5j * WAVE_SAMPLES)
    stack = np.fft.irfft(spectrum, WAVE_SAMPLES, axis=1)
    return (stack * (0.18 / max(loudness, 1e-9))).astype(np.float32)


def _per_sample(seconds: float, rate: float, nepers: float = 1.0) -> float:
    return math.exp(-nepers / max(seconds * rate, 1.0))


@dataclass(frozen=True)
class WaveVoice:
    """Plays a `Wave` at one rate; stateless, so any number of notes may sound."""

    wave: Wave
    rate: int

    def tail(self, hold: int, pitch: int) -> int:
        """Samples from the start of a note to its last sound; the same at every pitch."""
        del pitch
        return hold + int(1.4 * self.wave.release * self.rate)

    def play(
        self,
        out: NDArray[np.float32],
        at: int,
        hold: int,
        *,
        pitch: int,
        velocity: float,
        bend: float,
        seed: int,
    ) -> None:
        """Add a note; bend: semitones from which it slides to its pitch (0: the sound's own scoop)."""
        wave, rate = self.wave, self.rate
        frequency = 440.0 * 2.0 ** ((pitch + 12 * wave.octave - 69) / 12.0)
        legato = bend != 0.0
        attack = min(wave.attack, 0.02) if legato else wave.attack
        envelope = np.array(
            [
                1.0 - _per_sample(attack, rate, 1.609),
                1.0 - _per_sample(wave.decay, rate),
                wave.sustain,
                _per_sample(wave.release, rate, 5.0),
                1.4 * wave.release * rate,
            ]
        )
        looks = rate / CONTROL
        touched = wave.rest + wave.touch * (velocity - 0.6)
        colour = np.array(
            [
                touched,
                wave.follow,
                wave.strike * (0.4 + velocity) * (0.5 if legato else 1.0),
                _per_sample(wave.strike_seconds, looks),
            ]
        )
        drift = np.random.default_rng(seed)
        start = bend if legato else wave.scoop
        vibrato = np.array(
            [
                2.0 * math.pi * wave.vibrato * drift.uniform(0.94, 1.06) / looks,
                2.0 ** (wave.depth / 1200.0) - 1.0,
                wave.delay * looks,
                0.4 * looks,
                2.0 ** (start / 12.0) - 1.0,
                _per_sample(0.06 if legato else wave.scoop_seconds, looks),
            ]
        )
        low, high = min(frequency, 0.2 * rate), min(6.0 * frequency + 1500.0, 0.3 * rate)
        breath = np.array(
            [
                wave.breath,
                1.0 - math.exp(-2.0 * math.pi * low / rate),
                1.0 - math.exp(-2.0 * math.pi * high / rate),
                wave.chiff,
            ]
        )
        sing(
            out,
            at,
            hold,
            wave_stack(wave, frequency, rate),
            frequency / rate,
            self._players(drift),
            velocity**1.4,
            envelope,
            colour,
            vibrato,
            breath,
            seed,
        )

    def _players(self, drift: np.random.Generator) -> NDArray[np.float64]:
        count = self.wave.players
        seats = np.linspace(-1.0, 1.0, count) if count > 1 else np.zeros(1)
        pans = seats * self.wave.spread
        players = np.empty((count, 4))
        players[:, 0] = 2.0 ** (seats * self.wave.detune / 1200.0)
        players[:, 1] = drift.uniform(size=count)
        players[:, 2] = np.sqrt((1.0 - pans) / count)
        players[:, 3] = np.sqrt((1.0 + pans) / count)
        return players
