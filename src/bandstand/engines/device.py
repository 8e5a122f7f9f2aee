"""What torch can compute on here, in a person's words. Loads torch, so only `bandstand doctor` asks."""

from __future__ import annotations

import torch

from bandstand.musicgen.native.library import use_level, why_not


def describe_device() -> str:
    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        first = torch.cuda.get_device_properties(0)
        return f"{count} x {first.name}, {first.total_memory / 1e9:.0f} GB"
    if torch.backends.mps.is_available():
        return "MPS (Apple)"
    return f"CPU only, {torch.get_num_threads()} threads"


def describe_step_library() -> str:
    """Whether MusicGen's step library is there, and with which of the processor's instructions it works."""
    reason = why_not()
    return f"{reason}; torch does the work" if reason else f"built, uses {use_level()}"
