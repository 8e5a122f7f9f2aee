"""Checkpoints of MusicGen, read from Hugging Face's layout and audiocraft's, and written in both: nothing missing, nothing left over.

Not the first look at a folder, which needs no torch (`describe.py`), nor the names (`naming.py`).
"""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from bandstand.errors import Misconfigured
from bandstand.musicgen.describe import (
    CODEC_STATE,
    CONFIG,
    STATE,
    TOKENIZER_FILES,
    Laid,
    Survey,
    check_books,
    survey,
    survey_codec,
    survey_text,
)
from bandstand.musicgen.naming import NAMINGS, Layout, Stack, codec_to_audiocraft
from bandstand.musicgen.parts import ENCODEC
from bandstand.musicgen.sizes import RATE, Sizes
from bandstand.musicgen.tensors import Lazy, Mapped, aside, lazily, write_safetensors


@dataclass(frozen=True, kw_only=True)
class Part:
    """T5's encoder, or EnCodec.

    settings  as in config.json
    tensors   named as transformers' module names them; views of the mapped files
    """

    settings: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """
    weights    exactly sizes.shapes(), of the type they are stored in; made when asked for, see `Lazy`
    tokenizer  the folder that holds its files
    """

    sizes: Sizes
    weights: Mapping[str, Tensor]
    text: Part
    codec: Part
    tokenizer: Path


def read_checkpoint(
    folder: Path, *, text_folder: Path | None = None, codec_folder: Path | None = None
) -> Checkpoint:
    """
    text_folder   of t5-base, for audiocraft's layout, which comes without
    codec_folder  of facebook/encodec_32khz, for a folder that only points to it
    raises        Misconfigured naming the file, and the tensor if it is one
    """
    found = survey(folder)
    text, tokenizer = found.text, folder
    if text is None:
        if text_folder is None:
            raise Misconfigured(
                f"{folder} has no text encoder; it needs the folder of t5-base, too"
            )
        text, tokenizer = survey_text(text_folder), text_folder
    if text.settings["d_model"] != found.description.sizes.text:
        raise Misconfigured(
            f"{tokenizer} gives texts a width of {text.settings['d_model']}, "
            f"and {folder} takes {found.description.sizes.text}"
        )
    mapped = Mapped()
    return Checkpoint(
        sizes=found.description.sizes,
        weights=lazily(found.decoder, mapped),
        text=_part(text, mapped),
        codec=_part(_find_codec(found, folder, codec_folder), mapped),
        tokenizer=tokenizer,
    )


def _find_codec(found: Survey, folder: Path, codec_folder: Path | None) -> Laid:
    if isinstance(found.codec, Laid):
        return found.codec
    if codec_folder is None:
        raise Misconfigured(f"{folder} has no codec; it needs the folder of {found.codec}, too")
    codec = survey_codec(codec_folder)
    check_books(found.description.sizes, codec, folder)
    return codec


def _part(laid: Laid, mapped: Mapped) -> Part:
    pieces = {name: (stored,) for name, stored in laid.tensors.items()}
    return Part(settings=laid.settings, tensors=lazily(pieces, mapped))


def renamed(checkpoint: Checkpoint, layout: Layout, dtype: torch.dtype | None = None) -> Lazy:
    """The decoder's tensors under the names of a layout, each made when asked for. dtype: None as they are"""
    return Lazy(
        {
            name: functools.partial(_theirs, checkpoint.weights, stack, name, dtype)
            for stack in NAMINGS[layout].stacks(checkpoint.sizes)
            for name in stack.theirs
        }
    )


def _theirs(
    weights: Mapping[str, Tensor], stack: Stack, name: str, dtype: torch.dtype | None
) -> Tensor:
    ours = [weights[name] for name in stack.ours]
    rows = ours[0] if len(ours) == 1 else torch.cat(ours)
    tensor = rows.chunk(len(stack.theirs))[stack.theirs.index(name)]
    return tensor if dtype is None else tensor.to(dtype)


def write_huggingface(checkpoint: Checkpoint, folder: Path, *, dtype: torch.dtype) -> None:
    """A folder that transformers loads, in one file of safetensors. Needs memory for one tensor at a time.

    dtype   of the decoder; the text encoder and the codec stay as they are, for in half precision both are heard
    raises  Unavailable when there is no room
    """
    sizes = checkpoint.sizes
    tensors: dict[str, Callable[[], Tensor]] = {}
    for prefix, part in (
        ("", renamed(checkpoint, "huggingface", dtype)),
        ("text_encoder.", checkpoint.text.tensors),
        ("audio_encoder.", checkpoint.codec.tensors),
    ):
        tensors |= {prefix + name: functools.partial(part.__getitem__, name) for name in part}
    folder.mkdir(parents=True, exist_ok=True)
    write_safetensors(folder / "model.safetensors", Lazy(tensors))
    for name in TOKENIZER_FILES:
        if (checkpoint.tokenizer / name).exists():
            with aside(folder / name) as temporary:
                shutil.copyfile(checkpoint.tokenizer / name, temporary)
    marks = ("bos_token_id", "pad_token_id", "decoder_start_token_id")
    _write_json(folder / "generation_config.json", dict.fromkeys(marks, sizes.special))
    # Last, for a folder without it is no model yet.
    _write_json(folder / CONFIG, _config(checkpoint, dtype))


def _config(checkpoint: Checkpoint, dtype: torch.dtype) -> dict[str, Any]:
    sizes = checkpoint.sizes
    kind, name = (
        ("musicgen_melody", "MusicgenMelody") if sizes.is_prefix else ("musicgen", "Musicgen")
    )
    melody = {"num_chroma": sizes.chroma, "chroma_length": sizes.chroma_frames}
    return {
        "model_type": kind,
        "architectures": [f"{name}ForConditionalGeneration"],
        "dtype": str(dtype).removeprefix("torch."),
        "is_encoder_decoder": True,
        **(melody if sizes.is_prefix else {}),
        "text_encoder": {**checkpoint.text.settings, "model_type": "t5"},
        "audio_encoder": {**checkpoint.codec.settings, "model_type": "encodec"},
        "decoder": {
            "model_type": f"{kind}_decoder",
            "hidden_size": sizes.width,
            "num_hidden_layers": sizes.layers,
            "num_attention_heads": sizes.heads,
            "ffn_dim": sizes.inner,
            "num_codebooks": sizes.codebooks,
            "vocab_size": sizes.codes,
            "audio_channels": sizes.channels,
            "activation_function": "gelu",
            "scale_embedding": False,
            "bos_token_id": sizes.special,
            "pad_token_id": sizes.special,
        },
    }


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
    with aside(file) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")


def to_audiocraft(checkpoint: Checkpoint) -> dict[str, dict[str, Any]]:
    """What audiocraft's two files hold, by their names. Needs memory for the whole model, for torch.save does.

    xp.cfg says what the tensors do not show; audiocraft's own loader asks for the settings of the whole training beside that.
    """
    # Trap: torch.save writes the storage behind a view, and behind these lies a whole file.
    decoder = {name: tensor.clone() for name, tensor in renamed(checkpoint, "audiocraft").items()}
    names = codec_to_audiocraft(checkpoint.codec.tensors.keys())
    codec = {
        names[name]: tensor.clone(memory_format=torch.contiguous_format)
        for name, tensor in checkpoint.codec.tensors.items()
    }
    return {
        STATE: {"best_state": decoder, "xp.cfg": _decoder_settings(checkpoint.sizes)},
        CODEC_STATE: {"best_state": codec, "xp.cfg": _codec_settings(checkpoint.codec.settings)},
    }


def write_audiocraft(checkpoint: Checkpoint, folder: Path) -> None:
    """A folder in audiocraft's layout, which has no text encoder: `read_checkpoint` wants that of t5-base with it.

    raises  Unavailable when there is no room
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, package in reversed(to_audiocraft(checkpoint).items()):
        with aside(folder / name) as temporary:
            torch.save(package, temporary)


def _decoder_settings(sizes: Sizes) -> str:
    return _yaml(
        {
            "transformer_lm": {
                "dim": sizes.width,
                "num_heads": sizes.heads,
                "num_layers": sizes.layers,
                "hidden_scale": sizes.inner // sizes.width,
                "n_q": sizes.codebooks,
                "card": sizes.codes,
            },
            "codebooks_pattern": {"modeling": "delay", "delay": {"delays": list(sizes.delays)}},
            "interleave_stereo_codebooks": {"use": sizes.channels == 2},
            "sample_rate": RATE,
        }
    )


def _codec_settings(settings: Mapping[str, Any]) -> str:
    said = {**ENCODEC, **settings}
    return _yaml(
        {
            "sample_rate": said["sampling_rate"],
            "encodec": {"sample_rate": said["sampling_rate"], "renormalize": said["normalize"]},
            "seanet": {
                "dimension": said["hidden_size"],
                "ratios": list(said["upsampling_ratios"]),
                "n_residual_layers": said["num_residual_layers"],
                "residual_kernel_size": said["residual_kernel_size"],
                "last_kernel_size": said["last_kernel_size"],
                "dilation_base": said["dilation_growth_rate"],
                "compress": said["compress"],
                "lstm": said["num_lstm_layers"],
                "norm": said["norm_type"],
                "causal": said["use_causal_conv"],
                "true_skip": not said["use_conv_shortcut"],
                "pad_mode": said["pad_mode"],
            },
        }
    )


def _yaml(tree: Mapping[str, Any], indent: str = "") -> str:
    lines: list[str] = []
    for key, value in tree.items():
        if isinstance(value, Mapping):
            inside = cast("Mapping[str, Any]", value)
            lines.append(f"{indent}{key}:\n{_yaml(inside, indent + '  ')}")
        else:
            lines.append(f"{indent}{key}: {json.dumps(value)}\n")
    return "".join(lines)
