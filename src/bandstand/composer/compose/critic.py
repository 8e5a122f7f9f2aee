"""How clearly a draft says its key. Looks at notes, not at sound; a draft it doubts is written again (`compose_score`).

Source: the key profiles of Albrecht and Shanahan ("The Use of Large Corpora to Train a New Type of Key-Finding
Algorithm", Music Perception 31/1, 2013).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.score import Key, Part, Role

MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
CLEAR = 0.22
"""From this margin on, a key finder heard the sound of a piece as its notes were meant; see docs/log.md."""

WEIGHTS: dict[Role, float] = {
    Role.LEAD: 1.0,
    Role.COUNTER: 0.6,
    Role.COMP: 0.55,
    Role.PAD: 0.4,
    Role.ARP: 0.47,
    Role.BASS: 0.55,
    Role.DRONE: 0.35,
}
"""How loud a role is in the mix."""


def key_margin(parts: Iterable[Part], key: Key) -> float:
    """How much better the written key fits the notes than the next best one: -2..2, negative when it is not the best."""
    heard = np.zeros(12)
    for part in parts:
        if INSTRUMENTS[part.instrument].family != "kit":
            for note in part.notes:
                heard[note.pitch % 12] += WEIGHTS[part.role] * note.length * note.velocity
    meant = (key.tonic, theory.family(key.mode))
    if not heard.any():
        return 0.0
    fits = {
        (tonic, mode): _correlation(np.roll(profile, tonic), heard)
        for tonic in range(12)
        for mode, profile in (("major", MAJOR), ("minor", MINOR))
    }
    return fits.pop(meant) - max(fits.values())


def _correlation(profile: Sequence[float] | np.ndarray, heard: np.ndarray) -> float:
    return float(np.corrcoef(profile, heard)[0, 1])
