"""Checkpoints read and written against transformers: the tensors are the same, and so is what it computes of them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tiny import NAMES, loaded_tiny, save_tiny, tiny_tokenizer
from torch import Tensor
from transformers import (
    EncodecConfig,
    EncodecModel,
    MusicgenForConditionalGeneration,
    MusicgenMelodyForConditionalGeneration,
    T5Config,
    T5EncoderModel,
)

from bandstand.errors import Misconfigured, Unavailable
from bandstand.musicgen.checkpoints import (
    Checkpoint,
    read_checkpoint,
    renamed,
    to_audiocraft,
    write_audiocraft,
    write_huggingface,
)
from bandstand.musicgen.describe import describe
from bandstand.musicgen.naming import codec_to_audiocraft, codec_to_huggingface
from bandstand.musicgen.parts import encodec_shapes, t5_shapes

Tensors = Mapping[str, Tensor]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders of the tiny models, as transformers saves them; not to be changed."""
    root = tmp_path_factory.mktemp("tiny")

    def folder(name: str) -> Path:
        return root / name if (root / name).exists() else save_tiny(root / name, name)

    return folder


@pytest.fixture(scope="module")
def t5_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The text encoder that all tiny models have."""
    folder = tmp_path_factory.mktemp("t5")
    loaded_tiny("small").text_encoder.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def codec_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The codec that all tiny models have."""
    folder = tmp_path_factory.mktemp("codec")
    loaded_tiny("small").audio_encoder.save_pretrained(folder)
    return folder


@pytest.fixture
def copied(saved: Callable[[str], Path], tmp_path: Path) -> Path:
    """A folder of the smallest model, to be changed."""
    return shutil.copytree(saved("small"), tmp_path / "copied")


def changed(folder: Path, change: Callable[[dict[str, Tensor]], Any]) -> Path:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def same(one: Tensors, other: Tensors) -> bool:
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and torch.equal(one[name], other[name]) for name in one
    )


def same_checkpoint(one: Checkpoint, other: Checkpoint) -> bool:
    return (
        one.sizes == other.sizes
        and same(one.weights, other.weights)
        and same(one.text.tensors, other.text.tensors)
        and same(one.codec.tensors, other.codec.tensors)
    )


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_exactly_what_the_sizes_ask_for(
    saved: Callable[[str], Path], name: str
) -> None:
    checkpoint = read_checkpoint(saved(name))

    shapes = {name: tuple(tensor.shape) for name, tensor in checkpoint.weights.items()}
    assert shapes == checkpoint.sizes.shapes()


@pytest.mark.parametrize("name", NAMES)
def test_tensors_are_those_of_transformers(saved: Callable[[str], Path], name: str) -> None:
    theirs = loaded_tiny(name).state_dict()

    checkpoint = read_checkpoint(saved(name))

    decoder = renamed(checkpoint, "huggingface")
    assert all(torch.equal(decoder[name], theirs[name]) for name in decoder)
    for prefix, part in (
        ("text_encoder", checkpoint.text),
        ("audio_encoder", checkpoint.codec),
    ):
        assert all(
            torch.equal(part.tensors[name], theirs[f"{prefix}.{name}"]) for name in part.tensors
        )


def test_stacked_tables_have_the_codebooks_one_under_another(saved: Callable[[str], Path]) -> None:
    model = loaded_tiny("stereo-small").decoder

    checkpoint = read_checkpoint(saved("stereo-small"))

    embedding = checkpoint.weights["embedding"].unflatten(0, (8, 2049))
    heads = checkpoint.weights["heads"].unflatten(0, (8, 2048))
    assert torch.equal(embedding[5], model.model.decoder.embed_tokens[5].weight)
    assert torch.equal(heads[5], model.lm_heads[5].weight)


@pytest.mark.parametrize("name", NAMES)
def test_round_trip_through_audiocraft_gives_the_same_tensors(
    saved: Callable[[str], Path], t5_folder: Path, tmp_path: Path, name: str
) -> None:
    checkpoint = read_checkpoint(saved(name))

    write_audiocraft(checkpoint, tmp_path)

    assert describe(tmp_path).layout == "audiocraft"
    assert same_checkpoint(read_checkpoint(tmp_path, text_folder=t5_folder), checkpoint)


@pytest.mark.parametrize("name", NAMES)
def test_what_we_write_is_loaded_by_transformers_and_computes_the_same(
    saved: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    theirs = loaded_tiny(name)
    kinds = MusicgenForConditionalGeneration, MusicgenMelodyForConditionalGeneration

    write_huggingface(read_checkpoint(saved(name)), tmp_path, dtype=torch.float32)

    written, told = kinds["melody" in name].from_pretrained(tmp_path, output_loading_info=True)
    assert not any(told.values())
    assert torch.equal(logits(written.eval()), logits(theirs))


def logits(model: Any) -> Tensor:
    books = model.config.decoder.num_codebooks
    codes = torch.arange(3 * books).reshape(books, 3) * 31
    ids = torch.tensor([[5, 9, 20, 1]])
    with torch.no_grad():
        return model(input_ids=ids, decoder_input_ids=codes).logits


@pytest.mark.parametrize("name", ["small", "stereo-melody"])
def test_codec_of_what_we_write_computes_the_same(
    saved: Callable[[str], Path], t5_folder: Path, tmp_path: Path, name: str
) -> None:
    write_audiocraft(read_checkpoint(saved(name)), tmp_path)
    part = read_checkpoint(tmp_path, text_folder=t5_folder).codec
    codes = torch.arange(20).reshape(1, 1, 4, 5) * 90

    model = EncodecModel(EncodecConfig(**part.settings)).eval()
    model.load_state_dict(part.tensors)

    with torch.no_grad():
        ours = model.decode(codes, [None]).audio_values
        theirs = loaded_tiny(name).audio_encoder.decode(codes, [None]).audio_values
    assert torch.equal(ours, theirs)


def test_reading_what_we_wrote_gives_the_same(saved: Callable[[str], Path], tmp_path: Path) -> None:
    checkpoint = read_checkpoint(saved("melody"))

    write_huggingface(checkpoint, tmp_path, dtype=torch.float32)

    assert same_checkpoint(read_checkpoint(tmp_path), checkpoint)


def test_safetensors_that_we_write_are_read_by_their_library(
    saved: Callable[[str], Path], tmp_path: Path
) -> None:
    write_huggingface(read_checkpoint(saved("small")), tmp_path, dtype=torch.bfloat16)

    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        heads = file.get_tensor("decoder.lm_heads.3.weight")
        assert file.metadata() == {"format": "pt"}
    expected = loaded_tiny("small").decoder.lm_heads[3].weight.to(torch.bfloat16)
    assert torch.equal(heads, expected)


def test_half_precision_is_of_the_decoder_only(
    saved: Callable[[str], Path], tmp_path: Path
) -> None:
    write_huggingface(read_checkpoint(saved("small")), tmp_path, dtype=torch.float16)

    checkpoint = read_checkpoint(tmp_path)

    assert {tensor.dtype for tensor in checkpoint.weights.values()} == {torch.float16}
    assert {tensor.dtype for tensor in checkpoint.codec.tensors.values()} == {torch.float32}
    assert {tensor.dtype for tensor in checkpoint.text.tensors.values()} == {torch.float32}


def test_half_precision_of_audiocraft_is_kept(
    saved: Callable[[str], Path], t5_folder: Path, tmp_path: Path
) -> None:
    packages = to_audiocraft(read_checkpoint(saved("small")))
    state = packages["state_dict.bin"]["best_state"]
    packages["state_dict.bin"]["best_state"] = {name: state[name].half() for name in state}
    for name, package in packages.items():
        torch.save(package, tmp_path / name)

    weights = read_checkpoint(tmp_path, text_folder=t5_folder).weights

    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}


def test_shards_are_one_model(saved: Callable[[str], Path], tmp_path: Path) -> None:
    save_tiny(tmp_path, "small", shard="1MB")

    assert len(list(tmp_path.glob("model-*.safetensors"))) > 2
    assert same_checkpoint(read_checkpoint(tmp_path), read_checkpoint(saved("small")))


def test_pickled_weights_of_transformers_are_read(
    saved: Callable[[str], Path], copied: Path
) -> None:
    torch.save(load_file(copied / "model.safetensors"), copied / "pytorch_model.bin")
    (copied / "model.safetensors").unlink()

    assert same_checkpoint(read_checkpoint(copied), read_checkpoint(saved("small")))


def test_codec_that_is_only_pointed_to_comes_from_its_folder(
    saved: Callable[[str], Path], t5_folder: Path, codec_folder: Path, tmp_path: Path
) -> None:
    checkpoint = read_checkpoint(saved("small"))
    write_audiocraft(checkpoint, tmp_path)
    pointer = {"pretrained": "facebook/encodec_32khz", "exported": True, "version": "1.3.0"}
    torch.save(pointer, tmp_path / "compression_state_dict.bin")

    found = read_checkpoint(tmp_path, text_folder=t5_folder, codec_folder=codec_folder)

    assert same_checkpoint(found, checkpoint)


def test_codec_that_is_pointed_to_and_not_there_is_named(
    saved: Callable[[str], Path], t5_folder: Path, tmp_path: Path
) -> None:
    write_audiocraft(read_checkpoint(saved("small")), tmp_path)
    torch.save({"pretrained": "facebook/encodec_32khz"}, tmp_path / "compression_state_dict.bin")

    with pytest.raises(Misconfigured, match="needs the folder of facebook/encodec_32khz"):
        read_checkpoint(tmp_path, text_folder=t5_folder)


def test_audiocraft_without_a_text_encoder_says_so(
    saved: Callable[[str], Path], tmp_path: Path
) -> None:
    write_audiocraft(read_checkpoint(saved("small")), tmp_path)

    with pytest.raises(Misconfigured, match="needs the folder of t5-base"):
        read_checkpoint(tmp_path)


def test_whole_t5_serves_as_text_encoder(
    saved: Callable[[str], Path], t5_folder: Path, tmp_path: Path
) -> None:
    whole = shutil.copytree(t5_folder, tmp_path / "t5")
    changed(
        whole,
        lambda t: t.update({"decoder.block.0.x": torch.zeros(2), "lm_head.weight": torch.zeros(2)}),
    )
    write_audiocraft(read_checkpoint(saved("small")), tmp_path / "model")

    text = read_checkpoint(tmp_path / "model", text_folder=whole).text

    assert text.tensors.keys() == t5_shapes(text.settings).keys()


def test_text_encoder_of_another_width_is_told(
    saved: Callable[[str], Path], tmp_path: Path
) -> None:
    T5EncoderModel(
        T5Config(vocab_size=8, d_model=16, d_kv=8, d_ff=8, num_layers=1, num_heads=2)
    ).save_pretrained(tmp_path / "t5")
    write_audiocraft(read_checkpoint(saved("small")), tmp_path / "model")

    with pytest.raises(Misconfigured, match=r"a width of 16, and .* takes 24"):
        read_checkpoint(tmp_path / "model", text_folder=tmp_path / "t5")


def test_folder_with_both_layouts_is_read_as_hugging_faces(
    saved: Callable[[str], Path], copied: Path
) -> None:
    write_audiocraft(read_checkpoint(saved("small")), copied)

    assert describe(copied).layout == "huggingface"


def test_training_checkpoint_of_audiocraft_is_read(
    saved: Callable[[str], Path], t5_folder: Path, tmp_path: Path
) -> None:
    checkpoint = read_checkpoint(saved("small"))
    for name, package in to_audiocraft(checkpoint).items():
        training = {"model": torch.nn.Linear(2, 2).state_dict(), "optimizer": {"state": {}}}
        torch.save(
            {**training, **package, "best_state": {"model": package["best_state"]}}, tmp_path / name
        )

    assert same_checkpoint(read_checkpoint(tmp_path, text_folder=t5_folder), checkpoint)


def test_windows_of_the_chroma_may_be_left_over(
    saved: Callable[[str], Path], t5_folder: Path, tmp_path: Path
) -> None:
    checkpoint = read_checkpoint(saved("melody"))
    for name, package in to_audiocraft(checkpoint).items():
        if name == "state_dict.bin":
            window = "condition_provider.conditioners.self_wav.chroma.spec.window"
            package["best_state"][window] = torch.hann_window(16)
        torch.save(package, tmp_path / name)

    assert same_checkpoint(read_checkpoint(tmp_path, text_folder=t5_folder), checkpoint)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("dim: 64", "width is 64 there and 32 here"),
        ("num_layers: 23", "layers is 23 there and 2 here"),
        ("n_q: 8", "codebooks is 8 there and 4 here"),
        ("card: 1024", "codes is 1024 there and 2048 here"),
        ("num_heads: 5", "5 heads do not divide a width of 32"),
    ],
)
def test_audiocraft_settings_that_contradict_the_tensors_are_told_with_both_values(
    saved: Callable[[str], Path], tmp_path: Path, setting: str, told: str
) -> None:
    for name, package in to_audiocraft(read_checkpoint(saved("small"))).items():
        if name == "state_dict.bin":
            package["xp.cfg"] = f"transformer_lm:\n  {setting}\n"
        torch.save(package, tmp_path / name)

    with pytest.raises(Misconfigured, match=told):
        describe(tmp_path)


def test_delays_of_another_pattern_are_told(saved: Callable[[str], Path], tmp_path: Path) -> None:
    for name, package in to_audiocraft(read_checkpoint(saved("small"))).items():
        package["xp.cfg"] = package["xp.cfg"].replace("[0, 1, 2, 3]", "[0, 0, 0, 0]")
        torch.save(package, tmp_path / name)

    with pytest.raises(Misconfigured, match="the codebooks lag by"):
        describe(tmp_path)


def test_wrong_tensor_of_audiocraft_is_named(saved: Callable[[str], Path], tmp_path: Path) -> None:
    packages = to_audiocraft(read_checkpoint(saved("small")))
    state = packages["state_dict.bin"]["best_state"]
    state["transformer.layers.1.cross_attention.in_proj_weight"] = torch.zeros(95, 32)
    for name, package in packages.items():
        torch.save(package, tmp_path / name)

    told = r"state_dict\.bin: the tensor transformer\.layers\.1\.cross_attention\.in_proj_weight is 95x32 and should be 96x32"
    with pytest.raises(Misconfigured, match=told):
        describe(tmp_path)


def test_payload_in_a_checkpoint_is_not_run_and_told(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'owned'}",)

    torch.save({"best_state": {"emb.0.weight": Payload()}}, tmp_path / "state_dict.bin")

    with pytest.raises(Misconfigured, match=r"emb\.0\.weight is no tensor but <posix\.system>"):
        read_checkpoint(tmp_path)

    assert not (tmp_path / "owned").exists()


def test_integers_in_place_of_weights_are_told(copied: Path) -> None:
    name = "decoder.model.decoder.layer_norm.weight"
    changed(copied, lambda tensors: tensors.update({name: torch.ones(32, dtype=torch.int8)}))

    with pytest.raises(Misconfigured, match=f"{name} is int8"):
        read_checkpoint(copied)


def test_tensors_are_pages_of_the_file(saved: Callable[[str], Path]) -> None:
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("no list of mappings on this system")
    folder = saved("small")

    weights = read_checkpoint(folder).weights
    tensor = weights["layers.0.feed_in"]

    file = str(folder / "model.safetensors")
    mappings = [line.split()[0] for line in maps.read_text().splitlines() if line.endswith(file)]
    ranges = [[int(side, 16) for side in mapping.split("-")] for mapping in mappings]
    assert any(first <= tensor.data_ptr() < last for first, last in ranges)


def test_tensors_at_odd_places_of_a_file_are_read(
    saved: Callable[[str], Path], copied: Path
) -> None:
    """The header of safetensors may have any length; then no number lies where a processor wants it."""
    file = copied / "model.safetensors"
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    file.write_bytes(
        (length + 1).to_bytes(8, "little") + content[8 : 8 + length] + b" " + content[8 + length :]
    )

    assert same_checkpoint(read_checkpoint(copied), read_checkpoint(saved("small")))


def test_file_that_cannot_be_written_leaves_the_old_one(
    saved: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "model.safetensors").mkdir()
    (tmp_path / "model.safetensors" / "old").touch()

    with pytest.raises(Unavailable, match=r"model\.safetensors cannot be written"):
        write_huggingface(read_checkpoint(saved("small")), tmp_path, dtype=torch.float32)

    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]


def test_default_config_of_the_written_model_says_its_heads(
    saved: Callable[[str], Path], tmp_path: Path
) -> None:
    write_huggingface(read_checkpoint(saved("medium")), tmp_path, dtype=torch.float32)

    told = json.loads((tmp_path / "config.json").read_text())
    assert told["decoder"]["num_attention_heads"] == 3


@pytest.mark.parametrize("feed", ["relu", "gated-gelu"])
def test_tensors_asked_of_t5_are_those_of_the_module(feed: str) -> None:
    settings = {
        "vocab_size": 16,
        "d_model": 12,
        "d_kv": 4,
        "d_ff": 20,
        "num_layers": 3,
        "num_heads": 2,
        "feed_forward_proj": feed,
    }

    with torch.device("meta"):
        module = T5EncoderModel(T5Config(**settings))

    asked = t5_shapes(settings)
    asked["encoder.embed_tokens.weight"] = asked["shared.weight"]
    assert asked == shapes(module)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"use_conv_shortcut": True},
        {"num_residual_layers": 2},
        {"num_lstm_layers": 1, "codebook_dim": 64},
    ],
)
def test_tensors_asked_of_encodec_are_those_of_the_module(change: dict[str, Any]) -> None:
    settings = {
        "sampling_rate": 32000,
        "num_filters": 64,
        "upsampling_ratios": [8, 5, 4, 4],
        "codebook_size": 2048,
        "target_bandwidths": [2.2],
        "use_conv_shortcut": False,
        **change,
    }

    with torch.device("meta"):
        module = EncodecModel(EncodecConfig(**settings))

    assert encodec_shapes(settings) == shapes(module)


def shapes(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def test_names_of_the_codec_are_translated_there_and_back() -> None:
    names = loaded_tiny("small").audio_encoder.state_dict().keys()

    theirs = codec_to_audiocraft(names)

    assert [codec_to_huggingface(name) for name in theirs.values()] == list(names)


def test_names_of_the_codec_are_those_of_audiocraft() -> None:
    theirs = set(
        codec_to_audiocraft(loaded_tiny("small").audio_encoder.state_dict().keys()).values()
    )

    assert {
        "encoder.model.0.conv.conv.weight_g",
        "encoder.model.1.block.3.conv.conv.weight_v",
        "encoder.model.13.lstm.weight_ih_l0",
        "encoder.model.15.conv.conv.bias",
        "decoder.model.0.conv.conv.weight_v",
        "decoder.model.1.lstm.bias_hh_l1",
        "decoder.model.3.convtr.convtr.weight_g",
        "decoder.model.12.convtr.convtr.bias",
        "decoder.model.15.conv.conv.weight_g",
        "quantizer.vq.layers.0._codebook.embed",
        "quantizer.vq.layers.3._codebook.inited",
    } <= theirs


def test_names_of_the_decoder_are_those_of_audiocraft(saved: Callable[[str], Path]) -> None:
    state = to_audiocraft(read_checkpoint(saved("melody")))["state_dict.bin"]["best_state"]

    assert {name for name in state if "layers" not in name or "layers.0." in name} == {
        *(f"{table}.{book}.weight" for table in ("emb", "linears") for book in range(4)),
        *(
            f"{norm}.{part}"
            for norm in ("out_norm", "transformer.layers.0.norm1", "transformer.layers.0.norm2")
            for part in ("weight", "bias")
        ),
        *(
            f"condition_provider.conditioners.{name}.output_proj.{part}"
            for name in ("description", "self_wav")
            for part in ("weight", "bias")
        ),
        "transformer.layers.0.self_attn.in_proj_weight",
        "transformer.layers.0.self_attn.out_proj.weight",
        "transformer.layers.0.linear1.weight",
        "transformer.layers.0.linear2.weight",
    }
