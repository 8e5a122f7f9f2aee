"""The step against transformers' decoder and against the plain twin, for all ten kinds of model."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from oracle import relative, their_logits
from tiny import NAMES, checkpoint_of, loaded_tiny
from torch import Tensor
from tracks import GREEDY, codes_of, track_of

from bandstand.musicgen.decoder import TorchDecoder
from bandstand.musicgen.delay import columns_of, lay_out
from bandstand.musicgen.memory import positions_of
from bandstand.musicgen.piece import Sampling
from bandstand.musicgen.plain import plain_codes, plain_logits
from bandstand.musicgen.runner import Track

STEPS = 40


def decoder_of(name: str, **more: Any) -> TorchDecoder:
    checkpoint = checkpoint_of(name)
    length = positions_of(checkpoint.sizes)
    return TorchDecoder(checkpoint.sizes, checkpoint.weights, slots=2, length=length, **more)


def ours(decoder: TorchDecoder, track: Track, columns: Tensor) -> Tensor:
    """The same, step by step in slot 1; slot 0 is idle."""
    before = 0
    if track.prefix is not None:
        before = track.prefix.shape[1]
        decoder.prefill(1, track.prefix, 0)
    if track.text is not None:
        decoder.attend(1, track.text)
    rows = []
    for step in range(columns.shape[1]):
        tokens = torch.stack([torch.zeros_like(columns[:, step]), columns[:, step]])
        rows.append(decoder.logits(tokens, torch.tensor([-1, before + step]))[1])
    return torch.stack(rows)


def forced(track: Track, sizes: Any) -> Tensor:
    codes = torch.randint(
        0, sizes.codes, (sizes.codebooks, STEPS), generator=torch.Generator().manual_seed(5)
    )
    full = lay_out(codes[:, :-1], STEPS, sizes.delays, sizes.special)[:, : STEPS - 1]
    assert (full >= 0).all()
    return full


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("together", [False, True])
def test_logits_are_those_of_transformers_at_every_step(name: str, *, together: bool) -> None:
    decoder = decoder_of(name, together=together)
    track = track_of(decoder.sizes)
    columns = forced(track, decoder.sizes)

    assert (
        relative(ours(decoder, track, columns), their_logits(loaded_tiny(name), track, columns))
        < 1e-4
    )


@pytest.mark.parametrize("name", NAMES)
def test_logits_are_those_of_the_plain_twin(name: str) -> None:
    decoder, checkpoint = decoder_of(name), checkpoint_of(name)
    track = track_of(decoder.sizes)
    columns = forced(track, decoder.sizes)

    wanted = plain_logits(checkpoint.sizes, checkpoint.weights, track, columns)

    assert relative(ours(decoder, track, columns)[-1:], wanted[None]) < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_drawn_codes_are_those_of_the_plain_twin(name: str) -> None:
    decoder, checkpoint = decoder_of(name), checkpoint_of(name)
    track = track_of(decoder.sizes, seed=2**40 + 3)

    (codes,) = codes_of(decoder, track)

    assert torch.equal(codes, plain_codes(checkpoint.sizes, checkpoint.weights, track))


@pytest.mark.parametrize(
    "sampling",
    [
        GREEDY,
        Sampling(guidance=0.0),
        Sampling(guidance=1.0),
        Sampling(guidance=-2.0),
        Sampling(top_k=5, temperature=2.0),
        Sampling(top_p=0.8, top_k=1),
        Sampling(top_k=0),
        Sampling(top_k=9999, temperature=0.5),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["small", "stereo-melody"])
def test_all_ways_of_drawing_are_those_of_the_plain_twin(name: str, sampling: Sampling) -> None:
    decoder, checkpoint = decoder_of(name), checkpoint_of(name)
    track = track_of(decoder.sizes, frames=12, sampling=sampling, draws=900)

    (codes,) = codes_of(decoder, track)

    assert torch.equal(codes, plain_codes(checkpoint.sizes, checkpoint.weights, track))


@pytest.mark.parametrize("name", NAMES)
def test_continuation_goes_on_as_if_the_prompt_had_been_drawn(name: str) -> None:
    decoder = decoder_of(name)
    whole = track_of(decoder.sizes, frames=30, sampling=GREEDY)
    (codes,) = codes_of(decoder, whole)

    rest = Track(
        frames=30,
        seed=1,
        prompt=codes[:, :17],
        text=whole.text,
        prefix=whole.prefix,
        sampling=GREEDY,
    )

    assert torch.equal(codes_of(decoder, rest)[0], codes[:, 17:])


def test_null_row_does_not_attend_across() -> None:
    decoder = decoder_of("small")
    track, other = track_of(decoder.sizes, seed=1), track_of(decoder.sizes, seed=2)
    columns = forced(track, decoder.sizes)

    first, second = ours(decoder, track, columns), ours(decoder, other, columns)

    assert torch.equal(first[:, 1], second[:, 1])
    assert not torch.allclose(first[:, 0], second[:, 0], atol=0.1)


def test_cross_attention_to_nothing_gives_nothing() -> None:
    decoder = decoder_of("small")
    track = track_of(decoder.sizes)
    assert track.text is not None
    silent = Track(frames=20, seed=1, prompt=track.prompt, text=torch.zeros(1, decoder.sizes.width))
    columns = forced(track, decoder.sizes)

    logits = ours(decoder, silent, columns)

    assert torch.allclose(logits[:, 0], logits[:, 1], atol=1e-5)


def test_last_step_of_30_seconds_is_in_its_place() -> None:
    decoder = decoder_of("small")
    last = columns_of(1500, decoder.sizes.delays) - 2
    track = track_of(decoder.sizes)
    columns = torch.randint(0, 2048, (4, last + 1), generator=torch.Generator().manual_seed(5))
    assert track.text is not None
    decoder.attend(0, track.text)

    vectors = decoder.embed(columns.T).expand(2, -1, -1)
    decoder.prefill(0, vectors[:, :-1], 0)
    logits = decoder.logits(columns[:, -1].expand(2, -1), torch.tensor([last, -1]))[0]

    assert relative(logits[None], their_logits(loaded_tiny("small"), track, columns)[-1:]) < 1e-4
