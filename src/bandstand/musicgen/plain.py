"""The slow, obvious generation: no cache, no batch, every step from the first column. What the fast path is compared with.

Source: MusicGen (arXiv:2306.05284) and the reference's `LMModel.generate`, read as plainly as possible. For tests; nothing else
should call it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import gelu, layer_norm

from bandstand.musicgen.runner import Track
from bandstand.musicgen.sizes import Sizes


def plain_codes(sizes: Sizes, weights: Mapping[str, Tensor], track: Track) -> Tensor:
    """All codes of a track, int64 [K, frames], prompt included."""
    steps = track.frames + max(sizes.delays)
    grid = [[sizes.special] * (steps + 1) for _ in sizes.delays]
    for step in range(1, steps + 1):
        logits = plain_logits(sizes, weights, track, torch.tensor([row[:step] for row in grid]))
        guided = logits[1] + (logits[0] - logits[1]) * track.sampling.guidance
        for book, delay in enumerate(sizes.delays):
            frame = step - 1 - delay
            if 0 <= frame < track.prompt.shape[1]:
                grid[book][step] = int(track.prompt[book, frame])
            elif 0 <= frame < track.frames:
                grid[book][step] = _drawn(guided[book], book, track, step - 1)
    return torch.tensor(
        [
            grid[book][1 + delay : 1 + delay + track.frames]
            for book, delay in enumerate(sizes.delays)
        ]
    )


def plain_logits(
    sizes: Sizes, weights: Mapping[str, Tensor], track: Track, columns: Tensor
) -> Tensor:
    """float32 [2, K, V] after the last of the columns int64 [K, S]: the conditional row, then the null row."""
    tables = weights["embedding"].view(sizes.codebooks, -1, sizes.width)
    given = torch.stack([table[codes] for table, codes in zip(tables, columns, strict=True)]).sum(0)
    rows: list[Tensor] = []
    for row in (0, 1):
        x = given if track.prefix is None else torch.cat([track.prefix[row], given])
        x = x + _places(x.shape[0], sizes.width)
        for layer in range(sizes.layers):
            w = {
                n.split(".", 2)[2]: t
                for n, t in weights.items()
                if n.startswith(f"layers.{layer}.")
            }
            query, key, value = (_norm(x, w, "attention") @ w["attention_in"].T).chunk(3, dim=1)
            x = x + _attended(query, key, value, sizes.heads, causal=True) @ w["attention_out"].T
            if track.text is not None and row == 0:
                query = _norm(x, w, "cross") @ w["cross_query"].T
                key, value = (track.text @ w["cross_in"].T).chunk(2, dim=1)
                x = x + _attended(query, key, value, sizes.heads, causal=False) @ w["cross_out"].T
            x = x + gelu(_norm(x, w, "feed") @ w["feed_in"].T) @ w["feed_out"].T
        last = layer_norm(x[-1], x.shape[1:], weights["norm.weight"], weights["norm.bias"], 1e-5)
        rows.append(last @ weights["heads"].T)
    return torch.stack(rows).view(2, sizes.codebooks, sizes.codes)


def _norm(x: Tensor, w: Mapping[str, Tensor], name: str) -> Tensor:
    return layer_norm(x, x.shape[1:], w[f"{name}_norm.weight"], w[f"{name}_norm.bias"], 1e-5)


def _attended(query: Tensor, key: Tensor, value: Tensor, heads: int, *, causal: bool) -> Tensor:
    parts: list[Tensor] = []
    for q, k, v in zip(*(t.chunk(heads, dim=1) for t in (query, key, value)), strict=True):
        scores = q @ k.T / math.sqrt(q.shape[1])
        if causal:
            scores = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), -math.inf)
        parts.append(scores.softmax(dim=1) @ v)
    return torch.cat(parts, dim=1)


def _places(length: int, width: int) -> Tensor:
    half = width // 2
    angles = np.arange(length)[:, None] * 10000.0 ** (-np.arange(half) / (half - 1))
    return torch.from_numpy(np.concatenate([np.cos(angles), np.sin(angles)], axis=1)).float()


def _drawn(logits: Tensor, book: int, track: Track, step: int) -> int:
    """One code of one codebook; the noise in 64-bit words that wrap around."""
    sampling = track.sampling
    if sampling.temperature <= 0:
        return int(logits.argmax())
    chances = (logits / sampling.temperature).softmax(dim=0).numpy().copy()
    order = np.argsort(-chances, kind="stable")
    if sampling.top_p > 0:
        before = np.cumsum(chances[order]) - chances[order]
        chances[order[before > sampling.top_p]] = 0
    elif 0 < sampling.top_k < len(chances):
        chances[chances < chances[order[sampling.top_k - 1]]] = 0
    golden, word = 0x9E3779B97F4A7C15, 2**64 - 1
    key = _mixed((_mixed((track.seed + golden) & word) + (track.draws + step) * golden) & word)
    cells = [
        (key + (book * len(chances) + code + 1) * golden) & word for code in range(len(chances))
    ]
    noise = [-math.log(((_mixed(cell) >> 41) + 0.5) * 2.0**-23) for cell in cells]
    return int(np.argmax(chances / np.array(noise)))


def _mixed(number: int) -> int:
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & 2**64 - 1
    number = (number ^ number >> 27) * 0x94D049BB133111EB & 2**64 - 1
    return number ^ number >> 31
