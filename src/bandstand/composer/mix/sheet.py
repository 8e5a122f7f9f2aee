"""Finding a piece's mix sheet by listening to a few of its bars beforehand.

A stream cannot be measured before it is heard, so a bar or two of every kind of section are rendered and mixed
first: the parts are levelled against one another, tone and width brought to where records are, and the master gain
set for the loudness. What is still off is corrected slowly while the piece plays (`Ride`).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Stereo, response
from bandstand.composer.mix.channel import wanted_loudness
from bandstand.composer.mix.colour import Colour
from bandstand.composer.mix.desk import Desk, Sheet, fade_in, fade_out, tone_sections, widen
from bandstand.composer.mix.evener import Evener, levelled, third_bells
from bandstand.composer.mix.excerpts import (
    ENDING,
    TENTHS,
    Excerpt,
    Expected,
    excerpts,
    louder,
    rung_out,
)
from bandstand.composer.mix.forecast import Forecast
from bandstand.composer.mix.loudness import SILENCE, Meter, blocks, gated
from bandstand.composer.mix.spectrum import (
    OCTAVES,
    THIRDS,
    above_line,
    low_share,
    moved,
    power_spectrum,
    side_over_mid,
    slope,
    thirds,
)
from bandstand.composer.render.stem import Player, Stem
from bandstand.composer.score import Score

LUFS = -14.0
"""Integrated loudness of every piece."""

_ROUNDS, _NEAR = 12, 0.02
"""How often at most a master gain is tried, and how many LU off the goal are good enough."""

_WIDEST = -9.5
"""dB of the sides against the middle: a room grows wider while it is played in than an excerpt tells."""

_HIGHEST = 40.0  # dB of the master gain

_NEARER, _BELL = 0.5, 4.0
"""How much of the way to the line of a kind's spectrum each octave is moved, and by how many dB at most."""

_LOW_SHARE = 10.0 ** (-8.0 / 10.0)
_LOWEST = -15.0  # dB of the low shelf


@dataclass(frozen=True)
class Rehearsed:
    """What listening found: the sheet, and how loud the piece will be with it.

    evener  who corrects the thirds while the piece plays
    whole   all of the piece was heard, so that nothing is left to correct
    """

    sheet: Sheet
    expected: Expected
    evener: Evener
    whole: bool


def _level(score: Score, player: Player, heard: Sequence[Stereo]) -> float:
    """The gain that gives a part the loudness it should have while it plays."""
    meter = Meter(player.rate)
    for stem in heard:
        meter.feed(stem)
    loudness = meter.integrated()
    if loudness < -60.0:
        loudness = _alone(score, player)
    return wanted_loudness(score, player.part) - loudness if loudness > -90.0 else 0.0


def _alone(score: Score, player: Player) -> float:
    """Loudness of a part that none of the excerpts contains, where it has its first notes."""
    if not player.notes:
        return SILENCE
    start = player.notes[0].at
    meter = Meter(player.rate)
    meter.feed(Stem(player, start).block(round(4.0 * score.beat_seconds * player.rate)))
    return meter.integrated()


def _tone(
    score: Score, rate: int, found: Sequence[Excerpt], buses: Sequence[Stereo], sheet: Sheet
) -> tuple[Sheet, Evener]:
    """Tilt, bells and low shelf that bring the blend to where the style wants it; and who looks after its thirds."""
    hertz, power = power_spectrum(buses, rate, _weights(found))
    colour = Colour(score)
    spans = [(score.beat_at(e.start / rate), score.beat_at(e.stop / rate)) for e in found]
    heard = thirds(hertz, power)
    correction = colour.expected(spans, heard) - heard
    power = moved(hertz, power, correction)
    old = score.mix.dust > 0.2
    wanted = min(max(-2.5 + 0.5 * score.mix.tilt, -4.3 if old else -3.4), -2.2)

    def turned() -> NDArray[np.float64]:
        return power * _passed(score, sheet, hertz, rate)

    sheet = _turned(sheet, wanted - slope(hertz, turned()))
    gains = np.clip(-_NEARER * above_line(hertz, turned(), OCTAVES), -_BELL, _BELL)
    if old or score.mix.high_cut < OCTAVES[-1]:
        gains[-1] = min(gains[-1], 0.0)  # what was cut off is not brought back
    bells = [(c, float(gain), 1.1) for c, gain in zip(OCTAVES, gains, strict=True)]
    sheet = replace(sheet, bells=tuple(bells))
    level = levelled(rate, 10.0 ** (0.1 * thirds(hertz, turned())))
    sheet = replace(sheet, thirds=tuple(level.tolist()))
    sheet = _turned(sheet, wanted - slope(hertz, turned()))
    while sheet.low > _LOWEST and low_share(hertz, turned()) >= _LOW_SHARE:
        sheet = replace(sheet, low=sheet.low - 1.0)
    flat = replace(sheet, thirds=(0.0,) * len(THIRDS))
    rehearsed = thirds(hertz, power * _passed(score, flat, hertz, rate)) - correction
    return sheet, Evener(score, rate, colour, level, spans, rehearsed)


def _passed(
    score: Score, sheet: Sheet, hertz: NDArray[np.float64], rate: int
) -> NDArray[np.float64]:
    """What the desk makes of the power at each frequency."""
    sections = [*tone_sections(score.mix, sheet, rate), *third_bells(np.array(sheet.thirds), rate)]
    return response(sections, hertz, rate) ** 2


def _turned(sheet: Sheet, turn: float) -> Sheet:
    return replace(sheet, slope=min(max(sheet.slope + turn, -6.0), 4.0))


def _weights(found: Sequence[Excerpt]) -> list[float]:
    """How much of the piece each second of an excerpt stands for."""
    return [e.times * e.samples / (e.stop - e.start) for e in found]


def _width(score: Score, found: Sequence[Excerpt], shapes: Sequence[Stereo]) -> float:
    """dB by which the sides must be raised for the width the style wants."""
    wanted = min(-12.0 + 4.0 * score.mix.width, _WIDEST)
    return min(max(wanted - side_over_mid(shapes, _weights(found)), -12.0), 12.0)


def _loudness(
    score: Score, parts: Sequence[NDArray[np.float64]], found: Sequence[Excerpt], rate: int
) -> float:
    """LUFS of the energies of the excerpts, each counted as often as its kind of section is long."""
    powers: list[NDArray[np.float64]] = []
    for part, e in zip(parts, found, strict=True):
        if e.section == ENDING:
            powers += [blocks(_ending(score, part, e, rate))] * 8
        else:
            powers += [blocks(part) * e.times] * max(1, round(8 * e.samples / (e.stop - e.start)))
    return gated(np.concatenate(powers))


def _ending(score: Score, part: NDArray[np.float64], e: Excerpt, rate: int) -> NDArray[np.float64]:
    """Mean squares of the tenths of the whole ending, of which the first seconds were heard."""
    tenths = round(TENTHS * e.samples / rate)
    whole = rung_out(part, tenths)
    coming, total = len(whole) - len(part), round(TENTHS * score.seconds)
    if coming > 0 and not score.loops:
        faded = np.ones((1, coming), dtype=np.float32)
        whole[-coming:] *= fade_out(faded, total - coming, total, TENTHS, score.fade)[0] ** 2
    return whole


def _metered(sound: Stereo, rate: int) -> NDArray[np.float64]:
    meter = Meter(rate)
    meter.feed(sound)
    return meter.energies()


def rehearse(
    score: Score, players: Sequence[Player], rate: int, pool: Executor, run_up: int = 0
) -> Rehearsed:
    """Listen to excerpts of a piece and set the desk for it.

    run_up  so many samples at its beginning will not be heard, and do not count for the master gain
    """
    forecast = Forecast(score)
    found = excerpts(score, forecast, rate)

    def played(player: Player) -> tuple[list[Stereo], float]:
        stems = [Stem(player, e.start).block(e.stop - e.start) for e in found]
        return stems, _level(score, player, stems)

    parts = list(pool.map(played, players))
    heard = [[stems[index] for stems, _ in parts] for index in range(len(found))]
    sheet = Sheet(gains=tuple(gain for _, gain in parts))

    def blended(index: int) -> Stereo:
        e = found[index]
        return Desk(score, rate, sheet, e.start).blend(heard[index], e.stop - e.start)

    buses = list(pool.map(blended, range(len(found))))
    sheet, evener = _tone(score, rate, found, buses, sheet)

    def shaped(index: int) -> Stereo:
        return Desk(score, rate, sheet, found[index].start).shape(buses[index])

    shapes = list(pool.map(shaped, range(len(found))))
    sheet = replace(sheet, side=_width(score, found, shapes))
    shapes = [widen(shape, sheet.side) for shape in shapes]
    whole = len(found) == 1 and found[0].stop - found[0].start == round(score.seconds * rate)
    master = _Master(score, rate, found, shapes, run_up if whole else 0)
    gain, parts = master.gain(pool)
    endings = [
        _ending(score, part, e, rate)
        for e, part in zip(found, parts, strict=True)
        if e.section == ENDING
    ]
    by_kind = _by_kind(score, forecast, found, parts, rate)
    expected = Expected(score, forecast, by_kind, np.concatenate([np.zeros(0), *endings]))
    return Rehearsed(replace(sheet, master=gain), expected, evener, whole)


def _by_kind(
    score: Score,
    forecast: Forecast,
    found: Sequence[Excerpt],
    parts: Sequence[NDArray[np.float64]],
    rate: int,
) -> dict[str, float]:
    """What was heard of each kind of section, for bars that the forecast gives the power 1."""
    heard: dict[str, float] = {}
    for e, part in zip(found, parts, strict=True):
        if e.section != ENDING:
            start, stop = (
                score.beat_at(sample / rate) / score.metre.beats for sample in (e.start, e.stop)
            )
            heard[e.section] = _mean(part) / louder(forecast, start, stop)
    return heard


def _mean(energies: NDArray[np.float64]) -> float:
    return float(energies.mean()) if len(energies) else 0.0


class _Master:
    """The excerpts before the limiter, and the search for the gain that brings them to the wanted loudness.

    run_up  samples at their beginning that do not count
    """

    def __init__(
        self,
        score: Score,
        rate: int,
        found: Sequence[Excerpt],
        shapes: Sequence[Stereo],
        run_up: int,
    ) -> None:
        self._score, self._rate, self._found, self._run_up = score, rate, found, run_up
        self._shapes = shapes
        self._total = round(score.seconds * rate)
        self._sheet = Sheet(gains=(0.0,) * len(score.parts))

    def gain(self, pool: Executor) -> tuple[float, Sequence[NDArray[np.float64]]]:
        """In dB; and the energies of the excerpts at it.

        The limiter gives back less than it is given, so each round goes by what the last one brought.
        """
        gain, yielded = 0.0, 1.0
        parts = [_metered(shape[:, self._run_up :], self._rate) for shape in self._shapes]
        loudness = _loudness(self._score, parts, self._found, self._rate)
        for _ in range(_ROUNDS):
            if loudness < -90.0 or abs(LUFS - loudness) < _NEAR:
                break
            step = min((LUFS - loudness) / yielded, _HIGHEST - gain)
            if step < _NEAR and gain + step >= _HIGHEST:
                break
            gain += step
            parts = list(pool.map(partial(self._finished, gain), range(len(self._found))))
            before, loudness = loudness, _loudness(self._score, parts, self._found, self._rate)
            yielded = min(max((loudness - before) / step, 0.2), 1.0)
        return gain, parts

    def _finished(self, gain: float, index: int) -> NDArray[np.float64]:
        """The energies of an excerpt at a gain, limiter and fade-out included."""
        start = self._found[index].start
        desk = Desk(self._score, self._rate, self._sheet, start)
        shape = np.pad(self._shapes[index], ((0, 0), (0, desk.latency)))
        sound = desk.finish(shape, gain, gain)[:, desk.latency :]
        if not self._score.loops:
            fade_in(sound, start, self._rate, self._score.fade_in)
            fade_out(sound, start, self._total, self._rate, self._score.fade)
        return _metered(sound[:, self._run_up :], self._rate)
