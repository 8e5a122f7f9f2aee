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

from bandstand.musicgen.linears import Linear, pack
from bandstand.musicgen.sizes import Sizes

NORM_EPSILON = 1e-5
CONDITIONS = ("text.", "melody.")  # projections that `conditions.py` does, once a track


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
    precision of the weights, and off the CPU of everything: "float32", "bfloat16", "float16"; "int8" on a CPU
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
        precision: str = "float32",
        together: bool | None = None,
    ) -> None:
        self.sizes = sizes
        self.slots = slots
        self.length = length
        self._device = torch.device(device)
        # On a CPU only the weights are narrow; all else is quickest in float32 there.
        dtype = torch.float32 if self._device.type == "cpu" else getattr(torch, precision)
        self._dtype: torch.dtype = dtype
        self._linears: dict[str, Linear] = {}
        self._weights: dict[str, Tensor] = {}
        for name, shape in sizes.shapes().items():
            if name.startswith(CONDITIONS):
                continue
            if len(shape) == 2 and name != "embedding":
                self._linears[name] = pack(weights[name], precision, self._device)
            else:
                self._weights[name] = weights[name].to(self._device, dtype)
        self._is_together = self._device.type != "cpu" if together is None else together
        self._places = sinusoids(length + 1, sizes.width).to(self._device, dtype)
        books = torch.arange(sizes.codebooks, device=self._device)
        self._offsets = books * (sizes.codes + 1)
        # One position more than anybody has: together, an idle slot writes there, and it may be one that is being filled.
        shape = (sizes.layers, slots, 2, sizes.heads, length + 1, sizes.head_width)
        self._keys, self._values = self._empty(*shape), self._empty(*shape)
        shape = (sizes.layers, slots, sizes.heads, text_max, sizes.head_width)
        texts = 0 if sizes.is_prefix else 1
        self._text_keys = self._empty(texts * sizes.layers, *shape[1:])
        self._text_values = self._empty(texts * sizes.layers, *shape[1:])
        self._text_lengths = torch.ones(slots, dtype=torch.int64, device=self._device)
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
            both = self._linears[f"layers.{layer}.cross_in"](text)
            keys, values = both.view(count, 2, self.sizes.heads, -1).permute(1, 2, 0, 3)
            self._text_keys[layer, slot, :, :count] = keys
            self._text_values[layer, slot, :, :count] = values

    def prefill(self, slot: int, vectors: Tensor, start: int) -> None:
        vectors = vectors.to(self._device, self._dtype)
        count = vectors.shape[1]
        end = start + count
        mask = torch.ones(count, end, dtype=torch.bool, device=self._device).tril(start)

        def self_attended(layer: int, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            self._keys[layer, slot, :, :, start:end] = keys
            self._values[layer, slot, :, :, start:end] = values
            stored = self._keys[layer, slot, :, :, :end], self._values[layer, slot, :, :, :end]
            return functional.scaled_dot_product_attention(query, *stored, attn_mask=mask)

        def across(layer: int, query: Tensor) -> Tensor:
            return self._across(layer, slot, query)

        self._layers(vectors + self._places[start:end], self_attended, across)

    def logits(self, tokens: Tensor, positions: Tensor) -> Tensor:
        sizes = self.sizes
        hidden = (self._together if self._is_together else self._alone)(tokens, positions)
        heads = self._linears["heads"](self._norm("norm", hidden))
        logits = heads.float().view(-1, 2, sizes.codebooks, sizes.codes)
        if self._is_together:
            return logits
        every = torch.zeros(self.slots, *logits.shape[1:])
        every[positions >= 0] = logits
        return every

    def _alone(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """The tracks that play, each attending over exactly its own length. return: [n, 2, 1, D]"""
        playing = (positions >= 0).nonzero().flatten()
        places = positions[playing]
        rows = self._rows(tokens[playing], places)
        slots = list(enumerate(playing.tolist()))
        spots: list[int] = places.tolist()

        def self_attended(layer: int, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            seen = torch.empty_like(query)
            for row, slot in slots:
                end = spots[row] + 1
                self._keys[layer, slot, :, :, end - 1 : end] = keys[row]
                self._values[layer, slot, :, :, end - 1 : end] = values[row]
                stored = self._keys[layer, slot, :, :, :end], self._values[layer, slot, :, :, :end]
                seen[row] = functional.scaled_dot_product_attention(query[row], *stored)
            return seen

        def across(layer: int, query: Tensor) -> Tensor:
            seen = torch.empty_like(query)
            for row, slot in slots:
                seen[row] = self._across(layer, slot, query[row])
            return seen

        return self._layers(rows, self_attended, across)

    def _together(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """All slots, masked: no value of a tensor decides what is run, so it can be captured. return: [N, 2, 1, D]

        Only attention is bounded. The products with the weights always have all rows, for another number of rows would be
        another kernel, and its sums would round otherwise.
        """
        places = torch.where(positions < 0, self.length, positions)
        own = self._mask(places + 1, min(self._reach, self.length + 1))
        theirs = self._mask(self._text_lengths, self._text_keys.shape[-2])

        def self_attended(layer: int, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            at = places.view(-1, 1, 1, 1, 1).expand_as(keys)
            self._keys[layer].scatter_(3, at, keys)
            self._values[layer].scatter_(3, at, values)
            return self._bounded(query, self._keys[layer], self._values[layer], own)

        def across(layer: int, query: Tensor) -> Tensor:
            return self._bounded(
                query, self._text_keys[layer], self._text_values[layer], theirs[:, 0]
            )

        return self._layers(self._rows(tokens, places), self_attended, across)

    def _rows(self, tokens: Tensor, places: Tensor) -> Tensor:
        """What goes in, alike for both rows of a track: int64 [n, K], [n] -> [n, 2, 1, D]"""
        vectors = self.embed(tokens) + self._places[places]
        return vectors[:, None, None].expand(-1, 2, -1, -1)

    def _mask(self, lengths: Tensor, reach: int) -> Tensor:
        """bool [tracks, 1, 1, 1, reach], what of each slot is filled"""
        reached = torch.arange(reach, device=lengths.device) < lengths[: self._tracks, None]
        return reached[:, None, None, None]

    def _bounded(self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """query [N, ..., H, 1, W], keys and values [N, ..., H, M, W]"""
        tracks, reach = mask.shape[0], mask.shape[-1]
        seen = torch.zeros_like(query)
        seen[:tracks] = functional.scaled_dot_product_attention(
            query[:tracks],
            keys[:tracks, ..., :reach, :],
            values[:tracks, ..., :reach, :],
            attn_mask=mask.expand(*query[:tracks].shape[:-2], 1, -1),
        )
        return seen

    def _across(self, layer: int, slot: int, query: Tensor) -> Tensor:
        """One slot's conditional row over its own text. [H, C, W] -> [H, C, W]"""
        count = int(self._text_lengths[slot])
        keys = self._text_keys[layer, slot, :, :count]
        values = self._text_values[layer, slot, :, :count]
        return functional.scaled_dot_product_attention(query[None], keys[None], values[None])[0]

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
            inner = functional.gelu(self._linears[f"{name}feed_in"](normed))
            vectors = vectors + self._linears[f"{name}feed_out"](inner)
        return vectors

    def _norm(self, name: str, vectors: Tensor) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return functional.layer_norm(vectors, (self.sizes.width,), weight, bias, NORM_EPSILON)

    def _parted(self, vectors: Tensor, name: str, parts: int) -> tuple[Tensor, ...]:
        """[..., C, D] -> parts times [..., H, C, W]"""
        projected = self._linears[name](vectors)
        heads = projected.unflatten(-1, (parts, self.sizes.heads, self.sizes.head_width))
        return tuple(part.transpose(-3, -2) for part in heads.unbind(-3))

    def _joined(self, seen: Tensor, name: str) -> Tensor:
        """[..., H, C, W] -> [..., C, D]"""
        return self._linears[name](seen.transpose(-3, -2).flatten(-2))


def sinusoids(length: int, width: int) -> Tensor:
    """Position table, float32 [length, width]: the cosines, then the sines, with periods from 2 pi to 2 pi * 10000."""
    half = width // 2
    rates = torch.exp(torch.arange(half) * (-math.log(10000.0) / (half - 1)))
    angles = torch.arange(length)[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=1)
