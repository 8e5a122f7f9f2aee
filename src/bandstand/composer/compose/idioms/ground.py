"""What all idioms stand on: patterns fitted to bars, pitches fitted to instruments. Knows no tradition.

A pattern is a string of sixteenths as in the style files: X loud, x, o soft, "-" holds, "." rests; one of several bars
is a tuple of strings.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from bandstand.composer import chance, theory
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Metre

LOUDNESS = {"X": 0.95, "x": 0.74, "o": 0.42}
LENGTHS = {"crash": 2.0, "open": 0.4, "ride": 0.5, "ge": 0.5, "tun": 0.5}
RINGING = 0.2
SHORTEST = 0.05  # beats


def agreed(plan: Plan, what: str) -> np.random.Generator:
    """Dice that all players of a piece share: for what none of them may choose alone."""
    return chance.stage(plan.seed, chance.PLAN, what)


def kind(metre: Metre) -> str:
    """ "compound" (6/8), "triple" (3/4) or "duple": everything else."""
    if theory.pulse(metre) == 1.5:
        return "compound"
    return "triple" if metre.beats % 3 == 0 else "duple"


def strokes(pattern: str, beats: float) -> Iterator[tuple[float, float, str]]:
    """One bar of a pattern, cut to the bar or begun again in it: offset and length in beats, and the symbol."""
    steps = round(4 * beats)
    line = (pattern * (steps // len(pattern) + 1))[:steps]
    for place, symbol in enumerate(line):
        if symbol not in ".-":
            held = len(line[place + 1 :]) - len(line[place + 1 :].lstrip("-"))
            yield place * 0.25, (held + 1) * 0.25, symbol


def strike(lines: Mapping[str, str], bar: Bar, strength: float = 1.0) -> list[Event]:
    """One bar of a drum pattern: percussion key name -> sixteenths."""
    return [
        (bar.start + offset, LENGTHS.get(name, RINGING), KEYS[name], LOUDNESS[symbol] * strength)
        for name, line in lines.items()
        for offset, _, symbol in strokes(line, bar.beats)
    ]


def with_chords(bars: Sequence[Bar], chords: Sequence[tuple[Chord, ...]]) -> tuple[Bar, ...]:
    """The bars with other chords, each bar's its own."""
    following = [*chords[1:], chords[0]]
    return tuple(
        replace(bar, chords=own, next_chord=after[0])
        for bar, own, after in zip(bars, chords, following, strict=True)
    )


def strength(bar: Bar) -> float:
    """How hard a drummer plays in a bar."""
    return 0.72 + 0.28 * bar.intensity


def ladder(classes: Collection[int], instrument: str, centre: float, reach: int = 12) -> list[int]:
    """The pitches of some pitch classes, up to `reach` semitones around a centre moved into the instrument's range."""
    known = INSTRUMENTS[instrument]
    middle = min(max(centre, known.low + reach), max(known.high - reach, known.low + reach))
    low = max(known.low, round(middle) - reach)
    high = min(known.high, round(middle) + reach)
    return [pitch for pitch in range(low, high + 1) if pitch % 12 in classes]


def nearest(pitches: Sequence[int], wanted: float) -> int:
    """The pitch closest to a wanted one; the lower of two."""
    return min(pitches, key=lambda pitch: abs(pitch - wanted))


def closest(pitch_class: int, wanted: float, instrument: str) -> int:
    """A pitch class as near to a pitch as the instrument has it."""
    known = INSTRUMENTS[instrument]
    low = known.low + (pitch_class - known.low) % 12
    return nearest(range(low, known.high + 1, 12), wanted)


def close(chord: Chord, instrument: str, centre: float, size: int = 4) -> tuple[int, ...]:
    """The chord in close position around a pitch; a note a semitone below its root takes the root's place."""
    notes = chord.notes
    if any((chord.root - note) % 12 == 1 for note in notes):
        notes = tuple(note for note in notes if note != chord.root)
    return tuple(sorted({closest(note, centre, instrument) for note in notes[:size]}))


def strum(
    pitches: Sequence[int],
    start: float,
    length: float,
    loud: float,
    spread: float,
    *,
    up: bool = False,
) -> list[Event]:
    """A chord across the strings: spread, in beats, from string to string."""
    order = pitches[::-1] if up else pitches
    return [
        (start + n * spread, max(length - n * spread, SHORTEST), pitch, loud)
        for n, pitch in enumerate(order)
    ]


def once(events: Sequence[Event]) -> list[Event]:
    """Of two strokes on one key at once, the louder."""
    loudest: dict[tuple[float, int], Event] = {}
    for event in events:
        place = (event[0], event[2])
        if place not in loudest or loudest[place][3] < event[3]:
            loudest[place] = event
    return list(loudest.values())


def runs(bars: Sequence[Bar]) -> list[list[Bar]]:
    """Bars that follow each other without a gap, within one section."""
    found: list[list[Bar]] = [[bars[0]]] if bars else []
    for before, bar in pairwise(bars):
        if bar.index == before.index + 1 and bar.section is before.section:
            found[-1].append(bar)
        else:
            found.append([bar])
    return found


def within(events: Sequence[Event], bars: Sequence[Bar]) -> list[Event]:
    """Events in order; none begins outside the bars, or sounds on into a bar that is not its player's."""
    starts = [bar.start for bar in bars]
    ends = [bar.start + bar.beats for bar in bars]
    for place in range(len(bars) - 2, -1, -1):
        if abs(ends[place] - starts[place + 1]) < 1e-6:
            ends[place] = ends[place + 1]
    kept: list[Event] = []
    for start, length, pitch, loud in events:
        place = bisect_right(starts, start + 1e-9) - 1
        if place >= 0 and start < bars[place].start + bars[place].beats - 1e-9:
            room = ends[place] - start
            kept.append((start, max(min(length, room), SHORTEST), pitch, min(loud, 1.0)))
    return sorted(kept)
