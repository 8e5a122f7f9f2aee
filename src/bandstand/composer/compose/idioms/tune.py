"""Tunes with a manner: one way to find pitches for rhythms, told by each tradition in data. Knows no tradition.

A phrase is a rhythm and a contour; the contour is what is remembered and comes back. Its pitches are the cheapest way
through the ladder: near the contour, in small steps, notes of the chord on the beats (Viterbi's algorithm).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord

STEP_COSTS = (0.9, 0.2, 0.1, 0.4, 0.6, 1.1, 2.6, 1.7, 5.0, 5.0, 5.0, 5.0, 4.0)
"""By semitones; wider is `TOO_WIDE`."""
TOO_WIDE, FAR = 9.0, 8
STRANGE = 1.2
LONG = 1.0
SEQUENCES = (0, 1, -1, 2, -2, 3, -3)
"""Steps by which a phrase is moved when it comes back, dearest first."""
Rhythm = tuple[str, ...]
"""Bars of sixteenths, as in `ground.strokes`."""
Scale = Callable[[Plan, Chord], frozenset[int]]


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a tradition sings.

    rhythms    phrases by kind of metre ("duple" must be there); what is missing is cut from it
    scheme     letters of the phrases of a section; "c" ends it
    centre     MIDI pitch around which the tune lies; reach, semitones around it
    chromatic  how often a note before a beat comes from a semitone beside the next one
    strict     how much it costs to leave the chord on a beat, 1 = as usual
    rub        how much it costs to stand a semitone beside a note of the chord
    length     share of its written length that a note sounds
    leaps      what thirds and wider steps cost, 1 = as usual
    borne      share of the notes on beats that may stand beside the chord when a phrase comes back
    through    the scheme runs through the piece, whatever its sections are called
    ahead      beats by which notes come early (late when negative), drawn for each phrase up to this
    leaning    how often a note on a beat leans on the next one instead of belonging to the chord
    """

    rhythms: Mapping[str, Sequence[Rhythm]]
    scheme: str = "abac"
    centre: float = 69.0
    reach: int = 10
    chromatic: float = 0.0
    strict: float = 1.0
    rub: float = 0.9
    length: float = 0.92
    ahead: float = 0.0
    through: bool = False
    leaps: float = 1.0
    borne: float = 0.22
    leaning: float = 0.0
    scale: Scale | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A remembered phrase: rhythm, and for each of its notes how far from the centre it wants to be, and whether it leans
    on the next one.
    """

    rhythm: Rhythm
    contour: tuple[float, ...]
    leans: tuple[bool, ...]


def sing(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator, manner: Manner
) -> list[Event]:
    """A tune over the chart, section by section; a section that comes back brings its phrases back."""
    figures: dict[tuple[str, str], Figure] = {}
    sung_before: dict[tuple[str, str], list[tuple[int, ...]]] = {}
    events: list[Event] = []
    for run in [list(bars)] if manner.through and bars else ground.runs(bars):
        name = "b" if run[0].is_peak and not manner.through else "a"
        size = _phrase_bars(manner, plan)
        count = -(-len(run) // size)
        for number in range(count):
            letter = manner.scheme[number % len(manner.scheme)]
            if number == count - 1 and count > 2:
                letter = manner.scheme[-1]
            if (name, letter) not in figures:
                figures[name, letter] = _invent(manner, plan, dice, lift=3.0 * (name == "b"))
            phrase = run[number * size : (number + 1) * size]
            early = float(dice.uniform(-1, 1)) * manner.ahead
            known = sung_before.setdefault((name, letter), [])
            sung = _set(figures[name, letter], phrase, plan, voice, manner, dice, known)
            events += [
                (max(at - early, bars[0].start), length, pitch, loud)
                for at, length, pitch, loud in sung
            ]
    if bars and not events:
        # A bar too short for any of the phrases.
        home = ground.closest(bars[0].chords[0].root, manner.centre, voice.instrument)
        events = [(bars[0].start, bars[0].beats, home, ground.LOUDNESS["x"])]
    return ground.within(_breathed(events), bars)


def pitches_for(
    contour: Sequence[float],
    slots: Sequence[tuple[float, float, Chord]],
    rungs: Sequence[int],
    plan: Plan,
    manner: Manner,
    leans: Sequence[bool] = (),
) -> list[int]:
    """The cheapest way along a contour.

    contour  wanted pitches, one for each slot
    slots    beat from the barline, length in beats, chord
    rungs    pitches that may be used
    leans    for each slot whether it may stand beside the chord on a beat; none of them if left out
    """
    ladder = np.array(rungs)
    apart = np.abs(ladder[:, None] - ladder[None, :])
    moving = np.array([*STEP_COSTS, TOO_WIDE])[np.minimum(apart, len(STEP_COSTS))]
    moving = np.where((apart > 2) & (apart < FAR), manner.leaps * moving, moving)
    pulse = theory.pulse(plan.metre)
    total = np.zeros(len(ladder))
    back: list[np.ndarray] = []
    for n, (wanted, (offset, length, chord)) in enumerate(zip(contour, slots, strict=True)):
        free = n < len(leans) and leans[n]
        strong = (offset % pulse == 0 and not free) or length >= LONG
        own = 0.42 * np.abs(ladder - wanted) + manner.strict * _against(
            chord.notes, tuple(rungs), manner.rub, strong=strong
        )
        if manner.scale is not None:
            allowed = manner.scale(plan, chord)
            own = own + np.array([0.0 if p % 12 in allowed else 6.0 for p in rungs])
        if n:
            paths = total[:, None] + moving
            best = paths.argmin(axis=0)
            back.append(best)
            total = paths[best, np.arange(len(ladder))] + own
        else:
            total = own
    at = int(total.argmin())
    way = [at]
    for best in reversed(back):
        at = int(best[at])
        way.append(at)
    return [int(ladder[n]) for n in reversed(way)]


@lru_cache(maxsize=4096)
def _against(
    notes: tuple[int, ...], rungs: tuple[int, ...], rub: float, *, strong: bool
) -> np.ndarray:
    """What a chord says against each pitch."""
    costs: list[float] = []
    for pitch in rungs:
        above = {(pitch - note) % 12 for note in notes}
        if 0 in above:
            costs.append(0.0)
        else:
            costs.append((STRANGE if strong else 0.0) + (rub if above & {1, 11} else 0.0))
    return np.array(costs)


def _phrase_bars(manner: Manner, plan: Plan) -> int:
    rhythms = manner.rhythms.get(ground.kind(plan.metre), manner.rhythms["duple"])
    return len(rhythms[0])


def _invent(manner: Manner, plan: Plan, dice: np.random.Generator, *, lift: float) -> Figure:
    """A rhythm, and an arch, a fall, a rise or a wave to sing it on."""
    rhythms = manner.rhythms.get(ground.kind(plan.metre), manner.rhythms["duple"])
    rhythm = rhythms[int(dice.integers(len(rhythms)))]
    count = sum(len(list(ground.strokes(line, plan.metre.beats))) for line in rhythm)
    place = np.linspace(0.0, 1.0, max(count, 1))
    shapes = (np.sin(np.pi * place), 1 - place, place, np.cos(2 * np.pi * place))
    size = float(dice.uniform(0.4, 0.8)) * manner.reach * float(dice.choice((1, 1, -0.6)))
    shape = shapes[int(dice.integers(len(shapes)))] * size
    wander = dice.normal(0.0, 1.0, len(place)).cumsum() * 0.8
    contour = shape - shape.mean() + wander - wander.mean() + lift
    leans = dice.random(len(place)) < manner.leaning
    leans[-1] = False
    return Figure(rhythm, tuple(np.round(contour, 3).tolist()), tuple(leans.tolist()))


def _set(
    figure: Figure,
    bars: Sequence[Bar],
    plan: Plan,
    voice: Voice,
    manner: Manner,
    dice: np.random.Generator,
    before: list[tuple[int, ...]],
) -> list[Event]:
    """The events of a phrase: as it was sung before if the chords bear it, else anew, and that is remembered."""
    known = INSTRUMENTS[voice.instrument]
    centre = min(max(manner.centre, known.low + manner.reach), known.high - manner.reach)
    slots = [
        (bar, offset, length, symbol)
        for bar, line in zip(bars, figure.rhythm, strict=False)
        for offset, length, symbol in ground.strokes(line, bar.beats)
    ]
    if not slots:
        return []
    chords = [bar.chord_at(offset) for bar, offset, _, _ in slots]
    scale = manner.scale or _of_key
    classes = frozenset[int]().union(*(scale(plan, chord) for chord in chords))
    rungs = ground.ladder(classes, voice.instrument, centre, manner.reach + 2)
    wanted = [centre + step for step in figure.contour[: len(slots)]]
    wanted += [centre] * (len(slots) - len(wanted))
    placed = [(s[1], s[2], chord) for s, chord in zip(slots, chords, strict=True)]
    pitches = _again(before, placed, rungs, plan, manner.borne)
    if not pitches:
        found = pitches_for(wanted, placed, rungs, plan, manner, figure.leans)
        pitches = tuple(_approached(found, placed, plan, voice, manner.chromatic, dice))
        before.append(pitches)
    return [
        (
            bar.start + offset,
            length * manner.length,
            pitch,
            min(ground.LOUDNESS[symbol] * (0.8 + 0.15 * bar.intensity), 1.0),
        )
        for (bar, offset, length, symbol), pitch in zip(slots, pitches, strict=False)
    ]


def _again(
    before: Sequence[tuple[int, ...]],
    slots: Sequence[tuple[float, float, Chord]],
    rungs: Sequence[int],
    plan: Plan,
    borne: float,
) -> tuple[int, ...]:
    """A line that was sung before, in its place or a few steps away; empty where the chords bear none."""
    for by in SEQUENCES:
        for line in before:
            moved = _moved(line, by, rungs)
            if moved and _suits(moved, slots, plan, borne):
                return moved
    return ()


def _moved(line: tuple[int, ...], by: int, rungs: Sequence[int]) -> tuple[int, ...]:
    """The line some rungs higher or lower; empty where the ladder ends or a note stands beside it."""
    if by == 0:
        return line
    if any(pitch not in rungs for pitch in line):
        return ()
    places = [rungs.index(pitch) + by for pitch in line]
    inside = min(places) >= 0 and max(places) < len(rungs)
    return tuple(rungs[place] for place in places) if inside else ()


def _suits(
    line: Sequence[int], slots: Sequence[tuple[float, float, Chord]], plan: Plan, borne: float
) -> bool:
    """Whether a line sung before can be sung over these chords: few notes on beats beside them, none that rubs for long."""
    pulse = theory.pulse(plan.metre)
    strange = strong = 0
    if len(line) < len(slots):
        return False
    for pitch, (offset, length, chord) in zip(line, slots, strict=False):
        above = {(pitch - note) % 12 for note in chord.notes}
        if length >= LONG and 0 not in above and above & {1, 11}:
            return False
        if offset % pulse == 0:
            strong += 1
            strange += 0 not in above
    return strange <= borne * strong


def _of_key(plan: Plan, chord: Chord) -> frozenset[int]:
    """The scale of the piece, bent where the chord has other notes."""
    foreign = frozenset(chord.notes) - theory.scale(plan.key)
    bent = {(note + side) % 12 for note in foreign for side in (-1, 1)} - frozenset(chord.notes)
    return (theory.scale(plan.key) - bent) | foreign if foreign else theory.scale(plan.key)


def _approached(
    pitches: list[int],
    slots: Sequence[tuple[float, float, Chord]],
    plan: Plan,
    voice: Voice,
    often: float,
    dice: np.random.Generator,
) -> list[int]:
    """Some of the short notes before beats moved beside the note they lead to; two of them enclose it."""
    if not often:
        return pitches
    known = INSTRUMENTS[voice.instrument]
    pulse = theory.pulse(plan.metre)
    led = list(pitches)
    for n in range(1, len(pitches) - 1):
        offset, length, _ = slots[n]
        leads = offset % pulse != 0 and length <= 0.5 and slots[n + 1][0] % pulse == 0
        target = pitches[n + 1]
        if leads and dice.random() < often and known.low < target < known.high:
            below = pitches[n - 1] >= target or dice.random() < 0.7
            led[n] = target - 1 if below else target + 1
    return led


def _breathed(events: list[Event]) -> list[Event]:
    """One voice: a note ends where the next begins."""
    events = sorted(events)
    ends = [*(event[0] for event in events[1:]), float("inf")]
    return [
        (start, min(length, max(end - start, 0.05)), pitch, loud)
        for (start, length, pitch, loud), end in zip(events, ends, strict=False)
    ]
