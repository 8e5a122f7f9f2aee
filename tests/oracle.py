"""transformers' decoder as the oracle of ours: what it says of the same track and the same codes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from bandstand.musicgen.runner import Track


def conditions_of(track: Track) -> dict[str, Tensor]:
    """The track's text or prefix as transformers' decoder takes it, the conditional row first."""
    if track.prefix is not None:
        return {"encoder_hidden_states": track.prefix}
    assert track.text is not None
    return {
        "encoder_hidden_states": torch.stack([track.text, torch.zeros_like(track.text)]),
        "encoder_attention_mask": torch.tensor([[1], [0]]).expand(-1, track.text.shape[0]),
    }


@torch.no_grad()
def their_logits(model: Any, track: Track, columns: Tensor) -> Tensor:
    """float32 [S, 2, K, V], after each of the columns int64 [K, S]."""
    logits = model.decoder(input_ids=columns.repeat(2, 1), **conditions_of(track)).logits
    logits = logits[:, -columns.shape[1] :]  # a melody model answers for its prefix, too
    return logits.view(2, *columns.shape, -1).permute(2, 0, 1, 3)


def relative(found: Tensor, wanted: Tensor) -> float:
    """The largest error at any step, relative to that step's logits."""
    away = (found - wanted).flatten(1).norm(dim=1) / wanted.flatten(1).norm(dim=1)
    return float(away.max())
