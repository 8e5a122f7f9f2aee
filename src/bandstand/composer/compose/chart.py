"""The chart: what every player has in front of them, bar by bar. Holds no notes.

An Event is a note before performance: start and length in beats on the straight grid, pitch, velocity 0..1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bandstand.composer.compose.harmony import harmonise
from bandstand.composer.plan.form import PHRASE
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Section

Event = tuple[float, float, int, float]

PEAKS = frozenset({"b", "drop"})
GROWTH = 0.08
"""How much more is going on in the second half of a section of two phrases."""
CALMEST = -0.14  # below, a verse would lose its bass and its beat


@dataclass(frozen=True, slots=True)
class Bar:
    """place: 0-based within its section; intensity: 0..1, how much is going on."""

    index: int
    start: float
    beats: float
    section: Section
    place: int
    intensity: float
    chords: tuple[Chord, ...]
    next_chord: Chord

    @property
    def is_peak(self) -> bool:
        """Whether its section is what the others lead up to."""
        return self.section.name in PEAKS

    @property
    def is_last(self) -> bool:
        return self.place == self.section.bars - 1

    def chord_at(self, offset: float) -> Chord:
        for chord in reversed(self.chords):
            if self.start + offset >= chord.start - 1e-9:
                return chord
        raise AssertionError("a bar begins with a chord")


def write_chart(plan: Plan, dice: np.random.Generator) -> tuple[Bar, ...]:
    chords = harmonise(plan, dice)
    # Against the style first: a calm rock piece is calm for rock.
    spread = max(0.2 * (plan.style.energy - 0.5) + 0.5 * (plan.energy - plan.style.energy), CALMEST)
    bars: list[Bar] = []
    for section in plan.sections:
        for place in range(section.bars):
            index = section.first_bar + place
            # The second half of a verse is fuller than the first; who comes in before that would hide its border.
            growth = GROWTH if section.bars >= 2 * PHRASE and 2 * place >= section.bars else 0.0
            bars.append(
                Bar(
                    index=index,
                    start=index * plan.metre.beats,
                    beats=plan.metre.beats,
                    section=section,
                    place=place,
                    intensity=min(max(section.energy + spread + growth, 0.0), 1.0),
                    chords=chords[index],
                    next_chord=chords[(index + 1) % len(chords)][0],
                )
            )
    return tuple(bars)


def by_section(bars: Sequence[Bar]) -> list[list[Bar]]:
    """The bars in runs of one section each."""
    runs: list[list[Bar]] = []
    for bar in bars:
        if runs and runs[-1][-1].section is bar.section and runs[-1][-1].index == bar.index - 1:
            runs[-1].append(bar)
        else:
            runs.append([bar])
    return runs


def hits(pattern: str, beats: float, index: int = 0) -> Iterator[tuple[float, float, str]]:
    """Read one bar of a pattern of sixteenths.

    index   which bar, for patterns of several bars
    return  offset and length in beats, and the symbol; a symbol sounds through the "-" after it
    """
    steps = round(beats * 4)
    first = index * steps if len(pattern) > steps else 0
    place = 0
    while place < steps:
        symbol = pattern[(first + place) % len(pattern)]
        end = place + 1
        while end < steps and pattern[(first + end) % len(pattern)] == "-":
            end += 1
        if symbol not in ".-":
            yield place * 0.25, (end - place) * 0.25, symbol
        place = end
