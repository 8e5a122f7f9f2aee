"""Which bars to listen to beforehand, and what they tell of those that are not listened to.

Of every kind of section the bars that are most like the rest of it, by the forecast: a fill, a break or a last bar
in which the band stands still says little of the loudness of a verse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.mix.forecast import Forecast
from bandstand.composer.score import Score, Section

ENDING = "ending"
"""The last chord, from the last barline on: a kind of section of its own."""
TENTHS = 10
"""Looks at the ending per second."""

_WHOLE_SECONDS = 15.0
"""Pieces that are no longer than this are listened to in full."""

_LISTEN_SECONDS, _SHORTEST_SECONDS, _ENDING_SECONDS = 6.0, 1.2, 3.0
"""Of a longer piece: of its kinds of sections together, of each of them at least, and of its ending."""

_BAND = 7
"""So many parts take the time there is; of fewer, who are slow and uneven more often, up to twice as much is heard."""

_EARLY = 0.04  # seconds by which a player is early at most

_TRUST = 0.7
"""How much of a difference that was forecast, in dB, is heard: saturation and limiter level the rest."""

_SLOWER = 0.4
"""Of the pace at which a last chord dies away after two seconds, its pace from then on: aftersound and room."""

Power = NDArray[np.float64]


@dataclass(frozen=True)
class Excerpt:
    """Samples start..stop, standing for `samples` of the piece: all sections of its name, or its ending.

    times  the mean power of those samples against that of the excerpt, by the forecast
    """

    section: str
    start: int
    stop: int
    samples: int
    times: float = 1.0


def section_at(score: Score, bar: int) -> str:
    """The name of the section a bar belongs to; what rings out after the last bar is the ending."""
    if bar >= score.bars > 0:
        return ENDING
    name = ""
    for section in score.sections:
        if bar >= section.first_bar:
            name = section.name
    return name


def excerpts(score: Score, forecast: Forecast, rate: int) -> list[Excerpt]:
    """What to listen to: everything when the piece is short, else a bar or two of each kind of section."""
    total = round(score.seconds * rate)
    kinds: dict[str, list[Section]] = {}
    for section in score.sections:
        kinds.setdefault(section.name, []).append(section)
    if score.seconds <= _WHOLE_SECONDS or not kinds:
        return [Excerpt(section_at(score, 0), 0, total, total)]
    bar = score.beat_seconds * score.metre.beats
    time = _LISTEN_SECONDS * min(max(_BAND / max(len(score.parts), 1), 1.0), 2.0)
    share = time / (bar * len(kinds))
    heard = max(min(int(2.0 * share) / 2.0, 4.0), min(0.5, _SHORTEST_SECONDS / bar))
    found: list[Excerpt] = []
    for name, sections in kinds.items():
        start, stop, times = _typical(score, forecast, sections, heard)
        bars = sum(section.bars for section in sections)
        last = min(_sample(score, stop, rate), total)
        found.append(
            Excerpt(name, _sample(score, start, rate), last, round(bars * bar * rate), times)
        )
    last = _sample(score, score.bars, rate)
    if last < total:
        stop = min(total, last + round(_ENDING_SECONDS * rate))
        found.append(Excerpt(ENDING, last, stop, total - last))
    return found


def _sample(score: Score, bar: float, rate: int) -> int:
    """Where a bar begins for hands that come a little early: without its first stroke a bar of drums is none."""
    return max(0, round((score.seconds_at(bar * score.metre.beats) - _EARLY) * rate))


def _typical(
    score: Score, forecast: Forecast, sections: Sequence[Section], heard: float
) -> tuple[float, float, float]:
    """The bars, from and to, in which the parts play most as they do in all of the sections; and `Excerpt.times`."""
    end = score.beat_at(score.seconds) / score.metre.beats  # the last bars of a fade are cut
    spans = [(float(s.first_bar), min(s.first_bar + s.bars, end)) for s in sections]
    bars = [
        (bar, min(bar + 1.0, stop))
        for start, stop in spans
        for bar in np.arange(start, stop - 0.25)
    ] or spans[:1]
    usual = np.mean([forecast.by_part(*one) for one in bars], axis=0)

    def strange(window: tuple[float, float]) -> float:
        return float(np.abs(forecast.by_part(*window) - usual).sum())

    start, stop = min(_windows(spans, heard), key=strange)
    power = float(np.mean([louder(forecast, *one) for one in bars]))
    return start, stop, power / louder(forecast, start, stop)


def _windows(spans: Sequence[tuple[float, float]], heard: float) -> Iterator[tuple[float, float]]:
    step = 1.0 if heard >= 1.0 else 0.5
    for start, stop in spans:
        yield max(start, stop - heard), stop
        for at in np.arange(start, stop - heard, step):
            yield float(at), float(at + heard)


def louder(forecast: Forecast, start: float, stop: float) -> float:
    """How loud some bars come out, by the forecast; only against others."""
    return max(forecast.power(start, stop), 1e-9) ** _TRUST


def rung_out(energies: Power, length: int) -> Power:
    """So many mean squares of an ending: those that were heard, and what follows as it has begun to die away."""
    late = energies[len(energies) // 2 :]
    if len(late) < 2 or len(energies) >= length:
        return energies[:length]
    fall = _SLOWER * np.polyfit(np.arange(len(late)), np.log(late + 1e-12), 1)[0]
    later = np.arange(length - len(energies)) + 0.5 * (len(late) + 1)
    return np.concatenate([energies, late.mean() * np.exp(min(float(fall), 0.0) * later)])


@dataclass(frozen=True)
class Expected:
    """How loud any bars will be: what was heard of their kind, and how the forecast tells them from it.

    heard   mean square by kind of section, of bars that the forecast gives the power 1
    ending  mean squares of its tenths of a second
    """

    score: Score
    forecast: Forecast
    heard: Mapping[str, float]
    ending: Power

    def kind(self, start: float, stop: float) -> str:
        """The kind of section between two times in seconds."""
        return section_at(self.score, int(sum(self._bars(start, stop)) / 2.0))

    def _bars(self, start: float, stop: float) -> tuple[float, float]:
        beats = self.score.metre.beats
        return self.score.beat_at(start) / beats, self.score.beat_at(stop) / beats

    def power(self, start: float, stop: float) -> float:
        """Mean square (K-weighted) between two times in seconds."""
        name = self.kind(start, stop)
        if name == ENDING and len(self.ending):
            begun = self.score.seconds_at(self.score.bars * self.score.metre.beats)
            at, end = (max(0, round(TENTHS * (seconds - begun))) for seconds in (start, stop))
            at = min(at, len(self.ending) - 1)
            return float(self.ending[at : max(at + 1, end)].mean())
        usual = max(self.heard.values(), default=0.0)
        return self.heard.get(name, usual) * louder(self.forecast, *self._bars(start, stop))
