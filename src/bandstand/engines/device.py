"""What torch can compute on here, in a person's words. Loads torch, so only `bandstand doctor` asks."""

from __future__ import annotations

import torch


def describe_device() -> str:
    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        first = torch.cuda.get_device_properties(0)
        return f"{count} x {first.name}, {first.total_memory / 1e9:.0f} GB"
    if torch.backends.mps.is_available():
        return "MPS (Apple)"
    return f"CPU only, {torch.get_num_threads()} threads"
