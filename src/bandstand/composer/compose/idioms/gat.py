"""The melody of a raga: alap, gat and tihai. Does not accompany; see `hindustani.py`.

Alap: slow phrases without metre, from low Sa upward. Gat: a fixed line of a few bars that comes back, with freer phrases
and quick runs (tans) between. Every step within a phrase is one that the raga takes (`raga.walk`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground
from bandstand.composer.compose.idioms.raga import Raga, Roads, choose
from bandstand.composer.compose.idioms.tala import Tala, ends_piece, tala_for, tihai
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan

CENTRE = 69
CELLS = ((1.0,), (1.0,), (0.5, 0.5), (0.5, 0.5), (0.75, 0.25), (0.25, 0.25, 0.5))
"""How a beat is struck: da, diri ..."""
FEW = ((2.0,), (3.0,), (1.0, 1.0), (1.5, 0.5))
LINE_BARS = 2
DRAWN = 4
WIDE, LEAPING = 7, 0.5
"""Semitones, and what share of its notes would have to rest to make up for one wider step."""
TAN = 0.25
TAN_ROOM = 2.0  # beats
TAN_FROM = 0.6  # intensity
Phrase = tuple[tuple[float, float, int], ...]
"""Onset and length in beats from the beginning of a phrase, and pitch."""


@dataclass
class Soloist:
    """Who plays the raga: its pitches on this instrument, and the pitch the last phrase left."""

    raga: Raga
    tonic: int
    pitches: list[int]
    roads: Roads
    middle: int
    dice: np.random.Generator
    at: int

    def rest_near(self, wanted: float, *, before: int | None = None) -> int:
        """The pitch nearest to a wanted one on which a phrase may rest; before: what the next phrase begins with."""
        classes = {(self.tonic + note) % 12 for note in self.raga.rests}
        resting = [pitch for pitch in self.pitches if pitch % 12 in classes]
        if before is not None:
            leading = [p for p in resting if self.raga.may_go(p, before, self.tonic)]
            resting = leading or resting
        return ground.nearest(resting, wanted)

    def onward(self, last: int, strong: Sequence[bool]) -> list[int]:
        """A phrase to a pitch, whose first note the raga reaches from where the soloist is."""
        line = self.roads.walk(self.at, last, [False, *strong], self.dice)
        self.at = last
        return line[1:]


def play_melody(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Alap in the intro, gat elsewhere, a tihai at the very end."""
    soloist = _soloist(plan, voice, dice)
    tala = tala_for(plan)
    lines = {name: _gat_line(soloist, plan, tala, name) for name in ("a", "b")}
    events: list[Event] = []
    for run in ground.runs(bars):
        if run[0].section.name == "intro":
            events += _alap(soloist, run)
            continue
        for place in range(0, len(run), LINE_BARS):
            stretch = run[place : place + LINE_BARS]
            events += _gat(soloist, stretch, lines["b" if run[0].is_peak else "a"])
            if ends_piece(stretch[-1], plan) and plan.bars > 1:
                events = _with_tihai(soloist, events, stretch[-1], plan)
    return ground.within(events, bars)


def _soloist(plan: Plan, voice: Voice, dice: np.random.Generator) -> Soloist:
    raga = choose(plan)
    tonic = plan.key.tonic
    middle = ground.closest(tonic, CENTRE, voice.instrument)
    classes = {(tonic + note) % 12 for note in raga.notes}
    pitches = ground.ladder(classes, voice.instrument, middle + 4, 12)
    middle = ground.nearest([p for p in pitches if p % 12 == tonic], middle)
    return Soloist(raga, tonic, pitches, Roads(raga, pitches, tonic), middle, dice, middle)


def _rhythm(
    beats: float, cells: Sequence[tuple[float, ...]], dice: np.random.Generator
) -> list[float]:
    """Lengths that fill some beats, the last one at least a beat where there is room."""
    lengths: list[float] = []
    left = beats
    while left > 1.25 + 1e-9:
        cell = cells[int(dice.integers(len(cells)))]
        if sum(cell) > left - 1.0 + 1e-9:
            cell = (0.5, 0.5) if left > 2.0 - 1e-9 else (left - 1.0,)
        lengths += cell
        left -= sum(cell)
    return [length for length in (*lengths, left) if length > 1e-9]


def _starts(lengths: Sequence[float]) -> list[float]:
    return np.cumsum([0.0, *lengths[:-1]]).tolist()


def _phrase(soloist: Soloist, lengths: Sequence[float], last: int) -> Phrase:
    """A phrase with these lengths, from where the soloist is to a resting note."""
    starts = _starts(lengths)
    line = soloist.onward(last, [start % 1.0 == 0.0 for start in starts])
    return tuple(zip(starts, lengths, line, strict=True))


def _gat_line(soloist: Soloist, plan: Plan, tala: Tala, name: str) -> Phrase:
    """Two bars: sthayi around the middle Sa, antara towards the upper one; each begins with a catch-phrase."""
    dice = soloist.dice
    raga = soloist.raga
    cells = CELLS if tala.matra == 1.0 else CELLS[:4]
    high = 7 if name == "b" else 0
    half = plan.metre.beats * LINE_BARS / 2
    ways = (raga.aroha, raga.avaroha)
    lines = (*raga.pakad, *(way[n : n + 4] for way in ways for n in range(len(way) - 3)))
    drawn = [lines[int(n)] for n in dice.integers(len(lines), size=DRAWN)]
    # Of some the one that rests most, for the raga is told by where it dwells, and seldom one that leaps.
    chosen = max(drawn, key=lambda line: _resting(line, raga) - LEAPING * _leaps(line))
    catch = _in_place(chosen, soloist, high)
    opening = _opening(soloist, catch, _rhythm(half, cells, dice))
    rest = soloist.rest_near(soloist.middle + high // 2, before=catch[0])
    closing = _phrase(soloist, _rhythm(half, cells, dice), rest)
    return (*opening, *((half + start, length, pitch) for start, length, pitch in closing))


def _resting(line: Sequence[int], raga: Raga) -> float:
    return sum(note % 12 in raga.rests for note in line) / len(line)


def _leaps(line: Sequence[int]) -> int:
    return sum(abs(after - before) > WIDE for before, after in pairwise(line))


def _opening(soloist: Soloist, catch: Sequence[int], lengths: Sequence[float]) -> Phrase:
    """The catch-phrase, and from its end to a resting note if the rhythm goes on."""
    starts = _starts(lengths)
    kept = list(catch[: len(lengths)])
    soloist.at = kept[-1]
    if len(lengths) > len(kept):
        rest = soloist.rest_near(kept[-1] + int(soloist.dice.integers(-4, 5)))
        kept += soloist.onward(rest, [start % 1.0 == 0.0 for start in starts[len(kept) :]])
    return tuple(zip(starts, lengths, kept, strict=True))


def _in_place(phrase: Sequence[int], soloist: Soloist, lift: int) -> list[int]:
    """A phrase of the raga in the octave where it fits best."""
    octaves = [soloist.middle + 12 * n for n in (-1, 0, 1)]
    fitting = [
        [base + note for note in phrase]
        for base in octaves
        if all(base + note in soloist.pitches for note in phrase)
    ]
    wanted = soloist.middle + 3 + lift
    return min(
        fitting, key=lambda line: abs(sum(line) / len(line) - wanted), default=[soloist.middle]
    )


def _gat(soloist: Soloist, bars: Sequence[Bar], line: Phrase) -> list[Event]:
    """The fixed line, or every other time its first half and then something free."""
    beats = sum(bar.beats for bar in bars)
    start = bars[0].start
    loud = 0.66 + 0.16 * bars[0].intensity
    half = bars[0].beats
    free = (bars[0].place // LINE_BARS) % 2 == 1 and len(bars) == LINE_BARS
    kept = [note for note in line if note[0] < (half if free else beats) - 1e-9]
    events = [_event(start, note, loud) for note in kept]
    soloist.at = kept[-1][2]
    if free:
        events += _free(soloist, bars[1], line[0][2], loud)
    return events


def _free(soloist: Soloist, bar: Bar, following: int, loud: float) -> list[Event]:
    """A bar of improvisation: slow, or a tan in sixteenths that ends on a note from which the line begins again."""
    dice = soloist.dice
    wanted = soloist.middle + int(dice.choice((0, 0, 4, 7, 12)))
    last = soloist.rest_near(wanted, before=following)
    quick = bar.intensity > TAN_FROM and bar.beats >= TAN_ROOM and dice.random() < 0.7
    if quick:
        count = round((bar.beats - 1.0) / TAN)
        lengths = [*([TAN] * count), 1.0]
    else:
        lengths = _rhythm(bar.beats, CELLS, dice)
    return [_event(bar.start, note, loud) for note in _phrase(soloist, lengths, last)]


def _alap(soloist: Soloist, bars: Sequence[Bar]) -> list[Event]:
    """Unfold the raga: few long notes, each bar resting somewhat higher."""
    events: list[Event] = []
    soloist.at = soloist.middle
    for n, bar in enumerate(bars):
        goal = soloist.rest_near(soloist.middle + (-5, 0, 4, 7)[n % 4])
        lengths = _rhythm(bar.beats, FEW, soloist.dice)
        events += [_event(bar.start, note, 0.62) for note in _phrase(soloist, lengths, goal)]
    return events


def _with_tihai(soloist: Soloist, events: list[Event], bar: Bar, plan: Plan) -> list[Event]:
    figure = tihai(bar, plan.metre)
    line = soloist.onward(soloist.middle, [False] * figure.notes)
    kept = [event for event in events if event[0] < figure.onsets[0] - 1e-9]
    pitches = [line[n % figure.notes] for n in range(len(figure.onsets))]
    closing = [
        (onset, figure.apart * (1.6 if (n + 1) % figure.notes == 0 else 0.95), pitch, 0.8)
        for n, (onset, pitch) in enumerate(zip(figure.onsets, pitches, strict=True))
    ]
    return [*kept, *closing]


def _event(base: float, note: tuple[float, float, int], loud: float) -> Event:
    start, length, pitch = note
    accent = 0.06 if start == int(start) else 0.0
    return (base + start, 0.98 * length, pitch, loud + accent)
