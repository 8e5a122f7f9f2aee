"""Notes in beats -> notes in samples, with what a player adds: legato, choked cymbals, a last chord that rings.

No sound in here. Swing and human timing are already in the score.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.score import Note, Part, Role, Score

LONG_SECONDS = 12.0
"""A held note longer than this is taken up again: a new bow, a new breath."""

_OPEN_HAT, _CLOSE_HAT = 46, frozenset({42, 44})
_GLIDING = frozenset({"bowed", "brass", "wind", "voice"})


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note as the renderer plays it.

    at, hold  samples; bend: semitones from which it slides, 0 for none; seed: of its own small differences
    """

    at: int
    hold: int
    pitch: int
    velocity: float
    bend: float
    seed: int


def perform(score: Score, part_index: int, rate: int) -> tuple[Sounding, ...]:
    """What one part plays, sorted by time; nothing starts after the end of the piece."""
    part = score.parts[part_index]
    family = INSTRUMENTS[part.instrument].family
    beat = score.seconds_at(1.0)
    total = round(score.seconds * rate)
    last = math.inf if score.loops else _last_start(score)
    played: list[Sounding] = []
    for index, note in enumerate(part.notes):
        at = max(round(note.start * beat * rate), 0)
        until = round((note.start + note.length) * beat * rate)
        if family == "kit":
            until = _choked(part, index, at, beat * rate)
        elif note.start >= last - 0.05:
            until = max(until, total + rate)
        if at >= total:
            continue
        bend = _slide(part, index) if family in _GLIDING and part.role is Role.LEAD else 0.0
        seed = (score.seed * 1000003 + part_index * 7919 + index * 104729) % 2147483629
        played += _taken_up(
            Sounding(at, max(until - at, 1), note.pitch, note.velocity, bend, seed), rate
        )
    return tuple(sorted(played, key=lambda sounding: sounding.at))


def _last_start(score: Score) -> float:
    """Where the last pitched notes of the piece begin, in beats."""
    starts = [
        part.notes[-1].start
        for part in score.parts
        if part.notes and INSTRUMENTS[part.instrument].family != "kit"
    ]
    return max(starts, default=0.0)


def _choked(part: Part, index: int, at: int, beat_samples: float) -> int:
    """A drum rings out by itself; an open hat until the pedal closes it."""
    note = part.notes[index]
    if note.pitch == _OPEN_HAT:
        for later in part.notes[index + 1 :]:
            if later.pitch in _CLOSE_HAT and later.start > note.start + 0.05:
                return round(later.start * beat_samples)
            if later.start > note.start + 4.0:
                break
    return at + 1_000_000_000


def _slide(part: Part, index: int) -> float:
    """Legato from the note before, when it ends where this one starts and is at most a fifth away."""
    if index == 0:
        return 0.0
    before: Note = part.notes[index - 1]
    note = part.notes[index]
    gap = note.start - (before.start + before.length)
    leap = before.pitch - note.pitch
    if gap > 0.06 or note.start - before.start < 0.1 or not 0 < abs(leap) <= 7:
        return 0.0
    return max(-2.0, min(2.0, 0.5 * leap))


def _taken_up(note: Sounding, rate: int) -> list[Sounding]:
    longest = int(LONG_SECONDS * rate)
    if note.hold <= longest or note.hold > 900_000_000:
        return [note]
    pieces = -(-note.hold // longest)
    edges = [note.at + note.hold * piece // pieces for piece in range(pieces + 1)]
    return [
        Sounding(
            start,
            stop - start,
            note.pitch,
            note.velocity,
            note.bend,
            (note.seed + start) % 2147483629,
        )
        for start, stop in pairwise(edges)
    ]
