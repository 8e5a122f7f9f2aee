"""Where every player's notes die away, a rest can become a hole: the last stroke is then repeated, softer each time.

Not for bands with anybody who can hold a note; there the rest is filled already.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from bandstand.composer.compose.chart import Event
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan

DYING = frozenset({"kit", "plucked", "mallet", "keys", "bass"})
"""Families whose notes end by themselves."""
DRY, RINGING = (0.5, 0.3), (1.3, 0.6)
"""Seconds after which a rest is a hole, and at most between the strokes that fill it: drums alone, and others."""
SOFTER = 0.85


def fill_holes(parts: Sequence[tuple[Voice, list[Event]]], plan: Plan) -> None:
    """Add the missing strokes, in place."""
    families = {INSTRUMENTS[voice.instrument].family for voice, _ in parts}
    if not families <= DYING:
        return
    second = plan.bpm / 60.0
    longest, apart = DRY if families == {"kit"} else RINGING
    # Sixteenths, so that the strokes stand on the grid.
    step = max(1.0, math.floor(4.0 * apart * second)) / 4.0
    end = plan.end - apart * second
    onsets = sorted({start for _, events in parts for start, *_ in events if start < end})
    for start, following in pairwise([*onsets, end]):
        if following - start > longest * second:
            for _, events in parts:
                events.extend(_echoes(events, start, following, step))
    for _, events in parts:
        events.sort(key=lambda event: event[0])


def _echoes(events: Sequence[Event], start: float, end: float, step: float) -> list[Event]:
    struck = [event for event in events if event[0] == start]
    count = math.ceil((end - start) / step - 1e-6) - 1
    return [
        (start + n * step, min(length, step), pitch, loud * SOFTER**n)
        for n in range(1, count + 1)
        for _, length, pitch, loud in struck
    ]
