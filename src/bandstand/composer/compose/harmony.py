"""Which chord sounds when. The loops come from the style; this module sees to it that the tonic stays at home.

A loop is chosen only where the tonic has its share: key finders, and ears, hear the key by it (Albrecht & Shanahan
2013).
"""

from __future__ import annotations

import numpy as np

from bandstand.composer import theory
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Section

TONIC_SHARE = 0.4
Loop = tuple[tuple[int, ...], ...]


def harmonise(plan: Plan, dice: np.random.Generator) -> list[tuple[Chord, ...]]:
    """The chords of each bar, one or two."""
    loops = _choose(plan, dice)
    bars: list[tuple[Chord, ...]] = []
    for section in plan.sections:
        loop = loops[section.name]
        for place in range(section.bars):
            closing = place == section.bars - 1
            bars.append(
                _bar(plan, section.first_bar + place, loop[place % len(loop)], closing=closing)
            )
    return bars


def home(plan: Plan, start: float, length: float) -> Chord:
    """The last chord."""
    colour = "power" if plan.style.colour == "power" else "triad"
    return _chord(plan, 1, start, length, colour)


def _bar(plan: Plan, index: int, degrees: tuple[int, ...], *, closing: bool) -> tuple[Chord, ...]:
    beats = plan.metre.beats
    pulse = theory.pulse(plan.metre)
    first = (
        pulse * max(1, round(beats / pulse / 2)) if len(degrees) > 1 and beats > pulse else beats
    )
    starts = (0.0, first)[: len(degrees) if first < beats else 1]
    colour = plan.style.colour
    return tuple(
        _chord(
            plan,
            degree,
            index * beats + start,
            (beats if n + 1 == len(starts) else first) - start,
            # A phrase ends on the plain chord: the tune wants to rest on the tonic.
            "triad" if closing and degree == 1 and colour in {"seventh", "ninth"} else colour,
        )
        for n, (degree, start) in enumerate(zip(degrees, starts, strict=False))
    )


def _chord(plan: Plan, degree: int, start: float, length: float, colour: str) -> Chord:
    root, notes, name = theory.chord(plan.key, degree, colour)
    return Chord(start, length, root, notes, name)


def _choose(plan: Plan, dice: np.random.Generator) -> dict[str, Loop]:
    """One loop for the verses, another for the chorus; the edges of the piece repeat the verse."""
    by_mode = plan.style.progressions
    written = by_mode.get(plan.key.mode) or by_mode[theory.family(plan.key.mode)]
    loops = [_read(text) for text in written]
    order = [loops[n] for n in dice.permutation(len(loops))]
    verse = next((loop for loop in order if _at_home(loop, plan.sections, "a")), order[0])
    others = [loop for loop in order if loop is not verse]
    refrains = _contrasting(plan, dice) or others
    chorus = next((loop for loop in refrains if _at_home(loop, plan.sections, "b")), verse)
    bridge = others[-1] if _at_home(others[-1], plan.sections, "bridge") else verse
    return {"a": verse, "intro": verse, "outro": verse, "b": chorus, "bridge": bridge}


def _contrasting(plan: Plan, dice: np.random.Generator) -> list[Loop]:
    """What the style keeps for its choruses, in any order."""
    by_mode = plan.style.contrast
    written = by_mode.get(plan.key.mode) or by_mode.get(theory.family(plan.key.mode), ())
    return [_read(written[n]) for n in dice.permutation(len(written))]


def _at_home(loop: Loop, sections: tuple[Section, ...], name: str) -> bool:
    lengths = [section.bars for section in sections if section.name == name]
    return all(
        tonic_share([loop[n % len(loop)] for n in range(bars)]) >= TONIC_SHARE for bars in lengths
    )


def tonic_share(bars: list[tuple[int, ...]]) -> float:
    """Share of the time that the tonic chord sounds."""
    return sum(degrees.count(1) / len(degrees) for degrees in bars) / max(1, len(bars))


def _read(text: str) -> Loop:
    return tuple(tuple(int(degree) for degree in bar.split("+")) for bar in text.split())
