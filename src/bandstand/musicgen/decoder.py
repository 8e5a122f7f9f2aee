"""The transformer as one step over static state, in torch: tokens and positions in, logits out, for all tracks at once.

It draws nothing and schedules nothing. All tensors keep their shapes: whoever joins or leaves only writes rows, so that the same
code can be captured into a CUDA graph. `native/` does the same step on a CPU without torch.
Source: MusicGen (arXiv:2306.05284); a pre-norm transformer without biases, sinusoidal positions.

N slots (tracks), 2 rows of each (conditional, null), K codebooks, V codes, D width, H heads, W head width, L tokens of text,
C columns that are filled in at once, M positions of the cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from bandstand.musicgen.sizes import Sizes

NORM_EPSILON = 1e-5


class Decoder(Protocol):
    """What runs the transformer: torch here, or the native library."""

    sizes: Sizes
    slots: int
    length: int

    def attend(self, slot: int, text: Tensor) -> None:
        """Let the conditional row attend across to this text; the null row's attention is exactly nothing.

        text  float32 [L, D], projected
        """
        ...

    def prefill(self, slot: int, vectors: Tensor, start: int) -> None:
        """Fill the slot's cache with what stands before the first step.

        vectors  float32 [2, C, D], positions not yet added
        start    position of the first of them
        """
        ...

    def embed(self, tokens: Tensor) -> Tensor:
        """int64 [..., K] -> float32 [..., D], the sum of the codebooks' vectors"""
        ...

    def bound(self, tracks: int, reach: int) -> None:
        """What the next steps need not look at: the slots from `tracks` on, which are idle, and the positions from `reach` on."""
        ...

    def logits(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """One step of all slots.

        tokens     int64 [N, K]
        positions  int64 [N]; -1: idle, its logits mean nothing
        return     float32 [N, 2, K, V]
        """
        ...


class TorchDecoder:
    """The step in torch.

    length    positions of a slot, prefix included
    together  attend all tracks at once over the whole masked cache, as a CUDA graph needs it; otherwise each track alone over
              exactly its own length: cheap on a CPU, and its sums do not depend on others. None: by the device
    """

    def __init__(
        self,
        sizes: Sizes,
        weights: Mapping[str, Tensor],
        *,
        slots: int,
        length: int,
        text_max: int = 512,
        device: str = "cpu",
        dtype: torch.dtype = torch.float32,
        together: bool | None = None,
    ) -> None:
        self.sizes = sizes
        self.slots = slots
        self.length = length
        self._device = torch.device(device)
        self._dtype = dtype
        self._weights = {
            name: weights[name].to(self._device, dtype, copy=self._device.type != "cpu")
            for name in sizes.shapes()
        }
        self._is_together = self._device.type != "cpu" if together is None else together
        self._places = sinusoids(length + 1, sizes.width).to(self._device, dtype)
        books = torch.arange(sizes.codebooks, device=self._device)
        self._offsets = books * (sizes.codes + 1)
        # One position more than anybody has: there an idle slot writes, which may be one that is being filled.
        shape = (sizes.layers, slots, 2, sizes.heads, length + 1, sizes.head_width)
        self._keys, self._values = self._empty(*shape), self._empty(*shape)
        shape = (sizes.layers, slots, sizes.heads, text_max, sizes.head_width)
        texts = 0 if sizes.is_prefix else 1
        self._text_keys = self._empty(texts * sizes.layers, *shape[1:])
        self._text_values = self._empty(texts * sizes.layers, *shape[1:])
        self._text_lengths = torch.ones(slots, dtype=torch.int64, device=self._device)
        self._attended = self._together if self._is_together else self._alone
        self._tracks, self._reach = slots, length

    def _empty(self, *shape: int) -> Tensor:
        """Untouched memory costs nothing on a CPU. Trap: what is masked must be finite all the same, for 0 times NaN is NaN."""
        make = torch.zeros if self._is_together else torch.empty
        return make(shape, dtype=self._dtype, device=self._device)

    def embed(self, tokens: Tensor) -> Tensor:
        return self._weights["embedding"][tokens + self._offsets].sum(-2)

    def bound(self, tracks: int, reach: int) -> None:
        self._tracks, self._reach = tracks, reach

    def attend(self, slot: int, text: Tensor) -> None:
        count = text.shape[0]
        self._text_lengths[slot] = count
        text = text.to(self._device, self._dtype)
        for layer in range(self.sizes.layers):
            both = functional.linear(text, self._weights[f"layers.{layer}.cross_in"])
            keys, values = both.view(count, 2, self.sizes.heads, -1).permute(1, 2, 0, 3)
            self._text_keys[layer, slot, :, :count] = keys
            self._text_values[layer, slot, :, :count] = values

    def prefill(self, slot: int, vectors: Tensor, start: int) -> None:
        vectors = vectors.to(self._device, self._dtype)
        count = vectors.shape[1]
        end = start + count
        mask = torch.ones(count, end, dtype=torch.bool, device=self._device).tril(start)
        text = self._text_lengths[slot]

        def self_attended(layer: int, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            self._keys[layer, slot, :, :, start:end] = keys
            self._values[layer, slot, :, :, start:end] = values
            stored = self._keys[layer, slot, :, :, :end], self._values[layer, slot, :, :, :end]
            return functional.scaled_dot_product_attention(query, *stored, attn_mask=mask)

        def across(layer: int, query: Tensor) -> Tensor:
            stored = (
                self._text_keys[layer, slot, :, :text],
                self._text_values[layer, slot, :, :text],
            )
            return functional.scaled_dot_product_attention(query, *stored)

        self._layers(vectors + self._places[start:end], self_attended, across)

    def logits(self, tokens: Tensor, positions: Tensor) -> Tensor:
        sizes = self.sizes
        places = torch.where(positions < 0, self.length, positions)
        vectors = self.embed(tokens) + self._places[places]
        rows = vectors[:, None].expand(-1, 2, -1)[:, :, None]  # [N, 2, 1, D]

        def self_attended(layer: int, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            at = places.view(-1, 1, 1, 1, 1).expand_as(keys)
            self._keys[layer].scatter_(3, at, keys)
            self._values[layer].scatter_(3, at, values)
            return self._attended(
                query, self._keys[layer], self._values[layer], places + 1, idle=positions < 0
            )

        def across(layer: int, query: Tensor) -> Tensor:
            stored = self._text_keys[layer][:, None], self._text_values[layer][:, None]
            lengths = self._text_lengths
            return self._attended(query[:, None], *stored, lengths, idle=positions < 0)[:, 0]

        hidden = self._layers(rows, self_attended, across)
        hidden = self._norm("norm", hidden)
        heads = functional.linear(hidden, self._weights["heads"])
        return heads.float().view(-1, 2, sizes.codebooks, sizes.codes)

    def _layers(
        self,
        vectors: Tensor,
        self_attended: Callable[[int, Tensor, Tensor, Tensor], Tensor],
        across: Callable[[int, Tensor], Tensor],
    ) -> Tensor:
        """All layers. vectors [..., 2, C, D]: the rows of a track, conditional first; across is asked for the first row only."""
        for layer in range(self.sizes.layers):
            name = f"layers.{layer}."
            normed = self._norm(f"{name}attention_norm", vectors)
            query, keys, values = self._parted(normed, f"{name}attention_in", 3)
            seen = self_attended(layer, query, keys, values)
            vectors = vectors + self._joined(seen, f"{name}attention_out")
            if not self.sizes.is_prefix:
                conditional, null = vectors.unbind(-3)
                normed = self._norm(f"{name}cross_norm", conditional)
                (query,) = self._parted(normed, f"{name}cross_query", 1)
                read = self._joined(across(layer, query), f"{name}cross_out")
                vectors = torch.stack([conditional + read, null], dim=-3)
            normed = self._norm(f"{name}feed_norm", vectors)
            inner = functional.gelu(functional.linear(normed, self._weights[f"{name}feed_in"]))
            vectors = vectors + functional.linear(inner, self._weights[f"{name}feed_out"])
        return vectors

    def _norm(self, name: str, vectors: Tensor) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return functional.layer_norm(vectors, (self.sizes.width,), weight, bias, NORM_EPSILON)

    def _parted(self, vectors: Tensor, name: str, parts: int) -> tuple[Tensor, ...]:
        """[..., C, D] -> parts times [..., H, C, W]"""
        projected = functional.linear(vectors, self._weights[name])
        heads = projected.unflatten(-1, (parts, self.sizes.heads, self.sizes.head_width))
        return tuple(part.transpose(-3, -2) for part in heads.unbind(-3))

    def _joined(self, seen: Tensor, name: str) -> Tensor:
        """[..., H, C, W] -> [..., C, D]"""
        return functional.linear(seen.transpose(-3, -2).flatten(-2), self._weights[name])

    def _alone(
        self, query: Tensor, keys: Tensor, values: Tensor, lengths: Tensor, *, idle: Tensor
    ) -> Tensor:
        """Each track over its own length. query [N, R, H, 1, W], keys and values [N, R, H, M, W], lengths [N]."""
        seen = torch.zeros_like(query)
        for slot, (length, is_idle) in enumerate(zip(lengths.tolist(), idle.tolist(), strict=True)):
            if not is_idle:
                stored = keys[slot, :, :, :length], values[slot, :, :, :length]
                seen[slot] = functional.scaled_dot_product_attention(query[slot], *stored)
        return seen

    def _together(
        self, query: Tensor, keys: Tensor, values: Tensor, lengths: Tensor, *, idle: Tensor
    ) -> Tensor:
        """All tracks at once, masked: no value of a tensor decides what is run, so it can be captured.

        Only attention is bounded. The products with the weights always have all rows, for another number of rows would be
        another kernel, and its sums would round otherwise.
        """
        del idle
        tracks, reach = self._tracks, min(self._reach, keys.shape[-2])
        stored = keys[:tracks, ..., :reach, :], values[:tracks, ..., :reach, :]
        reached = torch.arange(reach, device=keys.device) < lengths[:tracks, None]
        mask = reached[:, None, None, None, :].expand(-1, query.shape[1], 1, 1, -1)
        seen = torch.zeros_like(query)
        seen[:tracks] = functional.scaled_dot_product_attention(
            query[:tracks], *stored, attn_mask=mask
        )
        return seen


def sinusoids(length: int, width: int) -> Tensor:
    """Position table, float32 [length, width]: the cosines, then the sines, with periods from 2 pi to 2 pi * 10000."""
    half = width // 2
    rates = torch.exp(torch.arange(half) * (-math.log(10000.0) / (half - 1)))
    angles = torch.arange(length)[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=1)
