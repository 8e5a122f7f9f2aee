"""Reads a prompt. Never raises: what it does not understand it lists, what contradicts itself it settles and tells.

Figures first (`figures.py`), then words by the longest match in the lexicon; the first of two contradicting wishes
wins, and an exclusion ("without piano") wins over a wish.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from bandstand.composer import theory
from bandstand.composer.prompt import figures
from bandstand.composer.prompt.figures import Found
from bandstand.composer.prompt.intent import Intent
from bandstand.composer.prompt.lexicon import Meaning, lexicon
from bandstand.composer.score import Key, Metre

WORD = re.compile(r"[^\W_]+(?:[.'’/][^\W_]+)*")
CLAUSE = re.compile(r"[,.;:!?\n]")
CORRECTIONS_MAX = 40
IGNORED_MAX = 64


@dataclass
class _Reading:
    """What has been read so far; becomes an Intent."""

    genres: list[str] = field(default_factory=list[str])
    moods: list[tuple[str, float, float]] = field(default_factory=list[tuple[str, float, float]])
    instruments: list[str] = field(default_factory=list[str])
    excluded: list[str] = field(default_factory=list[str])
    solo: str | None = None
    pace: float | None = None
    tempo: tuple[float, float] | None = None
    metre: Metre | None = None
    era: str | None = None
    flags: set[str] = field(default_factory=set[str])
    understood: list[str] = field(default_factory=list[str])
    ignored: list[str] = field(default_factory=list[str])
    conflicts: list[str] = field(default_factory=list[str])
    solo_is_next: bool = False  # "solo violin": the flag comes before the instrument


def parse(prompt: str) -> Intent:
    """Say what a prompt asks for; any string will do."""
    text = unicodedata.normalize("NFKC", prompt).replace("♯", "#").replace("♭", "b")
    reading = _Reading()
    text, bpm = _bpm(text, reading)
    text, metre = _metre(text, reading)
    text, key, mode = _key(text, reading)
    text, era = _era(text, reading)
    _read_words(text, reading)
    _settle(reading)
    energy = _mean([arousal for _, _, arousal in reading.moods])
    return Intent(
        prompt=prompt,
        genres=_unique(reading.genres),
        moods=_unique(word for word, _, _ in reading.moods),
        instruments=_unique(reading.instruments),
        excluded=frozenset(reading.excluded),
        solo=reading.solo,
        bpm=bpm,
        key=key,
        mode=mode,
        metre=metre or reading.metre,
        tempo=reading.tempo,
        pace=reading.pace,
        energy=energy,
        valence=_mean([valence for _, valence, _ in reading.moods]),
        era=era or reading.era,
        flags=frozenset(reading.flags),
        understood=_unique(reading.understood),
        ignored=_unique(reading.ignored)[:IGNORED_MAX],
        conflicts=_unique(reading.conflicts),
    )


def _bpm(text: str, reading: _Reading) -> tuple[str, float | None]:
    found = list(figures.bpms(text))
    if not found:
        return text, None
    asked = found[0].value
    bpm = min(max(asked, figures.SLOWEST), figures.FASTEST)
    if bpm != asked:
        reading.conflicts.append(f"{asked:g} bpm is out of reach; playing at {bpm:g}.")
    _tell_first(reading, "tempo", [f"{item.value:g} bpm" for item in found])
    reading.understood.append(f"{bpm:g} bpm")
    return _without(text, found), bpm


def _metre(text: str, reading: _Reading) -> tuple[str, Metre | None]:
    found = list(figures.metres(text))
    playable = [item.value for item in found if item.value]
    reading.ignored += [text[item.start : item.end] for item in found if item.value is None]
    text = _without(text, found)
    if not playable:
        return text, None
    _tell_first(reading, "metre", [metre.written for metre in playable])
    reading.understood.append(playable[0].written)
    return text, playable[0]


def _key(text: str, reading: _Reading) -> tuple[str, Key | None, str | None]:
    found = list(figures.keys(text))
    text = _without(text, found)
    if found:
        key = found[0].value
        _tell_first(reading, "key", [theory.key_name(item.value) for item in found])
        reading.understood.append(theory.key_name(key))
        return text, key, key.mode
    alone = list(figures.modes(text))
    if not alone:
        return text, None, None
    _tell_first(reading, "mode", [item.value for item in alone])
    reading.understood.append(alone[0].value)
    return _without(text, alone), None, alone[0].value


def _era(text: str, reading: _Reading) -> tuple[str, str | None]:
    found = list(figures.eras(text))
    if not found:
        return text, None
    reading.understood.append(found[0].value)
    return _without(text, found), found[0].value


def _tell_first(reading: _Reading, what: str, wishes: list[str]) -> None:
    distinct = _unique(wishes)
    if len(distinct) > 1:
        reading.conflicts.append(
            f"More than one {what} is asked for, {', '.join(distinct[:4])}: taking the first."
        )


def _read_words(text: str, reading: _Reading) -> None:
    words = lexicon()
    corrections = CORRECTIONS_MAX
    for clause in CLAUSE.split(
        text.lower().replace("&", " and ").replace("-", " ").replace("+", " ")
    ):
        tokens = WORD.findall(clause.replace("w/o", "without"))
        negated = False
        place = 0
        while place < len(tokens):
            length, meanings = _longest(tokens, place)
            token = tokens[place]
            if not meanings and token not in words.skipped and corrections:
                corrections -= 1
                if corrected := words.corrected(token):
                    length, meanings = 1, words.meanings((corrected,))
            if meanings:
                _take(" ".join(tokens[place : place + length]), meanings, reading, negated=negated)
                place += length
                continue
            place += 1
            negated = _still_negated(token, negated=negated)
            if token not in words.skipped | words.negations | words.through:
                reading.ignored.append(token)


def _longest(tokens: list[str], place: int) -> tuple[int, tuple[Meaning, ...]]:
    words = lexicon()
    for length in range(min(words.longest, len(tokens) - place), 0, -1):
        if found := words.meanings(tuple(tokens[place : place + length])):
            return length, found
    return 0, ()


def _still_negated(token: str, *, negated: bool) -> bool:
    """Say whether a "no" before this word still holds after it: "no drums or loud bass", "no piano, but ..."."""
    words = lexicon()
    return token in words.negations or (negated and token in words.through | words.onwards)


def _take(phrase: str, meanings: Iterable[Meaning], reading: _Reading, *, negated: bool) -> None:
    reading.understood.append(f"no {phrase}" if negated else phrase)
    for meaning in meanings:
        if negated:
            if meaning.kind == "instrument":
                reading.excluded.append(meaning.value)
        elif meaning.kind == "instrument":
            _take_instrument(meaning.value, reading)
        elif meaning.kind == "genre":
            reading.genres.append(meaning.value)
        elif meaning.kind == "mood":
            valence, arousal = map(float, meaning.value.split())
            reading.moods.append((phrase, valence, arousal))
        elif meaning.kind == "flag":
            _take_flag(meaning.value, reading)
        else:
            _take_time(meaning, reading)


def _take_instrument(name: str, reading: _Reading) -> None:
    reading.instruments.append(name)
    if reading.solo_is_next:
        reading.solo, reading.solo_is_next = name, False


def _take_flag(name: str, reading: _Reading) -> None:
    reading.flags.add(name)
    if name == "featuring":
        reading.solo_is_next = True
    elif name == "solo" and reading.solo is None:
        # "trumpet solo" names the soloist before, "solo violin" after.
        before = reading.understood[-2:-1]
        named = before and any(
            m.kind == "instrument" for m in lexicon().meanings(tuple(before[0].split()))
        )
        if named and reading.instruments:
            reading.solo = reading.instruments[-1]
        else:
            reading.solo_is_next = True


def _take_time(meaning: Meaning, reading: _Reading) -> None:
    if meaning.kind == "pace":
        pace = float(meaning.value)
        if reading.pace is not None and pace * reading.pace < 0:
            reading.conflicts.append("Both slow and fast are asked for; taking the first.")
        reading.pace = pace if reading.pace is None else reading.pace
    elif meaning.kind == "tempo" and reading.tempo is None:
        low, high = map(float, meaning.value.split())
        reading.tempo = (low, high)
    elif meaning.kind == "metre" and reading.metre is None:
        reading.metre = theory.metre(meaning.value)
    elif meaning.kind == "era" and reading.era is None:
        reading.era = meaning.value


def _settle(reading: _Reading) -> None:
    for name in _unique(reading.instruments):
        if name in reading.excluded:
            reading.conflicts.append(f"Both with and without {name} is asked for; leaving it out.")
    reading.instruments = [name for name in reading.instruments if name not in reading.excluded]
    if reading.solo in reading.excluded:
        reading.solo = None
    valences = [valence for _, valence, _ in reading.moods]
    if valences and max(valences) >= 0.5 and min(valences) <= -0.5:
        reading.conflicts.append("Both bright and dark moods are asked for; meeting in the middle.")


def _without(text: str, found: Iterable[Found[object]]) -> str:
    for item in found:
        text = text[: item.start] + "," + " " * (item.end - item.start - 1) + text[item.end :]
    return text


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
