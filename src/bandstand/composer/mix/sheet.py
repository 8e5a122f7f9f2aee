"""Finding a piece's mix sheet by listening to a few of its bars beforehand.

A stream cannot be measured before it is heard, so a bar or two of every kind of section are rendered and mixed
first: the parts are levelled against one another, tone and width brought to where records are, and the master gain
set for the loudness. What is still off is corrected slowly while the piece plays (`Ride`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Stereo, response
from bandstand.composer.mix.channel import wanted_loudness
from bandstand.composer.mix.desk import Desk, Sheet, fade_out, tone_sections, widen
from bandstand.composer.mix.loudness import SILENCE, Meter, integrated
from bandstand.composer.mix.spectrum import (
    OCTAVES,
    THIRDS,
    above_line,
    low_share,
    power_spectrum,
    side_over_mid,
    slope,
    thirds,
)
from bandstand.composer.render.stem import Player, Stem
from bandstand.composer.score import Score

LUFS = -14.0
"""Integrated loudness of every piece."""

_LISTEN_SECONDS = 10.0
_NEARER, _BELL = 0.5, 4.0
"""How much of the way to the line of a kind's spectrum each octave is moved, and by how many dB at most."""

_STEP = 6.5  # dB between neighbouring thirds that are left as they are

ENDING = "ending"
"""The last chord, from the last barline on: a kind of section of its own."""

_LOW_SHARE = 10.0 ** (-8.0 / 10.0)
_LOWEST = -15.0  # dB of the low shelf


@dataclass(frozen=True)
class Excerpt:
    """Samples start..stop, standing for `samples` of the piece: all sections of its name, or its ending."""

    section: str
    start: int
    stop: int
    samples: int


@dataclass(frozen=True)
class Rehearsed:
    """What listening found: the sheet, and the mean squares (K-weighted) each kind of section will have.

    whole  all of the piece was heard, so that nothing is left to correct
    """

    sheet: Sheet
    energies: dict[str, float]
    whole: bool


def section_at(score: Score, bar: int) -> str:
    """The name of the section a bar belongs to; what rings out after the last bar is the ending."""
    if bar >= score.bars > 0:
        return ENDING
    name = ""
    for section in score.sections:
        if bar >= section.first_bar:
            name = section.name
    return name


def excerpts(score: Score, rate: int) -> list[Excerpt]:
    """What to listen to: everything when the piece is short, else a bar or two of each kind of section."""
    total = round(score.seconds * rate)
    kinds: dict[
        str, tuple[int, int]
    ] = {}  # name -> (first bar of its longest section, bars of all)
    longest: dict[str, int] = {}
    for section in score.sections:
        first, bars = kinds.get(section.name, (section.first_bar, 0))
        if section.bars > longest.get(section.name, 0):
            longest[section.name], first = section.bars, section.first_bar
        kinds[section.name] = (first, bars + section.bars)
    if score.seconds <= _LISTEN_SECONDS or not kinds:
        return [Excerpt(section_at(score, 0), 0, total, total)]
    bar = score.seconds_at(score.metre.beats) * rate
    heard = max(1, min(4, int(_LISTEN_SECONDS * rate / (bar * len(kinds)))))
    chosen = sorted(kinds.items(), key=lambda kind: -kind[1][1])[
        : max(1, int(_LISTEN_SECONDS * rate / bar))
    ]
    found: list[Excerpt] = []
    for name, (first, bars) in sorted(chosen, key=lambda kind: kind[1][0]):
        start = first + max(0, longest[name] - heard)  # its end, where the fill is
        stop = min(round((start + min(heard, longest[name])) * bar), total)
        found.append(Excerpt(name, round(start * bar), stop, round(bars * bar)))
    last = round(score.bars * bar)
    if last < total:
        stop = min(total, last + round(_LISTEN_SECONDS / 3.0 * rate))
        found.append(Excerpt(ENDING, last, stop, total - last))
    return found


def _levels(
    score: Score, players: Sequence[Player], heard: Sequence[Sequence[Stereo]]
) -> tuple[float, ...]:
    """Gains that give every part the loudness it should have while it plays."""
    gains: list[float] = []
    for index, player in enumerate(players):
        meter = Meter(player.rate)
        for stems in heard:
            meter.feed(stems[index])
        loudness = meter.integrated()
        if loudness < -60.0:
            loudness = _alone(score, player)
        wanted = wanted_loudness(score, player.part)
        gains.append(wanted - loudness if loudness > -90.0 else 0.0)
    return tuple(gains)


def _alone(score: Score, player: Player) -> float:
    """Loudness of a part that none of the excerpts contains, where it has its first notes."""
    if not player.notes:
        return SILENCE
    start = player.notes[0].at
    meter = Meter(player.rate)
    meter.feed(Stem(player, start).block(round(score.seconds_at(4.0) * player.rate)))
    return meter.integrated()


def _tone(score: Score, rate: int, buses: Sequence[Stereo], sheet: Sheet) -> Sheet:
    """Tilt, bells and low shelf that bring the blend to where the style wants it."""
    hertz, power = power_spectrum(buses, rate)
    old = score.mix.dust > 0.2
    wanted = min(max(-2.5 + 0.5 * score.mix.tilt, -4.3 if old else -3.4), -2.2)
    turn = min(max(wanted - slope(hertz, power), -6.0), 4.0)
    sheet = replace(sheet, slope=turn)
    turned = power * response(tone_sections(score.mix, sheet, rate), hertz, rate) ** 2
    off = above_line(hertz, turned, OCTAVES)
    gains = [float(min(max(-_NEARER * gain, -_BELL), _BELL)) for gain in off]
    if old or score.mix.high_cut < OCTAVES[-1]:
        gains[-1] = min(gains[-1], 0.0)  # what was cut off is not brought back
    sheet = replace(
        sheet, bells=tuple((c, gain, 1.1) for c, gain in zip(OCTAVES, gains, strict=True))
    )
    turned = power * response(tone_sections(score.mix, sheet, rate), hertz, rate) ** 2
    sheet = replace(sheet, bells=(*sheet.bells, *_smoothing(thirds(hertz, turned))))
    low = 0.0
    while low > _LOWEST:
        tone = tone_sections(score.mix, replace(sheet, low=low), rate)
        if low_share(hertz, power * response(tone, hertz, rate) ** 2) < _LOW_SHARE:
            break
        low -= 1.0
    return replace(sheet, low=low)


def _smoothing(levels: NDArray[np.float64]) -> list[tuple[float, float, float]]:
    """Bells against steps between neighbouring thirds: a tune of few notes leaves gaps that records do not have."""
    gains = np.zeros(len(levels))
    for index, step in enumerate(np.diff(levels)):
        over = math.copysign(max(abs(step) - _STEP, 0.0), step)
        gains[index] += 0.6 * over
        gains[index + 1] -= 0.6 * over
    gains = np.clip(gains, -_BELL, 0.6 * _BELL)
    return [(float(c), float(gain), 4.0) for c, gain in zip(THIRDS, gains, strict=True) if gain]


def _width(score: Score, shapes: Sequence[Stereo]) -> float:
    """dB by which the sides must be raised for the width the style wants."""
    wanted = -12.0 + 4.0 * score.mix.width
    return min(max(wanted - side_over_mid(shapes), -12.0), 12.0)


def _repeated(
    parts: Sequence[NDArray[np.float64]], found: Sequence[Excerpt]
) -> NDArray[np.float64]:
    """The energies of the excerpts, each as often as its kind of section is long."""
    repeats = [max(1, round(8 * e.samples / (e.stop - e.start))) for e in found]
    return np.concatenate(
        [np.tile(part, times) for part, times in zip(parts, repeats, strict=True)]
    )


def _metered(sound: Stereo, rate: int) -> NDArray[np.float64]:
    meter = Meter(rate)
    meter.feed(sound)
    return meter.energies()


def rehearse(score: Score, players: Sequence[Player], rate: int, pool: Executor) -> Rehearsed:
    """Listen to excerpts of a piece and set the desk for it."""
    found = excerpts(score, rate)

    def parts_of(player: Player) -> list[Stereo]:
        return [Stem(player, e.start).block(e.stop - e.start) for e in found]

    by_player = list(pool.map(parts_of, players))
    heard = [[stems[index] for stems in by_player] for index in range(len(found))]
    sheet = Sheet(gains=_levels(score, players, heard))

    def blended(index: int) -> Stereo:
        e = found[index]
        return Desk(score, rate, sheet, e.start).blend(heard[index], e.stop - e.start)

    buses = list(pool.map(blended, range(len(found))))
    sheet = _tone(score, rate, buses, sheet)

    def shaped(index: int) -> Stereo:
        return Desk(score, rate, sheet, found[index].start).shape(buses[index])

    shapes = list(pool.map(shaped, range(len(found))))
    sheet = replace(sheet, side=_width(score, shapes))
    shapes = [widen(shape, sheet.side) for shape in shapes]
    gain, energies = _master_gain(score, rate, found, shapes, pool)
    whole = len(found) == 1 and found[0].stop - found[0].start == round(score.seconds * rate)
    return Rehearsed(replace(sheet, master=gain), energies, whole)


def _master_gain(
    score: Score, rate: int, found: Sequence[Excerpt], shapes: Sequence[Stereo], pool: Executor
) -> tuple[float, dict[str, float]]:
    """The gain in dB that brings the excerpts to the wanted loudness, limiter and fade-out included."""
    total = round(score.seconds * rate)
    sheet = Sheet(gains=(0.0,) * len(score.parts))
    gain = 0.0
    parts = [_metered(shape, rate) for shape in shapes]

    def finished(index: int) -> NDArray[np.float64]:
        desk = Desk(score, rate, sheet, found[index].start)
        sound = desk.finish(shapes[index].copy(), gain, gain)[:, desk.latency :]
        if not score.loops:
            fade_out(sound, found[index].start, total, rate, score.fade)
        return _metered(sound, rate)

    for _ in range(3):
        loudness = integrated(_repeated(parts, found))
        if loudness < -90.0:
            break
        gain = min(gain + LUFS - loudness, 40.0)
        parts = list(pool.map(finished, range(len(found))))
    powers = (float(part.mean()) if len(part) else 0.0 for part in parts)
    return gain, {e.section: power for e, power in zip(found, powers, strict=True)}
