"""Composed pieces, made once for all the tests that look at them, and how far apart two tunes are."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from bandstand.composer.compose import compose_score
from bandstand.composer.plan.plan import Plan, make_plan
from bandstand.composer.prompt.intent import Intent
from bandstand.composer.score import Given, Score


def planned(
    name: str,
    seconds: float = 30.0,
    seed: int = 1,
    *flags: str,
    given: Given | None = None,
    variation: int = 0,
) -> Plan:
    """A plan of a style, and of the flags that a prompt would have raised."""
    intent = Intent(prompt=name, genres=(name,), flags=frozenset(flags))
    return make_plan(intent, seconds, seed, given=given, variation=variation)


@functools.lru_cache(maxsize=1024)
def styled(name: str, seconds: float = 30.0, seed: int = 1, *flags: str) -> Score:
    """A piece of a style."""
    return compose_score(planned(name, seconds, seed, *flags), seed)


def edits(a: Sequence[int], b: Sequence[int]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(b) + 1))
    for x in a:
        before, row = row, [row[0] + 1]
        for j, y in enumerate(b):
            row.append(min(before[j + 1] + 1, row[j] + 1, before[j] + (x != y)))
    return row[-1]
