"""Talas: the cycles of beats, and the tabla that plays them. Knows no raga; the data is in `talas.toml`.

The tabla keeps the theka, answers it with soft strokes between, runs before a sam, and ends with a tihai: one figure
three times, whose last stroke would be the sam after it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Metre

STROKES: dict[str, tuple[str, ...]] = {
    "dha": ("ge", "na"),
    "dhin": ("ge", "tin"),
    "na": ("na",),
    "ta": ("na",),
    "tin": ("tin",),
    "tun": ("tun",),
    "ge": ("ge",),
    "ka": ("ka",),
    "kat": ("ka", "te"),
    "te": ("te",),
    "re": ("te",),
    "ke": ("ka",),
    "-": (),
}
"""What the hands do for a bol."""
BY_METRE = {
    "2/4": ("keherwa", 0.5),
    "2/2": ("teental", 1.0),
    "3/4": ("dadra", 0.5),
    "3/8": ("dadra", 0.5),
    "5/4": ("jhaptal", 1.0),
    "5/8": ("jhaptal", 0.5),
    "6/4": ("ektal", 1.0),
    "6/8": ("dadra", 0.5),
    "7/4": ("rupak", 1.0),
    "7/8": ("rupak", 0.5),
    "9/8": ("matta", 0.5),
    "12/8": ("ektal", 0.5),
}
"""Which tala a metre is, and the length of its matra in beats."""
RUNS = ("te.re.ke.te", "dha.te.te.dha", "dha.ge.te.te", "na.ge.te.te", "te.te.ka.te")
CALM = 0.45
TIHAI = ((5, 0.25), (3, 0.5), (3, 0.25))
"""Notes of the figure, and their distance in matras of a beat."""

Theka = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Tala:
    """theka: for each matra its bols; others: what a tabla may keep in its place; matra: its length in beats."""

    name: str
    vibhags: tuple[int, ...]
    khali: frozenset[int]
    theka: Theka
    matra: float
    others: tuple[Theka, ...] = ()

    @property
    def beats(self) -> float:
        return len(self.theka) * self.matra

    def matra_at(self, beat: float) -> int:
        """Which matra of its cycle, 0-based, begins at a beat of the piece."""
        return round(beat / self.matra) % len(self.theka)


@dataclass(frozen=True, slots=True)
class Tihai:
    """One figure three times before a sam; beats. Its last note of all is the sam and not in `onsets`."""

    sam: float
    onsets: tuple[float, ...]
    notes: int
    apart: float


def tala_for(plan: Plan) -> Tala:
    """The tala of a piece. In 4/4, the quick keherwa for lively or short pieces, else teental."""
    quick = plan.energy > 0.6 or plan.bpm < 66 or plan.bars < 4
    common = ("keherwa", 0.5) if quick else ("teental", 1.0)
    name, matra = BY_METRE.get(plan.metre.written, common)
    table = _talas()[name]
    others = tuple(_theka_of(written) for written in table.get("others", ()))
    return Tala(
        name,
        tuple(table["vibhags"]),
        frozenset(table["khali"]),
        _theka_of(table["theka"]),
        matra,
        others,
    )


def _theka_of(written: str) -> Theka:
    return tuple(tuple(matra.split(".")) for matra in written.split())


def tihai(bar: Bar, metre: Metre) -> Tihai:
    """The tihai that ends with a bar."""
    sam = bar.start + bar.beats
    unit = 1.0 if metre.beats >= 2.0 else 0.5
    notes, step = next(
        (n, s * unit)
        for n, s in (*TIHAI, (2, 0.25), (1, 0.25))
        if (3 * n + 1) * s * unit <= bar.beats + 1e-9
    )
    apart = (notes + 1) * step
    first = sam - 2 * apart - (notes - 1) * step
    onsets = [first + n * apart + k * step for n in range(3) for k in range(notes)]
    return Tihai(sam, tuple(onsets[:-1]), notes, step)


def play_tabla(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Theka, variations of it, and the tihai at the end; whoever is no tabla plays a groove."""
    if voice.instrument != "tabla":
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    tala = tala_for(plan)
    thekas = (tala.theka, *tala.others)
    tala = replace(tala, theka=thekas[int(dice.integers(len(thekas)))])
    run = RUNS[int(dice.integers(len(RUNS)))].split(".")
    rolls = dice.random((len(bars), 2)).tolist()
    events: list[Event] = []
    for bar, (running, whispering) in zip(bars, rolls, strict=True):
        strength = ground.strength(bar)
        if ends_piece(bar, plan) and plan.bars > 1:
            events += _tihai(bar, plan, tala, strength)
            continue
        turns = bar.is_last or (bar.place % 4 == 3 and running < 0.5)
        lively = bar.intensity > CALM + 0.4 * whispering
        events += _theka(bar, tala, strength, run if turns else None, ghosts=lively)
    return ground.within(events, bars)


def ends_piece(bar: Bar, plan: Plan) -> bool:
    return bar.index == plan.bars - 1


def _theka(
    bar: Bar, tala: Tala, strength: float, run: Sequence[str] | None, *, ghosts: bool
) -> list[Event]:
    events: list[Event] = []
    count = round(bar.beats / tala.matra)
    for place in range(count):
        start = bar.start + place * tala.matra
        matra = tala.matra_at(start)
        # The last matra before the next bar runs, if anything does.
        bols = run if run and place == count - 1 else tala.theka[matra]
        loud = strength * (0.95 if matra == 0 else 0.78)
        each = tala.matra / len(bols)
        for n, bol in enumerate(bols):
            events += _bol(bol, start + n * each, each, loud * (1.0 if n == 0 else 0.7))
        if ghosts and len(bols) == 1 and place % 2 and bols != ("-",):
            events += _bol("te", start + tala.matra / 2, tala.matra / 2, 0.4 * strength)
    return events


def _tihai(bar: Bar, plan: Plan, tala: Tala, strength: float) -> list[Event]:
    figure = tihai(bar, plan.metre)
    until = figure.onsets[0]
    events = [e for e in _theka(bar, tala, strength, None, ghosts=False) if e[0] < until - 1e-9]
    for n, onset in enumerate(figure.onsets):
        # Each figure closes on a dha; before it the right hand runs.
        closes = n % figure.notes == figure.notes - 1
        bol = "dha" if closes or n % figure.notes == 0 else "te" if n % 2 else "na"
        events += _bol(bol, onset, figure.apart, strength * (0.95 if closes else 0.75))
    return events


def _bol(bol: str, start: float, length: float, loud: float) -> list[Event]:
    return [(start, max(length, 0.2), KEYS[stroke], loud) for stroke in STROKES[bol]]


@cache
def _talas() -> Mapping[str, dict[str, Any]]:
    return tomllib.loads(files(__package__ or "").joinpath("talas.toml").read_text("utf-8"))
