"""The second voice: answers where the tune breathes, and holds a note of the chord under it elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord

GAP = 0.9
"""Beats of silence in the tune that invite an answer."""
CENTRE = 65


def answer(
    bars: Sequence[Bar],
    tune: Sequence[Event],
    plan: Plan,
    voice: Voice,
    dice: np.random.Generator,
) -> list[Event]:
    """Notes of the chord only: the tune has the right to all others."""
    gaps = _gaps(tune, bars)
    rolls = dice.random(2 * len(bars) + 1).tolist()
    at = CENTRE
    events: list[Event] = []
    for n, bar in enumerate(bars):
        gap = next((g for g in gaps if bar.start <= g[0] < bar.start + bar.beats), None)
        if gap and rolls[2 * n] < 0.85:
            room = min(gap[1], bar.start + bar.beats) - gap[0]
            count = max(1, min(3, int(room / 0.5)))
            direction = 1 if rolls[2 * n + 1] < 0.5 else -1
            for k in range(count):
                start = gap[0] + 0.5 * k
                chord = bar.chord_at(start - bar.start)
                at = _chord_note(chord, at + direction * 3 * (k > 0), voice)
                events.append((start, 0.45 if k < count - 1 else room - 0.5 * k, at, 0.55))
        else:
            for chord in bar.chords:
                at = _chord_note(chord, round(0.7 * at + 0.3 * CENTRE), voice)
                events.append((chord.start, 0.95 * chord.length, at, 0.46))
    return events


def _gaps(tune: Sequence[Event], bars: Sequence[Bar]) -> list[tuple[float, float]]:
    """From..to in beats: where the tune is silent for long enough, on the grid of eighths."""
    if not bars:
        return []
    gaps: list[tuple[float, float]] = []
    sung = 0.0
    end = bars[-1].start + bars[-1].beats
    for start, length, _, _ in (*tune, (end, 0.0, 0, 0.0)):
        begin = np.ceil(2 * sung - 1e-6) / 2
        if start - begin >= GAP:
            gaps.append((float(begin), start))
        sung = max(sung, start + length)
    return gaps


def _chord_note(chord: Chord, near: float, voice: Voice) -> int:
    instrument = INSTRUMENTS[voice.instrument]
    middle = min(max(CENTRE, instrument.low + 7), instrument.high - 7)
    wanted = min(max(near, middle - 9), middle + 9)
    # Not the root of a major seventh, nor the seventh itself: the voices around hold them.
    notes = chord.notes[1:3] if len(chord.notes) > 3 else chord.notes
    fitting = [p for p in range(instrument.low, instrument.high + 1) if p % 12 in notes]
    return min(fitting, key=lambda pitch: abs(pitch - wanted))
