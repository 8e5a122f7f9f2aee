"""What a folder of weights is: its layout, the sizes of its decoder, where each tensor lies, and whether all of that agrees.

Reads headers only, without torch, so that a process which never runs a model can list models. Tensors are made of it by
`checkpoints.py`.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bandstand.errors import Misconfigured
from bandstand.musicgen.folders import has_weights, read_json, state_in, weights_in
from bandstand.musicgen.naming import (
    NAMINGS,
    Layout,
    check_shapes,
    codec_to_huggingface,
    pieces,
)
from bandstand.musicgen.outline import Outline
from bandstand.musicgen.parts import (
    check_encodec,
    encodec_books,
    encodec_settings,
    encodec_shapes,
    t5_shapes,
)
from bandstand.musicgen.pickles import read_pickle
from bandstand.musicgen.sizes import Sizes
from bandstand.musicgen.stored import Stored

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
TOKENIZER_FILES = (TOKENIZER, "tokenizer_config.json", "special_tokens_map.json", "spiece.model")
STATE = "state_dict.bin"
CODEC_STATE = "compression_state_dict.bin"
HEAD_WIDTH = 64
MODEL_TYPES = {"musicgen": False, "musicgen_melody": True}


@dataclass(frozen=True, kw_only=True)
class Description:
    """files: the names of those in the folder that are needed"""

    layout: Layout
    sizes: Sizes
    files: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Laid:
    """T5's encoder or EnCodec, as it lies in files. tensors: transformers' names of today, without prefix"""

    settings: Mapping[str, Any]
    tensors: Mapping[str, Stored]


@dataclass(frozen=True, kw_only=True)
class Survey:
    """
    decoder  what each of our tensors is made of, its rows one under another
    text     None in audiocraft's layout, which has no text encoder
    codec    its place when the folder only points to it
    """

    description: Description
    decoder: Mapping[str, tuple[Stored, ...]]
    text: Laid | None
    codec: Laid | str


def describe(folder: Path) -> Description:
    """raises Misconfigured when it is no model that can be used, with what is wrong"""
    return survey(folder).description


def survey(folder: Path) -> Survey:
    """raises Misconfigured as `describe`. Where a folder has both layouts, as Meta's have, Hugging Face's counts."""
    if not folder.is_dir():
        raise Misconfigured(f"{folder} is no folder")
    if (folder / CONFIG).exists() and (has_weights(folder) or not (folder / STATE).exists()):
        return _huggingface(folder)
    if (folder / STATE).exists():
        return _audiocraft(folder)
    raise Misconfigured(
        f"{folder} holds no model: neither {CONFIG} with model.safetensors, nor {STATE}"
    )


def survey_text(folder: Path) -> Laid:
    """A folder of T5, such as t5-base. raises Misconfigured"""
    return _text(read_json(folder / CONFIG), weights_in(folder).tensors, folder)


def survey_codec(folder: Path) -> Laid:
    """A folder of transformers' EnCodec, such as facebook/encodec_32khz. raises Misconfigured"""
    return _codec(read_json(folder / CONFIG), weights_in(folder).tensors, folder)


def check_books(sizes: Sizes, codec: Laid, where: Path) -> None:
    """raises Misconfigured when the model speaks of more or fewer codebooks than the codec has"""
    books = encodec_books(codec.settings)
    if sizes.codebooks != sizes.channels * books:
        raise Misconfigured(
            f"{where}: the model has {sizes.codebooks} codebooks for {sizes.channels} channels, "
            f"the codec {books} for one"
        )


def _huggingface(folder: Path) -> Survey:
    config = read_json(folder / CONFIG)
    held = weights_in(folder)
    tokenizer = tuple(name for name in TOKENIZER_FILES if (folder / name).exists())
    if TOKENIZER not in tokenizer:
        raise Misconfigured(f"{folder / TOKENIZER} is missing: it turns text into tokens")
    parts = ("text_encoder.", "audio_encoder.")
    decoder = {name: stored for name, stored in held.tensors.items() if not name.startswith(parts)}
    with _told_by(folder / CONFIG):
        sizes = _config_sizes(config)
    _compare(f"{folder / CONFIG}", _shown(sizes), measure("huggingface", decoder, folder))
    codec = _codec(config.get("audio_encoder"), held.under(parts[1]), folder, prefix=parts[1])
    check_books(sizes, codec, folder)
    return Survey(
        description=Description(
            layout="huggingface", sizes=sizes, files=(CONFIG, *held.files, *tokenizer)
        ),
        decoder=pieces("huggingface", sizes, decoder, folder),
        text=_text(config.get("text_encoder"), held.under(parts[0]), folder, prefix=parts[0]),
        codec=codec,
    )


def _config_sizes(config: Mapping[str, Any]) -> Sizes:
    """What is not said is as in transformers' MusicgenDecoderConfig."""
    kind = config.get("model_type")
    if kind not in MODEL_TYPES:
        raise Misconfigured(f"it is of a {kind}, and neither of a musicgen nor a musicgen_melody")
    decoder: Mapping[str, Any] = config.get("decoder") or {}
    for setting, wanted in (("scale_embedding", False), ("activation_function", "gelu")):
        if decoder.get(setting, wanted) != wanted:
            raise Misconfigured(f"{setting} is {decoder[setting]}, and only {wanted} is known here")
    width, heads = decoder.get("hidden_size", 1024), decoder.get("num_attention_heads")
    # Trap: the first conversions of medium and large left transformers' default here, which is small's.
    if heads == 16 and width > 16 * HEAD_WIDTH:
        heads = None
    return Sizes(
        width=width,
        layers=decoder.get("num_hidden_layers", 24),
        heads=_heads(heads, width),
        inner=decoder.get("ffn_dim", 4096),
        codebooks=decoder.get("num_codebooks", 4),
        codes=decoder.get("vocab_size", 2048),
        channels=decoder.get("audio_channels", 1),
        text=config["text_encoder"].get("d_model", 512),
        is_prefix=MODEL_TYPES[kind],
        chroma=config.get("num_chroma", 12),
        chroma_frames=config.get("chroma_length", 235),
    )


def _heads(told: int | None, width: int) -> int:
    """Where it is not told, they are as wide as all of MusicGen's."""
    heads = width // HEAD_WIDTH if told is None else told
    if heads < 1 or width % heads:
        raise Misconfigured(f"{heads} heads do not divide a width of {width}")
    return heads


def _audiocraft(folder: Path) -> Survey:
    file = folder / STATE
    state, told = _package(file)
    found = measure("audiocraft", state, folder)
    with _told_by(file):
        sizes = _state_sizes(found, told)
    codec = _compression(folder / CODEC_STATE)
    if isinstance(codec, Laid):
        check_books(sizes, codec, folder)
    return Survey(
        description=Description(layout="audiocraft", sizes=sizes, files=(STATE, CODEC_STATE)),
        decoder=pieces("audiocraft", sizes, state, file),
        text=None,
        codec=codec,
    )


def _package(file: Path) -> tuple[dict[str, Stored], Outline]:
    """The tensors of a package of audiocraft, and its xp.cfg."""
    package = read_pickle(file)
    if not isinstance(package, dict) or "best_state" not in package:
        raise Misconfigured(f"{file} is no package of audiocraft: it has no best_state")
    inside = cast("dict[str, Any]", package)
    state = inside["best_state"]
    if isinstance(state, dict) and isinstance(cast("dict[str, Any]", state).get("model"), dict):
        state = state["model"]  # a checkpoint of the training, not exported
    return state_in(state, file), Outline.of(inside.get("xp.cfg"))


def _state_sizes(found: Mapping[str, int], told: Outline) -> Sizes:
    width, books = found["width"], found["codebooks"]
    said = {
        "width": told.number("transformer_lm.dim", width),
        "layers": told.number("transformer_lm.num_layers", found["layers"]),
        "codebooks": told.number("transformer_lm.n_q", books),
        "codes": told.number("transformer_lm.card", found["codes"]),
    }
    _compare("xp.cfg", said, found)
    delays = told.numbers("codebooks_pattern.delay.delays")
    is_stereo = delays[:2] == (0, 0) if delays else books == 8
    sizes = Sizes(
        width=width,
        layers=found["layers"],
        heads=_heads(told.number("transformer_lm.num_heads", 0) or None, width),
        inner=found["inner"],
        codebooks=books,
        codes=found["codes"],
        channels=2 if is_stereo else 1,
        text=found["text"],
        is_prefix=bool(found["chroma"]),
        chroma=found["chroma"] or 12,
    )
    if delays and delays != sizes.delays:
        raise Misconfigured(f"the codebooks lag by {delays}, and only {sizes.delays} is known here")
    return sizes


def _compression(file: Path) -> Laid | str:
    if not file.exists():
        raise Misconfigured(f"{file} is missing: it is the codec")
    package = read_pickle(file)
    if isinstance(package, dict) and "pretrained" in package:
        return str(cast("dict[str, Any]", package)["pretrained"]).removeprefix("//pretrained/")
    state, told = _package(file)
    tensors = {codec_to_huggingface(name): stored for name, stored in state.items()}
    shapes = {name: stored.shape for name, stored in tensors.items()}
    with _told_by(file):
        settings = encodec_settings(told, shapes)
    return _codec(settings, tensors, file)


def measure(layout: Layout, found: Mapping[str, Stored], where: Path) -> dict[str, int]:
    """Sizes of a decoder as its tensors show them, named as in `Sizes`; chroma is 0 where there is none.

    raises  Misconfigured when one that shows a size is missing or of a wrong kind
    """
    naming = NAMINGS[layout]

    def table(name: str) -> tuple[int, int]:
        if name not in found:
            raise Misconfigured(f"{where} lacks the tensor {name}")
        if len(found[name].shape) != 2:
            raise Misconfigured(f"{where}: the tensor {name} is no table")
        return cast("tuple[int, int]", found[name].shape)

    rows, width = table(naming.embedding.format(0))
    before, after = map(re.escape, naming.layer.split("{}"))
    layers = {int(m[1]) for name in found if (m := re.match(rf"{before}(\d{{1,4}}){after}", name))}
    melody = naming.melody["melody.weight"]
    return {
        "width": width,
        "layers": max(layers, default=-1) + 1,
        "inner": table(naming.layer.format(0) + naming.inner["feed_in"])[0],
        "codebooks": sum(naming.embedding.format(book) in found for book in range(64)),
        "codes": rows - 1,
        "text": table(naming.outer["text.weight"])[1],
        "chroma": table(melody)[1] if melody in found else 0,
    }


def _shown(sizes: Sizes) -> dict[str, int]:
    """What of them the tensors show, too."""
    names = ("width", "layers", "inner", "codebooks", "codes", "text")
    return {name: getattr(sizes, name) for name in names} | {
        "chroma": sizes.chroma if sizes.is_prefix else 0
    }


def _compare(where: str, said: Mapping[str, int], found: Mapping[str, int]) -> None:
    for name, value in said.items():
        if value != found[name]:
            raise Misconfigured(
                f"{where} contradicts the tensors: {name} is {value} there and {found[name]} here"
            )


@contextmanager
def _told_by(file: Path) -> Generator[None]:
    """Around the reading of settings. raises Misconfigured naming their file, whatever is wrong with them"""
    try:
        yield
    except Misconfigured as error:
        raise Misconfigured(f"{file}: {error.message}") from None
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise Misconfigured(f"{file}: its settings make no sense ({error!r})") from error


_TEXT_IGNORED = {
    r"encoder\.embed_tokens\.weight": "the table of words, again",
    r"decoder\..*|lm_head\.weight": "the half of T5 that writes text",
}


def _text(settings: Any, found: Mapping[str, Stored], where: Path, *, prefix: str = "") -> Laid:
    tensors = dict(found)
    # Of two names of one table safetensors keeps one, and which one depends on who saved.
    if "shared.weight" not in tensors and "encoder.embed_tokens.weight" in tensors:
        tensors["shared.weight"] = tensors["encoder.embed_tokens.weight"]
    with _told_by(where):
        shapes = t5_shapes(settings)
    check_shapes(shapes, tensors, where=where, ignored=_TEXT_IGNORED, prefix=prefix)
    return Laid(settings=settings, tensors={name: tensors[name] for name in shapes})


def _codec(settings: Any, found: Mapping[str, Stored], where: Path, *, prefix: str = "") -> Laid:
    tensors = {codec_to_huggingface(name): stored for name, stored in found.items()}
    with _told_by(where):
        check_encodec(settings)
        shapes = encodec_shapes(settings)
    check_shapes(shapes, tensors, where=where, ignored={}, prefix=prefix)
    return Laid(settings=settings, tensors={name: tensors[name] for name in shapes})
