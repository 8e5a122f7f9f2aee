"""Where all notes die away a rest can become a hole: the last stroke is then repeated, softer each time, or the last
note held.

Only against silence of the whole band; rests of one player are music.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bandstand.composer.compose.chart import Event
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan

MUTED = frozenset({"muted-guitar", "clavinet", "pizzicato-strings", "xylophone", "shamisen"})
"""Instruments whose notes are short by nature."""
DRY, DAMPED, RINGING = (0.5, 0.3), (0.9, 0.45), (1.3, 0.6)
"""Seconds after which a rest is a hole, and at most between the strokes that fill it: drums alone, muted, others."""
AFTER, BEFORE = 0.8, 0.5
"""Seconds that a room is heard after a note that was held, and that a longer one leaves before the next."""
SOFTER = 0.85

Part = tuple[Voice, list[Event]]


def fill_holes(parts: Sequence[Part], plan: Plan) -> None:
    """Add the missing strokes, and hold the last notes, in place."""
    second = plan.bpm / 60.0
    alone = all(INSTRUMENTS[voice.instrument].family == "kit" for voice, _ in parts)
    end = plan.end - BEFORE * second
    begun: dict[float, list[tuple[Part, Event]]] = {}
    for part in parts:
        for event in part[1]:
            if event[0] < end:
                begun.setdefault(event[0], []).append((part, event))
    until = 0.0
    for start, following in pairwise([*sorted(begun), end]):
        for (voice, _), event in begun[start]:
            until = max(until, _heard_until(voice, event, second, alone=alone))
        if following > until:
            for (voice, events), event in begun[start]:
                _fill(voice, events, event, following, second, alone=alone)
    for _, events in parts:
        events.sort(key=lambda event: event[0])


def _manner(voice: Voice, *, alone: bool) -> tuple[float, float]:
    if alone:
        return DRY
    return DAMPED if voice.instrument in MUTED else RINGING


def _heard_until(voice: Voice, event: Event, second: float, *, alone: bool) -> float:
    start, length, *_ = event
    if INSTRUMENTS[voice.instrument].sustained:
        return start + length + AFTER * second
    return start + _manner(voice, alone=alone)[0] * second


def _fill(
    voice: Voice, events: list[Event], event: Event, following: float, second: float, *, alone: bool
) -> None:
    start, length, pitch, loud = event
    if INSTRUMENTS[voice.instrument].sustained:
        held = max(length, following - BEFORE * second - start)
        events[events.index(event)] = (start, held, pitch, loud)
        return
    events.extend(_echoes(event, following, _manner(voice, alone=alone)[1] * second))


def _echoes(event: Event, end: float, apart: float) -> Iterator[Event]:
    start, length, pitch, loud = event
    step = (
        max(1.0, math.floor(4.0 * apart)) / 4.0
    )  # sixteenths, so that the strokes stand on the grid
    count = math.ceil((end - start) / step - 1e-6) - 1
    for n in range(1, count + 1):
        yield (start + n * step, min(length, step), pitch, loud * SOFTER**n)
