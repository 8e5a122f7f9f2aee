"""Tempo, beats and bars of given sound. Hears one steady tempo; a rubato has none, and gets its mean.

The tempo is proposed by how well the rises agree with themselves a beat later, and then refined: it is where the
Fourier transform of the rises, summed over the tempo, its double and its quadruple, is largest (composer.md, section 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.analyse.spectrum import FRAME_RATE, Numbers, Rises

SLOWEST, FASTEST = 50.0, 210.0
USUAL = 112.0
"""Bpm that people tap when several would do; an octave away counts by half."""
_SPREAD = 0.85  # octaves
_SLACK = 0.06  # how far refining may go from the proposal
_LOW_SHARE = 1.5
"""Without the low band, off-beat hats would put the beat half a beat late."""
_WALTZ = 1.22
"""By how much bars of three must be clearer than bars of four to be believed: 3 of 580 stretches are taken for the other."""
_USUAL_BAR = np.array(
    [
        (1.1, -0.2, -0.4, 0.6, -0.8, -0.5, 0.3, 0.0),
        (0.9, -1.4, -0.4, 0.0, 0.4, 0.5, -0.1, 0.0),
        (1.5, -0.5, -0.5, -0.4, 0.5, -0.5, -0.1, -0.1),
        (0.8, 0.5, 0.3, -0.4, -0.6, -1.0, 0.1, 0.2),
    ]
)
"""What speaks for a bar of four to begin there, from its first half beat to its last: rises, low rises, another harmony
than a beat before, and than two before. Fitted by logistic regression to 370 stretches of 10 s in 52 styles; of styles
that were left out of the fit it finds 92 in 100 first beats, low strokes and changes of harmony alone find 74.
"""
_COLUMNS = {3: (0, 1, 2, 3, 6, 7), 4: tuple(range(8))}
"""Of it, for bars of three and of four."""
FEWEST = 16  # half beats in which bars can be told
_ASIDE = (1.0 / 4.0, 1.0 / 3.0, 2.0 / 3.0, 3.0 / 4.0)
"""Of a beat: where the true one may lie, when a shuffle or an early drum is louder than it."""
_DOUBT = 0.75  # belief in one of those, against the loudest
_LOUD = 0.6  # how loud it must be against that
_TURNS = 1 << 19  # points of the Fourier transform
_SWUNG = 0.8  # belief in a pulse of thirds, against one of quarters
_PHASES = 96
_PROPOSALS = 6
_FIRST = 1.5  # what it counts that a lone voice begins there
_TRUST = 0.93  # in the next proposal, against the one before
_SOFTENED = np.array([0.25, 0.6, 1.0, 0.6, 0.25])
"""A note that begins in one frame, as sure as that can be."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """
    bpm      quarter notes per minute
    beat     seconds: the first beat, before one period has passed
    bar      seconds: the first downbeat, before one bar has passed
    beats    in a bar, 3 or 4
    clarity  0..1, how much of what rises does so on a regular pulse
    """

    bpm: float
    beat: float
    bar: float
    beats: int
    clarity: float

    @property
    def period(self) -> float:
        return 60.0 / self.bpm

    @property
    def bar_seconds(self) -> float:
        return self.beats * self.period


def find_pulse(
    found: Rises, chroma: Numbers, *, begins: Numbers | None = None, bpm: float | None = None
) -> Pulse:
    """
    chroma  float32 [T, 12] of what is held, for bars begin where the harmony changes
    begins  float32 [T], where a voice that is alone begins its notes, and how much that says
    bpm     when it is known about
    """
    strength = _scaled(found.all) + _LOW_SHARE * _scaled(found.low)
    if begins is not None:
        strength += _scaled(np.convolve(begins, _SOFTENED, "same").astype(np.float32))
    tempo, beat = _believed(strength, (bpm,) if bpm else _propose(strength))
    first = None if begins is None else _first(begins)
    bars = _surest_bars(strength, _scaled(found.low), chroma, tempo, beat, first)
    period = 60.0 / tempo
    return Pulse(
        tempo,
        (bars.beat + bars.late * period) % period,
        bars.beat + bars.late * period,
        bars.beats,
        _clarity(strength, tempo, bars.beat),
    )


def _scaled(values: Numbers) -> NDArray[np.float64]:
    deviation = float(values.std())
    return values.astype(np.float64) / deviation if deviation > 0 else np.zeros(len(values))


def _believed(strength: NDArray[np.float64], near: Sequence[float]) -> tuple[float, float]:
    """Of several proposals the tempo, and its first beat, on whose sixteenths most of the rises lie."""
    turns = _turns(strength)
    found: dict[float, tuple[float, float]] = {}
    for place, proposal in enumerate(near):
        tempo = _refine(turns, proposal)
        beat = _phase(strength, tempo)
        trust = _TRUST**place * _liked(np.array(tempo))
        levels = {times: _clarity(strength, tempo, beat, times) for times in (1, 2, 3, 4)}
        regular = 0.15 + max(_SWUNG * levels[3], levels[4]) + 0.5 * (levels[1] + levels[2])
        found[float(trust * regular)] = tempo, beat
    return found[max(found)]


def _liked(bpm: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(-0.5 * (np.log2(bpm / USUAL) / _SPREAD) ** 2)


def _propose(strength: NDArray[np.float64]) -> list[float]:
    """Tempos at which the rises agree with themselves, the best first."""
    centred = strength - strength.mean()
    size = 1 << (2 * len(centred) - 1).bit_length()
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    agreement = np.fft.irfft(power, size)[: len(centred)]
    agreement /= np.maximum(len(centred) - np.arange(len(centred)), 0.25 * len(centred))
    grid = np.geomspace(SLOWEST, FASTEST, 600)
    lags = 60.0 / grid * FRAME_RATE
    marks = np.zeros(len(grid))
    for times, weight in ((0.5, 0.3), (1, 1.0), (2, 0.6), (4, 0.4)):
        marks += weight * np.interp(times * lags, np.arange(len(agreement)), agreement, right=0.0)
    marks = np.where(marks > 0, marks * _liked(grid), marks)
    higher = (marks[1:-1] >= marks[:-2]) & (marks[1:-1] > marks[2:])
    tops = np.flatnonzero(higher) + 1
    best = sorted(tops.tolist(), key=lambda top: -marks[top])[:_PROPOSALS]
    return [float(grid[top]) for top in best] or [USUAL]


def _turns(strength: NDArray[np.float64]) -> NDArray[np.float64]:
    """How strongly the rises come round at each rate, up to half the frame rate."""
    centred = (strength - strength.mean()) * np.hanning(len(strength))
    return np.abs(np.fft.rfft(centred, max(_TURNS, len(centred))))


def _refine(turns: NDArray[np.float64], near: float) -> float:
    size = 2 * (len(turns) - 1)
    grid = near * np.linspace(1.0 - _SLACK, 1.0 + _SLACK, 2401)
    marks = np.zeros(len(grid))
    for times in (1, 2, 4):
        place = times * grid / 60.0 / FRAME_RATE * size
        marks += np.interp(place, np.arange(len(turns)), turns)
    return float(grid[np.argmax(marks)])


def _at(strength: NDArray[np.float64], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The strongest value within a frame of each moment; nothing outside the sound."""
    place = np.rint(seconds * FRAME_RATE).astype(np.int64)
    padded = np.pad(strength, 1)
    wide = np.maximum(np.maximum(padded[:-2], padded[2:]), padded[1:-1])
    inside = (place >= 0) & (place < len(wide))
    return np.where(inside, wide[np.clip(place, 0, len(wide) - 1)], 0.0)


def _beats_from(first: float, period: float, frames: int) -> NDArray[np.float64]:
    return np.arange(first, frames / FRAME_RATE, period)


def _phase(strength: NDArray[np.float64], bpm: float) -> float:
    """Where on the period most of the rises lie; what lies half a beat from it speaks against it a little."""
    period = 60.0 / bpm
    offsets = np.arange(_PHASES) / _PHASES * period
    marks = np.array([_at(strength, _beats_from(o, period, len(strength))).sum() for o in offsets])
    marks -= 0.25 * np.roll(marks, _PHASES // 2)
    best = int(np.argmax(marks))
    around = marks[np.arange(best - 2, best + 3) % _PHASES]
    around = np.maximum(around - around.min(), 0.0)
    shift = float(around @ np.arange(-2, 3) / around.sum()) if around.sum() else 0.0
    return float((offsets[best] + shift * period / _PHASES) % period)


def _first(begins: Numbers) -> float:
    """Seconds until the first note."""
    return float((begins > 0.0).argmax()) / FRAME_RATE


@dataclass(frozen=True, slots=True)
class _Bars:
    """
    mark   how much likelier this first beat is than others
    beat   seconds, what was taken for a beat
    beats  in a bar
    late   beats from there to the first downbeat: whole ones, or halves where what was taken for the beat is none
    """

    mark: float
    beat: float
    beats: int
    late: float


def _surest_bars(
    strength: NDArray[np.float64],
    low: NDArray[np.float64],
    chroma: Numbers,
    bpm: float,
    beat: float,
    first: float | None,
) -> _Bars:
    """Those of the loudest beat, or of one aside of it that explains them much better."""
    period = 60.0 / bpm
    best = _bars(strength, low, chroma, bpm, beat, first)
    loud = _LOUD * _loudness(strength, beat, period)
    for aside in _ASIDE:
        place = (beat + aside * period) % period
        if _loudness(strength, place, period) < loud:
            continue
        found = _bars(strength, low, chroma, bpm, place, first)
        if _DOUBT * found.mark > best.mark:
            best = replace(found, mark=_DOUBT * found.mark)
    return best


def _bars(
    strength: NDArray[np.float64],
    low: NDArray[np.float64],
    chroma: Numbers,
    bpm: float,
    beat: float,
    first: float | None,
) -> _Bars:
    """first: seconds until a voice begins that is alone"""
    half = 30.0 / bpm
    times = _beats_from(beat % half, half, len(low))
    if len(times) < FEWEST:
        return _Bars(0.0, beat, 4, 0.0)
    signs = _signs(strength, low, chroma, times, bpm)
    early = round((beat - times[0]) / half)
    begun = None if first is None else round((first - beat) / half) + early
    found = {beats: _downbeat(signs, columns, begun) for beats, columns in _COLUMNS.items()}
    beats = 3 if found[3][0] > _WALTZ * found[4][0] else 4
    mark, place = found[beats]
    return _Bars(mark, beat, beats, 0.5 * ((place - early) % (2 * beats)))


def _loudness(strength: NDArray[np.float64], beat: float, period: float) -> float:
    """What rises on these beats."""
    return float(_at(strength, _beats_from(beat, period, len(strength))).mean())


def _downbeat(
    signs: NDArray[np.float64], columns: Sequence[int], begun: int | None
) -> tuple[float, int]:
    """How much the likeliest half beat is likelier than others to begin a bar, and which one it is.

    begun  the half beat on which a voice begins that is alone
    """
    usual, count = _USUAL_BAR[:, columns], len(columns)
    means = np.array([signs[:, place::count].mean(axis=1) for place in range(count)]).T
    marks = np.array([(usual * np.roll(means, -place, axis=1)).sum() for place in range(count)])
    if begun is not None:
        marks[begun % count] += _FIRST
    return float(marks.max() - marks.mean()), int(np.argmax(marks))


def _signs(
    strength: NDArray[np.float64],
    low: NDArray[np.float64],
    chroma: Numbers,
    times: NDArray[np.float64],
    bpm: float,
) -> NDArray[np.float64]:
    """Float64 [4, half beats], each 1 on average: what `_USUAL_BAR` speaks of."""
    edges = np.clip(np.rint(times * FRAME_RATE).astype(np.int64), 0, len(chroma) - 1)
    span = max(2, round(60.0 / bpm * FRAME_RATE))
    rows = (
        _at(strength, times),
        _at(low, times),
        _changes(chroma, edges, span),
        _changes(chroma, edges, 2 * span),
    )
    return np.array([_evened(row) for row in rows])


def _changes(chroma: Numbers, edges: NDArray[np.int64], span: int) -> NDArray[np.float64]:
    """How little the harmony of so many frames is like that of as many before; at the ends, where few are left, as usual."""
    sums = np.cumsum(chroma, axis=0, dtype=np.float64)
    sums = np.concatenate([np.zeros((1, chroma.shape[1])), sums])
    first, last = np.maximum(edges - span, 0), np.minimum(edges + span, len(chroma))
    before, after = sums[edges] - sums[first], sums[last] - sums[edges]
    sizes = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    change = 1.0 - np.einsum("ij,ij->i", before, after) / np.maximum(sizes, 1e-9)
    enough = np.minimum(edges - first, last - edges) >= span // 2
    return np.where(enough, change, change[enough].mean() if enough.any() else 0.0)


def _evened(values: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = float(values.mean())
    return values / mean if mean > 0 else values


def _clarity(strength: NDArray[np.float64], bpm: float, beat: float, parts: int = 4) -> float:
    """What rises on beats that are cut into so many parts, beyond what chance would bring there."""
    total = float(strength.sum())
    if total <= 0.0:
        return 0.0
    time = np.arange(len(strength)) / FRAME_RATE
    turns = np.cos(2.0 * np.pi * (time - beat) * bpm / 60.0 * parts)
    return float(np.clip((strength * turns).sum() / total, 0.0, 1.0))
