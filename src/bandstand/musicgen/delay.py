"""The delay pattern: codebook k speaks delay[k] steps late, so that one step can draw all codebooks at once. And its undoing.

A piece of T frames is laid out in S = T + max(delays) + 1 columns. Column 0 holds only the special code; frame t of codebook k
stands in column 1 + t + delay[k]; every other cell holds the special code.
Source: MusicGen (arXiv:2306.05284), section 2.2.

K codebooks, T frames, P frames of a prompt, S columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

UNKNOWN = -1  # a cell that is still to be drawn


def columns_of(frames: int, delays: Sequence[int]) -> int:
    return frames + max(delays) + 1


def lay_out(prompt: Tensor, frames: int, delays: Sequence[int], special: int) -> Tensor:
    """The columns of a piece whose first frames are known.

    prompt  int64 [K, P], P < frames; P may be 0
    return  int64 [K, S], UNKNOWN where it is still to be drawn
    raises  ValueError when nothing is left to draw
    """
    known = prompt.shape[1]
    if not known < frames:
        raise ValueError(f"a prompt of {known} frames leaves nothing to draw of {frames}")
    columns = torch.full((len(delays), columns_of(frames, delays)), special, dtype=torch.int64)
    for book, delay in enumerate(delays):
        first = 1 + delay
        columns[book, first : first + known] = prompt[book]
        columns[book, first + known : first + frames] = UNKNOWN
    return columns


def undo_delays(columns: Tensor, frames: int, delays: Sequence[int]) -> Tensor:
    """Line the codebooks up again.

    columns  int64 [K, S]
    return   int64 [K, frames]
    """
    return torch.stack(
        [columns[book, 1 + delay : 1 + delay + frames] for book, delay in enumerate(delays)]
    )


def frames_drawn(column: int, delays: Sequence[int]) -> int:
    """Frames that are complete once `column` is the last column drawn."""
    return max(0, column - max(delays))
