"""A step of the library against `runner.step`: what is drawn, and what is left alone."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch
from tiny import checkpoint_of
from torch import Tensor

from bandstand.musicgen.delay import UNKNOWN
from bandstand.musicgen.native.decoder import NativeDecoder
from bandstand.musicgen.native.library import why_not
from bandstand.musicgen.runner import step
from bandstand.musicgen.state import State, new_state

pytestmark = pytest.mark.skipif(why_not() is not None, reason=f"step library: {why_not()}")

SLOTS, COLUMNS, LENGTH = 12, 40, 64
SETTINGS = (
    # temperature, top_k, top_p, guidance
    (0.0, 250, 0.0, 3.0),
    (1.0, 250, 0.0, 3.0),
    (0.7, 20, 0.0, 3.0),
    (1.0, 1, 0.0, 1.0),
    (1.3, 0, 0.0, 0.0),
    (1.0, 0, 0.9, 3.0),
    (1.0, 5, 0.3, -2.0),
    (2.0, 5000, 0.0, 10.0),
)


@pytest.fixture(scope="module")
def decoder() -> NativeDecoder:
    checkpoint = checkpoint_of("small")
    return NativeDecoder(
        checkpoint.sizes,
        checkpoint.weights,
        precision="float32",
        slots=SLOTS,
        length=LENGTH,
        threads=3,
    )


def state_of(decoder: NativeDecoder) -> State:
    """A track in every other slot, each of its own kind, all of whose codes are to be drawn."""
    state = new_state(SLOTS, decoder.sizes.codebooks, COLUMNS, "cpu")
    state.columns.fill_(UNKNOWN)
    state.columns[:, :, 0] = decoder.sizes.special
    for slot in range(0, SLOTS, 2):
        state.is_playing[slot] = True
        state.seed[slot], state.draws[slot] = 77 * slot - 5, 1000 * slot
        temperature, top_k, top_p, guidance = SETTINGS[slot // 2 % len(SETTINGS)]
        state.temperature[slot], state.top_k[slot] = temperature, top_k
        state.top_p[slot], state.guidance[slot] = top_p, guidance
        words = torch.randn(5, decoder.sizes.width, generator=torch.Generator().manual_seed(slot))
        decoder.attend(slot, words)
    return state


def copied(state: State) -> State:
    return State(**{field.name: getattr(state, field.name).clone() for field in fields(state)})


def rotated(state: State, by: int) -> State:
    """The same tracks with other settings."""
    chosen = torch.tensor(SETTINGS)[(torch.arange(SLOTS) // 2 + by) % len(SETTINGS)]
    temperature, top_k, top_p, guidance = chosen.T.contiguous()
    return replace(
        state,
        temperature=temperature.contiguous(),
        top_k=top_k.long(),
        top_p=top_p.contiguous(),
        guidance=guidance.contiguous(),
    )


@torch.inference_mode()
@pytest.mark.parametrize("by", range(len(SETTINGS)))
def test_library_draws_what_torch_draws(decoder: NativeDecoder, by: int) -> None:
    state = rotated(state_of(decoder), by)
    for _ in range(COLUMNS - 2):
        torchs = copied(state)
        step(decoder, torchs, SLOTS)
        decoder.step(state)

        for field in fields(state):
            mine, other = getattr(state, field.name), getattr(torchs, field.name)
            assert torch.equal(mine, other), f"{field.name} at column {int(state.column[0])}"


@torch.inference_mode()
def test_codes_that_are_known_are_kept(decoder: NativeDecoder) -> None:
    state = state_of(decoder)
    state.columns[0, 1, 1:] = 3
    state.columns[0, 2, 1] = decoder.sizes.special

    decoder.step(state)

    assert state.columns[0, 1, 1] == 3
    assert state.columns[0, 2, 1] == decoder.sizes.special
    assert state.columns[0, 0, 1] != UNKNOWN


@torch.inference_mode()
def test_who_does_not_play_is_left_alone(decoder: NativeDecoder) -> None:
    state = state_of(decoder)
    before = copied(state)
    state.is_playing[4] = before.is_playing[4] = False

    decoder.step(state)

    idle = ~state.is_playing
    assert torch.equal(state.columns[idle], before.columns[idle])
    assert torch.equal(state.column[idle], before.column[idle])


@torch.inference_mode()
def test_track_stays_in_its_last_column(decoder: NativeDecoder) -> None:
    state = state_of(decoder)
    state.columns[0, :, COLUMNS - 1] = 2
    state.column[0] = COLUMNS - 1
    before = copied(state)

    decoder.step(state)

    assert torch.equal(state.columns[0], before.columns[0])


def broken(state: State, field: str, value: int) -> State:
    rows: Tensor = getattr(state, field)
    rows[(2, ...) if rows.dim() == 1 else (2, 1, 0)] = value
    return state


@torch.inference_mode()
@pytest.mark.parametrize(
    ("field", "value"),
    [("columns", UNKNOWN), ("columns", 100_000), ("prefix", LENGTH), ("column", COLUMNS)],
)
def test_state_that_cannot_be_is_refused_and_left_alone(
    decoder: NativeDecoder, field: str, value: int
) -> None:
    state = broken(state_of(decoder), field, value)
    before = copied(state)

    with pytest.raises(AssertionError, match="a token that is no code"):
        decoder.step(state)

    assert torch.equal(state.columns, before.columns)
    assert torch.equal(state.column, before.column)


@torch.inference_mode()
def test_logits_that_are_no_numbers_end_in_some_code() -> None:
    checkpoint = checkpoint_of("small")
    weights = dict(checkpoint.weights) | {"heads": checkpoint.weights["heads"] * torch.nan}
    decoder = NativeDecoder(
        checkpoint.sizes, weights, precision="float32", slots=SLOTS, length=LENGTH, threads=1
    )
    state = state_of(decoder)

    decoder.step(state)

    drawn = state.columns[state.is_playing, :, 1]
    assert ((drawn >= 0) & (drawn < decoder.sizes.codes)).all()
