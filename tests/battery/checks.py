"""What a check is: a figure of a piece, the bound it must keep, and the share of the pieces that must keep it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from battery.runner import Setting
    from battery.take import Take

SHARE = 0.95
"""Of pieces that must keep a bound of musical statistics: half a minute has forty notes of a tune, and one in
twenty such samples may lie outside."""


@dataclass(frozen=True)
class Bound:
    """From low to high, both allowed."""

    low: float = -math.inf
    high: float = math.inf

    def holds(self, figure: float) -> bool:
        return self.low - 1e-9 <= figure <= self.high + 1e-9

    def excess(self, figure: float) -> float:
        """How far outside a figure lies; negative inside."""
        return max(self.low - figure, figure - self.high)

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:g}"
        if math.isinf(self.low):
            return f"at most {self.high:g}"
        return (
            f"at least {self.low:g}" if math.isinf(self.high) else f"{self.low:g} to {self.high:g}"
        )


@dataclass(frozen=True)
class Finding:
    """A figure. subject: the prompt, instrument or pair it is about; None where there are no seeds."""

    check: str
    subject: str
    seed: int | None
    figure: float
    holds: bool


@dataclass(frozen=True)
class Check:
    """id: its number, and a letter where a check has several figures.

    figure  of one piece; None where the check does not apply to it
    survey  of many: yields subject, seed and figure. A check has one of the two
    bound   of a figure; for some kinds of music another one
    share   of the figures that must keep it; mean: a bound of their mean besides
    """

    id: str
    name: str
    bound: Bound
    figure: Callable[[Take], float | None] | None = None
    survey: Callable[[Setting], Iterator[tuple[str, int | None, float]]] | None = None
    bound_for: Callable[[Take], Bound] | None = None
    share: float = SHARE
    mean: Bound | None = None

    @property
    def number(self) -> int:
        return int("".join(letter for letter in self.id if letter.isdigit()))

    def judge(self, take: Take) -> Finding | None:
        assert self.figure, f"check {self.id} is no check of single pieces"
        figure = self.figure(take)
        if figure is None:
            return None
        bound = self.bound_for(take) if self.bound_for else self.bound
        return Finding(self.id, take.prompt, take.seed, figure, bound.holds(figure))


@dataclass(frozen=True)
class Verdict:
    """A check over all its findings."""

    check: Check
    findings: Sequence[Finding]

    @property
    def passing(self) -> float:
        return sum(finding.holds for finding in self.findings) / len(self.findings)

    @property
    def mean(self) -> float:
        return sum(finding.figure for finding in self.findings) / len(self.findings)

    @property
    def worst(self) -> float:
        """The figure farthest out, or nearest to a bound."""
        ranked = sorted(
            self.findings, key=lambda f: (not f.holds, self.check.bound.excess(f.figure))
        )
        return ranked[-1].figure

    @property
    def reached(self) -> bool:
        check = self.check
        mean = check.mean is None or check.mean.holds(self.mean)
        return mean and self.passing >= check.share - 1e-9

    @property
    def threshold(self) -> str:
        share = "all" if self.check.share == 1.0 else f"{100 * self.check.share:g} %"
        mean = f", mean {self.check.mean}" if self.check.mean else ""
        return f"{self.check.bound} in {share}{mean}"

    def failing(self) -> Iterator[tuple[str, list[int]]]:
        """Subjects with a finding outside, those with most first, and the seeds."""
        seeds: dict[str, list[int]] = {}
        for finding in self.findings:
            if not finding.holds:
                of = seeds.setdefault(finding.subject, [])
                if finding.seed is not None:
                    of.append(finding.seed)
        yield from sorted(seeds.items(), key=lambda pair: -len(pair[1]))


def verdicts(checks: Iterable[Check], findings: Iterable[Finding]) -> Iterator[Verdict]:
    """One verdict a check that found anything to judge."""
    sorted_out: dict[str, list[Finding]] = {}
    for finding in findings:
        sorted_out.setdefault(finding.check, []).append(finding)
    for check in checks:
        if check.id in sorted_out:
            yield Verdict(check, sorted_out[check.id])


HEAD = ("check", "threshold", "mean", "worst", "passing", "reached", "fails at (seeds)")


def table(found: Iterable[Verdict], *, most: int = 6) -> list[str]:
    """As Markdown; at most so many failing subjects a row."""
    lines = [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
    for verdict in found:
        failing = list(verdict.failing())
        told = "; ".join(_failing(*pair) for pair in failing[:most])
        more = f"; and {len(failing) - most} more" if len(failing) > most else ""
        cells = (
            f"{verdict.check.id} {verdict.check.name}",
            verdict.threshold,
            f"{verdict.mean:.4g}",
            f"{verdict.worst:.4g}",
            f"{100 * verdict.passing:.1f} % of {len(verdict.findings)}",
            "yes" if verdict.reached else "**no**",
            told + more,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _failing(subject: str, seeds: Sequence[int]) -> str:
    short = subject if len(subject) <= 28 else f"{subject[:27]}…"
    return f"{short} ({', '.join(map(str, seeds))})" if seeds else short
