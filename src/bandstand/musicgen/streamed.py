"""EnCodec's decoder, fed piece by piece: what comes out, joined, is what the decoder makes of all of it at once.

Not an approximation with overlapping windows: every layer remembers exactly what its coming outputs still need, nothing is computed twice, and the
memory does not grow with the piece. The weights are the module's own; only the memory is made here, so that many streams share one module.

How long each layer waits, in its own samples (reach = (kernel - 1) * dilation):

    convolution        sees reach samples, parted left and right: the right part, reach // 2, is what it waits for (causal: none)
    upsampling         a sample is spread over 2 * stride outputs, and half a stride is cut from both ends of the piece: that half is what it
                       waits for (causal: none, when all is cut from the right end)
    residual block     waits as its convolutions do; its shortcut is held back as long
    LSTM, ELU          do not wait

Carried through the upsamplings (`Chain.lag`), this is 2402 samples or 3.75 frames for EnCodec at 32 kHz.

B streams side by side, C features, N samples in this piece, at the layer's own rate.
Source: High Fidelity Neural Audio Compression (arXiv:2210.13438), section 3.1; the padding as in transformers' EncodecModel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.models.encodec.modeling_encodec import (
    EncodecConv1d,
    EncodecConvTranspose1d,
    EncodecDecoder,
    EncodecLSTM,
    EncodecResnetBlock,
)


class Layer(Protocol):
    stride: int  # samples out for one in
    lag: int  # samples out that wait for input still to come

    def push(self, given: Tensor, *, last: bool) -> Tensor:
        """What is final now that more has come.

        given   float32 [B, C, N]; N may be 0
        last    nothing comes after: everything that waited is due
        """
        ...


def streamed(decoder: EncodecDecoder) -> Chain:
    """The decoder's layers with a memory of their own, at the start of a piece."""
    return Chain([_streamed(layer) for layer in decoder.layers])


def _streamed(layer: nn.Module) -> Layer:
    match layer:
        case EncodecConv1d():
            return Convolution(layer)
        case EncodecConvTranspose1d():
            return Upsampling(layer)
        case EncodecResnetBlock():
            return Residual(layer)
        case EncodecLSTM():
            return Recurrence(layer)
        case nn.ELU():
            return Activation()
        case _:
            raise TypeError(f"no streamed form of {type(layer).__name__}")


class Chain:
    """Layers one after another."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self.stride = math.prod(layer.stride for layer in layers)
        self.lag = 0
        for layer in layers:
            self.lag = self.lag * layer.stride + layer.lag

    def push(self, given: Tensor, *, last: bool) -> Tensor:
        for layer in self._layers:
            given = layer.push(given, last=last)
        return given


class Convolution:
    """A convolution over a piece that is lengthened at both ends, so that as much comes out as goes in."""

    stride = 1

    def __init__(self, layer: EncodecConv1d) -> None:
        conv: Any = layer.conv
        self._convolve: nn.Conv1d = conv
        self._reach: int = (conv.kernel_size[0] - 1) * conv.dilation[0]
        self._mode: str = layer.pad_mode
        self.lag = 0 if layer.causal else self._reach // 2
        self._left = self._reach - self.lag
        self._is_at_start = True
        self._held: Tensor | None = None  # until the start all there is, then the last `reach`

    def push(self, given: Tensor, *, last: bool) -> Tensor:
        here = _joined(self._held, given)
        if self._is_at_start and not last and here.shape[-1] <= self._left:
            # Mirroring the start takes more than there is yet.
            self._held = here
            return _nothing(here, self._convolve.out_channels)
        left = self._left if self._is_at_start else 0
        right = self.lag if last else 0
        if left or right:
            here = _lengthened(here, left, right, self._mode)
        self._is_at_start = False
        self._held = _end(here, self._reach)
        if here.shape[-1] <= self._reach:
            return _nothing(here, self._convolve.out_channels)
        return self._convolve(here)


class Upsampling:
    """A transposed convolution whose kernel is twice its stride, as in every EnCodec: each sample is spread over two strides of outputs.

    So an output is the first share of one sample plus the second share of the one before. The spreading is one matrix product: in pieces
    of a second that takes two thirds of the time of torch's transposed convolution, in pieces of a fifth one third.
    """

    def __init__(self, layer: EncodecConvTranspose1d) -> None:
        conv: Any = layer.conv
        stride: int = conv.stride[0]
        assert conv.kernel_size[0] == 2 * stride, "an upsampling's kernel is twice its stride"
        assert conv.bias is not None, "an upsampling has a bias"
        cut = math.ceil(stride * layer.trim_right_ratio) if layer.causal else stride // 2
        self.stride = stride
        self.lag = stride - cut
        self._features = conv.out_channels
        self._bias = conv.bias[:, None]  # [C, 1]
        self._weight = conv.weight.flatten(1).T  # [C * 2 * stride, C in], a view
        first = self._bias.expand(-1, stride)
        self._biases = torch.stack([first, torch.zeros_like(first)], dim=1).flatten()
        self._second: Tensor | None = None  # [B, C, stride] of the latest sample

    def push(self, given: Tensor, *, last: bool) -> Tensor:
        made = self._spread(given) if given.shape[-1] else _nothing(given, self._features)
        if last and self._second is not None:
            made = torch.cat([made, self._second[..., : self.lag] + self._bias], dim=-1)
        return made

    def _spread(self, given: Tensor) -> Tensor:
        shares = functional.linear(given.transpose(1, 2), self._weight, self._biases)
        shares = shares.unflatten(2, (self._features, 2, self.stride))  # [B, N, C, 2, stride]
        first, second = shares.unbind(dim=3)
        first[:, 1:] += second[:, :-1]
        trimmed = self.lag
        if self._second is not None:
            first[:, 0] += self._second
            trimmed = 0
        self._second = second[:, -1].clone()
        return first.transpose(1, 2).flatten(2)[..., trimmed:]


class Residual:
    """What the block's layers make of the input, added to the input itself (or its shortcut)."""

    stride = 1

    def __init__(self, layer: EncodecResnetBlock) -> None:
        self._block = Chain([_streamed(inner) for inner in layer.block])
        shortcut = layer.shortcut
        self._shortcut = None if isinstance(shortcut, nn.Identity) else _streamed(shortcut)
        self.lag = self._block.lag
        self._held: Tensor | None = None  # of the input, what the block has no answer to yet

    def push(self, given: Tensor, *, last: bool) -> Tensor:
        direct = given if self._shortcut is None else self._shortcut.push(given, last=last)
        direct = _joined(self._held, direct)
        made = self._block.push(given, last=last)
        complete = made.shape[-1]
        self._held = _end(direct, direct.shape[-1] - complete)
        return made + direct[..., :complete]


class Recurrence:
    """An LSTM that goes on where it was, its input added to its output."""

    stride = 1
    lag = 0

    def __init__(self, layer: EncodecLSTM) -> None:
        self._lstm: nn.LSTM = layer.lstm
        self._state: tuple[Tensor, Tensor] | None = None

    def push(self, given: Tensor, *, last: bool) -> Tensor:
        del last  # it never waits
        if not given.shape[-1]:
            return given
        steps = given.permute(2, 0, 1)  # [N, B, C]
        made, self._state = self._lstm(steps, self._state)
        return (made + steps).permute(1, 2, 0)


class Activation:
    stride = 1
    lag = 0

    def push(self, given: Tensor, *, last: bool) -> Tensor:
        del last  # it never waits
        return functional.elu(given)


def _lengthened(here: Tensor, left: int, right: int, mode: str) -> Tensor:
    """Both ends mirrored (or with silence).

    Trap: what is too short to be mirrored is filled up with zeros first, and as many samples are taken away afterwards.
    """
    missing = max(0, max(left, right) + 1 - here.shape[-1])
    longer = functional.pad(functional.pad(here, (0, missing)), (left, right), mode)
    return longer[..., : longer.shape[-1] - missing]


def _joined(held: Tensor | None, given: Tensor) -> Tensor:
    if held is None or not held.shape[-1]:
        return given
    return torch.cat([held, given], dim=-1) if given.shape[-1] else held


def _end(here: Tensor, length: int) -> Tensor:
    """A copy: a view would keep the whole piece in memory."""
    return here[..., here.shape[-1] - length :].clone()


def _nothing(like: Tensor, features: int) -> Tensor:
    return like.new_empty(like.shape[0], features, 0)
