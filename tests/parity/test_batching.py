"""A track's codes do not depend on who else is decoded: the most important test of the engine."""

from __future__ import annotations

import pytest
import torch
from tiny import NAMES, checkpoint_of
from tracks import GREEDY, codes_of, track_of

from bandstand.musicgen.decoder import TorchDecoder
from bandstand.musicgen.memory import positions_of
from bandstand.musicgen.piece import Sampling


def eight(name: str) -> TorchDecoder:
    checkpoint = checkpoint_of(name)
    length = positions_of(checkpoint.sizes)
    return TorchDecoder(checkpoint.sizes, checkpoint.weights, slots=8, length=length)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_gives_the_same_codes_alone_and_among_seven_others(name: str) -> None:
    decoder = eight(name)
    one = track_of(decoder.sizes, seed=3, frames=40)
    others = [
        track_of(decoder.sizes, seed=11, frames=25, sampling=GREEDY),
        track_of(decoder.sizes, seed=12, frames=60, prompt=33),
        track_of(decoder.sizes, seed=13, frames=7, text=1, sampling=Sampling(guidance=0.0)),
        track_of(decoder.sizes, seed=14, frames=50, text=60, sampling=Sampling(top_p=0.9)),
        track_of(decoder.sizes, seed=15, frames=90, prompt=89),
        track_of(decoder.sizes, seed=16, frames=1, sampling=Sampling(temperature=5.0)),
        track_of(decoder.sizes, seed=17, frames=44, sampling=Sampling(guidance=-3.0, top_k=2)),
    ]

    (alone,) = codes_of(decoder, one)
    among = codes_of(decoder, *others[:4], one, *others[4:])

    assert torch.equal(among[4], alone)


def test_tracks_that_wait_for_a_slot_give_the_same_codes() -> None:
    checkpoint = checkpoint_of("small")
    length = positions_of(checkpoint.sizes)
    narrow = TorchDecoder(checkpoint.sizes, checkpoint.weights, slots=2, length=length)
    tracks = [track_of(checkpoint.sizes, seed=seed, frames=10 + seed) for seed in range(7)]

    turns = codes_of(narrow, *tracks)

    for found, wanted in zip(turns, codes_of(eight("small"), *tracks), strict=True):
        assert torch.equal(found, wanted)


def test_slot_that_was_used_before_leaves_nothing_behind() -> None:
    decoder = eight("melody")
    track = track_of(decoder.sizes, seed=3, frames=20, text=3)
    (fresh,) = codes_of(decoder, track)

    codes_of(decoder, track_of(decoder.sizes, seed=4, frames=200, prompt=100, text=50))

    assert torch.equal(codes_of(decoder, track)[0], fresh)


def test_attending_together_draws_what_attending_alone_does() -> None:
    checkpoint = checkpoint_of("stereo-small")
    length = positions_of(checkpoint.sizes)
    together = TorchDecoder(
        checkpoint.sizes, checkpoint.weights, slots=8, length=length, together=True
    )
    tracks = [track_of(checkpoint.sizes, seed=seed, frames=20 + seed) for seed in range(5)]

    for found, wanted in zip(
        codes_of(together, *tracks), codes_of(eight("stereo-small"), *tracks), strict=True
    ):
        assert torch.equal(found, wanted)
