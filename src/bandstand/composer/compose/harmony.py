"""Which chord sounds when. The loops come from the style; what a player makes of them is here: cadences, inversions,
suspensions, colours, dominants of dominants. The tonic stays at home: key finders, and ears, hear the key by its share
(Albrecht and Shanahan 2013). Given chords are played as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.setting import set_tune
from bandstand.composer.plan.form import HOMING, PHRASE, ROUND, place_in_round
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Section

TONIC_SHARE = 0.4
"""Of a loop where it is used."""
LEAST_SHARE = 0.36
"""Of the piece, whatever is made of the loops."""
STATIC = 0.85
"""From this share of the tonic on a harmony is a drone; cadences would not belong to it."""
RICH = frozenset({"seventh", "ninth", "add9"})
LEADING: dict[str, tuple[int, ...]] = {
    "major": (5, 5, 4),
    "minor": (5, 5, 7),
    "mixolydian": (7, 4),
    "dorian": (4, 7),
    "phrygian": (2, 7),
    "lydian": (2, 5),
    "lydian dominant": (2,),
    "locrian": (2, 7),
    "phrygian dominant": (2, 7, 4),
    "double harmonic": (2,),
    "ukrainian dorian": (2,),
}
"""What leads home, or leaves a phrase open, by mode; 5 in all others."""
SPICES: dict[str, tuple[dict[int, str], ...]] = {
    "triad": (
        {},
        {4: "add9"},
        {2: "seventh", 5: "seventh"},
        {1: "add9", 4: "add9"},
        {6: "seventh"},
    ),
    "add9": ({}, {2: "seventh"}, {5: "triad"}, {6: "seventh"}),
    "seventh": ({}, {1: "ninth"}, {2: "ninth"}, {4: "ninth"}),
    "ninth": ({}, {5: "seventh"}, {1: "seventh"}),
}
"""What one degree is coloured with in one piece, by the colour of the style."""
CADENCES, SUSPENDED, INVERTED, BORROWED = 0.65, 0.45, 0.45, 0.35
"""How often a section ends on what leads on; a dominant waits; a bass goes by step; a chord has a dominant of its own."""


@dataclass(frozen=True, slots=True)
class Step:
    """A chord as a degree. suspended: with the fourth for the third; inverted: on its third; to: it is the dominant of
    that degree.
    """

    degree: int
    suspended: bool = False
    inverted: bool = False
    to: int | None = None


Bar = tuple[Step, ...]
Loop = tuple[Bar, ...]


def harmonise(plan: Plan, dice: np.random.Generator) -> list[tuple[Chord, ...]]:
    """The chords of each bar, one or more."""
    if plan.given is not None and plan.given.chords:
        return _given(plan)
    if plan.given is not None and plan.given.tune:
        return [_written(plan, n, (Step(degree),), {}) for n, degree in enumerate(set_tune(plan))]
    steps = _looped(plan, dice)
    if _share(steps) < STATIC:
        plain = plan.style.colour == "power"
        for change in (_cadences,) if plain else (_cadences, _borrowed, _suspended):
            changed = change(steps, plan, dice)
            steps = changed if _share(changed) >= min(LEAST_SHARE, _share(steps)) else steps
        steps = _inverted(steps) if not plain and dice.random() < INVERTED else steps
    spices = SPICES.get(plan.style.colour, ({},))
    spice = spices[int(dice.integers(len(spices)))]
    return [_written(plan, index, bar, spice) for index, bar in enumerate(steps)]


def home(plan: Plan, start: float, length: float) -> Chord:
    """The last chord, in the colour of the style where that is at rest: a ninth in major, a small seventh in minor."""
    colour = plan.style.colour
    if colour in RICH:
        soft = 10 in theory.MODES[plan.key.mode] and colour != "add9"
        minor = theory.family(plan.key.mode) == "minor"
        colour = "add9" if not minor else "seventh" if soft else "triad"
    root, notes, name = theory.chord(plan.key, 1, colour if colour != "dominant" else "triad")
    return Chord(start, length, root, notes, name)


def tonic_share(bars: Sequence[tuple[int, ...]]) -> float:
    """Share of the time that the tonic chord sounds; degrees, bar by bar."""
    return sum(degrees.count(1) / len(degrees) for degrees in bars) / max(1, len(bars))


def _share(steps: Sequence[Bar]) -> float:
    return tonic_share([tuple(0 if step.to else step.degree for step in bar) for bar in steps])


def _given(plan: Plan) -> list[tuple[Chord, ...]]:
    """The given bars, round and round."""
    assert plan.given is not None, "chords to play"
    chords, beats = plan.given.chords, plan.metre.beats
    bars: list[tuple[Chord, ...]] = []
    for index in range(plan.bars):
        source = index % len(chords)
        moved = (index - source) * beats
        bars.append(tuple(replace(c, start=c.start + moved) for c in chords[source]))
    # A bar in which nothing was heard goes on with what sounded before, or with the tonic.
    for index, bar in enumerate(bars):
        if not bar or bar[0].start > index * beats + 1e-6:
            before = bars[index - 1][-1] if index and bars[index - 1] else home(plan, 0.0, beats)
            until = bar[0].start if bar else (index + 1) * beats
            bars[index] = (replace(before, start=index * beats, length=until - index * beats), *bar)
    return bars


def _looped(plan: Plan, dice: np.random.Generator) -> list[Bar]:
    loops = _choose(plan, dice)
    return [
        bar for section in plan.sections for bar in _laid(section, loops[section.name], loops["a"])
    ]


def _choose(plan: Plan, dice: np.random.Generator) -> dict[str, Loop]:
    """One loop for the verses, another for the chorus, a third where the piece turns aside."""
    by_mode = plan.style.progressions
    written = by_mode.get(plan.key.mode) or by_mode[theory.family(plan.key.mode)]
    loops = [_read(text) for text in written]
    order = [loops[n] for n in dice.permutation(len(loops))]
    sung = [s for s in plan.sections if s.name in {"intro", "a"} or ROUND in s.traits]
    verse = next((loop for loop in order if _at_home(loop, sung, loop)), order[0])
    others = [loop for loop in order if loop != verse] or order
    # A chorus that begins elsewhere than the verse is heard as another place.
    refrains = _contrasting(plan, dice) or others
    refrains = [
        *(loop for loop in refrains if loop[0] != verse[0]),
        *(loop for loop in refrains if loop[0] == verse[0]),
    ]
    peaks = [[s for s in plan.sections if s.name == name] for name in ("b", "drop")]
    chorus = next(
        (loop for loop in refrains if all(_at_home(loop, peak, verse) for peak in peaks)), verse
    )
    aside = [s for s in plan.sections if s.name == "bridge"]
    bridge = others[-1] if _at_home(others[-1], aside, verse) else verse
    names = {"b": chorus, "drop": chorus, "build": chorus, "bridge": bridge, "break": bridge}
    return {name: names.get(name, verse) for name in ("a", *(s.name for s in plan.sections))}


def _contrasting(plan: Plan, dice: np.random.Generator) -> list[Loop]:
    """What the style keeps for its choruses, in any order."""
    by_mode = plan.style.contrast
    written = by_mode.get(plan.key.mode) or by_mode.get(theory.family(plan.key.mode), ())
    return [_read(written[n]) for n in dice.permutation(len(written))]


def _at_home(loop: Loop, sections: Sequence[Section], verse: Loop) -> bool:
    """Whether the tonic has its share of all these sections together."""
    sung = [bar for section in sections for bar in _laid(section, loop, verse)]
    return not sung or _share(sung) >= TONIC_SHARE


def _laid(section: Section, loop: Loop, verse: Loop) -> list[Bar]:
    """The bars of a section over its own loop, or over as much of the verse's as its traits say."""
    own, home = _around(loop, section), _around(verse, section)
    if ROUND in section.traits:
        return home
    if HOMING in section.traits:
        return [(own if n % PHRASE < PHRASE // 2 else home)[n] for n in range(section.bars)]
    return own


def _around(loop: Loop, section: Section) -> list[Bar]:
    return [loop[place_in_round(section, n) % len(loop)] for n in range(section.bars)]


@cache
def _read(text: str) -> Loop:
    return tuple(tuple(Step(int(degree)) for degree in bar.split("+")) for bar in text.split())


def _cadences(steps: list[Bar], plan: Plan, dice: np.random.Generator) -> list[Bar]:
    """Sections end on what leads into the next one, and the piece on what leads home."""
    changed = list(steps)
    leading = LEADING.get(plan.key.mode, (5,))
    degree = leading[int(dice.integers(len(leading)))]
    # Sections of one name end in one way.
    led = {section.name: dice.random() < CADENCES for section in plan.sections}
    for number, section in enumerate(plan.sections):
        last = section.first_bar + section.bars - 1
        following = changed[last + 1][0].degree if last + 1 < len(changed) else 1
        ends = number == len(plan.sections) - 1 and not plan.loops
        if section.bars >= 2 and following == 1 and led[section.name]:
            before = changed[last][0]
            # A short section stays where it is for half of its last bar.
            halved = before.degree != degree and section.bars <= 4 and not ends
            changed[last] = (before, Step(degree)) if halved else (Step(degree),)
    return changed


def _borrowed(steps: list[Bar], plan: Plan, dice: np.random.Generator) -> list[Bar]:
    """The second half of a bar becomes the dominant of what follows: of 2, 5 or 6 in major, of 4 in minor."""
    if plan.style.colour not in RICH or dice.random() > BORROWED:
        return steps
    targets = {2, 5, 6} if theory.family(plan.key.mode) == "major" else {4}
    if plan.key.mode not in {"major", "minor"}:
        return steps
    changed = list(steps)
    places = [
        n
        for n in range(len(steps) - 1)
        if len(steps[n]) == 1 and steps[n + 1][0].degree in targets and steps[n][0].degree == 1
    ]
    # What is done in one verse is done in all of them.
    bars = [(s.name, place) for s in plan.sections for place in range(s.bars)]
    chosen = {bars[n] for n in places[: max(1, len(steps) // 16)]}
    for n in (n for n in places if bars[n] in chosen):
        goal = steps[n + 1][0].degree
        changed[n] = (steps[n][0], Step(steps[n][0].degree, to=goal))
    return changed


def _suspended(steps: list[Bar], plan: Plan, dice: np.random.Generator) -> list[Bar]:
    """A dominant that fills its bar comes with a fourth, which then resolves."""
    if dice.random() > SUSPENDED or plan.key.mode not in {"major", "minor", "mixolydian"}:
        return steps
    return [
        (replace(bar[0], suspended=True), bar[0]) if [s.degree for s in bar] == [5] else bar
        for bar in steps
    ]


def _inverted(steps: list[Bar]) -> list[Bar]:
    """A chord between two others stands on its third, where that lets the bass go by step."""
    flat = [(n, place) for n, bar in enumerate(steps) for place in range(len(bar))]
    changed = [list(bar) for bar in steps]
    for before, here, after in zip(flat, flat[1:], flat[2:], strict=False):
        step = steps[here[0]][here[1]]
        around = {
            _distance(step.degree + 2, steps[n][place].degree) for n, place in (before, after)
        }
        plain = step.degree != 1 and not step.suspended and step.to is None
        if plain and around <= {0, 1} and 1 in around:
            changed[here[0]][here[1]] = replace(step, inverted=True)
    return [tuple(bar) for bar in changed]


def _distance(one: int, other: int) -> int:
    """Steps between two degrees, whichever way is shorter."""
    return min((one - other) % 7, (other - one) % 7)


def _written(plan: Plan, index: int, bar: Bar, spice: dict[int, str]) -> tuple[Chord, ...]:
    """The chords of a bar: they share it evenly, on its pulses."""
    beats, pulse = plan.metre.beats, theory.pulse(plan.metre)
    count = min(len(bar), max(1, round(beats / pulse)))
    edges = [pulse * round(beats / pulse * n / count) for n in range(count)] + [beats]
    edges = sorted({min(edge, beats) for edge in edges})
    ends = {section.first_bar + section.bars - 1 for section in plan.sections}
    chords: list[Chord] = []
    for step, start, end in zip(bar, edges, edges[1:], strict=False):
        colour = spice.get(step.degree, plan.style.colour)
        # A phrase ends on the plain chord: the tune wants to rest on the tonic.
        if index in ends and step.degree == 1 and colour in {"seventh", "ninth"}:
            colour = "triad"
        chords.append(_chord(plan, step, index * beats + start, end - start, colour))
    return tuple(chords)


def _chord(plan: Plan, step: Step, start: float, length: float, colour: str) -> Chord:
    if step.to is not None:
        goal = theory.chord(plan.key, step.to, "triad")[0]
        notes = tuple((goal + 7 + above) % 12 for above in (0, 4, 7, 10))
        return Chord(start, length, notes[0], notes, theory.chord_name(notes, plan.key))
    root, notes, name = theory.chord(plan.key, step.degree, colour)
    third = notes[1] if len(notes) > 2 else None
    if step.suspended and third is not None and (root + 5) % 12 in theory.scale(plan.key):
        notes = (root, (root + 5) % 12, (root + 7) % 12)
        return Chord(start, length, root, notes, theory.chord_name(notes, plan.key))
    if step.inverted and third is not None:
        return Chord(start, length, root, notes, theory.chord_name(notes, plan.key, third), third)
    return Chord(start, length, root, notes, name)
