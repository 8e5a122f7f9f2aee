"""Ragas: what they are made of and where a melody may go in them. The melodies themselves are in `gat.py`.

A raga is not a scale: its grammar is the set of steps that its ascent, descent and catch-phrases take. The data is in
`ragas.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bandstand.composer import theory
from bandstand.composer.compose.idioms import ground
from bandstand.composer.plan.plan import Plan

SWARAS = {swara: step for step, swara in enumerate("SrRgGmMPdDnN")}
BESIDE = 0.04
"""How much less a note is liked on a beat where the raga does not rest."""
REPEAT = 0
"""The step that every raga allows: the same note once more."""


@dataclass(frozen=True, slots=True)
class Raga:
    """Notes are semitones above Sa, negative below it.

    steps  the intervals, in semitones, that may follow each note 0..11
    vadi   the note that rules, samvadi the one that answers it
    """

    name: str
    modes: tuple[str, ...]
    aroha: tuple[int, ...]
    avaroha: tuple[int, ...]
    pakad: tuple[tuple[int, ...], ...]
    vadi: int
    samvadi: int
    steps: Mapping[int, frozenset[int]]

    @property
    def notes(self) -> frozenset[int]:
        return frozenset(note % 12 for note in (*self.aroha, *self.avaroha))

    @property
    def second(self) -> int:
        """What the tanpura sounds beside Sa: Pa, or Ma (or Dha) where a raga has no Pa."""
        return next(note for note in (7, 5, 9) if note in self.notes)

    @property
    def rests(self) -> frozenset[int]:
        """Where a phrase may come to rest."""
        return frozenset({0, self.second, self.vadi, self.samvadi})

    def may_go(self, before: int, after: int, tonic: int) -> bool:
        """Whether the raga goes from a pitch straight to another."""
        return after - before in self.steps[(before - tonic) % 12]


@cache
def ragas() -> Mapping[str, Raga]:
    """All ragas by name."""
    raw = tomllib.loads(files(__package__ or "").joinpath("ragas.toml").read_text("utf-8"))
    return {name: _raga(name, table) for name, table in raw.items()}


def raga_for(mode: str) -> tuple[Raga, ...]:
    """The ragas that are played when a mode is asked; where there is none, those that share most of its notes."""
    meant = tuple(raga for raga in ragas().values() if mode in raga.modes)
    if meant:
        return meant
    wanted = set(theory.MODES[mode])
    strangers = {raga.name: len(raga.notes - wanted) for raga in ragas().values()}
    fewest = min(strangers.values())
    return tuple(raga for raga in ragas().values() if strangers[raga.name] == fewest)


def choose(plan: Plan) -> Raga:
    """The raga of a piece: all its players come to the same."""
    fitting = raga_for(plan.key.mode)
    return fitting[int(ground.agreed(plan, "raga").integers(len(fitting)))]


class Roads:
    """Which pitches of an instrument a raga joins, and walks along them."""

    def __init__(self, raga: Raga, pitches: Sequence[int], tonic: int) -> None:
        self.pitches = pitches
        self._joined = np.array([[raga.may_go(a, b, tonic) for b in pitches] for a in pitches])
        self._rests = np.array([(pitch - tonic) % 12 in raga.rests for pitch in pitches])

    def walk(
        self, first: int, last: int, strong: Sequence[bool], dice: np.random.Generator
    ) -> list[int]:
        """A way through the raga, from the pitch nearest to the first from which there is one.

        last    pitch of the last note
        strong  for each note whether it stands on a beat, where the notes that rest are preferred
        return  pitches, each of which the raga goes to from the one before
        """
        # From which pitches the goal can be reached in 0, 1, 2 ... steps.
        reach: list[NDArray[np.bool_]] = [np.array([pitch == last for pitch in self.pitches])]
        for _ in strong[1:]:
            reach.append(np.any(self._joined & reach[-1], axis=1))
        possible = np.flatnonzero(reach.pop()).tolist()
        at = min(possible, key=lambda n: abs(self.pitches[n] - first))
        found, direction = [at], 0
        for beat in strong[1:]:
            onward = np.flatnonzero(self._joined[at] & reach.pop()).tolist()
            weights = [
                _liking(self.pitches[n] - self.pitches[at], direction)
                * (1.0 if self._rests[n] or not beat else BESIDE)
                for n in onward
            ]
            before, at = at, onward[_pick(weights, dice)]
            found.append(at)
            direction = int(np.sign(at - before)) or direction
        return [self.pitches[n] for n in found]


def _pick(weights: Sequence[float], dice: np.random.Generator) -> int:
    """A place, the likelier the heavier."""
    mark = float(dice.random()) * sum(weights)
    for place, weight in enumerate(weights):
        mark -= weight
        if mark < 0.0:
            return place
    return len(weights) - 1


def _liking(step: int, direction: int) -> float:
    if step == REPEAT:
        return 0.18
    return (1.0 if step * direction >= 0 else 0.45) * (1.0 if abs(step) <= 2 else 0.55)


def _raga(name: str, table: Mapping[str, Any]) -> Raga:
    aroha, avaroha = _notes(table["aroha"]), _notes(table["avaroha"])
    pakad = tuple(_notes(phrase) for phrase in table["pakad"])
    steps: dict[int, set[int]] = {note % 12: {REPEAT} for note in (*aroha, *avaroha)}
    for before, after in (move for line in (aroha, avaroha, *pakad) for move in pairwise(line)):
        steps[before % 12].add(after - before)
    return Raga(
        name=name,
        modes=tuple(table["modes"]),
        aroha=aroha,
        avaroha=avaroha,
        pakad=pakad,
        vadi=SWARAS[table["vadi"]],
        samvadi=SWARAS[table["samvadi"]],
        steps={note: frozenset(found) for note, found in steps.items()},
    )


def _notes(line: str) -> tuple[int, ...]:
    """Read "S R G" with .S an octave lower and S' higher."""
    return tuple(
        SWARAS[word.strip(".'")] - 12 * word.startswith(".") + 12 * word.endswith("'")
        for word in line.split()
    )
