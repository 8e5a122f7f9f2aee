"""Techno: one bar that goes on for ever and is never the same, because layers open, close and grow brighter.

Nothing here is a verse. What changes, changes by the bar: how many strokes of a loop are let through, and how hard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Role

BREATH = 16
"""Bars in which a filter opens and closes once."""
EUCLID = ((5, 16), (7, 16), (3, 16), (9, 16), (5, 12), (7, 12))
"""Strokes and steps of loops; those of twelve steps walk against the bar."""
RINGS = (*EUCLID, (6, 16), (5, 14), (4, 12), (8, 16), (7, 14), (9, 14))
TURNS = (0, 1, -1, 1, -1, 2, -2, 0)
WIDTH = 4
"""Rings of the tune, by how many notes it moves from step to step, and how many above its lowest it turns round."""
TUNE_CENTRE = 62
BASSES = (
    "..xx..xx..xx..xx",
    "..x...x...x...x.",
    ".xxx.xxx.xxx.xxx",
    "..xo..xo..xx..xo",
    "x.xx.xx.x.xx.xx.",
)
BUSY, FULL = 0.62, 0.75
HATS = {KEYS["hat"], KEYS["open"]}


def openness(bar: Bar) -> float:
    """How far the filter is open in a bar: 0..1, slowly to and fro, wider where it is intense."""
    swing = 0.5 - 0.5 * math.cos(2 * math.pi * bar.index / BREATH)
    return min(1.0, 0.25 + 0.35 * swing + 0.4 * bar.intensity)


def euclid(strokes: int, steps: int, turn: int = 0) -> str:
    """Strokes spread over steps as evenly as whole steps allow."""
    line = ["x" if (n * strokes) % steps < strokes else "." for n in range(steps)]
    return "".join(line[turn % steps :] + line[: turn % steps])


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Four on the floor, hats between; clap, ride and a rattle join by intensity; the kick leaves before a change."""
    if voice.role is Role.PERCUSSION or voice.instrument == "tabla":
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    rattle = euclid(*EUCLID[int(dice.integers(len(EUCLID)))], int(dice.integers(16)))
    shaker = ("o.xo", "oxo.", "oooo")[int(dice.integers(3))] * 4
    key = ("rim", "tom-mid", "cowbell", "clave")[int(dice.integers(4))]
    pulse = round(4 * theory.pulse(plan.metre))
    beat = ("X" + "." * (pulse - 1)) * 12
    offbeat = ("." * (pulse // 2) + "x" + "." * (pulse - pulse // 2 - 1)) * 12
    backbeat = ("." * pulse + "x" + "." * (pulse - 1)) * 6
    events: list[Event] = []
    for bar in bars:
        lines: dict[str, str] = {"kick": beat, "open": offbeat}
        if bar.intensity >= 0.45:
            lines["hat"] = shaker
        if bar.intensity >= BUSY or 2 * bar.place >= bar.section.bars:
            lines["clap"] = backbeat
        if bar.intensity >= FULL:
            lines["ride"] = beat.replace("X", "o")
        struck = ground.strike(lines, bar, ground.strength(bar))
        if bar.place % 4 == 3:
            # Before the next four bars the hats hold their breath for a beat.
            struck = [e for e in struck if e[2] not in HATS or e[0] < bar.start + bar.beats - 1.0]
        struck += _loop(rattle, bar, KEYS[key], openness(bar))
        if bar.is_last and bar.section.bars >= 4:
            half = bar.start + bar.beats / 2
            struck = [e for e in struck if e[2] != KEYS["kick"] or e[0] < half]
            struck += [
                (half + n * 0.25, 0.2, KEYS["snare"], 0.25 + 0.06 * n)
                for n in range(round(2 * bar.beats))
            ]
        elif bar.place == 0 and bar.index and bar.intensity >= BUSY:
            struck.append((bar.start, 2.0, KEYS["crash"], 0.6))
        events += struck
    return ground.within(ground.once(events), bars)


def _loop(line: str, bar: Bar, key: int, gate: float) -> list[Event]:
    """A loop that runs through the piece, not through the bar; only the loudest strokes while the gate is low."""
    first = round(4 * bar.start)
    return [
        (bar.start + n * 0.25, 0.15, key, 0.3 + 0.35 * gate)
        for n in range(round(4 * bar.beats))
        if line[(first + n) % len(line)] == "x" and _weight(first + n) <= gate
    ]


def _weight(step: int) -> float:
    """In which order the steps of a bar are let through: scattered, and always the same."""
    return ((step * 7 + 3) % 16) / 16.0


def rumble(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The bass between the kicks: one note, its octave, and seldom the fifth."""
    line = BASSES[int(dice.integers(len(BASSES)))]
    octave = int(dice.integers(2, 7))
    fifth = int(dice.integers(7, 16))
    known = INSTRUMENTS[voice.instrument]
    scale = theory.scale(plan.key)
    events: list[Event] = []
    for bar in bars:
        for n, (offset, length, symbol) in enumerate(ground.strokes(line, bar.beats)):
            root = ground.closest(bar.chord_at(offset).root, known.low + 8, voice.instrument)
            pitch = root
            if n == octave and root + 12 <= known.high:
                pitch = root + 12
            elif n == fifth and bar.index % 4 == 3:
                pitch = root + 7 if (root + 7) % 12 in scale else root
            loud = ground.LOUDNESS[symbol] * (0.8 + 0.2 * openness(bar))
            events.append((bar.start + offset, 0.8 * length, pitch, loud))
    return ground.within(events, bars)


def circle(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The tune: a ring of few notes that turns around the tonic, each close to the one before.

    Between the beats it also takes the notes of the scale that stand no semitone above one of the chord.
    """
    line = _ring(RINGS, dice)
    walk = dice.choice(TURNS, size=len(line)).cumsum()
    heights = WIDTH - np.abs(walk % (2 * WIDTH) - WIDTH) - 1
    pulse = theory.pulse(plan.metre)
    home = ground.closest(plan.key.tonic, TUNE_CENTRE, voice.instrument)
    events: list[Event] = []
    for bar in bars:
        gate = openness(bar)
        for step, offset in _let_through(line, bar, gate):
            chord = bar.chord_at(offset)
            rungs = _beside(chord, plan, voice)
            at = rungs.index(ground.nearest(rungs, home)) + int(heights[step])
            pitch = rungs[min(max(at, 0), len(rungs) - 1)]
            if offset % pulse == 0.0:
                # Every fourth bar leans on what is beside the chord, but for its first note.
                leans = offset > 0.0 and bar.place % 4 == 3
                wanted = [p for p in rungs if (p % 12 in chord.notes) != leans]
                pitch = ground.nearest(wanted or rungs, pitch)
            events.append((bar.start + offset, 0.2 + 0.2 * gate, pitch, 0.45 + 0.35 * gate))
    return ground.within(events, bars)


def _beside(chord: Chord, plan: Plan, voice: Voice) -> list[int]:
    """The pitches around the tune's centre that stand no semitone above a note of the chord."""
    rubbing = {(note + 1) % 12 for note in chord.notes}
    classes = (theory.scale(plan.key) | set(chord.notes)) - rubbing
    return ground.ladder(classes, voice.instrument, TUNE_CENTRE, 9)


def sequence(
    bars: Sequence[Bar], _plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """A sequencer: the notes of the chord in a ring, let through one by one as the filter opens."""
    line = _ring(EUCLID, dice)
    degrees = [int(n) for n in dice.choice((0, 0, 0, 1, 2, 2, 3, 4), size=len(line))]
    high = INSTRUMENTS[voice.instrument].high
    events: list[Event] = []
    for bar in bars:
        gate = openness(bar)
        for step, offset in _let_through(line, bar, gate):
            notes = ground.close(bar.chord_at(offset), voice.instrument, 66)
            octave, place = divmod(degrees[step], len(notes))
            pitch = notes[place]
            lifted = pitch + 12 * octave
            pitch = lifted if lifted <= high else pitch
            events.append((bar.start + offset, 0.2 + 0.2 * gate, pitch, 0.45 + 0.35 * gate))
    return ground.within(events, bars)


def _ring(rings: Sequence[tuple[int, int]], dice: np.random.Generator) -> str:
    strokes, steps = rings[int(dice.integers(len(rings)))]
    return euclid(strokes, steps, int(dice.integers(steps)))


def _let_through(line: str, bar: Bar, gate: float) -> list[tuple[int, float]]:
    """Steps of a ring and their offsets in a bar: the first of the ring always, the others as the filter opens."""
    first = round(4 * bar.start)
    places = [(n, (first + n) % len(line)) for n in range(round(4 * bar.beats))]
    heard = [
        (step, n * 0.25)
        for n, step in places
        if line[step] == "x" and (_weight(first + n) <= gate or step == line.index("x"))
    ]
    return heard or [(line.index("x"), 0.0)]


def stab(bars: Sequence[Bar], _plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A chord on the same two or three steps of every bar, longer as the filter opens."""
    line = euclid(int(dice.integers(2, 4)), 8, int(dice.integers(1, 8))) * 2
    events: list[Event] = []
    for bar in bars:
        gate = openness(bar)
        for offset, _, _ in list(ground.strokes(line, bar.beats)) or [(0.0, 0.25, "x")]:
            notes = ground.close(bar.chord_at(offset), voice.instrument, 60, 3)
            events += [(bar.start + offset, 0.15 + 0.6 * gate, p, 0.35 + 0.3 * gate) for p in notes]
    return ground.within(events, bars)


PLAYERS = {
    Role.LEAD: circle,
    Role.ARP: sequence,
    Role.COMP: stab,
    Role.BASS: rumble,
    Role.DRUMS: drum,
}
