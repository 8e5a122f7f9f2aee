"""Tuning and key of given sound. Finds no chords; is told how long each sounds.

Source: the key profiles are those of Albrecht and Shanahan, "The Use of Large Corpora to Train a New Type of
Key-Finding Algorithm", Music Perception 31/1 (2013), which do better than Krumhansl's on what we make (composer.md,
section 4). What sounds across the whole spectrum at once is a stroke and counts for no note: after FitzGerald,
"Harmonic/Percussive Separation using Median Filtering", DAFx 2010.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.analyse.spectrum import LOWEST, PER_OCTAVE, PER_SEMITONE, Numbers
from bandstand.composer.score import Key

_MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
_MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
_EVERY = 4  # frames: notes are slower than strokes
_HELD = 17  # of those, 0.8 s
_SPREAD = 13  # bins, a third of an octave
_MARGIN = 2.0
_BASS, _HOME = 0.5, 0.9
"""What the share of the tonic in the bass counts, and how long its chord sounds. Profiles alone find 90 keys of 100 in
12 s of our bands and take relatives and parallels for them; with both, fitted to prompts of other styles, 96.
"""
_BLOCK = 1024  # rows whose windows are held at once
_SOFT = 0.05
"""Share of the loudest that is worth hearing; below it lies what leaks."""


def tuning_of(notes: Numbers) -> float:
    """Semitones above 440 Hz, -0.5..0.5; an untuned constant Q."""
    loud = np.maximum(notes - _SOFT * notes.max(initial=0.0), 0.0).astype(np.float64).sum(axis=0)
    turns = np.exp(2j * np.pi * np.arange(len(loud)) / PER_SEMITONE)
    return float(np.angle((loud * turns).sum()) / (2.0 * np.pi))


def chroma_of(notes: Numbers, *, low: int = 0, high: int | None = None) -> Numbers:
    """Float32 [T, 12], C first: how much of each pitch class sounds between two bins.

    notes  a tuned constant Q
    """
    bins = np.arange(notes.shape[1])[low:high]
    classes = (LOWEST + (bins + PER_SEMITONE // 2) // PER_SEMITONE) % 12
    fold = np.zeros((len(bins), 12), np.float32)
    # The middle third of a semitone is the note, its sides are its neighbours' as much.
    fold[np.arange(len(bins)), classes] = np.where(bins % PER_SEMITONE == 0, 1.0, 0.3)
    return notes[:, low:high] @ fold


def harmonic(notes: Numbers) -> Numbers:
    """What is held, without the strokes: float32 [T / 4, bins]."""
    slow = slowed(notes)
    if not len(slow):
        return notes
    held = _median(slow, _HELD, axis=0)
    struck = _median(slow, _SPREAD, axis=1)
    return np.where(held > _MARGIN * struck, slow, 0.0).astype(np.float32)


def slowed(notes: Numbers) -> Numbers:
    """Float32 [T / 4, bins]: the means of four frames each."""
    return notes[: len(notes) // _EVERY * _EVERY].reshape(-1, _EVERY, notes.shape[1]).mean(axis=1)


def _median(values: Numbers, size: int, axis: int) -> Numbers:
    room = [(0, 0), (0, 0)]
    room[axis] = (size // 2, size // 2)
    padded = np.pad(values, room, mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, size, axis=axis)
    found = np.empty_like(values)
    for start in range(0, len(values), _BLOCK):
        block = views[start : start + _BLOCK]
        found[start : start + _BLOCK] = np.partition(block, size // 2, axis=-1)[..., size // 2]
    return found


def key_of_classes(heard: NDArray[np.float64]) -> tuple[Key, float]:
    """The key of music, and by how much it is clearer than the next best, 0..2.

    heard  float64 [12], how much each pitch class is heard
    """
    return key_of_band(heard, np.zeros(12), np.zeros((2, 12)))


def key_of_band(
    heard: NDArray[np.float64], bass: NDArray[np.float64], triads: NDArray[np.float64]
) -> tuple[Key, float]:
    """The same where chords are played, 0..3.

    heard   float64 [12], how much each pitch class is heard
    bass    float64 [12], each one's share of the bass
    triads  float64 [2, 12], share of the time in which each major and each minor triad sounds
    """
    marks = {
        Key(tonic, mode): _correlation(np.roll(profile, tonic), heard)
        + _BASS * float(bass[tonic])
        + _HOME * float(triads[row, tonic])
        for row, (mode, profile) in enumerate((("major", _MAJOR), ("minor", _MINOR)))
        for tonic in range(12)
    }
    first, second = sorted(marks, key=lambda key: -marks[key])[:2]
    return first, marks[first] - marks[second]


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    one, other = first - first.mean(), second - second.mean()
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if size > 0 else 0.0


BASS_BINS = PER_OCTAVE * 2
"""Bins of the two lowest octaves, where roots lie."""
