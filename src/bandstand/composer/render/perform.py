"""Notes in beats -> notes in samples, with what a player adds: slurs, bends, choked cymbals, a last chord that rings.

No sound in here. Swing and human timing are already in the score; what is added here is what a score does not
write down because every player of the instrument does it anyway.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.score import Note, Part, Role, Score

LONG_SECONDS = 12.0
"""A held note longer than this is taken up again: a new bow, a new breath."""

SLUR_MAX = 5
"""Notes on one bow or in one tongue stroke."""

_UNENDING = 900_000_000
_OPEN_HAT, _CLOSE_HAT = 46, frozenset({42, 44})
_GLIDING = frozenset({"bowed", "brass", "wind", "voice"})
_GLIDERS = frozenset({"lead-synth", "square-lead", "acid-bass", "fretless-bass"})
"""Instruments that slur although their family does not."""
_FINGERED = frozenset({"sub-bass", "reese-bass"})
"""Those that glide only where a note begins before the last one is over, and then as far as an octave."""

_BENDING: Mapping[str, float] = {
    "sitar": 0.5,
    "sarod": 0.5,
    "oud": 0.2,
    "koto": 0.15,
    "guzheng": 0.35,
    "shamisen": 0.15,
    "clean-guitar": 0.2,
    "steel-guitar": 0.12,
    "overdriven-guitar": 0.45,
    "distorted-guitar": 0.4,
    "fretless-bass": 0.25,
    "slap-bass": 0.08,
}
"""How many of the longer notes of a melody are pulled up to their pitch."""

_LATE: Mapping[str, Mapping[int, float]] = {
    "acoustic-kit": {38: 0.003, 46: 0.002},
    "brush-kit": {38: 0.004, 51: -0.002, 44: 0.001},
    "jazz-kit": {38: 0.005, 36: 0.003, 51: -0.002},
    "lofi-kit": {38: 0.010, 42: 0.006, 46: 0.006},
    "trap-kit": {38: 0.004},
    "congas": {62: 0.002, 64: 0.004},
    "surdo-kit": {36: 0.004, 64: 0.004, 42: -0.002},
}
"""Seconds by which a drummer of each kind plays behind the beat, and with what."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a slur goes on to another pitch: `after` samples from its beginning."""

    after: int
    pitch: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note, or several slurred ones, as the renderer plays it.

    at, hold  samples; bend: semitones from which it slides, 0 for none; seed: of its own small differences
    turns     the notes slurred to the first one
    """

    at: int
    hold: int
    pitch: int
    velocity: float
    bend: float
    seed: int
    turns: tuple[Turn, ...] = ()

    def from_sample(self, start: int) -> Sounding:
        """What is left of it from an absolute sample on, begun anew there."""
        passed = start - self.at
        gone = [turn for turn in self.turns if turn.after <= passed]
        ahead = tuple(
            replace(turn, after=turn.after - passed) for turn in self.turns if turn.after > passed
        )
        here = gone[-1] if gone else Turn(0, self.pitch, self.velocity)
        return Sounding(start, self.hold - passed, here.pitch, here.velocity, 0.0, self.seed, ahead)


_Joins = Callable[[Sounding, Sounding, Sounding, int], bool]
"""Whether a slur that began with the first goes on from the second to the third, at a rate."""


def perform(score: Score, part_index: int, rate: int) -> tuple[Sounding, ...]:
    """What one part plays, sorted by time; nothing starts after the end of the piece."""
    part = score.parts[part_index]
    total = round(score.seconds * rate)
    last = math.inf if score.loops else _last_start(score)
    kit = INSTRUMENTS[part.instrument].family == "kit"
    played: list[Sounding] = []
    for index, note in enumerate(part.notes):
        at = round(score.seconds_at(note.start) * rate)
        until = round(score.seconds_at(note.start + note.length) * rate)
        if kit:
            at += round(_LATE.get(part.instrument, {}).get(note.pitch, 0.0) * rate)
            until = _choked(score, part, index, at, rate)
        elif note.start >= last - 0.05:
            until = max(until, total + rate)
        at = max(at, 0)
        if at >= total:
            continue
        seed = (score.seed * 1000003 + part_index * 7919 + index * 104729) % 2147483629
        bend = _bend(part, note, note.length * score.beat_seconds, seed)
        sounding = Sounding(at, max(until - at, 1), note.pitch, note.velocity, bend, seed)
        played += _taken_up(sounding, rate)
    played.sort(key=lambda sounding: sounding.at)
    if part.instrument in _FINGERED and part.role is Role.BASS:
        return tuple(_slurred(played, rate, _glides))
    return tuple(_slurred(played, rate, _joins) if _slurs(part) else played)


def _last_start(score: Score) -> float:
    """Where the last pitched notes of the piece begin, in beats."""
    starts = [
        part.notes[-1].start
        for part in score.parts
        if part.notes and INSTRUMENTS[part.instrument].family != "kit"
    ]
    return max(starts, default=0.0)


def _choked(score: Score, part: Part, index: int, at: int, rate: int) -> int:
    """A drum rings out by itself; an open hat until the pedal closes it."""
    note = part.notes[index]
    if note.pitch == _OPEN_HAT:
        for later in part.notes[index + 1 :]:
            if later.pitch in _CLOSE_HAT and later.start > note.start + 0.05:
                return round(score.seconds_at(later.start) * rate)
            if later.start > note.start + 4.0:
                break
    return at + 1_000_000_000


def _bend(part: Part, note: Note, seconds: float, seed: int) -> float:
    """Semitones from which a plucked note of a melody is pulled up, mostly 0."""
    wish = _BENDING.get(part.instrument, 0.0)
    if part.role not in {Role.LEAD, Role.COUNTER, Role.BASS} or seconds < 0.3:
        return 0.0
    return (-2.0 if note.velocity > 0.6 else -1.0) if seed % 997 < 997 * wish else 0.0


def _slurs(part: Part) -> bool:
    able = INSTRUMENTS[part.instrument].family in _GLIDING or part.instrument in _GLIDERS
    return able and part.role in {Role.LEAD, Role.COUNTER, Role.BASS}


def _slurred(played: Sequence[Sounding], rate: int, joins: _Joins) -> list[Sounding]:
    """Notes that leave no gap to the next, and do not leap far, on one bow."""
    phrases: list[list[Sounding]] = []
    for note in played:
        phrase = phrases[-1] if phrases else []
        if phrase and len(phrase) < SLUR_MAX and joins(phrase[0], phrase[-1], note, rate):
            phrase.append(note)
        else:
            phrases.append([note])
    return [_as_one(phrase) for phrase in phrases]


def _joins(first: Sounding, before: Sounding, note: Sounding, rate: int) -> bool:
    apart, leap = note.at - before.at, abs(note.pitch - before.pitch)
    gap = note.at - (before.at + before.hold)
    if not 0 < leap <= 7 or apart < 0.07 * rate or gap > min(0.14 * apart, 0.09 * rate):
        return False
    if gap < -0.05 * rate - 0.2 * apart or note.at + note.hold - first.at > LONG_SECONDS * rate:
        return False
    return note.seed % 101 < (85 if leap <= 4 else 45)


def _glides(_first: Sounding, before: Sounding, note: Sounding, rate: int) -> bool:
    apart, leap = note.at - before.at, abs(note.pitch - before.pitch)
    return 0 < leap <= 12 and apart >= 0.07 * rate and note.at < before.at + before.hold


def _as_one(phrase: Sequence[Sounding]) -> Sounding:
    first, last = phrase[0], phrase[-1]
    turns = tuple(Turn(note.at - first.at, note.pitch, note.velocity) for note in phrase[1:])
    return replace(first, hold=last.at + last.hold - first.at, turns=turns)


def _taken_up(note: Sounding, rate: int) -> list[Sounding]:
    longest = int(LONG_SECONDS * rate)
    if note.hold <= longest or note.hold > _UNENDING:
        return [note]
    pieces = -(-note.hold // longest)
    edges = [note.at + note.hold * piece // pieces for piece in range(pieces + 1)]
    return [
        replace(note, at=start, hold=stop - start, seed=(note.seed + start) % 2147483629)
        for start, stop in pairwise(edges)
    ]
