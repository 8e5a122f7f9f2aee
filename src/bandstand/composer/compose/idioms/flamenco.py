"""Flamenco: the compas of twelve, or of eight in four-four; rasgueado, picado, palmas.

In 3/4 the compas is four bars of quarters, in 6/8 and 12/8 twelve eighths. It counts from 12 for the buleria
(accents on 12 3 6 8 10), from 1 for the slower solea (accents on 3 6 8 10 12); tangos stress 2 3 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import changes, ground, tune
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Role

BULERIA, SOLEA, TANGOS = (0, 3, 6, 8, 10), (2, 5, 7, 9, 11), (1, 2, 3, 5, 6, 7)
FAST = 150.0
"""Quarters a minute from which twelve quarters are a buleria."""
CHANGES = {
    "phrygian dominant": (
        "1: | 1: | b2: | 1:",
        "4:m | b2: | b2: | 1: | 1: | b2: | 1: | 1:",
        "1: | 1: | b7:m b2: | 1:",
        "1: | 4:m | b2: | 1: | 1: | 1: | b2: | 1:",
    ),
    "phrygian": (
        "1:m | 1:m | b2: | 1:m",
        "4:m | b3: | b2: | 1:m | 1:m | b2: | 1:m | 1:m",
        "1:m | b3: | b2: | 1:m",
    ),
    "minor": (
        "1:m | b7: | b6: | 5: | 1:m | 1:m | 5: | 1:m",
        "1:m | 4:m | 5: | 1:m",
        "1:m | 1:m | b6: 5: | 1:m",
    ),
    "harmonic minor": (
        "1:m | 1:m | 5: | 1:m",
        "1:m | 4:m | 5: | 1:m",
        "1:m | b6: | 5: | 1:m",
    ),
    "major": ("1: | 5:7 | 5:7 | 1:", "1: | 1: | 5:7 | 1:", "1: | 4: | 5:7 | 1:"),
}
PICADO = {
    "triple": (
        ("x-x-X---....", "xxxxxxxxX---"),
        ("X---x-x-x-x-", "xxxxX-----.."),
        ("....xxxxxxxx", "X---x-x-X---"),
        ("X-----xxx-x-", "x-x-X-------"),
    ),
    "duple": (
        ("..x-x-x-X---xxxx", "xxxxX-----......"),
        ("X---..x-x-x-X---", "xxxxxxxxX---...."),
        ("....xxxxxxxxX---", "x-x-x-x-X-----.."),
    ),
    "compound": (
        ("x-x-x-X-x-x-", "xxxxxxX---.."),
        ("X-----x-x-x-", "x-xxxxX-----"),
        ("..xxxxxxX---", "x-x-x-X---.."),
    ),
}
LEAD = tune.Manner(rhythms=PICADO, scheme="abac", centre=69, reach=10, length=0.96, leaning=0.1)
SPREAD_SECONDS = 0.012


@dataclass(frozen=True, slots=True)
class Compas:
    """counts in a cycle, which of them (0-based) are stressed, and the length of one in beats."""

    counts: int
    stressed: frozenset[int]
    length: float

    def count_at(self, beat: float) -> int:
        return round(beat / self.length) % self.counts


def compas_of(plan: Plan) -> Compas:
    """The compas of a metre; four-four and what has no compas of its own is a tangos."""
    kind = ground.kind(plan.metre)
    if kind == "compound":
        return Compas(12, frozenset(BULERIA), 0.5)
    if kind == "triple":
        return Compas(12, frozenset(BULERIA if plan.bpm >= FAST else SOLEA), 1.0)
    return Compas(8, frozenset(TANGOS), 1.0 if plan.metre.beats % 1 == 0 else 0.5)


def harmonise(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    """Down the Andalusian cadence to the tonic."""
    return changes.by_section(chart, plan, CHANGES)


def counts_in(bar: Bar, compas: Compas) -> list[tuple[float, int]]:
    """Offset in the bar and number of each count."""
    places = np.arange(0.0, bar.beats - 1e-9, compas.length).tolist()
    return [(offset, compas.count_at(bar.start + offset)) for offset in places]


def rasguear(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Strokes on every count, full ones on the stressed, a roll of the fingers into some of them."""
    compas = compas_of(plan)
    spread = SPREAD_SECONDS * plan.bpm / 60.0
    rolls = dice.random((len(bars), compas.counts)).tolist()
    events: list[Event] = []
    for bar, chances in zip(bars, rolls, strict=True):
        for offset, count in counts_in(bar, compas):
            chord = bar.chord_at(offset)
            notes = frets(chord, voice)
            start = bar.start + offset
            room = min(compas.length, bar.beats - offset)
            loud = (0.62 + 0.2 * bar.intensity) * (1.0 if count in compas.stressed else 0.62)
            rolling = count + 1 in compas.stressed and chances[count] < 0.35 * bar.intensity + 0.1
            if rolling and room >= 1.0:
                for n in range(4):
                    quick = loud * (0.55 + 0.15 * n)
                    events += ground.strum(
                        notes, start + 0.25 * n, 0.25, quick, spread / 2, up=n % 2 == 1
                    )
            elif count in compas.stressed or chances[count] < 0.7:
                events += ground.strum(notes, start, 0.9 * room, loud, spread)
                if chances[count] < 0.3 and room >= 0.5:
                    half = room / 2
                    events += ground.strum(notes, start + half, half, 0.6 * loud, spread, up=True)
    if bars and not events:
        events = ground.strum(frets(bars[0].chords[0], voice), bars[0].start, 1.0, 0.6, spread)
    return ground.within(_one_each(events), bars)


def frets(chord: Chord, voice: Voice) -> tuple[int, ...]:
    """Root in the bass, the chord above it as far as a hand and the instrument go."""
    known = INSTRUMENTS[voice.instrument]
    bass = known.low + (chord.root - known.low) % 12
    above = [p for p in range(bass + 5, min(bass + 22, known.high) + 1) if p % 12 in chord.notes]
    return (bass, *above[:4])


def _one_each(events: Sequence[Event]) -> list[Event]:
    """A string that is struck again ends its former note."""
    kept: list[Event] = []
    last: dict[int, int] = {}
    for event in sorted(events):
        before = last.get(event[2])
        if before is not None:
            start, length, pitch, loud = kept[before]
            if abs(event[0] - start) < 1e-6:
                continue
            kept[before] = (start, min(length, event[0] - start), pitch, loud)
        last[event[2]] = len(kept)
        kept.append(event)
    return kept


def picado(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Runs of sixteenths that come to rest on the cadence."""
    return tune.sing(bars, plan, voice, dice, LEAD)


def clap(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Cajon and palmas: bass on the stressed counts, claps on all, and between them the contratiempo."""
    if voice.instrument == "tabla":
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    compas = compas_of(plan)
    between = dice.random((len(bars), compas.counts)).tolist()
    events: list[Event] = []
    for bar, chances in zip(bars, between, strict=True):
        strength = ground.strength(bar)
        for offset, count in counts_in(bar, compas):
            start = bar.start + offset
            stressed = count in compas.stressed
            events.append((start, 0.2, KEYS["clap"], (0.8 if stressed else 0.42) * strength))
            if stressed or count == 0:
                key = "kick" if count in {0, *sorted(compas.stressed)[::2]} else "snare"
                events.append((start, 0.3, KEYS[key], 0.85 * strength))
            half = compas.length / 2
            if chances[count] < 0.25 + 0.45 * bar.intensity and offset + half < bar.beats:
                key = "clap" if voice.role is Role.PERCUSSION else "snare"
                events.append((start + half, 0.15, KEYS[key], 0.36 * strength))
    return ground.within(events, bars)


def ground_bass(
    bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """The root where a bar begins, root or fifth again on the stressed counts."""
    compas = compas_of(plan)
    known = INSTRUMENTS[voice.instrument]
    scale = theory.scale(plan.key)
    events: list[Event] = []
    for bar in bars:
        places = [
            offset
            for offset, count in counts_in(bar, compas)
            if count in compas.stressed or not offset
        ]
        for n, offset in enumerate(places):
            chord = bar.chord_at(offset)
            fifth = (chord.root + 7) % 12
            note = fifth if n % 2 and fifth in scale | set(chord.notes) else chord.root
            end = places[n + 1] if n + 1 < len(places) else bar.beats
            pitch = ground.closest(note, known.low + 9, voice.instrument)
            events.append((bar.start + offset, 0.85 * (end - offset), pitch, 0.74))
    return ground.within(events, bars)


PLAYERS = {
    Role.LEAD: picado,
    Role.COMP: rasguear,
    Role.BASS: ground_bass,
    Role.DRUMS: clap,
    Role.PERCUSSION: clap,
}
