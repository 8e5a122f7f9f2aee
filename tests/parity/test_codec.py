"""The codec against transformers' EncodecModel, which encodes and decodes each piece whole."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import EncodecConfig, EncodecModel

from bandstand.errors import Misconfigured
from bandstand.musicgen.checkpoints import Part
from bandstand.musicgen.codec import CHUNK, Codec
from bandstand.musicgen.lstm import PackedLstm

# Of tensors so small a second thread only spins, and worst when another process wants the core.
torch.set_num_threads(1)

MUSICGEN: dict[str, Any] = {
    "target_bandwidths": [2.2],
    "sampling_rate": 32000,
    "hidden_size": 16,
    "num_filters": 4,
    "num_residual_layers": 1,
    "upsampling_ratios": [8, 5, 4, 4],
    "use_causal_conv": False,
    "codebook_size": 2048,
    "use_conv_shortcut": False,
}
SMALL_HOP = {"upsampling_ratios": [3, 2], "sampling_rate": 50 * 6}
KINDS: dict[str, dict[str, Any]] = {
    "as MusicGen's": {},
    "wider": {"num_filters": 16, "hidden_size": 64},
    "with more residual layers": {
        "num_residual_layers": 3,
        "dilation_growth_rate": 3,
        "residual_kernel_size": 5,
    },
    "with a convolution as shortcut": {"use_conv_shortcut": True, "compress": 1},
    "with even kernels": SMALL_HOP
    | {"kernel_size": 4, "last_kernel_size": 6, "residual_kernel_size": 2},
    "with wide kernels": SMALL_HOP | {"kernel_size": 11, "last_kernel_size": 15},
    "with one stride": {"upsampling_ratios": [7], "sampling_rate": 50 * 7},
    "with silent ends": {"pad_mode": "constant"},
    "causal": {"use_causal_conv": True},
    "causal, cut at both ends": SMALL_HOP | {"use_causal_conv": True, "trim_right_ratio": 0.5},
}


@functools.cache
def theirs(kind: str = "as MusicGen's") -> EncodecModel:
    torch.manual_seed(0)
    model = EncodecModel(EncodecConfig(**(MUSICGEN | KINDS[kind]))).eval()
    for name, tensor in model.named_buffers():
        if name.endswith("codebook.embed"):
            tensor.normal_()
    return model


def part(kind: str = "as MusicGen's", **changes: Tensor) -> Part:
    model = theirs(kind)
    return Part(settings=model.config.to_dict(), tensors=model.state_dict() | changes)


@functools.cache
def ours(kind: str = "as MusicGen's") -> Codec:
    return Codec(part(kind))


@torch.no_grad()
def their_sound(codes: Tensor, kind: str = "as MusicGen's") -> Tensor:
    """One channel, whole."""
    return theirs(kind).decode(codes[None, None], [None]).audio_values[0]


@torch.no_grad()
def their_codes(samples: Tensor, kind: str = "as MusicGen's") -> Tensor:
    """One channel, whole."""
    return theirs(kind).encode(samples[None, None]).audio_codes[0, 0]


def some_codes(frames: int, *, books: int = 4, seed: int = 0) -> Tensor:
    return torch.randint(0, 2048, (books, frames), generator=torch.Generator().manual_seed(seed))


def some_sound(samples: int, *, channels: int = 1) -> Tensor:
    return torch.randn(channels, samples, generator=torch.Generator().manual_seed(1)) * 0.3


def in_pieces(codes: Tensor, cuts: list[int], kind: str = "as MusicGen's") -> Tensor:
    codec = ours(kind)
    stream = codec.stream(codes.shape[0] // codec.codebooks)
    return torch.cat([*map(stream.push, codes.split(cuts, dim=1)), stream.finish()], dim=1)


def kept_bytes(thing: object) -> int:
    """The memory behind all tensors that a stream's layers hold; the LSTM's weights are not theirs."""
    match thing:
        case Tensor():
            return thing.untyped_storage().nbytes()
        case PackedLstm():
            return 0
        case list() | tuple():
            return sum(map(kept_bytes, thing))
        case _:
            return kept_bytes(list(getattr(thing, "__dict__", {}).values()))


def assert_same(sound: Tensor, other: Tensor) -> None:
    assert sound.shape == other.shape
    torch.testing.assert_close(sound, other, rtol=0, atol=1e-6)


# -- encoding --


@pytest.mark.parametrize("samples", [1, 639, 640, 641, 5000])
def test_codes_are_transformers_codes(samples: int) -> None:
    sound = some_sound(samples)

    codes = ours().encode(sound)

    assert torch.equal(codes, their_codes(sound[0]))


@pytest.mark.parametrize("kind", KINDS)
def test_codes_are_transformers_codes_in_every_kind(kind: str) -> None:
    sound = some_sound(20 * ours(kind).hop + 1)

    codes = ours(kind).encode(sound)

    assert torch.equal(codes, their_codes(sound[0], kind))


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (640, 1), (641, 2), (256000, 400)])
def test_a_started_frame_counts(samples: int, frames: int) -> None:
    assert ours().encode(some_sound(samples)).shape == (4, frames)


def test_each_side_of_stereo_is_encoded_alone_and_their_codebooks_take_turns() -> None:
    sound = some_sound(3000, channels=2)

    codes = ours().encode(sound)

    assert codes.shape == (8, 5)
    assert torch.equal(codes[0::2], their_codes(sound[0]))
    assert torch.equal(codes[1::2], their_codes(sound[1]))


def test_codes_of_a_longer_sound_are_transformers_codes() -> None:
    sound = some_sound((3 * CHUNK + 2) * 640 + 5)

    assert torch.equal(ours().encode(sound), their_codes(sound[0]))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 900), min_size=1, max_size=9).filter(any))
@example(cuts=[642])
@example(cuts=[3, 1, 2, 1, 1])
def test_latents_of_pieces_joined_are_those_of_the_whole(kind: str, cuts: list[int]) -> None:
    sound = some_sound(sum(cuts))[None]
    encoder = ours(kind)._networks.encoder()

    pieces = [encoder.push(piece, last=False) for piece in sound.split(cuts, dim=2)]
    pieces.append(encoder.push(sound[..., :0], last=True))

    with torch.no_grad():
        assert_same(torch.cat(pieces, dim=2), theirs(kind).encoder(sound))


def test_memory_of_encoding_does_not_grow() -> None:
    encoder = ours()._networks.encoder()

    sizes = []
    for _ in range(6):
        encoder.push(some_sound(6400)[None], last=False)
        sizes.append(kept_bytes(encoder))

    assert len(set(sizes)) == 1


# -- decoding --


@pytest.mark.parametrize("frames", [1, 2, 7, CHUNK, CHUNK + 1, 3 * CHUNK + 20])
def test_sound_is_transformers_sound(frames: int) -> None:
    codes = some_codes(frames)

    assert_same(ours().decode(codes), their_sound(codes))


def test_eight_seconds_are_400_frames_and_256000_samples() -> None:
    assert ours().decode(some_codes(400)).shape == (1, 256000)
    assert ours().decode(some_codes(400, books=8)).shape == (2, 256000)


def test_each_side_of_stereo_is_decoded_alone() -> None:
    codes = some_codes(60, books=8)

    sound = ours().decode(codes)

    assert_same(sound[:1], their_sound(codes[0::2]))
    assert_same(sound[1:], their_sound(codes[1::2]))


def test_latents_are_the_sums_of_the_codes_vectors() -> None:
    codes = some_codes(9)

    latents = ours().latents(codes)

    assert torch.equal(latents, theirs().quantizer.decode(codes[:, None])[0])


def test_decoding_leaves_no_trace_in_the_codec() -> None:
    codes, other = some_codes(20), some_codes(30, seed=2)
    first = ours().decode(codes)

    ours().decode(other)

    assert torch.equal(ours().decode(codes), first)


# -- streaming --

CUTS = st.lists(st.integers(0, 6), min_size=1, max_size=9).filter(any)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None)
@given(cuts=CUTS)
def test_pieces_joined_are_the_whole_however_it_is_cut(kind: str, cuts: list[int]) -> None:
    codes = some_codes(sum(cuts))

    assert_same(in_pieces(codes, cuts, kind), their_sound(codes, kind))


@settings(max_examples=8, deadline=None)
@given(cuts=CUTS)
def test_pieces_of_stereo_joined_are_both_wholes(cuts: list[int]) -> None:
    codes = some_codes(sum(cuts), books=8)

    sound = in_pieces(codes, cuts)

    assert_same(sound[:1], their_sound(codes[0::2]))
    assert_same(sound[1:], their_sound(codes[1::2]))


@pytest.mark.parametrize("cut", [7, 60])
def test_a_longer_piece_is_the_same_in_pieces(cut: int) -> None:
    codes = some_codes(120)

    cuts = [cut] * (120 // cut) + [120 % cut]

    assert_same(in_pieces(codes, cuts), their_sound(codes))


@pytest.mark.parametrize("kind", KINDS)
def test_all_but_the_lag_is_out_at_once(kind: str) -> None:
    codec = ours(kind)
    stream = codec.stream(1)
    heard = 0

    for frame in range(1, 31):
        heard += stream.push(some_codes(1)).shape[1]

        if frame > 10:
            assert heard == frame * codec.hop - codec.lag


def test_sound_lags_less_than_four_frames_behind_the_codes() -> None:
    assert ours().lag == 2402
    assert ours().lag < 4 * ours().hop


def test_a_causal_codec_does_not_lag() -> None:
    assert ours("causal").lag == 0


def test_what_is_out_does_not_depend_on_what_comes() -> None:
    ahead, other = some_codes(20), some_codes(20, seed=2)
    codes = some_codes(20, seed=3)

    streams = [ours().stream(1) for _ in range(2)]
    heard = [stream.push(codes) for stream in streams]
    streams[0].push(ahead)
    whole = their_sound(torch.cat([codes, other], dim=1))

    assert torch.equal(heard[0], heard[1])
    assert_same(heard[1], whole[:, : heard[1].shape[1]])


def test_streams_side_by_side_do_not_disturb_each_other() -> None:
    codes, other = some_codes(30), some_codes(30, seed=2)
    one, two = ours().stream(1), ours().stream(1)
    pieces = []

    for at in range(0, 30, 10):
        pieces.append(one.push(codes[:, at : at + 10]))
        two.push(other[:, at : at + 10])

    assert_same(torch.cat([*pieces, one.finish()], dim=1), their_sound(codes))


def test_a_streams_memory_does_not_grow() -> None:
    stream = ours().stream(2)

    sizes = []
    for _ in range(6):
        stream.push(some_codes(40, books=8))
        sizes.append(kept_bytes(stream._decoder))

    assert len(set(sizes)) == 1


def test_a_streams_memory_does_not_hold_the_piece_it_was_given() -> None:
    by_frame, at_once = ours().stream(1), ours().stream(1)

    for frame in some_codes(40).split(1, dim=1):
        by_frame.push(frame)
    at_once.push(some_codes(40))

    sizes = [kept_bytes(stream._decoder) for stream in (by_frame, at_once)]
    assert sizes[0] == sizes[1]


def test_a_piece_without_frames_is_silent() -> None:
    stream = ours().stream(2)

    assert stream.push(some_codes(0, books=8)).shape == (2, 0)
    assert stream.finish().shape == (2, 0)


# -- what is refused --


@pytest.mark.parametrize("code", [-1, 2048])
def test_a_code_out_of_range_is_told(code: int) -> None:
    codes = some_codes(10)
    codes[2, 3] = code

    with pytest.raises(ValueError, match=f"codes must be 0 to 2047, not {code}"):
        ours().decode(codes)


def test_a_refused_push_leaves_the_stream_as_it_was() -> None:
    codes = some_codes(20)
    stream = ours().stream(1)
    heard = [stream.push(codes[:, :10])]

    with pytest.raises(ValueError, match="not 2048"):
        stream.push(torch.full((4, 100), 2048))
    heard += [stream.push(codes[:, 10:]), stream.finish()]

    assert_same(torch.cat(heard, dim=1), their_sound(codes))


@pytest.mark.parametrize("shape", [(3, 10), (12, 10), (4, 0), (4,), (1, 4, 10)])
def test_codes_of_another_shape_are_not_decoded(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"codes must be \[4 or 8, at least 1\], not"):
        ours().decode(torch.zeros(shape, dtype=torch.int64))


def test_a_stereo_stream_takes_no_mono_codes() -> None:
    with pytest.raises(ValueError, match=r"codes must be \[8, t\], not \[4, 5\]"):
        ours().stream(2).push(some_codes(5))


def test_there_are_no_streams_of_three_channels() -> None:
    with pytest.raises(ValueError, match="channels must be 1 or 2, not 3"):
        ours().stream(3)


@pytest.mark.parametrize("shape", [(1, 0), (3, 100), (100,)])
def test_sound_of_another_shape_is_not_encoded(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="samples must be"):
        ours().encode(torch.zeros(shape))


def test_sound_that_is_not_finite_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="samples must be finite"):
        ours().encode(torch.tensor([[0.0, torch.nan]]))


# -- loading --


def test_a_missing_tensor_is_named() -> None:
    tensors = dict(part().tensors)
    del tensors["decoder.layers.1.lstm.bias_hh_l1"]

    with pytest.raises(Misconfigured, match=r"decoder\.layers\.1\.lstm\.bias_hh_l1 is missing"):
        Codec(Part(settings=part().settings, tensors=tensors))


def test_a_tensor_too_many_is_named() -> None:
    with pytest.raises(Misconfigured, match="surplus is left over"):
        Codec(part(surplus=torch.zeros(1)))


def test_a_tensor_of_another_shape_is_named() -> None:
    name = "quantizer.layers.0.codebook.embed"

    with pytest.raises(Misconfigured, match=rf"{name} is \[1024, 16\], and not \[2048, 16\]"):
        Codec(part(**{name: torch.zeros(1024, 16)}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("audio_channels", 2),
        ("normalize", True),
        ("chunk_length_s", 1.0),
        ("norm_type", "time_group_norm"),
        ("pad_mode", "replicate"),
    ],
)
def test_another_kind_of_codec_is_refused(name: str, value: object) -> None:
    with pytest.raises(Misconfigured, match=f"codec: {name} must be"):
        Codec(Part(settings={**part().settings, name: value}, tensors={}))


@pytest.mark.parametrize(
    "change",
    [
        {"num_filters": "many"},
        {"num_lstm_layers": 0},
        {"use_causal_conv": "no"},
        {"upsampling_ratios": [8, 0]},
        {"codebook_size": 1000},
        {"codebook_dim": 17},
        {"compress": 0},
        {"trim_right_ratio": 0.5},
        {"target_bandwidths": [0.1]},
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="its settings cannot be used"):
        Codec(Part(settings={**part().settings, **change}, tensors={}))


def test_files_with_the_older_names_of_weight_norm_are_read() -> None:
    tensors = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): tensor
        for name, tensor in part().tensors.items()
    }

    codec = Codec(Part(settings=part().settings, tensors=tensors))

    assert torch.equal(codec.decode(some_codes(5)), ours().decode(some_codes(5)))


def test_weights_in_half_precision_are_computed_with_in_float32() -> None:
    tensors = {name: tensor.half() for name, tensor in part().tensors.items()}

    codec = Codec(Part(settings=part().settings, tensors=tensors))

    assert codec.decode(some_codes(5)).dtype == torch.float32


def test_codebooks_stay_where_they_lie() -> None:
    given = part()

    codec = Codec(given)

    first = given.tensors["quantizer.layers.0.codebook.embed"]
    assert codec._tables[0].data_ptr() == first.data_ptr()
