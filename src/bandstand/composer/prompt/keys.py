"""Keys in any spelling: "C#m", "b-flat minor", "H-Moll", "do majeur", "8A" of the Camelot wheel, or a row of chords.

Traps are words that look like keys: "a minor key" names no tonic, "DM" and "AM" are no chords, B is B flat where modes
are called Dur and Moll.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bandstand.composer import theory
from bandstand.composer.prompt.figures import Found, without
from bandstand.composer.prompt.lexicon import key_words
from bandstand.composer.score import Key

SUFFIX = r"(?:maj7|maj9|maj|min7|min|m7b5|m7|m9|m6|m|7|9|6|dim7|dim|aug|sus2|sus4|add9)?"
CHORD = rf"[A-G](?:#|b)?{SUFFIX}(?:/[A-G](?:#|b)?)?"
CHORDS = re.compile(rf"(?<![\w#']){CHORD}(?:(?: ?[-,|>]{{1,2}} ?| ){CHORD}){{2,31}}(?![\w#'])")
ONE_CHORD = re.compile(r"([A-G])(#|b)?(?:(m(?!aj)|dim))?[^\s,|>-]*")
CAMELOT = re.compile(r"(?<![\w#.])(1[0-2]|[1-9])([AB])(?![\w#])")
CAMELOT_TOLD = re.compile(r"\b(?:camelot|key) ?:? ?(1[0-2]|[1-9])([ab])\b", re.IGNORECASE)
ACCIDENTAL = r" ?#|[- ]{1,2}sharp\b|[- ]{1,2}flat\b|sharp\b|flat\b|b(?![A-Za-z])"
ENDS = re.compile(r" ?(?:$|[,.;:!?)\n]|and\b|at\b|with\b|\d)", re.IGNORECASE)
PLAIN_MODES = frozenset({"major", "minor"})
"""Words for modes that mean something else as well: they need a "key" or a comma after them."""
AT_HOME = {
    "major": {(0, False), (2, True), (4, True), (5, False), (7, False), (9, True), (11, True)},
    "minor": {
        (0, True),
        (2, True),
        (3, False),
        (5, True),
        (7, True),
        (7, False),
        (8, False),
        (10, False),
    },
}
"""Chords of a key: semitones above its tonic, and whether minor or diminished."""


@dataclass(frozen=True, slots=True)
class Spelt:
    """A key, and whether its mode was said or is only the usual one."""

    key: Key
    sure: bool = True


def keys(text: str) -> Iterator[Found[Spelt]]:
    """Every key that is named; a bare letter counts only where it can be nothing else."""
    for reader in (_german, _romance, _camelot):
        found = list(reader(text))
        yield from found
        text = without(text, found)
    for match in _english().finditer(text):
        if _is_key(match, text):
            yield Found(_spelt(match), match.start(), match.end())


def modes(text: str) -> Iterator[Found[str]]:
    """Modes without a tonic: "in a minor key", "dorian"."""
    meant = _meant()
    for match in _modes().finditer(text):
        yield Found(meant[match["mode"].lower()], match.start(), match.end())


def chord_rows(text: str) -> Iterator[Found[Key]]:
    """The keys that rows of three or more chords belong to."""
    for match in CHORDS.finditer(text):
        chords = [_chord(m) for m in ONE_CHORD.finditer(match.group())]
        if len(chords) > 3 or re.search(r"[#bmds79]", match.group()):
            yield Found(_home(chords), match.start(), match.end())


@lru_cache(maxsize=1)
def _meant() -> dict[str, str]:
    return {word: mode for mode, words in key_words()["mode"].items() for word in words}


def _any(words: object) -> str:
    assert isinstance(words, dict | list | tuple | set | frozenset)
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@lru_cache(maxsize=1)
def _english() -> re.Pattern[str]:
    return re.compile(
        rf"(?P<before>\b(?:in|key)[ :=]{{1,3}}(?:of )?(?:the key of )?|\bkey[:=] ?)?"
        rf"(?<![A-Za-z0-9#'])(?P<tonic>[A-Ha-h])(?P<accidental>{ACCIDENTAL})?"
        rf"(?:[- ]{{0,3}}(?P<mode>{_any(_meant())})(?![A-Za-z])|(?P<m>m)(?![A-Za-z]))?"
        rf"(?P<seventh>7|9|6|11)?(?![A-Za-z0-9'#])",
        re.IGNORECASE,
    )


@lru_cache(maxsize=1)
def _modes() -> re.Pattern[str]:
    alone = _any(set(_meant()) - _ordinary() - PLAIN_MODES)
    return re.compile(
        rf"\b(?P<mode>(?:{_any(PLAIN_MODES)})(?= ?(?:[,.;\n]|$| (?:key|mode|scale|tonality|chord|mood)))"
        rf"|(?:{_any(_ordinary())})(?= (?:key|mode|scale|tonality))"
        rf"|(?:{alone})(?![A-Za-z]))(?: (?:key|mode|scale|tonality)\b)?",
        re.IGNORECASE,
    )


def _ordinary() -> frozenset[str]:
    table = key_words()["mode"]
    return frozenset((*table["major"], *table["minor"])) - PLAIN_MODES


def _is_key(match: re.Match[str], text: str) -> bool:
    tonic, accidental, before = match["tonic"], match["accidental"], match["before"]
    rest = text[match.end() : match.end() + 8]
    if tonic in "Hh" or accidental == "B":
        return False
    if match["mode"]:
        # "a minor key" and "a major success" name no tonic.
        sure = tonic != "a" or bool(accidental) or bool(before or ENDS.match(rest))
        return sure and not (tonic == "a" and re.match(r" (?:key|scale|mode)", rest))
    if match["m"]:
        return tonic.isupper() and (match["m"] == "m" or bool(match["seventh"]))
    if accidental:
        return tonic.isupper() or accidental.strip() != "b" or bool(before)
    said = before is not None and ("key" in before.lower() or tonic.isupper())
    return said and not match["seventh"] and ENDS.match(rest) is not None


def _spelt(match: re.Match[str]) -> Spelt:
    tonic = theory.NATURALS[match["tonic"].lower()]
    accidental = (match["accidental"] or "").strip(" -").lower()
    if accidental in {"#", "sharp"}:
        tonic += 1
    elif accidental:
        tonic -= 1
    if match["mode"]:
        return Spelt(Key(tonic % 12, _meant()[match["mode"].lower()]))
    minor = match["m"] == "m"
    return Spelt(Key(tonic % 12, "minor" if minor else "major"), sure=bool(match["m"]))


@lru_cache(maxsize=2)
def _table(name: str) -> dict[str, int]:
    return {word: int(number) for number, words in key_words()[name].items() for word in words}


def _german(text: str) -> Iterator[Found[Spelt]]:
    names = _table("german")
    pattern = rf"(?<![\w'])({_any(names)})[- ]?(dur|moll)\b"
    for match in re.finditer(pattern, text, re.IGNORECASE):
        mode = "major" if match[2].lower() == "dur" else "minor"
        yield Found(Spelt(Key(names[match[1].lower()], mode)), match.start(), match.end())


def _romance(text: str) -> Iterator[Found[Spelt]]:
    syllables, table = _table("romance"), key_words()["accidental"]
    accidentals = {word: int(number) for number, words in table.items() for word in words}
    modes = [*key_words()["romance_mode"]["major"], *key_words()["romance_mode"]["minor"]]
    pattern = rf"\b({_any(syllables)})[- ]?({_any(accidentals)})?[- ]?({_any(modes)})\b"
    for match in re.finditer(pattern, text, re.IGNORECASE):
        tonic = syllables[match[1].lower()] + accidentals.get((match[2] or "").lower(), 0)
        mode = _meant()[match[3].lower()]
        yield Found(Spelt(Key(tonic % 12, mode)), match.start(), match.end())


def _camelot(text: str) -> Iterator[Found[Spelt]]:
    for pattern in (CAMELOT, CAMELOT_TOLD):
        for match in pattern.finditer(text):
            minor = match[2] in "Aa"
            tonic = ((9 if minor else 0) + 7 * (int(match[1]) - 8)) % 12
            key = Key(tonic, "minor" if minor else "major")
            yield Found(Spelt(key), match.start(), match.end())
        text = without(text, [Found(None, m.start(), m.end()) for m in pattern.finditer(text)])


def _chord(match: re.Match[str]) -> tuple[int, bool]:
    shift = {"#": 1, "b": -1, None: 0}[match[2]]
    return (theory.NATURALS[match[1].lower()] + shift) % 12, match[3] is not None


def _home(chords: list[tuple[int, bool]]) -> Key:
    """The key with most of the chords; of several, that of the first chord, or of the last."""

    def likeness(key: Key) -> float:
        own = (key.tonic, key.mode == "minor")
        within = sum(
            ((root - key.tonic) % 12, minor) in AT_HOME[key.mode] for root, minor in chords
        )
        return within + 0.5 * (chords[0] == own) + 0.25 * (chords[-1] == own)

    candidates = [Key(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]
    return max(candidates, key=likeness)
