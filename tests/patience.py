"""How tests wait: for what must come, until it is there and far longer than it takes; never for a while that is surely enough.

Not for facts that are times themselves. Those are measured from below, or against what would happen otherwise, with room for a
machine that stands still for some seconds in between.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 60.0  # less than pytest gives a test
LOOK_SECONDS = 0.02
T = TypeVar("T")


def once(
    ask: Callable[[], T],
    fits: Callable[[T], object] = bool,
    *,
    seconds: float = PATIENCE_SECONDS,
    why: str = "",
) -> T:
    """What `ask` says, as soon as it fits; that it is true, when not told otherwise."""
    until = time.monotonic() + seconds
    while not fits(told := ask()):
        assert time.monotonic() < until, f"not within {seconds:g} s: {why or told}"
        time.sleep(LOOK_SECONDS)
    return told


async def soon(
    ask: Callable[[], T],
    fits: Callable[[T], object] = bool,
    *,
    seconds: float = PATIENCE_SECONDS,
    why: str = "",
) -> T:
    """As `once`, where the event loop has to go on meanwhile."""
    until = time.monotonic() + seconds
    while not fits(told := ask()):
        assert time.monotonic() < until, f"not within {seconds:g} s: {why or told}"
        await asyncio.sleep(LOOK_SECONDS)
    return told
