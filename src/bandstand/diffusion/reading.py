"""From files to a pipeline of diffusers: a folder or a single file, in the numbers and on the device that are wanted.

Never from the network, and never from pickles. What may be in the files was looked at before, by `describe.py`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from bandstand.diffusion.configurations import SCHEDULER, write_configurations
from bandstand.diffusion.describe import (
    CHECKER,
    TENSORS,
    Description,
    Family,
    LoraDescription,
    only_file,
    survey,
    weights_of,
)
from bandstand.diffusion.memory import Thrift
from bandstand.diffusion.safety import Checker
from bandstand.diffusion.schedulers import taught_scheduler
from bandstand.diffusion.stored import read_json
from bandstand.errors import Misconfigured

LIBRARY: Any = (
    diffusers  # which hands out its names when asked, so that no checker of types sees them
)
OFFLINE: Mapping[str, Any] = {"local_files_only": True, "use_safetensors": True}
PARTS: Mapping[str, Any] = {
    "unet": LIBRARY.UNet2DConditionModel,
    "vae": LIBRARY.AutoencoderKL,
    "text_encoder": transformers.CLIPTextModel,
    "text_encoder_2": transformers.CLIPTextModelWithProjection,
}
TOKENS_MAX = 77
# Which word fills a text up to 77 tokens: an embedding like any other, so it must be the one of training.
FILLING = {
    (Family.SD_1, "tokenizer"): "<|endoftext|>",
    (Family.SD_2, "tokenizer"): "!",
    (Family.SDXL, "tokenizer"): "<|endoftext|>",
    (Family.SDXL, "tokenizer_2"): "!",
}


@dataclass(frozen=True, kw_only=True)
class Companions:
    """What helps a checkpoint and lies elsewhere; None: it is not here.

    tokenizer  folder with CLIP's vocabulary, for single files
    tiny       folder with TAESD of the family
    checker    folder with a safety checker, for checkpoints without
    upscaler   file with an upscaling network
    """

    tokenizer: Path | None = None
    tiny: Path | None = None
    checker: Path | None = None
    upscaler: Path | None = None


def survey_model(folder: Path) -> Description:
    """raises  Misconfigured when it is none, or a LoRA"""
    found = survey(folder)
    if isinstance(found, LoraDescription):
        raise Misconfigured(f"{folder.name} is a LoRA: it changes a model, and is none")
    return found


def read_pipeline(
    folder: Path, about: Description, companions: Companions, *, precision: str
) -> Any:
    """raises  Misconfigured when the files are damaged, or a single file's tokenizer is not here"""
    quiet()
    dtype = getattr(torch, precision)
    try:
        if about.file is None:
            parts = _parts_of_folder(folder, about, dtype)
        else:
            parts = _parts_of_file(about.file, about, companions.tokenizer, dtype)
    except (ArithmeticError, OSError, RuntimeError, LookupError, TypeError, ValueError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise Misconfigured(f"{folder.name} cannot be read: {lines[0][:300]}") from error
    if about.family is Family.SDXL:
        return LIBRARY.StableDiffusionXLPipeline(**parts, add_watermarker=False)
    return LIBRARY.StableDiffusionPipeline(
        **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )


def from_picture(pipeline: Any) -> Any:
    """The pipeline that begins with a picture; it shares every part, and takes no memory of its own."""
    parts = pipeline.components
    if isinstance(pipeline, LIBRARY.StableDiffusionXLPipeline):
        made: Any = LIBRARY.StableDiffusionXLImg2ImgPipeline(**parts, add_watermarker=False)
    else:
        made = LIBRARY.StableDiffusionImg2ImgPipeline(**parts, requires_safety_checker=False)
    made.set_progress_bar_config(disable=True)
    return made


def place(pipeline: Any, *, device: str, precision: str, thrift: Thrift) -> None:
    """Where it computes. An autoencoder overflows in float16, and keeps float32."""
    if precision == "float16":
        pipeline.vae.to(torch.float32)
    if thrift is Thrift.PARTS:
        pipeline.enable_model_cpu_offload(device=device)
    elif thrift is Thrift.LAYERS:
        pipeline.enable_sequential_cpu_offload(device=device)
    else:
        pipeline.to(device)


def read_tiny(folder: Path | None, *, device: str) -> Any | None:
    """TAESD, or None without it."""
    if folder is None:
        return None
    tiny = LIBRARY.AutoencoderTiny.from_pretrained(folder, **OFFLINE)
    return tiny.to(device).eval()


def read_checker(
    folder: Path, about: Description, companions: Companions, device: str
) -> Checker | None:
    if about.has_checker:
        return Checker.read(folder / CHECKER, device=device)
    return Checker.read(companions.checker, device=device) if companions.checker else None


def network_in(folder: Path | None) -> Path | None:
    return only_file(folder) if folder else None


def quiet() -> None:
    """Progress bars are for terminals, and this is none."""
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()


def _parts_of_folder(folder: Path, about: Description, dtype: torch.dtype) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for name in about.parts:
        found = weights_of(folder, name)
        assert found is not None, "a part without weights is no whole model, and was refused"
        options = {**OFFLINE, "variant": found[1], "torch_dtype": dtype}
        if name.startswith("text"):
            options["dtype"] = options.pop("torch_dtype")
        parts[name] = PARTS[name].from_pretrained(folder / name, **options)
    parts |= {name: _tokenizer(folder / name) for name in _tokenizers(about)}
    return parts | {"scheduler": taught_scheduler(read_json(folder / "scheduler" / SCHEDULER))}


def _parts_of_file(
    file: Path, about: Description, tokenizer: Path | None, dtype: torch.dtype
) -> dict[str, Any]:
    if tokenizer is None:
        raise Misconfigured(f"{file.name} brings no tokenizer, and there is none here")
    assert file.suffix == TENSORS, "anything else may be a pickle"
    kind = (
        LIBRARY.StableDiffusionXLPipeline
        if about.family is Family.SDXL
        else LIBRARY.StableDiffusionPipeline
    )
    tokenizers = {
        name: _tokenizer(tokenizer, pad_token=FILLING[about.family, name])
        for name in _tokenizers(about)
    }
    with tempfile.TemporaryDirectory(prefix="bandstand-") as place:
        write_configurations(file, about.family, Path(place))
        pipeline = kind.from_single_file(
            str(file), config=place, local_files_only=True, torch_dtype=dtype, **tokenizers
        )
    wanted = {*PARTS, "scheduler", *tokenizers}
    return {name: part for name, part in pipeline.components.items() if name in wanted and part}


def _tokenizers(about: Description) -> tuple[str, ...]:
    return ("tokenizer", "tokenizer_2") if about.family is Family.SDXL else ("tokenizer",)


def _tokenizer(folder: Path, **options: str) -> Any:
    kind: Any = transformers.CLIPTokenizer
    return kind.from_pretrained(
        folder, local_files_only=True, model_max_length=TOKENS_MAX, **options
    )
