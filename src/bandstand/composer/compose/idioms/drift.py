"""Ambient and new age: notes that come back each in its own time, and so never meet the same way twice. No beat.

Every voice is a few loops of one long note. The lengths of the loops share no factor, so that the whole repeats only
after hours. Source: Brian Eno's account of "Music for Airports" (1978): loops of tape of incommensurable length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground, tune
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Role

PERIODS: dict[Role, tuple[int, ...]] = {
    Role.ARP: (5, 7, 9, 11, 13),
    Role.COUNTER: (29, 31, 37),
    Role.COMP: (17, 19, 23, 29),
}
"""Half beats between the returns of a note: no two of a voice have a common factor."""
CENTRES = {Role.ARP: 74.0, Role.COUNTER: 62.0, Role.COMP: 60.0}
SPREAD = (0.0, 5.0, -4.0, 9.0, -8.0)
"""Where the loops of a voice lie around its centre, in semitones."""
HALF = 0.5
FLOATS = {
    "duple": (
        ("X-----------x---", "X---------------"),
        ("........X-------", "x-------X-------"),
        ("X-------x---x---", "X-----------...."),
        ("....x---X-------", "----............"),
        ("x---x---X-------", "----........x---"),
        ("X---------------", "....x---x---X---"),
        ("......x-X-------", "........x-------"),
        ("X-----x-x-------", "....X-----------"),
    ),
    "triple": (
        ("X-------x---", "X-----------"),
        ("....X-------", "x---X-------"),
        ("x---x---X---", "--------...."),
        ("........x---", "X-------x---"),
    ),
    "compound": (
        ("X-----x-----", "X-----------"),
        ("......X-----", "x-----X-----"),
        ("x---x-X-----", "------......"),
        ("X-----------", "......x---x-"),
    ),
}
FLOAT = tune.Manner(rhythms=FLOATS, scheme="abac", centre=71, reach=9, length=0.98)
CALMS = {
    "duple": (
        ("X-----x-x---x---", "X-----------x---"),
        ("x---x---X-----x-", "x-------X-------"),
        ("..x-x-x-X-------", "x---x---X-------"),
        ("X-------x-x-x---", "X-----x-x-------"),
        ("....x-x-X-------", "x-x-x---X-------"),
        ("X---x-x-x-----x-", "X---------------"),
        ("x-----x-X-------", "..x---x-x---X---"),
        ("X-x-x---X-------", "x---X-------...."),
    ),
    "triple": (
        ("X---x---x---", "X-------x---"),
        ("X-----x-x---", "X-----------"),
        ("x---x-x-x---", "x---X-------"),
        ("....x---x-x-", "X-------x---"),
        ("X-------x-x-", "x---X-------"),
    ),
    "compound": (
        ("X---x-X---x-", "X-----------"),
        ("x-x-x-X-----", "x---x-X-----"),
        ("X-----x---x-", "X-----x-----"),
        ("..x-x-X---x-", "x---x-X-----"),
    ),
}
CALM = tune.Manner(rhythms=CALMS, scheme="abac", centre=72, reach=11, length=1.0)
"""New age has a tune, unhurried, over the same floating ground."""


@dataclass(frozen=True, slots=True)
class Loop:
    """period, first: half beats; wanted: the pitch it would like to be."""

    period: int
    first: int
    wanted: float


def loops_of(role: Role, dice: np.random.Generator) -> list[Loop]:
    """The loops of a voice: one comes in at once, the others when they will."""
    periods = PERIODS[role]
    return [
        Loop(period, int(dice.integers(0, period)) if n else 0, CENTRES[role] + SPREAD[n])
        for n, period in enumerate(periods)
    ]


def drift(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Each loop sounds the note nearest to its own, of the chord or of what colours it."""
    loops = loops_of(voice.role, dice)
    scale = theory.scale(plan.key)
    softness = dice.uniform(0.42, 0.62, len(loops)).tolist()
    sustained = INSTRUMENTS[voice.instrument].sustained
    events: list[Event] = []
    for bar in bars:
        first, last = round(bar.start / HALF), round((bar.start + bar.beats) / HALF)
        for loop, loud in zip(loops, softness, strict=True):
            if bar.intensity < 0.45 and loop.period == max(PERIODS[voice.role]):
                continue
            events += [
                _note(bar, tick * HALF, loop, voice, loud, scale, sustained=sustained)
                for tick in range(first, last)
                if (tick - loop.first) % loop.period == 0
            ]
    if bars and not events:
        events = [_note(bars[0], bars[0].start, loops[0], voice, 0.5, scale, sustained=sustained)]
    return ground.within(ground.once(events), bars)


def _note(
    bar: Bar,
    start: float,
    loop: Loop,
    voice: Voice,
    loud: float,
    scale: frozenset[int],
    *,
    sustained: bool,
) -> Event:
    chord = bar.chord_at(start - bar.start)
    known = INSTRUMENTS[voice.instrument]
    middle = min(max(loop.wanted, known.low + 9.0), known.high - 9.0)
    notes = _coloured(chord, scale)
    pitch = ground.nearest([ground.closest(n, middle, voice.instrument) for n in notes], middle)
    room = chord.start + chord.length - start
    longest = 0.4 * loop.period if sustained else 0.6 * loop.period
    return (start, max(min(longest, room), 0.5), pitch, loud)


def _coloured(chord: Chord, scale: frozenset[int]) -> list[int]:
    """The chord's own notes, and those of the scale that rub against none of them."""
    # Not the leading note: held for long, it would lead.
    own = [note for note in chord.notes if (chord.root - note) % 12 != 1] or [chord.root]
    beside = {(note + side) % 12 for note in chord.notes for side in (-1, 1)}
    return [*own, *sorted(scale - beside - set(chord.notes))]


def float_over(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Few long notes that move by steps, when there must be somebody to listen to."""
    return tune.sing(bars, plan, voice, dice, FLOAT)


def sing_calmly(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """A clear tune of quarters and halves that takes its time."""
    return tune.sing(bars, plan, voice, dice, CALM)


def swell(
    bars: Sequence[Bar], _plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """The ground: the root of each chord as long as it lasts, joined where it stays."""
    known = INSTRUMENTS[voice.instrument]
    events: list[Event] = []
    for bar in bars:
        for chord in bar.chords:
            pitch = ground.closest(chord.root, known.low + 8, voice.instrument)
            before = events[-1] if events else None
            joined = before and before[2] == pitch and before[0] + before[1] >= chord.start - 1e-6
            if before and joined and before[1] < 16:
                events[-1] = (before[0], before[1] + chord.length, pitch, before[3])
            else:
                events.append((chord.start, chord.length, pitch, 0.5))
    return ground.within(events, bars)


PLAYERS = {
    Role.LEAD: float_over,
    Role.ARP: drift,
    Role.COUNTER: drift,
    Role.COMP: drift,
    Role.BASS: swell,
}
NEW_AGE = {**PLAYERS, Role.LEAD: sing_calmly}
