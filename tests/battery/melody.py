"""17, 18, 19: how the tune moves, and where it stands on the chords."""

from __future__ import annotations

import itertools

import numpy as np

from battery.checks import Bound, Check
from battery.key import chord_notes
from battery.take import Take

STEP, LEAP, WIDE = 2, 4, 7  # semitones: at most a step, more than a third, more than a fifth
FEWEST = 12
FEWEST_LEAPS = 3
EARLY = 0.1  # beats around a tap


def moves(take: Take) -> np.ndarray:
    """Intervals in semitones between successive notes of the tune; a bar of rest parts two phrases."""
    tune = take.tune
    return np.array(
        [
            after.pitch - before.pitch
            for before, after in itertools.pairwise(tune)
            if after.start - before.start - before.length < take.bar
        ]
    )


def steps(take: Take) -> float | None:
    found = np.abs(moves(take))
    return float((found <= STEP).mean()) if len(found) >= FEWEST else None


def wide_leaps(take: Take) -> float | None:
    found = np.abs(moves(take))
    return float((found > WIDE).mean()) if len(found) >= FEWEST else None


def leaps_answered(take: Take) -> float | None:
    """Share of the leaps over a third that a step the other way follows."""
    found = moves(take)
    leaps = [(a, b) for a, b in itertools.pairwise(found) if abs(a) > LEAP]
    if len(leaps) < FEWEST_LEAPS:
        return None
    return sum(0 < -b * np.sign(a) <= STEP for a, b in leaps) / len(leaps)


def chord_tones(take: Take) -> float | None:
    """Share of the tune's notes on the taps that belong to the chord; bare fifths say nothing about thirds."""
    told = []
    for note in take.tune:
        off = abs(note.start / take.pulse - round(note.start / take.pulse)) * take.pulse
        chord = chord_notes(take.score, note)
        if off <= EARLY and len(chord) >= 3:
            told.append(note.pitch % 12 in chord)
    return float(np.mean(told)) if len(told) >= FEWEST else None


CHECKS = (
    Check("17", "tune moves by steps", Bound(0.60, 0.85), steps),
    Check("18a", "leaps over a fifth", Bound(high=0.06), wide_leaps),
    Check("18b", "leaps answered by a step back", Bound(low=0.5), leaps_answered),
    Check("19", "chord tones on the beat", Bound(0.75, 0.98), chord_tones),
)
