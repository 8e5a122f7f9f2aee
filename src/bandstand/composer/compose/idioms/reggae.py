"""Reggae: the drop on three, the chop on two and four, the organ's bubble, and a bass riddim that leaves the one alone.

A musician counts reggae twice as fast as the tempo that is usually written over it. Where quarters are slow a bar here
holds two bars of that count, and a step of a pattern is a sixteenth; where they are fast a step is an eighth. Either way
a pattern of sixteen steps is two counted bars: their beats are steps 0, 2, 4, 6 and 8, 10, 12, 14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.drive import driven
from bandstand.composer.compose.idioms import ground, lines, tune
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import HANDS, Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

SLOW = 112.0
"""Quarters a minute below which a bar holds two bars of the count."""
# Four counted bars; nobody plays on the first beat of the line.
RIDDIMS = (
    "..1-2-3-5---....|..1-6-5-3---2-..",
    "....1-1-v-w-1---|....3-2-1-v-w-..",
    "..1---3-5-6-5---|..3---2-..v-1-2-",
    "....1---3-5-..6-|..8-..6-5---3-2-",
    "..1-..3-5---3-2-|..1-..6-5---3---",
    "..1-1-3-..v-w-..|..1-2-3-..5-3-2-",
    "....1-..2---3-5-|....3-..6---5-2-",
    "..1---....5-6-8-|..1---5-..3-2-6-",
)
COMPOUND_RIDDIMS = (
    "..1-1-3-5---|..1-v-....1-",
    "....1-3-5-3-|....1---v-1-",
    "..1---5-6-5-|..8---5-3---",
)
PASSING = frozenset("2467wu")
"""What is no note of a triad is touched, not held."""
CHOPS = ("..X...X...X...X.", "..Xo..Xo..Xo..Xo", "..X...Xo..X...Xo", "..Xo..X...Xo..X.")
COMPOUND_CHOPS = ("....X.....X.", "....Xo....Xo")
BUBBLE, COMPOUND_BUBBLE = ".xXx.xXx.xXx.xXx", "..xxXx..xxXx"
"""X is the right hand, with the guitar; x the left, before and after it."""
CHOPPED = 0.28
FEELS: Mapping[str, Mapping[str, str]] = {
    "one drop": {"kick": "....X.......X...", "rim": "....X.......X..."},
    "rockers": {"kick": "X...X...X...X.x.", "snare": "....X.......X...", "rim": "......o..o....o."},
    "steppers": {"kick": "X.x.X.x.X.x.X.x.", "snare": "....X.......X..."},
}
COMPOUND_FEELS: Mapping[str, Mapping[str, str]] = {
    "one drop": {"kick": "......X.....", "rim": "......X....."},
    "rockers": {"kick": "X.....X.....", "snare": "......X.....", "rim": "....o.....o."},
    "steppers": {"kick": "X..X..X..X..", "snare": "......X....."},
}
HATS = ("x.xox.xox.xox.xo", "X.ooX.ooX.ooX.oo", "x.x.x.xox.x.x.xo", "xoxox.xoxoxox.xo")
COMPOUND_HATS = ("x.x.xox.x.xo", "xox.x.xox.x.")
CROSSES = ("..........o..x..", ".......o..o.....", "......x......x..", "...o.........o..")
"""What the left hand adds on the rim, in one bar of four."""
FILLS: Sequence[Mapping[str, str]] = (
    {"snare": "....X.....xxX.xx", "tom-mid": "........x.......", "kick": "....X.......X..."},
    {"timbale": "..........xoxxxx", "kick": "....X...........", "rim": "....X..........."},
    {"tom-high": "........xx......", "tom-mid": "..........xx....", "tom-low": "............xxX."},
)
TURN = {"timbale": ".............xxx", "open": "..............x."}
GHOST, KEPT = 0.5, 0.6
PHRASES = {
    "duple": (
        ("....x-x-X---x-x-", "x-----......x-x-"),
        ("..x-x-x-X---....", "..x-x---x-X-...."),
        ("X---x-x-..x-X---", "x-x-x-----......"),
        ("....X---x-x-x---", "..x-x-X-----...."),
        ("..x---x-x-x-X---", "--x-x---......x-"),
        ("x-x-X---..x-x-x-", "X-------........"),
    ),
    "triple": (("..x-x-X---x-", "x-x-X---...."), ("X---..x-x-x-", "x-------....")),
    "compound": (("..x-x-X---x-", "x-x-X-......"), ("X---x-x-x-x-", "X-----......")),
}
TUNE = tune.Manner(
    rhythms=PHRASES,
    scheme="aaba",
    centre=67,
    reach=9,
    length=0.9,
    rub=1.4,
    leaps=1.4,
    leaning=0.25,
    strict=0.8,
)


def is_slow(plan: Plan) -> bool:
    """Whether a bar of the piece is two bars of the count."""
    return plan.bpm < SLOW or ground.kind(plan.metre) == "compound"


def tick(plan: Plan) -> float:
    """Beats of a step."""
    return 0.25 if is_slow(plan) else 0.5


def is_compound(plan: Plan) -> bool:
    return ground.kind(plan.metre) == "compound"


def riddim_of(plan: Plan) -> str:
    """The bass line of a piece, which whoever doubles it knows too."""
    written = COMPOUND_RIDDIMS if is_compound(plan) else RIDDIMS
    chosen = written[int(ground.agreed(plan, "riddim").integers(len(written)))]
    first, second = chosen.split("|")
    # In a metre of its own a line comes round with each bar.
    whole = round(plan.metre.beats / tick(plan)) in {len(first), len(first) // 2}
    return first + second if whole else first


def feel_of(plan: Plan) -> str:
    """One drop, rockers or steppers; who wants it lively marches."""
    dice = ground.agreed(plan, "feel")
    names = list(FEELS)
    if plan.drive >= 0.4:
        return names[1 + int(dice.integers(2))]
    return names[int(dice.choice(3, p=(0.5, 0.3, 0.2)))]


def riddim(
    bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """One melodic line for the whole piece, moved with the chords; its first beat is the drummer's to leave out."""
    events: list[Event] = []
    for bar in bars:
        for offset, length, symbol in lines.strokes(riddim_of(plan), bar, tick(plan)):
            pitch = lines.degree(symbol, bar, offset, plan, voice.instrument)
            passing = symbol in PASSING
            room = tick(plan) if passing else _room(bar, offset)
            loud = 0.86 + 0.1 * bar.intensity - (0.06 if passing else 0.0)
            events.append((bar.start + offset, 0.9 * min(length, room), pitch, loud))
    return ground.within(events or _alone(bars, voice), bars)


def pick(bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator) -> list[Event]:
    """A muted guitar that doubles the riddim an octave or two higher; keys bubble instead."""
    if INSTRUMENTS[voice.instrument].family in {"organ", "keys", "synth"}:
        return bubble(bars, plan, voice)
    events: list[Event] = []
    for bar in bars:
        for offset, length, symbol in lines.strokes(riddim_of(plan), bar, tick(plan)):
            low = lines.degree(symbol, bar, offset, plan, "electric-bass")
            pitch = ground.closest(low % 12, low + 24, voice.instrument)
            loud = 0.5 + 0.15 * bar.intensity
            events.append((bar.start + offset, min(length, 0.24), pitch, loud))
    return ground.within(events or _alone(bars, voice), bars)


def skank(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The chop, high and short; an organ bubbles around it."""
    if INSTRUMENTS[voice.instrument].family == "organ":
        return bubble(bars, plan, voice)
    written = COMPOUND_CHOPS if is_compound(plan) else CHOPS
    verse, chorus = (written[int(n)] for n in dice.permutation(len(written))[:2])
    events: list[Event] = []
    for bar in bars:
        line = chorus if bar.is_peak else verse
        for offset, _, symbol in lines.strokes(line, bar, tick(plan)):
            if symbol == "o" and bar.intensity < GHOST:
                continue
            notes = ground.close(bar.chord_at(offset), voice.instrument, 66)
            notes = notes if symbol == "X" else notes[-2:]
            loud = 0.8 * ground.LOUDNESS[symbol] * (0.8 + 0.2 * bar.intensity)
            events += [(bar.start + offset, CHOPPED, pitch, loud) for pitch in notes]
    return ground.within(events or _alone(bars, voice), bars)


def bubble(bars: Sequence[Bar], plan: Plan, voice: Voice) -> list[Event]:
    """Left hand, right hand, left hand: one note below, two above."""
    line = COMPOUND_BUBBLE if is_compound(plan) else BUBBLE
    events: list[Event] = []
    for bar in bars:
        for offset, _, symbol in lines.strokes(line, bar, tick(plan)):
            chord = bar.chord_at(offset)
            right = ground.close(chord, voice.instrument, 66)
            low = sorted(ground.closest(p % 12, 53, voice.instrument) for p in right)
            left = low[round(offset / tick(plan)) // 2 % 2 :][:1]
            loud, notes = (0.62, right[-2:]) if symbol == "X" else (0.42, left)
            loud *= 0.8 + 0.2 * bar.intensity
            events += [(bar.start + offset, 0.8 * tick(plan), pitch, loud) for pitch in notes]
    return ground.within(events or _alone(bars, voice), bars)


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The feel of the piece, hats that breathe, a word on the rim now and then, a roll into the next section."""
    if voice.instrument in HANDS or voice.role is Role.PERCUSSION:
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    compound = is_compound(plan)
    hats = COMPOUND_HATS if compound else HATS
    feel = (COMPOUND_FEELS if compound else FEELS)[feel_of(plan)]
    base = dict(feel) | {"hat": hats[int(ground.agreed(plan, "hats").integers(len(hats)))]}
    cross = CROSSES[int(dice.integers(len(CROSSES)))]
    fill = FILLS[int(dice.integers(len(FILLS)))]
    kept = dice.random((4, 32)).tolist()
    events: list[Event] = []
    for bar in bars:
        strength = ground.strength(bar)
        # Who is lively has steppers already; to fill the hats as well would leave no bar its own.
        played = driven(_lines(base, bar, cross, fill), min(plan.drive, 0.0), 4)
        for name, line in played.items():
            for n, (offset, _, symbol) in enumerate(lines.strokes(line, bar, tick(plan))):
                soft = symbol == "o" and kept[bar.place % 4][n % 32] > KEPT
                if not soft:
                    length = ground.LENGTHS.get(name, ground.RINGING)
                    loud = ground.LOUDNESS[symbol] * strength
                    events.append((bar.start + offset, length, KEYS[name], loud))
        if bar.place == 0 and bar.index and bar.intensity >= 0.6:
            events.append((bar.start, 2.0, KEYS["crash"], 0.5 * strength))
    if bars and not events:
        events = [(bars[0].start, ground.RINGING, KEYS["rim"], 0.7)]
    return ground.within(ground.once(events), bars)


def _lines(
    base: Mapping[str, str], bar: Bar, cross: str, fill: Mapping[str, str]
) -> Mapping[str, str]:
    """What is struck in a bar: its hats go on through the fill, the feel does not."""
    if bar.is_last and bar.section.bars >= 4:
        return {"hat": base["hat"][:8] + "." * 8} | dict(fill)
    if bar.intensity < GHOST:
        return {name: line.replace("o", ".") for name, line in base.items()}
    if bar.place % 4 == 3:
        return dict(base) | TURN
    if bar.place % 4 == 1:
        return dict(base) | {"rim": _joined(base.get("rim", "." * 16), cross)}
    return base


def _joined(one: str, other: str) -> str:
    return "".join(a if a != "." else b for a, b in zip(one, other, strict=False))


def blow(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A tune that waits for the one to pass and leans back."""
    return tune.sing(bars, plan, voice, dice, manner(TUNE, plan))


def manner(slow: tune.Manner, plan: Plan) -> tune.Manner:
    """A way to sing as the tempo has it: where quarters are fast, at half the pace."""
    if is_slow(plan):
        return slow
    rhythms = {kind: tuple(map(_halved, written)) for kind, written in slow.rhythms.items()}
    return replace(slow, rhythms=rhythms)


def _halved(rhythm: tune.Rhythm) -> tune.Rhythm:
    wide = [lines.stretched(line) for line in rhythm]
    return tuple(half for line in wide for half in (line[: len(line) // 2], line[len(line) // 2 :]))


def _room(bar: Bar, offset: float) -> float:
    chord = bar.chord_at(offset)
    return max(chord.start + chord.length - bar.start - offset, 0.1)


def _alone(bars: Sequence[Bar], voice: Voice) -> list[Event]:
    """One note, in bars too short for any pattern."""
    known = INSTRUMENTS[voice.instrument]
    return [
        (bars[0].start, 0.3, ground.closest(chord.root, known.low + 12, voice.instrument), 0.7)
        for chord in (bars[0].chords[:1] if bars else ())
    ]


PLAYERS = {
    Role.LEAD: blow,
    Role.COMP: skank,
    Role.ARP: pick,
    Role.BASS: riddim,
    Role.DRUMS: drum,
}
