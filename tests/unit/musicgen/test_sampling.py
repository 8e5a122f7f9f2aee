"""Guidance, top-k, top-p, temperature and the noise: their meanings, and that one track never depends on another."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bandstand.musicgen.sampling import draw, exponential_noise, guide

CODES = 64


def logits_of(*, seed: int = 0, tracks: int = 1, books: int = 4) -> Tensor:
    return torch.randn(tracks, books, CODES, generator=torch.Generator().manual_seed(seed)) * 2


def drawn(
    logits: Tensor,
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 0.0,
    seed: int = 1,
    step: int = 0,
) -> Tensor:
    tracks = logits.shape[0]
    noise = exponential_noise(
        torch.full((tracks,), seed), torch.full((tracks,), step), *logits.shape[1:]
    )
    return draw(
        logits,
        torch.full((tracks,), temperature),
        torch.full((tracks,), top_k),
        torch.full((tracks,), top_p),
        noise,
    )


def many(logits: Tensor, **wishes: float) -> Tensor:
    """[2000, K], the draws of as many steps."""
    return torch.cat([drawn(logits, step=step, **wishes) for step in range(2000)])  # type: ignore[arg-type]


def test_temperature_0_takes_the_likeliest() -> None:
    logits = logits_of()

    assert torch.equal(drawn(logits, temperature=0.0), logits.argmax(-1))


def test_negative_temperature_takes_the_likeliest() -> None:
    logits = logits_of()

    assert torch.equal(drawn(logits, temperature=-1.0), logits.argmax(-1))


def test_top_k_of_1_takes_the_likeliest() -> None:
    logits = logits_of()

    assert torch.equal(drawn(logits, top_k=1), logits.argmax(-1))


def test_top_k_draws_from_the_k_likeliest_and_from_all_of_them() -> None:
    logits = logits_of(books=1)

    seen = set(many(logits, top_k=5, temperature=3.0)[:, 0].tolist())

    assert seen == set(logits[0, 0].topk(5).indices.tolist())


def test_ties_with_the_kth_are_kept() -> None:
    logits = torch.zeros(1, 1, CODES)

    assert len(set(many(logits, top_k=2)[:, 0].tolist())) == CODES


def test_more_than_all_codes_are_all_codes() -> None:
    logits = logits_of()

    assert torch.equal(drawn(logits, top_k=5000), drawn(logits, top_k=0))


def test_top_p_keeps_codes_with_at_most_that_much_before_them() -> None:
    chances = torch.tensor([0.5, 0.3, 0.15, 0.05])
    logits = torch.full((1, 1, CODES), -1e9)
    logits[0, 0, :4] = chances.log()

    seen = set(many(logits, top_p=0.6)[:, 0].tolist())

    assert seen == {0, 1}  # before the third there is 0.8


def test_top_p_replaces_top_k() -> None:
    logits = logits_of()

    assert torch.equal(
        drawn(logits, top_p=0.9, top_k=1, seed=3), drawn(logits, top_p=0.9, top_k=0, seed=3)
    )


def test_draws_follow_the_chances() -> None:
    logits = logits_of(books=1)
    wanted = logits.softmax(-1)[0, 0]

    counts = torch.bincount(many(logits)[:, 0], minlength=CODES) / 2000

    assert (counts - wanted).abs().max() < 4 * (wanted * (1 - wanted) / 2000).sqrt().max()


def test_heat_flattens_the_draws() -> None:
    logits = logits_of(books=1)

    assert len(set(many(logits, temperature=4.0)[:, 0].tolist())) > len(
        set(many(logits, temperature=0.3)[:, 0].tolist())
    )


def test_guidance_of_1_is_the_conditional_row() -> None:
    rows = torch.randn(1, 2, 4, CODES)

    assert torch.allclose(guide(rows, torch.tensor([1.0])), rows[:, 0], atol=1e-6)


def test_guidance_of_0_is_the_null_row() -> None:
    rows = torch.randn(1, 2, 4, CODES)

    assert torch.equal(guide(rows, torch.tensor([0.0])), rows[:, 1])


@pytest.mark.parametrize("guidance", [3.0, -2.0, 10.0])
def test_guidance_goes_on_from_null_past_conditional(guidance: float) -> None:
    rows = torch.randn(1, 2, 4, CODES)

    expected = rows[:, 1] + guidance * (rows[:, 0] - rows[:, 1])

    assert torch.allclose(guide(rows, torch.tensor([guidance])), expected)


@given(st.integers(0, 2**63 - 1), st.integers(0, 40_000))
def test_noise_is_what_64_bit_words_that_wrap_around_give(seed: int, step: int) -> None:
    with np.errstate(over="ignore"):
        golden = np.uint64(0x9E3779B97F4A7C15)
        key = mixed(mixed(np.uint64(seed) + golden) + np.uint64(step) * golden)
        bits = mixed(key + np.arange(1, 4 * CODES + 1, dtype=np.uint64) * golden) >> np.uint64(41)

    noise = exponential_noise(torch.tensor([seed]), torch.tensor([step]), 4, CODES)

    expected = -np.log((bits.astype(np.float64) + 0.5) * 2.0**-23)
    assert np.allclose(noise.numpy().reshape(-1), expected, rtol=1e-4, atol=1e-7)


def mixed(number: np.ndarray | np.uint64) -> np.ndarray | np.uint64:
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


def test_noise_is_exponential() -> None:
    noise = exponential_noise(torch.arange(50), torch.arange(50), 4, 2048).flatten()

    assert noise.min() > 0
    assert abs(noise.mean() - 1) < 0.01
    assert abs((noise < 0.6931).float().mean() - 0.5) < 0.005
    assert abs((noise > 3).float().mean() - 0.0498) < 0.002


def test_noise_of_neighbouring_seeds_and_steps_has_nothing_in_common() -> None:
    seeds = torch.tensor([7, 8, 7, 7])
    steps = torch.tensor([0, 0, 1, 2])

    noise = exponential_noise(seeds, steps, 4, 2048).view(4, -1)

    assert (torch.corrcoef(noise) - torch.eye(4)).abs().max() < 0.05


def test_a_track_draws_the_same_alone_and_among_others() -> None:
    logits = logits_of(tracks=5)
    seeds, steps = torch.arange(5) * 77, torch.arange(5) * 13
    heat, top_k, top_p = (
        torch.rand(5) + 0.5,
        torch.randint(1, 60, (5,)),
        torch.tensor([0, 0.5, 0, 0.9, 0]),
    )

    together = draw(logits, heat, top_k, top_p, exponential_noise(seeds, steps, 4, CODES))

    for one in range(5):
        at = slice(one, one + 1)
        noise = exponential_noise(seeds[at], steps[at], 4, CODES)
        assert torch.equal(
            draw(logits[at], heat[at], top_k[at], top_p[at], noise)[0], together[one]
        )


@given(st.integers(0, 10**6), st.lists(st.integers(1, 60), min_size=3, max_size=3))
def test_draw_without_sorting_is_the_draw_with_it(seed: int, top_k: list[int]) -> None:
    logits = logits_of(seed=seed, tracks=3)
    logits[0, 0, :20] = 1.5  # ties
    wishes = (torch.tensor([1.0, 0.0, 1.7]), torch.tensor(top_k), torch.zeros(3))
    noise = exponential_noise(torch.arange(3) + seed, torch.arange(3), 4, CODES)

    assert torch.equal(draw(logits, *wishes, noise, most=60), draw(logits, *wishes, noise))
