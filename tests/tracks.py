"""Tracks for the tests of the decoder: random conditions of the right shapes, and the codes that an engine makes of them."""

from __future__ import annotations

import queue

import torch
from torch import Tensor

from bandstand.musicgen.decoder import Decoder
from bandstand.musicgen.engine import Engine
from bandstand.musicgen.piece import Sampling
from bandstand.musicgen.runner import Runner, Track
from bandstand.musicgen.sizes import Sizes

GREEDY = Sampling(temperature=0.0)


def track_of(
    sizes: Sizes,
    *,
    frames: int = 20,
    prompt: int = 0,
    seed: int = 1,
    text: int = 9,
    sampling: Sampling | None = None,
    draws: int = 0,
) -> Track:
    """prompt: frames of it; text: tokens of it. Everything random follows from the seed."""
    generator = torch.Generator().manual_seed(seed)
    words = torch.randn(text, sizes.width, generator=generator) * 0.5
    shape = (sizes.codebooks, prompt)
    return Track(
        frames=frames,
        seed=seed,
        prompt=torch.randint(0, sizes.codes, shape, generator=generator),
        text=None if sizes.is_prefix else words,
        prefix=prefix_of(sizes, words, generator) if sizes.is_prefix else None,
        sampling=sampling or Sampling(),
        draws=draws,
    )


def prefix_of(sizes: Sizes, words: Tensor, generator: torch.Generator) -> Tensor:
    tunes = torch.randn(2, sizes.chroma_frames, sizes.width, generator=generator) * 0.5
    return torch.cat([tunes, torch.stack([words, torch.zeros_like(words)])], dim=1)


def codes_of(decoder: Decoder, *tracks: Track) -> list[Tensor]:
    """What the engine makes of the tracks when they are submitted together: the new codes of each."""
    engine = Engine(Runner(decoder), slots=decoder.slots)
    heard: list[queue.SimpleQueue[Tensor | Exception]] = [queue.SimpleQueue() for _ in tracks]
    for track, news in zip(tracks, heard, strict=True):
        engine.submit(track, news.put)
    try:
        return [all_codes(track, news) for track, news in zip(tracks, heard, strict=True)]
    finally:
        engine.stop()


def all_codes(track: Track, news: queue.SimpleQueue[Tensor | Exception]) -> Tensor:
    parts: list[Tensor] = []
    while sum(part.shape[1] for part in parts) < track.frames - track.prompt.shape[1]:
        part = news.get(timeout=60)
        if isinstance(part, Exception):
            raise part
        parts.append(part)
    return torch.cat(parts, dim=1)
