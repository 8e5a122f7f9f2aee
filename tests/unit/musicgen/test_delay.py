"""The delay pattern: where each frame stands, and that undoing it gives the frames back."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bandstand.musicgen.delay import UNKNOWN, columns_of, frames_drawn, lay_out, undo_delays

MONO, STEREO = (0, 1, 2, 3), (0, 0, 1, 1, 2, 2, 3, 3)
S, U = 2048, UNKNOWN


def no_prompt(books: int) -> torch.Tensor:
    return torch.zeros(books, 0, dtype=torch.int64)


def test_four_frames_take_eight_columns() -> None:
    columns = lay_out(no_prompt(4), 4, MONO, 2048)

    assert columns.tolist() == [
        [S, U, U, U, U, S, S, S],
        [S, S, U, U, U, U, S, S],
        [S, S, S, U, U, U, U, S],
        [S, S, S, S, U, U, U, U],
    ]


def test_sides_of_stereo_lag_alike() -> None:
    columns = lay_out(no_prompt(8), 2, STEREO, 2048)

    assert columns.tolist()[::2] == columns.tolist()[1::2]


def test_prompt_stays_forced_in_columns_that_come_later() -> None:
    prompt = torch.tensor([[1, 2], [3, 4], [5, 6], [7, 8]])

    columns = lay_out(prompt, 3, MONO, 2048)

    assert columns.tolist() == [
        [S, 1, 2, U, S, S, S],
        [S, S, 3, 4, U, S, S],
        [S, S, S, 5, 6, U, S],
        [S, S, S, S, 7, 8, U],
    ]


def test_prompt_as_long_as_the_piece_leaves_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        lay_out(torch.zeros(4, 3, dtype=torch.int64), 3, MONO, 2048)


@given(st.integers(1, 40), st.sampled_from([MONO, STEREO]), st.data())
def test_undoing_gives_the_frames_back(
    frames: int, delays: tuple[int, ...], data: st.DataObject
) -> None:
    known = data.draw(st.integers(0, frames - 1))
    codes = torch.randint(0, 2048, (len(delays), frames))
    columns = lay_out(codes[:, :known], frames, delays, 2048)

    for book, delay in enumerate(delays):
        columns[book, 1 + delay + known : 1 + delay + frames] = codes[book, known:]

    assert torch.equal(undo_delays(columns, frames, delays), codes)
    assert (columns == UNKNOWN).sum() == 0


@given(st.integers(1, 2000), st.sampled_from([MONO, STEREO]))
def test_last_column_completes_the_last_frame(frames: int, delays: tuple[int, ...]) -> None:
    last = columns_of(frames, delays) - 1

    assert frames_drawn(last, delays) == frames
    assert frames_drawn(last - 1, delays) == frames - 1


def test_no_frame_is_complete_before_its_last_codebook() -> None:
    assert [frames_drawn(column, MONO) for column in range(6)] == [0, 0, 0, 0, 1, 2]
