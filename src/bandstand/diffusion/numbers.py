"""In which numbers a checkpoint computes: which can be had on a device, and which are usual there."""

from __future__ import annotations

import torch

ON_CPU = ("float32", "bfloat16")
ON_GPU = ("float16", "bfloat16", "float32")
BFLOAT16_UNITS = (
    "avx512_bf16",
    "amx_bf16",
)  # with one of them bfloat16 halves the time; without, it costs some


def precisions_on(device: str) -> tuple[str, ...]:
    """The usual one first."""
    if device == "cuda":
        return ON_GPU
    if device == "cpu" and has_bfloat16():
        return tuple(reversed(ON_CPU))
    return ON_CPU


def has_bfloat16() -> bool:
    """Whether the processor multiplies such numbers itself."""
    able = torch.cpu.get_capabilities()
    return any(able.get(unit) for unit in BFLOAT16_UNITS)
