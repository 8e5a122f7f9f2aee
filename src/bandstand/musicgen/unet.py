"""The U-Net of MultiBand Diffusion: from a noisy sound and what the codec heard, the noise that is in it.

Not the sampling around it (`multiband.py`). The tensors keep the names of the reference's checkpoints.
Source: "From Discrete Tokens to High-Fidelity Audio Using Multi-Band Diffusion" (arXiv:2308.02560); its reference, audiocraft 896ec7c.

B sounds, N samples, T frames of the codec, W width of a level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from bandstand.errors import Misconfigured

LEVELS_MAX = 16


@dataclass(frozen=True, kw_only=True)
class UnetSizes:
    """
    width    of the first level; each next one is `growth` times as wide, `widest` at most, and `stride` times as short
    kernel   of the layers that change the length; those inside a level have 3
    blocks   residual blocks of each level's half, dilated by 1, 2, 4 ...
    groups   of every normalisation
    steps    of the diffusion, each with a vector of its own: at the first level, or `everywhere`
    latent   width of what the codec heard
    """

    width: int = 24
    levels: int = 3
    growth: float = 2.0
    widest: int = 10_000
    kernel: int = 4
    stride: int = 2
    blocks: int = 1
    groups: int = 4
    steps: int = 1000
    everywhere: bool = False
    latent: int = 128

    @classmethod
    def read(cls, settings: Mapping[str, Any], *, steps: int) -> UnetSizes:
        """From the reference's own words; what is not said is as the reference assumes.

        raises  Misconfigured when it asks for layers that no published checkpoint has
        """
        for layers in ("bilstm", "transformer", "cross_attention"):
            if settings.get(layers):
                raise Misconfigured(f"a U-Net of MultiBand Diffusion with {layers} is not known")
        if not settings.get("codec_dim"):
            raise Misconfigured("this U-Net of MultiBand Diffusion does not listen to a codec")
        names = {
            "hidden": "width",
            "depth": "levels",
            "growth": "growth",
            "max_channels": "widest",
            "kernel": "kernel",
            "stride": "stride",
            "res_blocks": "blocks",
            "norm_groups": "groups",
            "emb_all_layers": "everywhere",
            "codec_dim": "latent",
        }
        sizes = cls(**numbers(settings, names, like=cls()), steps=steps)
        if not 1 <= sizes.levels <= LEVELS_MAX or not 1 <= sizes.blocks <= LEVELS_MAX:
            raise Misconfigured(
                f"a U-Net of {sizes.levels} levels of {sizes.blocks} blocks is none"
            )
        if (sizes.kernel - sizes.stride) % 2 or not 1 <= sizes.stride <= sizes.kernel:
            raise Misconfigured(f"kernel {sizes.kernel} does not fit stride {sizes.stride}")
        return sizes

    @property
    def widths(self) -> tuple[int, ...]:
        """W of each level, from the sound down."""
        widths = [self.width]
        while len(widths) < self.levels:
            widths.append(min(int(widths[-1] * self.growth), self.widest))
        return tuple(widths)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor. Decoders count from the bottom up."""
        return dict(self._shapes())

    def _shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield "embedding.weight", (self.steps, self.width)
        above = 1
        for level, width in enumerate(self.widths):
            down, up = f"encoders.{level}", f"decoders.{self.levels - 1 - level}"
            yield f"{down}.conv.weight", (width, above, self.kernel)
            yield f"{up}.convtr.weight", (width, above, self.kernel)
            for half in (down, up):
                yield from _normal(f"{half}.norm", width)
                for block in range(self.blocks):
                    yield from _block(f"{half}.res_blocks.{block}", width)
            if self.everywhere and level > 0:
                yield f"embeddings.{level - 1}.weight", (self.steps, width)
            above = width
        yield "conv_codec.weight", (above, self.latent, 1)
        yield "conv_codec.bias", (above,)


def numbers(settings: Mapping[str, Any], names: Mapping[str, str], *, like: Any) -> dict[str, Any]:
    """Those of the settings that are said, under our names and of the types that `like` has.

    names   theirs -> ours
    raises  Misconfigured when one is no such number
    """
    known: dict[str, Any] = {}
    for theirs, ours in names.items():
        if theirs in settings:
            kind, value = type(getattr(like, ours)), settings[theirs]
            if not isinstance(value, int | float) or kind(value) != value:
                raise Misconfigured(f"{theirs} of MultiBand Diffusion cannot be {value!r}")
            known[ours] = kind(value)
    return known


def _normal(name: str, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)


def _block(name: str, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    for half in (1, 2):
        yield from _normal(f"{name}.norm{half}", width)
        yield f"{name}.conv{half}.weight", (width, width, 3)
        yield f"{name}.conv{half}.bias", (width,)


class Unet:
    """Called with a sound, it tells the noise in it."""

    def __init__(
        self, sizes: UnetSizes, tensors: Mapping[str, Any], device: torch.device | str = "cpu"
    ) -> None:
        """
        raises  Misconfigured naming the first tensor that is missing, left over or of another shape
        """
        _check(sizes.shapes(), tensors)
        self.sizes = sizes
        self._tensors = {name: tensor.to(device, torch.float32) for name, tensor in tensors.items()}

    def __call__(self, noisy: Tensor, step: int, heard: Tensor) -> Tensor:
        """
        noisy   float32 [B, 1, N]
        step    of the diffusion; the higher, the more noise
        heard   float32 [B, latent, T], spread evenly over the N samples
        return  float32 [B, 1, N]
        """
        level, passed = noisy, list[Tensor]()
        for number in range(self.sizes.levels):
            level = self._down(level, number)
            if number == 0:
                level += self._tensors["embedding.weight"][step][:, None]
            elif self.sizes.everywhere:
                level += self._tensors[f"embeddings.{number - 1}.weight"][step][:, None]
            passed.append(level)
        # Trap: what the codec heard enters here, and by this sum alone: nothing else leads through the bottom.
        level = passed.pop() + self._spread(heard, level.shape[2])
        level = self._up(level, 0)
        for number in range(1, self.sizes.levels):
            beside = passed.pop()
            level = self._up(level[..., : beside.shape[2]] + beside, number)
        return level[..., : noisy.shape[2]]

    def _spread(self, heard: Tensor, length: int) -> Tensor:
        told = functional.conv1d(
            heard, self._tensors["conv_codec.weight"], self._tensors["conv_codec.bias"]
        )
        return functional.interpolate(told, length)

    def _down(self, sound: Tensor, number: int) -> Tensor:
        """One level shorter and wider: [B, W above, n] -> [B, W, n / stride], rounded up."""
        name, stride = f"encoders.{number}", self.sizes.stride
        sound = functional.pad(sound, (0, -sound.shape[2] % stride))
        conv = self._tensors[f"{name}.conv.weight"]
        level = functional.conv1d(
            sound, conv, stride=stride, padding=(self.sizes.kernel - stride) // 2
        )
        return self._blocks(self._normed(level, f"{name}.norm"), name)

    def _up(self, level: Tensor, number: int) -> Tensor:
        """The way back: [B, W, n] -> [B, W above, n * stride]."""
        name, stride = f"decoders.{number}", self.sizes.stride
        level = self._normed(self._blocks(level, name), f"{name}.norm")
        conv = self._tensors[f"{name}.convtr.weight"]
        padding = (self.sizes.kernel - stride) // 2
        return functional.conv_transpose1d(level, conv, stride=stride, padding=padding)

    def _blocks(self, level: Tensor, name: str) -> Tensor:
        for number in range(self.sizes.blocks):
            block, dilation = f"{name}.res_blocks.{number}", 2**number
            beside = level
            for half in (1, 2):
                beside = functional.conv1d(
                    self._normed(beside, f"{block}.norm{half}"),
                    self._tensors[f"{block}.conv{half}.weight"],
                    self._tensors[f"{block}.conv{half}.bias"],
                    padding=dilation,
                    dilation=dilation,
                )
            level = beside.add_(level)
        return level

    def _normed(self, level: Tensor, name: str) -> Tensor:
        weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
        return functional.group_norm(level, self.sizes.groups, weight, bias).relu_()


def _check(shapes: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Any]) -> None:
    for name, shape in shapes.items():
        tensor = tensors.get(name)
        if not isinstance(tensor, Tensor):
            raise Misconfigured(f"the U-Net's tensor {name} is missing")
        if tensor.shape != shape:
            found = list(tensor.shape)
            raise Misconfigured(f"the U-Net's tensor {name} is {found}, not {list(shape)}")
    for name in tensors:
        if name not in shapes:
            raise Misconfigured(f"the U-Net has no place for the tensor {name}")
