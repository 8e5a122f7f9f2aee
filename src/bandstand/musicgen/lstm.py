"""EnCodec's LSTM, its weights put into the processor's order once.

Not torch's own module, where that can be helped: on a processor it copies all its weights into oneDNN's order at every call, 64 MB of them in
MusicGen's codec, and a piece of ten frames spends more time on that than on its sums. Elsewhere (a GPU, a torch without oneDNN) it is torch's module.

N steps, B streams side by side, C features, L layers.
Source: Long Short-Term Memory, as torch.nn.LSTM has it; the order of the weights is what torch's own compiler asks oneDNN for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

State = tuple[Tensor, Tensor]  # what is put out and what is remembered, each [L, B, C]
Lstm = Callable[[Tensor, State | None], tuple[Tensor, State]]  # steps [N, B, C], N at least 1

_LSTM = 2  # among oneDNN's kinds
_ordered: Any = getattr(torch.ops.mkldnn, "_reorder_mkldnn_rnn_layer_weight", None)


class Gates(NamedTuple):
    """One layer's weights, all float32 and of four gates: to them from the input [4 * C, C], from the output before; what is added [4 * C]."""

    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor
    bias_hh: Tensor


def lstm(layers: Sequence[Gates], *, device: str) -> Lstm:
    """Without a memory: it may serve any number of streams."""
    is_cpu = torch.device(device).type == "cpu" and torch.backends.mkldnn.is_available()
    if is_cpu and _ordered is not None:
        return PackedLstm(layers)
    return plain_lstm(layers, device=device)


def plain_lstm(layers: Sequence[Gates], *, device: str) -> Lstm:
    """torch's own."""
    width = layers[0].weight_hh.shape[1]
    module = nn.LSTM(width, width, len(layers), device="meta")
    given = {
        f"{name}_l{number}": tensor
        for number, gates in enumerate(layers)
        for name, tensor in gates._asdict().items()
    }
    module.load_state_dict(given, assign=True)
    return module.to(device).requires_grad_(requires_grad=False)


class PackedLstm:
    """oneDNN's, on a processor."""

    def __init__(self, layers: Sequence[Gates]) -> None:
        self._width = layers[0].weight_hh.shape[1]
        self._layers = [self._packed(gates) for gates in layers]
        self._run: Any = functools.partial(
            torch.ops.aten.mkldnn_rnn_layer,
            reverse=False,
            batch_sizes=[],
            mode=_LSTM,
            hidden_size=self._width,
            num_layers=1,
            has_biases=True,
            bidirectional=False,
            batch_first=False,
            train=False,
        )

    def _packed(self, gates: Gates) -> Gates:
        """The two weights in oneDNN's order: opaque tensors, which fit every N and B."""
        from_input, from_output = _ordered(
            gates.weight_ih,
            gates.weight_hh,
            self._width,
            reverse=False,
            has_biases=True,
            batch_first=False,
        )
        return Gates(from_input, from_output, gates.bias_ih, gates.bias_hh)

    def __call__(self, steps: Tensor, state: State | None) -> tuple[Tensor, State]:
        if state is None:
            nothing = steps.new_zeros(len(self._layers), steps.shape[1], self._width)
            state = nothing, nothing
        steps = steps.contiguous()  # Trap: oneDNN reads other strides as if they were these.
        outs: list[Tensor] = []
        memories: list[Tensor] = []
        for gates, out, memory in zip(self._layers, *state, strict=True):
            steps, last_out, last_memory, _ = self._run(steps, *gates, out, memory)
            outs.append(last_out)
            memories.append(last_memory)
        return steps, (torch.stack(outs), torch.stack(memories))
