"""Writes the score: `compose_score` is the only door. Pure: the same plan and seed give the same notes.

Many sketches are made, the critic keeps the best few, these are written out, and the best of them is the piece.

draft.py     a sketch, and the whole score that is made of it
chart.py     bars with their chords and intensity        arrange.py  who plays in which bar
harmony.py   which chord                                 groove.py   drums, percussion
hands.py     what hands make of a groove                 fills.py    how a drummer leads on
bass.py      bass, drone                                 comp.py     chords, pads, arpeggios
voicing.py   how a chord lies under the hands            counter.py  what answers the tune
rhythm.py, motif.py, phrases.py, line.py, melody.py      the tune: from a beat to a song
ending.py    the last chord                              edit.py     breaks, builds, lifts and fades
drive.py     calmer and livelier figures
perform.py   swing and imprecision                       holes.py    strokes where a lone instrument would fall silent
figures.py   measures of a score                         critic.py   marks for them
idioms/      players for traditions of their own
"""

from __future__ import annotations

from dataclasses import replace

from bandstand.composer.compose import critic
from bandstand.composer.compose.draft import Sketch, sketch, write, write_figure
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Score

SKETCHES, FEWEST = 28, 2
SKETCHED_BARS = 420
"""Bars of sketches that are written at most: long pieces average out whatever the dice say."""
WRITTEN, WRITTEN_BARS = 4, 120
"""Sketches that are written out, and how many bars of them; a doubtful key is worth twice as many."""


def compose_score(plan: Plan, seed: int) -> Score:
    """Write every note of a planned piece: the best of many drafts, with the critic's marks.

    seed  of the piece; the plan's own when they are the same, as they are everywhere but in experiments
    """
    plan = plan if plan.seed == seed else replace(plan, seed=seed)
    if plan.bars == 0:
        return write_figure(plan)
    best: tuple[float, Score] | None = None
    for number, sketched in enumerate(_best_sketches(plan)):
        if number >= _count(WRITTEN, WRITTEN_BARS, plan, fewest=1) and best and _is_clear(best[1]):
            break
        score = write(plan, sketched)
        marks = critic.judge(score, plan)
        if best is None or critic.worth(marks) > best[0]:
            best = critic.worth(marks), replace(score, marks=marks)
    assert best is not None, "a piece has at least one draft"
    return best[1]


def _best_sketches(plan: Plan) -> list[Sketch]:
    """Those that are worth writing out, the best first."""
    sketches = [
        sketch(plan, n) for n in range(_count(SKETCHES, SKETCHED_BARS, plan, fewest=FEWEST))
    ]
    marked = [
        (critic.worth(critic.judge_tune(found.tune(), found.chords, plan)), found)
        for found in sketches
    ]
    marked.sort(key=lambda pair: -pair[0])
    return [found for _, found in marked][: 2 * _count(WRITTEN, WRITTEN_BARS, plan, fewest=1)]


def _is_clear(score: Score) -> bool:
    return score.marks["key"] == 1.0


def _count(most: int, bars: int, plan: Plan, *, fewest: int) -> int:
    return max(fewest, min(most, bars // max(1, plan.bars)))
