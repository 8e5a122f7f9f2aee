"""The plan of a tune: which phrase sings what, how high it lies and how it ends. No pitches yet; `melody.py` finds them.

A section is a period: phrases ask (they end open) and answer (they end at home), one of them carries the highest note.
Themes belong to the piece: a section that comes back brings its own theme back, changed a little each time, and the
chorus is often made of the verse's motif.

    a, b, c    motifs of a theme        a'   another ending        a+, a-   a step higher, lower
    a~2        what the second repeat of a section makes of it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np

from bandstand.composer import chance, theory
from bandstand.composer.compose.chart import Bar
from bandstand.composer.compose.motif import (
    Motif,
    fragment,
    invent,
    invert,
    ornament,
    shorten,
    vary,
)
from bandstand.composer.plan.plan import Plan
from bandstand.composer.plan.style import Tune
from bandstand.composer.score import Metre

LONG_BAR = 4.5  # beats; such a bar is a phrase
FORMS: dict[int, tuple[str, ...]] = {
    1: ("a",),
    2: ("a a'", "a a'", "a a", "a b", "a a+", "a a-"),
    3: ("a a' b", "a b a'", "a a+ b", "a b a"),
    4: (
        "a a' b a'",
        "a b a c",
        "a a+ b a'",
        "a b a b'",
        "a a b c",
        "a b c a'",
        "a a- b a",
        "a b a' c",
    ),
}
RIFFS = ("a a a a'", "a a a+ a'", "a a' a a'", "a a b a'")
PROFILES: tuple[tuple[int, ...], ...] = (
    (0, 1, 3, 0),
    (0, 0, 2, 1),
    (1, 0, 3, 0),
    (0, 2, 3, -1),
    (0, -1, 2, 0),
)
"""How many steps higher each phrase of four begins."""
POOL = 10
"""Motifs that are thought of before one is taken."""
THIRD = 2
"""Steps of the scale; what is wider is a leap."""
RELATED = 0.55
BUSIER_SOLO = 0.22
SHORTENED = 0.5
CHORUS_LIFT = 2
THEMES = {"b": "b", "drop": "b", "build": "b", "chorus": "b"}
"""Which theme a section sings; the others sing the verse's."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """name: what it is remembered by; lift: steps of the ladder; closes: it ends on the tonic if the chord bears it;
    sequence: steps by which it is moved when it has been sung before.
    """

    name: str
    bars: tuple[Bar, ...]
    motif: Motif
    lift: int
    closes: bool
    climax: bool
    pickup: int
    sequence: int = 0


@dataclass
class Theme:
    """Motifs by letter; what is derived from them is remembered, so that it is the same wherever it comes back.

    name  of the dice: every letter has its own, so that no motif depends on what was asked before
    """

    name: str
    seed: int
    tune: Tune
    beats: float
    pulse: float
    bars: int
    energy: float
    riff: bool
    answered: float = SHORTENED
    pickup: int = 0
    known: dict[str, Motif] = field(default_factory=dict[str, Motif])

    def motif(self, token: str) -> Motif:
        """What a letter with its marks stands for."""
        if token not in self.known:
            dice = chance.stage(self.seed, chance.MOTIF, f"{self.name} {token}")
            self.known[token] = self._derived(token, dice)
        return self.known[token]

    def _derived(self, token: str, dice: np.random.Generator) -> Motif:
        letter, _, changed = token.partition("~")
        if changed:
            return ornament(self.motif(letter), self.pulse, dice)
        if token[1:] == "'":
            return vary(self.motif(token[0]), self.tune, dice)
        return self.motif(token[0]) if token[1:] else self._answering(self._new(dice), dice)

    def _new(self, dice: np.random.Generator) -> Motif:
        """One of the most promising of several."""
        pool = [
            invent(self.beats, self.bars, self.pulse, self.tune, dice, energy=self.energy)
            for _ in range(POOL)
        ]
        best = sorted(pool, key=promise, reverse=True)[:3]
        return best[int(dice.integers(len(best)))]

    def _answering(self, motif: Motif, dice: np.random.Generator) -> Motif:
        """Some phrases end early on a held note: somebody else may answer there."""
        if self.riff or dice.random() > self.answered:
            return motif
        last = (self.bars - 1) * self.beats + self.pulse * int(dice.integers(0, 3))
        return shorten(motif, last, self.pulse)


def promise(motif: Motif) -> float:
    """What can be expected of a motif: a contour that goes somewhere and answers its leaps, long notes among short ones."""
    height = max(motif.contour) - min(motif.contour)
    still = sum(a == b for a, b in zip(motif.contour, motif.contour[1:], strict=False))
    kinds = len(set(motif.lengths))
    goes = 1.0 - abs(height - 4.5) / 6.0
    moves = [b - a for a, b in pairwise(motif.contour)]
    unanswered = sum(abs(a) > THIRD and (a * b >= 0 or abs(b) > 1) for a, b in pairwise(moves))
    return goes + 0.4 * min(kinds, 3) - 1.2 * still / len(motif.contour) - 0.4 * unanswered


def write_themes(plan: Plan) -> dict[str, Theme]:
    """The themes of verse and chorus; they depend on nothing but the seed, so that variations keep them."""
    return _themes(
        plan.seed,
        plan.style.name,
        plan.style.tune,
        plan.metre,
        plan.energy,
        riff=plan.riff,
        answered=1.0 if "call-response" in plan.asked else SHORTENED,
    )


@lru_cache(maxsize=32)
def _themes(
    seed: int, style: str, tune: Tune, metre: Metre, energy: float, *, riff: bool, answered: float
) -> dict[str, Theme]:
    dice = chance.stage(seed, chance.MOTIF, style)
    own = replace(
        tune,
        density=min(max(tune.density + float(dice.uniform(-0.2, 0.2)), 0.12), 1.0),
        syncopation=max(0.0, tune.syncopation + float(dice.uniform(-0.1, 0.12))),
    )
    bars = 1 if riff or metre.beats > LONG_BAR else 2
    pickups = dice.choice((0, 0, 0, 0, 1, 2), size=2).tolist()
    verse, chorus = (
        Theme(
            name=f"{style}/{name}",
            seed=seed,
            tune=own,
            beats=metre.beats,
            pulse=theory.pulse(metre),
            bars=bars,
            energy=min(energy + lift, 1.0),
            riff=riff,
            answered=answered,
            pickup=0 if riff else pickup,
        )
        for name, lift, pickup in (("a", 0.0, pickups[0]), ("b", 0.15, pickups[1]))
    )
    if dice.random() < RELATED:
        # The chorus remembers the verse.
        chorus.known["b"] = invert(verse.motif("a"))
    return {"a": verse, "b": chorus}


@dataclass
class Planner:
    """Shares out the bars of each section among phrases. fresh: for a soloist, who invents as he goes."""

    plan: Plan
    dice: np.random.Generator
    themes: dict[str, Theme]
    fresh: bool = False
    forms: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    seen: dict[str, int] = field(default_factory=dict[str, int])

    def phrases(self, bars: Sequence[Bar]) -> list[Phrase]:
        """The phrases of one section."""
        name = bars[0].section.name
        theme = self._theme(name)
        unit = 1 if self.plan.riff or self.plan.metre.beats > LONG_BAR or name == "build" else 2
        groups = [tuple(bars[n : n + unit]) for n in range(0, len(bars), unit)]
        time = self.seen.get(name, 0)
        self.seen[name] = time + 1
        tokens = ["a"] * len(groups) if name == "build" else self._tokens(name, len(groups), time)
        if len(groups[-1]) < unit:
            tokens[-1] = tokens[0]  # half a phrase says nothing new
        profile = PROFILES[int(self.dice.integers(len(PROFILES)))]
        top = round(0.62 * (len(groups) - 1))
        pulse = theory.pulse(self.plan.metre)
        found: list[Phrase] = []
        for number, (group, token) in enumerate(zip(groups, tokens, strict=True)):
            last = number == len(groups) - 1
            lift = (
                min(number, 5) if name == "build" else profile[number % 4] if len(groups) > 2 else 0
            )
            sequence = {"+": 1, "-": -1}.get(token[1:2], 0)
            lift += sequence
            lift += CHORUS_LIFT if THEMES.get(name) == "b" else 0
            found.append(
                Phrase(
                    name=f"{theme.name}/{token[0]} {token.rstrip('+-')}",
                    bars=group,
                    motif=fragment(theme.motif(token), sum(bar.beats for bar in group), pulse),
                    lift=lift,
                    # Half a phrase is only a reminder.
                    closes=(last and len(group) == unit)
                    or (number % 2 == 1 and token.endswith("'")),
                    climax=number == top and len(groups) > 1,
                    pickup=theme.pickup,
                    sequence=number if name == "build" else sequence,
                )
            )
        return found

    def _theme(self, name: str) -> Theme:
        if not self.fresh:
            return self.themes[THEMES.get(name, "a")]
        model = self.themes["a"]
        busier = replace(model.tune, density=min(model.tune.density + BUSIER_SOLO, 1.0))
        number = int(self.dice.integers(1 << 30))
        return replace(model, name=f"{model.name}/{number}", tune=busier, known={})

    def _tokens(self, name: str, count: int, time: int) -> list[str]:
        """One token a phrase: a form of four phrases, again and again; each time some of it has changed."""
        kind = THEMES.get(name, "a")
        tokens: list[str] = []
        while len(tokens) < count:
            size = min(4, count - len(tokens))
            key = f"{kind}{size}"
            if key not in self.forms:
                forms = RIFFS if self.plan.riff and size == 4 else FORMS[size]
                self.forms[key] = tuple(forms[int(self.dice.integers(len(forms)))].split())
            form = self.forms[key]
            tokens += [self._changed(token, time + len(tokens) // 4) for token in form]
        return tokens

    def _changed(self, token: str, time: int) -> str:
        """A hook stays what it is; the rest of a theme is varied when it comes back."""
        if time == 0:
            return token
        likely = 0.05 if token[0] == "a" else 0.2
        changed = self.dice.random() < min(likely + 0.05 * time, 0.6)
        return f"{token.rstrip('+-')}~{time}" if changed else token
