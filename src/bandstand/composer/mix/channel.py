"""One part on the desk: low cut, level, place, width, ducking, and how much of it goes to the room.

Not for what happens to all parts together (`desk.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Filter, Stereo, high_pass
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.mix.space import Delay
from bandstand.composer.render.kits import MACHINES
from bandstand.composer.score import Part, Role, Score

_RANGE, _FARTHEST = 10.0, 3.5
"""dB between a section of no energy and one of all there is, and how far from the middle one may be."""

_BOOTH = 0.3
"""Of drums that are really struck: how much of the small room they stand in is heard."""

LEAD_LUFS = -20.0
"""Of the lead on the desk, before the master gain; every other level is relative to it."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a role is usually mixed.

    level    LU below the lead
    low_cut  Hz
    reverb, echo  sends 0..1
    duck     0..1 how far the kick may push it down
    widen    0..1 sides made out of the mid
    """

    level: float
    low_cut: float
    reverb: float
    echo: float = 0.0
    duck: float = 0.0
    widen: float = 0.0


MANNERS: dict[Role, Manner] = {
    Role.LEAD: Manner(0.0, 130.0, 0.75, echo=1.0, duck=0.15),
    Role.COUNTER: Manner(-4.5, 150.0, 0.9, echo=0.6, duck=0.4, widen=0.35),
    Role.COMP: Manner(-5.0, 120.0, 0.7, duck=0.8, widen=0.5),
    Role.PAD: Manner(-8.0, 150.0, 1.0, duck=1.0, widen=0.6),
    Role.ARP: Manner(-6.5, 140.0, 0.9, echo=0.5, duck=0.7, widen=0.5),
    Role.BASS: Manner(-5.0, 28.0, 0.03, duck=0.6),
    Role.DRUMS: Manner(-2.0, 28.0, 0.22),
    Role.PERCUSSION: Manner(-6.5, 60.0, 0.5),
    Role.DRONE: Manner(-9.0, 60.0, 0.7, duck=0.6, widen=0.5),
}


class Ducker:
    """How far the kick pushes others down: a curve 0..1 that follows each stroke.

    Strokes are known beforehand, so the curve is a function of the position and needs no state.
    """

    def __init__(self, score: Score, rate: int) -> None:
        starts = {
            round(score.seconds_at(note.start) * rate)
            for part in score.parts
            if part.role is Role.DRUMS and part.instrument != "tabla"
            for note in part.notes
            if note.pitch in {35, 36}
        }
        self._starts = np.array(sorted(starts), dtype=np.int64)
        length = max(2, round(min(0.75 * score.beat_seconds, 0.45) * rate))
        rise = max(1, round(0.006 * rate))
        self._shape = (1.0 - np.arange(length) / length) ** 1.5
        self._shape[:rise] *= np.arange(rise) / rise

    def curve(self, start: int, samples: int) -> NDArray[np.float32]:
        """float32 [samples] from an absolute position on; 0 = not at all, 1 = all the way."""
        out = np.zeros(samples)
        length = len(self._shape)
        first = np.searchsorted(self._starts, start - length)
        for kick in self._starts[first : np.searchsorted(self._starts, start + samples)]:
            a, b = max(int(kick), start), min(int(kick) + length, start + samples)
            if a < b:
                piece = out[a - start : b - start]
                np.maximum(piece, self._shape[a - kick : b - kick], out=piece)
        return out.astype(np.float32)


class Fader:
    """The band as a whole plays a calm section softer than a full one: a gain that follows the sections.

    Sections are known beforehand, so the gain is a function of the position and needs no state.
    """

    def __init__(self, score: Score, rate: int) -> None:
        bars = sum(section.bars for section in score.sections) or 1
        middle = sum(section.energy * section.bars for section in score.sections) / bars
        levels = [_RANGE * (section.energy - middle) for section in score.sections] or [0.0]
        beats = score.metre.beats
        starts = [rate * score.seconds_at(s.first_bar * beats) for s in score.sections] or [0.0]
        bar = rate * beats * score.beat_seconds
        places: list[float] = [starts[0]]
        gains: list[float] = [levels[0]]
        for start, before, level in zip(starts[1:], levels[:-1], levels[1:], strict=True):
            places += [start - 0.12 * bar, start]
            gains += [before, level]
        self._places = np.array(places)
        self._gains = np.clip(gains, -_FARTHEST, _FARTHEST)

    def curve(self, start: int, samples: int) -> NDArray[np.float32]:
        """float32 [samples] of linear gain from an absolute position on."""
        decibels = np.interp(np.arange(start, start + samples), self._places, self._gains)
        return (10.0 ** (decibels / 20.0)).astype(np.float32)


class Channel:
    """gain in dB; sections run block by block and keep their memory."""

    def __init__(self, score: Score, part: Part, rate: int, gain: float) -> None:
        manner = MANNERS[part.role]
        level = 10.0 ** (gain / 20.0)
        grounded = any(other.role is Role.BASS for other in score.parts)
        cut = manner.low_cut if grounded else min(manner.low_cut, 45.0)
        self._filter = Filter([high_pass(cut, rate)])
        pan = max(-1.0, min(1.0, part.pan)) * 0.8
        sides = [[level * math.sqrt(1.0 - pan)], [level * math.sqrt(1.0 + pan)]]
        self._sides = np.array(sides, dtype=np.float32)
        self._duck = np.float32(manner.duck * score.mix.sidechain)
        self._widen = np.float32(manner.widen * score.mix.width)
        place = sum(map(ord, part.instrument)) % 7  # so that two widened parts do not smear alike
        self._delay = Delay(rate, 0.011 + 0.0017 * place)
        self._clear = Filter([high_pass(300.0, rate)])
        live = INSTRUMENTS[part.instrument].family == "kit" and part.instrument not in MACHINES
        self.booth = np.float32(_BOOTH if live else 0.0)
        self.reverb, self.echo = np.float32(manner.reverb), np.float32(manner.echo)

    def run(self, sound: Stereo, ducking: NDArray[np.float32]) -> Stereo:
        """Put a block of the part, in place, where it belongs, and return it."""
        self._filter.run(sound)
        sound *= self._sides
        if self._widen > 0.0:
            late = self._clear.run(self._delay.run(sound.copy()))[0]
            sound[0] += self._widen * late
            sound[1] -= self._widen * late
        if self._duck > 0.0:
            sound *= np.float32(1.0) - self._duck * ducking
        return sound


def wanted_loudness(score: Score, part: Part) -> float:
    """LUFS a part should have on the desk while it plays."""
    level = MANNERS[part.role].level + score.mix.balance.get(part.role, 0.0) + part.level
    return LEAD_LUFS + level
