"""Rhythms of a tune: which notes fall where in a bar. Pitches come later.

A bar is put together of cells, each one pulse long, as singers divide a beat. How busy it is, how often it anticipates
a beat and whether it knows sixteenths comes from the style and the seed.
"""

from __future__ import annotations

import math

import numpy as np

from bandstand.composer.plan.style import Tune

Cell = tuple[float, ...]
SIMPLE: tuple[Cell, ...] = ((), (0.0,), (0.5,), (0.0, 0.5))
SIMPLE_FINE: tuple[Cell, ...] = (
    (0.0, 0.75),
    (0.0, 0.5, 0.75),
    (0.0, 0.25, 0.5),
    (0.25, 0.5),
    (0.0, 0.25, 0.5, 0.75),
    (0.5, 0.75),
)
COMPOUND: tuple[Cell, ...] = (
    (),
    (0.0,),
    (0.0, 1.0),
    (0.0, 0.5),
    (0.5, 1.0),
    (1.0,),
    (0.0, 0.5, 1.0),
)
COMPOUND_FINE: tuple[Cell, ...] = ((0.0, 0.5, 0.75, 1.0), (0.0, 0.75, 1.0))
SPREAD = 0.75
"""Notes by which a cell may be busier or calmer than the usual one of its tune."""


def bar_rhythm(
    beats: float, pulse: float, tune: Tune, dice: np.random.Generator, *, energy: float, free: float
) -> tuple[float, ...]:
    """The onsets of one bar, at least two where they fit.

    free  beats at the end of the bar in which no note begins
    """
    cells = (SIMPLE, SIMPLE_FINE) if pulse == 1.0 else (COMPOUND, COMPOUND_FINE)
    known = cells[0] + (cells[1] if tune.fine else ())
    busy = min(max(tune.density + 0.3 * (energy - 0.5), 0.1), 1.1)
    wanted = pulse * (0.35 + 1.5 * busy) if pulse == 1.0 else 0.6 + 2.0 * busy
    onsets: list[float] = []
    for number in range(math.ceil(beats / pulse)):
        at = number * pulse
        # The first beat of a bar, and every other one, is where a note is expected.
        weights = [
            _likelihood(cell, wanted, tune.syncopation, grounded=number % 2 == 0) for cell in known
        ]
        cell = known[int(dice.choice(len(known), p=np.array(weights) / sum(weights)))]
        onsets += [at + place for place in cell if at + place < beats - free - 1e-9]
    for spare in (0.0, 2 * pulse, pulse):
        if len(onsets) < 2 and spare <= beats - 0.5 and spare not in onsets:
            onsets.append(spare)
    return tuple(_anticipated(sorted(onsets), pulse, tune.syncopation, dice))


def _likelihood(cell: Cell, wanted: float, syncopation: float, *, grounded: bool) -> float:
    fits = math.exp(-(((len(cell) - wanted) / SPREAD) ** 2)) + 0.01
    if 0.0 not in cell:
        fits *= (0.15 if grounded else 0.45) + syncopation
    return fits


def _anticipated(
    onsets: list[float], pulse: float, share: float, dice: np.random.Generator
) -> list[float]:
    """Let some notes come half a beat before theirs."""
    moved: list[float] = []
    for onset in onsets:
        early = onset - 0.5
        on_beat = onset > 0 and onset % pulse == 0
        free = early not in onsets and (not moved or early > moved[-1])
        moved.append(early if on_beat and free and dice.random() < share else onset)
    return moved
