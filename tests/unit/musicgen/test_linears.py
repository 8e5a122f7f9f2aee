"""Packed products: close to the exact ones, and the same for a row whoever the other rows are."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from bandstand.musicgen.linears import pack

CPU = torch.device("cpu")
ERRORS = {"float32": 1e-6, "bfloat16": 0.01, "float16": 0.002, "int8": 0.03}


def weight_of(outputs: int = 96, inputs: int = 64) -> torch.Tensor:
    return torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(1))


def rows_of(count: int, *, seed: int = 2) -> torch.Tensor:
    return torch.randn(count, 64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("precision", ERRORS)
def test_product_is_close_to_the_exact_one_and_float32(precision: str) -> None:
    weight, rows = weight_of(), rows_of(5)

    product = pack(weight, precision, CPU)(rows)

    exact = functional.linear(rows, weight)
    assert product.dtype == torch.float32
    assert (product - exact).norm() / exact.norm() < ERRORS[precision]


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
@pytest.mark.parametrize("count", [1, 2, 3, 8, 16, 33])
def test_row_gives_the_same_alone_and_among_others(precision: str, count: int) -> None:
    linear = pack(weight_of(), precision, CPU)
    row = rows_of(1)

    for place in range(count):
        rows = rows_of(count, seed=place) * 100
        rows[place] = row[0]
        assert torch.equal(linear(rows)[place], linear(row)[0])


@pytest.mark.parametrize("precision", ERRORS)
def test_any_shape_before_the_last_is_kept(precision: str) -> None:
    linear = pack(weight_of(), precision, CPU)

    assert linear(rows_of(12).view(3, 2, 2, 64)).shape == (3, 2, 2, 96)


@pytest.mark.parametrize("precision", ERRORS)
def test_nothing_gives_nothing(precision: str) -> None:
    linear = pack(weight_of(), precision, CPU)

    assert torch.equal(linear(torch.zeros(2, 64)), torch.zeros(2, 96))


def test_weight_of_zeros_gives_nothing_in_int8() -> None:
    linear = pack(torch.zeros(96, 64), "int8", CPU)

    assert torch.equal(linear(rows_of(2)), torch.zeros(2, 96))
