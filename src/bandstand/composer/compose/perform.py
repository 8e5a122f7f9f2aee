"""From the straight grid to hands: swing, who lays back, small imprecision, and nothing outside the piece. Chooses no
notes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bandstand.composer import theory
from bandstand.composer.compose.chart import Event
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Note, Role

STEADY: dict[Role, float] = {Role.DRUMS: 0.4, Role.BASS: 0.55, Role.PERCUSSION: 0.6}
"""How much of the style's imprecision a role shows; the others all of it."""
SPREAD = 0.6
FARTHEST = 0.02  # seconds; beyond this a note is no longer on its beat
BACKBEAT = [KEYS["snare"], KEYS["rim"], KEYS["clap"]]
WITH_IT = 0.5
TOUCH = 0.05
SHORTEST = 0.02  # beats


def perform(
    events: Sequence[Event], plan: Plan, role: Role, dice: np.random.Generator
) -> tuple[Note, ...]:
    """Play the notes; every one starts and ends within the piece."""
    end = plan.end
    events = [event for event in events if event[0] < end - SHORTEST] if plan.fade else events
    if not events:
        return ()
    table = np.array(events, dtype=np.float64)
    start, length, pitch, velocity = table.T
    beats_per_second = plan.bpm / 60.0
    spread = SPREAD * plan.style.humanise * STEADY.get(role, 1.0)
    leans = plan.style.lay_back * _leaning(role, pitch)
    late = np.clip(dice.normal(0.0, 1.0, len(start)) * spread + leans, -FARTHEST, FARTHEST)
    late *= beats_per_second
    # Swung notes start later and end where they ended.
    swung = swing(start, _share(plan), plan.style.swing_unit)
    length = np.maximum(length - (swung - start), 0.5 * length)
    start = np.clip(swung + late, 0.0, max(0.0, end - SHORTEST))
    length = np.clip(length, SHORTEST, np.maximum(end - start, SHORTEST / 2))
    velocity = np.clip(velocity * (1.0 + dice.uniform(-TOUCH, TOUCH, len(start))), 0.05, 1.0)
    rows = np.stack([start, length, pitch, velocity], axis=1)[np.lexsort((pitch, start))]
    return tuple(Note(s, n, int(p), v) for s, n, p, v in rows.tolist())


def _leaning(role: Role, pitch: NDArray[np.float64]) -> NDArray[np.float64] | float:
    """How much of the style's lean each note has: the backbeat all of it, who plays to it half."""
    if role is Role.DRUMS:
        return np.isin(pitch, BACKBEAT).astype(np.float64)
    return WITH_IT if role is Role.BASS else 0.0


def _share(plan: Plan) -> float:
    """The style's swing, or none where the pairs do not fill the bar: 6/8, 7/8."""
    pairs = plan.metre.beats / (2 * plan.style.swing_unit)
    even = pairs == int(pairs) and theory.pulse(plan.metre) == 1.0
    return plan.style.swing if even else 0.5


def swing(start: np.ndarray, share: float, unit: float) -> np.ndarray:
    """Move the second half of each pair, where it stands exactly on the grid.

    share  of the pair that its first half takes; 0.5 is straight, 0.667 a triplet
    unit   beats of a half: 0.5 swings eighths, 0.25 sixteenths
    """
    steps = start / unit
    nearest = np.round(steps)
    second = (np.abs(steps - nearest) < 0.05) & (nearest % 2 == 1)
    return start + np.where(second, (2 * share - 1) * unit, 0.0)
