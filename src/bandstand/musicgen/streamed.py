"""The layers of EnCodec's networks, fed piece by piece: what comes out, joined, is what they make of all of it at once.

Not an approximation with overlapping windows: every layer remembers exactly what its coming outputs still need, nothing is computed twice, and the
memory does not grow with the piece. Weights are given and never changed, so that many pieces share them; which layers a network has is said in `seanet.py`.

How long each layer waits, in its own samples (span = (kernel - 1) * dilation + 1):

    convolution        an output sees span samples, and both ends of the piece are lengthened by span - stride together: what the right end is
                       lengthened by, half of it, is what the layer waits for (causal: none); with a stride also for a whole one to mirror
    upsampling         a sample is spread over 2 * stride outputs, and half a stride is cut from both ends of the piece: that half is what it
                       waits for (causal: none, when all is cut from the right end)
    residual block     waits as its convolutions do; its shortcut is held back as long
    LSTM, ELU          do not wait

Carried through the upsamplings (`Chain.lag`), this is 2402 samples or 3.75 frames for the decoder of EnCodec at 32 kHz.

B streams side by side, C features, N samples in this piece, at the layer's own rate.
Source: High Fidelity Neural Audio Compression (arXiv:2210.13438), section 3.1; the padding as in transformers' EncodecModel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from bandstand.musicgen.lstm import Lstm, State


class Kernel(NamedTuple):
    """Of a convolution: weight [C out, C in, taps], with C in first if it is transposed; bias [C out]."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True, kw_only=True)
class Ends:
    """What becomes of a piece's ends in every layer.

    mode         "reflect" or "constant", which is silence
    trim_right   the part of what an upsampling cuts that it cuts from the right end; only of a causal one
    """

    is_causal: bool
    mode: str
    trim_right: float


class Layer(Protocol):
    def push(self, given: Tensor, *, last: bool) -> Tensor:
        """What is final now that more has come.

        given   float32 [B, C, N]; N may be 0
        last    nothing comes after: everything that waited is due
        """
        ...

    def lag(self, before: int) -> int:
        """How many samples out wait for input still to come, when `before` samples of its input do."""
        ...


class Chain:
    """Layers one after another."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers

    def push(self, given: Tensor, *, last: bool) -> Tensor:
        for layer in self._layers:
            given = layer.push(given, last=last)
        return given

    def lag(self, before: int) -> int:
        for layer in self._layers:
            before = layer.lag(before)
        return before


class Convolution:
    """A convolution over a piece that is lengthened at both ends, so that of N samples there come N / stride, rounded up."""

    def __init__(self, kernel: Kernel, ends: Ends, *, stride: int = 1, dilation: int = 1) -> None:
        self._kernel = kernel
        self._mode = ends.mode
        self._stride = stride
        self._dilation = dilation
        self._span = (kernel.weight.shape[2] - 1) * dilation + 1
        both = self._span - stride
        self._right = 0 if ends.is_causal else both // 2
        self._left = both - self._right
        # The right end is lengthened by up to a stride more, to a whole number of strides; to mirror n samples takes n + 1.
        self._mirrored = self._right + stride - 1
        self._kept = max(both, self._mirrored + 1 if self._mirrored else 0)
        self._seen = 0
        self._is_at_start = True
        self._held: Tensor | None = None  # until the start all there is, then what is still needed

    def push(self, given: Tensor, *, last: bool) -> Tensor:
        here = _joined(self._held, given)
        self._seen += given.shape[-1]
        if self._is_at_start and not last and here.shape[-1] <= max(self._left, self._mirrored):
            # Mirroring the start takes more than there is yet.
            self._held = here
            return self._convolved(here, 0)
        left = self._left if self._is_at_start else 0
        right = self._right + -self._seen % self._stride if last else 0
        if left or right:
            here = _lengthened(here, left, right, self._mode)
        self._is_at_start = False
        waiting = self._span - self._stride if last else self._kept
        count = max(0, (here.shape[-1] - waiting) // self._stride)
        self._held = _end(here, here.shape[-1] - count * self._stride)
        return self._convolved(here, count)

    def _convolved(self, here: Tensor, count: int) -> Tensor:
        """The first so many samples out."""
        weight, bias = self._kernel
        if not count:
            return _nothing(here, weight.shape[0])
        seen = here[..., : (count - 1) * self._stride + self._span]
        return functional.conv1d(seen, weight, bias, self._stride, dilation=self._dilation)

    def lag(self, before: int) -> int:
        return math.ceil((before + self._kept - self._left) / self._stride)


class Upsampling:
    """A transposed convolution whose kernel is twice its stride, as in every EnCodec: each sample is spread over two strides of outputs.

    So an output is the first share of one sample plus the second share of the one before. The spreading is one matrix product: in pieces
    of a second that takes two thirds of the time of torch's transposed convolution, in pieces of a fifth one third.
    """

    def __init__(self, kernel: Kernel, ends: Ends, *, stride: int) -> None:
        cut = math.ceil(stride * ends.trim_right) if ends.is_causal else stride // 2
        self._stride = stride
        self._waiting = stride - cut
        self._features = kernel.bias.shape[0]
        self._bias = kernel.bias[:, None]  # [C, 1]
        self._weight = kernel.weight.flatten(1).T  # [C * 2 * stride, C in], a view
        first = self._bias.expand(-1, stride)
        self._biases = torch.stack([first, torch.zeros_like(first)], dim=1).flatten()
        self._second: Tensor | None = None  # [B, C, stride] of the latest sample

    def push(self, given: Tensor, *, last: bool) -> Tensor:
        made = self._spread(given) if given.shape[-1] else _nothing(given, self._features)
        if last and self._second is not None:
            made = torch.cat([made, self._second[..., : self._waiting] + self._bias], dim=-1)
        return made

    def _spread(self, given: Tensor) -> Tensor:
        shares = functional.linear(given.transpose(1, 2), self._weight, self._biases)
        shares = shares.unflatten(2, (self._features, 2, self._stride))  # [B, N, C, 2, stride]
        first, second = shares.unbind(dim=3)
        first[:, 1:] += second[:, :-1]
        trimmed = self._waiting
        if self._second is not None:
            first[:, 0] += self._second
            trimmed = 0
        self._second = second[:, -1].clone()
        return first.transpose(1, 2).flatten(2)[..., trimmed:]

    def lag(self, before: int) -> int:
        return before * self._stride + self._waiting


class Residual:
    """What the block's layers make of the input, added to the input itself (or its shortcut)."""

    def __init__(self, block: Layer, shortcut: Layer | None) -> None:
        self._block = block
        self._shortcut = shortcut
        self._held: Tensor | None = None  # of the input, what the block has no answer to yet

    def push(self, given: Tensor, *, last: bool) -> Tensor:
        direct = given if self._shortcut is None else self._shortcut.push(given, last=last)
        direct = _joined(self._held, direct)
        made = self._block.push(given, last=last)
        complete = made.shape[-1]
        self._held = _end(direct, direct.shape[-1] - complete)
        return made + direct[..., :complete]

    def lag(self, before: int) -> int:
        return self._block.lag(before)


class Recurrence:
    """An LSTM that goes on where it was, its input added to its output."""

    def __init__(self, lstm: Lstm) -> None:
        self._lstm = lstm
        self._state: State | None = None

    def push(self, given: Tensor, *, last: bool) -> Tensor:
        del last  # it never waits
        if not given.shape[-1]:
            return given
        steps = given.permute(2, 0, 1)  # [N, B, C]
        made, self._state = self._lstm(steps, self._state)
        return (made + steps).permute(1, 2, 0)

    def lag(self, before: int) -> int:
        return before


class Activation:
    def push(self, given: Tensor, *, last: bool) -> Tensor:
        del last  # it never waits
        return functional.elu(given)

    def lag(self, before: int) -> int:
        return before


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
