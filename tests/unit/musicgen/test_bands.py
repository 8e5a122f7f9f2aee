"""Mel bands: their sum is the sound, a tone falls into one, and how the sound is cut into blocks is not heard."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_multiband import split

from bandstand.musicgen.bands import BLOCK, MelBands

RATE = 32000


def noise(length: int, channels: int = 1, seed: int = 0) -> torch.Tensor:
    return torch.randn(channels, length, generator=torch.Generator().manual_seed(seed))


def bands_of(sound: torch.Tensor, count: int) -> torch.Tensor:
    return torch.cat(list(MelBands(RATE, count).pieces(sound)), dim=2)


@given(st.integers(1, 5000), st.integers(1, 2), st.sampled_from([1, 2, 8]))
@settings(deadline=None, max_examples=30)
def test_bands_sum_to_the_sound(length: int, channels: int, count: int):
    sound = noise(length, channels)

    bands = bands_of(sound, count)

    assert bands.shape == (count, channels, length)
    assert (bands.sum(0) - sound).abs().max() < 1e-5


@pytest.mark.parametrize("count", [8, 32])
def test_bands_are_those_of_the_plain_twin(count: int):
    sound = noise(4000)

    bands = bands_of(sound, count)[:, 0]

    assert (
        bands - torch.from_numpy(split(sound[0].double().numpy(), RATE, count))
    ).abs().max() < 1e-5


@pytest.mark.parametrize("band", [2, 9, 20, 31])
def test_tone_falls_into_its_band(band: int):
    edges = [0.0, *MelBands(RATE, 32).cutoffs, RATE / 2]
    hertz = (edges[band] + edges[band + 1]) / 2
    tone = torch.sin(2 * math.pi * hertz / RATE * torch.arange(RATE))[None]

    strengths = MelBands(RATE, 32).deviations(tone)

    assert strengths.argmax() == band
    assert strengths[band] > 0.5


def test_constant_lies_in_the_lowest_band():
    bands = bands_of(torch.ones(1, 3000), 8)

    assert (bands[0] - 1).abs().max() < 1e-5
    assert bands[1:].abs().max() < 1e-5


def test_blocks_are_not_heard():
    sound = noise(2 * BLOCK + 17)
    joint = (
        BLOCK - 5000
    )  # early enough that a second block has begun in the middle of what is looked at

    whole = bands_of(sound, 8)
    part = bands_of(sound[:, joint - 5000 : joint + 15000], 8)

    assert (whole[:, :, joint - 4000 : joint + 14000] - part[:, :, 1000:-1000]).abs().max() < 1e-5


def test_weighing_is_the_weighted_sum_of_the_bands():
    sound, gains = noise(5000, 2), torch.rand(32, generator=torch.Generator().manual_seed(1))

    weighed = MelBands(RATE, 32).weigh(sound, gains)

    assert (weighed - torch.einsum("m,mcn->cn", gains, bands_of(sound, 32))).abs().max() < 1e-5


def test_deviations_are_over_all_channels_and_all_time():
    sound = noise(2 * BLOCK, 2) * torch.tensor([[1.0], [3.0]])

    deviations = MelBands(RATE, 8).deviations(sound)

    assert torch.allclose(deviations, bands_of(sound, 8).flatten(1).double().std(1), rtol=1e-5)


def test_matched_sound_has_the_strengths_of_its_model():
    bands = MelBands(RATE, 8)
    sound = noise(RATE)
    model = bands.weigh(noise(RATE, seed=1), torch.linspace(3.0, 0.5, 8))

    matched = bands.match(sound, model)

    assert torch.allclose(bands.deviations(matched), bands.deviations(model), rtol=0.05)


def test_silent_bands_stay_silent():
    silence = torch.zeros(1, 4000)

    assert MelBands(RATE, 8).match(silence, noise(4000)).abs().max() == 0
    assert MelBands(RATE, 8).match(noise(4000), silence).abs().max() < 1e-9
