"""Blues: twelve bars that come round, a call and its answer, the notes between the keys of the piano.

The form runs through the whole piece, whatever its sections are called. The lead sings two bars and leaves two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import comp
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import changes, ground, tune
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Role

FORMS = {
    "major": (
        "1:7 | 1:7 | 1:7 | 1:7 | 4:7 | 4:7 | 1:7 | 1:7 | 5:7 | 4:7 | 1:7 | 1:7",
        "1:7 | 4:7 | 1:7 | 1:7 | 4:7 | 4:7 | 1:7 | 1:7 | 5:7 | 4:7 | 1:7 | 1:7 5:7",
        "1:7 | 4:7 | 1:7 | 5:m7 1:7 | 4:7 | 4:7 | 1:7 | 1:7 | 5:7 | 4:7 | 1:7 | 5:7",
        "1:7 | 5:7 | 1:7 | 1:7 | 4:7 | 4:7 | 1:7 | 1:7 | 5:7 | 5:7 | 1:7 | 1:7",
    ),
    "minor": (
        "1:m7 | 1:m7 | 1:m7 | 1:m7 | 4:m7 | 4:m7 | 1:m7 | 1:m7 | 5:m7 | 4:m7 | 1:m7 | 1:m7",
        "1:m7 | 4:m7 | 1:m7 | 1:m7 | 4:m7 | 4:m7 | 1:m7 | 1:m7 | b6:maj7 | 5:7 | 1:m7 | 1:m7",
    ),
}
SHORT_FORMS = {
    "major": (
        "1:7 | 4:7 | 1:7 | 5:7",
        "1:7 | 4:7 | 1:7 | 4:7 5:7",
        "1:7 4:7 | 1:7 | 1:7 4:7 | 1:7 5:7",
        "1:7 | 5:7 4:7 | 1:7 | 5:7 4:7",
    ),
    "minor": (
        "1:m7 | 4:m7 | 1:m7 | 5:7",
        "1:m7 | b6:maj7 5:7 | 1:m7 | 4:m7 5:7",
        "1:m7 4:m7 | 1:m7 | 1:m7 4:m7 | 1:m7 5:7",
    ),
}
"""Of pieces that are over before twelve bars would have left the first chord: lines of two bars, the second like the first."""
TWELVE = 8
"""Bars from which on a piece has the twelve."""
BLUE = (0, 3, 5, 6, 7, 10)
SWEET = (0, 2, 4, 7, 9, 10)
# Two bars of call, two of listening; the third line answers.
CALLS = {
    "duple": (
        ("..x-x-X---x-x---", "X---............", "................", "..........x-x-x-"),
        ("X---x-x-..x-X---", "x-x-X-----......", "......x-x-X---..", "................"),
        ("....x-x-X---x-x-", "X-------........", "..x-X---........", "............x-x-"),
        ("x-X-----x-x-X---", "..x-x-X---......", "................", "........x-x-X---"),
        ("X-----x-X-----x-", "x-x-X-......x-x-", "X---............", "............x-x-"),
        ("....X-------x-x-", "x-x-x-X-----....", "....x-x-X-......", "................"),
        ("x-x-X-x-x-X-....", "x-x-X-x-X-------", "................", "..........x-x-x-"),
        ("X-x-..x-X-x-....", "....x-x-x-X-----", "..........x-x-..", "X-.............."),
    ),
    "triple": (("..x-x-X---x-", "X---x-......", "............", "....x-x-X---"),),
    "compound": (("x---x-X---x-", "x-x-X-......", "............", "x---x-X-----"),),
}
WALKS = ((0, 4, 7, 10, 9, 10, 7, 4), (0, 0, 7, 7, 9, 9, 7, 7), (0, 4, 7, 9, 12, 9, 7, 4))
CRUSH_SECONDS = 0.035


def harmonise(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    """Twelve bars, from the first to the last; a turnaround where there is no room for them."""
    return changes.throughout(chart, plan, FORMS if plan.bars >= TWELVE else SHORT_FORMS)


def blue_notes(plan: Plan, chord: Chord) -> frozenset[int]:
    """The blues scale; over the tonic in major the sweeter notes as well."""
    steps = set(BLUE)
    if theory.family(plan.key.mode) == "major" and chord.root == plan.key.tonic:
        steps = set(SWEET) | {3}
    return frozenset((plan.key.tonic + step) % 12 for step in steps)


LEAD = tune.Manner(
    rhythms=CALLS,
    scheme="aab",
    centre=69,
    reach=9,
    scale=blue_notes,
    length=0.9,
    strict=0.45,
    borne=0.7,
    through=True,
)


def wail(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Call, call again, answer; long major thirds are crushed from the minor one."""
    events = tune.sing(bars, plan, voice, dice, LEAD)
    crush = CRUSH_SECONDS * plan.bpm / 60.0
    third = (plan.key.tonic + 4) % 12
    known = INSTRUMENTS[voice.instrument]
    sung: list[Event] = []
    for start, length, pitch, loud in events:
        if pitch % 12 == third and length >= 0.8 and pitch > known.low:
            sung += [
                (start, crush, pitch - 1, 0.9 * loud),
                (start + crush, length - crush, pitch, loud),
            ]
        else:
            sung.append((start, length, pitch, loud))
    return ground.within(sung, bars)


def vamp(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Dominants as ninths without their root, which the bass has; other chords as they are."""
    rich = [replace(bar, chords=tuple(_ninth(chord) for chord in bar.chords)) for bar in bars]
    return comp.comp(rich, plan, voice, dice)


def _ninth(chord: Chord) -> Chord:
    third_up = tuple((note - chord.root) % 12 for note in chord.notes[1:])
    ninth = (chord.root + 2) % 12
    return replace(chord, notes=(*chord.notes[1:], ninth)) if third_up == (4, 7, 10) else chord


def boogie(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Up the chord to the sixth and the seventh and back, in beats or, when it burns, in eighths."""
    line = WALKS[int(dice.integers(len(WALKS)))]
    known = INSTRUMENTS[voice.instrument]
    minor = theory.family(plan.key.mode) == "minor"
    pulse = theory.pulse(plan.metre)
    scale = theory.scale(plan.key)
    events: list[Event] = []
    for bar in bars:
        step = pulse / 2 if bar.is_peak and pulse == 1.0 else pulse
        count = round(bar.beats / step)
        for n in range(count):
            offset = n * step
            chord = bar.chord_at(offset)
            root = ground.closest(chord.root, known.low + 7, voice.instrument)
            place = n if step == pulse else n // 2
            up = line[place % len(line)] if abs(bar.start + offset - chord.start) > 1e-6 else 0
            pitch = root + (up - 1 if minor and up in {4, 9} else up)
            if (pitch % 12 not in scale and pitch % 12 not in chord.notes) or pitch > known.high:
                pitch = root
            loud = (0.8 if n % 2 == 0 else 0.68) * (0.85 + 0.15 * bar.intensity)
            events.append((bar.start + offset, 0.85 * step, pitch, loud))
    return ground.within(events, bars)


PLAYERS = {Role.LEAD: wail, Role.COMP: vamp, Role.BASS: boogie}
