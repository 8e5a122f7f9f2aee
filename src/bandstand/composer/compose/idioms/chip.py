"""Chiptune: music for four channels. Two pulses, a triangle, noise: what has no room at once comes one after the other.

A chord is an arpeggio too fast to be heard as one; the bass jumps octaves; the lead slides into its notes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground, tune
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

SLOWEST = 132.0
"""Quarters a minute below which arpeggios run in thirty-seconds."""
TURNS = ((0, 1, 2), (0, 1, 2, 1), (0, 2, 1), (0, 1, 2, 3))
BASSES = (
    "X.x.x.x.X.x.x.x.",
    "X..xX..xX..xX.xx",
    "X-x-X-x-X-x-X-x-",
    "X.xxX.xxX.xxX.xx",
    "X---..x-X---x-x-",
)
TUNES = {
    "duple": (
        ("X-x-X-x-X---x-x-", "X---X-x-X-----x-"),
        ("X--X--X-x-x-X---", "X--X--X-X-------"),
        ("x-xxx-x-X-x-x-x-", "X-x-X---X---x-x-"),
        ("X---x-X-..x-X-x-", "x-X-..x-X---x-x-"),
    ),
    "triple": (("X-x-X-x-x-x-", "X---X-x-X---"), ("X--X--X-x-x-", "X---x-x-X---")),
    "compound": (("X-x-x-X---x-", "X-x-x-X-----"), ("X---x-X-x-x-", "x-x-x-X-----")),
}
LEAD = tune.Manner(
    rhythms=TUNES, scheme="aaba", centre=74, reach=11, length=0.88, leaps=0.7, leaning=0.12
)
SLIDE_SECONDS = 0.025
DRUMS = (
    {"kick": "X.....x.X.....x.", "snare": "....X.......X...", "hat": "x.xxx.xxx.xxx.xx"},
    {"kick": "X..x....X..x....", "snare": "....X.......X..x", "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "X...x...X...x...", "snare": "....X..x....X.x.", "hat": "..x...x...x...x."},
)
TRIPLE_DRUMS = {"kick": "X.......x...", "snare": "....X...X...", "hat": "x.x.x.x.x.x."}
COMPOUND_DRUMS = {"kick": "X.....x.....", "snare": "......X.....", "hat": "x.x.x.x.x.x."}
FILL = "X.xxX.xxXxXxXXXX"


def arpeggiate(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """The notes of the chord round and round, one at a time."""
    turn = TURNS[int(dice.integers(len(TURNS)))]
    other = TURNS[int(dice.integers(len(TURNS)))]
    step = 0.125 if plan.bpm < SLOWEST else 0.25
    centre = 67 if voice.role is Role.ARP else 62
    events: list[Event] = []
    for bar in bars:
        order = other if bar.is_peak else turn
        for n in range(round(bar.beats / step)):
            offset = n * step
            notes = ground.close(bar.chord_at(offset), voice.instrument, centre)
            place = order[n % len(order)]
            pitch = notes[place % len(notes)] + 12 * (place // len(notes))
            known = INSTRUMENTS[voice.instrument]
            pitch = pitch if pitch <= known.high else pitch - 12
            loud = 0.52 if offset % 1 == 0 else 0.42
            events.append((bar.start + offset, 0.92 * step, pitch, loud))
    return ground.within(events, bars)


def bounce(
    bars: Sequence[Bar], _plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """The triangle: root and octave in turn, the fifth before a change."""
    order = dice.permutation(len(BASSES)).tolist()
    known = INSTRUMENTS[voice.instrument]
    events: list[Event] = []
    for bar in bars:
        line = BASSES[order[1 if bar.is_peak else 0]]
        strokes = list(ground.strokes(line, bar.beats))
        for n, (offset, length, symbol) in enumerate(strokes):
            chord = bar.chord_at(offset)
            root = ground.closest(chord.root, known.low + 6, voice.instrument)
            pitch = root + 12 if symbol == "x" and n % 2 and root + 12 <= known.high else root
            fifth = root + 7
            if n == len(strokes) - 1 and bar.next_chord.root != chord.root and n:
                pitch = fifth if fifth % 12 in chord.notes and fifth <= known.high else root
            events.append((bar.start + offset, 0.85 * length, pitch, 0.85))
    return ground.within(events, bars)


def sing(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A tune in the first pulse, with slides from the scale's next note into the long ones."""
    events = tune.sing(bars, plan, voice, dice, LEAD)
    slide = min(SLIDE_SECONDS * plan.bpm / 60.0, ground.SHORTEST)
    scale = theory.scale(plan.key)
    known = INSTRUMENTS[voice.instrument]
    slid: list[Event] = []
    for start, length, pitch, loud in events:
        below = next((p for p in range(pitch - 1, pitch - 4, -1) if p % 12 in scale), pitch)
        slides = length >= 0.8 and start % 1 == 0 and below >= known.low
        if slides and start - slide > bars[0].start:
            slid.append((start - slide, slide, below, loud))
        slid.append((start, length, pitch, loud))
    return ground.within(slid, bars)


def noise(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The noise channel plays one sound at a time: where a drum falls, the hat is silent."""
    if voice.instrument == "tabla" or voice.role is Role.PERCUSSION:
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    kind = ground.kind(plan.metre)
    order = dice.permutation(len(DRUMS)).tolist()
    only = {"triple": TRIPLE_DRUMS, "compound": COMPOUND_DRUMS}.get(kind)
    events: list[Event] = []
    for bar in bars:
        lines = only or DRUMS[order[1 if bar.is_peak else 0]]
        if bar.is_last and bar.section.bars >= 4:
            lines = {"snare": FILL}
        struck: dict[float, Event] = {}
        for event in sorted(ground.strike(lines, bar, ground.strength(bar)), key=lambda e: e[3]):
            kept = struck.get(event[0])
            if kept is None or kept[2] == KEYS["hat"]:
                struck[event[0]] = event
        events += struck.values()
    return ground.within(events, bars)


PLAYERS = {
    Role.LEAD: sing,
    Role.ARP: arpeggiate,
    Role.COMP: arpeggiate,
    Role.BASS: bounce,
    Role.DRUMS: noise,
}
