"""The figures of a prompt: bpm, key, metre, decade, read by rule. Words are the lexicon's affair.

Each reader takes the prompt and gives what it found with the stretch of text it used, so that the words are not
read twice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from bandstand.composer import theory
from bandstand.composer.score import Key, Metre

T_co = TypeVar("T_co", covariant=True)

SLOWEST, FASTEST = 40.0, 240.0

NUMBER = r"\d{1,6}(?:\.\d{1,6})?"
BPM = re.compile(
    rf"(?:({NUMBER})\s*(?:-|to|–)\s*)?({NUMBER})\s*-?\s*(?:bpm\b|b\.p\.m\.|beats\s+per\s+min(?:ute)?)"
    rf"|\b(?:bpm|tempo)\s*(?:of|:|=|at|is|around)?\s*()({NUMBER})",
    re.IGNORECASE,
)
METRE = re.compile(r"(?<![\d/])(\d{1,2})\s*/\s*(2|4|8|16)(?![\d/])")
ERA = re.compile(r"(?<!\d)(?:19|20|')?([0-9])0\s?'?s\b(?:\s+era)?", re.IGNORECASE)

MODE_WORDS = {
    "major": "major",
    "maj": "major",
    "dur": "major",
    "ionian": "major",
    "minor": "minor",
    "min": "minor",
    "moll": "minor",
    "natural minor": "minor",
    "aeolian": "minor",
    "dorian": "dorian",
    "phrygian": "phrygian",
    "lydian": "lydian",
    "mixolydian": "mixolydian",
    "locrian": "locrian",
    "harmonic minor": "harmonic minor",
    "melodic minor": "melodic minor",
    "phrygian dominant": "phrygian dominant",
    "double harmonic": "double harmonic",
    "bhairav": "double harmonic",
    "m": "minor",
}
MODE = "|".join(sorted((word for word in MODE_WORDS if word != "m"), key=len, reverse=True))
ACCIDENTAL = r"\s*(?:#|♯|♭|[-\s]?sharp\b|[-\s]?flat\b)|b(?![a-z])"
KEY = re.compile(
    rf"(?P<before>\b(?:in|key)\s+(?:of\s+)?(?:the\s+key\s+of\s+)?|\bkey\s*[:=]\s*)?"
    rf"(?<![A-Za-z0-9#'’])(?P<tonic>[A-Ga-gHh])(?P<accidental>{ACCIDENTAL})?"
    rf"(?:[-\s]*(?P<mode>{MODE})\b|(?P<m>m)(?![a-z]))?(?![A-Za-z0-9'’#])",
    re.IGNORECASE,
)
MODE_ALONE = re.compile(
    rf"\b(?P<mode>{MODE})\b(?=\s+(?:key|mode|scale|tonality)|\s*(?:,|$))", re.IGNORECASE
)
ENDS = re.compile(r"\s*(?:$|[,.;:!?)]|and\b|at\b|with\b|\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found(Generic[T_co]):
    """A value, and the text from `start` to `end` that says it."""

    value: T_co
    start: int
    end: int


def bpms(text: str) -> Iterator[Found[float]]:
    for match in BPM.finditer(text):
        low, high = match.group(1), match.group(2) or match.group(4)
        number = (float(low) + float(high)) / 2 if low else float(high)
        assert math.isfinite(number)
        yield Found(number, match.start(), match.end())


def metres(text: str) -> Iterator[Found[Metre | None]]:
    """The metres written in figures; None for one that cannot be played."""
    for match in METRE.finditer(text):
        written = f"{match.group(1).lstrip('0')}/{match.group(2)}"
        playable = theory.metre(written) if written in theory.METRES else None
        yield Found(playable, match.start(), match.end())


def eras(text: str) -> Iterator[Found[str]]:
    for match in ERA.finditer(text):
        decade = int(match.group(1))
        century = "20" if decade <= 2 and "19" not in match.group(0) else "19"
        yield Found(f"{century}{decade}0s", match.start(), match.end())


def modes(text: str) -> Iterator[Found[str]]:
    """Modes without a tonic: "in a minor key"."""
    for match in MODE_ALONE.finditer(text):
        yield Found(MODE_WORDS[match["mode"].lower()], match.start(), match.end())


def keys(text: str) -> Iterator[Found[Key]]:
    """Keys in any spelling; a bare letter counts only where it can be nothing else."""
    for match in KEY.finditer(text):
        if _is_key(match, text):
            yield Found(_key(match), match.start(), match.end())


def _is_key(match: re.Match[str], text: str) -> bool:
    capital = match["tonic"].isupper()
    if match["mode"]:
        # "in a minor key" names no tonic.
        return capital or match["tonic"] != "a" or not re.match(r"\s+key", text[match.end() :])
    if match["tonic"] in "Hh":
        return False
    if match["m"]:
        return capital
    if match["accidental"]:
        return capital or match["accidental"].strip() != "b" or bool(match["before"])
    if match["before"] and "key" in match["before"].lower():
        return True
    return bool(match["before"]) and capital and ENDS.match(text[match.end() :]) is not None


def _key(match: re.Match[str]) -> Key:
    mode = MODE_WORDS[(match["mode"] or match["m"] or "major").lower()]
    letter = match["tonic"].lower()
    tonic = theory.NATURALS["b" if letter == "h" else letter]
    accidental = (match["accidental"] or "").strip(" -").lower()
    if accidental in {"#", "♯", "sharp"}:
        tonic += 1
    elif accidental:
        tonic -= 1
    return Key(tonic % 12, mode)
