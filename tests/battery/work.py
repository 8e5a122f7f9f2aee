"""Orders of the battery: the prompts there are, and how work is shared out over processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent


def mapped(work: Callable, things: Sequence, jobs: int) -> Iterator:
    """In order, in so many processes."""
    if jobs == 1 or len(things) < 2:
        yield from map(work, things)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(work, things)


def read_prompts(name: str) -> list[str]:
    """The prompts of a file of this folder, one a line; # begins a comment."""
    lines = (HERE / name).read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def spread(prompts: Sequence[str], count: int) -> list[str]:
    """So many of the prompts, from all over the list."""
    if count >= len(prompts):
        return list(prompts)
    return [prompts[n * len(prompts) // count] for n in range(count)]
