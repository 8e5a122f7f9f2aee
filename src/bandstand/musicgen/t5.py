"""The encoder of T5: tokens of text to vectors, always in float32.

Not T5's decoder, which MusicGen has no use for, and nothing about padding: each text is encoded alone.
Source: "Exploring the Limits of Transfer Learning" (arXiv:1910.10683), section 2.1; the buckets are those of its reference code.

L tokens, D width, H heads, B buckets of distance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from bandstand.errors import Misconfigured
from bandstand.musicgen.checkpoints import Part
from bandstand.musicgen.parts import T5, t5_shapes

DEFAULTS: Mapping[str, Any] = {
    **T5,
    "relative_attention_max_distance": 128,
    "layer_norm_epsilon": 1e-6,
}


class T5Encoder:
    """May be called from several threads."""

    def __init__(self, part: Part, *, device: str = "cpu") -> None:
        """raises  Misconfigured when the tensors are not those of the settings, or these are of no T5 that is known"""
        said = {**DEFAULTS, **part.settings}
        if said["feed_forward_proj"] not in {"relu", "gated-gelu"}:
            raise Misconfigured(f"a T5 with {said['feed_forward_proj']!r} layers is not known")
        for name, shape in t5_shapes(part.settings).items():
            there = part.tensors.get(name)
            if there is None or tuple(there.shape) != shape:
                found = "missing" if there is None else tuple(there.shape)
                raise Misconfigured(f"text encoder: {name} is {found}, and should be {shape}")
        self.width: int = said["d_model"]
        self._said = said
        self._device = device
        self._weights = {
            name: part.tensors[name].to(device, torch.float32) for name in t5_shapes(part.settings)
        }

    @torch.no_grad()
    def __call__(self, tokens: list[int]) -> Tensor:
        """float32 [L, D]"""
        x = self._weights["shared.weight"][torch.tensor(tokens, device=self._device)]
        bias = self._distances(len(tokens))
        for block in range(self._said["num_layers"]):
            name = f"encoder.block.{block}.layer."
            x = x + self._attended(self._normed(x, f"{name}0."), bias, f"{name}0.SelfAttention.")
            x = x + self._fed(self._normed(x, f"{name}1."), f"{name}1.DenseReluDense.")
        return self._scaled(x, "encoder.final_layer_norm.weight")

    def _normed(self, x: Tensor, layer: str) -> Tensor:
        return self._scaled(x, f"{layer}layer_norm.weight")

    def _scaled(self, x: Tensor, name: str) -> Tensor:
        """Norming by the root of the mean square; no mean is taken away."""
        power = x.square().mean(-1, keepdim=True)
        return x * torch.rsqrt(power + self._said["layer_norm_epsilon"]) * self._weights[name]

    def _attended(self, x: Tensor, bias: Tensor, name: str) -> Tensor:
        heads = self._said["num_heads"]
        query, key, value = (
            functional.linear(x, self._weights[f"{name}{part}.weight"]).unflatten(1, (heads, -1))
            for part in "qkv"
        )  # [L, H, W]
        scores = torch.einsum("qhw,khw->hqk", query, key) + bias  # Trap: T5 does not scale them
        seen = torch.einsum("hqk,khw->qhw", scores.softmax(-1), value)
        return functional.linear(seen.flatten(1), self._weights[f"{name}o.weight"])

    def _fed(self, x: Tensor, name: str) -> Tensor:
        def inner(part: str) -> Tensor:
            return functional.linear(x, self._weights[f"{name}{part}.weight"])

        if self._said["feed_forward_proj"] == "relu":
            hidden = inner("wi").relu()
        else:
            hidden = functional.gelu(inner("wi_0"), approximate="tanh") * inner("wi_1")
        return functional.linear(hidden, self._weights[f"{name}wo.weight"])

    def _distances(self, length: int) -> Tensor:
        """What each head adds for how far apart two tokens are: float32 [H, L, L]. The first block's table serves all."""
        name = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        places = torch.arange(length)
        apart = places[None] - places[:, None]
        buckets = buckets_of(
            apart,
            self._said["relative_attention_num_buckets"],
            self._said["relative_attention_max_distance"],
        )
        return self._weights[name][buckets.to(self._device)].permute(2, 0, 1)


def buckets_of(apart: Tensor, count: int, far: int) -> Tensor:
    """Half of the buckets are for what lies before, half for what follows; of each the nearer half holds one distance each,
    the other half ever wider ranges, up to `far` and all beyond.

    apart   int64, positive for what follows
    return  int64 of the same shape, 0 to count - 1
    """
    half = count // 2
    near = half // 2
    distance = apart.abs()
    widening = (distance.clamp(min=1).float() / near).log() / math.log(far / near)
    wide = (near + (widening * (half - near)).to(torch.int64)).clamp(max=half - 1)
    return half * (apart > 0) + torch.where(distance < near, distance, wide)
