"""The hand on the equaliser: levels what steps there are between neighbouring thirds, so that a tune of few notes
leaves no holes that records do not have.

Set by what the rehearsal tells, then moved slowly by what is heard. Not for the tone of the whole (`sheet.py`).
THIRDS 17.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Section, Stereo, peak, response
from bandstand.composer.mix.colour import Colour, Spans
from bandstand.composer.mix.spectrum import THIRDS, power_spectrum, thirds, window
from bandstand.composer.score import Score

_LEFT = 5.5  # dB between neighbouring thirds that are left as they are
_ROUNDS, _NARROW, _DEEPEST = 5, 4.0, 7.0
"""Rounds of levelling thirds, q of the bells that do it, and how many dB they cut at most."""

_STEP = 0.8  # dB per second
_TRUST = 6.0
"""Seconds that must be heard before they weigh as much as the rehearsal does."""

Power = NDArray[np.float64]


def third_bells(gains: Power, rate: int) -> list[Section]:
    """The filters that raise each third by some dB."""
    return [
        peak(float(c), rate, float(gain), _NARROW)
        for c, gain in zip(THIRDS, gains, strict=True)
        if c < 0.4 * rate
    ]


def passed(gains: Power, rate: int) -> Power:
    """What the bells make of the power of each third."""
    return response(third_bells(gains, rate), THIRDS, rate) ** 2


def levelled(rate: int, power: Power, played: Power | float = 0.0) -> Power:
    """dB for each third that level the steps of what is to come, together with what has been played."""
    gains = np.zeros(len(THIRDS))
    for _ in range(_ROUNDS):
        steps = np.diff(10.0 * np.log10(played + power * passed(gains, rate)))
        over = np.sign(steps) * np.maximum(np.abs(steps) - _LEFT, 0.0)
        if not over.any():
            break
        gains[:-1] += 0.4 * over
        gains[1:] -= 0.4 * over
        gains = np.clip(gains, -_DEEPEST, 0.6 * _DEEPEST)
    return gains


class Evener:
    """rehearsed: dB of the thirds in some spans, at the gains 0."""

    def __init__(
        self, score: Score, rate: int, colour: Colour, gains: Power, spans: Spans, rehearsed: Power
    ) -> None:
        self._score, self._rate, self._colour = score, rate, colour
        self._spans, self._rehearsed = spans, rehearsed
        self._samples = 0
        self._kept = np.zeros((2, 0), dtype=np.float32)  # too little to be looked at yet
        # Energies so far; flat: at the gains 0.
        self._played, self._flat = np.zeros(len(THIRDS)), np.zeros(len(THIRDS))
        self.gains = gains

    def heard(self, block: Stereo) -> None:
        """Take note of a finished block and set `gains`, in dB, for the next one."""
        seconds = block.shape[1] / self._rate
        self._samples += block.shape[1]
        sound, size = np.concatenate([self._kept, block], axis=1), window(self._rate)
        if sound.shape[1] < size:
            self._kept = sound
            return
        looks = 1 + (sound.shape[1] - size) // (size * 3 // 4)
        self._kept = sound[:, looks * (size * 3 // 4) :]
        power = 10.0 ** (0.1 * thirds(*power_spectrum([sound], self._rate)))
        self._played += power
        self._flat += power / passed(self.gains, self._rate)
        wanted = levelled(self._rate, self._coming(), self._played)
        self.gains = self.gains + np.clip(wanted - self.gains, -_STEP * seconds, _STEP * seconds)

    def _coming(self) -> Power:
        """Energies of the rest at the gains 0: as heard, and as rehearsed as long as little was heard."""
        done = self._samples / self._rate
        now, end = self._score.beat_at(done), self._score.beat_at(self._score.seconds)
        rest = ((now, max(end, now + 1e-3)),)
        heard = self._colour.expected(((0.0, now),), 10.0 * np.log10(self._flat / done), rest)
        told = self._colour.expected(self._spans, self._rehearsed, rest)
        told += heard.mean() - told.mean()
        levels = told + (heard - told) * done / (done + _TRUST)
        return 10.0 ** (0.1 * levels) * max(self._score.seconds - done, 0.0)
