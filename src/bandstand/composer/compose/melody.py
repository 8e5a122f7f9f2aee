"""The tune: motifs in phrases a a' b a'', set to the chords. One instrument at a time; it breathes.

A bar of a motif that has been sung is sung again note for note wherever the chord bears it: that is what makes it a
tune. On strong beats stand notes of the chord, between them steps of the scale; what would rub against a chord note is
left out or passed over quickly. The last phrase of a section ends on the tonic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.motif import Motif, Written, fragment, invent, notes_in_bar, vary
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord

LONG_BAR = 4.5  # beats; such a bar is a phrase
LEAP = 7  # semitones: wider is for singers who show off
WIDE = 4  # semitones: wider is a leap
LONG = 0.5  # beats: longer notes are heard against the chord
LED = 2  # notes that lead to the last one
STRANGE = 1
"""Notes beside the chord on beats that a bar may have when it is sung again over another chord."""
CENTRE = 70
PENTATONIC = {"minor": (1, 3, 4, 5, 7), "major": (1, 2, 3, 5, 6)}


Cell = tuple[tuple[float, int], ...]
"""A bar of a motif where it is sung: onsets in the bar, in beats, and steps of the ladder."""


@dataclass
class Singer:
    """Finds pitches for contours: the scale within the range, and where the voice stands."""

    plan: Plan
    voice: Voice
    dice: np.random.Generator
    ladder: list[int] = field(init=False)
    centre: int = field(init=False)
    at: int = field(init=False)
    leapt: int = 0
    sung: dict[Cell, list[tuple[int, ...]]] = field(
        default_factory=dict["Cell", "list[tuple[int, ...]]"]
    )

    def __post_init__(self) -> None:
        instrument = INSTRUMENTS[self.voice.instrument]
        middle = CENTRE + self.plan.style.tune.register
        middle = min(max(middle, instrument.low + 8), instrument.high - 10)
        low, high = max(instrument.low, middle - 11), min(instrument.high, middle + 14)
        scale = theory.scale(self.plan.key)
        self.ladder = [pitch for pitch in range(low, high + 1) if pitch % 12 in scale]
        self.centre = min(range(len(self.ladder)), key=lambda n: abs(self.ladder[n] - middle))
        self.at = self.ladder[self.centre]

    def base(self, lift: int) -> int:
        """Where on the ladder a phrase begins."""
        return min(max(self.centre + lift, 2), len(self.ladder) - 3)

    def pitch(self, step: int, chord: Chord, *, strong: bool, long: bool) -> int:
        """The note nearest to a step of the ladder that suits the chord and the way the voice came."""
        if self.leapt:
            step = self._below(self.at) + (-1 if self.leapt > 0 else 1)
        step = min(max(step, 0), len(self.ladder) - 1)
        best, cost = self.at, 1e9
        for n in range(max(0, step - 3), min(len(self.ladder), step + 4)):
            pitch = self.ladder[n]
            price = abs(n - step) + self._price(pitch, chord, strong=strong, long=long)
            if price < cost:
                best, cost = pitch, price
        self.move(best)
        return best

    def move(self, pitch: int) -> None:
        """Go to a pitch, and know whether that was a leap."""
        interval = pitch - self.at
        self.leapt = interval if abs(interval) > WIDE else 0
        self.at = pitch

    def _below(self, pitch: int) -> int:
        return min(range(len(self.ladder)), key=lambda n: abs(self.ladder[n] - pitch))

    def _price(self, pitch: int, chord: Chord, *, strong: bool, long: bool) -> float:
        interval = pitch - self.at
        price = 0.3 * max(0, abs(interval) - 2)
        if abs(interval) > LEAP:
            price += 6.0
        if self.leapt:  # a leap is answered by a step back
            price += 4.0 if self.leapt * interval >= 0 else 2.5 if abs(interval) > 2 else 0.0
        above = {(pitch - note) % 12 for note in chord.notes}
        if 0 not in above:
            price += 3.0 if strong else 0.0
            if 1 in above or 11 in above:
                price += 5.0 if long else 2.0
            elif self.plan.pentatonic and not self.leapt and not _pentatonic(pitch, self.plan):
                price += 0.7
        elif 11 in above and (chord.root - pitch) % 12 == 0 and long:
            price += 1.5
        return price


def sing(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The whole tune, section by section; a section that comes back brings its motifs back."""
    singer = Singer(plan, voice, dice)
    tune = plan.style.tune
    motifs = _motifs(plan, dice)
    events: list[Event] = []
    for section_bars in by_section(bars):
        section = section_bars[0].section
        unit = _unit(section_bars, plan)
        first, varied, second = motifs["b" if section.name == "b" else "a"]
        lift = 2 if section.name == "b" else 0
        letters = _letters(len(section_bars), unit, riff=plan.riff)
        for number, letter in enumerate(letters):
            place = number * unit
            phrase = section_bars[place : place + unit]
            motif = {"a": first, "'": varied, "b": second}[letter]
            motif = fragment(motif, sum(bar.beats for bar in phrase))
            last = number == len(letters) - 1
            events += _phrase(singer, phrase, motif, lift + (2 if letter == "b" else 0), ends=last)
    return [
        (start, max(0.1, length * tune.length), pitch, loud)
        for start, length, pitch, loud in events
    ]


def by_section(bars: Sequence[Bar]) -> list[list[Bar]]:
    """The bars in runs of one section each."""
    runs: list[list[Bar]] = []
    for bar in bars:
        if runs and runs[-1][-1].section is bar.section:
            runs[-1].append(bar)
        else:
            runs.append([bar])
    return runs


def _motifs(plan: Plan, dice: np.random.Generator) -> dict[str, tuple[Motif, Motif, Motif]]:
    """For verse and chorus: a motif, its variation, and another one."""
    tune = plan.style.tune
    bars = 1 if plan.riff or plan.metre.beats > LONG_BAR else 2
    pulse = theory.pulse(plan.metre)
    motifs: dict[str, tuple[Motif, Motif, Motif]] = {}
    for name, lift in (("a", 0.0), ("b", 0.2)):
        first, second = (
            invent(plan.metre.beats, bars, pulse, tune, dice, energy=plan.energy + lift)
            for _ in range(2)
        )
        motifs[name] = (first, vary(first, tune, dice), second)
    return motifs


def _unit(bars: Sequence[Bar], plan: Plan) -> int:
    """Bars in a phrase."""
    return 1 if plan.riff or len(bars) < 2 or plan.metre.beats > LONG_BAR else 2


def _letters(bars: int, unit: int, *, riff: bool) -> list[str]:
    """Which motif each phrase sings: a a' b a'', and so on; a riff insists."""
    count = -(-bars // unit)
    pattern = "aaa'" if riff else "a'ba" if count >= 4 else "a'"
    return [pattern[number % len(pattern)] for number in range(count)]


def _phrase(
    singer: Singer, bars: Sequence[Bar], motif: Motif, lift: int, *, ends: bool
) -> list[Event]:
    base = singer.base(lift)
    # Every phrase starts from its own place, so that the same motif over the same chords is the same tune.
    before, singer.at = singer.at, singer.ladder[base]
    events: list[Event] = []
    for number, bar in enumerate(bars):
        notes = notes_in_bar(motif, number, bar.beats, base, last=bar is bars[-1])
        cell = tuple((note.onset, note.step) for note in notes)
        if ends and notes and bar is bars[-1]:
            pitches = _home(singer, bar, notes, before)
        else:
            pitches = _again(singer, bar, notes, cell) or _anew(singer, bar, notes, cell, before)
        for note, pitch in zip(notes, pitches, strict=True):
            start = bar.start + note.onset
            accent = 0.06 if _on_beat(note, singer.plan) else 0.0
            length = _before_clash(pitch, start, note.length, bars)
            events.append((start, length, pitch, 0.66 + 0.16 * bar.intensity + accent))
    return events


def _anew(
    singer: Singer, bar: Bar, notes: Sequence[Written], cell: Cell, before: int
) -> tuple[int, ...]:
    """Find the notes of a bar, and remember them."""
    pitches: list[int] = []
    for note in notes:
        strong = _on_beat(note, singer.plan) and not note.free
        chord = bar.chord_at(note.onset)
        pitches.append(singer.pitch(note.step, chord, strong=strong, long=note.length > LONG))
        if note.first and abs(pitches[-1] - before) > WIDE:
            singer.leapt = pitches[-1] - before
    if cell:
        singer.sung.setdefault(cell, []).append(tuple(pitches))
    return tuple(pitches)


def _home(singer: Singer, bar: Bar, notes: Sequence[Written], before: int) -> tuple[int, ...]:
    """The last bar of a section: its last steps lead to the note it rests on."""
    rest = _cadence(singer, bar.chord_at(notes[-1].onset))
    step = singer.ladder.index(rest)
    way = 1 if singer.at >= rest else -1
    led = [
        replace(note, step=step + way * left) if left <= LED else note
        for left, note in zip(range(len(notes) - 1, -1, -1), notes, strict=True)
    ]
    pitches = _anew(singer, bar, led[:-1], (), before)
    singer.move(rest)
    return (*pitches, rest)


def _again(singer: Singer, bar: Bar, notes: Sequence[Written], cell: Cell) -> tuple[int, ...]:
    """The notes that were found for this bar before, if they suit its chords; else none."""
    for pitches in singer.sung.get(cell, ()):
        if pitches and _suits(singer, bar, notes, pitches):
            for pitch in pitches[-2:]:
                singer.move(pitch)
            return pitches
    return ()


def _suits(singer: Singer, bar: Bar, notes: Sequence[Written], pitches: Sequence[int]) -> bool:
    answer = pitches[0] - singer.at
    if singer.leapt and (abs(answer) > 2 or answer * singer.leapt >= 0):
        return False
    strange = 0
    for note, pitch in zip(notes, pitches, strict=True):
        above = {(pitch - other) % 12 for other in bar.chord_at(note.onset).notes}
        if 0 not in above:
            if note.length > LONG and above & {1, 11}:
                return False
            strange += _on_beat(note, singer.plan) and not note.free
    return strange <= STRANGE and abs(pitches[0] - singer.at) <= LEAP


def _on_beat(note: Written, plan: Plan) -> bool:
    return note.onset % theory.pulse(plan.metre) == 0


def _cadence(singer: Singer, chord: Chord) -> int:
    """The nearest tonic if the chord bears it, else the nearest note of the chord."""
    tonic = singer.plan.key.tonic
    rubs = any((tonic - note) % 12 in {1, 11} for note in chord.notes)
    wanted = set(chord.notes) if rubs or tonic not in chord.notes else {tonic}
    fitting = [pitch for pitch in singer.ladder if pitch % 12 in wanted]
    return min(fitting, key=lambda pitch: abs(pitch - singer.at), default=singer.at)


def _before_clash(pitch: int, start: float, length: float, bars: Sequence[Bar]) -> float:
    """Let go of a note before a chord that it would rub against."""
    for bar in bars:
        for chord in bar.chords:
            if start < chord.start < start + length and any(
                (pitch - note) % 12 in {1, 11} for note in chord.notes
            ):
                return chord.start - start
    return length


def _pentatonic(pitch: int, plan: Plan) -> bool:
    steps = theory.MODES[plan.key.mode]
    degrees = PENTATONIC[theory.family(plan.key.mode)]
    return (pitch - plan.key.tonic) % 12 in {steps[degree - 1] for degree in degrees}
