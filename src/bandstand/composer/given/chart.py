"""A plan.json -> its chords, tune, key, tempo and metre: what `describe` wrote, perhaps edited by hand since.

A chord chart in the shortest form is {"bpm": 90, "key": "C major", "chords": [{"beat": 0, "name": "C"}]}; a tune is a
list of [beat, beats, pitch, velocity].
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bandstand.composer import theory
from bandstand.composer.score import Chord, Given, Key, Metre, Note
from bandstand.errors import Invalid

CHORDS_MAX = 4000
NOTES_MAX = 20_000
BEATS_MAX = 2400.0
SLOWEST, FASTEST = 40.0, 240.0
NAME = re.compile(r"([A-G])([#b]?)([^/]*)(?:/[A-G][#b]?)?")
KEY = re.compile(r"([A-G])([#b]?) ([a-z ]+)")
QUALITIES = {written: intervals for intervals, written in reversed(theory.QUALITIES.items())}


def read_plan(content: bytes) -> Given:
    """raises  Invalid with field "score" and the place of what cannot be read"""
    try:
        plan = json.loads(content)
    except (ValueError, RecursionError):
        raise _invalid("it is no JSON") from None
    if not isinstance(plan, dict):
        raise _invalid("it is no JSON object")
    metre = _metre(plan.get("metre", "4/4"))
    key = _key(plan.get("key"))
    tune = tuple(_note(row) for row in _rows(plan, "tune", NOTES_MAX))
    chords = _chords(_rows(plan, "chords", CHORDS_MAX), key, metre)[: _bars(plan.get("bars"))]
    if not tune and not chords:
        raise _invalid("it has neither chords nor a tune")
    return Given(
        tune=tuple(sorted(tune, key=lambda note: note.start)),
        chords=chords,
        key=key,
        bpm=_bpm(plan.get("bpm")),
        metre=metre,
    )


def _invalid(problem: str) -> Invalid:
    return Invalid("score", f"the plan cannot be read: {problem}")


def _rows(plan: Mapping[str, Any], name: str, most: int) -> Sequence[Any]:
    rows = plan.get(name, [])
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
    if value not in theory.METRES:
        raise _invalid(f"metre must be one of {', '.join(theory.METRES)}")
    return theory.metre(value)


def _pitch_class(letter: str, sign: str) -> int:
    return (theory.NATURALS[letter.lower()] + {"#": 1, "b": -1, "": 0}[sign]) % 12


def _key(value: Any) -> Key | None:
    if value is None:
        return None
    found = KEY.fullmatch(value) if isinstance(value, str) else None
    if found is None or found[3] not in theory.MODES:
        raise _invalid('key must be written as in "G# minor"')
    return Key(_pitch_class(found[1], found[2]), found[3])


def _note(row: Any) -> Note:
    if not isinstance(row, list) or len(row) != 4:
        raise _invalid("a note of the tune must be [beat, beats, pitch, velocity]")
    start = _number(row[0], 0.0, BEATS_MAX, "the beat of a note")
    length = _number(row[1], 0.01, BEATS_MAX, "the length of a note")
    pitch = round(_number(row[2], 0, 127, "the pitch of a note"))
    return Note(start, length, pitch, _number(row[3], 0.0, 1.0, "the velocity of a note"))


def _chords(rows: Sequence[Any], key: Key | None, metre: Metre) -> tuple[tuple[Chord, ...], ...]:
    """By bar; a bar in which none begins keeps the one before."""
    written = sorted(_written(row) for row in rows)
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


def _written(row: Any) -> tuple[float, str]:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise _invalid('a chord must be {"beat": 0, "name": "C"}')
    return _number(row.get("beat"), 0.0, BEATS_MAX, "the beat of a chord"), row["name"]


def _chord(start: float, length: float, name: str, key: Key | None) -> Chord:
    found = NAME.fullmatch(name)
    if found is None or found[3] not in QUALITIES:
        raise _invalid(f"{name[:20]!r} is no chord that is known here")
    root = _pitch_class(found[1], found[2])
    notes = tuple((root + interval) % 12 for interval in QUALITIES[found[3]])
    return Chord(start, length, root, notes, theory.chord_name(notes, key) if key else name)
