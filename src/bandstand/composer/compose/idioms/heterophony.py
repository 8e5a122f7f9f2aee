"""East Asian music: one tune, and everybody plays it at once, each as his instrument likes it; silence between phrases.

The leader sings it plainly. Zithers break it up with neighbours, tremolo and glissandi; a bow or a flute keeps its long
notes and comes late. There are no chords, only open fifths on two or three notes of a scale of five, and under the
silences a soft low tone. The scales are in `fives.py`, what a zither does in `zither.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground, tune
from bandstand.composer.compose.idioms.fives import classes_of, five_of
from bandstand.composer.compose.idioms.listening import (
    agrees,
    melody_line,
    near,
    sung,
    until_it_rubs,
)
from bandstand.composer.compose.idioms.zither import pluck
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import HANDS, Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

FLOWING = {
    "duple": (
        ("X-----x-X-------", "x-x-X-------...."),
        ("X-------x-x-x-x-", "X-----------...."),
        ("....X---x---X-x-", "X-------........"),
        ("X---x-x-X---x---", "x-x-X-------...."),
        ("X-----------x-x-", "X---x-x-X-------"),
        ("..x-x-x-X-------", "....x-x-X-------"),
        ("X---X---x-x-x---", "X-----------...."),
        ("x-X-------x-x-x-", "X-------........"),
        ("X-----x-x---x-x-", "X---x---X-------"),
        ("....x-x-X-----x-", "x-x-X-------...."),
    ),
    "triple": (
        ("X---x-x-X---", "X-------...."),
        ("X-------x-x-", "X---x-x-X---"),
        ("..x-x-x-X---", "x---X-------"),
        ("X---X---x-x-", "X-------...."),
    ),
    "compound": (
        ("X---x-X-----", "x-x-x-X-----"),
        ("X-----x---x-", "X-----------"),
        ("..x-x-X---x-", "x---x-X-----"),
    ),
}
# Two bars: D and d a big drum, loud and soft; k wood.
BEATS = (
    ("D.......d...k...", "D.......k......."),
    ("D...........k.k.", "D.....d........."),
    ("D...k...d...k...", "D...k.......k..."),
    ("D.......D.......", "D...d...k.k.k..."),
    ("D......d....k...", "..k.k...D......."),
    ("D.....k...k.....", "D.......d.d....."),
    ("D...d...D.k.....", "D.......D.k.k..."),
)
LONG = 1.0
"""Beats from which a note is long."""
OFTEN_DOUBLED = 0.45
STRUCK = 1.0
"""Beats for which a low note is held under a tune that may lean on the semitone above it."""
LOWEST = 42
"""From here upwards lie the strings of a low part: an octave that even a small room carries."""
LATE = 0.5
"""Beats by which a follower comes after the tune."""


MANNER = tune.Manner(
    rhythms=FLOWING,
    scheme="aaab",
    centre=71,
    reach=8,
    length=1.0,
    strict=0.7,
    borne=0.7,
    rub=1.6,
    leaps=1.7,
    scale=classes_of,
)


LEANING = 0.7
"""What a semitone beside the fifth costs where the scale lives by it."""


def sing(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The tune: bows and flutes slur it, plucked strings add the octave below some of its long notes."""
    manner = replace(MANNER, rub=LEANING) if five_of(plan).leans else MANNER
    plain = tune.sing(bars, plan, voice, dice, manner)
    known = INSTRUMENTS[voice.instrument]
    rolls = dice.random(round(8 * plan.metre.beats)).tolist()
    doubled = [
        (start, length, pitch - 12, 0.7 * loud)
        for start, length, pitch, loud in plain
        if not known.sustained
        and length >= LONG
        and pitch - 12 >= known.low
        and rolls[round(4 * start) % len(rolls)] < OFTEN_DOUBLED
    ]
    return ground.within([*plain, *doubled], bars)


def follow(
    bars: Sequence[Bar],
    heard: Sequence[Event],
    plan: Plan,
    voice: Voice,
    _dice: np.random.Generator,
) -> list[Event]:
    """A bow or a flute with the bones of the tune: its long and stressed notes, late, and held to the next."""
    pulse = theory.pulse(plan.metre)
    centre = min(max(67.0, INSTRUMENTS[voice.instrument].low + 9.0), 76.0)
    events: list[Event] = []
    for bar in bars:
        inside = [e for e in heard if bar.start - 1e-6 <= e[0] < bar.start + bar.beats - 1e-6]
        bones = [
            e for e in melody_line(inside) if e[1] >= 1.0 or (e[0] - bar.start) % (2 * pulse) == 0
        ]
        if not bones:
            pitch = ground.closest(bar.chords[0].notes[-1], centre, voice.instrument)
            events.append((bar.start, 0.9 * bar.beats, pitch, 0.38))
            continue
        ends = [*(e[0] for e in bones[1:]), bar.start + bar.beats]
        for (start, length, pitch, _), end in zip(bones, ends, strict=True):
            at = start + min(LATE, length / 2)
            here = ground.closest(pitch % 12, near(pitch, centre), voice.instrument)
            held = until_it_rubs(here, at, end, heard) - at
            events.append((at, max(held, 0.2), here, 0.44 + 0.08 * bar.intensity))
    return ground.within(events, bars)


def ground_line(
    bars: Sequence[Bar],
    heard: Sequence[Event],
    plan: Plan,
    voice: Voice,
    dice: np.random.Generator,
) -> list[Event]:
    """A low string: the root where it is new, and from the middle of the bar on the other strings in turn.

    Where the tune leans on what it would play, it is silent.
    """
    known = INSTRUMENTS[voice.instrument]
    low = min(max(known.low, LOWEST), known.high - 12)
    rungs = [p for p in range(low, low + 11) if p % 12 in classes_of(plan)]
    turn = dice.permutation(len(rungs)).tolist()
    longest = STRUCK if five_of(plan).leans else plan.metre.beats
    events: list[Event] = []
    last = -1
    for bar in bars:
        chord, middle = bar.chords[0], 0.5 * round(bar.beats)
        loud = 0.42 + 0.1 * bar.intensity
        root = ground.closest(chord.root, known.low + 8, voice.instrument)
        called = bar.place % 4 == 0 or chord.root != last
        last = chord.root
        if called and agrees(root, sung(heard, bar.start, bar.start + middle)):
            events.append((bar.start, min(0.94 * middle, longest), root, 0.75 * loud))
        sounding = {*chord.notes, *sung(heard, bar.start + middle, bar.start + bar.beats)}
        others = [rungs[n] for n in turn if rungs[n] != root and agrees(rungs[n], sounding)]
        if others and middle < bar.beats:
            pitch = others[bar.place % 4 % len(others)]
            events.append((bar.start + middle, 0.94 * (bar.beats - middle), pitch, loud))
    if bars and not events:
        root = ground.closest(bars[0].chords[0].root, known.low + 8, voice.instrument)
        events = [(bars[0].start, bars[0].beats, root, 0.4)]
    return ground.within(events, bars)


def drone(bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator) -> list[Event]:
    """What is there when nobody plays: tonic and fifth, soft, renewed every four bars."""
    known = INSTRUMENTS[voice.instrument]
    tonic = ground.closest(plan.key.tonic, max(known.low + 8, 55), voice.instrument)
    fifth = tonic + 7
    pitches = [tonic]
    if fifth <= known.high and fifth % 12 in classes_of(plan):
        pitches.append(fifth)
    events: list[Event] = []
    for run in ground.runs(bars):
        for place in range(0, len(run), 4):
            stretch = run[place : place + 4]
            length = sum(bar.beats for bar in stretch)
            events += [(stretch[0].start, 0.99 * length, pitch, 0.3) for pitch in pitches]
    return ground.within(events, bars)


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Drum and wood, with much silence; at the end of a section the wood speeds up."""
    if voice.instrument == "tabla":
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    verse, chorus = (BEATS[int(n)] for n in dice.permutation(len(BEATS))[:2])
    hands = voice.role is Role.PERCUSSION or voice.instrument in HANDS
    keys = {"D": "conga-low" if hands else "tom-low", "d": "conga-high" if hands else "tom-mid"}
    events: list[Event] = []
    for bar in bars:
        line = (chorus if bar.is_peak else verse)[bar.place % 2]
        if bar.is_last and bar.section.bars >= 4:
            events += _hurried(bar)
            continue
        for offset, _, symbol in ground.strokes(line, bar.beats):
            loud = (0.9 if symbol == "D" else 0.6) * ground.strength(bar)
            key = KEYS[keys.get(symbol, "woodblock")]
            events.append((bar.start + offset, 0.5, key, loud))
    if bars and not events:
        events = [(bars[0].start, 0.5, KEYS[keys["D"]], 0.6)]
    return ground.within(events, bars)


def _hurried(bar: Bar) -> list[Event]:
    """Strokes that come closer and closer, and softer towards their middle."""
    places, at = [0.0], 0.0
    for beats, apart in ((0.5, 1.0), (0.75, 0.5), (0.9, 0.25), (1.0, 0.125)):
        while at + apart <= beats * bar.beats - 1e-6:
            at += apart
            places.append(at)
    count = max(len(places) - 1, 1)
    strokes = [
        (bar.start + place, 0.2, KEYS["woodblock"], 0.55 - 0.3 * np.sin(np.pi * n / count))
        for n, place in enumerate(places)
    ]
    return [(start, length, key, float(loud)) for start, length, key, loud in strokes]


PLAYERS = {
    Role.LEAD: sing,
    Role.DRONE: drone,
    Role.DRUMS: drum,
    Role.PERCUSSION: drum,
}
LISTENERS = {
    Role.COMP: pluck,
    Role.ARP: pluck,
    Role.COUNTER: follow,
    Role.BASS: ground_line,
}
