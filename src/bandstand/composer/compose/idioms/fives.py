"""Scales of five notes, Chinese and Japanese ones (`fives.toml`), and the open fifths that stand on them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar
from bandstand.composer.compose.idioms import ground
from bandstand.composer.plan.form import ROUND, place_in_round
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord

JAPANESE = frozenset({"koto", "shakuhachi", "shamisen", "taiko"})
CHINESE = frozenset({"guzheng", "erhu", "dulcimer"})
DEGREES = {"major": (1, 2, 3, 5, 6), "minor": (1, 3, 4, 5, 7)}
"""Five of seven, for modes of which no scale here is a part."""
PATHS = ((0, 1, 0, 1), (0, 2, 0, 2), (0, 1, 0, 0), (0, 0, 0, 1), (0, 2, 0, 1), (0, 1, 0, 2))
"""Four bars: which of the notes that have a fifth is the lowest; 0 is the tonic."""


@dataclass(frozen=True, slots=True)
class Five:
    """A scale of five notes: semitones above its tonic."""

    name: str
    home: str
    modes: tuple[str, ...]
    notes: tuple[int, ...]

    @property
    def centres(self) -> tuple[int, ...]:
        """The notes that have a fifth above them, the tonic first."""
        return tuple(note for note in self.notes if (note + 7) % 12 in self.notes)

    @property
    def leans(self) -> bool:
        """Whether it has semitones."""
        return any((note + 1) % 12 in self.notes for note in self.notes)


@cache
def fives() -> tuple[Five, ...]:
    raw = tomllib.loads(files(__package__ or "").joinpath("fives.toml").read_text("utf-8"))
    return tuple(
        Five(name, table["home"], tuple(table["modes"]), tuple(table["notes"]))
        for name, table in raw.items()
    )


def five_of(plan: Plan) -> Five:
    """The scale of a piece: of the mode, and of the country of who leads, where one is written."""
    mode = plan.key.mode
    fitting = [five for five in fives() if mode in five.modes]
    if not fitting:
        steps = theory.MODES[mode]
        notes = tuple(steps[degree - 1] for degree in DEGREES[theory.family(mode)])
        return Five(mode, "", (mode,), notes)
    names = [voice.instrument for voice in plan.voices]
    led = next((n for n in names if n in JAPANESE | CHINESE), "")
    home = "japan" if led in JAPANESE else "china" if led in CHINESE else ""
    own = [five for five in fitting if five.home == home] or fitting
    return own[int(ground.agreed(plan, "five").integers(len(own)))]


def classes_of(plan: Plan, _chord: Chord | None = None) -> frozenset[int]:
    return frozenset((plan.key.tonic + note) % 12 for note in five_of(plan).notes)


def harmonise(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    """Open fifths that leave the tonic for a bar or two of four."""
    centres = five_of(plan).centres or (0,)
    order = ground.agreed(plan, "paths").permutation(len(PATHS)).tolist()
    chords: list[tuple[Chord, ...]] = []
    for bar in chart:
        path = PATHS[order[bar.is_peak and ROUND not in bar.section.traits]]
        place = place_in_round(bar.section, bar.place)
        centre = centres[path[place % len(path)] % len(centres)]
        root = (plan.key.tonic + centre) % 12
        fifth = (root + 7) % 12 if 7 in five_of(plan).notes or centre else root
        notes = (root, fifth) if fifth != root else (root,)
        name = f"{theory.note_name(root, plan.key)}5"
        chords.append((Chord(bar.start, bar.beats, root, notes, name),))
    return ground.with_chords(chart, chords)
