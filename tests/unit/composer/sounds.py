"""Sounds whose music is known: a little band that plays chords, and a voice alone."""

from __future__ import annotations

import numpy as np

from bandstand.audio.clip import Clip

CHORDS = {
    "Am": (9, 0, 4), "F": (5, 9, 0), "C": (0, 4, 7), "G": (7, 11, 2), "Dm": (2, 5, 9), "Em": (4, 7, 11)
}  # fmt: skip
MAJOR = (0, 2, 4, 5, 7, 9, 11)


def band(chords, bpm, *, bars, beats=4, late=0.0, shift=0, cents=0.0, rate=32000) -> Clip:
    """Bass on the bar, chords on the beats, a kick on the bar, a snare on the others, hats between."""
    beat = 60.0 / bpm
    sound = np.zeros(int((late + bars * beats * beat + 0.5) * rate))
    dice = np.random.default_rng(7)
    for bar in range(bars):
        notes = CHORDS[chords[bar % len(chords)]]
        start = late + bar * beats * beat
        _add(
            sound,
            start,
            _note(36 + (notes[0] + shift) % 12 + cents / 100, beats * beat, rate),
            rate,
        )
        for number in range(beats):
            at = start + number * beat
            for note in notes:
                pitch = 60 + (note + shift) % 12 + cents / 100
                _add(sound, at, 0.4 * _note(pitch, 0.9 * beat, rate), rate)
            _add(sound, at, _kick(rate) if number == 0 else _hiss(dice, 0.1, rate), rate)
            _add(sound, at + beat / 2, 0.3 * _hiss(dice, 0.04, rate), rate)
    return Clip((0.25 * sound / np.abs(sound).max()).astype(np.float32)[None], rate)


def sung(seed, bpm, *, bars=10, plucked=False, rate=44100):
    """A tune in C major with nothing beside it, and what it is: [(start, length, pitch)] in beats."""
    dice = np.random.default_rng(seed)
    ladder = [48 + 12 * octave + step for octave in range(3) for step in MAJOR]
    rhythms = ((1, 1, 1, 1), (1.5, 0.5, 2), (0.5, 0.5, 1, 2), (2, 1, 1), (1, 0.5, 0.5, 1, 1))
    place, written = 9, []
    for bar in range(bars):
        at = 4.0 * bar
        for length in rhythms[int(dice.integers(len(rhythms)))]:
            place = int(np.clip(place + dice.choice((-2, -1, -1, 1, 1, 2)), 4, 16))
            written.append((at, float(length), ladder[place]))
            at += length
    written[-1] = (*written[-1][:2], 60)
    beat = 60.0 / bpm
    sound = np.zeros(int((bars * 4 * beat + 0.5) * rate))
    for start, length, pitch in written:
        note = _note(pitch, 0.95 * length * beat, rate, decay=3.0 if plucked else 0.0)
        _add(sound, start * beat, note, rate)
    return Clip((0.3 * sound).astype(np.float32)[None], rate), written


def hummed(pitches, bpm, *, rate=32000) -> Clip:
    """A note on each beat by a trembling voice whose vowel is strongest at its eleventh partial and around."""
    beat = 60.0 / bpm
    time = np.arange(int(beat * rate)) / rate
    edge = np.minimum(1.0, np.minimum(time, beat - time) / 0.04)
    parts = []
    for pitch in pitches:
        hertz = 440.0 * 2.0 ** ((pitch - 69) / 12.0) * (1.0 + 0.008 * np.sin(33.0 * time))
        phase = 2.0 * np.pi * np.cumsum(hertz) / rate
        vowel = {1: 1.0, 2: 0.8, 3: 0.5, 4: 0.4, 9: 0.5, 10: 0.7, 11: 0.8, 12: 0.5}
        parts.append(0.1 * edge * sum(level * np.sin(n * phase) for n, level in vowel.items()))
    return Clip(np.concatenate(parts).astype(np.float32)[None], rate)


def _note(pitch, seconds, rate, decay=1.5):
    time = np.arange(int(seconds * rate)) / rate
    hertz = 440.0 * 2.0 ** ((pitch - 69) / 12.0)
    wave = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 6))
    edge = np.minimum(1.0, np.minimum(time, time[-1] - time) / 0.012)
    return wave * edge * np.exp(-decay * time)


def _kick(rate):
    time = np.arange(int(0.15 * rate)) / rate
    return 2.0 * np.sin(2 * np.pi * (50 * time - 3 * np.exp(-30 * time))) * np.exp(-18 * time)


def _hiss(dice, seconds, rate):
    count = int(seconds * rate)
    return dice.normal(0.0, 0.4, count) * np.exp(-5.0 * np.arange(count) / count)


def _add(sound, start, part, rate) -> None:
    first = round(start * rate)
    length = min(len(part), len(sound) - first)
    sound[first : first + length] += part[:length]
