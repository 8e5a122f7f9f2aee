"""The machine that models are loaded on: which device is meant, how much memory it has. Loads torch, so only engines ask.

What it is called in a person's words is `device.py`'s affair.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import torch

from bandstand.engines import Report
from bandstand.errors import Misconfigured

ALIVE_SECONDS = 10.0  # while a model is loaded nothing else is told of a job


def choose_device(wanted: str) -> str:
    """auto: the best that is there. raises Misconfigured when the one that is named is not"""
    there: dict[str, Callable[[], bool]] = {
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
        "cpu": lambda: True,
    }
    if wanted == "auto":
        return next(name for name, is_there in there.items() if is_there())
    if not there[wanted]():
        raise Misconfigured(f"BANDSTAND_DEVICE: torch finds no {wanted} on this machine")
    return wanted


def memory_of(device: str) -> int:
    """Bytes, used or not."""
    if device == "cuda":
        return torch.cuda.get_device_properties(0).total_memory
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def release_memory(device: str) -> None:
    """What an unloaded model left behind on a GPU."""
    if device == "cuda":
        torch.cuda.empty_cache()


async def say_alive(report: Report) -> None:
    """Loading a large model takes longer than a silent engine is left alone."""
    while True:
        report.progress(0.0)
        await asyncio.sleep(ALIVE_SECONDS)
