"""Chords as they are played: comping, pads, arpeggios. Which chord it is comes from the chart, how it lies from
`voicing.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event, hits
from bandstand.composer.compose.drive import CALM, strokes, suited
from bandstand.composer.compose.voicing import voice_chord
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.plan.style import Comping
from bandstand.composer.score import Chord

LOUDNESS = {"X": 0.78, "x": 0.64, "o": 0.45}
STRUM_SECONDS = 0.011
STRESS = 1.2
"""How much louder a note of an arpeggio is where the foot taps."""
STAB = 0.3
PAD_BARS_MAX = 2
QUIET = 0.5
HELD = Comping("block", "X---------------")


def comp(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Chords in the rhythm of the style."""
    manners = suited(
        plan.style.idioms(plan.metre).comp, lambda manner: strokes(manner.rhythm), plan.drive
    )
    order = dice.permutation(len(manners))
    verse, chorus = manners[order[0]], manners[order[-1]]
    calm = _calmest(manners)
    events: list[Event] = []
    previous: tuple[int, ...] = ()
    for bar in bars:
        manner = calm if bar.intensity < QUIET else chorus if bar.is_peak else verse
        voicings = {}
        for chord in bar.chords:
            previous = voice_chord(chord, voice, previous)
            voicings[chord.start] = previous
        events += _comp_bar(bar, manner, voicings, plan)
    return events


def _calmest(manners: Sequence[Comping]) -> Comping:
    """The fewest strokes that begin with the bar: alone, chords beside the beat would leave holes."""
    grounded = [manner for manner in manners if manner.rhythm[0] in "Xxo"]
    return min(grounded, key=lambda manner: sum(map(manner.rhythm.count, "Xxo")), default=HELD)


def _comp_bar(
    bar: Bar, manner: Comping, voicings: dict[float, tuple[int, ...]], plan: Plan
) -> list[Event]:
    events: list[Event] = []
    strength = 0.75 + 0.25 * bar.intensity
    strum = STRUM_SECONDS * plan.bpm / 60.0 if manner.how == "strum" else 0.0
    pulse, count = theory.pulse(plan.metre), -1
    for offset, written, symbol in hits(manner.rhythm, bar.beats, bar.place):
        # Fingers begin anew with each dotted quarter; else three strings would make groups of four.
        count = 0 if pulse > 1.0 and offset % pulse == 0 else count + 1
        chord = bar.chord_at(offset)
        notes = voicings[chord.start]
        loud = LOUDNESS[symbol] * strength
        start = bar.start + offset
        longest = STAB if manner.how == "stab" else written
        length = min(longest, written, chord.start + chord.length - start)
        if manner.how == "broken":
            events.append((start, length, notes[_to_and_fro(count, len(notes))], loud))
            continue
        # Strokes go down on the beat and up beside it.
        order = notes if offset % pulse % 1.0 == 0 else notes[::-1]
        events += [(start + n * strum, 0.95 * length, pitch, loud) for n, pitch in enumerate(order)]
    return events


def hold_pad(
    bars: Sequence[Bar], _plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """Hold each chord as long as it lasts; one that goes on is not struck again."""
    held: list[Chord] = []
    for bar in bars:
        for chord in bar.chords:
            before = held[-1] if held else None
            if before is not None and _goes_on(before, chord, PAD_BARS_MAX * bar.beats):
                held[-1] = Chord(before.start, before.length + chord.length, *_identity(chord))
            else:
                held.append(chord)
    events: list[Event] = []
    previous: tuple[int, ...] = ()
    for chord in held:
        previous = voice_chord(chord, voice, previous)
        events += [(chord.start, 0.98 * chord.length, pitch, 0.55) for pitch in previous]
    return events


def _goes_on(before: Chord, chord: Chord, longest: float) -> bool:
    adjoins = abs(before.start + before.length - chord.start) < 1e-6
    return adjoins and before.notes == chord.notes and before.length + chord.length <= longest


def _identity(chord: Chord) -> tuple[int, tuple[int, ...], str]:
    return chord.root, chord.notes, chord.name


def arpeggiate(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Broken chords; a digit of the pattern is a note of the chord, counted from below. Where it is quiet, in eighths."""
    patterns = suited(plan.style.idioms(plan.metre).arp, strokes, plan.drive)
    pattern = patterns[int(dice.integers(len(patterns)))]
    pulse = theory.pulse(plan.metre)
    events: list[Event] = []
    previous: tuple[int, ...] = ()
    for bar in bars:
        strength = 0.45 + 0.2 * bar.intensity
        voicings = {}
        for chord in bar.chords:
            previous = voice_chord(chord, voice, previous)
            voicings[chord.start] = previous
        for offset, length, symbol in hits(pattern, bar.beats, bar.place):
            if (bar.intensity < QUIET or plan.drive <= CALM) and offset % 0.5:
                continue
            notes = voicings[bar.chord_at(offset).start]
            octave, note = divmod(int(symbol), len(notes))
            pitch = notes[note] + 12 * octave
            loud = strength * (STRESS if offset % pulse == 0 else 1.0)
            events.append((bar.start + offset, max(length, 0.3), pitch, loud))
    return events


def _to_and_fro(count: int, size: int) -> int:
    """0 1 2 1 0 1 2 1 ..."""
    turn = 2 * size - 2 or 1
    place = count % turn
    return place if place < size else turn - place
