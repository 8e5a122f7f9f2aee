"""Drums and percussion: which groove in which bar, crashes where sections meet. Plays straight
and exact; swing and imprecision come with the performance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bandstand.composer import chance, theory
from bandstand.composer.compose import hands
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.drive import (
    ASLEEP,
    CALM,
    LIVELY,
    STILL,
    TIMEKEEPERS,
    WILD,
    driven,
    strokes,
    suited,
)
from bandstand.composer.compose.fills import fill_begins, roll, swelling
from bandstand.composer.compose.hands import LENGTHS, STEADY_KEYS
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import HANDS, Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.plan.style import Groove
from bandstand.composer.score import Role

BUSY = 0.3
FASTEST = 152.0
"""Beats a minute up to which a hand keeps time in sixteenths."""
LAYER = "xoxo"
LIVE = HANDS | {"acoustic-kit", "brush-kit", "jazz-kit", "orchestral-kit"}
HALF_BELOW = 0.5
AKIN = 0.65
"""Of its sixteenths, those that the groove of a chorus has in common with that of the verse at least."""
COMMON = 96
"""Sixteenths after which lines of one, two and three bars have come round together."""
GHOST, GHOSTS_KEPT = 0.5, 0.85
"""Strokes as soft as this come and go, but for those that keep time."""
LONG_SECONDS = 3.0
"""How long a bar is that has time for one answer more."""
CYMBALS = frozenset(KEYS[name] for name in ("hat", "open", "ride", "ride-bell", "crash"))
TURNS = 0.5
"""How often a section has a beat of fill after each four bars."""


@dataclass
class Book:
    """What one drummer plays in this piece: a groove for the verses, another for the chorus, fills in turn.

    whims     0..1, where the second bar of four answers the first, and the fourth the third
    answered  how loud it does
    """

    mains: list[Groove]
    chorus: Groove
    half: Groove
    fills: list[Groove]
    pulse: float
    bpm: float
    whims: tuple[float, float]
    answered: float
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
            self.read[key] = hands.read(groove, bar.beats, phase, self.pulse, busy=busy)
            if phase % 2 and groove.use in {"main", "b"}:
                self.read[key] = self._varied(groove, self.read[key], bar, phase)
        return self.read[key]

    def _varied(self, groove: Groove, played: list[Event], bar: Bar, phase: int) -> list[Event]:
        """The second bar of two, unless the groove has one of its own: more of it in the fourth, and where bars are long."""
        count = 1 + phase // 2 + (bar.beats * 60.0 / self.bpm > LONG_SECONDS)
        place = bar.beats, self.pulse, self.whims[phase // 2], count
        own = hands.is_long(groove, bar.beats)
        answer = [] if own else hands.answer(played, *place, loud=self.answered)
        return hands.breathe(played, *place) + answer


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
        busy = plan.drive >= BUSY and bar.is_peak and plan.bpm <= FASTEST
        groove = _groove_for(bar, plan, book)
        played = book.strokes(groove, bar, bar.place % 4, busy=busy)
        left = fill_begins(bar, plan, voice.role, turns=bar.section.first_bar in turning)
        if left < bar.beats:
            filled = swelling(book.strokes(book.fill(bar), bar, 0), left, bar.beats)
            played = [e for e in played if e[0] < left] + filled
        if _crashes(bar, voice):
            # The hand that crashes keeps no time meanwhile.
            played = [e for e in played if e[0] > 0.0 or e[2] not in CYMBALS]
            played.append((0.0, LENGTHS["crash"], KEYS["crash"], 0.7))
        events += [
            (bar.start + at, length, pitch, loud * strength) for at, length, pitch, loud in played
        ]
    keep = dice.random(len(events)) < GHOSTS_KEPT
    return [
        event
        for event, kept in zip(events, keep.tolist(), strict=True)
        if kept or event[3] > GHOST or event[2] in STEADY_KEYS
    ]


def open_book(plan: Plan, voice: Voice) -> Book:
    """The drummer's choice of grooves for a piece; whoever asks for the same voice finds the same."""
    dice = chance.stage(plan.seed, chance.DRUMS, f"{voice.role} {plan.variation}")
    # Who plays together breathes together.
    shared = chance.stage(plan.seed, chance.DRUMS, f"together {plan.variation}")
    grooves = [_asked_for(groove, plan, voice) for groove in _grooves(plan, voice)]
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
        whims=(float(shared.random()), float(shared.random())),
        answered=hands.GHOSTED if plan.drive <= CALM else hands.ANSWERED,
    )


def kicks(plan: Plan) -> tuple[str, str]:
    """What the foot of the drummer does in verse and chorus, for the bass to lock with; empty without a kit."""
    kit = next((voice for voice in plan.voices if _has_snare(voice)), None)
    if kit is None or not _grooves(plan, kit):
        return "", ""
    book = open_book(plan, kit)
    return book.mains[0].lines.get("kick", ""), book.chorus.lines.get("kick", "")


def _quieter(main: Groove, voice: Voice, pulse: int) -> Groove:
    """The groove of the verses with less in it, and the stick across the snare."""
    calm, still = driven(main.lines, CALM, pulse), driven(main.lines, STILL, pulse)
    lines = {name: (calm if name in TIMEKEEPERS else still)[name] for name in calm}
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


def _wants_layer(plan: Plan, voice: Voice) -> bool:
    """Whether somebody shakes a tambourine over a wild chorus: where nobody else is there to do it."""
    alone = all(other.role is not Role.PERCUSSION for other in plan.voices)
    return alone and _has_snare(voice) and plan.drive >= WILD and theory.pulse(plan.metre) == 1.0


def _asked_for(groove: Groove, plan: Plan, voice: Voice) -> Groove:
    """The groove as the prompt wants it: livelier or calmer, the kick on every beat, everything twice as fast."""
    lines = _one_pair(groove.lines)
    if groove.use != "fill":
        # A machine would go on with sixteenths.
        quick = plan.bpm <= FASTEST or voice.instrument not in LIVE
        lines = lines if quick else hands.unhurried(lines)
        drive = plan.drive if quick else min(plan.drive, 0.99 * LIVELY)
        beat = round(4 * theory.pulse(plan.metre))
        lines = driven(lines, drive, beat, verse=groove.use == "main")
    if groove.use == "b" and _wants_layer(plan, voice):
        lines.setdefault("tambourine", LAYER)
    if "double-time" in plan.asked:
        lines = {key: line[::2] * 2 for key, line in lines.items()}
    if "four-on-the-floor" in plan.asked and "kick" in lines:
        lines["kick"] = ("X..." * len(lines["kick"]))[: len(lines["kick"])]
    return Groove(groove.use, lines)


def _crashes(bar: Bar, voice: Voice) -> bool:
    if not _has_snare(voice):
        return False
    return bar.place == 0 and bar.index > 0 and bar.intensity >= 0.65
