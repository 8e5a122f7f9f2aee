"""A zither with a tune: neighbours between its notes, tremolo and strolls on the long ones, sweeps where it is silent."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground
from bandstand.composer.compose.idioms.fives import classes_of
from bandstand.composer.compose.idioms.listening import agrees, melody_line, near
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

OFTEN_FILLED = 0.6
"""How often a note of a beat or more gets a neighbour."""
TREMBLED_FROM, OFTEN_TREMBLED, RUSTLE = 1.5, 0.2, 0.125
"""How long a zither's note is that is struck again and again, how often it is, and how many beats apart."""
STROLLS = ((0, -1, -2, -1), (0, 1, 2, 1), (0, -2, -1, 1), (0, 2, 1, -1), (0, 1, -1, -2))
"""Strings from a long note, eighth by eighth."""
TOUCHED, STRUCK = 0.2, 1.0
"""Beats for which a note is held that rubs, and a low string."""
SWEPT, SWEEP_SECONDS = 7, 0.02
"""Strings of a glissando, and how soon they follow each other."""


def pluck(
    bars: Sequence[Bar], heard: Sequence[Event], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """A zither with the tune: neighbours between its notes, tremolo on the long ones, sweeps where it is silent."""
    centre = 64.0 if voice.role is Role.COMP else 74.0
    rungs = ground.ladder(classes_of(plan), voice.instrument, centre, 13)
    fills = dice.random(round(8 * plan.metre.beats)).tolist()
    events: list[Event] = []
    for bar in bars:
        loud = 0.5 + 0.18 * bar.intensity
        inside = [e for e in heard if bar.start - 1e-6 <= e[0] < bar.start + bar.beats - 1e-6]
        if not inside:
            events += _ringing(bar, rungs, loud)
        for start, length, pitch, _ in melody_line(inside):
            here = ground.nearest(rungs, near(pitch, centre))
            chance = fills[round(4 * start) % len(fills)]
            sounding = {*bar.chords[0].notes, *(e[2] % 12 for e in inside)}
            around = _friends(here, sounding, rungs)
            # What rubs against the fifth is touched only.
            held = length if agrees(here, bar.chords[0].notes) else min(length, TOUCHED)
            events += _broken((start, held, here, loud), around, chance)
        if inside and voice.role is Role.COMP and bar.place % 2 == 0:
            events += _thumb(bar, voice, 0.8 * loud)
        if bar.place % 4 == 3 and voice.role is Role.COMP:
            events += _swept(bar, rungs, loud, plan, up=bar.place % 8 == 3)
    if bars and not events:
        events = _ringing(bars[0], rungs, 0.5)
    return ground.within(ground.once(events), bars)


def _friends(pitch: int, sounding: Collection[int], rungs: Sequence[int]) -> list[int]:
    """Strings around a note that rub against nothing that sounds with it."""
    return [p for p in rungs if p == pitch or agrees(p, {pitch % 12, *sounding})]


def _thumb(bar: Bar, voice: Voice, loud: float) -> list[Event]:
    """The low strings: the root, and two bars later the fifth."""
    chord = bar.chords[0]
    wanted = chord.notes[-1] if bar.place % 4 == 2 else chord.root
    pitch = ground.closest(wanted, INSTRUMENTS[voice.instrument].low + 10, voice.instrument)
    return [(bar.start, min(bar.beats, STRUCK), pitch, loud)]


def _broken(event: Event, around: Sequence[int], chance: float) -> list[Event]:
    """A note as a zither has it: trembling, strolling about, with a neighbour, or plain."""
    start, length, pitch, loud = event
    if length >= TREMBLED_FROM:
        return _trembling(event) if chance < OFTEN_TREMBLED else _strolling(event, around, chance)
    if chance < OFTEN_FILLED and length >= 1.0:
        half = length / 2
        neighbour = _beside(pitch, around, 1 if chance < OFTEN_FILLED / 2 else -1)
        return [(start, half, pitch, loud), (start + half, half, neighbour, 0.7 * loud)]
    return [event]


def _trembling(event: Event) -> list[Event]:
    """Struck once, and then shaken for a beat, louder and louder."""
    start, length, pitch, loud = event
    still = length - 1.0
    count = round(1.0 / RUSTLE)
    shaken = [
        (start + still + n * RUSTLE, RUSTLE, pitch, loud * (0.3 + 0.25 * n / count))
        for n in range(count)
    ]
    return [(start, still, pitch, loud), *shaken]


def _strolling(event: Event, around: Sequence[int], chance: float) -> list[Event]:
    """Away from a long note in eighths, and back."""
    start, length, pitch, loud = event
    way = STROLLS[int(100 * chance) % len(STROLLS)]
    count = int(2 * length)
    heights = [_beside(pitch, around, way[n % len(way)]) for n in range(count)]
    return [
        (
            start + 0.5 * n,
            length - 0.5 * n if n == count - 1 else 0.5,
            height,
            loud * (1.0, 0.7)[n > 0],
        )
        for n, height in enumerate(heights)
    ]


def _beside(pitch: int, around: Sequence[int], steps: int) -> int:
    place = around.index(pitch) + steps
    return around[min(max(place, 0), len(around) - 1)]


def _ringing(bar: Bar, rungs: Sequence[int], loud: float) -> list[Event]:
    """Nobody sings: the open fifth from below, and a few strings above it, unhurried."""
    notes = [p for p in rungs if p % 12 in bar.chords[0].notes][:3]
    place = rungs.index(notes[-1]) if notes else 0
    way = [*notes, *rungs[place + 1 : place + 3 : 2], *notes[::-1]]
    places = np.arange(0.0, bar.beats - 1e-6, 0.5 if bar.place % 2 else 1.0).tolist()
    return [
        (bar.start + at, min(1.5, bar.beats - at), pitch, 0.8 * loud)
        for at, pitch in zip(places, way, strict=False)
    ]


def _swept(bar: Bar, rungs: Sequence[int], loud: float, plan: Plan, *, up: bool) -> list[Event]:
    """A glissando over the last beat, up or down, that ends on the barline."""
    strings = list(rungs[-SWEPT:] if up else reversed(rungs[-SWEPT:]))
    apart = SWEEP_SECONDS * plan.bpm / 60.0
    first = bar.start + bar.beats - apart * len(strings)
    if first < bar.start:
        return []
    return [
        (first + n * apart, apart, pitch, loud * (0.5 + 0.4 * n / len(strings)))
        for n, pitch in enumerate(strings)
    ]
