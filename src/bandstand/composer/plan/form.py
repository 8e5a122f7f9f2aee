"""The form of a piece: which sections follow each other, how long and how intense. Knows neither style nor chords.

Pieces shorter than `SHORT` have no intro: their first bar is already the tune.
"""

from __future__ import annotations

import math

from bandstand.composer.score import Metre, Section

SHORT = 20.0
SLOWEST, FASTEST = 40.0, 240.0
LOOP_SLACK = 0.002
"""Seconds by which the bars of a loop may miss its length: too few to be heard as a stumble."""
INTENSITY = {"intro": 0.4, "a": 0.62, "b": 0.9, "bridge": 0.45, "outro": 0.5}
CYCLE = ("a", "b", "a", "b", "bridge", "b")


def tail(seconds: float) -> float:
    """Seconds kept free for the last chord to ring."""
    return min(max(0.08 * seconds, 0.4), 2.5)


def whole_bars(seconds: float, bpm: float, metre: Metre) -> int:
    bar_seconds = metre.beats * 60.0 / bpm
    return max(0, math.floor((seconds - tail(seconds)) / bar_seconds + 1e-9))


def looped(seconds: float, bpm: float, metre: Metre, *, may_bend: bool) -> tuple[int, float] | None:
    """Bars and tempo that fill a length exactly, or None if there are none; a tempo that was asked for is not bent."""
    bars = max(1, round(seconds * bpm / 60.0 / metre.beats))
    exact = bars * metre.beats * 60.0 / seconds
    slack = seconds - bars * metre.beats * 60.0 / bpm
    if may_bend:
        return (bars, exact) if SLOWEST <= exact <= FASTEST else None
    return (bars, bpm) if abs(slack) <= LOOP_SLACK else None


def sections(
    bars: int, seconds: float, *, section_bars: int = 8, loops: bool = False
) -> tuple[Section, ...]:
    """Share out the bars; the names say what repeats what. A loop has no intro and no outro."""
    if seconds < SHORT or loops:
        lengths = _short(bars)
    elif bars < 3 * section_bars:
        lengths = _medium(bars)
    else:
        lengths = _long(bars, section_bars)
    placed: list[Section] = []
    first = 0
    for name, length in lengths:
        placed.append(Section(name, first, length, INTENSITY[name]))
        first += length
    return tuple(placed)


def _short(bars: int) -> list[tuple[str, int]]:
    if bars < 4:
        return [("a", bars)]
    verse = 4 if bars >= 8 else 2
    return [("a", verse), *_alternate(bars - verse, verse, ("b", "a"))]


def _medium(bars: int) -> list[tuple[str, int]]:
    if bars < 6:
        return _short(bars)
    intro = 1 if bars < 9 else 2
    return [("intro", intro), *_alternate(bars - intro, 4, ("a", "b"))]


def _long(bars: int, verse: int) -> list[tuple[str, int]]:
    intro = outro = 4
    verses, rest = divmod(bars - intro - outro, verse)
    body = [(CYCLE[n % len(CYCLE)], verse) for n in range(verses)]
    return [("intro", intro), *body, ("outro", outro + rest)]


def _alternate(bars: int, verse: int, names: tuple[str, ...]) -> list[tuple[str, int]]:
    """Verses of one length; the last is longer or shorter, by half at most."""
    count = max(1, round(bars / verse))
    lengths = [verse] * (count - 1) + [bars - verse * (count - 1)]
    return [(names[n % len(names)], length) for n, length in enumerate(lengths)]
