"""East Asian music: one tune, and everybody plays it at once, each as his instrument likes it; silence between phrases.

The leader sings it plainly. Zithers break it up with neighbours, tremolo and glissandi; a bow or a flute keeps its long
notes and comes late. There are no chords, only open fifths on two or three notes of a scale of five, and under the
silences a soft low tone. Which scale it is, and whether a Chinese or a Japanese one, is told in `fives.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground, tune
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import HANDS, Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Role

JAPANESE = frozenset({"koto", "shakuhachi", "shamisen", "taiko"})
CHINESE = frozenset({"guzheng", "erhu", "dulcimer"})
DEGREES = {"major": (1, 2, 3, 5, 6), "minor": (1, 3, 4, 5, 7)}
"""Five of seven, for modes of which no scale here is a part."""
PATHS = ((0, 1, 0, 1), (0, 2, 0, 2), (0, 1, 0, 0), (0, 0, 0, 1), (0, 2, 0, 1), (0, 1, 0, 2))
"""Four bars: which of the notes that have a fifth is the lowest; 0 is the tonic."""
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
LONG, TOGETHER = 1.0, 0.05
"""Beats from which a note is long; within which two begin together."""
OFTEN_DOUBLED, OFTEN_FILLED = 0.45, 0.6
TREMBLED_FROM, OFTEN_TREMBLED, RUSTLE = 1.5, 0.2, 0.125
"""How long a zither's note is that is struck again and again, how often it is, and how many beats apart."""
STROLLS = ((0, -1, -2, -1), (0, 1, 2, 1), (0, -2, -1, 1), (0, 2, 1, -1), (0, 1, -1, -2))
"""Strings from a long note, eighth by eighth."""
TOUCHED, STRUCK = 0.2, 1.0
"""How long a note is that rubs, and a low one under a tune that may lean on the semitone above it."""
SWEPT, SWEEP_SECONDS = 7, 0.02
"""Strings of a glissando, and how soon they follow each other."""
LOWEST = 42
"""From here upwards lie the strings of a low part: an octave that even a small room carries."""
LATE = 0.5
"""Beats by which a follower comes after the tune."""


@dataclass(frozen=True, slots=True)
class Five:
    """A scale of five notes: semitones above its tonic."""

    name: str
    home: str
    modes: tuple[str, ...]
    notes: tuple[int, ...]

    @property
    def centres(self) -> tuple[int, ...]:
        """The notes that have a fifth above them, the tonic first."""
        return tuple(note for note in self.notes if (note + 7) % 12 in self.notes)

    @property
    def leans(self) -> bool:
        """Whether it has semitones."""
        return any((note + 1) % 12 in self.notes for note in self.notes)


@cache
def fives() -> tuple[Five, ...]:
    raw = tomllib.loads(files(__package__ or "").joinpath("fives.toml").read_text("utf-8"))
    return tuple(
        Five(name, table["home"], tuple(table["modes"]), tuple(table["notes"]))
        for name, table in raw.items()
    )


def five_of(plan: Plan) -> Five:
    """The scale of a piece: of the mode, and of the country of who leads, where one is written."""
    mode = plan.key.mode
    fitting = [five for five in fives() if mode in five.modes]
    if not fitting:
        steps = theory.MODES[mode]
        notes = tuple(steps[degree - 1] for degree in DEGREES[theory.family(mode)])
        return Five(mode, "", (mode,), notes)
    names = [voice.instrument for voice in plan.voices]
    led = next((n for n in names if n in JAPANESE | CHINESE), "")
    home = "japan" if led in JAPANESE else "china" if led in CHINESE else ""
    own = [five for five in fitting if five.home == home] or fitting
    return own[int(ground.agreed(plan, "five").integers(len(own)))]


def classes_of(plan: Plan, _chord: Chord | None = None) -> frozenset[int]:
    return frozenset((plan.key.tonic + note) % 12 for note in five_of(plan).notes)


def harmonise(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    """Open fifths that leave the tonic for a bar or two of four."""
    centres = five_of(plan).centres or (0,)
    order = ground.agreed(plan, "paths").permutation(len(PATHS)).tolist()
    chords: list[tuple[Chord, ...]] = []
    for bar in chart:
        path = PATHS[order[bar.is_peak]]
        centre = centres[path[bar.place % 4] % len(centres)]
        root = (plan.key.tonic + centre) % 12
        fifth = (root + 7) % 12 if 7 in five_of(plan).notes or centre else root
        notes = (root, fifth) if fifth != root else (root,)
        name = f"{theory.note_name(root, plan.key)}5"
        chords.append((Chord(bar.start, bar.beats, root, notes, name),))
    return ground.with_chords(chart, chords)


MANNER = tune.Manner(
    rhythms=FLOWING,
    scheme="aaab",
    centre=71,
    reach=8,
    length=1.0,
    strict=0.6,
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


def pluck(
    bars: Sequence[Bar], heard: Sequence[Event], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """A zither with the tune: neighbours between its notes, tremolo on the long ones, sweeps where it is silent."""
    centre = 64.0 if voice.role is Role.COMP else 74.0
    rungs = ground.ladder(classes_of(plan), voice.instrument, centre, 13)
    fills = dice.random(round(8 * plan.metre.beats)).tolist()
    events: list[Event] = []
    for bar in bars:
        loud = 0.5 + 0.18 * bar.intensity
        inside = [e for e in heard if bar.start - 1e-6 <= e[0] < bar.start + bar.beats - 1e-6]
        if not inside:
            events += _ringing(bar, rungs, loud)
        for start, length, pitch, _ in melody_line(inside):
            here = ground.nearest(rungs, _near(pitch, centre))
            chance = fills[round(4 * start) % len(fills)]
            sounding = {*bar.chords[0].notes, *(e[2] % 12 for e in inside)}
            around = _friends(here, sounding, rungs)
            # What rubs against the fifth is touched only.
            held = length if _agrees(here, bar.chords[0].notes) else min(length, TOUCHED)
            events += _broken((start, held, here, loud), around, chance)
        if inside and voice.role is Role.COMP and bar.place % 2 == 0:
            events += _thumb(bar, voice, 0.8 * loud)
        if bar.place % 4 == 3 and voice.role is Role.COMP:
            events += _swept(bar, rungs, loud, plan, up=bar.place % 8 == 3)
    if bars and not events:
        events = _ringing(bars[0], rungs, 0.5)
    return ground.within(ground.once(events), bars)


def melody_line(events: Sequence[Event]) -> list[Event]:
    """One note at a time: of those together the highest."""
    line: list[Event] = []
    for event in sorted(events):
        if line and event[0] - line[-1][0] < TOGETHER:
            first, _, pitch, _ = line.pop()
            line.append((first, event[1], max(event[2], pitch), event[3]))
        else:
            line.append(event)
    return line


def _near(pitch: int, centre: float) -> int:
    """The same note in the octave of who plays it."""
    while pitch > centre + 9:
        pitch -= 12
    while pitch < centre - 9:
        pitch += 12
    return pitch


def _friends(pitch: int, sounding: Collection[int], rungs: Sequence[int]) -> list[int]:
    """Strings around a note that rub against nothing that sounds with it."""
    return [p for p in rungs if p == pitch or _agrees(p, {pitch % 12, *sounding})]


def _agrees(pitch: int, sounding: Collection[int]) -> bool:
    return not any((pitch - note) % 12 in {1, 11} for note in sounding)


def _thumb(bar: Bar, voice: Voice, loud: float) -> list[Event]:
    """The low strings: the root, and two bars later the fifth."""
    chord = bar.chords[0]
    wanted = chord.notes[-1] if bar.place % 4 == 2 else chord.root
    pitch = ground.closest(wanted, INSTRUMENTS[voice.instrument].low + 10, voice.instrument)
    return [(bar.start, min(bar.beats, STRUCK), pitch, loud)]


def _broken(event: Event, around: Sequence[int], chance: float) -> list[Event]:
    """A note as a zither has it: trembling, strolling about, with a neighbour, or plain."""
    start, length, pitch, loud = event
    if length >= TREMBLED_FROM:
        return _trembling(event) if chance < OFTEN_TREMBLED else _strolling(event, around, chance)
    if chance < OFTEN_FILLED and length >= 1.0:
        half = length / 2
        neighbour = _beside(pitch, around, 1 if chance < OFTEN_FILLED / 2 else -1)
        return [(start, half, pitch, loud), (start + half, half, neighbour, 0.7 * loud)]
    return [event]


def _trembling(event: Event) -> list[Event]:
    """Struck once, and then shaken for a beat, louder and louder."""
    start, length, pitch, loud = event
    still = length - 1.0
    count = round(1.0 / RUSTLE)
    shaken = [
        (start + still + n * RUSTLE, RUSTLE, pitch, loud * (0.3 + 0.25 * n / count))
        for n in range(count)
    ]
    return [(start, still, pitch, loud), *shaken]


def _strolling(event: Event, around: Sequence[int], chance: float) -> list[Event]:
    """Away from a long note in eighths, and back."""
    start, length, pitch, loud = event
    way = STROLLS[int(100 * chance) % len(STROLLS)]
    count = int(2 * length)
    heights = [_beside(pitch, around, way[n % len(way)]) for n in range(count)]
    return [
        (
            start + 0.5 * n,
            length - 0.5 * n if n == count - 1 else 0.5,
            height,
            loud * (1.0, 0.7)[n > 0],
        )
        for n, height in enumerate(heights)
    ]


def _beside(pitch: int, around: Sequence[int], steps: int) -> int:
    place = around.index(pitch) + steps
    return around[min(max(place, 0), len(around) - 1)]


def _ringing(bar: Bar, rungs: Sequence[int], loud: float) -> list[Event]:
    """Nobody sings: the open fifth from below, and a few strings above it, unhurried."""
    notes = [p for p in rungs if p % 12 in bar.chords[0].notes][:3]
    place = rungs.index(notes[-1]) if notes else 0
    way = [*notes, *rungs[place + 1 : place + 3 : 2], *notes[::-1]]
    places = np.arange(0.0, bar.beats - 1e-6, 0.5 if bar.place % 2 else 1.0).tolist()
    return [
        (bar.start + at, min(1.5, bar.beats - at), pitch, 0.8 * loud)
        for at, pitch in zip(places, way, strict=False)
    ]


def _swept(bar: Bar, rungs: Sequence[int], loud: float, plan: Plan, *, up: bool) -> list[Event]:
    """A glissando over the last beat, up or down, that ends on the barline."""
    strings = list(rungs[-SWEPT:] if up else reversed(rungs[-SWEPT:]))
    apart = SWEEP_SECONDS * plan.bpm / 60.0
    first = bar.start + bar.beats - apart * len(strings)
    if first < bar.start:
        return []
    return [
        (first + n * apart, apart, pitch, loud * (0.5 + 0.4 * n / len(strings)))
        for n, pitch in enumerate(strings)
    ]


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
            here = ground.closest(pitch % 12, _near(pitch, centre), voice.instrument)
            held = _until_it_rubs(here, at, end, heard) - at
            events.append((at, max(held, 0.2), here, 0.44 + 0.08 * bar.intensity))
    return ground.within(events, bars)


def _until_it_rubs(pitch: int, start: float, end: float, heard: Sequence[Event]) -> float:
    """Where the tune goes to a semitone beside a note, or the end."""
    for at, _, other, _ in heard:
        if start < at < end and (pitch - other) % 12 in {1, 11}:
            return at
    return end


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
        if called and _agrees(root, _sung(heard, bar.start, bar.start + middle)):
            events.append((bar.start, min(0.94 * middle, longest), root, 0.75 * loud))
        sounding = {*chord.notes, *_sung(heard, bar.start + middle, bar.start + bar.beats)}
        others = [rungs[n] for n in turn if rungs[n] != root and _agrees(rungs[n], sounding)]
        if others and middle < bar.beats:
            pitch = others[bar.place % 4 % len(others)]
            events.append((bar.start + middle, 0.94 * (bar.beats - middle), pitch, loud))
    if bars and not events:
        root = ground.closest(bars[0].chords[0].root, known.low + 8, voice.instrument)
        events = [(bars[0].start, bars[0].beats, root, 0.4)]
    return ground.within(events, bars)


def _sung(heard: Sequence[Event], start: float, end: float) -> frozenset[int]:
    """What the tune sounds from one beat to another."""
    return frozenset(e[2] % 12 for e in heard if e[0] < end - 1e-6 and e[0] + e[1] > start + 1e-6)


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
