"""Which third-octaves the notes of a piece fill, told from pitches: what a few bars do not tell of the rest.

The bars that are listened to hold a handful of pitches; where the others will sound is in the score. Only for
comparing stretches of one piece: the overtones are those of no instrument in particular. THIRDS 17, N notes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.mix.channel import wanted_loudness
from bandstand.composer.mix.forecast import note_power
from bandstand.composer.mix.spectrum import THIRDS
from bandstand.composer.score import Part, Score

_OVERTONES = np.arange(1, 25)
_FALL = 1.5  # power of an overtone: its number to minus this
_FLOOR = 0.02
"""Of the thirds near by: what noises, rooms and overlaps leave in a third without a note."""

_DRUMS = 0.3
"""Of the power of drums: how much of it lies where notes are, all thirds alike."""

_OWN = 8.0
"""dB by which a third may stand out from what the notes in it and its neighbours tell."""

_PLACES = 4  # of a bar, between which notes are taken to be spread evenly

Power = NDArray[np.float64]
Spans = Sequence[tuple[float, float]]
"""From and to, in beats."""


class Colour:
    """What the notes of a piece put into each third, at any time of it."""

    def __init__(self, score: Score) -> None:
        self._end = score.beat_at(score.seconds)
        step = score.metre.beats / _PLACES
        self._beats: Power = np.append(np.arange(0.0, self._end, step), self._end)
        self._sums = np.zeros((len(self._beats), len(THIRDS)))
        for part in score.parts:
            if part.notes:
                self._sums += _filled(score, part, self._beats)

    def expected(self, spans: Spans, levels: Power, meant: Spans = ()) -> Power:
        """dB of the thirds in the spans that are meant, or in the whole piece, when in some spans they are levels.

        What the notes there do not account for (a bright flute, a drum) is taken to be the same everywhere.
        """
        here, there = self._mean(spans), self._mean(meant or [(0.0, self._end)])
        floor = _FLOOR * _around(here + there) + 1e-12
        before, after = (10.0 * np.log10(filled + floor) for filled in (here, there))
        shape = 10.0 * np.log10(_around(10.0 ** (0.1 * levels)) / _around(here + floor))
        own = np.clip(levels - shape - before, -_OWN, _OWN)
        return after + shape + own

    def _mean(self, spans: Spans) -> Power:
        """Mean power in every third."""
        energy = np.sum([self._until(stop) - self._until(start) for start, stop in spans], axis=0)
        return energy / max(sum(stop - start for start, stop in spans), 1e-9)

    def _until(self, beat: float) -> Power:
        return np.array([np.interp(beat, self._beats, third) for third in self._sums.T])


def _filled(score: Score, part: Part, beats: Power) -> Power:
    """What a part has put into every third until each of some beats, [beats, thirds]."""
    told = np.array([note_power(part, note, score.beat_seconds) for note in part.notes])
    starts = np.array([note.start for note in part.notes])
    lengths, powers = told.T
    loud = 10.0 ** (wanted_loudness(score, part) / 10.0)
    powers = powers * loud * float(beats[-1]) / max(float(powers @ lengths), 1e-12)
    spread = powers[:, None] * _spread(part)
    times = np.concatenate([starts, starts + lengths])
    order = np.argsort(times, kind="stable")
    times, level = times[order], np.cumsum(np.concatenate([spread, -spread])[order], axis=0)
    steps = level[:-1] * np.diff(times)[:, None]
    sums = np.concatenate([np.zeros((1, len(THIRDS))), np.cumsum(steps, axis=0)])
    return np.array([np.interp(beats, times, third) for third in sums.T]).T


def _spread(part: Part) -> Power:
    """How much of the power of each note lies in every third, [notes, thirds]."""
    if INSTRUMENTS[part.instrument].family == "kit":
        return np.full((len(part.notes), len(THIRDS)), _DRUMS / len(THIRDS))
    pitches, note = np.unique([note.pitch for note in part.notes], return_inverse=True)
    hertz = 440.0 * 2.0 ** ((pitches - 69) / 12.0)[:, None] * _OVERTONES
    third = np.round(3.0 * np.log2(hertz / THIRDS[0])).astype(int)
    share = (third[:, :, None] == np.arange(len(THIRDS))) * _OVERTONES[:, None] ** -_FALL
    return share.sum(axis=1)[note]


def _around(levels: Power) -> Power:
    """The mean of seven neighbours."""
    return np.convolve(np.pad(levels, 3, mode="edge"), np.full(7, 1.0 / 7.0), mode="valid")
