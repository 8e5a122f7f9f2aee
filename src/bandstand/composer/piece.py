"""A piece from a prompt to sound: the room's front door.

Compose, then play bar by bar: what has been played can be heard while the rest is being made, and whoever stops
listening stops the work. Not for files and formats; those are `bandstand.audio`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bandstand.audio.clip import Clip
from bandstand.composer.filters import Stereo
from bandstand.composer.mix.desk import Desk, fade_out
from bandstand.composer.mix.ride import Ride
from bandstand.composer.mix.sheet import rehearse, section_at
from bandstand.composer.render.stem import Player, Stem
from bandstand.composer.score import Score

_THREADS = 2
_RINGING = 0.3  # energy of what rings after the last bar, against a bar


@dataclass(frozen=True)
class Stretch:
    """Finished sound, and the fraction 0..1 of the piece that is finished after it."""

    clip: Clip
    fraction: float


def block_edges(score: Score, rate: int) -> list[int]:
    """Where the piece is cut, in samples: at its barlines, and about as often in what rings after the last."""
    total = round(score.seconds * rate)
    bar = score.seconds_at(score.metre.beats) * rate
    count = max(1, -(-total // max(1, round(bar))))
    edges = [round(index * bar) for index in range(count + 1)]
    return [*(edge for edge in edges if edge < total), total]


def render(score: Score, rate: int) -> Generator[Stretch]:
    """A score as finished stereo sound, bar by bar: round(seconds * rate) samples in all.

    What comes out does not depend on how fast it is taken. Closing the generator stops the work.
    """
    total = round(score.seconds * rate)
    if total == 0:
        return
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="stems")
    try:
        yield from _played(score, rate, total, pool)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _played(score: Score, rate: int, total: int, pool: ThreadPoolExecutor) -> Iterator[Stretch]:
    players = [Player(score, index, rate) for index in range(len(score.parts))]
    rehearsed = rehearse(score, players, rate, pool)
    sheet = rehearsed.sheet
    desk = Desk(score, rate, sheet)
    stems = [Stem(player) for player in players]
    edges = block_edges(score, rate)
    lengths = [stop - start for start, stop in pairwise(edges)]
    named = [section_at(score, index) for index in range(len(lengths))]
    usual = max(rehearsed.energies.values(), default=0.0)
    expected = [
        (n, rehearsed.energies.get(name, usual)) for n, name in zip(lengths, named, strict=True)
    ]
    expected[score.bars :] = [(n, _RINGING * power) for n, power in expected[score.bars :]]
    ride = Ride([] if rehearsed.whole else expected, rate)
    lengths[-1] += desk.latency

    def ask(samples: int) -> list[Future[Stereo]]:
        return [pool.submit(stem.block, samples) for stem in stems]

    coming = ask(lengths[0])
    position, gain = -desk.latency, sheet.master
    for index in range(len(lengths)):
        blocks = [future.result() for future in coming]
        coming = ask(lengths[index + 1]) if index + 1 < len(lengths) else []
        trimmed = sheet.master + ride.trim
        sound = desk.finish(desk.shape(desk.blend(blocks, lengths[index])), gain, trimmed)
        gain = trimmed
        sound, position = _cropped(sound, position)
        fade_out(sound, position, total, rate)
        position += sound.shape[1]
        ride.heard(sound)
        yield Stretch(Clip(np.ascontiguousarray(sound), rate), position / total)


def _cropped(sound: Stereo, position: int) -> tuple[Stereo, int]:
    """Without what lies before the beginning: the desk is late by its latency."""
    late = min(max(-position, 0), sound.shape[1])
    return sound[:, late:], position + late
