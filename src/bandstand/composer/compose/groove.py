"""Drums and percussion: which groove in which bar, how hard each stroke, crashes where sections meet. Plays straight
and exact; swing and imprecision come with the performance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bandstand.composer import chance, theory
from bandstand.composer.compose.chart import Bar, Event, hits
from bandstand.composer.compose.drive import (
    ASLEEP,
    CALM,
    TIMEKEEPERS,
    driven,
    strokes,
    suited,
)
from bandstand.composer.compose.fills import fill_begins, roll
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import HANDS, Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.plan.style import Groove
from bandstand.composer.score import Role

LOUDNESS = {"X": 0.95, "x": 0.74, "o": 0.45, "r": 0.66, "t": 0.62}
ROLLS = {"r": 2, "t": 3}
"""Strokes that share one sixteenth."""
LENGTHS = {"crash": 2.0, "open": 0.4, "ride": 0.5, "ge": 0.5, "tun": 0.5}
RINGING = 0.2
SOFTER = 0.85  # each stroke of a roll
BUSY = 0.3
HALF_BELOW = 0.5
AKIN = 0.65
"""Of its sixteenths, those that the groove of a chorus has in common with that of the verse at least."""
COMMON = 96
"""Sixteenths after which lines of one, two and three bars have come round together."""
GHOST, GHOSTS_KEPT = 0.5, 0.85
"""Strokes as soft as this come and go, but for those that keep time."""
TURNS = 0.5
"""How often a section has a beat of fill after each four bars."""
ANSWERED, LONG_SECONDS = 0.62, 3.0
"""How loud a bar answers the one before, and how long a bar is that has time for one stroke more."""
ACCENTS = (1.0, 0.86, 0.76)
"""How hard a hand that keeps time strikes on the beat, halfway to the next, and between."""
STEADY_KEYS = frozenset(KEYS[name] for name in TIMEKEEPERS)


@dataclass
class Book:
    """What one drummer plays in this piece: a groove for the verses, another for the chorus, fills in turn.

    whims  0..1, where the second bar of four answers the first, and the fourth the third
    """

    mains: list[Groove]
    chorus: Groove
    half: Groove
    fills: list[Groove]
    pulse: float
    bpm: float
    whims: tuple[float, float]
    seen: dict[int, tuple[str, int]] = field(default_factory=dict[int, tuple[str, int]])
    read: dict[tuple[int, int, bool], list[Event]] = field(
        default_factory=dict[tuple[int, int, bool], list[Event]]
    )

    def main(self, bar: Bar) -> Groove:
        """The verses change their groove every other time; solos have one of their own."""
        if bar.is_peak:
            return self.chorus
        key = bar.section.first_bar
        if key not in self.seen:
            times = sum(name == bar.section.name for name, _ in self.seen.values())
            self.seen[key] = (bar.section.name, times)
        turn = self.seen[key][1] // 2 + (bar.section.name == "solo")
        return self.mains[turn % len(self.mains)]

    def fill(self, bar: Bar) -> Groove:
        return self.fills[bar.section.first_bar % len(self.fills)]

    def strokes(self, groove: Groove, bar: Bar, phase: int, *, busy: bool = False) -> list[Event]:
        """One bar of a groove as if it began the piece. phase: which bar, for patterns of several."""
        key = (id(groove), phase, busy)
        if key not in self.read:
            self.read[key] = _strokes(groove, bar.beats, phase, self.pulse, busy=busy)
            if phase % 2 and groove.use in {"main", "b"} and not _is_long(groove, bar.beats):
                whim = self.whims[phase // 2]
                count = 1 + phase // 2 + (bar.beats * 60.0 / self.bpm > LONG_SECONDS)
                self.read[key] += _answer(self.read[key], bar.beats, self.pulse, whim, count)
        return self.read[key]


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Play a kit, or whatever serves as one."""
    book = open_book(plan, voice)
    turning = {section.first_bar for section in plan.sections if dice.random() < TURNS}
    events: list[Event] = []
    for bar in bars:
        strength = 0.72 + 0.28 * bar.intensity
        if bar.section.name == "build" and _has_snare(voice):
            events += roll(bar, strength, book.mains[0].lines)
            continue
        busy = plan.drive >= BUSY and bar.is_peak
        groove = _groove_for(bar, plan, book)
        played = book.strokes(groove, bar, bar.place % 4, busy=busy)
        left = fill_begins(bar, plan, voice.role, turns=bar.section.first_bar in turning)
        if left < bar.beats:
            filled = book.strokes(book.fill(bar), bar, 0)
            played = [e for e in played if e[0] < left] + [e for e in filled if e[0] >= left]
        events += [
            (bar.start + at, length, pitch, loud * strength) for at, length, pitch, loud in played
        ]
        if _crashes(bar, voice):
            events.append((bar.start, LENGTHS["crash"], KEYS["crash"], 0.7 * strength))
    keep = dice.random(len(events)) < GHOSTS_KEPT
    return [
        event
        for event, kept in zip(events, keep.tolist(), strict=True)
        if kept or event[3] > GHOST or event[2] in STEADY_KEYS
    ]


def open_book(plan: Plan, voice: Voice) -> Book:
    """The drummer's choice of grooves for a piece; whoever asks for the same voice finds the same."""
    dice = chance.stage(plan.seed, chance.DRUMS, f"{voice.role} {plan.variation}")
    grooves = [_asked_for(groove, plan) for groove in _grooves(plan, voice)]
    mains = suited([groove for groove in grooves if groove.use == "main"], _busyness, plan.drive)
    refrains = suited([groove for groove in grooves if groove.use == "b"], _busyness, plan.drive)
    mains = [mains[n] for n in dice.permutation(len(mains))]
    # First one that a chorus goes with.
    met = [any(_shared(main, refrain) >= AKIN for refrain in refrains) for main in mains]
    mains = [mains[n] for n in sorted(range(len(mains)), key=lambda n: not met[n])]
    mains = [mains[0], *_akin(mains[1:], mains[0])]
    refrains = _akin(refrains, mains[0]) or mains[-1:]
    fills = [groove for groove in grooves if groove.use == "fill"] or refrains
    halves = [groove for groove in grooves if groove.use == "half"]
    halves.append(_quieter(mains[0], voice, round(4 * theory.pulse(plan.metre))))
    return Book(
        mains=mains,
        chorus=refrains[int(dice.integers(len(refrains)))],
        half=halves[int(dice.integers(len(halves)))],
        fills=[fills[n] for n in dice.permutation(len(fills))],
        pulse=theory.pulse(plan.metre),
        bpm=plan.bpm,
        whims=(float(dice.random()), float(dice.random())),
    )


def _quieter(main: Groove, voice: Voice, pulse: int) -> Groove:
    """The groove of the verses with less in it, and the stick across the snare."""
    lines = driven(main.lines, CALM, pulse)
    if voice.instrument == "acoustic-kit" and "snare" in lines and "rim" not in lines:
        lines["rim"] = "".join("x" if sign in "Xx" else "." for sign in lines.pop("snare"))
    return Groove("half", lines)


def _akin(grooves: Sequence[Groove], main: Groove) -> list[Groove]:
    """Those that share most of their steps with another groove, or the two that share the most."""
    shared = [_shared(main, groove) for groove in grooves]
    enough = min([AKIN, *sorted(shared, reverse=True)[:2]])
    return [groove for groove, share in zip(grooves, shared, strict=True) if share >= enough]


def _shared(one: Groove, other: Groove) -> float:
    """Of the sixteenths, those that are struck in both or in neither."""
    return float((_steps(one) == _steps(other)).mean())


def _steps(groove: Groove) -> NDArray[np.bool_]:
    """Which sixteenths are struck at all."""
    lines = groove.lines.values()
    return np.array([any(line[n % len(line)] not in ".-" for line in lines) for n in range(COMMON)])


def _has_snare(voice: Voice) -> bool:
    return voice.role is Role.DRUMS and voice.instrument not in HANDS


def last_stroke(voice: Voice) -> tuple[int, ...]:
    """The keys of the final hit."""
    if voice.instrument == "tabla":
        return KEYS["ge"], KEYS["na"]
    if voice.role is Role.PERCUSSION or voice.instrument in HANDS:
        return KEYS["conga-low"], KEYS["tambourine"]
    return KEYS["kick"], KEYS["crash"]


def _grooves(plan: Plan, voice: Voice) -> tuple[Groove, ...]:
    idioms = plan.style.idioms(plan.metre)
    if voice.instrument == "tabla":
        return idioms.tabla
    # One drum alone plays the kit's groove: what is low is low on it. A table of small ones has its own.
    small = voice.role is Role.PERCUSSION or voice.instrument == "hand-percussion"
    return idioms.percussion if small else idioms.drums


def _groove_for(bar: Bar, plan: Plan, book: Book) -> Groove:
    # A calm prompt has thinned the grooves; only one that wants to sleep has half of them everywhere.
    calm = bar.section.energy < HALF_BELOW or plan.drive <= ASLEEP
    return book.half if calm or "half-time" in bar.section.traits else book.main(bar)


def _one_pair(lines: Mapping[str, str]) -> dict[str, str]:
    """The lines with no closed hat where the same two cymbals are struck open."""
    hat, opened = lines.get("hat"), lines.get("open")
    if not hat or not opened:
        return dict(lines)
    hat *= max(1, len(opened) // len(hat))
    closed = "".join("." if opened[n % len(opened)] not in ".-" else s for n, s in enumerate(hat))
    return {**lines, "hat": closed}


def _busyness(groove: Groove) -> float:
    return sum(strokes(line) for line in groove.lines.values())


def _asked_for(groove: Groove, plan: Plan) -> Groove:
    """The groove as the prompt wants it: livelier or calmer, the kick on every beat, everything twice as fast."""
    lines = _one_pair(groove.lines)
    if groove.use != "fill":
        lines = driven(lines, plan.drive, round(4 * theory.pulse(plan.metre)))
    if "double-time" in plan.asked:
        lines = {key: line[::2] * 2 for key, line in lines.items()}
    if "four-on-the-floor" in plan.asked and "kick" in lines:
        lines["kick"] = ("X..." * len(lines["kick"]))[: len(lines["kick"])]
    return Groove(groove.use, lines)


def _strokes(groove: Groove, beats: float, phase: int, pulse: float, *, busy: bool) -> list[Event]:
    events: list[Event] = []
    for name, line in groove.lines.items():
        pattern = _doubled(line) if busy and name in {"hat", "shaker", "ride"} else line
        length = LENGTHS.get(name, RINGING)
        # Who writes accents means them; who writes none gets those of a hand.
        touch = _touch(pattern, pulse) if name in TIMEKEEPERS and "X" not in line else (1.0,)
        for offset, _, symbol in hits(pattern, beats, phase):
            strokes = ROLLS.get(symbol, 1)
            loud = LOUDNESS[symbol] * touch[round(4 * offset) % len(touch)]
            events += [
                (offset + 0.25 * n / strokes, length, KEYS[name], loud * SOFTER**n)
                for n in range(strokes)
            ]
    return events


def _answer(
    strokes: Sequence[Event], beats: float, pulse: float, whim: float, count: int
) -> list[Event]:
    """Soft strokes beside the beats on the drum that begins the bar: the second bar of two answers the first.

    Where a stroke is heard already, or this drum would have two in a row, there is none.
    """
    drum = next((e[2] for e in strokes if e[0] == 0.0 and e[2] not in STEADY_KEYS), None)
    taken = {round(4 * e[0]) for e in strokes}
    own = {round(4 * e[0]) for e in strokes if e[2] == drum}
    steps, beat = round(4 * beats), round(4 * pulse)
    free = [
        n
        for n in range(beat, steps)
        if n % beat and n not in taken and not own & {n - 1, (n + 1) % steps}
    ]
    if drum is None or not free:
        return []
    first = int(whim * len(free))
    places = {free[(first + n * len(free) // count) % len(free)] for n in range(count)}
    return [(0.25 * n, RINGING, drum, ANSWERED) for n in sorted(places)]


def _is_long(groove: Groove, beats: float) -> bool:
    """Whether it is written out for more than a bar."""
    return any(len(line) > round(4 * beats) for line in groove.lines.values())


def _touch(line: str, pulse: float) -> tuple[float, ...]:
    """How hard each sixteenth of a beat is struck; what is struck beside the beats only is not the softer for it."""
    count = round(4 * pulse)
    weights = [ACCENTS[0 if n == 0 else 1 + n % 2] for n in range(count)]
    strongest = max(
        (weights[n % count] for n, symbol in enumerate(line) if symbol not in ".-"), default=1.0
    )
    return tuple(min(weight / strongest, 1.0) for weight in weights)


def _doubled(line: str) -> str:
    """Soft sixteenths between the eighths."""
    return "".join("o" if symbol == "." and n % 2 else symbol for n, symbol in enumerate(line))


def _crashes(bar: Bar, voice: Voice) -> bool:
    if not _has_snare(voice):
        return False
    return bar.place == 0 and bar.index > 0 and bar.intensity >= 0.65
