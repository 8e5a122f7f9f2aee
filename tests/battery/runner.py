"""Runs checks over prompts and seeds: each piece is composed, played and measured once; what was measured is kept.

A run that was broken off goes on where it stopped, as long as neither the composer nor the battery has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from pathlib import Path

import bandstand
from battery import (
    form,
    given,
    harmony,
    instruments,
    key,
    melody,
    robustness,
    sound,
    speed,
    tempo,
    tuning,
    variety,
)
from battery.checks import Check, Finding
from battery.take import Take
from battery.work import mapped

HERE = Path(__file__).parent
MODULES = (
    tempo,
    key,
    instruments,
    sound,
    melody,
    harmony,
    form,
    variety,
    tuning,
    given,
    speed,
    robustness,
)
CHECKS: tuple[Check, ...] = tuple(
    sorted(
        (check for module in MODULES for check in module.CHECKS),
        key=lambda check: (check.number, check.id),
    )
)
SAME, ALIKE = ({check.id for check in CHECKS if check.number == n} for n in (8, 29))
"""Those that compare pieces with each other need more of each than its figures; the others may do without sound."""
SINGLE = tuple(check for check in CHECKS if check.figure)


@dataclass(frozen=True)
class Card:
    """What is kept of a piece; digest and traits only for checks that compare pieces."""

    prompt: str
    seed: int
    style: str
    digest: str
    traits: list[float]
    findings: list[Finding]


@dataclass(frozen=True)
class Setting:
    """What is to be run. say: is told how far it is; wanted: ids of checks."""

    prompts: Sequence[str]
    seeds: Sequence[int]
    seconds: float = 30.0
    rate: int = 32000
    jobs: int = 1
    wanted: frozenset[str] = frozenset(check.id for check in CHECKS)
    say: Callable[[str], None] = lambda _: None
    kept: dict[tuple[str, int], Card] = field(default_factory=dict)

    @property
    def cards(self) -> list[Card]:
        """Of all pieces, in order; those not measured yet are measured now."""
        wanted = [(prompt, seed) for prompt in self.prompts for seed in self.seeds]
        missing = [pair for pair in wanted if pair not in self.kept]
        work = partial(card, seconds=self.seconds, rate=self.rate, ids=sorted(self.wanted))
        began = time.perf_counter()
        for done, made in enumerate(mapped(work, missing, self.jobs), 1):
            self.kept[made.prompt, made.seed] = made
            each = (time.perf_counter() - began) / done
            left = round(each * (len(missing) - done))
            self.say(f"{done} of {len(missing)} pieces, {each:.1f} s each, {left} s left")
        return [self.kept[pair] for pair in wanted]


def run(setting: Setting) -> Iterator[Finding]:
    """Every finding of the wanted checks, those of single pieces first."""
    wanted = [check for check in CHECKS if check.id in setting.wanted]
    if any(check.figure for check in wanted):
        ids = {check.id for check in wanted if check.figure}
        for piece in setting.cards:
            yield from (finding for finding in piece.findings if finding.check in ids)
    for check in wanted:
        if check.survey:
            setting.say(f"check {check.id}: {check.name}")
            for subject, seed, figure in check.survey(setting):
                yield Finding(check.id, subject, seed, figure, check.bound.holds(figure))


def card(pair: tuple[str, int], *, seconds: float, rate: int, ids: Sequence[str]) -> Card:
    """Make a piece and run the checks of single pieces on it, or read what is kept of it."""
    name = json.dumps([*pair, seconds, rate, ids])
    place = shelf() / (hashlib.sha256(name.encode()).hexdigest()[:24] + ".json")
    if place.exists():
        told = json.loads(place.read_text())
        return Card(**{**told, "findings": [Finding(**one) for one in told["findings"]]})
    take = Take(*pair, seconds, rate)
    findings = [found for check in SINGLE if check.id in ids and (found := check.judge(take))]
    # Numbers of numpy are no JSON.
    plain = [Finding(f.check, f.subject, f.seed, float(f.figure), bool(f.holds)) for f in findings]
    digest = take.digest if SAME & set(ids) else ""
    traits = [float(trait) for trait in take.traits] if ALIKE & set(ids) else []
    made = Card(*pair, take.style, digest, traits, plain)
    unfinished = place.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(asdict(made)))
    unfinished.replace(place)
    return made


@cache
def shelf() -> Path:
    """Where cards are kept: a folder of the composer and the battery as they are now."""
    fingerprint = hashlib.sha256()
    for folder in (Path(bandstand.__file__).parent / "composer", HERE):
        for file in sorted(folder.rglob("*")):
            if file.suffix in {".py", ".toml"}:
                fingerprint.update(file.read_bytes())
    place = Path(tempfile.gettempdir()) / f"bandstand-battery-{os.getuid()}"
    place = place / fingerprint.hexdigest()[:16]
    place.mkdir(parents=True, exist_ok=True)
    return place
