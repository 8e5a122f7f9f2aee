"""A found tune, polished: leaps are answered by a step back, and what passes quickly does not rub. Knows no tradition."""

from __future__ import annotations

from collections.abc import Sequence

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan

LEAP, STEP = 4, 2
"""Semitones: wider than the one is a leap, at most the other a step."""
SIXTEENTH = 0.3
"""Beats that a sixteenth lasts at most."""
PAUSE = 1.0
"""Bars of rest after which another phrase begins."""


def answered(events: Sequence[Event], bars: Sequence[Bar], plan: Plan, voice: Voice) -> list[Event]:
    """The tune with the note after each leap moved to a step back, where the scale and, on a beat, the chord bear it."""
    mended = list(events)
    known = INSTRUMENTS[voice.instrument]
    pulse = theory.pulse(plan.metre)
    by_index = {bar.index: bar for bar in bars}
    for n in range(2, len(mended)):
        (before, _, low, _), (at, held, landed, _), (start, length, pitch, loud) = mended[
            n - 2 : n + 1
        ]
        leap = landed - low
        bar = by_index.get(int(start / plan.metre.beats + 1e-6))
        apart = start - at - held >= PAUSE * plan.metre.beats or at - before >= plan.metre.beats
        if abs(leap) <= LEAP or apart or bar is None:
            continue
        way = -1 if leap > 0 else 1
        if 0 < way * (pitch - landed) <= STEP:
            continue
        offset = start - bar.start
        chord = bar.chord_at(offset)
        scale = frozenset(chord.notes) if offset % pulse == 0 else _bent(plan, chord.notes)
        back = [landed + way * step for step in (1, 2)]
        fitting = [p for p in back if p % 12 in scale and known.low <= p <= known.high]
        after = mended[n + 1][2] if n + 1 < len(mended) else landed
        if fitting and abs(after - fitting[-1]) <= LEAP:
            mended[n] = (start, length, ground.nearest(fitting, pitch), loud)
    return mended


def _bent(plan: Plan, notes: Sequence[int]) -> frozenset[int]:
    """The scale, without what lies a semitone beside a note that the chord has and the scale has not."""
    scale = theory.scale(plan.key)
    foreign = frozenset(notes) - scale
    beside = {(note + side) % 12 for note in foreign for side in (-1, 1)} - frozenset(notes)
    return (scale - beside) | foreign


def eased(events: Sequence[Event], bars: Sequence[Bar], plan: Plan, voice: Voice) -> list[Event]:
    """The tune with the sixteenths between its eighths moved off what lies a semitone beside the chord."""
    mended = list(events)
    known = INSTRUMENTS[voice.instrument]
    by_index = {bar.index: bar for bar in bars}
    for n, (start, length, pitch, loud) in enumerate(mended):
        bar = by_index.get(int(start / plan.metre.beats + 1e-6))
        if bar is None or length > SIXTEENTH or start % 0.5 == 0:
            continue
        notes = bar.chord_at(start - bar.start).notes
        if not _rubs(pitch, notes):
            continue
        scale = _bent(plan, notes)
        around = [mended[k][2] for k in (n - 1, n + 1) if 0 <= k < len(mended)]
        fitting = [
            p
            for p in range(max(pitch - 3, known.low), min(pitch + 3, known.high) + 1)
            if p % 12 in scale and not _rubs(p, notes) and all(abs(p - a) <= LEAP for a in around)
        ]
        if fitting:
            mended[n] = (start, length, ground.nearest(fitting, pitch), loud)
    return mended


def _rubs(pitch: int, notes: Sequence[int]) -> bool:
    above = {(pitch - note) % 12 for note in notes}
    return 0 not in above and bool(above & {1, 11})
