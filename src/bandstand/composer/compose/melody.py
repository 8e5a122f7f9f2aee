"""The tune: phrases set to the chords. One instrument at a time; it breathes.

A phrase that has been sung is sung again note for note wherever the chords bear it, as a sequence a step or two higher
or lower where they bear that, and as nearly as it can be where they do not: that is what makes it a tune. On strong
beats stand mostly notes of the chord, between them steps of the scale; what would rub against a chord note is avoided
or passed over quickly. The last phrase of a section comes home.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event, by_section
from bandstand.composer.compose.figures import LEAP, WIDE
from bandstand.composer.compose.line import Ladder, Slot, find_line
from bandstand.composer.compose.motif import Motif
from bandstand.composer.compose.phrases import Phrase, Planner, write_themes
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord

LONG = 0.5  # beats: longer notes are heard against the chord
CENTRE = 70
LIKED, LOVED = 0.9, 3.4
"""What a step beside the contour costs: of a new phrase, and of one that is remembered."""
STRANGE = 0.4
"""Of the notes on beats, those that may stand beside the chord when a phrase is sung again over other chords."""
HEADROOM = 2  # steps that only the climax may use
SEQUENCES = (0, 1, -1, 2, -2, 3, -3)
"""Steps by which what was sung is moved when it is sung again, dearest first."""
PENTATONIC = {"minor": (1, 3, 4, 5, 7), "major": (1, 2, 3, 5, 6)}


@dataclass
class Singer:
    """Finds pitches for phrases, and remembers them."""

    plan: Plan
    voice: Voice
    register: int = 0
    ladder: Ladder = field(init=False)
    centre: int = field(init=False)
    last: tuple[int, int] = field(init=False)
    until: float = -1e9
    sung: dict[tuple[str, Motif], list[int]] = field(
        default_factory=dict["tuple[str, Motif]", "list[int]"]
    )

    def __post_init__(self) -> None:
        instrument = INSTRUMENTS[self.voice.instrument]
        middle = CENTRE + self.plan.style.tune.register + self.register
        middle = min(max(middle, instrument.low + 8), instrument.high - 10)
        low, high = max(instrument.low, middle - 11), min(instrument.high, middle + 14)
        scale = theory.scale(self.plan.key)
        pitches = tuple(pitch for pitch in range(low, high + 1) if pitch % 12 in scale)
        self.ladder = Ladder(pitches, _plain(self.plan))
        self.centre = self.ladder.nearest(middle)
        self.last = (pitches[self.centre], pitches[self.centre])

    def sing(self, phrase: Phrase, before: Bar | None) -> list[Event]:
        """The notes of a phrase; its pickup stands in the bar before."""
        motif, start = phrase.motif, phrase.bars[0].start
        remembered = self.sung.get((phrase.name, motif))
        wishes, known = (remembered, len(remembered)) if remembered else self._wishes(phrase)
        slots = self._slots(phrase, wishes, known)
        times = [(start + on, n) for on, n in zip(motif.onsets, motif.lengths, strict=True)]
        count = self._room(phrase, before, start)
        if before is not None and count:
            led = [
                self._pickup(wishes[0] - back, before, start - 0.5 * back)
                for back in range(count, 0, -1)
            ]
            slots = [*led, *slots]
            times = [*((start - 0.5 * back, 0.5) for back in range(count, 0, -1)), *times]
        whole = known == len(motif.onsets)
        again = self._again(wishes, slots[count:], phrase) if whole else None
        if again:
            found = [*find_line(self.ladder, slots[:count], self.last), *again]
        else:
            found = find_line(self.ladder, slots, self.last)
        if not remembered:
            self.sung[phrase.name, motif] = found[count:]
        return self._events(found, times, phrase)

    def _wishes(self, phrase: Phrase) -> tuple[list[int], int]:
        """Where the notes should lie, and how many of them begin a phrase that has been sung before."""
        motif = phrase.motif
        base = self.centre + phrase.lift - (max(motif.contour) + min(motif.contour)) // 2
        shared: list[int] = []
        for (name, other), steps in self.sung.items():
            if name.partition(" ")[0] == phrase.name.partition(" ")[0]:
                same = _common(motif, other)
                shared = steps[:same] if same > max(1, len(shared)) else shared
        if shared:
            base = shared[-1] - motif.contour[len(shared) - 1]
        rest = [base + step for step in motif.contour[len(shared) :]]
        return [*shared, *rest], len(shared)

    def _again(
        self, steps: Sequence[int], slots: Sequence[Slot], phrase: Phrase
    ) -> list[int] | None:
        """What was sung before, where the chords bear it: the nearer to where it is meant to be, the better."""
        for by in sorted(SEQUENCES, key=lambda by: abs(by - phrase.sequence)):
            moved = [step + by for step in steps]
            inside = min(moved) >= 0 and max(moved) < len(self.ladder.pitches)
            if inside and self._suits(moved, slots):
                return moved
        return None

    def _suits(self, steps: Sequence[int], slots: Sequence[Slot]) -> bool:
        """Whether what was sung before can be sung here note for note."""
        pitches = self.ladder.pitches
        leap = pitches[steps[0]] - self.last[1]
        if abs(leap) > LEAP or ((self.last[1] - self.last[0]) * leap > 0 and abs(leap) > WIDE):
            return False
        strange = 0
        for step, slot in zip(steps, slots, strict=True):
            above = {(pitches[step] - note) % 12 for note in slot.chord}
            if step > slot.ceiling or (slot.only and pitches[step] % 12 not in slot.only):
                return False
            if slot.long and 1 in above:
                return False  # a ninth too small; a seventh too large is a colour
            strange += slot.strong and 0 not in above
        return strange <= STRANGE * sum(slot.strong for slot in slots)

    def _events(
        self, found: Sequence[int], times: Sequence[tuple[float, float]], phrase: Phrase
    ) -> list[Event]:
        pulse = theory.pulse(self.plan.metre)
        start = phrase.bars[0].start
        events: list[Event] = []
        for step, (at, length) in zip(found, times, strict=True):
            pitch = self.ladder.pitches[step]
            self.last = (self.last[1], pitch)
            accent = 0.05 if (at - start) % pulse == 0 else 0.0
            swell = 0.06 * math.sin(math.pi * min(max((at - start) / phrase.motif.beats, 0.0), 1.0))
            loud = 0.62 + 0.16 * phrase.bars[0].intensity + accent + swell
            kept = before_clash(pitch, at, length, phrase.bars)
            events.append((at, kept, pitch, loud + (0.04 if phrase.climax else 0.0)))
            self.until = at + kept
        return events

    def _room(self, phrase: Phrase, before: Bar | None, start: float) -> int:
        """How many eighths of a pickup find room."""
        if before is None:
            return 0
        free = start - max(self.until + 0.5, before.start)
        return max(0, min(phrase.pickup, int(2 * free)))

    def _pickup(self, step: int, before: Bar, at: float) -> Slot:
        chord = before.chord_at(at - before.start)
        step = min(max(step, 0), len(self.ladder.pitches) - 1)
        return Slot(step, chord.notes, False, False, frozenset(), len(self.ladder.pitches), LIKED)

    def _slots(self, phrase: Phrase, wishes: Sequence[int], known: int) -> list[Slot]:
        pulse = theory.pulse(self.plan.metre)
        motif, start = phrase.motif, phrase.bars[0].start
        top = self.centre + self.plan.style.tune.span // 2 + phrase.lift // 2
        ceiling = top + HEADROOM if phrase.climax else top
        slots: list[Slot] = []
        for n, (onset, length) in enumerate(zip(motif.onsets, motif.lengths, strict=True)):
            bar = bar_at(phrase.bars, start + onset)
            chord = bar.chord_at(start + onset - bar.start)
            ends = n == len(motif.onsets) - 1
            slots.append(
                Slot(
                    step=min(max(wishes[n], 0), len(self.ladder.pitches) - 1),
                    chord=chord.notes,
                    strong=(onset % pulse == 0 and not motif.free[n]) or ends,
                    long=length > LONG,
                    only=self._goal(chord, closes=phrase.closes) if ends else frozenset(),
                    ceiling=min(ceiling, len(self.ladder.pitches) - 1),
                    dear=LOVED if n < known else LIKED,
                )
            )
        return slots

    def _goal(self, chord: Chord, *, closes: bool) -> frozenset[int]:
        """Where a phrase may end: at home if it answers, on another note of the chord if it asks."""
        tonic = self.plan.key.tonic
        rubs = any((tonic - note) % 12 in {1, 11} for note in chord.notes)
        inside = {note for note in chord.notes if note in {p % 12 for p in self.ladder.pitches}}
        if closes:
            return frozenset({tonic}) if tonic in inside and not rubs else frozenset(inside)
        return frozenset(inside - {tonic})


def sing(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The whole tune, section by section; a section that comes back brings its theme back."""
    singer = Singer(plan, voice, register=int(dice.integers(-2, 3)))
    return _song(bars, Planner(plan, dice, write_themes(plan)), singer)


def improvise(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """A solo: busier than the tune, and new in every phrase."""
    return _song(bars, Planner(plan, dice, write_themes(plan), fresh=True), Singer(plan, voice))


def _song(bars: Sequence[Bar], planner: Planner, singer: Singer) -> list[Event]:
    events: list[Event] = []
    before: Bar | None = None
    for section in by_section(bars):
        for phrase in planner.phrases(section):
            adjoins = before is not None and before.index == phrase.bars[0].index - 1
            events += singer.sing(phrase, before if adjoins else None)
            before = phrase.bars[-1]
    held = planner.plan.style.tune.length
    return [(start, max(0.1, length * held), pitch, loud) for start, length, pitch, loud in events]


def quote(bars: Sequence[Bar], plan: Plan, voice: Voice) -> list[Event]:
    """Play the given tune, in the octaves in which the instrument is at home; sung again when the piece is longer, and
    over the last chord to its own end when it is not.
    """
    assert plan.given is not None, "a tune to quote"
    tune = plan.given.tune
    instrument = INSTRUMENTS[voice.instrument]
    around = tuned_octave([note.pitch for note in tune], instrument.low, instrument.high)
    beats = plan.metre.beats
    length = beats * math.ceil(max(note.start + note.length for note in tune) / beats - 1e-6)
    end = bars[-1].start + beats if bars else 0.0
    turns = math.ceil(end / length)
    if turns == 1 and not plan.loops and not plan.fade:
        end = plan.end
    events: list[Event] = []
    for turn in range(turns):
        for note in tune:
            start = turn * length + note.start
            if start < end - 1e-6:
                pitch = fold(note.pitch + around, instrument.low, instrument.high)
                held = min(note.length, end - start)
                events.append((start, held, pitch, 0.6 + 0.25 * note.velocity))
    return events


def tuned_octave(pitches: Sequence[int], low: int, high: int) -> int:
    """By how many semitones, in octaves, a tune moves to lie within a range best."""
    middle = min(max(CENTRE, low + 8), high - 10)
    outside = {
        12 * n: (
            sum(not low <= pitch + 12 * n <= high for pitch in pitches),
            abs(sum(pitches) / len(pitches) + 12 * n - middle),
        )
        for n in range(-6, 7)
    }
    return min(outside, key=lambda shift: outside[shift])


def fold(pitch: int, low: int, high: int) -> int:
    """The pitch an octave or more away if it is out of range."""
    while pitch > high:
        pitch -= 12
    while pitch < low:
        pitch += 12
    return pitch


def _common(one: Motif, other: Motif) -> int:
    """How many notes two motifs begin with in common."""
    pairs = zip(one.onsets, one.contour, other.onsets, other.contour, strict=False)
    same = 0
    for onset, step, other_onset, other_step in pairs:
        if onset != other_onset or step != other_step:
            break
        same += 1
    return same


def bar_at(bars: Sequence[Bar], beat: float) -> Bar:
    """The last of the bars that has begun by then."""
    return next((bar for bar in reversed(bars) if bar.start <= beat + 1e-9), bars[0])


def before_clash(pitch: int, start: float, length: float, bars: Sequence[Bar]) -> float:
    """Let go of a note before a chord that it would rub against."""
    for bar in bars:
        for chord in bar.chords:
            if start < chord.start < start + length and any(
                (pitch - note) % 12 in {1, 11} for note in chord.notes
            ):
                return chord.start - start
    return length


def _plain(plan: Plan) -> frozenset[int]:
    """The notes that a pentatonic tune keeps to; the whole scale for the others."""
    if not plan.pentatonic:
        return theory.scale(plan.key)
    steps = theory.MODES[plan.key.mode]
    degrees = PENTATONIC[theory.family(plan.key.mode)]
    return frozenset((plan.key.tonic + steps[degree - 1]) % 12 for degree in degrees)
