"""Middle Eastern music: a melody with turns that leans on the tonic, fourth and fifth, and an iqa on the frame drum. No
chord changes.

Quarter tones cannot be written here; the maqamat that do without them can (Hijaz, Nahawand, Kurd, Hijazkar, Ajam).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground, tune
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Role

# Dum (D) from the middle of the skin, tak (T) and soft tak (t) from its rim.
IQAAT: Mapping[str, Mapping[str, str]] = {
    "4/4": {
        "maqsum": "D.T...T.D...T...",
        "baladi": "D.D...T.D...T...",
        "saidi": "D.T...D.D...T...",
        "wahda": "D.....T...T.T...",
    },
    "3/4": {"samai darij": "D...T...T..."},
    "6/8": {"yuruk semai": "D...T.T.D.T."},
    "2/4": {"malfuf": "D..T..T."},
    "7/8": {"dawr hindi": "D.T.T.D...T..."},
    "5/4": {"aqsaq turki": "D...T...D.D.T...T..."},
    "9/8": {"karsilama": "D...T...D...T.t.T."},
}
PHRASES = {
    "duple": (
        ("X---x-x-x-x-xxxx", "X---x-x-X-------"),
        ("x-xxx-x-X---x-x-", "x-xxx-xxX---...."),
        ("X-----x-xxx-x-x-", "x-x-xxx-X-------"),
        ("..x-x-x-X---xxx-", "x-xxx-x-X---...."),
    ),
    "triple": (("X---x-xxx-x-", "x-xxX-------"), ("x-x-xxx-X---", "x-xxx-x-X---")),
    "compound": (("X---x-x-xxx-", "x-x-x-X-----"), ("x-xxx-X---x-", "x-x-xxX-----")),
}
MANNER = tune.Manner(
    rhythms=PHRASES, scheme="aabc", centre=68, reach=8, length=0.96, strict=1.1, rub=0.2
)
OFTEN_TURNED = 0.3
TURN_SECONDS = 0.05


def stay(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    """Everything stands on the tonic, its fourth and its fifth: where the tune may rest."""
    tonic = plan.key.tonic
    steps = theory.MODES[plan.key.mode]
    notes = tuple((tonic + step) % 12 for step in (0, 7, 5) if step in steps)
    name = f"{theory.note_name(tonic, plan.key)}5"
    still = [(Chord(bar.start, bar.beats, tonic, notes, name),) for bar in chart]
    return ground.with_chords(chart, still)


def sing(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The melody with turns around its longer notes."""
    turn = TURN_SECONDS * plan.bpm / 60.0
    scale = theory.scale(plan.key)
    known = INSTRUMENTS[voice.instrument]
    tune_of_piece = tune.sing(bars, plan, voice, dice, MANNER)
    rolls = dice.random(round(16 * plan.metre.beats)).tolist()
    sung: list[Event] = []
    for start, length, pitch, loud in tune_of_piece:
        above = next((p for p in range(pitch + 1, pitch + 4) if p % 12 in scale), pitch)
        turned = length >= 0.45 and length > 4 * turn and above <= known.high
        if turned and rolls[round(4 * start) % len(rolls)] < OFTEN_TURNED:
            sung += [
                (start, turn, above, 0.85 * loud),
                (start + turn, length - turn, pitch, loud),
            ]
        else:
            sung.append((start, length, pitch, loud))
    return ground.within(sung, bars)


def shadow(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The second player holds the notes on which the tune leans."""
    scale = theory.scale(plan.key)
    events: list[Event] = []
    at = 63
    for bar in bars:
        # Not those that have a semitone beside them in the mode: the tune would rub.
        rests = [n for n in bar.chords[0].notes if not {(n - 1) % 12, (n + 1) % 12} & scale]
        pitches = ground.ladder(rests or [plan.key.tonic], voice.instrument, 63, 12)
        at = ground.nearest(pitches, at + int(dice.choice((-5, 0, 0, 5))))
        events.append((bar.start, (0.9 if rests else 0.15) * bar.beats, at, 0.45))
    return ground.within(events, bars)


def iqa_of(plan: Plan) -> str:
    """The iqa of a metre, as strokes in sixteenths."""
    cycles = list(IQAAT.get(plan.metre.written, IQAAT["4/4"]).values())
    return cycles[int(ground.agreed(plan, "iqa").integers(len(cycles)))]


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The iqa, and between its strokes the fingers, which run into the next section."""
    if voice.instrument == "tabla":
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    iqa = iqa_of(plan)
    keys = {"D": ("kick", 0.9), "T": ("tom-high", 0.74), "t": ("rim", 0.5)}
    fingers = dice.random((3, round(4 * plan.metre.beats))).tolist()
    events: list[Event] = []
    for bar in bars:
        strength = ground.strength(bar)
        for offset, _, symbol in ground.strokes(iqa, bar.beats):
            name, loud = keys[symbol]
            events.append((bar.start + offset, 0.3, KEYS[name], loud * strength))
        taken = {round(event[0] - bar.start, 4) for event in events if event[0] >= bar.start}
        runs = bar.beats - (1.0 if bar.is_last else 0.0)
        for n, roll in enumerate(fingers[(0, 1, 0, 2)[bar.place % 4]]):
            at = n * 0.25
            if at not in taken and (at >= runs or roll < 0.1 + 0.25 * bar.intensity):
                loud = 0.3 + 0.25 * max(0.0, at - runs)
                events.append((bar.start + at, 0.15, KEYS["rim"], loud * strength))
    return ground.within(events, bars)


PLAYERS = {
    Role.LEAD: sing,
    Role.COUNTER: shadow,
    Role.DRUMS: drum,
    Role.PERCUSSION: drum,
}
