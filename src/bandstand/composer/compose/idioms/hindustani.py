"""North Indian classical music: who plays what. Nobody changes chords: everything stands on Sa and its companion.

raga.py  which notes, and where they go     gat.py  the melody     tala.py  the cycle and the tabla
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground
from bandstand.composer.compose.idioms.gat import play_melody
from bandstand.composer.compose.idioms.raga import choose
from bandstand.composer.compose.idioms.tala import play_tabla, tala_for
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Role

COURSES = 4
DRONE_CENTRE, CHORD_CENTRE, BASS_CENTRE = 46, 58, 38


def stay(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    """One chord for the whole piece: the notes on which the raga rests, Sa first."""
    raga = choose(plan)
    tonic = plan.key.tonic
    rests = [0, raga.second, *sorted(raga.rests - {0, raga.second})]
    notes = tuple((tonic + note) % 12 for note in rests)
    name = f"{theory.note_name(tonic, plan.key)}5"
    still = [(Chord(bar.start, bar.beats, tonic, notes, name),) for bar in chart]
    return ground.with_chords(chart, still)


def strum_tanpura(
    bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """Pa Sa Sa Sa, the last an octave lower: one course after the other, all day."""
    low = _open_strings(plan, voice.instrument, DRONE_CENTRE)
    apart = 1.0 if plan.bpm <= 140 else 2.0
    events: list[Event] = []
    for bar in bars:
        place = 0.0
        while place < bar.beats - 1e-9:
            course = round((bar.start + place) / apart) % COURSES
            ring = max(COURSES * apart, bar.beats / 2)
            events.append((bar.start + place, ring, low[course], 0.58 if course else 0.62))
            place += apart
    return ground.within(events, bars)


def _open_strings(plan: Plan, instrument: str, centre: float) -> tuple[int, int, int, int]:
    raga = choose(plan)
    tonic = plan.key.tonic
    sa = ground.closest(tonic, centre + 4, instrument)
    below = ground.closest(tonic, sa - 12, instrument)
    second = ground.closest((tonic + raga.second) % 12, sa - 5, instrument)
    return second, sa, sa, below


def hold_sa(
    bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """Sa and its companion, once a bar: what a harmonium or a pad has to say here."""
    second, sa, _, _ = _open_strings(plan, voice.instrument, CHORD_CENTRE)
    return [
        (bar.start, 0.97 * bar.beats, pitch, 0.5) for bar in bars for pitch in sorted({second, sa})
    ]


def sweep(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The swarmandal's sweep up the aroha at the beginning of a cycle, and single notes that rest."""
    raga, tala = choose(plan), tala_for(plan)
    base = ground.closest(plan.key.tonic, 64, voice.instrument)
    known = INSTRUMENTS[voice.instrument]
    rising = [base + note for note in raga.aroha if known.low <= base + note <= known.high]
    resting = [pitch for pitch in rising if (pitch - plan.key.tonic) % 12 in raga.rests]
    events: list[Event] = []
    for bar in bars:
        if tala.matra_at(bar.start) == 0:
            step = min(0.25, bar.beats / len(rising))
            events += [(bar.start + n * step, 1.5, p, 0.5) for n, p in enumerate(rising)]
        else:
            pitch = resting[int(dice.integers(len(resting)))]
            events.append((bar.start, bar.beats, pitch, 0.5))
    return ground.within(events, bars)


def tread(bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator) -> list[Event]:
    """A bass, if there must be one: Sa where a vibhag begins, its companion in the middle of a bar."""
    second, _, _, sa = _open_strings(plan, voice.instrument, BASS_CENTRE)
    events: list[Event] = []
    for bar in bars:
        half = float(round(bar.beats / 2))
        events.append((bar.start, 0.9 * (half or bar.beats), sa, 0.75))
        if 0.0 < half < bar.beats:
            events.append((bar.start + half, 0.9 * (bar.beats - half), second, 0.65))
    return ground.within(events, bars)


def shadow(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The second melody instrument: long resting notes of the raga below the soloist."""
    raga = choose(plan)
    calm = [note for note in (0, raga.second) if not {(note - 1) % 12, note + 1} & raga.notes]
    steady = {(plan.key.tonic + note) % 12 for note in calm or [0]}
    pitches = ground.ladder(steady, voice.instrument, 62, 12)
    events: list[Event] = []
    at = ground.nearest(pitches, 62)
    for bar in bars:
        at = ground.nearest(pitches, at + int(dice.choice((-5, 0, 5))))
        # Where the raga has the semitones beside it, even a resting note must not stay long.
        length = bar.beats if calm else min(0.5, bar.beats)
        events.append((bar.start, 0.95 * length, at, 0.46))
    return ground.within(events, bars)


PLAYERS = {
    Role.LEAD: play_melody,
    Role.COUNTER: shadow,
    Role.DRUMS: play_tabla,
    Role.PERCUSSION: play_tabla,
    Role.DRONE: strum_tanpura,
    Role.COMP: hold_sa,
    Role.PAD: hold_sa,
    Role.ARP: sweep,
    Role.BASS: tread,
}
