"""A triad for every bar of given sound. Hears major and minor triads only: sevenths and ninths are the style's affair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandstand.composer import theory
from bandstand.composer.score import Key

_STAY = 0.04  # a chord stays rather than changes
_DIATONIC = 0.09
_TONIC = 0.02
_ROOT = 0.45
"""How much the bass says about the root, against the whole about the triad."""
_CLEAR = 0.12
"""How much better than the usual triad the best must be, for a bar that tells anything."""
_SURE = 12.0
"""How fast the share of a triad falls with how much worse than the best it explains a stretch."""


@dataclass(frozen=True, slots=True)
class Triad:
    """root: pitch class; clear: the sound says so, it was not only likely in the key."""

    root: int
    minor: bool
    clear: bool = True

    @property
    def notes(self) -> tuple[int, int, int]:
        return self.root, (self.root + (3 if self.minor else 4)) % 12, (self.root + 7) % 12


TRIADS = tuple(Triad(root, minor) for minor in (False, True) for root in range(12))


def triads_of(chroma: NDArray[np.float64], bass: NDArray[np.float64], key: Key) -> list[Triad]:
    """One triad for each stretch; what is silent takes over the one before.

    chroma, bass  float64 [stretches, 12]: all notes, and the low ones
    """
    if not len(chroma):
        return []
    marks = _marks(unit(chroma), unit(bass))
    inside = theory.scale(key)
    likely = np.array(
        [
            _DIATONIC * set(triad.notes).issubset(inside) + _TONIC * (triad.root == key.tonic)
            for triad in TRIADS
        ]
    )
    way = _most_likely(marks + likely)
    told = marks.max(axis=1) - np.median(marks, axis=1) > _CLEAR
    return [
        Triad(TRIADS[place].root, TRIADS[place].minor, bool(clear))
        for place, clear in zip(way, told, strict=True)
    ]


def shares_of(chroma: NDArray[np.float64], bass: NDArray[np.float64]) -> NDArray[np.float64]:
    """Float64 [2, 12]: share of the stretches in which each major and each minor triad sounds, in whatever key."""
    if not len(chroma):
        return np.zeros((2, 12))
    marks = _marks(unit(chroma), unit(bass))
    likely = np.exp(_SURE * (marks - marks.max(axis=1, keepdims=True)))
    return (likely / likely.sum(axis=1, keepdims=True)).mean(axis=0).reshape(2, 12)


def _marks(chroma: NDArray[np.float64], bass: NDArray[np.float64]) -> NDArray[np.float64]:
    """Float64 [stretches, 24]: how well each triad explains each stretch."""
    shapes = np.zeros((24, 12))
    roots = np.zeros((24, 12))
    for place, triad in enumerate(TRIADS):
        shapes[place, list(triad.notes)] = (1.0, 0.9, 0.9)
        roots[place, triad.root] = 1.0
        roots[place, triad.notes[2]] = 0.3
    shapes /= np.linalg.norm(shapes, axis=1, keepdims=True)
    return chroma @ shapes.T + _ROOT * bass @ roots.T


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of length one; silence stays silent."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def _most_likely(marks: NDArray[np.float64]) -> list[int]:
    """The way through the stretches with the highest sum, where staying is worth something."""
    total = marks[0]
    came: list[NDArray[np.int64]] = []
    for row in marks[1:]:
        best = int(np.argmax(total))
        stays = total + _STAY >= total[best]
        came.append(np.where(stays, np.arange(24), best))
        total = np.where(stays, total + _STAY, total[best]) + row
    way = [int(np.argmax(total))]
    for back in reversed(came):
        way.append(int(back[way[-1]]))
    return way[::-1]
