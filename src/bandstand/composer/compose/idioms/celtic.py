"""Irish and Scottish dance tunes: reels in four, jigs in six, slow waltzes in three; AABB, ornaments, drone, bodhran.

A part is eight bars of the tune and is played twice; verses have the A part, choruses the B part, which lies higher.
Where quarters are slow, a reel runs in sixteenths and a part of eight bars of tune takes four of the piece.
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

SLOW = 138.0
"""Quarters a minute below which reels run in sixteenths."""
# Each bar of a reel is two groups of four; a longer note asks for a roll.
REELS = (
    ("x-x-x-x-x-x-x-x-", "x-x-x-x-x-x-X---"),
    ("X---x-x-x-x-x-x-", "x-x-x-x-X---x-x-"),
    ("x-x-x-x-X---x-x-", "x-x-x-x-x-x-x-x-"),
    ("X---x-x-X---x-x-", "x-x-x-x-x-x-X---"),
)
QUICK_REELS = (
    ("xxxxxxxxxxxxX-xx",),
    ("X-xxxxxxX-xxxxxx",),
    ("xxxxX-xxxxxxX---",),
    ("X-xxX-xxxxxxxxxx",),
)
# The bow leans on the first of each three, or the eighths of a jig are heard in twos.
JIGS = (
    ("X-x-x-X-x-x-", "X-x-x-X---x-"),
    ("X---x-X-x-x-", "X-x-x-X-x-x-"),
    ("X---x-X---x-", "X-x-x-X-----"),
    ("X-x-x-X---x-", "X---x-X-----"),
)
WALTZES = (
    ("X---x-x-x---", "X-------x---"),
    ("X---x---x-x-", "X---x-x-x---"),
    ("X-----x-x---", "X-----------"),
)
CUT_SECONDS = 0.034
ROLL_FROM = 1.8
"""Quick notes that a stressed note must last at least to be rolled."""
OFTEN_CUT, OFTEN_ROLLED = 0.3, 0.55
ROLLED = 0.4
"""Of the beats of a bar, those that the bodhran may roll into."""


def is_quick(plan: Plan) -> bool:
    """Whether one bar of the piece is two bars of the tune."""
    return ground.kind(plan.metre) == "duple" and plan.bpm < SLOW


def manner_of(plan: Plan) -> tune.Manner:
    """Reel, jig or waltz, as the metre has it."""
    reels = QUICK_REELS if is_quick(plan) else REELS
    return tune.Manner(
        rhythms={"duple": reels, "compound": JIGS, "triple": WALTZES},
        scheme="abac",
        centre=72,
        reach=9,
        strict=0.9,
        leaps=0.35,
        borne=0.4,
        length=0.97,
    )


def play_tune(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Each part twice."""
    events = tune.sing(bars, plan, voice, dice, manner_of(plan))
    return ground.within(_ornamented(events, plan, voice, dice), bars)


def _ornamented(
    events: Sequence[Event], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Cuts (a flick of the note above) on beats; rolls (cut and tap) on long stressed notes."""
    cut = CUT_SECONDS * plan.bpm / 60.0
    scale = theory.scale(plan.key)
    known = INSTRUMENTS[voice.instrument]
    pulse = theory.pulse(plan.metre)
    quick = 0.25 if is_quick(plan) else 0.5
    # The same place of a phrase is dressed in the same way each time.
    phrase = (1 if is_quick(plan) else 2) * plan.metre.beats
    rolls = dice.random(round(4 * phrase)).tolist()
    dressed: list[Event] = []
    for event in events:
        start, length, pitch, _ = event
        above = next((p for p in range(pitch + 1, pitch + 4) if p % 12 in scale), pitch)
        below = next((p for p in range(pitch - 1, pitch - 4, -1) if p % 12 in scale), pitch)
        stressed = start % pulse == 0
        roll = rolls[round(4 * start) % len(rolls)]
        if not stressed or length < 4 * cut or above > known.high or below < known.low:
            dressed.append(event)
        elif length >= ROLL_FROM * quick and roll < OFTEN_ROLLED:
            dressed += _roll(event, above, below, cut)
        elif roll < OFTEN_CUT:
            dressed += _cut(event, above, cut)
        else:
            dressed.append(event)
    return dressed


def _cut(event: Event, above: int, cut: float) -> list[Event]:
    start, length, pitch, loud = event
    return [(start, cut, above, 0.8 * loud), (start + cut, length - cut, pitch, loud)]


def _roll(event: Event, above: int, below: int, cut: float) -> list[Event]:
    """The note, a cut, the note, a tap, the note: three thirds with two flicks between."""
    start, length, pitch, loud = event
    third = length / 3
    return [
        (start, third, pitch, loud),
        (start + third, cut, above, 0.7 * loud),
        (start + third + cut, third - cut, pitch, 0.9 * loud),
        (start + 2 * third, cut, below, 0.7 * loud),
        (start + 2 * third + cut, third - cut, pitch, 0.9 * loud),
    ]


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A bodhran: the tipper goes to and fro without rest, low on the beats, dry or silent between."""
    if voice.instrument == "tabla":
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    compound = ground.kind(plan.metre) == "compound"
    step = 0.5 if compound else 0.25
    group = 3 if compound else 4
    lifted = int(dice.integers(1, group))
    often = float(dice.uniform(0.35, 0.75))
    beaten = dice.random((4, round(plan.metre.beats / step))).tolist()
    before = range(group - 1, round(plan.metre.beats / step), group)
    rolls = {n for n in before if dice.random() < ROLLED} or set(before[-1:]), set(before)
    events: list[Event] = []
    for bar in bars:
        count = round(bar.beats / step)
        strength = ground.strength(bar)
        lifts = bar.is_last and bar.section.bars >= 4
        for n in range(count):
            roll, place = beaten[bar.index % 4][n], n % group
            if place == 0:
                key, loud = "tom-low", 0.9 if n % (2 * group) == 0 else 0.75
            elif place == lifted or (lifts and n > count // 2):
                key, loud = "tom-high", 0.6
            else:
                key, loud = "tom-mid", 0.34
            if place == 0 or roll < often + 0.4 * bar.intensity:
                events.append((bar.start + n * step, 0.2, KEYS[key], loud * strength))
            # The tip rolls into a beat of every other bar, into each of every fourth.
            if bar.place % 2 and n in rolls[bar.place % 4 // 2]:
                at = bar.start + (n + 0.5) * step
                events.append((at, 0.2, KEYS["tom-mid"], 0.4 * strength))
    return ground.within(events, bars)


def drone(bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator) -> list[Event]:
    """The pipes' drones: tonic and its octave, renewed with each phrase, whatever the tune does."""
    known = INSTRUMENTS[voice.instrument]
    low = ground.closest(plan.key.tonic, known.low + 10, voice.instrument)
    events: list[Event] = []
    for run in ground.runs(bars):
        for place in range(0, len(run), 4):
            stretch = run[place : place + 4]
            length = sum(bar.beats for bar in stretch)
            pitches = {low, low + 12 if low + 12 <= known.high else low}
            events += [(stretch[0].start, 0.99 * length, pitch, 0.5) for pitch in pitches]
    return ground.within(events, bars)


PLAYERS = {
    Role.LEAD: play_tune,
    Role.DRUMS: drum,
    Role.PERCUSSION: drum,
    Role.DRONE: drone,
}
