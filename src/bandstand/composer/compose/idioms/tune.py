"""Tunes with a manner: one way to make phrases of rhythms and contours, told by each tradition in data. Knows no tradition.

A phrase is a rhythm and a contour; what is sung is remembered and comes back, a few steps higher or lower where the
chords bear it only there. A section is a period: its last phrase begins as the one that it answers and ends at home,
while that one ended elsewhere. How pitches are found for a phrase is told in `way.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground
from bandstand.composer.compose.idioms.way import Slot, Taste, find_way
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord

LONG = 1.0
SEQUENCES = (0, 1, -1, 2, -2, 3, -3)
"""Steps by which a phrase is moved when it comes back, dearest first."""
HIGHER, LIFTED = 3.0, 2
"""Semitones by which the phrases of a chorus lie over those of a verse, and steps where they are the same phrases."""
ONE_THEME = 12
"""Bars below which a piece has time for one theme only: its chorus lifts the verse's."""
Rhythm = tuple[str, ...]
"""Bars of sixteenths, as in `ground.strokes`."""
Scale = Callable[[Plan, Chord], frozenset[int]]
Line = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a tradition sings.

    rhythms    phrases by kind of metre ("duple" must be there); what is missing is cut from it
    scheme     letters of the phrases of a section, begun again where it is longer
    centre     MIDI pitch around which the tune lies; reach, semitones around it
    chromatic  how often a note before a beat comes from a semitone beside the next one
    strict     how much it costs to leave the chord on a beat, 1 = as usual
    rub        how much it costs to stand a semitone beside a note of the chord
    length     share of its written length that a note sounds
    leaps      what thirds and wider steps cost, 1 = as usual
    borne      share of the notes on beats that may stand beside the chord when a phrase comes back
    through    the scheme runs through the piece, whatever its sections are called
    ahead      beats by which notes come early (late when negative), drawn for each phrase up to this
    leaning    how often a note on a beat leans on the next one instead of belonging to the chord
    """

    rhythms: Mapping[str, Sequence[Rhythm]]
    scheme: str = "abac"
    centre: float = 69.0
    reach: int = 10
    chromatic: float = 0.0
    strict: float = 1.0
    rub: float = 0.9
    length: float = 0.92
    ahead: float = 0.0
    through: bool = False
    leaps: float = 1.0
    borne: float = 0.22
    leaning: float = 0.08
    scale: Scale | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A remembered phrase: rhythm, and for each of its notes how far from the centre it wants to be, and whether it leans
    on the next one.
    """

    rhythm: Rhythm
    contour: tuple[float, ...]
    leans: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Cue:
    """Which phrase is due: a letter of the verse's or of the chorus's; closes: it answers and comes home."""

    theme: str
    letter: str
    closes: bool


def sing(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator, manner: Manner
) -> list[Event]:
    """A tune over the chart, section by section; a section that comes back brings its phrases back."""
    singer = _Singer(plan, voice, dice, manner)
    events: list[Event] = []
    for run in [list(bars)] if manner.through and bars else ground.runs(bars):
        for cue, phrase in singer.cues(run):
            early = float(dice.uniform(-1, 1)) * manner.ahead
            events += [
                (max(at - early, bars[0].start), length, pitch, loud)
                for at, length, pitch, loud in singer.phrase(cue, phrase)
            ]
    if bars and not events:
        # A bar too short for any of the phrases.
        home = ground.closest(bars[0].chords[0].root, manner.centre, voice.instrument)
        events = [(bars[0].start, bars[0].beats, home, ground.LOUDNESS["x"])]
    return ground.within(_breathed(events), bars)


@dataclass
class _Singer:
    """Invents phrases, finds their pitches and remembers both."""

    plan: Plan
    voice: Voice
    dice: np.random.Generator
    manner: Manner
    figures: dict[tuple[str, str], Figure] = field(
        default_factory=dict["tuple[str, str]", "Figure"]
    )
    sung: dict[Cue, list[Line]] = field(default_factory=dict["Cue", "list[Line]"])
    last: int | None = None

    @property
    def _rhythms(self) -> Sequence[Rhythm]:
        rhythms = self.manner.rhythms
        return rhythms.get(ground.kind(self.plan.metre), rhythms["duple"])

    def cues(self, run: Sequence[Bar]) -> Iterator[tuple[Cue, Sequence[Bar]]]:
        """The phrases of a section and their bars."""
        manner = self.manner
        theme = "b" if run[0].is_peak and not manner.through else "a"
        size = len(self._rhythms[0])
        count = -(-len(run) // size)
        letters = [manner.scheme[n % len(manner.scheme)] for n in range(count)]
        answers = {n for n in range(count) if (n + 1) % len(manner.scheme) == 0}
        if not manner.through:
            answers = {count - 1} if count > 1 else set[int]()
            letters[-1] = letters[max(0, count - 3)]
        for n, letter in enumerate(letters):
            yield Cue(theme, letter, n in answers), run[n * size : (n + 1) * size]

    def phrase(self, cue: Cue, bars: Sequence[Bar]) -> list[Event]:
        """The events of a phrase: as it was sung before if the chords bear it, else anew, and that is remembered."""
        figure = self._figure(cue)
        places = [
            (bar, *stroke)
            for bar, rhythm in zip(bars, figure.rhythm, strict=False)
            for stroke in ground.strokes(rhythm, bar.beats)
        ]
        if not places:
            return []
        rungs, centre = self._ladder([bar.chord_at(offset) for bar, offset, _, _ in places])
        slots = self._slots(cue, figure, [place[:3] for place in places], centre)
        known = self.sung.setdefault(cue, [])
        # A question that has been asked may be asked again, wherever it ends.
        open_slots = slots if cue.closes else _open(slots)
        pitches = self._again(known, open_slots, rungs)
        if not pitches and cue.theme == "b" and self._has_one_theme:
            verse = self.sung.get(replace(cue, theme="a"), [])
            pitches = self._again(verse, open_slots, rungs, LIFTED)
            known += [pitches] if pitches else []
        if not pitches:
            middle = bars[0].start + sum(bar.beats for bar in bars) / 2
            half = sum(bar.start + offset < middle for bar, offset, _, _ in places)
            pitches = self._anew(cue, slots, rungs, half)
            known.append(pitches)
        self.last = pitches[len(places) - 1]
        return [
            (
                bar.start + offset,
                length * self.manner.length,
                pitch,
                min(ground.LOUDNESS[symbol] * (0.8 + 0.15 * bar.intensity), 1.0),
            )
            for (bar, offset, length, symbol), pitch in zip(places, pitches, strict=False)
        ]

    def _figure(self, cue: Cue) -> Figure:
        key = (cue.theme, cue.letter)
        if key not in self.figures:
            lift = HIGHER * (cue.theme == "b")
            verse = self.figures.get(("a", cue.letter)) if self._has_one_theme else None
            lifted = verse and replace(verse, contour=tuple(lift + step for step in verse.contour))
            self.figures[key] = lifted or self._invent(lift)
        return self.figures[key]

    @property
    def _has_one_theme(self) -> bool:
        return self.plan.bars < ONE_THEME

    def _invent(self, lift: float) -> Figure:
        """A rhythm, and an arch, a fall, a rise or a wave to sing it on."""
        manner, dice, rhythms = self.manner, self.dice, self._rhythms
        rhythm = rhythms[int(dice.integers(len(rhythms)))]
        beats = self.plan.metre.beats
        count = max(1, sum(len(list(ground.strokes(line, beats))) for line in rhythm))
        place = np.linspace(0.0, 1.0, count)
        shapes = (np.sin(np.pi * place), 1 - place, place, np.cos(2 * np.pi * place))
        size = float(dice.uniform(0.4, 0.8)) * manner.reach * float(dice.choice((1, 1, -0.6)))
        shape = shapes[int(dice.integers(len(shapes)))] * size
        wander = dice.normal(0.0, 1.0, count).cumsum() * 0.8
        contour = shape - shape.mean() + wander - wander.mean() + lift
        leans = dice.random(count) < manner.leaning
        leans[-1] = False
        return Figure(rhythm, tuple(np.round(contour, 3).tolist()), tuple(leans.tolist()))

    def _ladder(self, chords: Sequence[Chord]) -> tuple[tuple[int, ...], float]:
        """The pitches that these chords allow, and the middle of the voice."""
        known, reach = INSTRUMENTS[self.voice.instrument], self.manner.reach
        centre = min(max(self.manner.centre, known.low + reach), known.high - reach)
        classes = frozenset[int]().union(*(self._scale(chord) for chord in chords))
        return tuple(ground.ladder(classes, self.voice.instrument, centre, reach + 2)), centre

    def _scale(self, chord: Chord) -> frozenset[int]:
        return (self.manner.scale or _of_key)(self.plan, chord)

    def _slots(
        self,
        cue: Cue,
        figure: Figure,
        places: Sequence[tuple[Bar, float, float]],
        centre: float,
    ) -> list[Slot]:
        pulse = theory.pulse(self.plan.metre)
        # A phrase ends on its last long note, or on its last beat; what follows leads to the next one.
        beats = [n for n, place in enumerate(places) if place[1] % pulse == 0]
        ends = max(
            (n for n, place in enumerate(places) if place[2] >= LONG),
            default=max(beats, default=-1),
        )
        slots: list[Slot] = []
        for n, (bar, offset, length) in enumerate(places):
            chord = bar.chord_at(offset)
            known = n < len(figure.contour)
            leans = known and figure.leans[n]
            slots.append(
                Slot(
                    offset,
                    length,
                    chord,
                    centre + (figure.contour[n] if known else 0.0),
                    (offset % pulse == 0 and not leans) or length >= LONG,
                    self._scale(chord),
                    self._goal(chord, closes=cue.closes) if n == ends else frozenset(),
                )
            )
        return slots

    def _goal(self, chord: Chord, *, closes: bool) -> frozenset[int]:
        """Where a phrase may end: at home if it answers and the chord bears it, on another note of the chord if it asks."""
        tonic = self.plan.key.tonic
        inside = frozenset(chord.notes) & self._scale(chord)
        rubs = any((tonic - note) % 12 in {1, 11} for note in chord.notes)
        if closes:
            return frozenset({tonic}) if tonic in inside and not rubs else inside
        return inside - {tonic}

    def _again(
        self, known: Sequence[Line], slots: Sequence[Slot], rungs: Sequence[int], lift: int = 0
    ) -> Line:
        """A line that was sung before, lifted or a few steps away; empty where the chords bear none."""
        for by in SEQUENCES:
            for line in known:
                moved = _moved(line, lift + by, rungs)
                if moved and self._suits(moved, slots):
                    return moved
        return ()

    def _anew(self, cue: Cue, slots: Sequence[Slot], rungs: tuple[int, ...], half: int) -> Line:
        """A new line; an answer begins as what it answers. half: notes of the first half."""
        head: Line = ()
        if cue.closes and not self.manner.through:
            asked = self.sung.get(Cue(cue.theme, cue.letter, closes=False), [])
            if half:
                head = self._again([line[:half] for line in asked], slots[:half], rungs)
        manner = self.manner
        taste = Taste(manner.strict, manner.rub, manner.leaps)
        begun = [replace(slot, wanted=pitch) for slot, pitch in zip(slots, head, strict=False)]
        found = find_way([*begun, *slots[len(head) :]], rungs, taste, self.last)
        return self._approached([*head, *found[len(head) :]], slots, max(1, len(head)))

    def _suits(self, line: Line, slots: Sequence[Slot]) -> bool:
        """Whether a line sung before can be sung here: few notes on beats beside the chords, none that rubs for long."""
        pulse = theory.pulse(self.plan.metre)
        strange = strong = 0
        if len(line) < len(slots):
            return False
        for pitch, slot in zip(line, slots, strict=False):
            above = {(pitch - note) % 12 for note in slot.chord.notes}
            if slot.length >= LONG and 0 not in above and above & {1, 11}:
                return False
            if slot.only and pitch % 12 not in slot.only:
                return False
            if slot.offset % pulse == 0:
                strong += 1
                strange += 0 not in above
        return strange <= self.manner.borne * strong

    def _approached(self, pitches: list[int], slots: Sequence[Slot], first: int) -> Line:
        """Some of the short notes before beats moved beside the note they lead to; two of them enclose it."""
        often = self.manner.chromatic
        known = INSTRUMENTS[self.voice.instrument]
        pulse = theory.pulse(self.plan.metre)
        led = list(pitches)
        for n in range(first, len(pitches) - 1 if often else 0):
            slot, target = slots[n], pitches[n + 1]
            leads = slot.offset % pulse != 0 and slot.length <= 0.5
            leads = leads and slots[n + 1].offset % pulse == 0
            if leads and self.dice.random() < often and known.low < target < known.high:
                below = pitches[n - 1] >= target or self.dice.random() < 0.7
                led[n] = target - 1 if below else target + 1
        return tuple(led)


def _open(slots: Sequence[Slot]) -> list[Slot]:
    return [replace(slot, only=frozenset[int]()) if slot.only else slot for slot in slots]


def _moved(line: Line, by: int, rungs: Sequence[int]) -> Line:
    """The line some rungs higher or lower; empty where the ladder ends or a note stands beside it."""
    if by == 0:
        return line
    if any(pitch not in rungs for pitch in line):
        return ()
    places = [rungs.index(pitch) + by for pitch in line]
    inside = min(places) >= 0 and max(places) < len(rungs)
    return tuple(rungs[place] for place in places) if inside else ()


def _of_key(plan: Plan, chord: Chord) -> frozenset[int]:
    """The scale of the piece, bent where the chord has other notes."""
    foreign = frozenset(chord.notes) - theory.scale(plan.key)
    bent = {(note + side) % 12 for note in foreign for side in (-1, 1)} - frozenset(chord.notes)
    return (theory.scale(plan.key) - bent) | foreign if foreign else theory.scale(plan.key)


def _breathed(events: list[Event]) -> list[Event]:
    """One voice: a note ends where the next begins."""
    events = sorted(events)
    ends = [*(event[0] for event in events[1:]), float("inf")]
    return [
        (start, min(length, max(end - start, 0.05)), pitch, loud)
        for (start, length, pitch, loud), end in zip(events, ends, strict=False)
    ]
