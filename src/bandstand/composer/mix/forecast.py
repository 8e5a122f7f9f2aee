"""How loud each quarter of a bar will be, told from the notes before anything sounds.

A part is as loud on the desk as the mix wants it; its notes say when. Good to about 2 dB a bar: enough to find the
bars that are typical of a section, and to know what the others are against them. Not a meter (`loudness.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.mix.channel import Fader, wanted_loudness
from bandstand.composer.render.kits import hit_of
from bandstand.composer.score import Note, Part, Score

_PARTS = 4  # of a bar
_RINGS = 0.6
"""Seconds for which what is plucked or struck is about as loud as at first."""

_FADER_RATE = 50
"""Looks at the fader per second."""

Power = NDArray[np.float64]


class Forecast:
    """The power of every part in every quarter of a bar, on the desk and before the master."""

    def __init__(self, score: Score) -> None:
        bars = score.beat_at(score.seconds) / score.metre.beats
        self._edges: Power = np.append(np.arange(0.0, _PARTS * bars) / _PARTS, bars)
        beats = self._edges * score.metre.beats
        self._powers = np.zeros((len(score.parts), len(beats) - 1))
        for index, part in enumerate(score.parts):
            self._powers[index] = _powers(score, part, beats)
        self._powers *= _faded(score, self._edges)

    def by_part(self, start: float, stop: float) -> Power:
        """Mean power of each part between two bars, [parts]."""
        return _means(self._edges, self._powers, np.array([start, stop]))[:, 0]

    def power(self, start: float, stop: float) -> float:
        """Mean power of all between two bars."""
        return float(self.by_part(start, stop).sum())


def _powers(score: Score, part: Part, edges: Power) -> Power:
    """Of a part between edges in beats; where it plays, their mean is what the mix wants of it."""
    if not part.notes:
        return np.zeros(len(edges) - 1)
    starts = np.array([note.start for note in part.notes])
    told = [note_power(part, note, score.beat_seconds) for note in part.notes]
    lengths, powers = np.array(told).T
    times = np.concatenate([starts, starts + lengths])
    steps = np.concatenate([powers, -powers])
    order = np.argsort(times, kind="stable")
    times, level = times[order], np.cumsum(steps[order])
    sums = np.concatenate([[0.0], np.cumsum(level[:-1] * np.diff(times))])
    means = np.diff(np.interp(edges, times, sums)) / np.maximum(np.diff(edges), 1e-9)
    playing = means[means > 0.1 * means.mean()]
    wanted = 10.0 ** (wanted_loudness(score, part) / 10.0)
    return means * wanted / playing.mean() if len(playing) else means


def note_power(part: Part, note: Note, beat_seconds: float) -> tuple[float, float]:
    """For how many beats a note sounds, and how loud."""
    instrument = INSTRUMENTS[part.instrument]
    rings = _RINGS / beat_seconds
    if instrument.family == "kit":
        return rings, hit_of(part.instrument, note.pitch).energy * note.velocity**2
    length = note.length if instrument.sustained else min(note.length, rings)
    return length, note.velocity**2.8


def _faded(score: Score, edges: Power) -> Power:
    """What the fader makes of the power between edges in bars."""
    middles = (edges[:-1] + edges[1:]) / 2.0 * score.metre.beats
    curve = Fader(score, _FADER_RATE).curve(0, int(score.seconds * _FADER_RATE) + 2)
    at = [int(score.seconds_at(float(beat)) * _FADER_RATE) for beat in middles]
    return np.square(curve[at].astype(np.float64))


def _means(edges: Power, powers: Power, bounds: Power) -> Power:
    """Means between bounds of what is constant between edges."""
    widths = np.diff(edges)
    sums = np.concatenate([np.zeros((len(powers), 1)), np.cumsum(powers * widths, axis=1)], axis=1)
    whole = np.array([np.interp(bounds, edges, row) for row in sums]).reshape(-1, len(bounds))
    return np.diff(whole, axis=1) / np.maximum(np.diff(bounds), 1e-9)
