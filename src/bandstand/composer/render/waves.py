"""Sustained sounds: an oscillator that reads a stack of single-cycle waves from dull to bright.

For whatever sounds as long as it is held: synthesizers, strings, wind, brass, organ, voices. Not for struck and
plucked sounds (`struck.py`, `plucked.py`).

Each wave of the stack has the same spectrum behind a steeper or gentler low-pass, and none holds a partial
above half the rate, so that moving through the stack is a filter sweep that cannot alias. Formants belong
to the body and not to the string, so they are placed in Hz when the stack is built for a note.

P pitches of a slur, F waves in a stack, T samples in a wave, U detuned players.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.jit import kernel
from bandstand.composer.render.perform import Sounding

WAVES = 8
WAVE_SAMPLES = 2048
CONTROL = 32  # samples between two looks at pitch and brightness
WIDEST = 1.0
"""How far a vibrato swings at most, in Hz per Hz of its speed; further, and high notes lose their pitch."""

_STRAY = (
    8.0  # the wander is an average of much faster dice: this is about the inverse of its deviation
)


@kernel
def sing(  # noqa: C901, PLR0912, PLR0915 - one phrase told in one loop
    out: NDArray[np.float32],
    at: int,
    hold: int,
    stacks: NDArray[np.float32],
    turns: NDArray[np.float64],
    players: NDArray[np.float64],
    envelope: NDArray[np.float64],
    colour: NDArray[np.float64],
    vibrato: NDArray[np.float64],
    breath: NDArray[np.float64],
    life: NDArray[np.float64],
    seed: int,
) -> None:
    """Add one note, or several slurred ones, to `out`.

    out       float32 [2, N]
    at, hold  samples: where it starts, how long the key is down
    stacks    float32 [P, F, T]  of each pitch, dull to bright
    turns     float64 [P, 3]     of each pitch: samples until it comes, waves per sample, volume
    players   float64 [U, 4]     ratio of pitch, phase 0..1, gain left, gain right
    envelope  attack per sample, decay per sample, sustain level, release per sample, length of the release
    colour    resting wave, + per level of the envelope, + at the strike, its decay per look
    vibrato   radians per look, depth (ratio), delay and fade-in (looks), start bend (ratio), its decay per look,
              share of it that is heard as loudness, decay per look of the glide between two pitches
    breath    level, low and high coefficient of its band, extra at the strike
    life      wander of the pitch (ratio) and of the level, swell 0..1, tremor (radians per look) and its depth,
              fall of the pitch (ratio per look) once the key is up
    """
    pitches = stacks.shape[0]
    top = stacks.shape[1] - 1.001
    size = stacks.shape[2]
    count = players.shape[0]
    phases = players[:, 1].copy()
    attack, decay, sustain = envelope[0], envelope[1], envelope[2]
    release, total = envelope[3], hold + int(envelope[4])
    total = min(total, out.shape[1] - at)
    level, rising = 0.0, True
    strike, bend, swing, fallen = 1.0, vibrato[4], 0.0, 0.0
    place = min(max(colour[0] + colour[2], 0.0), top)
    hiss, soft, softer = seed * 2654435761 % 2147483647 + 1, 0.0, 0.0
    dice, stray, breathing, shaken = seed * 16807 % 2147483647 + 1, 0.0, 0.0, 0.0
    p, since, glide, fresh = 0, 0, 0.0, 1.0
    loud, press = turns[0, 2], 1.0
    for look, begin in enumerate(range(0, total, 32)):
        end = min(begin + 32, total)
        if p + 1 < pitches and begin >= turns[p + 1, 0]:
            p += 1
            since, glide, strike = 0, 1.0, max(strike, 0.35)
        since += 1
        glide *= vibrato[7]
        fresh = min(1.0, since * (32.0 / 1200.0)) if p > 0 else 1.0
        last = turns[p + 1, 0] if p + 1 < pitches else float(hold)
        looks = (last - turns[p, 0]) / 32.0
        swell = min(max((look if p == 0 else 1.5 * since) - vibrato[2], 0.0) / vibrato[3], 1.0)
        dice = dice * 48271 % 2147483647
        stray += 0.03 * (dice / 1073741823.5 - 1.0 - stray)
        dice = dice * 48271 % 2147483647
        breathing += 0.03 * (dice / 1073741823.5 - 1.0 - breathing)
        wave = vibrato[1] * swell * (1.0 + 2.0 * breathing) * math.sin(swing)
        step = turns[p, 1]
        if glide > 1e-4:
            step *= (turns[p - 1, 1] / step) ** glide
        if begin > hold:
            fallen += life[5]
        speed = step * (1.0 + wave + bend + life[0] * stray - fallen)
        swing += vibrato[0] * (1.0 + 0.3 * stray)
        bend *= vibrato[5]
        wanted = turns[p, 2]
        if p > 0 and since < 40:
            wanted *= 1.0 - 0.22 * math.exp(-since / 12.0)
        if looks > 700.0:
            wanted *= 1.0 - life[2] * (1.0 - math.sin(math.pi * min(since / looks, 1.0) ** 0.75))
        loud += 0.12 * (wanted - loud)
        shaken += life[3] * (1.0 + 0.8 * stray)
        press = 1.0 + vibrato[6] * swell * math.cos(swing) + life[1] * breathing
        press *= 1.0 - life[4] * (0.5 - 0.5 * math.cos(shaken)) if life[4] > 0.0 else 1.0
        volume = max(loud * press, 0.0)
        bright = level * loud / max(turns[p, 2], 1e-6) * press
        goal = min(max(colour[0] + colour[1] * bright + colour[2] * strike, 0.0), top)
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
                dull = stacks[p, row, i] + part * (stacks[p, row, j] - stacks[p, row, i])
                keen = stacks[p, row + 1, i] + part * (
                    stacks[p, row + 1, j] - stacks[p, row + 1, i]
                )
                y = dull + blend * (keen - dull)
                if fresh < 1.0:
                    was = stacks[p - 1, row, i] + part * (
                        stacks[p - 1, row, j] - stacks[p - 1, row, i]
                    )
                    y = was + fresh * (y - was)
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
    shake           0..1 how much of the vibrato is heard as loudness
    wander          cents by which the pitch strays; a hundredth of it in level
    swell           0..1 how much a long note grows and dies away again
    tremor          Hz of short bows on one note, tremor_depth 0..1
    fall            semitones per second that a note falls off when it ends; only some notes do
    glide           seconds from one slurred pitch to the next
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
    shake: float = 0.0
    wander: float = 2.0
    swell: float = 0.0
    tremor: float = 0.0
    tremor_depth: float = 0.0
    fall: float = 0.0
    glide: float = 0.025
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

    def tail(self, note: Sounding) -> int:
        """Samples from the start of a note to its last sound."""
        return note.hold + int(1.4 * self.wave.release * self.rate)

    def play(self, out: NDArray[np.float32], at: int, note: Sounding) -> None:
        """Add a note and those slurred to it."""
        wave, rate = self.wave, self.rate
        pitches = [note.pitch, *(turn.pitch for turn in note.turns)]
        velocities = [note.velocity, *(turn.velocity for turn in note.turns)]
        frequencies = [440.0 * 2.0 ** ((p + 12 * wave.octave - 69) / 12.0) for p in pitches]
        turns = np.array(
            [
                (after, frequency / rate, velocity**1.4)
                for after, frequency, velocity in zip(
                    (0, *(turn.after for turn in note.turns)), frequencies, velocities, strict=True
                )
            ]
        )
        drift = np.random.default_rng(note.seed)
        sing(
            out,
            at,
            note.hold,
            np.stack([wave_stack(wave, frequency, rate) for frequency in frequencies]),
            turns,
            self._players(drift),
            self._envelope(),
            self._colour(max(velocities)),
            self._vibrato(note.bend, max(frequencies), drift),
            self._breath(frequencies[0]),
            self._life(note.seed),
            note.seed,
        )

    def _envelope(self) -> NDArray[np.float64]:
        wave, rate = self.wave, self.rate
        return np.array(
            [
                1.0 - _per_sample(wave.attack, rate, 1.609),
                1.0 - _per_sample(wave.decay, rate),
                wave.sustain,
                _per_sample(wave.release, rate, 5.0),
                1.4 * wave.release * rate,
            ]
        )

    def _colour(self, velocity: float) -> NDArray[np.float64]:
        wave = self.wave
        return np.array(
            [
                wave.rest + wave.touch * (velocity - 0.6),
                wave.follow,
                wave.strike * (0.4 + velocity),
                _per_sample(wave.strike_seconds, self.rate / CONTROL),
            ]
        )

    def _vibrato(
        self, bend: float, frequency: float, drift: np.random.Generator
    ) -> NDArray[np.float64]:
        wave, looks = self.wave, self.rate / CONTROL
        depth = 2.0 ** (wave.depth * drift.uniform(0.75, 1.2) / 1200.0) - 1.0
        return np.array(
            [
                2.0 * math.pi * wave.vibrato * drift.uniform(0.92, 1.08) / looks,
                min(depth, WIDEST * wave.vibrato / frequency),
                wave.delay * drift.uniform(0.7, 1.4) * looks,
                0.6 * looks,
                2.0 ** ((bend or wave.scoop * drift.uniform(0.4, 1.3)) / 12.0) - 1.0,
                _per_sample(0.06 if bend else wave.scoop_seconds, looks),
                wave.shake,
                _per_sample(wave.glide, looks),
            ]
        )

    def _breath(self, frequency: float) -> NDArray[np.float64]:
        wave, rate = self.wave, self.rate
        low, high = min(frequency, 0.2 * rate), min(6.0 * frequency + 1500.0, 0.3 * rate)
        return np.array(
            [
                wave.breath,
                1.0 - math.exp(-2.0 * math.pi * low / rate),
                1.0 - math.exp(-2.0 * math.pi * high / rate),
                wave.chiff,
            ]
        )

    def _life(self, seed: int) -> NDArray[np.float64]:
        wave, looks = self.wave, self.rate / CONTROL
        falls = wave.fall if seed % 5 == 0 else 0.0
        return np.array(
            [
                _STRAY * (2.0 ** (wave.wander / 1200.0) - 1.0),
                _STRAY * 0.01 * wave.wander,
                wave.swell,
                2.0 * math.pi * wave.tremor / looks,
                wave.tremor_depth,
                (1.0 - 2.0 ** (-wave.fall / 12.0)) / looks if falls else 0.0,
            ]
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
