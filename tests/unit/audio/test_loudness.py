"""Loudness: what BS.1770's own tones say, what pyloudnorm says, and what each strategy promises."""

from __future__ import annotations

import math

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandstand.audio.clip import Clip
from bandstand.audio.loudness import (
    integrated_loudness,
    k_weighting,
    normalize,
    true_peak,
)

RATES = (32000, 44100, 48000)
STRATEGIES = ("loudness", "clip", "peak", "rms", "none")


def sine(
    hertz: float, rate: int, seconds: float = 3.0, level: float = 1.0, phase: float = 0.0
) -> np.ndarray:
    time = np.arange(round(rate * seconds)) / rate
    return level * np.sin(2 * np.pi * hertz * time + phase)


def clip_of(*channels: np.ndarray, rate: int) -> Clip:
    return Clip(np.stack(channels).astype(np.float32), rate)


def noise(rate: int, seconds: float = 5.0, level: float = 0.1) -> np.ndarray:
    return level * np.random.default_rng(7).standard_normal(round(rate * seconds))


def music(rate: int) -> np.ndarray:
    """Chords that come and go, so that the gates have something to do."""
    swell = np.where(np.arange(rate * 8) % (2 * rate) < rate, 0.2, 0.002)
    return swell * sum(sine(110 * k, rate, 8.0, 1 / k) for k in (1, 2, 3, 5, 8, 13))


SIGNALS = {
    "noise": noise,
    "bass": lambda rate: sine(55, rate, 3.0, 0.5),
    "treble": lambda rate: sine(6000, rate, 3.0, 0.5),
    "music": music,
    "half a second": lambda rate: noise(rate, 0.5),
}


@pytest.mark.parametrize("rate", RATES)
def test_full_scale_997_hertz_in_one_channel_is_minus_3_01(rate: int):
    tone = sine(997, rate)

    assert integrated_loudness(clip_of(tone, rate=rate)) == pytest.approx(-3.01, abs=0.01)
    assert integrated_loudness(clip_of(tone, 0 * tone, rate=rate)) == pytest.approx(-3.01, abs=0.01)


@pytest.mark.parametrize("rate", RATES)
def test_second_channel_adds_3_01(rate: int):
    tone = sine(997, rate)

    assert integrated_loudness(clip_of(tone, tone, rate=rate)) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("signal", SIGNALS)
def test_meter_agrees_with_pyloudnorm(signal: str, rate: int, channels: int):
    sound = SIGNALS[signal](rate)
    clip = clip_of(*(sound, 0.6 * sound)[:channels], rate=rate)

    theirs = pyloudnorm.Meter(rate).integrated_loudness(clip.samples.T.astype(np.float64))
    assert integrated_loudness(clip) == pytest.approx(theirs, abs=0.1)


def test_weights_at_48000_are_those_of_the_recommendation():
    shelf, high_pass = k_weighting(48000)

    assert shelf[:3] == pytest.approx([1.53512485958697, -2.69169618940638, 1.19839281085285])
    assert shelf[4:] == pytest.approx([-1.69065929318241, 0.73248077421585])
    assert high_pass == pytest.approx([1, -2, 1, 1, -1.99004745483398, 0.99007225036621])


@given(st.floats(-30, 6))
@settings(max_examples=20, deadline=None)
def test_gain_of_so_many_decibels_is_so_many_units_louder(decibels: float):
    sound = noise(32000, 1.0, 0.05)

    quiet = integrated_loudness(clip_of(sound, rate=32000))
    loud = integrated_loudness(clip_of(sound * 10 ** (decibels / 20), rate=32000))

    assert loud - quiet == pytest.approx(decibels, abs=1e-3)


def test_silence_between_the_notes_does_not_count():
    sound = noise(32000, 4.0)
    gaps = np.concatenate([sound, np.zeros(32000 * 20)])

    with_gaps = integrated_loudness(clip_of(gaps, rate=32000))
    assert with_gaps == pytest.approx(integrated_loudness(clip_of(sound, rate=32000)), abs=0.2)


def test_ten_second_chunks_leave_no_seam():
    sound = noise(8000, 31.7)
    whole = integrated_loudness(clip_of(sound, rate=8000))

    theirs = pyloudnorm.Meter(8000, filter_class="DeMan").integrated_loudness(sound)
    assert whole == pytest.approx(theirs, abs=0.1)


@pytest.mark.parametrize("length", [0, 1, 3200, 32000])
def test_silence_has_no_loudness_and_no_peak(length: int):
    silence = Clip(np.zeros((2, length), np.float32), 32000)

    assert integrated_loudness(silence) == -math.inf
    assert true_peak(silence) == -math.inf


def test_tenth_of_a_second_is_as_loud_as_the_same_tone_held():
    short, held = (clip_of(sine(997, 32000, s, 0.5), rate=32000) for s in (0.1, 3.0))

    assert integrated_loudness(short) == pytest.approx(integrated_loudness(held), abs=0.5)


@pytest.mark.parametrize("rate", RATES)
def test_true_peak_finds_the_top_between_the_samples(rate: int):
    clip = clip_of(sine(rate / 4, rate, phase=math.pi / 4), rate=rate)

    assert np.abs(clip.samples).max() == pytest.approx(math.sqrt(0.5), abs=1e-4)
    assert true_peak(clip) == pytest.approx(0.0, abs=0.2)


def test_true_peak_is_never_under_the_highest_sample():
    clip = clip_of(noise(32000), rate=32000)

    assert true_peak(clip) >= 20 * math.log10(np.abs(clip.samples).max())


@pytest.mark.parametrize("level", [0.01, 0.1])
@pytest.mark.parametrize("channels", [1, 2])
def test_loudness_reads_minus_14(channels: int, level: float):
    clip = clip_of(*[sine(997, 32000, level=level)] * channels, rate=32000)

    assert integrated_loudness(normalize(clip, "loudness")) == pytest.approx(-14.0, abs=0.01)


def test_loudness_leaves_a_whisper_alone():
    whisper = clip_of(noise(32000, 1.0, 0.0019), rate=32000)

    assert normalize(whisper, "loudness") is whisper


def test_loudness_clips_what_would_pass_full_scale():
    clicks = np.zeros(32000 * 2)
    clicks[::400] = 0.2

    assert np.abs(normalize(clip_of(clicks, rate=32000), "loudness").samples).max() == 1.0


@given(st.floats(0.001, 4.0))
@settings(max_examples=20)
def test_peak_is_at_minus_1_decibel_up_or_down(level: float):
    loud = normalize(clip_of(sine(440, 8000, 0.1, level), rate=8000), "peak")

    assert np.abs(loud.samples).max() == pytest.approx(10 ** (-1 / 20), rel=1e-6)


def test_clip_cuts_at_minus_1_decibel_and_touches_nothing_else():
    clip = clip_of(np.array([0.5, 0.9, -3.0, -0.2]), rate=8000)

    cut = normalize(clip, "clip").samples

    assert cut == pytest.approx(np.array([[0.5, 10 ** (-1 / 20), -(10 ** (-1 / 20)), -0.2]]))


@pytest.mark.parametrize("level", [0.01, 0.9])
def test_rms_of_the_mean_of_the_channels_is_minus_18_decibels(level: float):
    clip = clip_of(sine(440, 32000, level=level), sine(660, 32000, level=level), rate=32000)

    mean = normalize(clip, "rms").samples.mean(axis=0)

    assert math.sqrt(np.square(mean).mean()) == pytest.approx(10 ** (-18 / 20), rel=1e-4)


def test_rms_leaves_opposite_phases_alone():
    tone = sine(440, 32000)
    opposite = clip_of(tone, -tone, rate=32000)

    assert normalize(opposite, "rms") is opposite


@pytest.mark.parametrize("length", [0, 1, 3200, 64000])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_silence_stays_silent(strategy: str, length: int):
    silence = Clip(np.zeros((2, length), np.float32), 32000)

    assert np.array_equal(normalize(silence, strategy).samples, silence.samples)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_tenth_of_a_second_keeps_its_length_and_stays_finite(strategy: str):
    short = normalize(clip_of(noise(32000, 0.1), rate=32000), strategy)

    assert short.samples.shape == (1, 3200)
    assert np.isfinite(short.samples).all()


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_samples_that_are_no_numbers_are_refused(strategy: str, bad: float):
    with pytest.raises(ValueError, match="finite"):
        normalize(clip_of(np.array([0.0, bad]), rate=32000), strategy)


def test_unknown_strategy_is_refused():
    with pytest.raises(ValueError, match="unknown strategy"):
        normalize(clip_of(noise(8000, 0.1), rate=8000), "loud")
