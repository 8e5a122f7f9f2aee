"""The windows of long pieces: the reference's numbers, and laws that hold for every length, prompt and cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandstand.musicgen.windows import Window, plan_windows


def test_a_minute_is_windows_of_30_and_30_and_24_seconds() -> None:
    windows = list(plan_windows(3000))

    assert windows == [Window(0, 0, 1500), Window(900, 1500, 2400), Window(1800, 2400, 3000)]
    assert [w.end - w.first for w in windows] == [1500, 1500, 1200]


def test_a_minute_takes_1503_and_903_and_603_steps() -> None:
    steps = [window.end - window.known + 3 for window in plan_windows(3000)]

    assert steps == [1503, 903, 603]


def test_30_seconds_are_one_window() -> None:
    assert list(plan_windows(1500)) == [Window(0, 0, 1500)]


def test_one_frame_more_takes_a_second_window() -> None:
    assert list(plan_windows(1501)) == [Window(0, 0, 1500), Window(900, 1500, 1501)]


def test_prompt_shorter_than_a_window_is_gone_on_from_whole() -> None:
    assert list(plan_windows(2000, known=1000)) == [Window(0, 1000, 1500), Window(900, 1500, 2000)]


def test_of_a_prompt_longer_than_a_window_the_last_12_seconds_are_heard() -> None:
    assert list(plan_windows(3000, known=2000)) == [
        Window(1400, 2000, 2900),
        Window(2300, 2900, 3000),
    ]


def test_cut_begins_a_window() -> None:
    assert list(plan_windows(1500, cuts=[700])) == [Window(0, 0, 700), Window(100, 700, 1500)]


def test_prompt_as_long_as_the_piece_is_refused() -> None:
    with pytest.raises(ValueError, match="100 frames are given"):
        list(plan_windows(100, known=100))


@given(st.integers(1, 30_000), st.data())
def test_windows_draw_each_frame_once_and_fit_the_model(frames: int, data: st.DataObject) -> None:
    known = data.draw(st.integers(0, frames - 1))
    cuts = data.draw(st.lists(st.integers(0, frames), max_size=5))

    drawn = known
    for window in plan_windows(frames, known=known, cuts=cuts):
        assert window.known == drawn
        assert window.first <= window.known < window.end
        assert window.end - window.first <= 1500
        assert not any(window.known < cut < window.end for cut in cuts)
        drawn = window.end

    assert drawn == frames
