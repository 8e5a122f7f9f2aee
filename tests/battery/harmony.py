"""20, 21: notes that rub against each other, and how many different ones there are."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from bandstand.composer.score import Part, Role
from battery import kinds
from battery.checks import Bound, Check
from battery.take import Take

CLASHES, CLASHES_IN_JAZZ = Bound(high=0.01), Bound(high=0.02)
VARIETY, FEW = Bound(2.2, 3.0), Bound(1.7, 3.0)
FEWEST = 20
HOLDING = 0.9
"""Of the notes of who holds a chord; the last chord of a piece is another."""
EARLY = 0.1  # beats before a barline at which a note belongs to the bar after it


def clashes(take: Take) -> float | None:
    """Share of the pairs sounding in the middle of each eighth that are a minor second or ninth apart; a drone is there
    to rub.
    """
    notes = [note for part in take.pitched if not is_drone(take, part) for note in part.notes]
    if not notes:
        return None
    starts, lengths, pitches = np.array([(n.start, n.length, n.pitch) for n in notes]).T
    pairs = rubbing = 0
    for at in np.arange(0.25, take.score.bars * take.bar, 0.5):
        sounding = np.unique(pitches[(starts <= at) & (at < starts + lengths)])
        for low, high in combinations(sounding, 2):
            pairs += 1
            rubbing += (high - low) % 12 == 1
    return rubbing / pairs if pairs >= FEWEST else None


def is_drone(take: Take, part: Part) -> bool:
    """A part of that role, or one that holds the only chord of a piece in which no chord changes."""
    if part.role is Role.DRONE:
        return True
    bars = [chord for chord in take.score.chords if chord.start < take.score.bars * take.bar]
    held = {frozenset(chord.notes) for chord in bars}
    if len(held) != 1:
        return False
    inside = [note.pitch % 12 in next(iter(held)) for note in part.notes]
    return sum(inside) >= HOLDING * len(inside)


def entropy(take: Take, bars: int) -> float | None:
    """Bits of the pitch classes in stretches of so many bars, on average.

    Of all that is pitched, not of the tune alone: a tune of three notes a bar cannot have two bits, however good it is.
    """
    stretches: dict[int, list[int]] = {}
    for part in take.pitched:
        for note in part.notes:
            stretch = stretches.setdefault(int((note.start + EARLY) // (bars * take.bar)), [])
            stretch.append(note.pitch % 12)
    told = [bits(classes) for classes in stretches.values() if len(classes) >= 2 * bars]
    return float(np.mean(told)) if told else None


def bits(classes: list[int]) -> float:
    shares = np.bincount(classes, minlength=12) / len(classes)
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())


CHECKS = (
    Check(
        "20",
        "clashing pairs",
        CLASHES,
        clashes,
        bound_for=lambda take: CLASHES_IN_JAZZ if take.style in kinds.JAZZ else CLASHES,
    ),
    Check("21a", "entropy of a bar, bits", Bound(1.4, 2.4), lambda take: entropy(take, 1)),
    Check(
        "21b",
        "entropy of four bars, bits",
        VARIETY,
        lambda take: entropy(take, 4),
        bound_for=lambda take: FEW if take.style in kinds.FIVE_NOTES else VARIETY,
    ),
)
