"""The critic: reads a draft and gives it marks, so that the best of many can be kept. Hears no sound and writes no note.

Every mark is 0..1 and 1 inside the band in which music of its kind lies; outside it falls by and by, so that of two
faulty drafts the less faulty one wins. The bands are the thresholds of our own battery, a little narrower.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bandstand.composer import theory
from bandstand.composer.compose import figures
from bandstand.composer.compose.figures import Row
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Part, Role, Score

CLEAR = 0.22
"""From this margin on, a key finder heard the sound of a piece as its notes were meant; see docs/log.md."""
DOUBTFUL = 0.05
"""Below this one, and by as much again, another key is heard."""
FREE = frozenset({"seventh", "ninth", "dominant"})
"""Colours whose music may leave its scale more than others."""
BREATH_SECONDS = 8.0
SUNG = 6
"""Bars of a tune below which it is over before anything can come back."""

WEIGHTS: Mapping[str, float] = {
    "key": 11.0,
    "scale": 3.0,
    "clashes": 5.0,
    "leaps": 1.5,
    "leaps answered": 3.0,
    "steps": 3.5,
    "strong beats": 3.5,
    "novelty": 6.0,
    "repetition": 4.0,
    "pitch classes": 7.0,
    "groove": 1.0,
    "range": 1.0,
    "climax": 0.6,
    "rests": 1.0,
    "breath": 0.6,
}
"""How much each mark counts."""


def worth(marks: Mapping[str, float]) -> float:
    """One number of many marks: 0..1."""
    total = sum(WEIGHTS[name] for name in marks)
    return sum(WEIGHTS[name] * mark for name, mark in marks.items()) / max(total, 1e-9)


def judge_tune(tune: Sequence[Row], chords: Sequence[Chord], plan: Plan) -> dict[str, float]:
    """Marks of a tune over its chords, before anything else is written."""
    beats = plan.metre.beats
    intervals = figures.moves(tune, rest=beats)
    strong = figures.strong_share(tune, chords, theory.pulse(plan.metre))
    wide = plan.style.tune.span
    breath = figures.longest_breath(tune, 0.4) * 60.0 / plan.bpm
    before_the_end = [row for row in tune if row[0] < plan.bars * beats - 0.5]
    sounding = figures.sketched(tune, chords, plan.bars * beats)
    bar = max(1, round(beats))
    return {
        "key": _heard(figures.sketched_margin(tune, chords, plan.key)),
        "steps": _within(figures.step_share(intervals), 0.63, 0.82, 0.08),
        "leaps": _within(figures.leap_share(intervals), 0.0, 0.05, 0.05),
        "leaps answered": _within(figures.answered_leaps(intervals), 0.6, 1.0, 0.2),
        "strong beats": 1.0 if strong is None else _within(strong, 0.79, 0.96, 0.06),
        "novelty": _novelty(before_the_end, plan),
        "range": _within(figures.span(tune), wide - 1, wide + 9, 6.0),
        "climax": figures.peaks(tune, plan.sections, beats),
        "repetition": _within(figures.repetition(sounding)[0], 0.83, 0.95, 0.15),
        "pitch classes": _within(figures.entropy(sounding, 4 * bar), 2.48, 2.95, 0.3),
        "rests": _within(figures.rest_share(tune, beats), 0.12, 0.5, 0.2),
        "breath": _within(breath, 0.0, BREATH_SECONDS, BREATH_SECONDS),
    }


def _heard(margin: float) -> float:
    """Better the clearer a key is, and much worse when it is hardly the one that is heard."""
    return 0.6 * _within(margin, CLEAR, 2.0, 0.4) + 0.4 * _within(margin, DOUBTFUL, 2.0, DOUBTFUL)


def _novelty(tune: Sequence[Row], plan: Plan) -> float:
    """Enough that comes back, and enough that is new; a tune of few bars may do as it likes."""
    beats = plan.metre.beats
    if len({int((start + 2 * figures.LATE) // beats) for start, _, _ in tune}) < SUNG:
        return 1.0
    return _within(figures.distinct_share(tune, beats, plan.key), 0.32, 0.6, 0.14)


def judge(score: Score, plan: Plan) -> dict[str, float]:
    """Marks of a whole draft, those of its tune included."""
    free = plan.style.colour in FREE
    beats = score.bars * score.metre.beats
    sounding = figures.chroma(score.parts, beats)
    likeness, lag = figures.repetition(sounding)
    groove = figures.groove_likeness(score.parts, score.bars, score.metre)
    bar = max(1, round(score.metre.beats))
    struck = figures.struck(score.parts, max(beats, plan.end))
    narrow = figures.entropy(struck, bar)
    wide = figures.entropy(struck, 4 * bar) or narrow + 0.5
    marks = {
        "key": _heard(figures.key_margin(score.parts, score.key)),
        "scale": _within(
            figures.inside_share(score.parts, score.key, blue=plan.style.colour == "dominant"),
            0.9 if free else 0.97,
            1.0,
            0.08,
        ),
        "clashes": _within(
            figures.rub_share(score.parts, beats, _played(score)), 0.0, 0.006, 0.012
        ),
        "repetition": _within(likeness, 0.77, 0.94, 0.15) * (1.0 if lag % bar == 0 else 0.7),
        "groove": _within(groove, 0.72, 0.94, 0.15),
        "pitch classes": 0.3 * _within(narrow, 1.45, 2.38, 0.2)
        + 0.7 * _within(wide, 2.26, 2.95, 0.2),
    }
    leader = next((part for part in score.parts if part.role is Role.LEAD), None)
    if leader is not None and figures.tuned([leader]):
        marks = judge_tune(rows(leader), score.chords, plan) | marks
    return marks


def _played(score: Score) -> list[Chord]:
    """The chords of the bars, without the one that the piece ends on."""
    return [chord for chord in score.chords if chord.start < score.bars * score.metre.beats - 1e-6]


def rows(part: Part) -> list[Row]:
    """A part as the measures of tunes read it."""
    return figures.topmost((note.start, note.length, note.pitch) for note in part.notes)


def _within(value: float, low: float, high: float, slack: float) -> float:
    """1 from `low` to `high`, 0 from `slack` beyond them on."""
    outside = max(low - value, value - high, 0.0)
    return max(0.0, 1.0 - outside / slack)
