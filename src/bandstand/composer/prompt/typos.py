"""Finds the known word that an unknown one misspells. Not for words of fewer than five letters: they resemble too many.

Two words at one or two letters' distance share what is left when letters are taken out of both; so an index of such
remainders gives the few candidates whose likeness (difflib's ratio) is worth measuring.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations

from bandstand.composer.prompt.lexicon import lexicon, singulars

ALIKE = 0.86
"""How much a word must resemble a known one to count as its misspelling."""
SHORTEST, LONGEST = 5, 20
TWICE = 9
"""From how many letters on a word may be wrong in two places."""
DRAWN_OUT = re.compile(r"(.)\1{2,}")


def corrected(word: str) -> str | None:
    """The known word that this one misspells, if any; "sooooft" and "chillll" count as well."""
    words = lexicon()
    for instead in (r"\1\1", r"\1"):
        short = DRAWN_OUT.sub(instead, word)
        if short != word and words.knows(short):
            return short
    if not SHORTEST <= len(word) <= LONGEST or words.real & set(singulars(word)):
        return None
    return _nearest(word)


@lru_cache(maxsize=4096)
def _nearest(word: str) -> str | None:
    index = _index(word[0])
    candidates = {known for rest in _remainders(word) for known in index.get(rest, ())}
    alike = [(difflib.SequenceMatcher(None, known, word).ratio(), known) for known in candidates]
    likeness, known = max(alike, default=(0.0, None))
    return known if likeness >= ALIKE else None


@lru_cache(maxsize=64)
def _index(initial: str) -> dict[str, tuple[str, ...]]:
    """Remainder -> known words with this first letter, for misspellings keep it."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in sorted(lexicon().musical):
        if word[0] == initial and SHORTEST <= len(word) <= LONGEST and word.isalpha():
            for rest in _remainders(word):
                found[rest].append(word)
    return {rest: tuple(words) for rest, words in found.items()}


def _remainders(word: str) -> Iterable[str]:
    """The word without any one of its letters, or any two if it is long."""
    yield word
    for taken in range(1, 3 if len(word) >= TWICE else 2):
        for places in combinations(range(len(word)), taken):
            yield "".join(letter for at, letter in enumerate(word) if at not in places)
