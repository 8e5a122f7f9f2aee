"""The cheapest way along a contour: pitches for one phrase of an idiom's tune. Knows no form and no memory.

A dynamic programme over the rungs of a ladder (Viterbi's): near the contour, in small steps, notes of the chord on the
beats. It also knows whether the last move was a leap, for a leap wants to be answered by a step back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.score import Chord

STEP_COSTS = (0.9, 0.2, 0.1, 0.4, 0.6, 1.1, 2.6, 1.7, 5.0, 5.0, 5.0, 5.0, 4.0)
"""By semitones; wider is `TOO_WIDE`."""
TOO_WIDE, FAR = 9.0, 8
LEAP, STEP = 4, 2
"""Semitones: more than a third, at most a whole tone."""
ONWARD, TOO_FAR_BACK = 2.2, 1.2
"""What it costs not to turn back after a leap, and to turn back by more than a step."""
JOINED = 0.6
"""What a move from one phrase to the next counts of what it would within one."""
NEAR = 0.42
"""What a semitone beside the contour costs."""
STRANGE, OUTSIDE, WRONG = 1.2, 6.0, 12.0
"""What it costs to stand beside the chord on a beat, outside the scale, and not to end where a phrase must."""

Costs = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slot:
    """What is wanted of one note.

    offset, length  beats from its barline, and as written
    wanted          pitch on the contour
    strong          stands on a beat or is long, and does not lean on the next note
    scale           pitch classes it may have
    only            those it must have; empty: any
    """

    offset: float
    length: float
    chord: Chord
    wanted: float
    strong: bool
    scale: frozenset[int]
    only: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Taste:
    """strict  what leaving the chord costs, 1 = as usual;  rub  standing a semitone beside one of its notes;
    leaps  thirds and wider steps, 1 = as usual.
    """

    strict: float
    rub: float
    leaps: float


def find_way(
    slots: Sequence[Slot], rungs: tuple[int, ...], taste: Taste, before: int | None = None
) -> list[int]:
    """A pitch for each slot, from the rungs. before: the pitch on which the last phrase ended, if one did."""
    count = len(rungs)
    moves = _moves(rungs, taste.leaps)
    # Cheapest by how the note was reached: by a step, a leap up, a leap down.
    total = np.full((3, count), np.inf)
    total[0] = 0.0
    if before is not None:
        joining, kind = _costs(np.array(rungs) - before, taste.leaps)
        total = np.where(kind == np.arange(3)[:, None], JOINED * joining, np.inf)
    total = total + _own(slots[0], rungs, taste)
    back: list[NDArray[np.int64]] = []
    for slot in slots[1:]:
        paths = total.reshape(1, -1, 1) + moves
        best = paths.argmin(axis=1)
        back.append(best)
        reached = np.take_along_axis(paths, best[:, None, :], axis=1)[:, 0]
        total = reached + _own(slot, rungs, taste)
    kind, at = divmod(int(total.argmin()), count)
    way = [at]
    for best in reversed(back):
        kind, at = divmod(int(best[kind, at]), count)
        way.append(at)
    return [rungs[place] for place in reversed(way)]


@lru_cache(maxsize=256)
def _moves(rungs: tuple[int, ...], leaps: float) -> Costs:
    """What each move costs: [how the new note is reached, how the old one was and where it is, new note]."""
    ladder = np.array(rungs)
    move = ladder[None, :] - ladder[:, None]
    costs, kind = _costs(move, leaps)
    after = [costs]
    for back in (-move, move):
        unanswered = np.select(
            [(back > 0) & (back <= STEP), back > STEP], [0.0, TOO_FAR_BACK], ONWARD
        )
        after.append(costs + unanswered)
    every = np.concatenate(after)
    reached = np.tile(kind, (3, 1))
    return np.stack([np.where(reached == way, every, np.inf) for way in range(3)])


def _costs(move: NDArray[np.int64], leaps: float) -> tuple[Costs, NDArray[np.int64]]:
    """What moves of so many semitones cost by themselves, and whether they are steps, leaps up or leaps down: 0, 1, 2."""
    apart = np.abs(move)
    costs = np.array([*STEP_COSTS, TOO_WIDE])[np.minimum(apart, len(STEP_COSTS))]
    costs = np.where((apart > STEP) & (apart < FAR), leaps * costs, costs)
    return costs, np.select([move > LEAP, move < -LEAP], [1, 2], 0)


def _own(slot: Slot, rungs: tuple[int, ...], taste: Taste) -> Costs:
    """What each rung costs by itself."""
    against = _against(slot.chord.notes, rungs, taste.rub, strong=slot.strong)
    costs = NEAR * np.abs(np.array(rungs) - slot.wanted) + taste.strict * against
    costs = costs + OUTSIDE * _beside(slot.scale, rungs)
    return costs + WRONG * _beside(slot.only, rungs) if slot.only else costs


@lru_cache(maxsize=2048)
def _beside(classes: frozenset[int], rungs: tuple[int, ...]) -> Costs:
    return np.array([0.0 if pitch % 12 in classes else 1.0 for pitch in rungs])


@lru_cache(maxsize=4096)
def _against(notes: tuple[int, ...], rungs: tuple[int, ...], rub: float, *, strong: bool) -> Costs:
    """What a chord says against each pitch."""
    costs: list[float] = []
    for pitch in rungs:
        above = {(pitch - note) % 12 for note in notes}
        if 0 in above:
            costs.append(0.0)
        else:
            costs.append((STRANGE if strong else 0.0) + (rub if above & {1, 11} else 0.0))
    return np.array(costs)
