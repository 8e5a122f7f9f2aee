"""The form of a piece: which sections follow each other, how long and how intense. Knows no chords and no notes.

The order of sections is in `forms.toml`. Pieces shorter than `SHORT` have no intro: their first bar is already the tune.
What a prompt asks for (a build, a drop, no intro) is fitted in where there are bars for it.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from bandstand.composer.score import Drift, Metre, Section

SHORT, MEDIUM = 20.0, 64.0
SLOWEST, FASTEST = 40.0, 240.0
LOOP_SLACK = 0.002
"""Seconds by which the bars of a loop may miss its length: too few to be heard as a stumble."""
INTENSITY = {
    "intro": 0.4,
    "a": 0.62,
    "b": 0.9,
    "bridge": 0.45,
    "solo": 0.82,
    "build": 0.7,
    "drop": 0.95,
    "break": 0.42,
    "outro": 0.5,
}
GROWTH = 0.03
"""By how much a verse is more intense when it comes back."""
PEAKS = ("b", "drop")
PHRASE = 4
LEADING_IN = frozenset({"intro", "build"})
ROUND, HOMING = "round", "homing"
"""Traits of a section over the chords of the verse, and of one that has its own and comes home by the verse's."""
LIFT, LIFTED_SECONDS, LIFTED_SHARE = 2, 150.0, 0.16
HARD_TAIL = 0.6
SWELL = 0.3
FADE_SHARE, FADE_SECONDS = 0.2, 12.0
FASTER = 1.3
"""What a tempo that is speeding up comes to in the course of a piece."""
SLOWER, SLOWING_BARS = 0.65, 2
"""What one that is slowing down comes to, and in how many bars before the last chord."""
INTRO_SECONDS = (5.0, 10.0)
"""Of pieces up to a minute, and of longer ones: then the hook must have been heard."""

Named = tuple[str, frozenset[str]]
"""A section's name and traits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What form a piece should have.

    style         decides the order of sections
    section_bars  length of a verse in a long piece
    asked         flags of the prompt; those of form are told in `prompt/intent.py`
    loops         no intro, no outro
    lifts         whether the last chorus may rise
    """

    style: str = ""
    section_bars: int = 8
    asked: frozenset[str] = frozenset()
    loops: bool = False
    lifts: bool = False


def place_in_round(section: Section, place: int) -> int:
    """Which bar of a loop of chords a bar of a section has: intro and build come in on the end of one, so that what
    follows begins it anew. Negative places count from the end.
    """
    return place - section.bars if section.name in LEADING_IN else place


def tail(seconds: float, *, hard: bool = False) -> float:
    """Seconds kept free for the last chord to ring; a hard ending needs less."""
    longest = HARD_TAIL if hard else 2.5
    return min(max(0.08 * seconds, 0.4), longest)


def whole_bars(seconds: float, bpm: float, metre: Metre, *, hard: bool = False) -> int:
    bar_seconds = metre.beats * 60.0 / bpm
    return max(0, math.floor((seconds - tail(seconds, hard=hard)) / bar_seconds + 1e-9))


def faded_bars(seconds: float, bpm: float, metre: Metre) -> int:
    """Bars until nothing is heard any more: the last one may be cut."""
    return max(1, math.ceil(seconds * bpm / 60.0 / metre.beats - 1e-6))


def fade(seconds: float) -> float:
    """Seconds of a fade."""
    return min(FADE_SHARE * seconds, FADE_SECONDS)


def drifting(
    seconds: float, bpm: float, metre: Metre, asked: Collection[str], *, hard: bool = False
) -> tuple[int, Drift] | None:
    """The bars of a piece that becomes faster or slower, and how it does; None for one that does not."""
    if not {"accelerando", "ritardando"} & set(asked):
        return None
    room = (seconds - tail(seconds, hard=hard)) * bpm / 60.0
    for bars in range(math.floor(FASTER * room / metre.beats), 0, -1):
        whole = bars * metre.beats
        last = min(SLOWING_BARS * metre.beats, whole / 2)
        speeds = "accelerando" in asked
        drift = Drift(0.0, whole, FASTER) if speeds else Drift(whole - last, last, SLOWER)
        if drift.steady(whole) <= room + 1e-9:
            return bars, drift
    return None


def looped(seconds: float, bpm: float, metre: Metre, *, may_bend: bool) -> tuple[int, float] | None:
    """Bars and tempo that fill a length exactly, or None if there are none; a tempo that was asked for is not bent."""
    bars = max(1, round(seconds * bpm / 60.0 / metre.beats))
    exact = bars * metre.beats * 60.0 / seconds
    slack = seconds - bars * metre.beats * 60.0 / bpm
    if may_bend:
        return (bars, exact) if SLOWEST <= exact <= FASTEST else None
    return (bars, bpm) if abs(slack) <= LOOP_SLACK else None


def sections(bars: int, seconds: float, wish: Wish | None = None) -> tuple[Section, ...]:
    """Share out the bars; the names say what repeats what."""
    if bars == 0:
        return ()
    wish = wish or Wish()
    order = _orders(wish.style)
    intro = _intro(bars, seconds, wish)
    outro = _outro(bars - intro, seconds, wish)
    body = bars - intro - outro
    (last,) = _read(order["last"])
    if wish.loops or seconds < SHORT or body < order.get("least", 6):
        named = _shared(body, 4 if body >= 8 else 2, _read(order["short"]), last)
        if seconds >= SHORT and "build" in order["medium"]:
            named = _inserted(named, "build")
    elif seconds < MEDIUM or body < 3 * wish.section_bars:
        named = _shared(body, 4, _read(order["medium"]), last)
    else:
        named = _shared(body, wish.section_bars, _read(order["long"]), last)
    named = _fitted(_spared(named, wish.asked), wish.asked)
    edges = [(("intro", frozenset[str]()), intro), *named, (("outro", frozenset[str]()), outro)]
    placed = _placed([edge for edge in edges if edge[1] > 0], wish.asked)
    trait = next((word for word in (ROUND, HOMING) if body < order.get(word, 0)), None)
    if trait:
        placed = tuple(replace(one, traits=one.traits | {trait}) for one in placed)
    if "key-change" in wish.asked:
        return _lifted(placed, bars, share=0.5)
    lifts = wish.lifts and order.get("lifts", False) and seconds >= LIFTED_SECONDS
    return _lifted(placed, bars, share=LIFTED_SHARE) if lifts else placed


def _intro(bars: int, seconds: float, wish: Wish) -> int:
    asked = "intro" in wish.asked and bars >= 4
    if "no-intro" in wish.asked or not (asked or (seconds >= SHORT and not wish.loops)):
        return 0
    bar_seconds = seconds / bars
    longest = INTRO_SECONDS[0] if seconds < MEDIUM else INTRO_SECONDS[1]
    fitting = int(longest / bar_seconds)
    wanted = 4 if bars >= 3 * wish.section_bars else 2 if bars >= 9 else 1 if bars >= 6 else 0
    # Two, four or eight: an intro is a phrase.
    found = next((length for length in (4, 2, 1) if length <= min(wanted, fitting)), 0)
    return max(found, 2 if bars >= 6 else 1) if asked else found


def _outro(bars: int, seconds: float, wish: Wish) -> int:
    if wish.loops or bars < 6:
        return 0
    if seconds >= MEDIUM and bars >= 3 * wish.section_bars:
        return 4
    return 2 if "outro" in wish.asked else 0


def _shared(bars: int, verse: int, cycle: Sequence[Named], last: Named) -> list[tuple[Named, int]]:
    """Sections of one length each, builds half of it; the last one takes what is left, a phrase at least."""
    if bars < verse + 2:
        return [(cycle[0], bars)]
    shared: list[tuple[Named, int]] = []
    left, number = bars, 0
    while left > 0:
        named = cycle[number % len(cycle)]
        number += 1
        length = max(1, verse // 2) if named[0] in {"build", "break"} else verse
        least = max(2, verse // 2, min(verse, PHRASE) if shared else 0)
        if left - length < least:
            peaks = len(shared) == 1 and named[0] not in PEAKS and last[0] in PEAKS
            ends = last if len(shared) > 1 or peaks else _plain(named, last)
            shared.append((ends, left))
            return _with_whole_end(shared, verse)
        shared.append((named, length))
        left -= length
    return shared


def _with_whole_end(shared: list[tuple[Named, int]], verse: int) -> list[tuple[Named, int]]:
    """What has to be cut short is the verse before the last chorus, not the chorus."""
    if len(shared) < 3 or shared[-1][1] >= verse:
        return shared
    (before, length), (last, left) = shared[-2:]
    if before[0] in PEAKS or last[0] not in PEAKS or length <= PHRASE:
        return shared
    return [*shared[:-2], (before, PHRASE), (last, length + left - PHRASE)]


def _plain(named: Named, last: Named) -> Named:
    """A piece does not stop in a build or a bridge."""
    return (named[0], named[1] - {"stripped", "stop"}) if named[0] in {"a", *PEAKS} else last


def _spared(named: list[tuple[Named, int]], asked: Collection[str]) -> list[tuple[Named, int]]:
    """Without what is not wanted: it becomes more of a verse, a drop a chorus. With a stop before each peak, if asked."""
    plain = {
        name: instead
        for word, name, instead in (
            ("no-build", "build", "a"),
            ("no-drop", "drop", "b"),
            ("no-breakdown", "break", "a"),
            ("no-bridge", "bridge", "a"),
            ("no-solo", "solo", "a"),
        )
        if word in asked
    }
    stops = frozenset({"stop"}) if "stop-time" in asked else frozenset[str]()
    first = {"hook", "chorus"} & set(asked) and all(which[0] not in PEAKS for which, _ in named)
    return [
        ((plain.get(name, "b" if first and name == "a" else name), traits | stops), length)
        for (name, traits), length in named
    ]


def _fitted(named: list[tuple[Named, int]], asked: Collection[str]) -> list[tuple[Named, int]]:
    """Make room for what was asked for and is not there; it takes the end of the section before a peak."""
    fitted = list(named)
    if "drop" in asked:
        fitted = [((_drop(which), length)) for which, length in fitted]
    wanted = [
        ("breakdown", "break"),
        ("bridge", "bridge"),
        ("solo", "solo"),
        ("build", "build"),
        ("drop", "build"),
    ]
    for word, name in wanted:
        if word == "drop" and "no-build" in asked:
            continue
        if word in asked and all(which[0] != name for which, _ in fitted):
            fitted = _inserted(fitted, name)
    return fitted


def _drop(named: Named) -> Named:
    return ("drop", named[1]) if named[0] == "b" else named


def _inserted(named: list[tuple[Named, int]], name: str) -> list[tuple[Named, int]]:
    """A section cut off the end of the one before a peak, as far as that has bars to give: a build before the first
    peak, all else before the last.
    """
    places = range(1, len(named))
    for n in places if name == "build" else reversed(places):
        (before, length), (peak, _) = named[n - 1], named[n]
        if peak[0] in {*PEAKS, "build"} and length >= 4:
            cut = length // 2
            new = (name, frozenset({"stop"}) if name == "build" else frozenset[str]())
            return [*named[: n - 1], (before, length - cut), (new, cut), *named[n:]]
    (only, length), rest = named[0], named[1:]
    if len(named) == 1 and length >= 6:
        cut = length // 3
        peak = ("drop" if name == "build" else "b", frozenset[str]())
        return [(only, length - 2 * cut), ((name, frozenset[str]()), cut), (peak, cut), *rest]
    return named


def _placed(named: Sequence[tuple[Named, int]], asked: Collection[str]) -> tuple[Section, ...]:
    always = {"half-time"} & set(asked)
    whole = sum(length for _, length in named)
    placed: list[Section] = []
    times: dict[str, int] = {}
    first = 0
    for (name, traits), length in named:
        time = times.get(name, 0)
        times[name] = time + 1
        energy = INTENSITY[name] + (min(GROWTH * time, 0.09) if name in {"a", "b"} else 0.0)
        energy = 0.45 if "stripped" in traits else min(energy, 1.0)
        way = ("crescendo" in asked) - ("decrescendo" in asked)
        energy = min(max(energy + way * SWELL * (2 * first / whole - 1.0), 0.15), 1.0)
        placed.append(Section(name, first, length, round(energy, 3), traits | always))
        first += length
    return tuple(placed)


def _lifted(placed: tuple[Section, ...], bars: int, *, share: float) -> tuple[Section, ...]:
    """The last chorus and what follows it, a tone higher, unless that is more than a share of the piece."""
    last = max(
        (n for n, section in enumerate(placed) if section.name in PEAKS), default=len(placed)
    )
    if last >= len(placed) or bars - placed[last].first_bar > share * bars:
        return placed
    return tuple(
        replace(section, lift=LIFT) if n >= last else section for n, section in enumerate(placed)
    )


@cache
def _read(text: str) -> tuple[Named, ...]:
    words = (word.partition(":") for word in text.split())
    return tuple((name, frozenset(trait.split("+")) - {""}) for name, _, trait in words)


@cache
def _orders(style: str) -> dict[str, Any]:
    """The kind of form of a style."""
    text = files("bandstand.composer.plan").joinpath("forms.toml").read_text("utf-8")
    kinds: dict[str, dict[str, Any]] = tomllib.loads(text)
    return next((kind for kind in kinds.values() if style in kind.get("styles", ())), kinds["song"])
