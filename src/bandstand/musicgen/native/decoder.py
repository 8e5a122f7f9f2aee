"""The decoder on the CPU step library. It draws, too: a whole step without torch.

N slots, C columns, K codebooks, V codes of one codebook, D width, L tokens of text.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from bandstand.errors import Failed
from bandstand.musicgen.decoder import sinusoids
from bandstand.musicgen.native.library import StepSizes, Tracks, load
from bandstand.musicgen.native.mapped import forget
from bandstand.musicgen.sizes import Sizes
from bandstand.musicgen.state import State

PRECISIONS = ("float32", "bfloat16", "int8", "int4")

# BandstandTensor in step.h, in its order; "positions" is not among the weights.
OUTER = ("embedding", "positions", "norm.weight", "norm.bias", "heads")
OF_A_LAYER = (
    *("attention_norm.weight", "attention_norm.bias", "attention_in", "attention_out"),
    *("cross_norm.weight", "cross_norm.bias", "cross_query", "cross_in", "cross_out"),
    *("feed_norm.weight", "feed_norm.bias", "feed_in", "feed_out"),
)


class NativeDecoder:
    """One decoder step for all rows. A slot is one track: row 0 is conditional, row 1 is null.

    A row's numbers do not depend on other rows, nor on the number of threads: not in one bit. One thread at a time may use it.
    """

    def __init__(
        self,
        sizes: Sizes,
        weights: Mapping[str, Tensor],
        *,
        precision: str,
        slots: int,
        length: int,
        text_max: int = 512,
        threads: int | None = None,
    ) -> None:
        """
        weights  by the names of sizes.shapes(); read one after the other and packed at once, so that two of them never lie in memory
        length   positions of a slot; memory is taken as they are used
        text_max tokens of text that a slot can attend to
        precision one of PRECISIONS
        raises   Misconfigured when there is no step library, ValueError when sizes do not fit it, Failed when memory is short
        """
        _check(sizes)
        self.sizes, self.precision = sizes, precision
        self.slots, self.length, self.text_max = slots, length, text_max
        self.threads = threads or cores()
        self._library = load()
        settings = StepSizes(
            width=sizes.width,
            inner=sizes.inner,
            layers=sizes.layers,
            heads=sizes.heads,
            codebooks=sizes.codebooks,
            codes=sizes.codes,
            is_prefix=sizes.is_prefix,
            slots=slots,
            length=length,
            text=text_max,
            precision=PRECISIONS.index(precision),
            threads=self.threads,
        )
        handle = self._library.bandstand_step_open(ctypes.byref(settings))
        if not handle:
            raise Failed("There is not enough memory for the decoder.")
        self._handle = handle
        self._finalizer = weakref.finalize(self, self._library.bandstand_step_close, handle)
        for number, layer, tensor in _tensors(sizes, weights, length):
            values = tensor.to(torch.float32).contiguous()
            self._library.bandstand_step_pack(handle, number, layer, values.data_ptr())
            forget(tensor)

    @property
    def weight_bytes(self) -> int:
        return self._library.bandstand_step_weight_bytes(self._handle)

    @property
    def cache_bytes(self) -> int:
        """Of all slots in full use; less is taken before."""
        return self._library.bandstand_step_cache_bytes(self._handle)

    def bound(self, tracks: int, reach: int) -> None:
        """Nothing to do: a slot is looked at only when it plays, and only as far as it has come."""

    def attend(self, slot: int, text: Tensor) -> None:
        """What the slot's conditional row attends to from now on.

        text  float32 [L, D]  already projected; the null row attends to nothing, and so does this one when L is 0
        """
        assert not self.sizes.is_prefix, "a prefix stands in front, it is not attended across"
        assert 0 <= slot < self.slots, f"no slot {slot}"
        assert text.shape[0] <= self.text_max, f"{text.shape[0]} tokens of text are too many"
        values = self._given(text, torch.float32, text.shape[0], self.sizes.width)
        self._library.bandstand_step_attend(self._handle, slot, values.data_ptr(), values.shape[0])

    def embed(self, tokens: Tensor) -> Tensor:
        """int64 [..., K] -> float32 [..., D], the sum of the codebooks' vectors"""
        tokens = self._codes(tokens, *tokens.shape[:-1], self.sizes.codebooks)
        vectors = torch.empty(*tokens.shape[:-1], self.sizes.width)
        count = tokens.numel() // self.sizes.codebooks
        self._library.bandstand_step_embed(
            self._handle, tokens.data_ptr(), count, vectors.data_ptr()
        )
        return vectors

    def prefill(self, slot: int, vectors: Tensor, start: int) -> None:
        """Fill the cache without asking for logits.

        vectors  float32 [2, C, D]  what stands before the first step, positions not yet added
        start    position of the first of them
        """
        count = vectors.shape[1]
        assert 0 <= slot < self.slots, f"no slot {slot}"
        assert 0 <= start <= self.length - count, f"{count} columns from {start} on do not fit"
        values = self._given(vectors, torch.float32, 2, count, self.sizes.width)
        self._library.bandstand_step_prefill(self._handle, slot, values.data_ptr(), count, start)

    def logits(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """One step of all slots that are not idle.

        tokens     int64 [N, K]
        positions  int64 [N]  where in its slot each token goes, everything before it being filled; -1: idle
        return     float32 [N, 2, K, V]  zero where idle
        """
        books, codes = self.sizes.codebooks, self.sizes.codes
        positions = self._given(positions, torch.int64, self.slots)
        idle = positions < 0
        tokens = self._codes(tokens.masked_fill(idle[:, None], 0), self.slots, books)
        assert positions.max() < self.length, "a position beyond the slot"
        result = torch.empty(self.slots, 2, books, codes)
        result[idle] = 0.0
        self._library.bandstand_step_logits(
            self._handle, tokens.data_ptr(), positions.data_ptr(), result.data_ptr()
        )
        return result

    def step(self, state: State) -> None:
        """Draw the next column of every track that plays, as `runner.step` does.

        state  its tensors are read and written where they lie
        """
        slots, books, columns = state.columns.shape
        assert self._handle is not None, "the decoder is closed"
        assert (slots, books) == (self.slots, self.sizes.codebooks), "another decoder's tracks"
        rows = {name: rows.data_ptr() for name, rows in vars(state).items()}
        tracks = Tracks(**rows, columns_max=columns, positions_max=self.length)
        done = self._library.bandstand_step_take(self._handle, ctypes.byref(tracks))
        assert done, "a token that is no code, or a position beyond the slot"

    def close(self) -> None:
        """Give its memory and its threads back; it cannot be used after."""
        self._finalizer()
        self._handle = None

    def _codes(self, tokens: Tensor, *shape: int) -> Tensor:
        tokens = self._given(tokens, torch.int64, *shape)
        assert not ((tokens < 0) | (tokens > self.sizes.codes)).any(), "a token that is no code"
        return tokens

    def _given(self, tensor: Tensor, dtype: torch.dtype, *shape: int) -> Tensor:
        assert self._handle is not None, "the decoder is closed"
        assert tensor.shape == shape, f"{list(tensor.shape)} instead of {list(shape)}"
        assert tensor.dtype == dtype, f"{tensor.dtype} instead of {dtype}"
        return tensor.contiguous()


def cores() -> int:
    """That this process may use and torch would."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(allowed or 1, torch.get_num_threads()))


def _check(sizes: Sizes) -> None:
    """
    raises  ValueError when the library's vectors of 16 do not divide the sizes
    """
    head = sizes.head_width
    if head % 16 or head > 128 or sizes.inner % 16 or sizes.codes % 16:
        raise ValueError(
            f"the step library needs widths in sixteens and heads up to 128, not {sizes}"
        )


def _tensors(
    sizes: Sizes, weights: Mapping[str, Tensor], length: int
) -> Iterator[tuple[int, int, Tensor]]:
    """Number and layer (-1: outer) of each tensor of the step, in the order of step.h."""
    for number, name in enumerate(OUTER):
        tensor = sinusoids(length, sizes.width) if name == "positions" else weights[name]
        yield number, -1, tensor
    for layer in range(sizes.layers):
        for number, name in enumerate(OF_A_LAYER, len(OUTER)):
            if not (sizes.is_prefix and name.startswith("cross_")):
                yield number, layer, weights[f"layers.{layer}.{name}"]
