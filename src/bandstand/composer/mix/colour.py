"""Which third-octaves the notes of a piece fill, told from pitches: what a few bars do not tell of the rest.

The bars that are listened to hold a handful of pitches; where the others will sound is in the score. Only for
comparing stretches of one piece: the overtones are those of no instrument in particular. THIRDS 17, N notes.
"""

from __future__ import annotations

from collections.abc import Iterable

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

Power = NDArray[np.float64]


def expected(score: Score, spans: Iterable[tuple[float, float]], levels: Power) -> Power:
    """dB of the thirds of the whole piece, when in some spans of beats they have these levels.

    What the notes there do not account for (a bright flute, a drum) is taken to be the same everywhere.
    """
    heard, meant = np.zeros(len(THIRDS)), np.zeros(len(THIRDS))
    whole = ((0.0, score.beat_at(score.seconds)),)
    spans = tuple(spans)
    for part in score.parts:
        if part.notes:
            heard += _filled(score, part, spans)
            meant += _filled(score, part, whole)
    floor = _FLOOR * _around(heard + meant) + 1e-12
    before, after = (10.0 * np.log10(filled + floor) for filled in (heard, meant))
    there = 10.0 ** (0.1 * levels)
    shape = 10.0 * np.log10(_around(there) / _around(heard + floor))
    own = np.clip(levels - shape - before, -_OWN, _OWN)
    return after + shape + own


def _filled(score: Score, part: Part, spans: Iterable[tuple[float, float]]) -> Power:
    """Mean power in every third over some spans."""
    told = np.array([note_power(part, note, score.beat_seconds) for note in part.notes])
    starts = np.array([note.start for note in part.notes])
    lengths, powers = told.T
    energy, beats = np.zeros(len(starts)), 0.0
    for start, stop in spans:
        inside = np.minimum(starts + lengths, stop) - np.maximum(starts, start)
        energy += powers * np.maximum(inside, 0.0)
        beats += stop - start
    loud = 10.0 ** (wanted_loudness(score, part) / 10.0)
    mean = float(powers @ lengths) / score.beat_at(score.seconds)
    energy *= loud / (max(beats, 1e-9) * max(mean, 1e-12))
    if INSTRUMENTS[part.instrument].family == "kit":
        return np.full(len(THIRDS), _DRUMS * energy.sum() / len(THIRDS))
    pitches = np.array([note.pitch for note in part.notes])
    hertz = 440.0 * 2.0 ** ((pitches - 69) / 12.0)[:, None] * _OVERTONES
    third = np.round(3.0 * np.log2(hertz / THIRDS[0])).astype(int)
    inside = (third >= 0) & (third < len(THIRDS))
    spread = (energy[:, None] * _OVERTONES**-_FALL)[inside]
    return np.bincount(third[inside], spread, minlength=len(THIRDS)).astype(np.float64)


def _around(levels: Power) -> Power:
    """The mean of seven neighbours."""
    return np.convolve(np.pad(levels, 3, mode="edge"), np.full(7, 1.0 / 7.0), mode="valid")
