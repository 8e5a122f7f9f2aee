"""The desk: stems in, finished blocks out.

Three stages, so that the sheet can be found by running the first ones alone: `blend` puts the parts into one
room, `shape` gives the whole its tone, drive and width, `finish` its level, limit and end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import (
    Filter,
    Section,
    Stereo,
    high_pass,
    low_pass,
    low_shelf,
    peak,
    tilt,
)
from bandstand.composer.mix.aging import Aging
from bandstand.composer.mix.channel import Channel, Ducker, Fader
from bandstand.composer.mix.evener import third_bells
from bandstand.composer.mix.limiter import Limiter
from bandstand.composer.mix.space import Echo, Reverb
from bandstand.composer.mix.spectrum import THIRDS
from bandstand.composer.score import Mix, Score

CEILING = -1.9
"""dBTP of the limiter: a little under the -1.6 that is promised, for resamplers that see more than it does."""

_LOWEST = 25.0
"""Hz under which drive leaves an offset; it is taken away again."""

_BOOTH_SECONDS = 0.35
"""Of the small room that struck drums stand in, besides the one all parts share."""

_MONO_BELOW = 190.0
"""Hz of the corner below which the sides vanish; nothing is left of them at 120 Hz that could be heard."""


@dataclass(frozen=True)
class Sheet:
    """The settings of the desk for one piece, all in dB.

    gains   one per part
    slope   of the tilt, per octave
    low     of the shelf below 70 Hz
    bells   (Hz, dB, q) that bring the spectrum nearer to what records of its kind have
    thirds  of the bells that level them
    side    of what differs between left and right
    master  of the whole, before the limiter
    """

    gains: tuple[float, ...]
    slope: float = 0.0
    low: float = 0.0
    bells: tuple[tuple[float, float, float], ...] = ()
    thirds: tuple[float, ...] = (0.0,) * len(THIRDS)
    side: float = 0.0
    master: float = 0.0


class Desk:
    """A desk set up for a piece from one sample on; blocks must come in order."""

    def __init__(self, score: Score, rate: int, sheet: Sheet, start: int = 0) -> None:
        mix = score.mix
        self._score, self._rate, self._position = score, rate, start
        self._channels = [
            Channel(score, part, rate, gain)
            for part, gain in zip(score.parts, sheet.gains, strict=True)
        ]
        self._ducker = Ducker(score, rate)
        self._fader = Fader(score, rate)
        self._reverb = Reverb(rate, mix.reverb_seconds)
        self._reverb_level = np.float32(0.55 * mix.reverb)
        self._reverb_tone = Filter([high_pass(190.0, rate), low_pass(9000.0, rate)])
        self._booth = Reverb(rate, _BOOTH_SECONDS) if any(c.booth for c in self._channels) else None
        self._booth_tone = Filter([high_pass(110.0, rate), low_pass(6500.0, rate)])
        beat = score.beat_seconds
        self._echo = Echo(rate, 0.75 * beat if beat < 0.8 else 0.375 * beat)
        self._echo_level = np.float32(0.5 * mix.delay)
        self._echo_tone = Filter([high_pass(280.0, rate)])
        self._tone = Filter(tone_sections(mix, sheet, rate))
        self._thirds = Filter(third_bells(np.array(sheet.thirds), rate))
        self._aging = Aging(rate, mix.dust, score.seed, start) if mix.dust > 0.0 else None
        self._hot = np.float32(0.35 + 1.2 * mix.drive)
        self._low_side = Filter(
            [high_pass(_MONO_BELOW, rate, 0.5412), high_pass(_MONO_BELOW, rate, 1.3066)]
        )
        self._side = sheet.side
        self._level = Filter([high_pass(_LOWEST, rate)])
        self._limiter = Limiter(rate, CEILING)

    @property
    def latency(self) -> int:
        """Samples by which what comes out is late."""
        return self._limiter.latency + (self._aging.latency if self._aging else 0)

    def place(self, stems: Sequence[Stereo], samples: int) -> list[Stereo]:
        """The next samples of each part where it belongs, and after them the room they share. The stems are used up."""
        ducking = self._ducker.curve(self._position, samples)
        faded = self._fader.curve(self._position, samples)
        self._position += samples
        room, late, booth = (np.zeros((2, samples), dtype=np.float32) for _ in range(3))
        placed: list[Stereo] = []
        for channel, stem in zip(self._channels, stems, strict=True):
            part = channel.run(stem, ducking)
            part *= faded
            placed.append(part)
            if self._reverb_level > 0.0:
                room += channel.reverb * part
            if self._echo_level > 0.0 and channel.echo > 0.0:
                late += channel.echo * part
            if channel.booth > 0.0:
                booth += channel.booth * part
        around = np.zeros((2, samples), dtype=np.float32)
        if self._echo_level > 0.0:
            echoes = self._echo_tone.run(self._echo.run(late))
            echoes *= self._echo_level
            around += echoes
            room += np.float32(0.5) * echoes
        if self._reverb_level > 0.0:
            around += self._reverb_level * self._reverb_tone.run(self._reverb.run(room))
        if self._booth:
            around += self._booth_tone.run(self._booth.run(booth))
        return [*placed, around]

    def blend(self, stems: Sequence[Stereo], samples: int) -> Stereo:
        """The next samples of the parts in one room. The stems are used up."""
        placed = self.place(stems, samples)
        bus = placed[-1]
        for part in placed[:-1]:
            bus += part
        return bus

    def level_thirds(self, gains: NDArray[np.float64]) -> None:
        """From the next block on, each third is raised by so many dB; a little more or less than before, or it clicks."""
        self._thirds.turn(third_bells(gains, self._rate))

    def shape(self, bus: Stereo) -> Stereo:
        """Tone, age, drive and width of the whole, in place."""
        self._tone.run(bus)
        self._thirds.run(bus)
        if self._aging:
            self._aging.run(bus)
        bus *= self._hot
        np.tanh(bus, out=bus)
        bus /= self._hot
        self._level.run(bus)
        side = np.float32(0.5) * (bus[0] - bus[1])
        clear = self._low_side.run(np.stack([side, side]))[0]
        mid = np.float32(0.5) * (bus[0] + bus[1])
        bus[0], bus[1] = mid + clear, mid - clear
        return widen(bus, self._side)

    def finish(self, bus: Stereo, gain_before: float, gain: float) -> Stereo:
        """Level and limit; the gain in dB moves from one value to the other over the block."""
        ramp = np.linspace(gain_before, gain, bus.shape[1], endpoint=False)
        bus *= (10.0 ** (ramp / 20.0)).astype(np.float32)
        return self._limiter.run(bus)


def tone_sections(mix: Mix, sheet: Sheet, rate: int) -> list[Section]:
    """The filters of the whole mix: what the style wants cut, and what the sheet turns, but for its thirds."""
    sections = [high_pass(max(mix.low_cut, 22.0), rate), low_shelf(75.0, rate, sheet.low)]
    sections += tilt(sheet.slope, rate)
    sections += [peak(*bell[:1], rate, *bell[1:]) for bell in sheet.bells if bell[0] < 0.4 * rate]
    if mix.high_cut < 0.45 * rate:
        sections.append(low_pass(mix.high_cut, rate))
    return sections


def widen(sound: Stereo, gain: float) -> Stereo:
    """Raise, in place, what differs between left and right by a gain in dB."""
    mid = np.float32(0.5) * (sound[0] + sound[1])
    side = np.float32(0.5 * 10.0 ** (gain / 20.0)) * (sound[0] - sound[1])
    sound[0], sound[1] = mid + side, mid - side
    return sound


def fade_in(sound: Stereo, position: int, rate: int, seconds: float) -> Stereo:
    """The beginning of the piece, in place: it comes out of nothing in so many seconds."""
    if position < seconds * rate:
        done = (position + np.arange(sound.shape[1])) / (seconds * rate)
        sound *= np.sin(np.clip(done, 0.0, 1.0) * (math.pi / 2.0)).astype(np.float32) ** 2
    return sound


def fade_out(sound: Stereo, position: int, total: int, rate: int, seconds: float = 0.0) -> Stereo:
    """The end of the piece, in place: the last 4 % of it, 0.9 s at most, or as many seconds as asked, fall to nothing."""
    length = max(1, min(round(0.9 * rate), round(0.04 * total)), round(seconds * rate))
    left = (total - position) - np.arange(sound.shape[1])
    if left[-1] < length:
        angle = np.clip(left / length, 0.0, 1.0) * (math.pi / 2.0)
        sound *= (np.sin(angle) ** 2).astype(np.float32)
    return sound
