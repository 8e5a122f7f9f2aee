"""The outline of a sound as a player draws it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandstand.audio.clip import Clip
from bandstand.audio.peaks import peaks


def clip_of(samples: list[list[float]]) -> Clip:
    return Clip(np.array(samples, np.float32), 100)


@settings(max_examples=50, deadline=None)
@given(length=st.integers(0, 5000), channels=st.integers(1, 2), count=st.integers(1, 900))
def test_there_are_as_many_as_asked_for_whatever_the_length(length: int, channels: int, count: int):
    noise = np.random.default_rng(length).uniform(-2, 2, (channels, length)).astype(np.float32)

    outline = peaks(Clip(noise, 100), count)

    assert len(outline) == count
    assert all(0 <= peak <= 1 for peak in outline)


@pytest.mark.parametrize("length", [8, 9, 800, 12345])
def test_highest_is_the_highest_of_the_sound(length: int):
    noise = np.random.default_rng(1).uniform(-1, 1, (2, length)).astype(np.float32)

    assert max(peaks(Clip(noise, 100), 8)) == pytest.approx(np.abs(noise).max(), abs=0.001)


def test_each_stretch_has_its_own_peak_below_zero_or_above_in_either_channel():
    clip = clip_of([[0.1, 0.0, 0.0, -0.4], [0.0, 0.2, 0.3, 0.0]])

    assert peaks(clip, 4) == [0.1, 0.2, 0.3, 0.4]


def test_silence_is_flat():
    assert peaks(clip_of([[0.0] * 100]), 5) == [0.0] * 5
