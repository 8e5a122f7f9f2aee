"""How a drummer's hands read the lines of a groove: how hard each stroke, and what the second bar of two does that the
first does not. Which groove it is, is `groove.py`'s affair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from bandstand.composer.compose.chart import Event, hits
from bandstand.composer.compose.drive import TIMEKEEPERS
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.style import Groove

LOUDNESS = {"X": 0.95, "x": 0.74, "o": 0.45, "r": 0.66, "t": 0.62}
GHOSTED = 0.34
"""A soft stroke of a drum, which is felt more than heard."""
ROLLS = {"r": 2, "t": 3}
"""Strokes that share one sixteenth."""
LENGTHS = {"crash": 2.0, "open": 0.4, "ride": 0.5, "ge": 0.5, "tun": 0.5}
RINGING = 0.2
SOFTER = 0.85  # each stroke of a roll
ANSWERED = 0.62
"""How loud a bar answers the one before."""
ACCENTS = (1.0, 0.86, 0.76)
"""How hard a hand that keeps time strikes on the beat, halfway to the next, and between."""
STEADY_KEYS = frozenset(KEYS[name] for name in TIMEKEEPERS)
FULL = 0.7
"""Of the sixteenths, those that a hand strikes which has to breathe."""


def unhurried(lines: Mapping[str, str]) -> dict[str, str]:
    """The lines without the endless sixteenths of those who keep time: they go in eighths where it is fast."""
    return {
        name: "".join("." if n % 2 else symbol for n, symbol in enumerate(line))
        if name in TIMEKEEPERS and sum(symbol not in ".-" for symbol in line) >= FULL * len(line)
        else line
        for name, line in lines.items()
    }


def read(groove: Groove, beats: float, phase: int, pulse: float, *, busy: bool) -> list[Event]:
    """One bar of a groove as if it began the piece.

    phase  which bar, for patterns of several
    busy   whether those who keep time fill in sixteenths
    """
    events: list[Event] = []
    for name, line in groove.lines.items():
        pattern = _doubled(line) if busy and name in {"hat", "shaker", "ride"} else line
        length = LENGTHS.get(name, RINGING)
        # Who writes accents means them; who writes none gets those of a hand.
        touch = _touch(pattern, pulse) if name in TIMEKEEPERS and "X" not in line else (1.0,)
        for offset, _, symbol in hits(pattern, beats, phase):
            strokes = ROLLS.get(symbol, 1)
            ghost = symbol == "o" and name in {"snare", "kick", "rim"}
            loud = GHOSTED if ghost else LOUDNESS[symbol]
            loud *= touch[round(4 * offset) % len(touch)]
            events += [
                (offset + 0.25 * n / strokes, length, KEYS[name], loud * SOFTER**n)
                for n in range(strokes)
            ]
    return events


def answer(
    strokes: Sequence[Event],
    beats: float,
    pulse: float,
    whim: float,
    count: int,
    *,
    loud: float,
) -> list[Event]:
    """Soft strokes beside the beats on the drum that begins the bar: the second bar of two answers the first.

    Where a stroke is heard already, or this drum would have two in a row, there is none.
    """
    drum = next((e[2] for e in strokes if e[0] == 0.0 and e[2] not in STEADY_KEYS), None)
    taken = {round(4 * e[0]) for e in strokes}
    own = {round(4 * e[0]) for e in strokes if e[2] == drum}
    steps, beat = round(4 * beats), round(4 * pulse)
    free = [
        n
        for n in range(beat, steps)
        if n % beat and n not in taken and not own & {n - 1, (n + 1) % steps}
    ]
    if drum is None or not free:
        return []
    first = int(whim * len(free))
    places = {free[(first + n * len(free) // count) % len(free)] for n in range(count)}
    return [(0.25 * n, RINGING, drum, loud) for n in sorted(places)]


def breathe(
    strokes: Sequence[Event], beats: float, pulse: float, whim: float, count: int
) -> list[Event]:
    """The bar with a few holes between the eighths, in which nobody keeps time; only where it is full of sixteenths."""
    steps, beat = round(4 * beats), round(4 * pulse)
    times = Counter(e[2] for e in strokes)
    full = {key for key, struck in times.items() if struck >= FULL * steps}
    steady = {round(4 * e[0]) for e in strokes if e[2] in STEADY_KEYS | full}
    if len(steady) < FULL * steps:
        return list(strokes)
    between = [n for n in range(beat, steps) if n % 2]
    first = int(whim * len(between))
    holes = {between[(first + n * len(between) // count) % len(between)] for n in range(count)}
    return [e for e in strokes if e[2] not in STEADY_KEYS | full or round(4 * e[0]) not in holes]


def is_long(groove: Groove, beats: float) -> bool:
    """Whether it is written out for more than a bar."""
    return any(len(line) > round(4 * beats) for line in groove.lines.values())


def _touch(line: str, pulse: float) -> tuple[float, ...]:
    """How hard each sixteenth of a beat is struck; what is struck beside the beats only is not the softer for it."""
    count = round(4 * pulse)
    weights = [ACCENTS[0 if n == 0 else 1 + n % 2] for n in range(count)]
    strongest = max(
        (weights[n % count] for n, symbol in enumerate(line) if symbol not in ".-"), default=1.0
    )
    return tuple(min(weight / strongest, 1.0) for weight in weights)


def _doubled(line: str) -> str:
    """Soft sixteenths between the eighths."""
    return "".join("o" if symbol == "." and n % 2 else symbol for n, symbol in enumerate(line))
