"""Text to vectors: T5's encoder and the projections against transformers, and what nothing is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import NAMES, checkpoint_of, loaded_tiny, tiny_folder, tiny_tokenizer
from torch import Tensor
from transformers import T5Config
from transformers.models.t5.modeling_t5 import T5EncoderModel

from bandstand.errors import Misconfigured
from bandstand.musicgen.checkpoints import Part
from bandstand.musicgen.chroma import null_frames
from bandstand.musicgen.conditions import Conditions, TextEncoder
from bandstand.musicgen.memory import TOKENS_MAX
from bandstand.musicgen.t5 import T5Encoder, buckets_of

TEXTS = ["lofi beats", "A", " ", "80s pop track with bassy drums and synth, 120 bpm. " * 4]


def encoder_of(name: str) -> TextEncoder:
    checkpoint = checkpoint_of(name)
    return TextEncoder(checkpoint.text, checkpoint.tokenizer)


def theirs(name: str, text: str) -> Tensor:
    given = tiny_tokenizer()([text], return_tensors="pt")
    with torch.no_grad():
        return loaded_tiny(name).text_encoder(**given).last_hidden_state[0]


@pytest.mark.parametrize("text", TEXTS)
def test_states_are_those_of_transformers(text: str) -> None:
    found = encoder_of("small").encode(text)

    assert torch.allclose(found, theirs("small", text), atol=1e-5)


def part_of(settings: Mapping[str, Any]) -> tuple[Part, T5EncoderModel]:
    torch.manual_seed(0)
    model = T5EncoderModel(T5Config(**settings)).eval()
    tensors = dict(model.state_dict())
    del tensors["encoder.embed_tokens.weight"]
    return Part(settings=model.config.to_dict(), tensors=tensors), model


@pytest.mark.parametrize("form", ["relu", "gated-gelu"])
def test_both_kinds_of_layers_give_what_transformers_does_for_long_texts(form: str) -> None:
    part, model = part_of(
        {
            "vocab_size": 99,
            "d_model": 48,
            "d_kv": 16,
            "d_ff": 64,
            "num_layers": 3,
            "num_heads": 4,
            "feed_forward_proj": form,
        }
    )
    tokens = torch.randint(0, 99, (400,), generator=torch.Generator().manual_seed(1))

    with torch.no_grad():
        wanted = model(input_ids=tokens[None]).last_hidden_state[0]

    assert torch.allclose(T5Encoder(part)(tokens.tolist()), wanted, atol=2e-5)


def test_distances_of_one_token_are_told_apart_and_far_ones_are_not() -> None:
    apart = torch.tensor([-1000, -128, -8, -7, -1, 0, 1, 7, 8, 128, 1000])

    assert buckets_of(apart, 32, 128).tolist() == [15, 15, 8, 7, 1, 0, 17, 23, 24, 31, 31]


def test_kind_of_t5_that_is_not_known_is_refused() -> None:
    part, _ = part_of({"feed_forward_proj": "gated-silu", "d_model": 16, "d_kv": 8, "d_ff": 16})

    with pytest.raises(Misconfigured, match="gated-silu"):
        T5Encoder(part)


def test_tensor_that_is_missing_is_named() -> None:
    part = checkpoint_of("small").text
    name = "encoder.block.1.layer.0.SelfAttention.o.weight"
    lacking = {n: part.tensors[n] for n in part.tensors if n != name}

    with pytest.raises(Misconfigured, match=name):
        T5Encoder(Part(settings=part.settings, tensors=lacking))


def test_empty_text_is_one_vector_of_nothing() -> None:
    states = encoder_of("small").encode("")

    assert states.shape == (1, 24)
    assert not states.any()


def test_a_space_is_a_text() -> None:
    assert encoder_of("small").encode(" ").any()


def test_text_is_not_cut_before_512_tokens_and_keeps_its_end() -> None:
    encoder = encoder_of("small")

    whole, cut = encoder.encode("a" * 500), encoder.encode("a" * 5000)

    assert len(whole) == 502  # the mark of a beginning, the letters, the mark of the end
    assert len(cut) == TOKENS_MAX


def test_text_that_was_heard_before_is_not_encoded_again() -> None:
    encoder = encoder_of("small")

    assert encoder.encode("again") is encoder.encode("again")


def test_folder_without_tokenizer_is_refused_by_the_name_of_its_file(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"tokenizer\.json is missing"):
        TextEncoder(checkpoint_of("small").text, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_projected_text_is_that_of_transformers(name: str) -> None:
    checkpoint = checkpoint_of(name)
    conditions = Conditions(checkpoint.sizes, checkpoint.weights)
    states = theirs(name, "lofi beats")
    with torch.no_grad():
        wanted = loaded_tiny(name).enc_to_dec_proj(states)

    assert torch.allclose(conditions.text(states, is_empty=False), wanted, atol=1e-5)


def test_nothing_stays_nothing_though_the_projection_has_a_bias() -> None:
    checkpoint = checkpoint_of("small")
    conditions = Conditions(checkpoint.sizes, checkpoint.weights)

    assert not conditions.text(torch.zeros(1, 24), is_empty=True).any()


def test_prefix_is_chroma_then_text_and_the_null_row_has_silence_and_as_many_zeros() -> None:
    checkpoint = checkpoint_of("melody")
    conditions = Conditions(checkpoint.sizes, checkpoint.weights)
    tune = torch.nn.functional.one_hot(torch.arange(235) % 12, 12).float()
    text = torch.randn(7, checkpoint.sizes.width)
    with torch.no_grad():
        project = loaded_tiny("melody").audio_enc_to_dec_proj
        wanted = project(torch.stack([tune, null_frames()]))

    prefix = conditions.prefix(text, tune, null_frames())

    assert prefix.shape == (2, 242, checkpoint.sizes.width)
    assert torch.allclose(prefix[:, :235], wanted, atol=1e-5)
    assert torch.equal(prefix[0, 235:], text)
    assert not prefix[1, 235:].any()


def test_tokens_are_those_of_the_checkpoint() -> None:
    encoder = TextEncoder(checkpoint_of("small").text, tiny_folder("small"))

    assert encoder.tokens("lofi") == len(tiny_tokenizer()("lofi").input_ids)
