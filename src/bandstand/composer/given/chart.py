"""A plan.json -> its chords, tune, key, tempo and metre: what `describe` wrote, perhaps edited by hand since.

A chord chart in the shortest form is {"chords": ["C", "Am", "F", "G7"]}, one a bar; a chord on a beat of its own is
{"beat": 6, "name": "C"}, a tune a list of [beat, beats, pitch, velocity]. What is not said is found out (key) or left
to the prompt (tempo).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bandstand.composer import theory
from bandstand.composer.analyse.key import key_of_classes
from bandstand.composer.prompt import keys
from bandstand.composer.score import Chord, Given, Key, Metre, Note
from bandstand.errors import Invalid

CHORDS_MAX = 4000
NOTES_MAX = 20_000
BEATS_MAX = 2400.0
SLOWEST, FASTEST = 40.0, 240.0
NAME = re.compile(r"([A-Ga-g])([#b\u266f\u266d]?) ?([^/]*)(?:/ ?[A-Ga-g][#b]?)?")
KEY = re.compile(r"([A-G])([#b]?) ([a-z ]+)")
QUALITIES = {written: intervals for intervals, written in reversed(theory.QUALITIES.items())}
SPELLINGS = {
    "": ("maj", "major", "M", "ma", "6", "maj6"),
    "m": ("min", "minor", "mi", "-"),
    "dim": ("o", "\u00b0"),
    "aug": ("+", "#5"),
    "sus4": ("sus", "7sus4", "9sus4", "7sus"),
    "maj7": ("M7", "Maj7", "ma7", "\u0394", "\u03947", "^", "^7", "j7", "maj13"),
    "7": ("dom7", "7b9", "7#9", "7#5", "7alt", "7+", "7#11", "7b13"),
    "m7": ("min7", "mi7", "-7", "m11", "min11", "m13"),
    "m(maj7)": ("mM7", "mMaj7", "minmaj7", "mmaj7", "-maj7"),
    "m7b5": ("-7b5", "min7b5", "\u00f8", "\u00f87", "h7"),
    "dim7": ("o7", "\u00b07"),
    "add9": ("add2", "2", "69", "6/9"),
    "m(add9)": ("madd9", "m69"),
    "maj9": ("M9", "Maj9", "ma9", "\u03949"),
    "9": ("11", "13", "9#11"),
    "m9": ("min9", "mi9", "-9"),
    "m6": ("min6", "-6"),
}
"""How else chords are written; what is richer than ours is played as the nearest of ours."""
MEANT = {spelt: written for written, row in SPELLINGS.items() for spelt in (written, *row)}
NO_CHORD = frozenset({"N.C.", "NC", "n.c.", "N.C", "%", "-"})
OPENING = 1.5
"""What the first chord counts more for the key, when that is not written."""


def read_plan(content: bytes) -> Given:
    """raises  Invalid with field "score" and the place of what cannot be read"""
    try:
        plan = json.loads(content)
    except (ValueError, RecursionError):
        if content.lstrip()[:1] not in {b"{", b"["}:
            problem = "this is neither a MIDI file nor the plan of a piece"
            raise Invalid("score", problem) from None
        raise _invalid("it is no JSON") from None
    if not isinstance(plan, dict):
        raise _invalid("it is no JSON object")
    metre, bpm = _metre(plan.get("metre")), _bpm(plan.get("bpm"))
    tune = tuple(_note(row) for row in _rows(plan, "tune", NOTES_MAX))
    rows = [_written(row, n, metre, bpm) for n, row in enumerate(_rows(plan, "chords", CHORDS_MAX))]
    written = sorted((beat, name) for beat, name in rows if name not in NO_CHORD)
    if not tune and not written:
        raise _invalid("it has neither chords nor a tune")
    key = _key(plan.get("key")) or _key_of(written, tune)
    return Given(
        tune=tuple(sorted(tune, key=lambda note: note.start)),
        chords=_chords(written, key, metre)[: _bars(plan.get("bars"))],
        key=key,
        bpm=bpm,
        metre=metre,
    )


def _invalid(problem: str) -> Invalid:
    return Invalid("score", f"the plan cannot be read: {problem}")


def _rows(plan: Mapping[str, Any], name: str, most: int) -> Sequence[Any]:
    rows = plan.get(name)
    rows = [] if rows is None else rows
    if not isinstance(rows, list):
        raise _invalid(f"{name} is no list")
    if len(rows) > most:
        raise _invalid(f"{name} has {len(rows)} rows; at most {most}")
    return rows


def _number(value: Any, least: float, most: float, name: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:  # and so no NaN
        raise _invalid(f"{name} must be a number between {least:g} and {most:g}")
    return float(value)


def _bpm(value: Any) -> float | None:
    return None if value is None else _number(value, SLOWEST, FASTEST, "bpm")


def _bars(value: Any) -> int | None:
    """How many chords count: after the last bar only the ending's comes."""
    return None if not value else round(_number(value, 1, BEATS_MAX, "bars"))


def _metre(value: Any) -> Metre:
    value = "4/4" if value is None else value
    if not isinstance(value, str) or value not in theory.METRES:
        raise _invalid(f"metre must be one of {', '.join(theory.METRES)}")
    return theory.metre(value)


def _pitch_class(letter: str, sign: str) -> int:
    shift = {"#": 1, "\u266f": 1, "b": -1, "\u266d": -1, "": 0}[sign]
    return (theory.NATURALS[letter.lower()] + shift) % 12


def _key(value: Any) -> Key | None:
    if value is None:
        return None
    if isinstance(value, str):
        found = KEY.fullmatch(value)
        if found is not None and found[3] in theory.MODES:
            return Key(_pitch_class(found[1], found[2]), found[3])
        spelt = next(keys.keys(f"key of {value[:40]}"), None)
        if spelt is not None:
            return spelt.value.key
    raise _invalid('key must be written as in "G# minor"')


def _key_of(written: Sequence[tuple[float, str]], tune: Sequence[Note]) -> Key:
    """The key in which these chords and notes are at home."""
    classes = np.zeros(12)
    for place, (_, name) in enumerate(written):
        root, *others = _notes(name)
        classes[root] += 2.0 * (OPENING if place == 0 else 1.0)
        classes[others] += 1.0
    for note in tune:
        classes[note.pitch % 12] += note.length
    return key_of_classes(classes)[0]


def _note(row: Any) -> Note:
    if not isinstance(row, list) or len(row) != 4:
        raise _invalid("a note of the tune must be [beat, beats, pitch, velocity]")
    start = _number(row[0], 0.0, BEATS_MAX, "the beat of a note")
    length = _number(row[1], 0.01, BEATS_MAX, "the length of a note")
    pitch = round(_number(row[2], 0, 127, "the pitch of a note"))
    return Note(start, length, pitch, _number(row[3], 0.0, 1.0, "the velocity of a note"))


def _chords(
    written: Sequence[tuple[float, str]], key: Key, metre: Metre
) -> tuple[tuple[Chord, ...], ...]:
    """By bar; a bar in which none begins keeps the one before."""
    if not written:
        return ()
    bars = int(written[-1][0] // metre.beats) + 1
    found: list[tuple[Chord, ...]] = []
    place, name = 0, written[0][1]
    for bar in range(bars):
        start, stop = bar * metre.beats, (bar + 1) * metre.beats
        here = [(start, name)]
        while place < len(written) and written[place][0] < stop:
            beat, name = written[place]
            if beat <= start + 1e-6:
                here = []
            here.append((max(beat, start), name))
            place += 1
        ends = [beat for beat, _ in here[1:]] + [stop]
        found.append(
            tuple(
                _chord(beat, end - beat, name, key)
                for (beat, name), end in zip(here, ends, strict=True)
            )
        )
        name = here[-1][1]
    return tuple(found)


def _written(row: Any, place: int, metre: Metre, bpm: float | None) -> tuple[float, str]:
    """Beat and name of a chord; a name alone is that of a bar."""
    if isinstance(row, str):
        return _number(place * metre.beats, 0.0, BEATS_MAX, "the beat of a chord"), row.strip()
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise _invalid('a chord must be {"beat": 0, "name": "C"}')
    beat = row.get("beat")
    if beat is None and bpm is not None and "start" in row:
        seconds = _number(row["start"], 0.0, BEATS_MAX, "the start of a chord")
        beat = round(seconds * bpm / 60.0, 2)
    return _number(beat, 0.0, BEATS_MAX, "the beat of a chord"), row["name"].strip()


def _notes(name: str) -> tuple[int, ...]:
    """Pitch classes, the root first."""
    found = NAME.fullmatch(name.replace("6/9", "69"))
    quality = None if found is None else MEANT.get(found[3].strip("() "), found[3])
    if found is None or quality not in QUALITIES:
        raise _invalid(f"{name[:20]!r} is no chord that is known here")
    root = _pitch_class(found[1], found[2])
    return root, *((root + interval) % 12 for interval in QUALITIES[quality] if interval)


def _chord(start: float, length: float, name: str, key: Key) -> Chord:
    notes = _notes(name)
    return Chord(start, length, notes[0], notes, theory.chord_name(notes, key))
