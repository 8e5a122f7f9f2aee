"""Fills: where a drummer leaves the groove, and for how long, to lead from one section into the next; the roll of a
build. Which strokes a fill has is the style's affair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import PEAKS, Bar, Event
from bandstand.composer.compose.drive import ASLEEP, CALM, TIMEKEEPERS
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

QUIET = 0.5
"""Energy of a section under which nobody fills; only out of an intro is there a beat to count in."""
WHOLE_SECONDS, LONG = 2.4, 8
"""A bar is filled whole when it is short, and leads into a chorus or out of so many bars; else half of it."""
FIRST, GROWTH = 0.86, 0.2
"""How loud a fill begins, and by how much it grows."""
RINGING = 0.2


def fill_begins(bar: Bar, plan: Plan, role: Role, *, turns: bool) -> float:
    """Beats into the bar at which it turns into a fill; all of them where there is none.

    turns  whether a drummer of this section marks every fourth bar
    """
    pulse = theory.pulse(plan.metre)
    calm = plan.drive <= CALM
    if plan.drive <= ASLEEP or not (bar.is_last or (turns and bar.place % 4 == 3)):
        return bar.beats
    if bar.section.energy < QUIET:
        length = pulse if bar.section.name == "intro" and bar.is_last else 0.0
    elif role is Role.PERCUSSION and any(voice.role is Role.DRUMS for voice in plan.voices):
        # Beside a kit the hands keep time, and join it on the way into a chorus.
        length = bar.beats / 2 if bar.is_last and _rises(bar, plan) else 0.0
    elif not bar.is_last or calm or bar.section.bars < 2:
        length = pulse
    else:
        great = _rises(bar, plan) or bar.section.bars >= LONG
        short = bar.beats * 60.0 / plan.bpm <= WHOLE_SECONDS
        length = bar.beats if great and short and bar.section.bars >= 4 else bar.beats / 2
    # From a beat on: a fill that begins between two of them is a stumble.
    return pulse * np.floor((bar.beats - length) / pulse + 1e-6) if length else bar.beats


def swelling(strokes: Sequence[Event], begins: float, ends: float) -> list[Event]:
    """What a fill plays from a beat of its bar on: it grows into the next bar."""
    return [
        (at, length, pitch, loud * (FIRST + GROWTH * (at - begins) / (ends - begins)))
        for at, length, pitch, loud in strokes
        if at >= begins
    ]


def _rises(bar: Bar, plan: Plan) -> bool:
    """Whether a chorus or a drop follows."""
    return any(
        before is bar.section and after.name in PEAKS and before.name not in PEAKS
        for before, after in pairwise(plan.sections)
    )


def roll(bar: Bar, strength: float, hats: Mapping[str, str]) -> list[Event]:
    """A build: the kick goes through, the snare doubles its pace towards the end. It swells in `edit.py`.

    hats  lines of the groove before; who keeps time goes on under the roll until the last bar
    """
    left = bar.section.bars - bar.place
    step = 0.25 if left == 1 else 0.5 if 2 * left <= bar.section.bars else 1.0
    events = [
        (bar.start + at, RINGING, KEYS["snare"], (0.8 if at % 1.0 == 0 else 0.62) * strength)
        for at in np.arange(0.0, bar.beats - 1e-6, step).tolist()
    ]
    kicks = np.arange(0.0, bar.beats - 1e-6, 1.0).tolist() if left > 1 else [0.0]
    events += [(bar.start + at, RINGING, KEYS["kick"], 0.85 * strength) for at in kicks]
    kept = hats.items() if left > 1 else ()
    return events + [
        (bar.start + 0.25 * n, RINGING, KEYS[name], 0.45 * strength)
        for name, line in kept
        if name in TIMEKEEPERS
        for n in range(round(4 * bar.beats))
        if line[n % len(line)] not in ".-"
    ]
