"""One region of one note: reads a sample at the note's pitch through its loop, its filter and its envelopes.

Not for choosing what is read (`zones.py`). Times are counted in looks of 32 samples, as in `render/waves.py`.
N samples of a block, M samples of a sample.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.jit import kernel

LOOK = 32

ONCE, FOREVER, WHILE_HELD = 0, 1, 3
"""Modes of a sample's loop."""


@kernel
def stage(envelope: NDArray[np.float64], time: float, held: float, decibels: float) -> float:
    """An envelope's level 0..1 at a time in seconds; attack and release are straight when `decibels` is 0.

    envelope  delay, attack, hold, decay in seconds, sustain 0..1 (or dB below full), release in seconds
    decibels  what a whole decay or release falls by
    """
    level = 1.0
    now = min(time, held) - envelope[0]
    if now < 0.0:
        return 0.0
    if now < envelope[1]:
        level = now / envelope[1]
    else:
        now -= envelope[1] + envelope[2]
        if now > 0.0:
            if decibels > 0.0:
                fallen = min(now / max(envelope[3], 1e-3) * decibels, envelope[4])
                level = 10.0 ** (-fallen / 20.0)
            else:
                level = max(1.0 - now / max(envelope[3], 1e-3), envelope[4])
    if time > held:
        part = (time - held) / max(envelope[5], 1e-3)
        if decibels > 0.0:
            return level * 10.0 ** (-part * decibels / 20.0)
        return max(level - part, 0.0)
    return level


@kernel
def bite(semitones: float, resonance: float, rate: float) -> tuple[float, float, float, float]:
    """A low-pass at semitones above 8.176 Hz: b0 = b2, b1, a1, a2."""
    hertz = min(max(8.176 * 2.0 ** (semitones / 12.0), 20.0), 0.45 * rate)
    w = 2.0 * math.pi * hertz / rate
    alpha = math.sin(w) / (2.0 * 10.0 ** ((resonance - 3.01) / 20.0))
    whole = 1.0 + alpha
    b1 = (1.0 - math.cos(w)) / whole / math.sqrt(max(10.0 ** (resonance / 20.0), 1.0))
    return 0.5 * b1, b1, -2.0 * math.cos(w) / whole, (1.0 - alpha) / whole


@kernel
def read_between(sound: NDArray[np.float32], spot: float, loop_end: int, length: int) -> float:
    """A sample's value between its samples, by a cubic through four; length: of the loop, 0 for none."""
    i = int(spot)
    before, after, far = max(i - 1, 0), i + 1, i + 2
    if length > 0:
        if after >= loop_end:
            after -= length
        if far >= loop_end:
            far -= length
    part = spot - i
    a, b, d, e = sound[before], sound[i], sound[after], sound[far]
    lean, next_lean = 0.5 * (d - a), 0.5 * (e - b)
    curve = 3.0 * (d - b) - 2.0 * lean - next_lean
    return b + part * (lean + part * (curve + part * (lean + next_lean - 2.0 * (d - b))))


@kernel
def play_sample(  # noqa: C901 - one note told in one loop
    out: NDArray[np.float32],
    at: int,
    hold: int,
    total: int,
    sound: NDArray[np.float32],
    marks: NDArray[np.int64],
    pitch: NDArray[np.float64],
    gains: NDArray[np.float64],
    volume: NDArray[np.float64],
    second: NDArray[np.float64],
    tone: NDArray[np.float64],
    rate: float,
) -> None:
    """Add one region of one note to `out`: float32 [2, N].

    hold, total  samples until the key is up, and until the last sound
    sound        float32 [M]
    marks        first sample, end, start and end of the loop, mode
    pitch        samples of `sound` per sample, bend at the start (semitones) and its decay per look, vibrato: Hz,
                 delay in seconds, depth in semitones; second envelope -> semitones; fade-in of the vibrato in seconds
    gains        left, right; depth of a tremolo in dB, its Hz and delay; swell 0..1
    volume       delay, attack, hold, decay, dB of sustain, release
    second       the like, sustain 0..1
    tone         cutoff in semitones above 8.176 Hz, resonance in dB, second envelope -> semitones, tremolo -> semitones
    """
    end, loop_start, loop_end, mode = marks[1], marks[2], marks[3], marks[4]
    length = loop_end - loop_start
    filtered = tone[0] < 127.0 or tone[2] != 0.0
    spot, bend, last_level = float(marks[0]), pitch[1], 0.0
    b0, b1, a1, a2 = 1.0, 0.0, 0.0, 0.0
    p, q = 0.0, 0.0
    held = hold / rate
    total = min(total, out.shape[1] - at)
    for begin in range(0, total, 32):
        stop = min(begin + 32, total)
        time = stop / rate
        shake = 0.0
        if pitch[5] != 0.0 and time > pitch[4]:
            grown = min((time - pitch[4]) / max(pitch[7], 1e-3), 1.0)
            shake = pitch[5] * grown * math.sin(2.0 * math.pi * pitch[3] * (time - pitch[4]))
        trembling = 0.0
        if time > gains[4]:
            trembling = math.sin(2.0 * math.pi * gains[3] * (time - gains[4]))
        envelope = stage(second, time, held, 0.0)
        semitones = bend + shake + envelope * pitch[6]
        bend *= pitch[2]
        step = pitch[0] * 2.0 ** (semitones / 12.0)
        level = stage(volume, time, held, 100.0)
        if gains[2] != 0.0:
            level *= 10.0 ** (gains[2] * trembling / 20.0)
        if gains[5] > 0.0 and held > 0.6:
            part = min(time / held, 1.0)
            level *= 1.0 - gains[5] * (1.0 - math.sin(math.pi * part**0.75))
        if filtered:
            above = tone[0] + envelope * tone[2] + trembling * tone[3]
            b0, b1, a1, a2 = bite(above, tone[1], rate)
        rise = (level - last_level) / (stop - begin)
        now = last_level
        last_level = level
        for n in range(begin, stop):
            looping = length > 0 and (mode == 1 or (mode == 3 and n < hold))
            if looping:
                while spot >= loop_end:
                    spot -= length
            i = int(spot)
            if i + 2 >= end and not looping:
                return
            y = read_between(sound, spot, loop_end, length if looping else 0)
            if filtered:
                x = y
                y = b0 * x + p
                p = b1 * x - a1 * y + q
                q = b0 * x - a2 * y
            now += rise
            out[0, at + n] += gains[0] * now * y
            out[1, at + n] += gains[1] * now * y
            spot += step


def warm_up() -> None:
    """Compile the kernels, or load them from the cache, by playing a few silent samples."""
    play_sample(
        np.zeros((2, 64), dtype=np.float32),
        0,
        32,
        64,
        np.zeros(128, dtype=np.float32),
        np.array([0, 128, 8, 100, FOREVER], dtype=np.int64),
        np.array([1.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]),
        np.zeros(6),
        np.full(6, 0.1),
        np.full(6, 0.1),
        np.array([60.0, 0.0, 0.0, 0.0]),
        32000.0,
    )
