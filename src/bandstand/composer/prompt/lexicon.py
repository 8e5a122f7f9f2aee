"""The lexicon: phrases and what they mean, from `lexicon.toml`. Holds data and looks up, decides nothing."""

from __future__ import annotations

import difflib
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files

KINDS = ("genre", "instrument", "mood", "pace", "tempo", "metre", "flag", "era")
ALIKE = 0.86
"""How much a word must resemble a known one to count as its misspelling (difflib's ratio)."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """kind is one of KINDS; value is the name of the table row the phrase stands in."""

    kind: str
    value: str


@dataclass(frozen=True)
class Lexicon:
    """phrases: word tuples -> meanings; a phrase may mean several things ("jig": a style and a metre)."""

    phrases: dict[tuple[str, ...], tuple[Meaning, ...]]
    choices: dict[str, tuple[str, ...]]
    hints: dict[str, str]
    negations: frozenset[str]
    through: frozenset[str]
    onwards: frozenset[str]
    skipped: frozenset[str]

    @cached_property
    def longest(self) -> int:
        return max(map(len, self.phrases))

    @cached_property
    def by_initial(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, set[str]] = defaultdict(set)
        for phrase in self.phrases:
            if len(phrase) == 1 and len(phrase[0]) >= 5:
                found[phrase[0][0]].add(phrase[0])
        return {initial: tuple(sorted(words)) for initial, words in found.items()}

    def meanings(self, words: tuple[str, ...]) -> tuple[Meaning, ...]:
        """Look a phrase up, as it stands or in the singular."""
        if found := self.phrases.get(words):
            return found
        for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
            if words[-1].endswith(ending) and len(words[-1]) > len(ending) + 2:
                singular = (*words[:-1], words[-1][: -len(ending)] + instead)
                if found := self.phrases.get(singular):
                    return found
        return ()

    def corrected(self, word: str) -> str | None:
        """The known word that this one misspells, if any. Misspellings keep the first letter."""
        if len(word) < 5:
            return None
        known = [w for w in self.by_initial.get(word[0], ()) if abs(len(w) - len(word)) <= 2]
        return next(iter(difflib.get_close_matches(word, known, 1, ALIKE)), None)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    tables = tomllib.loads(
        files("bandstand.composer.prompt").joinpath("lexicon.toml").read_text("utf-8")
    )
    phrases: dict[tuple[str, ...], list[Meaning]] = defaultdict(list)
    for kind in KINDS:
        for value, written in tables[kind].items():
            for phrase in written:
                phrases[tuple(phrase.split())].append(Meaning(kind, value))
    negation = tables["negation"]
    return Lexicon(
        phrases={words: tuple(meanings) for words, meanings in phrases.items()},
        choices={name: tuple(members) for name, members in tables["choice"].items()},
        hints=tables["hint"],
        negations=frozenset(negation["words"]),
        through=frozenset(negation["through"]),
        onwards=frozenset(negation["onwards"]),
        skipped=frozenset(tables["skip"]["words"]),
    )
