"""The U-Net of MultiBand Diffusion: what the plain twin says, at any length, and no tensor out of place."""

from __future__ import annotations

import pytest
import torch
from plain_multiband import unet as plain_unet
from tiny_multiband import UNET, random_unet

from bandstand.errors import Misconfigured
from bandstand.musicgen.unet import Unet, UnetSizes

SIZES = {
    "as published, small": UnetSizes.read(UNET, steps=100),
    "three levels, two blocks": UnetSizes(
        width=4, levels=3, growth=1.5, kernel=4, stride=2, blocks=2, groups=2, latent=5, widest=8
    ),
    "one level": UnetSizes(width=4, levels=1, latent=3, steps=50, everywhere=True),
}


def heard_and_noisy(sizes: UnetSizes, length: int, sounds: int = 1):
    generator = torch.Generator().manual_seed(5)
    heard = torch.randn(sounds, sizes.latent, 7, generator=generator)
    return heard, torch.randn(sounds, 1, length, generator=generator)


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("length", [320, 333])
def test_noise_told_is_that_of_the_plain_twin(name: str, length: int):
    sizes = SIZES[name]
    tensors = random_unet(sizes, seed=1)
    heard, noisy = heard_and_noisy(sizes, length)

    told = Unet(sizes, tensors)(noisy, 49, heard)

    plain = {key: tensor.double().numpy() for key, tensor in tensors.items()}
    wanted = plain_unet(noisy[0, 0].double().numpy(), 49, heard[0].double().numpy(), plain, sizes)
    assert told.shape == noisy.shape
    assert (told[0, 0] - torch.from_numpy(wanted)).abs().max() < 1e-4 * abs(wanted).max()


def test_each_sound_of_a_batch_is_told_alone():
    sizes = SIZES["as published, small"]
    unet = Unet(sizes, random_unet(sizes, seed=1))
    heard, noisy = heard_and_noisy(sizes, 640, sounds=3)

    together = unet(noisy, 49, heard)

    alone = torch.cat([unet(noisy[i : i + 1], 49, heard[i : i + 1]) for i in range(3)])
    assert (together - alone).abs().max() < 1e-5


@pytest.mark.parametrize("what", ["heard", "step"])
def test_what_is_heard_and_the_step_both_matter(what: str):
    sizes = SIZES["as published, small"]
    unet = Unet(sizes, random_unet(sizes, seed=1))
    heard, noisy = heard_and_noisy(sizes, 640)

    first = unet(noisy, 49, heard)
    second = unet(noisy, 49, -heard) if what == "heard" else unet(noisy, 99, heard)

    assert (first - second).abs().max() > 0.1


def test_nothing_given_is_changed():
    sizes = SIZES["as published, small"]
    tensors = random_unet(sizes, seed=1)
    heard, noisy = heard_and_noisy(sizes, 640)
    before = [tensor.clone() for tensor in (*tensors.values(), heard, noisy)]

    Unet(sizes, tensors)(noisy, 49, heard)

    after = (*tensors.values(), heard, noisy)
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))


def test_network_of_the_training_configuration_has_166_million_parameters():
    settings = {**UNET, "hidden": 48, "depth": 4, "growth": 4, "codec_dim": 128}

    sizes = UnetSizes.read(settings, steps=1000)

    assert sizes.widths == (48, 192, 768, 3072)
    assert sum(torch.Size(shape).numel() for shape in sizes.shapes().values()) == 165_591_936


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"conv_codec.bias": None}, "conv_codec.bias is missing"),
        ({"conv_codec.bias": "text"}, "conv_codec.bias is missing"),
        ({"conv_codec.bias": torch.zeros(3)}, r"conv_codec.bias is \[3\], not \[16\]"),
        ({"bottom.weight": torch.zeros(3)}, "no place for the tensor bottom.weight"),
    ],
)
def test_tensor_out_of_place_is_named(change: dict[str, object], message: str):
    sizes = SIZES["as published, small"]
    tensors = {**random_unet(sizes, seed=1), **change}

    with pytest.raises(Misconfigured, match=message):
        Unet(sizes, {name: tensor for name, tensor in tensors.items() if tensor is not None})


@pytest.mark.parametrize(
    "change",
    [
        {"bilstm": True},
        {"transformer": True},
        {"codec_dim": None},
        {"hidden": "48"},
        {"hidden": 4.5},
        {"depth": 10**9},
        {"depth": 0},
        {"kernel": 7},
        {"stride": 0},
    ],
)
def test_settings_of_no_known_network_are_refused(change: dict[str, object]):
    with pytest.raises(Misconfigured):
        UnetSizes.read({**UNET, **change}, steps=1000)
