"""The parts of a piece one by one, as they stand on the desk: placed, ducked, at their level, before the master.

Their sum, the room included, is the mix before tone, saturation and limiting, sample by sample but for rounding.
Not for the finished sound (`piece.render`); a second pass over the score makes them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from bandstand.composer.filters import Stereo
from bandstand.composer.loop import with_run_up, without_run_up
from bandstand.composer.mix.desk import Desk
from bandstand.composer.mix.sheet import rehearse
from bandstand.composer.render.stem import Player, Stem
from bandstand.composer.score import Score
from bandstand.composer.soundfonts.sampler import SoundSet

_THREADS = 2
ROOM = "room"


def stem_names(score: Score) -> tuple[str, ...]:
    """What the stems are called, in their order: number, role and instrument of each part; then the room."""
    parts = (
        f"{number:02}-{part.role}-{part.instrument}" for number, part in enumerate(score.parts, 1)
    )
    return (*parts, f"{len(score.parts) + 1:02}-{ROOM}")


def stems(score: Score, rate: int, sounds: SoundSet | None = None) -> Generator[tuple[Stereo, ...]]:
    """Bar by bar, one block for each of `stem_names`: float32 [2, n]; round(seconds * rate) samples in all.

    sounds  as for `piece.render`; with another set the stems are not those of the mix

    Closing the generator stops the work.
    """
    total = round(score.seconds * rate)
    if total == 0:
        return
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="stems")
    try:
        longer = with_run_up(score) if score.loops else score
        length = round(longer.seconds * rate)
        blocks = _placed(longer, rate, length, pool, sounds)
        for block in without_run_up(blocks, length - total, total, rate) if score.loops else blocks:
            yield tuple(np.ascontiguousarray(pair) for pair in block.reshape(-1, 2, block.shape[1]))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _placed(
    score: Score, rate: int, total: int, pool: ThreadPoolExecutor, sounds: SoundSet | None
) -> Iterator[Stereo]:
    """All stems under one another: float32 [2 * stems, n]."""
    players = [Player(score, index, rate, sounds) for index in range(len(score.parts))]
    desk = Desk(score, rate, rehearse(score, players, rate, pool).sheet)
    sounding = [Stem(player) for player in players]
    bar = max(1, round(score.seconds_at(score.metre.beats) * rate))
    for start, stop in pairwise([*range(0, total, bar), total]):
        coming = [pool.submit(stem.block, stop - start) for stem in sounding]
        yield np.concatenate(desk.place([block.result() for block in coming], stop - start))
