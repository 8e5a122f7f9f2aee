"""Finds chords for a given tune: a degree of the scale for each bar. Not for tunes of our own; those follow their chords.

A dynamic programme over the bars (Viterbi's): how much of the tune belongs to a chord, and how usual a step from one
chord to the next is.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bandstand.composer import theory
from bandstand.composer.plan.plan import Plan

DEGREES = range(1, 8)
HOME, CLOSE = 0.5, {1: 0.25, 4: 0.1, 5: 0.1}
"""What the tonic is worth at both ends, and what these are worth anywhere."""
ON_BEAT = 1.5
STAYING = 0.05
AWKWARD = {(5, 4): 0.25, (5, 2): 0.3, (7, 4): 0.2, (4, 3): 0.15, (3, 2): 0.15, (2, 1): 0.1}
DIMINISHED = 1.0


def set_tune(plan: Plan) -> list[int]:
    """The degree of each bar of the piece; the tune is sung as often as it fits."""
    assert plan.given is not None, "a tune to set"
    tune, beats = plan.given.tune, plan.metre.beats
    length = max(1, math.ceil(max(note.start + note.length for note in tune) / beats - 1e-6))
    heard = np.zeros((length, 12))
    for note in tune:
        first, last = int(note.start // beats), int((note.start + note.length - 1e-6) // beats)
        for bar in range(first, min(last, length - 1) + 1):
            inside = min(note.start + note.length, (bar + 1) * beats) - max(note.start, bar * beats)
            strong = ON_BEAT if note.start % theory.pulse(plan.metre) == 0 else 1.0
            heard[bar, note.pitch % 12] += strong * inside
    degrees = _cheapest(_fits(heard, plan))
    return [degrees[bar % length] for bar in range(plan.bars)]


def _fits(heard: NDArray[np.float64], plan: Plan) -> NDArray[np.float64]:
    """How well each degree suits each bar: [bars, 7]."""
    shares = heard / np.maximum(heard.sum(axis=1, keepdims=True), 1e-9)
    fits = np.zeros((len(heard), len(DEGREES)))
    for n, degree in enumerate(DEGREES):
        root, notes, _ = theory.chord(plan.key, degree, "triad")
        third, fifth = notes[1], notes[2]
        rubs = {(note + way) % 12 for note in notes for way in (1, 11)} - set(notes)
        fits[:, n] = shares[:, root] + shares[:, third] + 0.8 * shares[:, fifth]
        fits[:, n] -= 0.35 * shares[:, sorted(rubs)].sum(axis=1)
        fits[:, n] += CLOSE.get(degree, 0.0)
        meant = (plan.key.tonic + theory.MODES[plan.key.mode][degree - 1]) % 12
        if root != meant:
            fits[:, n] -= DIMINISHED
    fits[[0, -1], 0] += HOME
    return fits


def _cheapest(fits: NDArray[np.float64]) -> list[int]:
    moves = np.zeros((7, 7))
    for (one, other), cost in AWKWARD.items():
        moves[one - 1, other - 1] -= cost
    moves -= STAYING * np.eye(7)
    total, back = fits[0], list[NDArray[np.int64]]()
    for fit in fits[1:]:
        through = total[:, None] + moves
        back.append(np.argmax(through, axis=0))
        total = through.max(axis=0) + fit
    path = [int(np.argmax(total))]
    for choice in reversed(back):
        path.append(int(choice[path[-1]]))
    return [degree + 1 for degree in reversed(path)]
