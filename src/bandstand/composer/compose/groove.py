"""Drums and percussion: which groove in which bar, fills and crashes where sections meet. Plays straight and exact;
swing and imprecision come with the performance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event, hits
from bandstand.composer.compose.drive import ASLEEP, driven, strokes, suited
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
GHOSTS_KEPT = 0.85
SHORT_FILLS = 0.5
"""How often a section has half a bar of fill after each four bars."""


@dataclass
class Book:
    """What one drummer plays in this piece: a groove for the verses, another for the chorus, fills in turn."""

    mains: list[Groove]
    chorus: Groove
    half: Groove
    fills: list[Groove]
    seen: dict[int, tuple[str, int]] = field(default_factory=dict[int, tuple[str, int]])

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


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Play a kit, or whatever serves as one."""
    book = _book(plan, voice, dice)
    short_fills = {section.first_bar for section in plan.sections if dice.random() < SHORT_FILLS}
    strokes: dict[tuple[int, int, bool], list[Event]] = {}
    events: list[Event] = []
    for bar in bars:
        strength = 0.72 + 0.28 * bar.intensity
        if bar.section.name == "build" and _has_snare(voice):
            events += _roll(bar, strength)
            continue
        groove = _groove_for(bar, plan, book)
        busy = plan.drive >= BUSY and bar.is_peak
        phase = bar.place % 4
        played = _remembered(strokes, groove, bar, phase, busy=busy)
        if bar.section.first_bar in short_fills and phase == 3 and not bar.is_last:
            half = bar.beats / 2
            filled = _remembered(strokes, book.fill(bar), bar, 0, busy=False)
            played = [e for e in played if e[0] < half] + [e for e in filled if e[0] >= half]
        events += [
            (bar.start + at, length, pitch, loud * strength) for at, length, pitch, loud in played
        ]
        if _crashes(bar, voice):
            events.append((bar.start, LENGTHS["crash"], KEYS["crash"], 0.7 * strength))
    keep = dice.random(len(events)) < GHOSTS_KEPT
    return [
        event for event, kept in zip(events, keep.tolist(), strict=True) if kept or event[3] > 0.5
    ]


def _book(plan: Plan, voice: Voice, dice: np.random.Generator) -> Book:
    grooves = [_asked_for(groove, plan) for groove in _grooves(plan, voice)]
    mains = suited([groove for groove in grooves if groove.use == "main"], _busyness, plan.drive)
    mains = [mains[n] for n in dice.permutation(len(mains))]
    mains = [mains[0], *_akin(mains[1:], mains[0])]
    refrains = suited([groove for groove in grooves if groove.use == "b"], _busyness, plan.drive)
    refrains = _akin(refrains, mains[0]) or mains[-1:]
    fills = [groove for groove in grooves if groove.use == "fill"] or refrains
    halves = [groove for groove in grooves if groove.use == "half"] or mains[:1]
    return Book(
        mains=mains,
        chorus=refrains[int(dice.integers(len(refrains)))],
        half=halves[int(dice.integers(len(halves)))],
        fills=[fills[n] for n in dice.permutation(len(fills))],
    )


def _akin(grooves: Sequence[Groove], main: Groove) -> list[Groove]:
    """Those that share most of their steps with another groove, or the two that share the most."""
    steps = _steps(main)
    shared = [float((_steps(groove) == steps).mean()) for groove in grooves]
    enough = min([AKIN, *sorted(shared, reverse=True)[:2]])
    return [groove for groove, share in zip(grooves, shared, strict=True) if share >= enough]


def _steps(groove: Groove) -> NDArray[np.bool_]:
    """Which sixteenths are struck at all."""
    lines = groove.lines.values()
    return np.array([any(line[n % len(line)] not in ".-" for line in lines) for n in range(COMMON)])


def _remembered(
    strokes: dict[tuple[int, int, bool], list[Event]],
    groove: Groove,
    bar: Bar,
    phase: int,
    *,
    busy: bool,
) -> list[Event]:
    key = (id(groove), phase, busy)
    if key not in strokes:
        strokes[key] = _strokes(groove, bar, phase, busy=busy)
    return strokes[key]


def _has_snare(voice: Voice) -> bool:
    return voice.role is Role.DRUMS and voice.instrument not in HANDS


def _roll(bar: Bar, strength: float) -> list[Event]:
    """A build: the kick goes through, the snare doubles its pace towards the end. It swells in `edit.py`."""
    left = bar.section.bars - bar.place
    step = 0.25 if left == 1 else 0.5 if 2 * left <= bar.section.bars else 1.0
    roll = [
        (bar.start + at, RINGING, KEYS["snare"], (0.8 if at % 1.0 == 0 else 0.62) * strength)
        for at in np.arange(0.0, bar.beats - 1e-6, step).tolist()
    ]
    kicks = np.arange(0.0, bar.beats - 1e-6, 1.0).tolist() if left > 1 else [0.0]
    return roll + [(bar.start + at, RINGING, KEYS["kick"], 0.85 * strength) for at in kicks]


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
    hands = voice.role is Role.PERCUSSION or voice.instrument in HANDS
    return idioms.percussion if hands else idioms.drums


def _groove_for(bar: Bar, plan: Plan, book: Book) -> Groove:
    # A calm prompt has thinned the grooves; only one that wants to sleep has half of them everywhere.
    calm = bar.section.energy < HALF_BELOW or plan.drive <= ASLEEP
    if bar.is_last and bar.section.bars >= 4 and bar.section.energy >= HALF_BELOW:
        return book.fill(bar)
    return book.half if calm or "half-time" in bar.section.traits else book.main(bar)


def _busyness(groove: Groove) -> float:
    return sum(strokes(line) for line in groove.lines.values())


def _asked_for(groove: Groove, plan: Plan) -> Groove:
    """The groove as the prompt wants it: livelier or calmer, the kick on every beat, everything twice as fast."""
    lines = dict(groove.lines)
    if groove.use != "fill":
        lines = driven(lines, plan.drive, round(4 * theory.pulse(plan.metre)))
    if "double-time" in plan.asked:
        lines = {key: line[::2] * 2 for key, line in lines.items()}
    if "four-on-the-floor" in plan.asked and "kick" in lines:
        lines["kick"] = ("X..." * len(lines["kick"]))[: len(lines["kick"])]
    return Groove(groove.use, lines)


def _strokes(groove: Groove, bar: Bar, phase: int, *, busy: bool) -> list[Event]:
    events: list[Event] = []
    for name, line in groove.lines.items():
        pattern = _doubled(line) if busy and name in {"hat", "shaker", "ride"} else line
        length = LENGTHS.get(name, RINGING)
        for offset, _, symbol in hits(pattern, bar.beats, phase):
            strokes = ROLLS.get(symbol, 1)
            events += [
                (offset + 0.25 * n / strokes, length, KEYS[name], LOUDNESS[symbol] * SOFTER**n)
                for n in range(strokes)
            ]
    return events


def _doubled(line: str) -> str:
    """Soft sixteenths between the eighths."""
    return "".join("o" if symbol == "." and n % 2 else symbol for n, symbol in enumerate(line))


def _crashes(bar: Bar, voice: Voice) -> bool:
    if not _has_snare(voice):
        return False
    return bar.place == 0 and bar.index > 0 and bar.intensity >= 0.65
