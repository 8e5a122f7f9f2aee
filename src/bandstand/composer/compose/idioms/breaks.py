"""Drum and bass: a break of two bars cut into slices and put together anew, and a bass that answers it.

The break is our own, in the manner of those that everybody cuts: backbeats stay, what lies between them moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.fills import fill_begins, swelling
from bandstand.composer.compose.idioms import ground
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

BREAKS: tuple[Mapping[str, str], ...] = (
    {"kick": "X.x.......xx....", "snare": "....X..o.o..X..o", "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "X.........X.....", "snare": "....X..o....X.o.", "hat": "x.x.xxx.x.x.x.xx"},
    {"kick": "X..x......x.....", "snare": "....X.o..o..X..o", "ride": "x.x.x.x.x.x.x.x."},
    {"kick": "X.x...x...X.....", "snare": ".o..X..o.o..X..o", "hat": "xxx.x.xxxxx.x.xx"},
)
SLICE = 4
CUTS = ((0, 1, 2, 3), (0, 1, 0, 3), (2, 1, 2, 3), (0, 1, 2, 1), (0, 3, 2, 3), (2, 3, 0, 1))
"""Orders of the quarters of a bar. The second and the fourth carry the backbeat, and stay where one is."""
STUTTER = "X.x.x.x.X.xxxxxx"
BASSES: tuple[tuple[str, str], ...] = (
    ("..X-----------..", "..X-----x---x-x-"),
    ("X-----....X-----", "X---..x-x-..X---"),
    ("..X---..X-------", "........x-x-X---"),
    ("X---------------", "....x-x-X-------"),
)
"""Call and answer: one bar holds, the other moves."""
MOVES = (0, 0, 3, 5, 7, 10, -2)
GHOST = 0.5


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The break as it is in quiet bars; cut differently in each bar of loud ones."""
    unfit = ground.kind(plan.metre) != "duple" or voice.role is Role.PERCUSSION
    if unfit or voice.instrument == "tabla":
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    order = dice.permutation(len(BREAKS)).tolist()
    verse, chorus = BREAKS[order[0]], BREAKS[order[1]]
    events: list[Event] = []
    for bar in bars:
        base = chorus if bar.is_peak else verse
        cut = CUTS[0]
        if bar.place % 4 == 3 or (bar.intensity > 0.6 and dice.random() < 0.35):
            cut = CUTS[int(dice.integers(1, len(CUTS)))]
        lines = {name: sliced(line, cut) for name, line in base.items()}
        struck = ground.strike(lines, bar, ground.strength(bar))
        left = bar.start + fill_begins(bar, plan, voice.role, turns=False)
        if left < bar.start + bar.beats:
            snare = ground.strike({"snare": STUTTER}, bar, ground.strength(bar))
            struck = [e for e in struck if e[0] < left or e[2] != KEYS["snare"]]
            struck += swelling(snare, left, bar.start + bar.beats)
        chances = dice.random(len(struck)).tolist()
        events += [e for e, c in zip(struck, chances, strict=True) if e[3] > GHOST or c < 0.8]
        if bar.place == 0 and bar.intensity >= 0.65:
            events.append((bar.start, 2.0, KEYS["crash"], 0.6))
    return ground.within(events, bars)


def sliced(line: str, cut: Sequence[int]) -> str:
    """A bar of a break with its quarters in another order."""
    return "".join(line[SLICE * n : SLICE * (n + 1)] for n in cut)


def answer(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A long low note, then a few that move and lead back to it."""
    calls = BASSES[int(dice.integers(len(BASSES)))]
    moves = [int(step) for step in dice.choice(MOVES, size=6)]
    known = INSTRUMENTS[voice.instrument]
    scale = theory.scale(plan.key)
    events: list[Event] = []
    for bar in bars:
        moving = bar.index % 2 == 1
        line = calls[1] if moving else calls[0]
        for n, (offset, length, symbol) in enumerate(ground.strokes(line, bar.beats)):
            chord = bar.chord_at(offset)
            root = ground.closest(chord.root, known.low + 8, voice.instrument)
            allowed = [
                p
                for p in range(known.low, known.high + 1)
                if p % 12 in scale or p % 12 == chord.root
            ]
            wanted = root + (moves[n % len(moves)] if moving and n else 0)
            pitch = ground.nearest(allowed, wanted)
            room = chord.start + chord.length - bar.start - offset
            loud = 0.8 * ground.LOUDNESS[symbol] + 0.1 * bar.intensity
            events.append((bar.start + offset, 0.94 * min(length, max(room, 0.25)), pitch, loud))
    if bars and not events:
        root = ground.closest(bars[0].chords[0].root, known.low + 8, voice.instrument)
        events = [(bars[0].start, bars[0].beats, root, 0.7)]
    return ground.within(events, bars)


PLAYERS = {Role.BASS: answer, Role.DRUMS: drum}
