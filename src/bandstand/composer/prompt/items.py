"""A prompt as a row of items: the longest phrases the lexicon knows, and the words it does not.

Decides nothing about what they mean together: see `scope.py` for negation and `reading.py` for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bandstand.composer.prompt.lexicon import KINDS, Lexicon, Meaning, lexicon
from bandstand.composer.prompt.text import Word, words
from bandstand.composer.prompt.typos import corrected

CORRECTIONS_MAX = 200
TAG_MAX, SHORTEST_PART = 40, 3
MUSICAL = frozenset({*KINDS, "ensemble", "unable"})


@dataclass(frozen=True, slots=True)
class Item:
    """phrase: as understood, misspellings put right; start, clause, gap: of its first word; musical: is to be heard."""

    phrase: str
    meanings: tuple[Meaning, ...]
    start: int
    clause: int
    gap: str
    musical: bool

    def value(self, kind: str) -> str | None:
        """What it means as a phrase of this kind, if it is one."""
        return next((m.value for m in self.meanings if m.kind == kind), None)

    def values(self, kind: str) -> tuple[str, ...]:
        return tuple(m.value for m in self.meanings if m.kind == kind)

    def is_any(self, *kinds: str) -> bool:
        return any(meaning.kind in kinds for meaning in self.meanings)

    @property
    def adjoins(self) -> bool:
        """Whether nothing but a blank or a hyphen parts it from the item before."""
        return self.gap in {" ", "-", " -", "- "}


def items(text: str) -> list[Item]:
    known = lexicon()
    row = _spelt_right(words(text), known)
    found: list[Item] = []
    place = 0
    while place < len(row):
        length, meanings = _longest(row, place, known)
        phrase = " ".join(word.word for word in row[place : place + length])
        first = row[place]
        musical = any(meaning.kind in MUSICAL for meaning in meanings)
        found.append(Item(phrase, meanings, first.start, first.clause, first.gap, musical))
        place += length
    return found


def _spelt_right(row: list[Word], known: Lexicon) -> list[Word]:
    corrections = CORRECTIONS_MAX
    right: list[Word] = []
    for word in row:
        meant = known.spelling.get(word.word)
        if meant is None and word.gap.endswith("#"):
            right += _parted(word, known)
            continue
        if meant is None and corrections and not known.knows(word.word):
            corrections -= 1
            meant = corrected(word.word)
        right.append(word if meant is None else replace(word, word=meant))
    return right


def _parted(tag: Word, known: Lexicon) -> list[Word]:
    """A hashtag as the fewest known words that it is made of: "#darktechno"; itself if it is none."""
    text = tag.word
    ways: dict[int, list[str]] = {0: []}
    for end in range(1, min(len(text), TAG_MAX) + 1):
        begun = (start for start in ways if _is_part(text[start:end], text, known))
        fewest = min(begun, key=lambda start: len(ways[start]), default=None)
        if fewest is not None:
            ways[end] = [*ways[fewest], text[fewest:end]]
    parts = ways.get(len(text), [text])
    return [replace(tag, word=part, gap=" " if n else tag.gap) for n, part in enumerate(parts)]


def _is_part(part: str, whole: str, known: Lexicon) -> bool:
    return (part == whole or len(part) >= SHORTEST_PART) and known.knows(part)


def _longest(row: list[Word], place: int, known: Lexicon) -> tuple[int, tuple[Meaning, ...]]:
    """The longest phrase from here on that lies in one clause, and at least one word."""
    reach = 1
    while (
        reach < known.longest(row[place].word)
        and place + reach < len(row)
        and row[place + reach].clause == row[place].clause
        and "/" not in row[place + reach].gap
    ):
        reach += 1
    for length in range(reach, 0, -1):
        phrase = tuple(word.word for word in row[place : place + length])
        if meanings := known.meanings(phrase):
            return length, meanings
    return 1, ()
