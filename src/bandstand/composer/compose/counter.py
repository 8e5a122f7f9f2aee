"""The second voice: answers where the tune breathes, goes along with it where a section wants that, and holds a note of
the chord elsewhere. Never louder than the tune, and never against it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event, by_section
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord

GAP = 0.9
"""Beats of silence in the tune that invite an answer."""
CENTRE = 65
ANSWERS = 0.85
LONGEST = 3
"""Notes of an answer that is no echo."""
ECHOED = 5
LOUD, SOFT, ALONG = 0.55, 0.46, 0.5

Harmony = tuple[int, ...]
"""The notes of a chord."""


def answer(
    bars: Sequence[Bar],
    tune: Sequence[Event],
    plan: Plan,
    voice: Voice,
    dice: np.random.Generator,
) -> list[Event]:
    """Section by section: along with the tune, or in answer to it."""
    gaps = _gaps(tune, bars)
    held: dict[Harmony, int] = {}
    events: list[Event] = []
    for section in by_section(bars):
        if "answer" in section[0].section.traits:
            events += _along(section, tune, plan, voice)
        else:
            events += _replies(section, gaps, tune, voice, held, dice)
    return events


def _replies(
    bars: Sequence[Bar],
    gaps: Sequence[tuple[float, float]],
    tune: Sequence[Event],
    voice: Voice,
    held: dict[Harmony, int],
    dice: np.random.Generator,
) -> list[Event]:
    """Notes of the chord only: the tune has the right to all others.

    held  what was held under each chord when it first came: it is held again
    """
    rolls = dice.random(3 * len(bars) + 1).tolist()
    at = CENTRE
    events: list[Event] = []
    for n, bar in enumerate(bars):
        gap = next((g for g in gaps if bar.start <= g[0] < bar.start + bar.beats), None)
        if gap and rolls[3 * n] < ANSWERS:
            room = min(gap[1], bar.start + bar.beats) - gap[0]
            said = _echo(tune, gap[0], room) if rolls[3 * n + 2] < 0.6 else ()
            reply = said or _turn(room, up=rolls[3 * n + 1] < 0.5)
            for start, length, move in reply:
                chord = bar.chord_at(gap[0] + start - bar.start)
                at = _chord_note(chord, at + move, voice)
                events.append((gap[0] + start, length, at, LOUD))
        else:
            for chord in bar.chords:
                here = _chord_note(chord, round(0.7 * at + 0.3 * CENTRE), voice)
                at = held.setdefault(chord.notes, here)
                events.append((chord.start, 0.95 * chord.length, at, SOFT))
    return events


def _echo(tune: Sequence[Event], gap: float, room: float) -> list[tuple[float, float, int]]:
    """What was just sung, as start, length and move, as much of it as finds room; none if it was one note."""
    heard = [event for event in tune if gap - 4.0 <= event[0] < gap][-ECHOED:]
    first = next((n for n in range(len(heard)) if gap - heard[n][0] <= room + 0.5), len(heard))
    heard = heard[first:]
    if len(heard) < 2:
        return []
    begin, before = heard[0][0], heard[0][2]
    said: list[tuple[float, float, int]] = []
    for start, length, pitch, _ in heard:
        place = round(4 * (start - begin)) / 4
        if place <= room - 0.25:
            said.append((place, min(length, room - place), pitch - before))
            before = pitch
    return said


def _turn(room: float, *, up: bool) -> list[tuple[float, float, int]]:
    """A short broken chord, its last note held."""
    count = max(1, min(LONGEST, int(room / 0.5)))
    move = 3 if up else -3
    return [
        (0.5 * k, 0.45 if k < count - 1 else room - 0.5 * k, move if k else 0) for k in range(count)
    ]


def _along(bars: Sequence[Bar], tune: Sequence[Event], plan: Plan, voice: Voice) -> list[Event]:
    """A third or a sixth under the tune, whichever belongs to the chord; silent where neither agrees with it."""
    first, end = bars[0].start, bars[-1].start + bars[-1].beats
    instrument = INSTRUMENTS[voice.instrument]
    scale = sorted(theory.scale(plan.key))
    events: list[Event] = []
    for start, length, pitch, _ in tune:
        if not first <= start < end:
            continue
        bar = next(bar for bar in reversed(bars) if bar.start <= start)
        chord = bar.chord_at(start - bar.start)
        below = _below(pitch, chord, scale)
        while below > instrument.high:
            below -= 12
        while below < instrument.low:
            below += 12
        if not any((below - note) % 12 in {1, 11} for note in chord.notes):
            events.append((start, length, below, ALONG))
    return events


def _below(pitch: int, chord: Chord, scale: Sequence[int]) -> int:
    """The third below, or the sixth where that is of the chord and the third is not."""
    third = next((pitch - n for n in (3, 4) if (pitch - n) % 12 in scale), pitch - 3)
    sixth = next((pitch - n for n in (8, 9) if (pitch - n) % 12 in scale), pitch - 9)
    return sixth if sixth % 12 in chord.notes and third % 12 not in chord.notes else third


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
