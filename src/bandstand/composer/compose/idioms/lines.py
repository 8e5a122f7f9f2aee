"""Bass lines and patterns of many bars, written in degrees over whatever chord comes. Knows no tradition.

A line is a string of equal steps as in `ground.py`, with a degree for each stroke: 1 is the root of the chord, 2 to 7
the steps of the scale above it, 8 the octave; v, w and u are the fifth, sixth and seventh below the root, a leads to
the next root by a step of the scale, b by two.
"""

from __future__ import annotations

from collections.abc import Iterator

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar
from bandstand.composer.compose.idioms import ground
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord

INTERVALS = {
    "1": (0,),
    "2": (2, 1),
    "3": (4, 3),
    "4": (5, 6),
    "5": (7, 6, 8),
    "6": (9, 8),
    "7": (10, 9, 8),
    "8": (12,),
}
"""Semitones above a root, the usual ones first. A major seventh is none: in the bass it grinds against the root."""
BELOW = {"v": "5", "w": "6", "u": "7"}
REACH = 9
"""Semitones above its lowest note where a bass is at home."""


def strokes(pattern: str, bar: Bar, tick: float = 0.25) -> Iterator[tuple[float, float, str]]:
    """One bar of a pattern that may be several bars long: offset and length in beats, and the symbol.

    tick  beats of a step; a pattern that does not fill whole bars begins again in each
    """
    steps = round(bar.beats / tick)
    if steps == 0:
        return
    first = bar.place * steps % len(pattern) if len(pattern) % steps == 0 else 0
    line = "".join(pattern[(first + n) % len(pattern)] for n in range(steps))
    for place, symbol in enumerate(line):
        if symbol not in ".-":
            rest = line[place + 1 :]
            yield place * tick, (len(rest) - len(rest.lstrip("-")) + 1) * tick, symbol


def stretched(pattern: str) -> str:
    """The same pattern at half the pace."""
    return "".join(symbol + (symbol if symbol in ".-" else "-") for symbol in pattern)


def degree(symbol: str, bar: Bar, offset: float, plan: Plan, instrument: str) -> int:
    """The pitch of a bass for a symbol, in the register where it is at home."""
    chord = bar.chord_at(offset)
    known = INSTRUMENTS[instrument]
    root = ground.closest(chord.root, known.low + REACH, instrument)
    if symbol in "ab":
        following = _after(bar, chord)
        if following.root == chord.root:
            symbol = "5" if symbol == "a" else "6"
        else:
            target = ground.closest(following.root, known.low + REACH, instrument)
            return _into(target, 1 if symbol == "a" else 2, chord, plan, instrument)
    if symbol == "1" and chord.bass is not None:
        return ground.closest(chord.bass, known.low + REACH, instrument)
    pitch = root + _interval(BELOW.get(symbol, symbol), chord, theory.scale(plan.key))
    pitch -= 12 if symbol in BELOW else 0
    return _folded(pitch, instrument)


def _interval(symbol: str, chord: Chord, scale: frozenset[int]) -> int:
    """Of the chord where it has such a note, else of the scale."""
    usual = INTERVALS[symbol]
    for classes in (frozenset(chord.notes), scale):
        for step in usual:
            if (chord.root + step) % 12 in classes:
                return step
    return 0


def _into(target: int, steps: int, chord: Chord, plan: Plan, instrument: str) -> int:
    """So many steps of the scale below a pitch; above it where there is no room, or where it would rub."""
    scale = theory.scale(plan.key)
    known = INSTRUMENTS[instrument]
    below = [p for p in range(target - 1, target - 6, -1) if p % 12 in scale][steps - 1]
    above = [p for p in range(target + 1, target + 6) if p % 12 in scale][steps - 1]
    possible = [p for p in (below, above) if known.low <= p <= known.high]
    apart = [p for p in possible if not _rubs(p, chord)]
    return [*apart, *possible][0]


def _rubs(pitch: int, chord: Chord) -> bool:
    above = {(pitch - note) % 12 for note in chord.notes}
    return 0 not in above and bool(above & {1, 11})


def _after(bar: Bar, chord: Chord) -> Chord:
    later = [other for other in bar.chords if other.start > chord.start + 1e-9]
    return later[0] if later else bar.next_chord


def _folded(pitch: int, instrument: str) -> int:
    known = INSTRUMENTS[instrument]
    while pitch > known.high:
        pitch -= 12
    while pitch < known.low:
        pitch += 12
    return pitch
