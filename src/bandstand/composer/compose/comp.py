"""Chords as they are played: comping, pads, arpeggios. Which chord it is comes from the chart.

Voicings move as little as they can from chord to chord. A major seventh leaves its root to the bass, for the two
would rub; the other sevenths keep theirs, for without its root a minor seventh is a chord of another key.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer.compose.chart import Bar, Event, hits
from bandstand.composer.instruments import INSTRUMENTS, Instrument
from bandstand.composer.plan.casting import SECTIONS, SINGING, Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.plan.style import Comping
from bandstand.composer.score import Chord, Role

LOUDNESS = {"X": 0.78, "x": 0.64, "o": 0.45}
CENTRES = {Role.COMP: 60, Role.PAD: 62, Role.ARP: 67}
POWERFUL = frozenset({"distorted-guitar", "overdriven-guitar"})
STRUM_SECONDS = 0.011
STAB = 0.3
PAD_BARS_MAX = 2
HELD = Comping("block", "X---------------")


def comp(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Chords in the rhythm of the style."""
    manners = plan.style.idioms(plan.metre).comp
    order = dice.permutation(len(manners))
    verse, chorus = manners[order[0]], manners[order[-1]]
    calm = _calmest(manners)
    events: list[Event] = []
    previous: tuple[int, ...] = ()
    for bar in bars:
        manner = calm if bar.intensity < 0.5 else chorus if bar.section.name == "b" else verse
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
    for count, (offset, written, symbol) in enumerate(hits(manner.rhythm, bar.beats, bar.place)):
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
        order = notes if offset == int(offset) else notes[::-1]
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
    """Broken chords; a digit of the pattern is a note of the chord, counted from below."""
    patterns = plan.style.idioms(plan.metre).arp
    pattern = patterns[int(dice.integers(len(patterns)))]
    instrument = INSTRUMENTS[voice.instrument]
    events: list[Event] = []
    previous: tuple[int, ...] = ()
    for bar in bars:
        strength = 0.45 + 0.2 * bar.intensity
        voicings = {}
        for chord in bar.chords:
            previous = voice_chord(chord, voice, previous)
            voicings[chord.start] = previous
        for offset, length, symbol in hits(pattern, bar.beats, bar.place):
            notes = voicings[bar.chord_at(offset).start]
            octave, note = divmod(int(symbol), len(notes))
            pitch = notes[note] + 12 * octave
            pitch = pitch if pitch <= instrument.high else pitch - 12
            events.append((bar.start + offset, max(length, 0.3), pitch, strength))
    return events


def voice_chord(chord: Chord, voice: Voice, previous: tuple[int, ...] = ()) -> tuple[int, ...]:
    """Spread a chord over the keyboard, close to where the hand already is; low to high, never empty."""
    instrument = INSTRUMENTS[voice.instrument]
    if voice.instrument in POWERFUL and voice.role is Role.COMP:
        root = instrument.low + (chord.root - instrument.low) % 12
        return root, root + 7, root + 12
    centre = _centre(voice, instrument)
    notes = chord.notes
    if len(notes) > 3 and (notes[3] - notes[0]) % 12 == 11:
        notes = notes[1:]
    elif len(notes) > 4:
        notes = notes[:4]
    if instrument.family in SINGING and voice.instrument not in SECTIONS:
        notes = notes[1:2]
    if len(notes) == 2:
        notes = (*notes, notes[0])
    target = sum(previous) / len(previous) if previous else centre
    # Drift back to the centre, or the hand would walk off the keyboard in a long piece.
    return _close(notes, 0.6 * target + 0.4 * centre, instrument)


def _centre(voice: Voice, instrument: Instrument) -> float:
    wanted = CENTRES.get(voice.role, 62) + (5 if voice.pan > 0.5 else 0)
    return min(max(wanted, instrument.low + 6), instrument.high - 7)


def _close(notes: Sequence[int], target: float, instrument: Instrument) -> tuple[int, ...]:
    """The closed position, in whichever inversion, whose middle lies nearest to the target."""
    best: tuple[float, tuple[int, ...]] = (1e9, ())
    for turn in range(len(notes)):
        order = [*notes[turn:], *notes[:turn]]
        low = instrument.low + (order[0] - instrument.low) % 12
        pitches = [low]
        for note in order[1:]:
            pitches.append(pitches[-1] + ((note - pitches[-1]) % 12 or 12))
        middle = sum(pitches) / len(pitches)
        shift = 12 * round((target - middle) / 12)
        shift = max(0, min(shift, 12 * ((instrument.high - pitches[-1]) // 12)))
        distance = abs(middle + shift - target)
        if distance < best[0] and pitches[-1] <= instrument.high:
            best = (distance, tuple(pitch + shift for pitch in pitches))
    assert best[1], f"no room for a chord on {instrument}"
    return best[1]


def _to_and_fro(count: int, size: int) -> int:
    """0 1 2 1 0 1 2 1 ..."""
    turn = 2 * size - 2 or 1
    place = count % turn
    return place if place < size else turn - place
