"""Reads a prompt. Never raises: what it does not understand it lists, what contradicts itself it settles and tells.

Figures first (`figures.py`, `keys.py`), then words by the longest match in the lexicon (`items.py`), each in the light
of its neighbours (`scope.py`, `reading.py`), then what was said twice or against itself (`settle.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bandstand.composer import theory
from bandstand.composer.prompt import figures, keys, settle
from bandstand.composer.prompt.figures import without
from bandstand.composer.prompt.intent import Intent
from bandstand.composer.prompt.items import items
from bandstand.composer.prompt.lexicon import lexicon
from bandstand.composer.prompt.reading import Reader, Reading
from bandstand.composer.prompt.settle import unique
from bandstand.composer.prompt.text import clean
from bandstand.composer.score import Key

SLOWEST, FASTEST = 40.0, 240.0
IGNORED_MAX = 64
READ_MAX = 10_000
"""Characters; more than anybody writes, and few enough that no prompt keeps the others waiting."""


def parse(prompt: str) -> Intent:
    """Say what a prompt asks for; any string will do."""
    text = clean(prompt, lexicon().emoji)
    reading = Reading()
    if len(text) > READ_MAX:
        reading.told.append(f"Only the first {READ_MAX} characters of the prompt are read.")
        text = text[:READ_MAX]
    text, bpm, tempo = _tempo(text, reading)
    text, decade = _era(text, reading)
    text = _without_lengths(text, reading)
    text, metres = _metres(text, reading)
    text, key, mode = _key(text, reading)
    Reader(items(text), reading).read()
    genres = settle.settle_genres(reading)
    genre = genres[0] if genres else None
    settle.localise(reading, genre)
    instruments, excluded = settle.settle_instruments(reading)
    flags = settle.settle_flags(reading)
    if "drums" in excluded or excluded.issuperset(lexicon().choices["drums"]):
        flags |= {"no-drums"}
    energy, valence = settle.settle_moods(reading, genre)
    pace = settle.settle_pace(reading, genre, bpm)
    metre = settle.settle_metre(reading, metres)
    return Intent(
        prompt=prompt,
        genres=genres,
        excluded_genres=frozenset(reading.unwanted_genres),
        moods=unique(word for word, _, _ in reading.moods),
        instruments=instruments,
        excluded=excluded,
        solo=reading.solo,
        levels={name: level for name, level in reading.levels.items() if name in instruments},
        opens=unique(name for name in reading.opens if name in instruments),
        closes=unique(name for name in reading.closes if name in instruments),
        bpm=bpm,
        key=key,
        mode=mode,
        metre=theory.metre(metre) if metre else None,
        tempo=tempo or next(((low, high) for _, low, high in reading.tempos), None),
        pace=pace,
        energy=energy,
        valence=valence,
        era=decade or next(iter(reading.eras), None),
        flags=flags,
        understood=unique(phrase for _, phrase in sorted(reading.understood)),
        ignored=unique(reading.ignored)[:IGNORED_MAX],
        conflicts=unique(reading.told),
    )


def _tempo(text: str, reading: Reading) -> tuple[str, float | None, tuple[float, float] | None]:
    """One figure is a tempo to be met exactly, two are a range."""
    found = list(figures.tempos(text))
    if not found:
        return text, None, None
    wishes = [_bpm_text(*item.value) for item in found]
    settle.first(wishes, "tempo", reading.told)
    low, high = (min(max(figure, SLOWEST), FASTEST) for figure in found[0].value)
    if (low, high) != found[0].value:
        reading.told.append(f"{wishes[0]} is out of reach; playing at {_bpm_text(low, high)}.")
    reading.understood.append((found[0].start, _bpm_text(low, high)))
    exact = low if low == high else None
    return without(text, found), exact, None if exact else (low, high)


def _bpm_text(low: float, high: float) -> str:
    return f"{low:g} bpm" if low == high else f"{low:g}-{high:g} bpm"


def _era(text: str, reading: Reading) -> tuple[str, str | None]:
    eras = sorted(figures.eras(text), key=lambda item: item.start)
    decade = settle.first([item.value for item in eras], "decade", reading.told)
    reading.understood += [(item.start, item.value) for item in eras]
    return without(text, eras), decade


def _without_lengths(text: str, reading: Reading) -> str:
    lengths = list(figures.lengths(text))
    reading.ignored += [item.value.strip() for item in lengths]
    return without(text, lengths)


def _metres(text: str, reading: Reading) -> tuple[str, list[str]]:
    found = list(figures.metres(text))
    played: list[str] = []
    for item in found:
        told = settle.metre_told(item.value.text, item.value.played)
        if told is not None:
            reading.told.append(told)
        if item.value.played is None:
            reading.ignored.append(item.value.text)
        else:
            played.append(item.value.played)
            reading.understood.append((item.start, item.value.played))
    return without(text, found), played


def _key(text: str, reading: Reading) -> tuple[str, Key | None, str | None]:
    rows = list(keys.chord_rows(text))
    reading.ignored += [text[item.start : item.end] for item in rows]
    text = without(text, rows)
    found = sorted(keys.keys(text), key=lambda item: item.start)
    text = without(text, found)
    modes = list(keys.modes(text))
    # A few of them name a style as well.
    text = without(text, [m for m in modes if not items(text[m.start : m.end])[0].musical])
    reading.understood += [(item.start, item.value) for item in modes]
    if not found:
        mode = settle.first([item.value for item in modes], "mode", reading.told)
        key = rows[0].value if rows and mode is None else None
        _understand([(item.start, item.value) for item in rows[:1]], reading)
        return text, key, key.mode if key else mode
    key = found[0].value.key
    if modes and not found[0].value.sure:
        key = replace(key, mode=modes[0].value)
    named = [key, *(item.value.key for item in found[1:])]
    settle.first([theory.key_name(each) for each in named], "key", reading.told)
    _understand([(found[0].start, key)], reading)
    return text, key, key.mode


def _understand(named: Iterable[tuple[int, Key]], reading: Reading) -> None:
    reading.understood += [(start, theory.key_name(key)) for start, key in named]
