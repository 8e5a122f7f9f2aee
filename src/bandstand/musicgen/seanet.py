"""What EnCodec is built of: its encoder, its decoder (both SEANets, mirror images) and its codebooks, from a checkpoint's settings and tensors.

Not how the layers work (`streamed.py`) and not what codes are (`codec.py`). Settings are named as transformers' EncodecConfig names them, tensors as
its EncodecModel does; everything is made float32. A weight under weight norm comes in two halves, directions and lengths, and is joined here.

Source: High Fidelity Neural Audio Compression (arXiv:2210.13438), section 3.1; Weight Normalization (arXiv:1602.07868), equation 2.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from torch import Tensor
from torch.linalg import vector_norm

from bandstand.errors import Misconfigured
from bandstand.musicgen.checkpoints import Part
from bandstand.musicgen.lstm import Gates, Lstm, lstm
from bandstand.musicgen.parts import ENCODEC, Settings, encodec_books, encodec_shapes
from bandstand.musicgen.streamed import (
    Activation,
    Chain,
    Convolution,
    Ends,
    Kernel,
    Layer,
    Recurrence,
    Residual,
    Upsampling,
)


class SeaNet:
    """The weights; whoever asks for a network gets new layers around them, at the start of a piece."""

    def __init__(self, part: Part, *, device: str) -> None:
        """raises  Misconfigured when the settings are not MusicGen's kind, or the tensors not those of the settings"""
        self.said = _settled(part.settings)
        self.books = encodec_books(self.said)
        self._weights = Weights(part.tensors, device=device)
        self._weights.check(self.said)

    def tables(self) -> list[Tensor]:
        """The vectors of each codebook's codes, float32 [codes, D]."""
        names = [f"quantizer.layers.{book}.codebook.embed" for book in range(self.books)]
        return [self._weights.tensor(name) for name in names]

    def encoder(self) -> Chain:
        """From samples to latents: [B, 1, N] to [B, D, N / hop]."""
        row = _Row("encoder", self.said, self._weights)
        row.convolution()
        for ratio in reversed(self.said["upsampling_ratios"]):
            row.residuals()
            row.activation()
            row.convolution(stride=ratio)
        row.recurrence()
        row.activation()
        row.convolution()
        return Chain(row.layers)

    def decoder(self) -> Chain:
        """From latents to samples: [B, D, N] to [B, 1, N * hop]."""
        row = _Row("decoder", self.said, self._weights)
        row.convolution()
        row.recurrence()
        for ratio in self.said["upsampling_ratios"]:
            row.activation()
            row.upsampling(stride=ratio)
            row.residuals()
        row.activation()
        row.convolution()
        return Chain(row.layers)


class _Row:
    """A network on its way: a layer's place in it is its name in the checkpoint."""

    def __init__(self, side: str, said: Settings, weights: Weights) -> None:
        self.layers: list[Layer] = []
        self._side = side
        self._said = said
        self._weights = weights
        self._ends = Ends(
            is_causal=said["use_causal_conv"],
            mode=said["pad_mode"],
            trim_right=said["trim_right_ratio"],
        )

    @property
    def _name(self) -> str:
        return f"{self._side}.layers.{len(self.layers)}"

    def convolution(self, *, stride: int = 1) -> None:
        kernel = self._weights.kernel(f"{self._name}.conv")
        self.layers.append(Convolution(kernel, self._ends, stride=stride))

    def upsampling(self, *, stride: int) -> None:
        kernel = self._weights.kernel(f"{self._name}.conv")
        self.layers.append(Upsampling(kernel, self._ends, stride=stride))

    def residuals(self) -> None:
        for level in range(self._said["num_residual_layers"]):
            wide, narrow = (self._weights.kernel(f"{self._name}.block.{n}.conv") for n in (1, 3))
            dilation = self._said["dilation_growth_rate"] ** level
            block = [
                Activation(),
                Convolution(wide, self._ends, dilation=dilation),
                Activation(),
                Convolution(narrow, self._ends),
            ]
            self.layers.append(Residual(Chain(block), self._shortcut()))

    def _shortcut(self) -> Layer | None:
        if not self._said["use_conv_shortcut"]:
            return None
        return Convolution(self._weights.kernel(f"{self._name}.shortcut.conv"), self._ends)

    def recurrence(self) -> None:
        count = self._said["num_lstm_layers"]
        self.layers.append(Recurrence(self._weights.lstm(f"{self._name}.lstm", count)))

    def activation(self) -> None:
        self.layers.append(Activation())


class Weights:
    """A checkpoint's tensors as layers want them, each made when first asked for and then kept.

    So the encoder, which only melodies to continue need, costs nothing before. Two threads that ask at once may both make one; they are alike.
    """

    def __init__(self, tensors: Mapping[str, Tensor], *, device: str) -> None:
        self._tensors = tensors
        self._names = {_new_name(name): name for name in tensors}
        self._device = device
        self._kernels: dict[str, Kernel] = {}
        self._lstms: dict[str, Lstm] = {}

    def check(self, said: Settings) -> None:
        """raises  Misconfigured naming a tensor that is missing, of another shape or too many"""
        wanted = encodec_shapes(said)
        for name, shape in wanted.items():
            if name not in self._names:
                raise Misconfigured(f"codec: {name} is missing")
            given = self._tensors[self._names[name]].shape
            if given != shape:
                raise Misconfigured(
                    f"codec: {name} is {list(given)}, and not {list(shape)} as the settings say"
                )
        for name in self._names:
            if name not in wanted:
                raise Misconfigured(f"codec: {name} is left over: there is no such tensor in it")

    def tensor(self, name: str) -> Tensor:
        """As it lies, a mapped file included, if it lies as float32 where it is wanted."""
        return self._tensors[self._names[name]].to(self._device).float()

    def kernel(self, name: str) -> Kernel:
        if name not in self._kernels:
            lengths, directions = (
                self.tensor(f"{name}.parametrizations.weight.original{half}") for half in (0, 1)
            )
            norms = vector_norm(directions, dim=(1, 2), keepdim=True)
            weight = directions * (lengths / norms)
            self._kernels[name] = Kernel(weight, self.tensor(f"{name}.bias"))
        return self._kernels[name]

    def lstm(self, name: str, layers: int) -> Lstm:
        if name not in self._lstms:
            gates = [
                Gates(*(self.tensor(f"{name}.{kind}_l{layer}") for kind in Gates._fields))
                for layer in range(layers)
            ]
            self._lstms[name] = lstm(gates, device=self._device)
        return self._lstms[name]


def _new_name(name: str) -> str:
    """Files from before torch 2.0 name the two halves of a weight under weight norm otherwise."""
    for old, new in (("weight_g", "original0"), ("weight_v", "original1")):
        if name.endswith(f".{old}"):
            return name.removesuffix(old) + f"parametrizations.weight.{new}"
    return name


_PLAYED: Mapping[str, Collection[Any]] = {
    "audio_channels": (1,),
    "chunk_length_s": (None,),
    "normalize": (False,),
    "norm_type": ("weight_norm",),
    "pad_mode": ("reflect", "constant"),
}


def _settled(settings: Settings) -> Settings:
    """With what they do not say. raises Misconfigured when they make no sense, or a codec that is not played here"""
    said = {**ENCODEC, **settings}
    nonsense = _nonsense(said)
    if nonsense:
        raise Misconfigured(f"codec: its settings cannot be used: {nonsense}")
    for name, values in _PLAYED.items():
        if said[name] not in values:
            wanted = " or ".join(str(value) for value in values)
            raise Misconfigured(f"codec: {name} must be {wanted}, not {said[name]}")
    return said


def _nonsense(said: Settings) -> str | None:
    for name, usual in ENCODEC.items():
        if name not in _PLAYED and not _is_like(said[name], usual):
            return f"{name} is {said[name]!r}"
    size, width = said["codebook_size"], said["hidden_size"]
    if size.bit_count() != 1:
        return f"codebook_size is no power of two: {size}"
    if said["codebook_dim"] not in (None, width):
        return f"codebook_dim is {said['codebook_dim']!r}, and hidden_size {width}"
    if not (said["use_causal_conv"] or said["trim_right_ratio"] == 1.0):
        return "trim_right_ratio is for causal convolutions"
    if not encodec_books(said):
        return f"target_bandwidths are too low for one codebook: {said['target_bandwidths']}"
    return None


def _is_like(value: Any, usual: Any) -> bool:
    """Of the same kind, and of a size that makes sense: whole numbers are counts and rates, of which none is 0."""
    match usual:
        case bool():
            return isinstance(value, bool)
        case int():
            return type(value) is int and value > 0
        case float():
            return isinstance(value, int | float) and 0.0 <= value < math.inf
        case list():
            return (
                isinstance(value, list | tuple)
                and bool(value)
                and all(_is_like(one, usual[0]) for one in value)
            )
        case _:
            return True
