"""22, 23, 24: how alike bars are, what comes again, and whether sections can be heard to change."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import scipy.signal

from bandstand.composer import theory
from battery import ears
from battery.checks import Bound, Check
from battery.take import Take

FEWEST_BARS, FEWEST_SUNG = 4, 6
"""Bars that are struck and bars that are sung: a tune of four or five is over before anything can come back."""
AS_GOOD = 0.01


def groove_alike(take: Take) -> float | None:
    """1 - mean share of 16ths in which two bars differ, of what is struck, or of all notes where nothing is."""
    parts = take.struck or take.pitched
    steps = round(4 * take.bar)
    hits = np.zeros((take.score.bars, steps), dtype=bool)
    for part in parts:
        for note in part.notes:
            bar, step = take.place(note)
            if bar < take.score.bars:
                hits[bar, step] = True
    hits = hits[hits.any(axis=1)]
    if len(hits) < FEWEST_BARS:
        return None
    return 1.0 - float(np.mean([(a != b).mean() for a, b in combinations(hits, 2)]))


def lags(take: Take) -> dict[int, float]:
    """How alike the harmony is to itself so many beats later, 4 to 32: cosine of the chroma of each beat, 0..1.

    A loop of four chords under a tune of random notes has 0.96 at its length, random chords 0.60.
    """
    chroma = take.beat_chroma[: round(take.score.bars * take.bar)]
    chroma = chroma / (np.linalg.norm(chroma, axis=1, keepdims=True) + 1e-9)
    longest = min(32, len(chroma) // 2)
    return {
        lag: float((chroma[lag:] * chroma[:-lag]).sum(axis=1).mean())
        for lag in range(4, longest + 1)
    }


def comes_again(take: Take) -> float | None:
    return max(lags(take).values(), default=None)


def lag_in_bars(take: Take) -> float | None:
    """Beats by which the best lag misses whole bars; one that is as good but for a hundredth counts as best."""
    found = lags(take)
    best = [lag for lag, alike in found.items() if alike >= max(found.values()) - AS_GOOD]
    return min((float(min(lag % take.bar, -lag % take.bar)) for lag in best), default=None)


def distinct_bars(take: Take) -> float | None:
    """Share of the tune's bars that are not another one again, higher or lower: rhythm and contour in scale steps."""
    bars: dict[int, list[tuple[int, int]]] = {}
    for note in take.tune:
        bar, step = take.place(note)
        if bar < take.score.bars:
            bars.setdefault(bar, []).append((step, _scale_step(take, note.pitch)))
    if len(bars) < FEWEST_SUNG:
        return None
    shapes = {tuple((step, height - bar[0][1]) for step, height in bar) for bar in bars.values()}
    return len(shapes) / len(bars)


def _scale_step(take: Take, pitch: int) -> int:
    """Steps of the key's scale above the tonic; a note outside counts as the one below it."""
    octave, above = divmod(pitch - take.score.key.tonic, 12)
    scale = theory.MODES[take.score.key.mode]
    return octave * len(scale) + sum(step <= above for step in scale) - 1


def borders_heard(take: Take) -> float | None:
    """Share of the borders between sections that lie within a beat of one of the greatest changes that are heard.

    As many changes count as there are borders, and as many again, for fills and phrases: chance finds a tenth. Where a
    section comes again at once nothing need change.
    """
    sections = take.score.sections
    borders = [b.first_bar * take.bar for a, b in pairwise(sections) if a.name != b.name]
    heard = np.concatenate([take.beat_chroma, take.beat_timbre], axis=1)
    if not borders or len(heard) < 4 * take.bar:
        return None
    peaks, told = scipy.signal.find_peaks(ears.novelty(heard, round(take.bar)), prominence=0.0)
    greatest = peaks[np.argsort(-told["prominences"])][: 2 * len(borders)]
    return float(
        np.mean([any(abs(peak - border) <= 1.0 for peak in greatest) for border in borders])
    )


CHECKS = (
    Check("22", "groove alike from bar to bar", Bound(0.70, 0.95), groove_alike),
    Check("23a", "harmony comes again, likeness", Bound(0.75, 0.97), comes_again),
    Check("23b", "beats that its lag misses bars by", Bound(0, 0), lag_in_bars),
    Check("24a", "distinct bars of the tune", Bound(0.25, 0.7), distinct_bars),
    Check(
        "24b",
        "borders of sections heard",
        Bound(low=0.7),
        borders_heard,
        share=0.6,
        mean=Bound(low=0.7),
    ),
)
