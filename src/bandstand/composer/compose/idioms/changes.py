"""Chord changes as musicians write them, for idioms whose chords are not built on the scale alone.

"1:maj7 b3:dim7 | 2:m7 5:7" is two bars; degrees count on the major scale above the tonic, b and # move them, the part
after the colon is a name of `theory.QUALITIES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar
from bandstand.composer.compose.idioms import ground
from bandstand.composer.plan.form import HOMING, PHRASE, ROUND, place_in_round
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Key

PLACES = {"b": 1, "drop": 1, "bridge": 2, "break": 2}
"""Which loop a section has; verses and what is not here the first."""
HOME = 0.42
"""Share of the tonic below which other loops are tried: ears, and key finders, go by it."""
MAJOR = (0, 2, 4, 5, 7, 9, 11)
Bars = tuple[tuple[str, ...], ...]


@cache
def read(text: str) -> Bars:
    return tuple(tuple(bar.split()) for bar in text.split("|"))


@cache
def spell(word: str, key: Key) -> tuple[int, tuple[int, ...], str]:
    """Root, pitch classes and name of one chord."""
    degree, _, quality = word.partition(":")
    moved = degree.count("#") - degree.count("b")
    root = (key.tonic + MAJOR[int(degree.strip("#b")) - 1] + moved) % 12
    intervals = _qualities()[quality]
    notes = tuple((root + interval) % 12 for interval in intervals)
    return root, notes, theory.note_name(root, key) + quality


def by_section(
    chart: Sequence[Bar], plan: Plan, loops: Mapping[str, Sequence[str]]
) -> tuple[Bar, ...]:
    """One loop for verses, another for choruses, a third for bridges, chosen by the seed.

    loops  by mode; a chart in another mode stays as it is
    """
    written = loops.get(plan.key.mode)
    if written is None:
        return tuple(chart)
    order = ground.agreed(plan, "changes").permutation(len(written)).tolist()
    loops_tried = [[read(written[n]) for n in order[k:] + order[:k]] for k in range(len(order))]
    laid = [_laid(chart, plan, chosen) for chosen in loops_tried]
    shares = [at_home(chords, plan) for chords in laid]
    best = next((n for n, share in enumerate(shares) if share >= HOME), int(np.argmax(shares)))
    return ground.with_chords(chart, laid[best])


def _laid(chart: Sequence[Bar], plan: Plan, loops: Sequence[Bars]) -> list[tuple[Chord, ...]]:
    chords: list[tuple[Chord, ...]] = []
    for bar in chart:
        traits = bar.section.traits
        homing = HOMING in traits and bar.place % PHRASE >= PHRASE // 2
        name = "a" if ROUND in traits or homing else bar.section.name
        loop = loops[PLACES.get(name, 0) % len(loops)]
        place = place_in_round(bar.section, bar.place)
        chords.append(in_bar(loop[place % len(loop)], bar, plan))
    return chords


def at_home(chords: Sequence[tuple[Chord, ...]], plan: Plan) -> float:
    """Share of the time that the tonic's chord sounds."""
    every = [chord for bar in chords for chord in bar]
    home = sum(chord.length for chord in every if chord.root == plan.key.tonic)
    return home / sum(chord.length for chord in every)


def throughout(
    chart: Sequence[Bar], plan: Plan, forms: Mapping[str, Sequence[str]]
) -> tuple[Bar, ...]:
    """One form for the whole piece, by family of mode, begun again when it ends."""
    written = forms[theory.family(plan.key.mode)]
    form = read(written[int(ground.agreed(plan, "changes").integers(len(written)))])
    chords = [in_bar(form[bar.index % len(form)], bar, plan) for bar in chart]
    return ground.with_chords(chart, chords)


def in_bar(words: Sequence[str], bar: Bar, plan: Plan) -> tuple[Chord, ...]:
    """One or more chords shared out over a bar, on its pulses."""
    pulse = theory.pulse(plan.metre)
    pulses = bar.beats / pulse
    words = words[: max(1, int(pulses))]
    starts = [pulse * round(n * pulses / len(words)) for n in range(len(words))]
    ends = [*starts[1:], bar.beats]
    return tuple(
        Chord(bar.start + start, end - start, *spell(word, plan.key))
        for word, start, end in zip(words, starts, ends, strict=True)
    )


@cache
def _qualities() -> Mapping[str, tuple[int, ...]]:
    named: dict[str, tuple[int, ...]] = {}
    for intervals, name in theory.QUALITIES.items():
        named.setdefault(name, intervals)
    return named
