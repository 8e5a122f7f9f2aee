"""Products with a weight, packed once for the processor they run on. torch's own are the slow ones on a CPU: they read a weight at a
fifth of the memory's speed when it meets only a few rows.

What a row gives does not depend on the other rows, nor on how many there are: float32 and bfloat16 by how oneDNN adds up (measured,
and held by a test), int8 because each row is brought to the same range before it is rounded. Source: performance.md, section 3.

M rows, I inputs, O outputs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Linear = Callable[[Tensor], Tensor]  # [..., I] -> [..., O]
ROWS = 8  # for how many oneDNN lays a weight out; more or fewer work, too
LEAST = 1e-30  # a row of zeros has no range


def pack(weight: Tensor, precision: str, device: torch.device) -> Linear:
    """
    weight     [O, I], of any floating type
    precision  "float32", "bfloat16", "float16", or on a CPU "int8"
    """
    if device.type != "cpu":
        there = weight.to(device, getattr(torch, precision), copy=True)
        return lambda rows: functional.linear(rows, there)
    if precision == "int8":
        return _int8(weight.float())
    return _packed(weight.to(getattr(torch, precision)))


def _packed(weight: Tensor) -> Linear:
    """Takes and gives float32, whatever it computes in."""
    kind, outputs = weight.dtype, weight.shape[0]
    if not (torch.backends.mkldnn.is_available() and kind in {torch.float32, torch.bfloat16}):
        return lambda rows: functional.linear(rows.to(kind), weight).float()
    laid_out = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), ROWS)  # noqa: SLF001 - it has no public name

    def linear(rows: Tensor) -> Tensor:
        flat = rows.to(kind).flatten(0, -2)
        product = torch.ops.mkldnn._linear_pointwise(flat, laid_out, None, "none", [], "")  # noqa: SLF001
        return product.float().view(*rows.shape[:-1], outputs)

    return linear


def _int8(weight: Tensor) -> Linear:
    """Weights with a scale for each output, inputs with one for each row.

    Trap: torch finds one scale for all rows, from the smallest to the largest input of them. So each row is scaled to -1..1 first,
    and a row is added that holds both: then the scale is always the same.
    """
    scales = (weight.abs().amax(1) / 127).clamp(min=LEAST).double()
    zeros = torch.zeros(weight.shape[0], dtype=torch.int64)
    with warnings.catch_warnings():
        # torch says that tensors of this kind will go one day; its version is pinned.
        warnings.filterwarnings("ignore", "torch.quantize_per_tensor", UserWarning)
        rounded = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
    laid_out = torch.ops.quantized.linear_prepack(rounded, None)
    range_row = torch.zeros(1, weight.shape[1])
    range_row[0, :2] = torch.tensor([-1.0, 1.0])

    def linear(rows: Tensor) -> Tensor:
        flat = rows.flatten(0, -2)
        reach = flat.abs().amax(1, keepdim=True).clamp(min=LEAST)
        scaled = torch.cat([range_row, flat / reach])
        product = torch.ops.quantized.linear_dynamic(scaled, laid_out, reduce_range=False)
        return (product[1:] * reach).view(*rows.shape[:-1], weight.shape[0])

    return linear
