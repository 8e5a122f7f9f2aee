"""Parity at real size, too slow for every run of the tests: our decoders in float32 against transformers, with random weights.

The same given codes for the logits of every step, then 200 codes drawn greedily at guidance 3. Prints, and measures no speed.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from oracle import conditions_of, relative, their_logits
from real import real, save_real
from torch import Tensor
from tracks import GREEDY, codes_of, track_of

from bandstand.musicgen.checkpoints import Checkpoint, read_checkpoint
from bandstand.musicgen.decoder import Decoder, TorchDecoder
from bandstand.musicgen.decoders import open_decoder
from bandstand.musicgen.memory import positions_of
from bandstand.musicgen.native.library import why_not
from bandstand.musicgen.runner import Track

NAMES = ("small", "stereo-small", "melody")
GIVEN, DRAWN = 24, 200


def measure(folder: Path) -> Iterator[str]:
    torch.set_grad_enabled(False)
    torch.set_num_threads(os.cpu_count() or 1)
    yield "| model | decoder | worst relative error of a step's logits | codes drawn alike |"
    yield "|---|---|---|---|"
    for name in NAMES:
        model = real(name)
        checkpoint = read_checkpoint(save_real(folder / name, model))
        track = track_of(checkpoint.sizes, frames=DRAWN, sampling=GREEDY)
        codes = torch.randint(
            0, 2048, (checkpoint.sizes.codebooks, GIVEN), generator=torch.Generator().manual_seed(2)
        )
        wanted, drawn = their_logits(model, track, codes), drawn_by(model, track)
        for label, decoder in decoders(checkpoint):
            found = stepped(decoder, track, codes)
            (own,) = codes_of(decoder, track)
            alike = int((own == drawn).all(0).sum())
            yield f"| {name} | {label} | {relative(found, wanted):.1e} | {alike} of {DRAWN} frames |"
        del model, checkpoint
        gc.collect()


def decoders(checkpoint: Checkpoint) -> Iterator[tuple[str, Decoder]]:
    length = positions_of(checkpoint.sizes)
    yield "torch", TorchDecoder(checkpoint.sizes, checkpoint.weights, slots=2, length=length)
    if not why_not():
        yield "library", open_decoder(checkpoint, device="cpu", precision="float32", slots=2)


def stepped(decoder: Decoder, track: Track, columns: Tensor) -> Tensor:
    before = 0
    if track.prefix is not None:
        before = track.prefix.shape[1]
        decoder.prefill(0, track.prefix, 0)
    if track.text is not None:
        decoder.attend(0, track.text)
    given = columns.T[:, None].expand(-1, decoder.slots, -1).contiguous()
    places = [torch.tensor([before + step, -1]) for step in range(len(given))]
    return torch.stack([decoder.logits(given[step], place)[0] for step, place in enumerate(places)])


def drawn_by(model: Any, track: Track) -> Tensor:
    """The codes that transformers' decoder gives when the likeliest is taken, int64 [K, T]; cached, delayed by hand."""
    books, channels = model.config.decoder.num_codebooks, model.config.decoder.audio_channels
    delay = [book // channels for book in range(books)]
    columns = DRAWN + max(delay) + 1
    grid = torch.full((books, columns), 2048)
    cache: Any = None
    given = conditions_of(track)
    for step in range(columns - 1):
        told = model.decoder(
            input_ids=grid[:, step : step + 1].repeat(2, 1),
            past_key_values=cache,
            use_cache=True,
            **(given if step == 0 or track.prefix is None else {}),
        )
        cache = told.past_key_values
        conditional, null = told.logits[:, -1].view(2, books, -1)
        codes = (null + 3 * (conditional - null)).argmax(-1)
        for book in range(books):
            if 0 <= step - delay[book] < DRAWN:
                grid[book, step + 1] = codes[book]
    return torch.stack([grid[book, 1 + delay[book] :][:DRAWN] for book in range(books)])
