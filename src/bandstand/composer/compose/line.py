"""Finds the pitches of a phrase: of all lines through a scale the one that follows its contour, suits the chords and
can be sung. Decides nothing about motifs and forms.

A dynamic programme over pairs of notes (Viterbi's, of second order), for what a leap costs depends on what follows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.compose.figures import LEAP, STEP, WIDE

REACH = 4
"""Steps of the ladder by which a note may miss its contour."""
FAR = 19
"""Semitones: wider moves cost the same."""

Costs = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slot:
    """What is wanted of one note.

    step     of the ladder, where the contour has it
    chord    pitch classes that sound with it, root first
    strong   on a beat, so that it should belong to the chord
    long     heard against the chord
    only     pitch classes it must be one of; empty: any
    ceiling  step of the ladder it must not exceed
    dear     how much it costs to miss the contour by a step
    """

    step: int
    chord: tuple[int, ...]
    strong: bool
    long: bool
    only: frozenset[int]
    ceiling: int
    dear: float


@dataclass(frozen=True, slots=True)
class Ladder:
    """The pitches a voice may sing, low to high; plain: the pitch classes of the scale it likes best."""

    pitches: tuple[int, ...]
    plain: frozenset[int]

    def nearest(self, pitch: int) -> int:
        return min(range(len(self.pitches)), key=lambda n: abs(self.pitches[n] - pitch))


def find_line(ladder: Ladder, slots: Sequence[Slot], before: tuple[int, int]) -> list[int]:
    """The cheapest line, as steps of the ladder.

    before  the last two pitches that were sung
    """
    if not slots:
        return []
    pitches = np.array(ladder.pitches)
    moves = _moves()
    states = [_window(slot.step, len(pitches)) for slot in slots]
    first = states[0]
    leap, now = before[1] - before[0], before[1]
    total = _local(ladder, slots[0])[first] + moves[_clip(leap), _clip(pitches[first] - now)]
    if len(slots) == 1:
        return [int(first[int(np.argmin(total))])]
    second = states[1]
    between = _clip(pitches[second][None, :] - pitches[first][:, None])
    costs = total[:, None] + _step_costs(ladder, slots, 0, first, second)
    costs += moves[_clip(pitches[first] - now)[:, None], between]
    back: list[NDArray[np.int64]] = []
    for n in range(2, len(slots)):
        old, new, window = between, states[n], states[n - 1]
        between = _clip(pitches[new][None, :] - pitches[window][:, None])
        through = costs[:, :, None] + moves[old[:, :, None], between[None, :, :]]
        back.append(np.argmin(through, axis=0))
        costs = np.min(through, axis=0) + _step_costs(ladder, slots, n - 1, window, new)
    at = np.unravel_index(int(np.argmin(costs)), costs.shape)
    path = [int(at[1]), int(at[0])]
    for choice in reversed(back):
        path.append(int(choice[path[-1], path[-2]]))
    path.reverse()
    return [int(states[n][place]) for n, place in enumerate(path)]


def _window(step: int, count: int) -> NDArray[np.int64]:
    """Which steps of the ladder are tried, the same number wherever there is room."""
    width = min(count, 2 * REACH + 1)
    low = min(max(step - REACH, 0), count - width)
    return np.arange(low, low + width)


def _step_costs(
    ladder: Ladder,
    slots: Sequence[Slot],
    number: int,
    here: NDArray[np.int64],
    there: NDArray[np.int64],
) -> Costs:
    """What the second of two notes costs by itself, and leaving a note beside the chord by a leap."""
    pitches = np.array(ladder.pitches)
    strange = _strange(ladder, slots[number].chord)[here]
    leaps = np.abs(pitches[there][None, :] - pitches[here][:, None]) > STEP
    return _local(ladder, slots[number + 1])[there][None, :] + 1.6 * (strange[:, None] & leaps)


def _clip(moves: NDArray[np.int64] | int) -> NDArray[np.int64]:
    return np.clip(moves, -FAR, FAR) + FAR


@cache
def _moves() -> Costs:
    """What a move costs after another: [before + FAR, now + FAR], both in semitones."""
    sizes = np.arange(-FAR, FAR + 1)
    size = np.abs(sizes)
    alone = np.select(
        [size == 0, size <= STEP, size <= WIDE, size == 6, size <= LEAP, size == 12],
        [0.4, 0.0, 0.6, 2.8, 1.4, 4.0],
        6.0 + 0.3 * size,
    )
    before, now = sizes[:, None], sizes[None, :]
    leapt = np.abs(before) > WIDE
    onward = leapt & (before * now >= 0)
    too_far = leapt & (before * now < 0) & (np.abs(now) > STEP)
    still = (before == 0) & (now == 0)
    return alone[None, :] + 4.0 * onward + 2.5 * too_far + 1.1 * still


def _local(ladder: Ladder, slot: Slot) -> Costs:
    """What each step of the ladder costs for one note."""
    steps = np.arange(len(ladder.pitches))
    costs = slot.dear * np.abs(steps - slot.step) + _beside(
        ladder, slot.chord, strong=slot.strong, long=slot.long
    )
    costs = costs + 6.0 * np.maximum(steps - slot.ceiling, 0)
    if slot.only:
        wrong = np.array([pitch % 12 not in slot.only for pitch in ladder.pitches])
        costs = costs + 30.0 * wrong
    return costs


@lru_cache(maxsize=2048)
def _strange(ladder: Ladder, chord: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.array([pitch % 12 not in chord for pitch in ladder.pitches])


@lru_cache(maxsize=8192)
def _beside(ladder: Ladder, chord: tuple[int, ...], *, strong: bool, long: bool) -> Costs:
    """What a step costs for not belonging to the chord, or for grinding against one of its notes."""
    costs = np.zeros(len(ladder.pitches))
    for n, pitch in enumerate(ladder.pitches):
        above = {(pitch - note) % 12 for note in chord}
        if 0 in above:
            # The root over a held major seventh.
            under = 11 in {(note - pitch) % 12 for note in chord}
            costs[n] = (3.5 if long else 0.7) if under else 0.0
            continue
        costs[n] = 3.0 if strong else 0.8 if long else 0.0
        if above & {1, 11}:
            costs[n] += 5.0 if long else 1.5
        elif pitch % 12 not in ladder.plain:
            costs[n] += 0.7
    return costs
