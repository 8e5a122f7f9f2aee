"""Afrobeat: guitars that interlock, a bass riff that never stops, drums after Tony Allen, horns that answer.

Nobody plays chords for their own sake: each part is one short pattern with holes, and the holes fit into each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.fills import fill_begins, swelling
from bandstand.composer.compose.idioms import ground, tune
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

# Two guitars: where one plays, the other rests.
TENORS = ("x..x..x...x.x...", "x.x...x..x..x...", "x..x...xx..x....", "..x.x..x..x.x..x")
TRIPLE_TENORS = ("x..x..x.x...", "x.x..x..x...")
BELL = "x.x.xx.x.x.x"
"""The standard pattern of twelve: five strokes and seven in their places."""
BASSES = (
    ("X--x..x-..x-X-..", "X--x..x-....x-x-"),
    ("X-....x-x-..X-x-", "X-....x-..x-x---"),
    ("X---..x-X-..x-..", "..x-x---X-..x-x-"),
)
TRIPLE_BASSES = (("X--x..x-..x-", "X-..x-x---x-"), ("X-..x-..X-x-", "X--x..x---.."))
CONTOURS = ((0, 0, 7, 10, 12, 7), (0, 3, 5, 7, 5, 3), (0, 12, 10, 7, 5, 7), (0, -5, -2, 0, 3, 5))
HORNS = {
    "duple": (
        ("..x.x-X---......", "................", "..x.x-X-x-X-----", "................"),
        ("X-....x-X-......", "....x-x-X---....", "X-....x-X-..x-x-", "X-------........"),
        ("x-x-X---......x-", "X---............", "x-x-X---x-x-X---", "----............"),
    ),
    "triple": (("..x-x-X---..", "............", "x-x-X-x-X---", "............"),),
    "compound": (("x-x-X-....x-", "X-----......", "x-x-X-x-x-X-", "------......"),),
}
TUNE = tune.Manner(rhythms=HORNS, scheme="aaba", centre=66, reach=8, length=0.85, leaning=0.15)
DRUMS = (
    {
        "hat": "x.xxx.xxx.xxx.xx",
        "snare": "...o..X..o.o..x.",
        "kick": "X..x......X..x..",
        "open": "......x.......x.",
    },
    {
        "hat": "x.x.xxx.x.x.xxx.",
        "snare": "..o.X..o..o.x..o",
        "kick": "X......x..X....x",
        "open": "..............x.",
    },
    {
        "hat": "xxx.xxx.xxx.xxx.",
        "snare": "...x..o.X..o..x.",
        "kick": "X..x..x...X...x.",
        "open": "......x.........",
    },
)
FILL = {"snare": "..o.x.X..xx.x.xX", "tom-low": "..........x...x.", "kick": "X.....x.X......."}
COMPOUND_DRUMS = {
    "ride": BELL,
    "snare": "...o..X..o..",
    "kick": "X....x..x...",
    "hat": "..x..x..x..x",
}
GHOST = 0.5
HATS = 0.85
STAB_ROOM = 0.62
"""Intensity from which horns stab."""
STABS = ("..........x.X-..", "......x.X-......", "X-............x.", "..x.X---........")


def interlock(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """The tenor guitar's ostinato of single notes; a second player of this role gets the holes of the first."""
    line = tenor_of(plan)
    if voice.pan > 0 or voice.role is Role.ARP:
        line = complement(line)
    compound = ground.kind(plan.metre) == "compound"
    steps = dice.permutation(4).tolist()
    events: list[Event] = []
    for bar in bars:
        for n, (offset, length, symbol) in enumerate(ground.strokes(line, bar.beats)):
            chord = bar.chord_at(offset)
            notes = ground.close(chord, voice.instrument, 64 if voice.role is Role.COMP else 70)
            pitch = notes[steps[n % 4] % len(notes)]
            loud = 0.6 * ground.LOUDNESS[symbol] * (0.8 + 0.25 * bar.intensity)
            ring = min(length, 0.22 if not compound else 0.3)
            events.append((bar.start + offset, ring, pitch, loud))
    return ground.within(events, bars)


def tenor_of(plan: Plan) -> str:
    """The first guitar's line, which both guitars know."""
    dice = ground.agreed(plan, "guitars")
    kind = ground.kind(plan.metre)
    if kind == "compound":
        return BELL
    lines = TENORS if kind == "duple" else TRIPLE_TENORS
    return lines[int(dice.integers(len(lines)))]


def complement(line: str) -> str:
    """Strokes where the other rests, but never two neighbours in a row."""
    filled = ["x" if symbol == "." else "." for symbol in line]
    for place in range(1, len(filled)):
        if filled[place] == filled[place - 1] == "x":
            filled[place] = "."
    return "".join(filled)


def riff(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Two bars of bass that stay, moved with the chords."""
    lines = BASSES if ground.kind(plan.metre) == "duple" else TRIPLE_BASSES
    line = lines[int(dice.integers(len(lines)))]
    contour = CONTOURS[int(dice.integers(len(CONTOURS)))]
    known = INSTRUMENTS[voice.instrument]
    scale = theory.scale(plan.key)
    events: list[Event] = []
    for bar in bars:
        count = len(line) if bar.index % 2 else 0
        for n, (offset, length, symbol) in enumerate(
            ground.strokes(line[bar.index % 2], bar.beats)
        ):
            chord = bar.chord_at(offset)
            root = ground.closest(chord.root, known.low + 9, voice.instrument)
            wanted = root + contour[(n + count) % len(contour)] if n or count else root
            fitting = [
                p for p in range(known.low, known.high + 1) if p % 12 in scale | set(chord.notes)
            ]
            loud = 0.8 * ground.LOUDNESS[symbol] * (0.85 + 0.2 * bar.intensity)
            pitch = ground.nearest(fitting, wanted)
            events.append((bar.start + offset, 0.85 * length, pitch, min(loud, 1.0)))
    if bars and not events:
        root = ground.closest(bars[0].chords[0].root, known.low + 9, voice.instrument)
        events = [(bars[0].start, 0.5, root, 0.8)]
    return ground.within(events, bars)


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Four limbs that talk: ghost notes and kicks come and go, no bar is quite the last one."""
    if voice.role is Role.PERCUSSION or voice.instrument == "tabla":
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    compound = ground.kind(plan.metre) == "compound"
    base: Mapping[str, str] = COMPOUND_DRUMS if compound else DRUMS[int(dice.integers(len(DRUMS)))]
    events: list[Event] = []
    for bar in bars:
        strength = ground.strength(bar)
        left = bar.start + fill_begins(bar, plan, voice.role, turns=False)
        struck = [e for e in ground.strike(base, bar, strength) if e[0] < left - 1e-9]
        struck += swelling(ground.strike(FILL, bar, strength), left, bar.start + bar.beats)
        chances = dice.random(len(struck)).tolist()
        events += [
            event
            for event, chance in zip(struck, chances, strict=True)
            if chance < (0.4 + 0.35 * bar.intensity if event[3] <= GHOST else _sure(event, bar))
        ]
        if bar.place == 0 and bar.intensity >= 0.65:
            events.append((bar.start, 2.0, KEYS["crash"], 0.6))
    return ground.within(events, bars)


def _sure(event: Event, bar: Bar) -> float:
    """How often a loud stroke is heard: the foot and the sticks on the beat always, the hat beside it mostly."""
    beside = (event[0] - bar.start) % 1.0 != 0.0
    return HATS if beside and event[2] == KEYS["hat"] else 1.0


def stab(bars: Sequence[Bar], _plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The horn section: short hits every second bar once things are hot, held chords before."""
    line = STABS[int(dice.integers(len(STABS)))]
    events: list[Event] = []
    for bar in bars:
        notes = ground.close(bar.chords[0], voice.instrument, 65)[-3:]
        hot = bar.intensity >= STAB_ROOM and bar.beats >= 3
        if hot and bar.index % 2 == 0:
            continue
        strokes = ground.strokes(line, bar.beats) if hot else [(0.0, bar.beats, "o")]
        for offset, length, symbol in strokes:
            events += [
                (bar.start + offset, 0.9 * length, p, 0.75 * ground.LOUDNESS[symbol]) for p in notes
            ]
    if bars and not events:
        notes = ground.close(bars[0].chords[0], voice.instrument, 65)[-3:]
        events = [(bars[0].start, 0.5, pitch, 0.6) for pitch in notes]
    return ground.within(events, bars)


def blow(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A horn line that calls, waits, and calls again."""
    return tune.sing(bars, plan, voice, dice, TUNE)


PLAYERS = {
    Role.LEAD: blow,
    Role.COUNTER: stab,
    Role.COMP: interlock,
    Role.ARP: interlock,
    Role.BASS: riff,
    Role.DRUMS: drum,
}
