"""The figures of a prompt: tempo, metre, decade, length, read by rule. Keys are in `keys.py`, words in the lexicon.

Each reader takes clean text and gives what it found with the stretch of text it used, so that the words are not read
twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from bandstand.composer import theory

T_co = TypeVar("T_co", covariant=True)

NUMBER = r"(?<![\d.])\d{1,6}(?:\.\d{1,6})?"
UNIT = r"(?:bpms?\b|bmp\b|ppm\b|b\.p\.m\b\.?|beats? (?:per|a) min(?:ute)?\b|beats?/min(?:ute)?\b|battements par minute\b|schlage pro minute\b|pulsaciones por minuto\b)"
BPM = re.compile(
    rf"(?P<low>{NUMBER}) ?(?:-|to) ?(?P<high>{NUMBER}) ?-? ?{UNIT}"
    rf"|(?P<one>{NUMBER}) ?-? ?{UNIT}"
    rf"|\bbpm\b[ :=]*(?:(?:of|is|at|around|about|circa|range)\b[ :=]*)*~?"
    rf"(?P<after>{NUMBER})(?: ?(?:-|to) ?(?P<upto>{NUMBER}))?(?![\d/])"
    rf"|\b(?:tempo|metronome|speed)\b[ :=]*(?:(?:of|is|at|around|about|circa)\b[ :=]*)*~?"
    rf"(?P<tempo>\d{{2,3}}(?:\.\d{{1,6}})?)(?![\d/.:])"
    rf"|(?:\bat ?|@ ?|[♩q] ?= ?|[,;\n] ?)(?P<bare>\d{{2,3}})(?= ?(?:$|[,;\n]|\.\s))",
    re.IGNORECASE,
)
BETWEEN = re.compile(rf"\bbetween ({NUMBER}) and ({NUMBER}) ?-? ?{UNIT}", re.IGNORECASE)
METRE = re.compile(r"(?<![\d/.])(\d{1,2}) ?/ ?(2|4|8|16)(?![\d/])(?: time\b)?(?! ?notes?\b)")
DECADE = re.compile(
    r"(?:\b(?P<told>the|early|mid|late|roaring|circa|from)[ -]{1,3})?(?<![\d.,])"
    r"(?P<century>1[0-9]|20)?(?P<quote>')?(?P<decade>\d)0'?s\b(?: era\b)?",
    re.IGNORECASE,
)
FOREIGN = re.compile(
    r"\b(?:annees|anos|anni) '?(?:19)?(?P<before>\d)0\b|(?<!\d)(?:19)?(?P<after>\d)0er\b",
    re.IGNORECASE,
)
"""Decades of the French, Spanish and Italians, and of the Germans."""
STYLED = re.compile(
    r" (?:style|jazz|swing|blues|big|hollywood|dance|ragtime|inspired|radio|cabaret)", re.IGNORECASE
)
CUT = re.compile(
    r" (?:underscore|spot|ad|advert|commercial|loop|clip|cut|edit|video|teaser|trailer|bed|bumper|promo|long)s?\b",
    re.IGNORECASE,
)
"""What follows "60s" where that is a minute."""
YEAR = re.compile(r"(?<![\d.,/])(19[2-9]|20[0-2])\d(?!\d|[.,/]\d| ?(?:hz|bpm))", re.IGNORECASE)
AMBIGUOUS = frozenset("1234")
"""Decades that, as in "30s", may as well be seconds."""
LENGTH = re.compile(
    r"(?<![\d.])(?:\d{1,4}(?:\.\d{1,3})? ?-? ?"
    r"(?:seconds?|secs?|(?<![03789]0\d)s|minutes?|mins?|hours?|hrs?|sekunden|minuten)\b|\d{1,2}:\d\d(?!\d))"
    r"(?: ?-? ?long\b)?|(?<![\d.])(?!12)\d{1,3} ?-? ?(?:bars?|measures?)\b(?: long\b)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Found(Generic[T_co]):
    """A value, and the text from `start` to `end` that says it."""

    value: T_co
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Written:
    """A metre as it stands in the prompt, and as it is played; None: not at all."""

    text: str
    played: str | None


def tempos(text: str) -> Iterator[Found[tuple[float, float]]]:
    """Beats per minute from..to; both the same where one figure stands."""
    ranges = [
        Found(_ordered(float(m[1]), float(m[2])), m.start(), m.end())
        for m in BETWEEN.finditer(text)
    ]
    yield from ranges
    for match in BPM.finditer(without(text, ranges)):
        low = match["low"] or match["one"] or match["after"] or match["tempo"] or match["bare"]
        high = match["high"] or match["upto"] or low
        if match["bare"] and not 40 <= float(low) <= 240:
            continue
        yield Found(_ordered(float(low), float(high)), match.start(), match.end())


def metres(text: str) -> Iterator[Found[Written]]:
    for match in METRE.finditer(text):
        count, unit = int(match[1]), int(match[2])
        if count < 2 or count > 32:
            continue
        written = f"{count}/{unit}"
        equal = (name for name in theory.METRES if theory.metre(name).beats == count * 4.0 / unit)
        played = written if written in theory.METRES else next(equal, None)
        yield Found(Written(written, played), match.start(), match.end())


def eras(text: str) -> Iterator[Found[str]]:
    """Decades of the recorded age: "the 90s", "1985"."""
    for match in DECADE.finditer(text):
        century, decade = match["century"], match["decade"]
        sure = century or match["told"] or match["quote"] or STYLED.match(text, match.end())
        if not sure and (decade in AMBIGUOUS or CUT.match(text, match.end())):
            continue
        if century not in {None, "19", "20"} or (century == "20" and decade > "2"):
            continue
        century = century or ("20" if decade < "2" else "19")
        yield Found(_recorded(f"{century}{decade}0s"), match.start(), match.end())
    for match in FOREIGN.finditer(text):
        decade = match["before"] or match["after"]
        century = "20" if decade < "2" else "19"
        yield Found(_recorded(f"{century}{decade}0s"), match.start(), match.end())
    for match in YEAR.finditer(text):
        yield Found(_recorded(f"{match[1]}0s"), match.start(), match.end())


def lengths(text: str) -> Iterator[Found[str]]:
    """How long the piece is to be, as it is written: that is not the prompt's affair."""
    for match in LENGTH.finditer(text):
        yield Found(match.group(), match.start(), match.end())


def without(text: str, found: Iterable[Found[object]]) -> str:
    """The text with a comma and blanks instead of what was found; everything else stays where it was."""
    kept: list[str] = []
    end = 0
    for item in sorted(found, key=lambda item: item.start):
        if item.start >= end:
            kept += [text[end : item.start], ",".ljust(item.end - item.start)]
            end = item.end
    return "".join([*kept, text[end:]])


def _ordered(low: float, high: float) -> tuple[float, float]:
    return min(low, high), max(low, high)


def _recorded(decade: str) -> str:
    return max(decade, "1920s")
