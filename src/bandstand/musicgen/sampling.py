"""From two rows of logits to one code for each codebook: guidance, temperature, top-k, top-p, and noise from (seed, step).

Nothing here depends on other tracks, and nothing is read back from the device. The noise is a hash of the seed, the step and
the code's number, so a track's codes are the same whoever else is drawn beside it, and wherever a run was taken up again.
Sources: the reference's `_sample_next_token` for the meanings; SplitMix64 (Steele, Lea, Flood 2014) for the hash.

N tracks, K codebooks, V codes.
"""

from __future__ import annotations

import torch
from torch import Tensor

GOLDEN = -7046029254386353131  # 0x9E3779B97F4A7C15, as a signed number
MIX_1 = -4658895280553007687  # 0xBF58476D1CE4E5B9
MIX_2 = -7723592293110705685  # 0x94D049BB133111EB


def guide(logits: Tensor, guidance: Tensor) -> Tensor:
    """Classifier-free guidance: 0 is the null row alone, 1 the conditional one, more than 1 exaggerates, negative avoids.

    logits    float32 [N, 2, K, V], the conditional row first
    guidance  float32 [N]
    return    float32 [N, K, V]
    """
    conditional, null = logits.unbind(1)
    return null + (conditional - null) * guidance[:, None, None]


def exponential_noise(seed: Tensor, step: Tensor, books: int, codes: int) -> Tensor:
    """Draws from Exp(1). Of 23 bits each, so that none is 0 and all are exact in float32 before the logarithm.

    seed, step  int64 [N]
    return      float32 [N, K, V]
    """
    key = _mix(_mix(seed + GOLDEN) + step * GOLDEN)
    cells = torch.arange(1, books * codes + 1, device=seed.device) * GOLDEN
    bits = _shift(_mix(key[:, None] + cells), 41).float()
    return -((bits + 0.5) * 2.0**-23).log().view(-1, books, codes)


def draw(
    logits: Tensor,
    temperature: Tensor,
    top_k: Tensor,
    top_p: Tensor,
    noise: Tensor,
    *,
    most: int | None = None,
) -> Tensor:
    """One code for each codebook.

    logits       float32 [N, K, V], guided
    temperature  float32 [N]; 0 or less takes the likeliest
    top_k        int64 [N]; 0 or less keeps all codes, ties with the k-th are kept
    top_p        float32 [N]; above 0 it replaces top_k: codes with at most that much probability before them are kept
    noise        float32 [N, K, V] from Exp(1): the largest of p / noise is a draw from p
    most         promises that every top_k is 1 to most, and every top_p 0: then nothing need be sorted, and the draws are the same
    return       int64 [N, K]
    """
    heat = torch.where(temperature > 0, temperature, 1.0)[:, None, None]
    chances = torch.softmax(logits / heat, dim=-1)
    if most is not None:
        drawn = _draw_most(chances, top_k, noise, most)
    else:
        drawn = _draw_sorted(chances, top_k, top_p, noise)
    return torch.where(temperature[:, None] > 0, drawn, logits.argmax(-1))


def _draw_most(chances: Tensor, top_k: Tensor, noise: Tensor, most: int) -> Tensor:
    last = (top_k - 1).clamp(0, most - 1)[:, None, None].expand(-1, chances.shape[1], 1)
    least = chances.topk(min(most, chances.shape[-1])).values.gather(-1, last)
    return torch.where(chances >= least, chances / noise, -1.0).argmax(-1)


def _draw_sorted(chances: Tensor, top_k: Tensor, top_p: Tensor, noise: Tensor) -> Tensor:
    codes = chances.shape[-1]
    chances, order = chances.sort(-1, descending=True)
    last = torch.where(top_k > 0, top_k, codes).clamp(max=codes) - 1
    least = chances.gather(-1, last[:, None, None].expand(-1, chances.shape[1], 1))
    before = chances.cumsum(-1) - chances
    p = top_p[:, None, None]
    is_kept = torch.where(p > 0, before <= p, chances >= least)
    weighed = torch.where(is_kept, chances / noise.gather(-1, order), -1.0)
    return order.gather(-1, weighed.argmax(-1, keepdim=True)).squeeze(-1)


def _mix(number: Tensor) -> Tensor:
    """SplitMix64's finaliser; products wrap around at 64 bits."""
    number = (number ^ _shift(number, 30)) * MIX_1
    number = (number ^ _shift(number, 27)) * MIX_2
    return number ^ _shift(number, 31)


def _shift(number: Tensor, bits: int) -> Tensor:
    """To the right, filled with zeros: torch has no unsigned shift."""
    return (number >> bits) & ((1 << (64 - bits)) - 1)
