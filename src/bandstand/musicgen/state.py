"""The running tracks as tensors whose shapes never change: one row for each slot, all on the decoder's device.

N slots, K codebooks, S columns of the longest track.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor


@dataclass
class State:
    columns: Tensor  # int64 [N, K, S], the delayed codes, UNKNOWN where they are still to be drawn
    column: Tensor  # int64 [N], the last one that is known
    prefix: Tensor  # int64 [N], positions before column 0
    is_playing: Tensor  # bool [N]
    seed: Tensor  # int64 [N]
    draws: Tensor  # int64 [N]
    temperature: Tensor  # float32 [N]
    top_k: Tensor  # int64 [N]
    top_p: Tensor  # float32 [N]
    guidance: Tensor  # float32 [N]


def new_state(slots: int, books: int, columns: int, device: str) -> State:
    def numbers() -> Tensor:
        return torch.zeros(slots, dtype=torch.int64, device=device)

    def factors() -> Tensor:
        return torch.zeros(slots, device=device)

    return State(
        columns=torch.zeros(slots, books, columns, dtype=torch.int64, device=device),
        column=numbers(),
        prefix=numbers(),
        is_playing=torch.zeros(slots, dtype=torch.bool, device=device),
        seed=numbers(),
        draws=numbers(),
        temperature=factors(),
        top_k=numbers(),
        top_p=factors(),
        guidance=factors(),
    )


@runtime_checkable
class Stepper(Protocol):
    """A decoder that draws by itself, in the same way as `runner.step`."""

    def step(self, state: State) -> None:
        """Draw the next column of every track that plays."""
        ...
