"""The lexicon: phrases and what they mean, from `words/*.toml`. Holds data and looks up, decides nothing."""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

from bandstand.composer.prompt.text import without_accents

KINDS = ("genre", "flavour", "scene", "instrument", "mood", "pace", "tempo", "metre", "era", "flag")
"""Kinds of phrases that say something about music; each has a table of value -> phrases."""
SPEECH = ("negation", "through", "emphasis", "degree", "after", "place")
"""Kinds of phrases that say something about their neighbours."""
OFTEN = 4
"""In how many phrases a word must occur to be thought of when another looks like it."""
PLURALS = (("ies", "y"), ("es", ""), ("s", ""))


@dataclass(frozen=True, slots=True)
class Meaning:
    """kind is one of KINDS or SPEECH, "ensemble", "unable" or "nothing"; value the row the phrase stands in."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Ensemble:
    """A word for several players; alone: nobody joins them."""

    players: tuple[str, ...]
    alone: bool


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """All that is known of words.

    phrases    word tuples -> meanings; a phrase may mean several things ("jig": a style and a metre)
    choices    a word for several instruments -> those, the style decides which
    families   what a "no" before an instrument takes away besides
    pieces     words for single drums, which nobody can leave out of a kit
    complete   instruments that need nobody beside them
    signs      instruments that name a style, where no genre does; `hints` those that only suggest one
    contrary   flag -> what a "no" makes of it; `clashes` flag -> flags that it cannot be together with
    nature     "slow", "fast", "calm", "wild" -> styles that are so by nature
    local      style -> instrument -> the one that is meant there: an organ in church
    """

    phrases: Mapping[tuple[str, ...], tuple[Meaning, ...]]
    choices: Mapping[str, tuple[str, ...]]
    families: Mapping[str, tuple[str, ...]]
    pieces: frozenset[str]
    complete: frozenset[str]
    ensembles: Mapping[str, Ensemble]
    signs: Mapping[str, str]
    hints: Mapping[str, str]
    contrary: Mapping[str, str]
    clashes: Mapping[str, tuple[str, ...]]
    nature: Mapping[str, tuple[str, ...]]
    local: Mapping[str, Mapping[str, str]]
    spelling: Mapping[str, str]
    real: frozenset[str]
    emoji: Mapping[int, str]
    _longest: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        longest: dict[str, int] = {}
        for phrase in self.phrases:
            longest[phrase[0]] = max(longest.get(phrase[0], 1), len(phrase))
        object.__setattr__(self, "_longest", longest)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Every word that occurs in a phrase."""
        return frozenset(word for phrase in self.phrases for word in phrase)

    @cached_property
    def musical(self) -> frozenset[str]:
        """What a misspelling may stand for: the words that say something about music alone or in several phrases."""
        kinds = {*KINDS, "ensemble"}
        count: Counter[str] = Counter()
        for phrase, meanings in self.phrases.items():
            if any(meaning.kind in kinds for meaning in meanings):
                count.update({word: OFTEN if len(phrase) == 1 else 1 for word in phrase})
        return frozenset(word for word, times in count.items() if times >= OFTEN)

    def longest(self, first: str) -> int:
        """How many words the longest phrase has that begins with this one."""
        return self._longest.get(first, 1)

    def knows(self, word: str) -> bool:
        return any(form in self.vocabulary for form in singulars(word))

    def meanings(self, words: tuple[str, ...]) -> tuple[Meaning, ...]:
        """Look a phrase up, as it stands or in the singular."""
        for last in singulars(words[-1]):
            if found := self.phrases.get((*words[:-1], last)):
                return found
        return ()

    def members(self, name: str) -> tuple[str, ...]:
        """The instruments that a name stands for, itself included."""
        return (name, *self.choices.get(name, ()))


@lru_cache(maxsize=8192)
def singulars(word: str) -> tuple[str, ...]:
    """The word, and what it may be the plural of."""
    found = [word]
    for ending, instead in PLURALS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            found.append(word[: -len(ending)] + instead)
    return tuple(found)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    tables = _tables()
    phrases: dict[tuple[str, ...], tuple[Meaning, ...]] = defaultdict(tuple)
    for phrase, meaning in _phrases(tables):
        words = tuple(without_accents(phrase).replace("-", " ").split())
        if meaning not in phrases[words]:
            phrases[words] += (meaning,)
    for words, meanings in tuple(phrases.items()):
        phrases[words] += tuple(_inherited(words, meanings, phrases))
    ensembles = {
        name: Ensemble(tuple(row["players"]), row["alone"])
        for name, row in tables["ensemble"].items()
    }
    return Lexicon(
        phrases=dict(phrases),
        choices=_tuples(tables["choice"]),
        families=_tuples(tables["family"]),
        pieces=frozenset(tables["pieces"]["words"]),
        complete=frozenset(tables["complete"]["instruments"]),
        ensembles=ensembles,
        signs=tables["sign"],
        hints=tables["sign"] | tables["hint"],
        contrary=tables["contrary"],
        clashes=_tuples(tables["clash"]),
        nature=_tuples(tables["nature"]),
        local=tables["local"],
        spelling={wrong: right for right, row in tables["spelling"].items() for wrong in row},
        real=frozenset(tables["real"]["words"]),
        emoji={ord(sign): f" {word} " for sign, word in tables["emoji"].items()},
    )


@lru_cache(maxsize=1)
def key_words() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """How keys are written: the tables of `words/keys.toml`."""
    return {name: _tuples(table) for name, table in _read("keys").items()}


def _tables() -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {}
    for name in ("genres", "scenes", "moods", "instruments", "time", "form", "grammar"):
        tables |= _read(name)
    return tables


def _read(name: str) -> dict[str, dict[str, Any]]:
    path = files("bandstand.composer.prompt").joinpath("words", f"{name}.toml")
    return tomllib.loads(path.read_text("utf-8"))


def _phrases(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Meaning]]:
    for kind in (*KINDS, "unable", *SPEECH):
        for value, written in tables[kind].items():
            for phrase in written:
                yield phrase, Meaning(kind, value)
    for name, row in tables["ensemble"].items():
        for phrase in row["words"]:
            yield phrase, Meaning("ensemble", name)
    for phrase in tables["nothing"]["words"]:
        yield phrase, Meaning("nothing", "")


def _inherited(
    words: tuple[str, ...],
    meanings: tuple[Meaning, ...],
    phrases: Mapping[tuple[str, ...], tuple[Meaning, ...]],
) -> Iterator[Meaning]:
    """What the words in front of a name say by themselves: "dark techno" is dark, "klezmer clarinet" has a style."""
    kinds = {meaning.kind for meaning in meanings}
    for end in range(1, len(words)):
        for meaning in phrases.get(words[:end], ()):
            if "genre" in kinds and meaning.kind in {"mood", "pace"} and end == 1:
                yield meaning
            elif "instrument" in kinds and "genre" not in kinds and meaning.kind == "genre":
                yield Meaning("flavour", meaning.value)


def _tuples(table: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(row) for name, row in table.items()}
