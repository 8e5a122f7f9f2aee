"""Ragtime: a left hand that strides, a right hand against it; strains of sixteen bars, the trio in the subdominant.

Bars are those of two-four; a bar of four-four holds two. A section is a strain: verses the first, choruses the second,
solos the trio. Source: common practice from Joplin to Lamb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

import numpy as np

from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import changes, ground, polish, tune
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Key, Role

QUICK = 132.0
"""Quarters a minute from which the left hand strides in quarters and the right hand plays eighths."""
PHRASE = 4
# Four phrases of four bars are a strain; in short ones the last comes home all the same.
STRAINS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "major": {
        "a": (
            "1: | 1: | 5:7 | 1: / 1: | 1: | 2:7 | 5:7 / 1: | 1: | 5:7 | 1: / 4: #4:dim7 | 1: 6:7 | 2:7 5:7 | 1:",
            "1: | 5:7 | 1: | 1: / 1: | 6:7 | 2:7 | 5:7 / 1: | 5:7 | 1: | 1:7 / 4: 4:m | 1: 6:7 | 2:7 5:7 | 1:",
            "1: | 1:7 4: | 1: | 1: / 5:7 | 1: | 2:7 | 5:7 / 1: | 1:7 4: | 1: | 1: / 1: 6:7 | 2:7 5:7 | 1: 5:7 | 1:",
            "1: | 1: | 6:7 | 2:7 / 5:7 | 5:7 | 1: | 1: / 1: | 1: | 6:7 | 2:7 / 1: | 1: 6:7 | 2:7 5:7 | 1:",
            "1: 1:7 | 4: 4:m | 1: | 1: / 1: | 6:m | 2:7 | 5:7 / 1: 1:7 | 4: 4:m | 1: | 1: / 1: | 6:7 2:7 | 5:7 | 1:",
        ),
        "b": (
            "5:7 | 1: | 5:7 | 1: / 5:7 | 1: | 2:7 | 5:7 / 5:7 | 1: | 5:7 | 1: / 4: #4:dim7 | 1: 6:7 | 2:7 5:7 | 1:",
            "1: | 6:7 | 2:7 | 5:7 / 1: | 1: | 5:7 | 1: / 1: | 6:7 | 2:7 | 5:7 / 1: 1:7 | 4: 4:m | 1: 5:7 | 1:",
            "6:m | 3:7 | 6:m | 1: / 5:7 | 1: | 2:7 | 5:7 / 6:m | 3:7 | 6:m | 1: / 1: | 1: 6:7 | 2:7 5:7 | 1:",
            "5:7 | 5:7 | 1: | 1: / 5:7 | 5:7 | 1: | 1:7 / 4: | 4: | 1: | 6:7 / 1: | 6:7 2:7 | 5:7 | 1:",
        ),
        "trio": (
            "1: | 1: | 5:7 | 5:7 / 5:7 | 5:7 | 1: | 1: / 1: | 1:7 | 4: | 4: / 4: 4:m | 1: 6:7 | 2:7 5:7 | 1:",
            "1: | 5:7 | 1: | 1: / 1: | 6:7 | 2:m | 5:7 / 1: | 5:7 | 1: | 1:7 / 4: #4:dim7 | 1: 6:7 | 2:7 5:7 | 1:",
            "1: | 3:7 | 6:m | 1:7 / 4: | 1: | 2:7 | 5:7 / 1: | 3:7 | 6:m | 1:7 / 4: 4:m | 1: 6:7 | 2:7 5:7 | 1:",
        ),
        "intro": ("1: | 1: | 2:7 | 5:7",),
    },
    "minor": {
        "a": (
            "1:m | 1:m | 5:7 | 1:m / 1:m | 1:m | 2:7 | 5:7 / 1:m | 1:m | 5:7 | 1:m / 4:m | 1:m | 5:7 | 1:m",
            "1:m | 5:7 | 1:m | 1:m / 4:m | 1:m | 2:7 | 5:7 / 1:m | 5:7 | 1:m | 1:7 / 4:m | 1:m | 5:7 | 1:m",
            "1:m | 4:m | 1:m | 1:m / 5:7 | 1:m | 5:7 | 1:m / 1:m | 4:m | 1:m | 1:m / 1:m b6: | 1:m | 5:7 | 1:m",
        ),
        "b": (
            "5:7 | 1:m | 5:7 | 1:m / 4:m | 1:m | 2:7 | 5:7 / 5:7 | 1:m | 5:7 | 1:m / 4:m | 1:m | 5:7 | 1:m",
            "b3: | b7:7 | b3: | 1:m / 4:m | 1:m | 5:7 | 1:m / b3: | b7:7 | b3: | 1:m / 4:m | 1:m | 5:7 | 1:m",
        ),
        "trio": (
            "1:m | 1:m | 5:7 | 5:7 / 5:7 | 5:7 | 1:m | 1:m / 1:m | 1:7 | 4:m | 4:m / 4:m | 1:m | 5:7 | 1:m",
        ),
        "intro": ("1:m | 1:m | 5:7 | 5:7",),
    },
}
OF_SECTION = {"b": "b", "drop": "b", "solo": "trio", "bridge": "trio", "break": "trio"}
"""Which strain a section belongs to; all others to the first."""
HOME = 0.38
"""Share of the tonic below which other strains are tried."""
# Two bars of two-four: short, long, short, and what is struck before the beat is held over it.
RAGS = (
    ("xX-xX--x", "xX-xX-x-"),
    ("x-xX--x-", "x-xX--X-"),
    (".xX-xX-x", "X-xxX---"),
    ("xX-xx-x-", "xX-xX---"),
    ("xxX-xxX-", "xX-xX-x-"),
    ("X-xxX-xx", "x-xX--x-"),
    (".xX-X--x", "xX-x----"),
    ("xxxxX-x-", "xX-xX--x"),
    ("x-xX--xx", "X-x-X---"),
    ("xX-xX--x", "X-x-X-.."),
)
THREES = (
    ("x-xX--x-x-x-", "X---x-xX----"),
    ("X---xX-xX---", "x-x-X-------"),
    ("xX-xX--xX---", "X---X-------"),
)
RIGHT_HAND = tune.Manner(
    rhythms={"duple": RAGS, "triple": THREES},
    scheme="abac",
    centre=75,
    reach=10,
    chromatic=0.12,
    rub=1.3,
    leaps=1.3,
    leaning=0.14,
    borne=0.34,
    strict=0.95,
    length=0.9,
)
LEFT, LOWEST = 57, 36
"""Around which pitch the left hand has its chords, and below which it has no octaves."""
STOPS = 0.5
"""How often a piece has stop-time."""


@dataclass(frozen=True, slots=True)
class Strain:
    """Where a bar stands: in which strain, at which bar of how many, and how often this strain came just before."""

    name: str
    place: int
    bars: int
    turn: int


def places(plan: Plan) -> list[Strain]:
    """The strain of each bar of a piece."""
    found: list[Strain] = []
    for name, group in groupby(plan.sections, key=lambda section: _strain_of(section.name)):
        found += [
            Strain(name, place, section.bars, turn)
            for turn, section in enumerate(group)
            for place in range(section.bars)
        ]
    return found


def _strain_of(section: str) -> str:
    return "intro" if section == "intro" else OF_SECTION.get(section, "a")


def trio_key(key: Key) -> Key:
    """The key of the trio: a fourth up."""
    return replace(key, tonic=(key.tonic + 5) % 12)


def harmonise(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    """The strains, drawn by the seed."""
    written = STRAINS.get(plan.key.mode)
    if written is None:
        return tuple(chart)
    dice = ground.agreed(plan, "strains")
    tries = [
        {name: loops[int(dice.integers(len(loops)))] for name, loops in written.items()}
        for _ in range(6)
    ]
    laid = [_laid(chart, plan, strains) for strains in tries]
    shares = [changes.at_home(chords, plan) for chords in laid]
    best = next((n for n, share in enumerate(shares) if share >= HOME), int(np.argmax(shares)))
    return ground.with_chords(chart, laid[best])


def _laid(chart: Sequence[Bar], plan: Plan, strains: Mapping[str, str]) -> list[tuple[Chord, ...]]:
    count = 2 if ground.kind(plan.metre) == "duple" and plan.metre.beats >= 4 else 1
    chords: list[tuple[Chord, ...]] = []
    for bar, at in zip(chart, places(plan), strict=True):
        own = replace(plan, key=trio_key(plan.key)) if at.name == "trio" else plan
        units = (
            _unit(strains[at.name], count * at.place + n, count * at.bars) for n in range(count)
        )
        chords.append(changes.in_bar([word for unit in units for word in unit], bar, own))
    return chords


def _unit(strain: str, place: int, whole: int) -> tuple[str, ...]:
    """The chords of one bar of two-four: the last phrase last, or in a short strain its second half."""
    phrases = _phrases(strain)
    left = whole - place
    if left <= (PHRASE if whole >= 2 * PHRASE else PHRASE // 2):
        return phrases[-1][PHRASE - left]
    number, at = divmod(place, PHRASE)
    return phrases[number % max(1, len(phrases) - 1)][at]


@cache
def _phrases(strain: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    return tuple(changes.read(phrase) for phrase in strain.split("/"))


def hands(bar: Bar, plan: Plan) -> tuple[list[float], list[float]]:
    """Offsets at which the left hand strikes below, and those at which it strikes its chords."""
    kind = ground.kind(plan.metre)
    if kind == "triple":
        return [0.0], [n for n in (1.0, 2.0) if n < bar.beats]
    if kind == "compound":
        below = np.arange(0.0, bar.beats - 1e-9, 1.5).tolist()
        return below, [at + n for at in below for n in (0.5, 1.0) if at + n < bar.beats]
    half = 1.0 if plan.bpm >= QUICK else 0.5
    below = np.arange(0.0, bar.beats - 1e-9, 2 * half).tolist()
    return below, [at + half for at in below if at + half < bar.beats]


def stops(at: Strain, plan: Plan) -> bool:
    """Whether a bar is played in stop-time: the left hand strikes its first beat only. When a chorus comes again."""
    chosen = float(ground.agreed(plan, "stop-time").random()) < STOPS and at.bars >= 2 * PHRASE
    asked = "stop-time" in plan.asked
    return (chosen or asked) and at.name == "b" and at.turn > 0 and 2 * at.place < at.bars


def low_line(bars: Sequence[Bar], plan: Plan) -> list[tuple[float, float, int, Bar]]:
    """The bass of all who play it: root, then fifth, stepping on where a phrase ends. Start, length, pitch class, bar."""
    line: list[tuple[float, float, int, Bar]] = []
    struck = 0
    last: Chord | None = None
    strains = places(plan)
    for bar in bars:
        below, _ = hands(bar, plan)
        stopped = stops(strains[bar.index], plan)
        for n, offset in enumerate(below[:1] if stopped else below):
            chord = bar.chord_at(offset)
            until = below[n + 1] if n + 1 < len(below) else bar.beats
            struck = struck + 1 if last is not None and chord.name == last.name and n else 0
            fifth = (chord.root + 7) % 12
            pitch_class = fifth if struck % 2 and fifth in chord.notes else chord.root
            last = chord
            line.append((bar.start + offset, until - offset, pitch_class, bar))
    return line


def stride(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A left hand: octaves and tenths below, chords above them; who has no keys, the chords alone."""
    keys = INSTRUMENTS[voice.instrument].family == "keys"
    # A piano alone has its basses in a part of their own.
    elsewhere = any(
        other.role is Role.BASS and other.instrument == voice.instrument for other in plan.voices
    )
    events: list[Event] = []
    if keys and not elsewhere:
        events += octaves(bars, plan, voice, dice)
    strains = places(plan)
    for bar in bars:
        below, above = hands(bar, plan)
        strength = ground.strength(bar)
        if stops(strains[bar.index], plan):
            above = [0.0]
        elif not keys:
            above = sorted({*above, *below[:1]})
        step = abs(above[0] - below[0]) or 0.5 if above else 0.5
        for offset in above or [0.0]:
            events += [
                (bar.start + offset, 0.62 * step, pitch, 0.56 * strength)
                for pitch in grip(bar.chord_at(offset), voice)
            ]
    return ground.within(ground.once(events), bars)


def grip(chord: Chord, voice: Voice) -> tuple[int, ...]:
    """Three notes; of a seventh chord those above the root."""
    notes = chord.notes[1:4] if len(chord.notes) > 3 else chord.notes[:3]
    known = INSTRUMENTS[voice.instrument]
    centre = min(max(LEFT, known.low + 6), known.high - 7)
    return tuple(sorted({ground.closest(note, centre, voice.instrument) for note in notes}))


def octaves(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """What is below: octaves; at the beginning of a phrase now and then a tenth."""
    known = INSTRUMENTS[voice.instrument]
    centre = max(known.low, LOWEST) + 5
    tenths = dice.random(PHRASE) < 0.3
    events: list[Event] = []
    for start, length, pitch_class, bar in low_line(bars, plan):
        pitch = ground.closest(pitch_class, centre, voice.instrument)
        third = bar.chord_at(start - bar.start).notes[1]
        tenth = start == bar.start and bool(tenths[bar.place % PHRASE])
        upper = pitch + 12 + (third - pitch) % 12 if tenth else pitch + 12
        loud = (0.72 if start == bar.start else 0.64) * ground.strength(bar)
        sounding = min(0.45 * length, 0.6)
        events += [(start, sounding, p, loud) for p in (pitch, upper) if p <= known.high]
    return ground.within(events, bars)


def low(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A tuba or a bass below the hand; a piano of its own has the octaves."""
    known = INSTRUMENTS[voice.instrument]
    if known.family == "keys":
        return octaves(bars, plan, voice, dice)
    events = [
        (
            start,
            min(0.6 * length, 0.9),
            ground.closest(pitch_class, known.low + 10, voice.instrument),
            (0.78 if start == bar.start else 0.68) * ground.strength(bar),
        )
        for start, length, pitch_class, bar in low_line(bars, plan)
    ]
    return ground.within(events, bars)


def rag(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The right hand: syncopated, in octaves where a strain is loud; in the trio in its key."""
    manner = manner_of(plan)
    strains = places(plan)
    homely = [bar for bar in bars if strains[bar.index].name != "trio"]
    trio = [bar for bar in bars if strains[bar.index].name == "trio"]
    away = replace(plan, key=trio_key(plan.key))
    events = [
        event
        for own, where in ((homely, plan), (trio, away))
        for event in polish.answered(tune.sing(own, where, voice, dice, manner), own, where, voice)
    ]
    if INSTRUMENTS[voice.instrument].family == "keys":
        events += _doubled(events, bars, voice)
    return ground.within(events, bars)


def manner_of(plan: Plan) -> tune.Manner:
    """Sixteenths, or the same in eighths where quarters are quick."""
    if plan.bpm < QUICK:
        return RIGHT_HAND
    wide = tuple(tuple(_stretched(line) for line in rhythm) for rhythm in RAGS)
    return replace(RIGHT_HAND, rhythms={**RIGHT_HAND.rhythms, "duple": wide})


def _stretched(line: str) -> str:
    return "".join(sign + ("." if sign == "." else "-") for sign in line)


def _doubled(events: Sequence[Event], bars: Sequence[Bar], voice: Voice) -> list[Event]:
    """The lower octaves: of all notes in loud strains, of the accents in the others."""
    lowest = max(INSTRUMENTS[voice.instrument].low, LEFT + 3)
    loud_spans = [(bar.start, bar.start + bar.beats) for bar in bars if bar.is_peak]
    doubled: list[Event] = []
    for start, length, pitch, loud in events:
        everywhere = any(begin <= start < end for begin, end in loud_spans)
        accent = length >= 0.4
        if (everywhere or accent) and pitch - 12 >= lowest:
            doubled.append((start, length, pitch - 12, 0.8 * loud))
    return doubled


PLAYERS = {
    Role.LEAD: rag,
    Role.COMP: stride,
    Role.BASS: low,
}
