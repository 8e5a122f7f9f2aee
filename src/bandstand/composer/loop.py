"""Loops: pieces whose end goes over into their beginning. Not for how they are composed; a loop's score has no last chord.

A loop is played as if it had been going on before: its last bars run up to the beginning unheard, so that their echoes
lie under the first bar. The last few samples then give way to those that led to the first one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from bandstand.composer.filters import Stereo
from bandstand.composer.score import Note, Part, Score, Section

RING_SECONDS = 2.0
SEAM_SECONDS = 0.02


def with_run_up(score: Score) -> Score:
    """The loop, and before it as many of its last bars as echoes need to die away."""
    ring = max(RING_SECONDS, score.mix.reverb_seconds)
    bars = math.ceil(ring / score.seconds_at(score.metre.beats))
    beats = bars * score.metre.beats
    last = score.sections[-1]
    moved = (replace(part, first_bar=part.first_bar + bars) for part in score.sections)
    return replace(
        score,
        seconds=score.seconds + score.seconds_at(beats),
        bars=score.bars + bars,
        sections=(Section(last.name, 0, bars, last.energy), *moved),
        parts=tuple(replace(part, notes=_run_up(part, score, beats)) for part in score.parts),
    )


def _run_up(part: Part, score: Score, beats: float) -> tuple[Note, ...]:
    length = score.bars * score.metre.beats
    passes = math.ceil(beats / length)
    return tuple(
        replace(note, start=note.start + beats - number * length)
        for number in range(passes, -1, -1)
        for note in part.notes
        if note.start + beats - number * length >= 0.0
    )


def without_run_up(
    blocks: Iterable[Stereo], run_up: int, total: int, rate: int
) -> Iterator[Stereo]:
    """The blocks from sample `run_up` on, `total` samples in all; the last ones give way to those before the first.

    blocks  float32 [C, ...], any number of channels
    """
    length = min(round(SEAM_SECONDS * rate), run_up, total)
    position = -run_up
    seam: Stereo | None = None
    for block in blocks:
        if seam is None:
            seam = block[:, :0]
        before = block[:, : max(0, -position)]
        seam = np.concatenate([seam, before], axis=1)[:, -length:]
        heard = block[:, before.shape[1] :].copy()
        position += before.shape[1]
        late = np.arange(position, position + heard.shape[1]) - (total - length)
        over = late >= 0
        share = ((late[over] + 1) / length).astype(np.float32)
        heard[:, over] += share * (seam[:, late[over]] - heard[:, over])
        position += heard.shape[1]
        if heard.shape[1]:
            yield heard
