"""Drums and percussion: which groove in which bar, fills and crashes where sections meet. Plays straight and exact;
swing and imprecision come with the performance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer.compose.chart import Bar, Event, hits
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.plan.style import Groove
from bandstand.composer.score import Role

LOUDNESS = {"X": 0.95, "x": 0.74, "o": 0.45, "r": 0.66, "t": 0.62}
ROLLS = {"r": 2, "t": 3}
"""Strokes that share one sixteenth."""
LENGTHS = {"crash": 2.0, "open": 0.4, "ride": 0.5, "ge": 0.5, "tun": 0.5}
RINGING = 0.2
SOFTER = 0.85  # each stroke of a roll
BUSY = 0.1
HALF_BELOW = 0.5
GHOSTS_KEPT = 0.85


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Play a kit, or whatever serves as one."""
    grooves = _grooves(plan, voice)
    mains = [groove for groove in grooves if groove.use == "main"]
    order = dice.permutation(len(mains))
    verse, chorus = mains[order[0]], mains[order[-1]]
    refrains = [groove for groove in grooves if groove.use == "b"]
    if refrains:
        chorus = refrains[int(dice.integers(len(refrains)))]
    fills = [groove for groove in grooves if groove.use == "fill"] or [chorus]
    halves = [groove for groove in grooves if groove.use == "half"] or [verse]
    fill, half = (found[int(dice.integers(len(found)))] for found in (fills, halves))
    strokes: dict[tuple[int, int, bool], list[Event]] = {}
    events: list[Event] = []
    for bar in bars:
        groove = _groove_for(bar, plan, verse, chorus, fill, half)
        busy = plan.energy - plan.style.energy >= BUSY and bar.section.name == "b"
        phase = bar.place % 4
        key = (id(groove), phase, busy)
        if key not in strokes:
            strokes[key] = list(_strokes(groove, bar, phase, busy=busy))
        strength = 0.72 + 0.28 * bar.intensity
        start = bar.start
        events += [
            (start + at, length, pitch, loud * strength) for at, length, pitch, loud in strokes[key]
        ]
        if _crashes(bar, voice):
            events.append((start, LENGTHS["crash"], KEYS["crash"], 0.7 * strength))
    keep = dice.random(len(events)) < GHOSTS_KEPT
    return [
        event for event, kept in zip(events, keep.tolist(), strict=True) if kept or event[3] > 0.5
    ]


def last_stroke(voice: Voice) -> tuple[int, ...]:
    """The keys of the final hit."""
    if voice.instrument == "tabla":
        return KEYS["ge"], KEYS["na"]
    if voice.role is Role.PERCUSSION or voice.instrument == "hand-percussion":
        return KEYS["conga-low"], KEYS["tambourine"]
    return KEYS["kick"], KEYS["crash"]


def _grooves(plan: Plan, voice: Voice) -> tuple[Groove, ...]:
    idioms = plan.style.idioms(plan.metre)
    if voice.instrument == "tabla":
        return idioms.tabla
    hands = voice.role is Role.PERCUSSION or voice.instrument == "hand-percussion"
    return idioms.percussion if hands else idioms.drums


def _groove_for(
    bar: Bar, plan: Plan, verse: Groove, chorus: Groove, fill: Groove, half: Groove
) -> Groove:
    calm = bar.section.energy + 0.6 * (plan.energy - plan.style.energy) < HALF_BELOW
    if bar.is_last and bar.section.bars >= 4 and not calm:
        return fill
    if calm:
        return half
    return chorus if bar.section.name == "b" else verse


def _strokes(groove: Groove, bar: Bar, phase: int, *, busy: bool) -> list[Event]:
    events: list[Event] = []
    for name, line in groove.lines.items():
        pattern = _doubled(line) if busy and name in {"hat", "shaker", "ride"} else line
        length = LENGTHS.get(name, RINGING)
        for offset, _, symbol in hits(pattern, bar.beats, phase):
            strokes = ROLLS.get(symbol, 1)
            events += [
                (offset + 0.25 * n / strokes, length, KEYS[name], LOUDNESS[symbol] * SOFTER**n)
                for n in range(strokes)
            ]
    return events


def _doubled(line: str) -> str:
    """Soft sixteenths between the eighths."""
    return "".join("o" if symbol == "." and n % 2 else symbol for n, symbol in enumerate(line))


def _crashes(bar: Bar, voice: Voice) -> bool:
    if voice.role is not Role.DRUMS or voice.instrument in {"tabla", "hand-percussion"}:
        return False
    return bar.place == 0 and bar.index > 0 and bar.intensity >= 0.65
