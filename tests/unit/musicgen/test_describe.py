"""What a folder of weights is said to be: sizes of every model, of both layouts, and what is wrong where something is."""

from __future__ import annotations

import json
import math
import re
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bandstand.errors import Misconfigured
from bandstand.musicgen.describe import describe
from bandstand.musicgen.naming import NAMINGS, their_shape
from bandstand.musicgen.parts import encodec_shapes, t5_shapes
from bandstand.musicgen.sizes import SIZES, Sizes

TEXT = {"model_type": "t5", "d_model": 768, "d_ff": 3072, "num_layers": 12, "num_heads": 12}
CODEC = {
    "model_type": "encodec",
    "sampling_rate": 32000,
    "num_filters": 64,
    "upsampling_ratios": [8, 5, 4, 4],
    "codebook_size": 2048,
    "target_bandwidths": [2.2],
    "use_conv_shortcut": False,
}


def config_of(sizes: Sizes) -> dict[str, Any]:
    return {
        "model_type": "musicgen_melody" if sizes.is_prefix else "musicgen",
        "text_encoder": TEXT,
        "audio_encoder": CODEC,
        "decoder": {
            "hidden_size": sizes.width,
            "num_hidden_layers": sizes.layers,
            "num_attention_heads": sizes.heads,
            "ffn_dim": sizes.inner,
            "num_codebooks": sizes.codebooks,
            "audio_channels": sizes.channels,
        },
    }


def shapes_of(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """All tensors of a folder in Hugging Face's layout."""
    ours = sizes.shapes()
    stacks = NAMINGS["huggingface"].stacks(sizes)
    return {
        **{name: their_shape(stack, ours) for stack in stacks for name in stack.theirs},
        **{f"text_encoder.{name}": shape for name, shape in t5_shapes(TEXT).items()},
        **{f"audio_encoder.{name}": shape for name, shape in encodec_shapes(CODEC).items()},
    }


def write_header(file: Path, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """A file of safetensors at its real size, of which only the header takes room on the disk."""
    header: dict[str, Any] = {}
    end = 0
    for name, shape in shapes.items():
        first, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [first, end]}
    text = json.dumps(header).encode()
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        stream.truncate(8 + len(text) + end)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder of a model at its real size, all zeros: config(...) and tensors(...) may change it first."""

    def make(
        name: str = "small",
        *,
        config: Callable[[dict[str, Any]], Any] = lambda _: None,
        tensors: Callable[[dict[str, tuple[int, ...]]], Any] = lambda _: None,
    ) -> Path:
        told, shapes = config_of(SIZES[name]), shapes_of(SIZES[name])
        config(told)
        tensors(shapes)
        (tmp_path / "config.json").write_text(json.dumps(told))
        (tmp_path / "tokenizer.json").write_text("{}")
        write_header(tmp_path / "model.safetensors", shapes)
        return tmp_path

    return make


@pytest.mark.parametrize("name", SIZES)
def test_each_model_at_its_real_size_is_told_by_its_folder(
    folder: Callable[..., Path], name: str
) -> None:
    found = describe(folder(name))

    assert found.layout == "huggingface"
    assert found.sizes == SIZES[name]
    assert found.files == ("config.json", "model.safetensors", "tokenizer.json")


def test_describing_needs_no_torch() -> None:
    program = (
        "import sys; import bandstand.musicgen.describe;"
        "print(sorted({'torch', 'transformers', 'numpy', 'safetensors'} & {*sys.modules}))"
    )

    told = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert told.stdout.strip() == "[]"


def test_what_the_config_does_not_say_is_as_transformers_has_it(
    folder: Callable[..., Path],
) -> None:
    def forget(config: dict[str, Any]) -> None:
        config["decoder"] = {}

    assert describe(folder("small", config=forget)).sizes == SIZES["small"]


def test_default_number_of_heads_in_a_larger_model_is_a_mistake_of_its_conversion(
    folder: Callable[..., Path],
) -> None:
    def convert_early(config: dict[str, Any]) -> None:
        config["decoder"]["num_attention_heads"] = 16

    assert describe(folder("medium", config=convert_early)).sizes.heads == 24


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("num_hidden_layers", 23, "layers is 23 there and 24 here"),
        ("hidden_size", 2048, "width is 2048 there and 1024 here"),
        ("ffn_dim", 2048, "inner is 2048 there and 4096 here"),
        ("num_codebooks", 8, "codebooks is 8 there and 4 here"),
        ("vocab_size", 1024, "codes is 1024 there and 2048 here"),
        ("audio_channels", 2, "4 codebooks for 2 channels, the codec 4 for one"),
        ("num_attention_heads", 15, "15 heads do not divide a width of 1024"),
        ("num_attention_heads", "many", "make no sense"),
        ("scale_embedding", True, "scale_embedding is True, and only False"),
        ("activation_function", "relu", "only gelu is known"),
    ],
)
def test_config_that_contradicts_the_tensors_is_told_with_both_values(
    folder: Callable[..., Path], setting: str, value: Any, told: str
) -> None:
    def change(config: dict[str, Any]) -> None:
        config["decoder"][setting] = value

    with pytest.raises(Misconfigured, match=told):
        describe(folder("small", config=change))


@pytest.mark.parametrize(
    ("part", "setting", "value", "told"),
    [
        ("text_encoder", "d_model", 512, "text is 512 there and 768 here"),
        ("text_encoder", "num_layers", 13, "lacks the tensor text_encoder.encoder.block.12"),
        ("audio_encoder", "sampling_rate", 24000, "24000 Hz"),
        (
            "audio_encoder",
            "target_bandwidths",
            [4.4],
            "lacks the tensor audio_encoder.quantizer.layers.4",
        ),
        ("audio_encoder", "num_filters", 32, "audio_encoder.*64.*should be 32"),
        ("audio_encoder", "upsampling_ratios", [], "Hz and 1 samples a frame"),
        ("audio_encoder", "norm_type", "time_group_norm", "only weight_norm is known"),
    ],
)
def test_parts_that_contradict_their_tensors_are_told(
    folder: Callable[..., Path], part: str, setting: str, value: Any, told: str
) -> None:
    def change(config: dict[str, Any]) -> None:
        config[part] = {**config[part], setting: value}

    with pytest.raises(Misconfigured, match=told):
        describe(folder("small", config=change))


def test_missing_tensor_is_named_with_its_shape(folder: Callable[..., Path]) -> None:
    name = "decoder.model.decoder.layers.7.fc1.weight"

    with pytest.raises(Misconfigured, match=f"lacks the tensor {name}, 4096x1024"):
        describe(folder(tensors=lambda shapes: shapes.pop(name)))


def test_tensor_of_a_wrong_size_is_named_with_both_shapes_and_its_file(
    folder: Callable[..., Path],
) -> None:
    change = {"decoder.lm_heads.2.weight": (2049, 1024)}
    told = r"model\.safetensors: the tensor decoder\.lm_heads\.2\.weight is 2049x1024 and should be 2048x1024"

    with pytest.raises(Misconfigured, match=told):
        describe(folder(tensors=lambda shapes: shapes.update(change)))


@pytest.mark.parametrize("name", ["decoder.extra", "text_encoder.extra", "audio_encoder.extra"])
def test_tensor_too_many_is_named(folder: Callable[..., Path], name: str) -> None:
    with pytest.raises(Misconfigured, match=f"a tensor too many: {name}, 3x4"):
        describe(folder(tensors=lambda shapes: shapes.update({name: (3, 4)})))


def test_table_of_positions_may_be_left_over(folder: Callable[..., Path]) -> None:
    positions = {"decoder.model.decoder.embed_positions.weights": (2048, 1024)}

    found = describe(folder(tensors=lambda shapes: shapes.update(positions)))

    assert found.sizes == SIZES["small"]


def test_table_of_words_may_have_its_other_name(folder: Callable[..., Path]) -> None:
    def rename(shapes: dict[str, tuple[int, ...]]) -> None:
        words = shapes.pop("text_encoder.shared.weight")
        shapes["text_encoder.encoder.embed_tokens.weight"] = words

    assert describe(folder(tensors=rename)).sizes == SIZES["small"]


def test_old_names_of_weight_norm_are_known(folder: Callable[..., Path]) -> None:
    def rename(shapes: dict[str, tuple[int, ...]]) -> None:
        for name in list(shapes):
            old = name.replace("parametrizations.weight.original0", "weight_g")
            old = old.replace("parametrizations.weight.original1", "weight_v")
            shapes[old] = shapes.pop(name)

    assert describe(folder(tensors=rename)).sizes == SIZES["small"]


def test_file_that_is_cut_off_is_told_with_both_lengths(folder: Callable[..., Path]) -> None:
    file = folder() / "model.safetensors"
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.truncate(size - 1)

    with pytest.raises(Misconfigured, match=f"cut off: it has {size - 1} bytes.*of {size};"):
        describe(file.parent)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes(4),
        b"\xff" * 64,
        b"\4\0\0\0\0\0\0\0nope",
        b"\2\0\0\0\0\0\0\0[]",
        b'\x08\0\0\0\0\0\0\0{"a": 3}',
        b'\x17\0\0\0\0\0\0\0{"a": {"dtype": "F32"}}',
        b"version https://git-lfs.github.com/spec/v1\n",
    ],
)
def test_damaged_file_is_told(folder: Callable[..., Path], content: bytes) -> None:
    file = folder() / "model.safetensors"
    file.write_bytes(content)

    with pytest.raises(Misconfigured, match=r"model\.safetensors"):
        describe(file.parent)


def test_tensor_that_claims_more_bytes_than_it_has_is_refused(folder: Callable[..., Path]) -> None:
    text = b'{"a": {"dtype": "F32", "shape": [1000000000000], "data_offsets": [0, 16]}}'
    file = folder() / "model.safetensors"
    file.write_bytes(struct.pack("<Q", len(text)) + text + bytes(16))

    with pytest.raises(Misconfigured, match="cannot take 16 bytes"):
        describe(file.parent)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_missing_file_is_named(folder: Callable[..., Path], name: str) -> None:
    place = folder()
    (place / name).unlink()

    with pytest.raises(Misconfigured, match=re.escape(name)):
        describe(place)


def test_config_of_another_kind_of_model_is_told(folder: Callable[..., Path]) -> None:
    with pytest.raises(Misconfigured, match="it is of a bert"):
        describe(folder(config=lambda config: config.update(model_type="bert")))


def test_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="holds no model"):
        describe(tmp_path)


def test_index_may_not_name_files_elsewhere(folder: Callable[..., Path]) -> None:
    place = folder()
    (place / "model.safetensors").unlink()
    index = {"weight_map": {"a": "../model.safetensors"}}
    (place / "model.safetensors.index.json").write_text(json.dumps(index))

    with pytest.raises(Misconfigured, match="outside of its folder"):
        describe(place)


def test_missing_shard_is_named(folder: Callable[..., Path]) -> None:
    place = folder()
    (place / "model.safetensors").unlink()
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (place / "model.safetensors.index.json").write_text(json.dumps(index))

    with pytest.raises(Misconfigured, match=r"model-00001-of-00002\.safetensors is missing"):
        describe(place)
