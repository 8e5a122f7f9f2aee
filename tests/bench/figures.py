"""One measured figure beside its floor, and the table of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEAD = ("what", "figure", "floor", "ratio", "aim", "correct")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure.

    figure, floor  in `unit`; the floor is what no better program could go below here. None: there is no floor to name
    aim            what was aimed at, in words; reached tells whether it was
    correct        what was checked of the results, and how it came out
    """

    what: str
    figure: float
    unit: str
    floor: float | None = None
    aim: str = ""
    reached: bool = True
    correct: str = ""

    def cells(self) -> tuple[str, ...]:
        floor = "" if self.floor is None else f"{_rounded(self.floor)} {self.unit}"
        ratio = f"{self.figure / self.floor:.1f}" if self.floor else ""
        aim = f"{self.aim}: {'reached' if self.reached else '**missed**'}" if self.aim else ""
        return (self.what, f"{_rounded(self.figure)} {self.unit}", floor, ratio, aim, self.correct)


def table(rows: Iterable[Row]) -> list[str]:
    """As Markdown."""
    cells = [HEAD, *(row.cells() for row in rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], "|---" * len(HEAD) + "|", *lines[1:]]


def quantile(values: Sequence[float], fraction: float) -> float:
    """The smallest value that so large a part of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(fraction * len(ordered)) - 1)]


def _rounded(value: float) -> str:
    """Three figures that mean something."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{min(digits, 4)}f}"
