"""How long a track can be, and how much memory a model takes; known before it is loaded. No torch."""

from __future__ import annotations

import math

from bandstand.musicgen.sizes import WINDOW_FRAMES, Sizes

TOKENS_MAX = 512  # of a text; as many as T5 was trained on
# Of one weight, and of one number of the cache. torch on a CPU keeps float32 in the cache, whatever the weights are.
WEIGHT_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0, "int8": 1.01, "int4": 0.57}
CACHE_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0, "int8": 1.07, "int4": 1.07}
OTHERS_BYTES = 4 * (110_000_000 + 57_000_000)  # T5's encoder and EnCodec, always float32
WORKING_BYTES = 300_000_000  # what a step, a prefix and the stretches of sound take for a moment


def positions_of(sizes: Sizes) -> int:
    """How many positions a slot needs: the longest prefix and the longest track."""
    before = sizes.chroma_frames + TOKENS_MAX if sizes.is_prefix else 0
    return before + WINDOW_FRAMES + max(sizes.delays)


def bytes_needed(sizes: Sizes, *, precision: str, slots: int) -> int:
    """Of a loaded model with all its slots in use."""
    weights = sum(math.prod(shape) for shape in sizes.shapes().values())
    across = 0 if sizes.is_prefix else TOKENS_MAX
    # Keys and values of two rows; across, only the conditional row has any.
    cache = slots * sizes.layers * sizes.width * 2 * (2 * positions_of(sizes) + across)
    own = WEIGHT_BYTES[precision] * weights + CACHE_BYTES[precision] * cache
    return round(own) + OTHERS_BYTES + WORKING_BYTES
