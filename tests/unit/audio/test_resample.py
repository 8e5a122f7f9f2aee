"""Resampling and channels: the sound stays what it was."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandstand.audio.clip import Clip
from bandstand.audio.resample import resample, to_channels

RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44000, 44100, 48000, 96000)


def tone(hertz: float, rate: int, seconds: float = 1.0, level: float = 0.5) -> Clip:
    time = np.arange(round(rate * seconds)) / rate
    return Clip((level * np.sin(2 * np.pi * hertz * time))[None].astype(np.float32), rate)


@given(st.integers(0, 5000), st.sampled_from(RATES), st.sampled_from(RATES), st.integers(1, 2))
@settings(deadline=None)
def test_length_is_exact(length: int, old: int, new: int, channels: int):
    samples = resample(Clip(np.ones((channels, length), np.float32), old), new).samples

    exact = Fraction(length * new, old)
    assert samples.shape[0] == channels
    assert abs(samples.shape[1] - exact) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("old", "new"), [(32000, 44100), (44100, 32000), (48000, 8000), (8000, 48000)]
)
@pytest.mark.parametrize("hertz", [110, 997, 3000])
def test_tone_stays_the_tone(hertz: int, old: int, new: int):
    heard = resample(tone(hertz, old), new).samples[0]

    wanted = tone(hertz, new).samples[0]
    inner = slice(new // 10, -new // 10)  # the ends ring, for the tone begins and stops at once
    assert np.abs(heard - wanted)[inner].max() < 1e-4


def test_tone_above_half_the_new_rate_is_silenced():
    heard = resample(tone(6000, 32000), 8000).samples[0]

    assert np.abs(heard[800:-800]).max() < 1e-4


def test_clip_at_its_own_rate_is_left_alone():
    clip = tone(440, 32000)

    assert resample(clip, 32000) is clip


def test_rate_of_nothing_is_refused():
    with pytest.raises(ValueError, match="positive"):
        resample(tone(440, 32000), 0)


def test_stereo_becomes_the_mean_and_mono_is_copied():
    stereo = Clip(np.array([[1.0, 0.5, 0.0], [0.0, 0.5, -1.0]], np.float32), 8000)

    mono = to_channels(stereo, 1)
    again = to_channels(mono, 2)

    assert mono.samples.tolist() == [[0.5, 0.5, -0.5]]
    assert again.samples.tolist() == [[0.5, 0.5, -0.5]] * 2
    assert to_channels(stereo, 2) is stereo


def test_three_channels_are_refused():
    with pytest.raises(ValueError, match="1 or 2"):
        to_channels(tone(440, 8000), 3)
