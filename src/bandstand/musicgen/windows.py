"""How a piece longer than the model's 30 seconds is made: in windows that overlap, each going on from the end of the last.

No torch. Source: the reference's `_generate_tokens`, extend_stride 18 s; cutting at the sections of a text is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bandstand.musicgen.sizes import WINDOW_FRAMES

STRIDE_FRAMES = 900  # 18 s; the other 12 s of a window are the end of the one before


@dataclass(frozen=True)
class Window:
    """Frames of the whole piece, counted from its start.

    first  where it begins    known  up to where the codes are there already    end  up to where it draws
    """

    first: int
    known: int
    end: int


def plan_windows(frames: int, *, known: int = 0, cuts: Sequence[int] = ()) -> Iterator[Window]:
    """The windows of a piece of which the first `known` frames are given.

    cuts    frames at which a new window begins, for its text is another one
    raises  ValueError when nothing is left to make
    """
    if not known < frames:
        raise ValueError(f"{known} frames are given, and the piece has {frames}")
    context = WINDOW_FRAMES - STRIDE_FRAMES
    first = max(0, known - context) if known >= WINDOW_FRAMES else 0
    while True:
        end = min(frames, first + WINDOW_FRAMES, *(cut for cut in cuts if cut > known))
        yield Window(first, known, end)
        if end == frames:
            return
        known, first = end, max(0, end - context)
