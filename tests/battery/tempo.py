"""1, 2: the tempo that is heard, and whether what begins does so on the grid."""

from __future__ import annotations

import numpy as np

from bandstand.composer.plan.style import style
from battery import ears
from battery.checks import Bound, Check
from battery.take import Take

NEAR = 0.03  # seconds
LATEST = 0.025
"""By how much all of a piece may be heard late: a bow or a breath needs time to speak, and no listener minds."""
FEWEST = 8
CLEAR = 0.15
"""What is weaker is as often the beating of a pad, a vibrato or an echo as a note: of those, half lie anywhere."""


def tempo_error(take: Take) -> float:
    """Share by which the tempo heard differs from the one written, its half or its double.

    In 6/8 feet tap dotted quarters; their thirds, the eighths, count as well.
    """
    tapped = take.score.bpm / take.pulse
    times = (0.5, 1.0, 2.0, 3.0) if take.pulse == 1.5 else (0.5, 1.0, 2.0)
    return min(abs(take.tempo / (tapped * of) - 1.0) for of in times)


def on_grid(take: Take) -> float | None:
    """Share of the onsets heard within 30 ms of a 16th, a swung one where the style swings."""
    begun = ears.onsets(take.sound, take.rate, clear=CLEAR)
    heard = begun[begun < take.score.seconds_at(take.score.bars * take.bar) + NEAR]
    if len(heard) < FEWEST:
        return None
    beats = heard * take.score.bpm / 60.0
    distance = _nearest(beats, swung_grid(take)) * 60.0 / take.score.bpm
    late = float(
        np.clip(np.median(distance[np.abs(distance) < 2 * NEAR] if len(distance) else 0), 0, LATEST)
    )
    return float((np.abs(distance - late) <= NEAR).mean())


def swung_grid(take: Take) -> np.ndarray:
    """Places within one beat at which a note may begin."""
    chosen = style(take.style)
    grid = [0.0, 0.25, 0.5, 0.75]
    if chosen.swing > 0.505:
        unit = chosen.swing_unit
        grid += [start + 2 * unit * chosen.swing for start in np.arange(0.0, 1.0, 2 * unit)]
    if chosen.swing >= 0.6 and chosen.swing_unit == 0.5:
        grid += [1.0 / 3.0, 2.0 / 3.0]
    return np.unique(np.round(grid, 4))


def _nearest(beats: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Signed distance, in beats, of each from the nearest place of the grid."""
    places = np.concatenate([grid - 1.0, grid, grid + 1.0])
    off = (beats % 1.0)[:, None] - places[None, :]
    return off[np.arange(len(beats)), np.abs(off).argmin(axis=1)]


CHECKS = (
    Check("1", "tempo heard, error", Bound(high=0.005), tempo_error),
    Check("2", "onsets on the 16th grid", Bound(low=0.85), on_grid),
)
