"""How a piece ends, and pieces too short to be anything but an end. The last chord stands on the last barline."""

from __future__ import annotations

from dataclasses import replace

from bandstand.composer import theory
from bandstand.composer.compose.bass import root_pitch
from bandstand.composer.compose.chart import Event
from bandstand.composer.compose.groove import last_stroke
from bandstand.composer.compose.voicing import voice_chord
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Role

ROLL_SECONDS = 0.03
SHORT = 0.75
"""Beats of the last chord where it ends the piece at once."""
FIGURE = (0, 2, 1, 3, 2, 4, 2, 0)
"""Steps of the scale above the tonic: all that a piece shorter than a bar has to say."""


def last_chord(voice: Voice, chord: Chord, plan: Plan, *, sung: int | None) -> list[Event]:
    """What a player does with the final chord.

    sung  the last pitch of the tune, if this is the singer
    """
    length = min(0.985 * chord.length, SHORT if plan.hard else chord.length)
    if INSTRUMENTS[voice.instrument].family == "kit":
        return [(chord.start, min(2.0, length), key, 0.85) for key in last_stroke(voice)]
    if voice.role in {Role.BASS, Role.DRONE}:
        return [(chord.start, length, root_pitch(plan.key.tonic, voice.instrument), 0.8)]
    if voice.role is Role.LEAD:
        return [(chord.start, length, tonic_near(voice, plan, sung), 0.78)]
    notes = voice_chord(chord, voice)
    if voice.role is Role.COUNTER:
        notes = notes[-1:]
    roll = ROLL_SECONDS * plan.bpm / 60.0 if voice.role is Role.ARP else 0.0
    roll = min(roll, chord.length / 8)
    return [
        (chord.start + n * roll, max(length - n * roll, 0.1), pitch, 0.66)
        for n, pitch in enumerate(notes)
    ]


def figure(voice: Voice, chord: Chord, plan: Plan) -> list[Event]:
    """A whole piece shorter than a bar: the chord, and over it a few notes that come home."""
    step = 0.5 if chord.length >= 1.5 else chord.length / 3
    count = max(2, min(len(FIGURE), int(0.8 * chord.length / step)))
    if INSTRUMENTS[voice.instrument].family == "kit":
        low, high = last_stroke(voice)
        return [(n * step, step, high if n % 2 else low, 0.8) for n in range(count)]
    if voice.role is not Role.LEAD:
        if chord.length < 3:
            return last_chord(voice, chord, plan, sung=None)
        quarter = chord.length / 4
        strokes = [replace(chord, start=n * quarter, length=quarter) for n in range(4)]
        return [event for stroke in strokes for event in last_chord(voice, stroke, plan, sung=None)]
    tonic = tonic_near(voice, plan, None)
    steps = theory.MODES[plan.key.mode]
    high = INSTRUMENTS[voice.instrument].high
    shape = (*FIGURE[: count - 1], 0)
    events: list[Event] = []
    for n, degree in enumerate(shape):
        pitch = tonic + steps[degree] if tonic + steps[degree] <= high else tonic
        length = step if n < count - 1 else chord.length - n * step
        events.append((n * step, 0.95 * length, pitch, 0.75))
    return events


def tonic_near(voice: Voice, plan: Plan, pitch: int | None) -> int:
    """The tonic nearest to a pitch, or to the middle of the instrument."""
    instrument = INSTRUMENTS[voice.instrument]
    near = min(max(70, instrument.low + 6), instrument.high - 9) if pitch is None else pitch
    fitting = [p for p in range(instrument.low, instrument.high + 1) if p % 12 == plan.key.tonic]
    return min(fitting, key=lambda p: abs(p - near))
