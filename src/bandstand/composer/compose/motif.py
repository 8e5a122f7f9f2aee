"""Motifs: a rhythm and a contour, not yet pitches, and what a composer does with them. What is sung again is the motif;
the chords change its notes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bandstand.composer.compose.rhythm import bar_rhythm
from bandstand.composer.plan.style import Tune

SIZES = (0, 1, 2, 3, 4)
SIZE_WEIGHTS = (0.13, 0.70, 0.10, 0.04, 0.03)
SHIFTS = (0, 0, 1, -1, -1, 1, 2, -2)
SAME, HALF = 0.6, 0.85
"""How often the second bar has the rhythm of the first, and up to here at least its first half."""
SEQUENCE = 0.75
TWINS = 0.4
"""How often the second bar is the first one again, higher or lower."""
FREE_STRONG = 0.2
REST_BEATS = 1.0
"""Kept free at the end of a motif: a singer has to breathe."""
SHAPES = ("arch", "valley", "rise", "fall", "wave", "walk")


@dataclass(frozen=True, slots=True)
class Motif:
    """onsets, lengths: beats; contour: scale steps relative to the first note.

    beats  how long the motif is, its rest included
    free   the notes that may stand beside the chord even on a strong beat
    """

    onsets: tuple[float, ...]
    lengths: tuple[float, ...]
    contour: tuple[int, ...]
    free: tuple[bool, ...]
    beats: float


def invent(
    bar: float, bars: int, pulse: float, tune: Tune, dice: np.random.Generator, *, energy: float
) -> Motif:
    """A new motif of one or two bars; the second often has the rhythm of the first, moved by a step or two.

    bar  beats
    """
    free = min(REST_BEATS, bar / 4)
    twins = bars == 2 and dice.random() < TWINS
    first = bar_rhythm(
        bar, pulse, tune, dice, energy=energy, free=free if twins or bars == 1 else 0.0
    )
    onsets = list(first)
    contour = _contour(len(onsets), tune.span, dice)
    if bars == 2:
        second = first if twins else _second(first, bar, pulse, tune, dice, energy=energy)
        onsets += [bar + onset for onset in second]
        if twins or dice.random() < SEQUENCE:
            shift = int(dice.choice(SHIFTS))
            again = [contour[min(n, len(contour) - 1)] + shift for n in range(len(second))]
            contour = (*contour, *again)
        else:
            contour = _contour(len(onsets), tune.span, dice)
    free_notes = tuple((dice.random(len(onsets)) < FREE_STRONG).tolist())
    return _measured(tuple(onsets), contour, free_notes, bar * bars, pulse)


def vary(motif: Motif, tune: Tune, dice: np.random.Generator) -> Motif:
    """The same rhythm and beginning, another ending."""
    count = len(motif.onsets)
    kept = max(1, count - max(1, count // 3))
    ending = _contour(count - kept + 1, tune.span, dice)
    at = motif.contour[kept - 1]
    return replace(motif, contour=(*motif.contour[:kept], *(at + step for step in ending[1:])))


def ornament(motif: Motif, pulse: float, dice: np.random.Generator) -> Motif:
    """The same tune with a note more between two others, or one less."""
    gaps = [
        n
        for n in range(len(motif.onsets) - 1)
        if motif.onsets[n + 1] - motif.onsets[n] >= 1.0 and motif.onsets[n] % 0.5 == 0
    ]
    if gaps and dice.random() < 0.6:
        n = gaps[int(dice.integers(len(gaps)))]
        between = motif.onsets[n + 1] - 0.5
        step = (motif.contour[n] + motif.contour[n + 1] + 1) // 2
        step += 1 if step == motif.contour[n] == motif.contour[n + 1] else 0
        return _measured(
            (*motif.onsets[: n + 1], between, *motif.onsets[n + 1 :]),
            (*motif.contour[: n + 1], step, *motif.contour[n + 1 :]),
            (*motif.free[: n + 1], True, *motif.free[n + 1 :]),
            motif.beats,
            pulse,
        )
    if len(motif.onsets) < 4:
        return motif
    gone = int(dice.integers(1, len(motif.onsets) - 1))
    kept = [n for n in range(len(motif.onsets)) if n != gone]
    return _picked(motif, kept, motif.beats, pulse)


def invert(motif: Motif) -> Motif:
    """Up becomes down."""
    return replace(motif, contour=tuple(-step for step in motif.contour))


def fragment(motif: Motif, beats: float, pulse: float) -> Motif:
    """The beginning of a motif, as far as it fits."""
    if beats >= motif.beats:
        return motif
    kept = [n for n, onset in enumerate(motif.onsets) if onset < beats - 0.25] or [0]
    return _picked(motif, kept, beats, pulse)


def shorten(motif: Motif, last: float, pulse: float) -> Motif:
    """End on the note that sounds at beat `last`, held, and leave the rest to whoever answers."""
    kept = [n for n, onset in enumerate(motif.onsets) if onset <= last]
    return motif if len(kept) < 2 else _picked(motif, kept, motif.beats, pulse)


def _picked(motif: Motif, kept: list[int], beats: float, pulse: float) -> Motif:
    onsets, contour, free = motif.onsets, motif.contour, motif.free
    return _measured(
        tuple(onsets[n] for n in kept),
        tuple(contour[n] for n in kept),
        tuple(free[n] for n in kept),
        beats,
        pulse,
    )


def _measured(
    onsets: tuple[float, ...],
    contour: tuple[int, ...],
    free: tuple[bool, ...],
    beats: float,
    pulse: float,
) -> Motif:
    """Let each note last until the next; the last one leaves room to breathe."""
    ends = (*onsets[1:], max(beats - 0.5 * min(REST_BEATS, beats / 8), onsets[-1] + 0.25))
    lengths = tuple(min(end - onset, 2 * pulse) for onset, end in zip(onsets, ends, strict=True))
    return Motif(onsets, lengths, contour, free, beats)


def _second(
    first: tuple[float, ...],
    bar: float,
    pulse: float,
    tune: Tune,
    dice: np.random.Generator,
    *,
    energy: float,
) -> tuple[float, ...]:
    """The rhythm of the second bar; it ends earlier than the first."""
    free = min(REST_BEATS, bar / 4)
    roll = dice.random()
    fresh = bar_rhythm(bar, pulse, tune, dice, energy=energy, free=free)
    if roll < SAME:
        kept = tuple(onset for onset in first if onset < bar - free)
        return kept or fresh
    if roll < HALF:
        half = bar / 2
        mixed = (*(n for n in first if n < half), *(n for n in fresh if n >= half))
        return mixed or fresh
    return fresh


def _contour(count: int, span: int, dice: np.random.Generator) -> tuple[int, ...]:
    """Scale steps along one of the old shapes: a walk that is drawn to where the shape wants it."""
    shape = SHAPES[int(dice.integers(len(SHAPES)))]
    height = float(dice.uniform(0.3, 0.6)) * span
    sizes = dice.choice(SIZES, size=count, p=SIZE_WEIGHTS).tolist()
    rolls = dice.random(count).tolist()
    place, way, contour = 0, 1 if rolls[0] < 0.5 else -1, [0]
    for n, (size, roll) in enumerate(zip(sizes[1:], rolls[1:], strict=True), start=1):
        wish = _shape(shape, n / max(1, count - 1)) * height - place
        if shape == "walk" or abs(wish) < 1.0:
            way = -way if roll < 0.34 else way
        else:
            way = 1 if (wish > 0) == (roll < 0.8) else -1
        if abs(place + way * size) > span // 2 + 1:
            way = -way
        place += way * size
        contour.append(place)
        if size > 2:
            way = -way  # a leap is answered by a step back
    return tuple(contour)


def _shape(name: str, at: float) -> float:
    """Where a contour of that name wants to be, -1..1, after a share of its way."""
    if name == "arch":
        return 1.0 - abs(2.2 * at - 1.1)
    if name == "valley":
        return abs(2.2 * at - 1.1) - 1.0
    if name == "rise":
        return at
    if name == "fall":
        return -at
    return float(np.sin(2 * np.pi * at)) * 0.7
