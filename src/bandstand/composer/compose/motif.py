"""Motifs: a rhythm and a contour, not yet pitches. What is sung again is the motif; the chords change its notes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bandstand.composer.plan.style import Tune

STEPS = (0, 1, 2, 3, 4)
STEP_WEIGHTS = (0.18, 0.65, 0.11, 0.04, 0.02)
SEQUENCE = 0.8  # how often the second bar repeats the first, a step higher, lower or not moved
SHIFTS = (0, 0, 0, 0, 1, -1)
TURN = 0.34
FREE_STRONG = 0.12
REST_BEATS = 1.0
"""Kept free at the end of a motif: a singer has to breathe."""


@dataclass(frozen=True, slots=True)
class Motif:
    """onsets, lengths: beats; contour: scale steps relative to the first note.

    free  the notes that may stand beside the chord even on a strong beat
    """

    onsets: tuple[float, ...]
    lengths: tuple[float, ...]
    contour: tuple[int, ...]
    free: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """One note of a motif: onset in its bar and length in beats, step of the ladder; first: of its phrase."""

    onset: float
    length: float
    step: int
    free: bool
    first: bool


def invent(
    bar: float, bars: int, pulse: float, tune: Tune, dice: np.random.Generator, *, energy: float
) -> Motif:
    """A new motif of one or two bars; the second often is the first again, moved by a step.

    bar  beats
    """
    cell = _rhythm(bar, pulse, tune, dice, energy)
    contour = _contour(len(cell), tune.span, dice)
    onsets = list(cell)
    if bars == 2 and dice.random() < SEQUENCE:
        shift = int(dice.choice(SHIFTS))
        contour = (*contour, *(step + shift for step in contour))
        onsets += [bar + onset for onset in cell]
    elif bars == 2:
        onsets += [bar + onset for onset in _rhythm(bar, pulse, tune, dice, energy)]
        contour = _contour(len(onsets), tune.span, dice)
    ends = (*onsets[1:], bar * bars - 0.5 * min(REST_BEATS, bar / 4))
    lengths = tuple(min(end - onset, 2 * pulse) for onset, end in zip(onsets, ends, strict=True))
    free = tuple((dice.random(len(onsets)) < FREE_STRONG).tolist())
    return Motif(tuple(onsets), lengths, contour, free)


def vary(motif: Motif, tune: Tune, dice: np.random.Generator) -> Motif:
    """The same rhythm and beginning, another ending."""
    count = len(motif.onsets)
    kept = max(1, count - max(1, count // 3))
    ending = _contour(count - kept + 1, tune.span, dice)
    at = motif.contour[kept - 1]
    return replace(motif, contour=(*motif.contour[:kept], *(at + step for step in ending[1:])))


def fragment(motif: Motif, beats: float) -> Motif:
    """The beginning of a motif, as far as it fits."""
    kept = sum(onset < beats - 0.25 for onset in motif.onsets) or 1
    lengths = [
        min(length, beats - onset)
        for onset, length in zip(motif.onsets, motif.lengths, strict=True)
    ]
    return Motif(
        motif.onsets[:kept], tuple(lengths[:kept]), motif.contour[:kept], motif.free[:kept]
    )


def notes_in_bar(
    motif: Motif, number: int, beats: float, base: int, *, last: bool
) -> tuple[Written, ...]:
    """What a motif that begins on a step of the ladder writes into one of its bars, 0-based; the last takes the rest."""
    start = number * beats
    return tuple(
        Written(onset - start, length, base + step, free, first=place == 0)
        for place, (onset, length, step, free) in enumerate(
            zip(motif.onsets, motif.lengths, motif.contour, motif.free, strict=True)
        )
        if start <= onset < (np.inf if last else start + beats)
    )


def _rhythm(
    beats: float, pulse: float, tune: Tune, dice: np.random.Generator, energy: float
) -> tuple[float, ...]:
    grid = 0.25 if tune.fine else 0.5
    free = min(REST_BEATS, beats / 4)
    density = min(max(tune.density + 0.3 * (energy - 0.5), 0.15), 1.0)
    slots = np.arange(0.0, max(beats - free, grid) + 1e-9, grid)
    rolls = dice.random(len(slots)).tolist()
    chosen = [
        slot
        for slot, roll in zip(slots.tolist(), rolls, strict=True)
        if roll < _chance(slot, pulse, density)
    ]
    for slot in (0.0, 2 * pulse, pulse):
        if len(chosen) < 2 and slot <= beats - grid and slot not in chosen:
            chosen.append(slot)
    return tuple(_syncopated(sorted(chosen), pulse, tune.syncopation, dice))


def _chance(slot: float, pulse: float, density: float) -> float:
    """How likely a note starts here: on the beat more than beside it."""
    if slot % (2 * pulse) == 0:
        return 0.72 + 0.28 * density
    if slot % pulse == 0:
        return 0.35 + 0.6 * density
    return 0.85 * density if slot % 0.5 == 0 else 0.35 * density * density


def _syncopated(
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


def _contour(count: int, span: int, dice: np.random.Generator) -> tuple[int, ...]:
    """A walk in scale steps that keeps its direction for a while and stays within half the span."""
    sizes = dice.choice(STEPS, size=count, p=STEP_WEIGHTS).tolist()
    turns = dice.random(count).tolist()
    direction = 1 if turns[0] < 0.6 else -1
    place, contour = 0, [0]
    for size, turn in zip(sizes[1:], turns[1:], strict=True):
        if turn < TURN or abs(place + direction * size) > span // 2:
            direction = -direction
        place += direction * size
        contour.append(place)
        if size > 2:
            direction = -direction  # a leap is answered by a step back
    return tuple(contour)
