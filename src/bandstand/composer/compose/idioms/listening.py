"""How a player listens to a tune: as one line, in his own octave, and for what would rub against it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bandstand.composer.compose.chart import Event

TOGETHER = 0.05
"""Beats within which two notes begin together."""


def melody_line(events: Sequence[Event]) -> list[Event]:
    """One note at a time: of those together the highest."""
    line: list[Event] = []
    for event in sorted(events):
        if line and event[0] - line[-1][0] < TOGETHER:
            first, _, pitch, _ = line.pop()
            line.append((first, event[1], max(event[2], pitch), event[3]))
        else:
            line.append(event)
    return line


def near(pitch: int, centre: float) -> int:
    """The same note in the octave of who plays it."""
    while pitch > centre + 9:
        pitch -= 12
    while pitch < centre - 9:
        pitch += 12
    return pitch


def agrees(pitch: int, sounding: Collection[int]) -> bool:
    return not any((pitch - note) % 12 in {1, 11} for note in sounding)


def until_it_rubs(pitch: int, start: float, end: float, heard: Sequence[Event]) -> float:
    """Where the tune goes to a semitone beside a note, or the end."""
    for at, _, other, _ in heard:
        if start < at < end and (pitch - other) % 12 in {1, 11}:
            return at
    return end


def sung(heard: Sequence[Event], start: float, end: float) -> frozenset[int]:
    """What the tune sounds from one beat to another."""
    return frozenset(e[2] % 12 for e in heard if e[0] < end - 1e-6 and e[0] + e[1] > start + 1e-6)
