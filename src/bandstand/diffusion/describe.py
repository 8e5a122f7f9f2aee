"""What lies in a folder or a file of diffusion weights: of which family, in which layout, what it lacks. No torch.

Knows two layouts: diffusers' folders with a `model_index.json`, and one .safetensors file as the models' first authors wrote
them. Pickles (.ckpt, .bin) are never opened, and of a strange folder only parts whose classes are listed here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from bandstand.diffusion.stored import Header, read_header, read_json
from bandstand.errors import Misconfigured

INDEX = "model_index.json"
TENSORS = ".safetensors"
VAE_SCALE = 8  # pixels of a latent's side, in all of these families


class Family(StrEnum):
    """Checkpoints of one family take the same LoRAs and have the same latents."""

    SD_1 = "sd-1"
    SD_2 = "sd-2"
    SDXL = "sdxl"


class Layout(StrEnum):
    FOLDER = "diffusers"
    FILE = "single file"


SIDES = {Family.SD_1: 512, Family.SD_2: 768, Family.SDXL: 1024}
CLASSES: Mapping[str, frozenset[str]] = {
    "unet": frozenset({"UNet2DConditionModel"}),
    "vae": frozenset({"AutoencoderKL"}),
    "text_encoder": frozenset({"CLIPTextModel"}),
    "text_encoder_2": frozenset({"CLIPTextModelWithProjection"}),
    "tokenizer": frozenset({"CLIPTokenizer", "CLIPTokenizerFast"}),
    "tokenizer_2": frozenset({"CLIPTokenizer", "CLIPTokenizerFast"}),
    "safety_checker": frozenset({"StableDiffusionSafetyChecker"}),
    "feature_extractor": frozenset({"CLIPImageProcessor", "CLIPFeatureExtractor"}),
}
WEIGHTS: Mapping[str, str] = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
    "text_encoder_2": "model",
}
CHECKER = "safety_checker"
FEW_STEP_SCHEDULERS = frozenset({"LCMScheduler", "TCDScheduler"})
# Tensors that only one kind of file has, and which.
MARKS: Mapping[str, Family] = {
    "conditioner.embedders.1.model.ln_final.weight": Family.SDXL,
    "cond_stage_model.model.ln_final.weight": Family.SD_2,
    "cond_stage_model.transformer.text_model.final_layer_norm.weight": Family.SD_1,
}
UNET, VAE = "model.diffusion_model.", "first_stage_model."
LORA_SIGNS = (".lora_", "_lora.", "lora_unet_", "lora_te")


@dataclass(frozen=True, kw_only=True)
class Description:
    """
    parts       numbers in the tensors of each, for reckoning memory
    side        pixels: width and height it was trained with
    is_few      made to need few steps
    has_guidance  a few-step model that was taught guidance; others of them want none
    has_checker   it brings its own safety checker
    lacks_tokenizer   a single file never has one
    file        of the layout FILE
    """

    family: Family
    layout: Layout
    parts: Mapping[str, int]
    side: int
    is_few: bool = False
    has_guidance: bool = True
    has_checker: bool = False
    file: Path | None = None

    @property
    def lacks_tokenizer(self) -> bool:
        return self.layout is Layout.FILE

    @property
    def parameters(self) -> int:
        return sum(self.parts.values())


@dataclass(frozen=True, kw_only=True)
class LoraDescription:
    """A LoRA: low-rank changes to a model of one family. family: None when its tensors do not tell."""

    file: Path
    family: Family | None
    parameters: int
    about: Mapping[str, str] = field(default_factory=dict[str, str])


def holds_pictures(folder: Path) -> bool:
    """Whether somebody meant it to be diffusion weights; not whether they are whole."""
    return (folder / INDEX).exists() or only_file(folder) is not None


def survey(folder: Path) -> Description | LoraDescription:
    """raises  Misconfigured with what is wrong, in a person's words"""
    if (folder / INDEX).exists():
        return _folder(folder)
    file = only_file(folder)
    if file is None:
        raise Misconfigured(f"{folder.name} holds neither {INDEX} nor one {TENSORS} file")
    header = read_header(file)
    if is_lora(header):
        return _lora(file, header)
    return _file(file, header)


def only_file(folder: Path) -> Path | None:
    """The one .safetensors of a folder that is neither MusicGen's nor of transformers' layout."""
    found = [path for path in sorted(folder.glob(f"*{TENSORS}")) if path.is_file()]
    if len(found) != 1 or found[0].name == "model.safetensors":
        return None
    return found[0]


def is_lora(header: Header) -> bool:
    return any(sign in name for name in header.shapes for sign in LORA_SIGNS)


def weights_of(folder: Path, part: str) -> tuple[str, str | None] | None:
    """The file with a part's tensors, or its index, and diffusers' word for the variant; None when there are none."""
    stem = WEIGHTS.get(part, "model")
    for variant in (None, "fp16"):
        name = f"{stem}.{variant}{TENSORS}" if variant else f"{stem}{TENSORS}"
        if (folder / part / name).is_file():
            return name, variant
    index = f"{stem}{TENSORS}.index.json"
    return (index, None) if (folder / part / index).is_file() else None


def _folder(folder: Path) -> Description:
    index = read_json(folder / INDEX)
    _check_classes(index)
    text = "text_encoder_2" in index
    unet = read_json(folder / "unet" / "config.json")
    _check_unet(unet)
    for needed in ("tokenizer", *(("tokenizer_2",) if text else ())):
        if not (folder / needed).is_dir():
            raise Misconfigured(f"its part {needed} is missing")
    scheduler = read_json(folder / "scheduler" / "scheduler_config.json")
    is_lcm = unet.get("time_cond_proj_dim") is not None
    few = is_lcm or scheduler.get("_class_name") in FEW_STEP_SCHEDULERS
    is_turbo = scheduler.get("timestep_spacing") == "trailing" and not few
    family = _family_of(unet, has_second_text=text)
    names = [name for name in WEIGHTS if name != "text_encoder_2" or text]
    return Description(
        family=family,
        layout=Layout.FOLDER,
        parts={name: _numbers(folder, name) for name in names},
        side=_side(unet, family),
        is_few=few or is_turbo,
        has_guidance=not is_turbo,
        has_checker=CHECKER in index and weights_of(folder, CHECKER) is not None,
    )


def _check_classes(index: Mapping[str, Any]) -> None:
    for name, told in index.items():
        if name.startswith("_") or not isinstance(told, list) or told[-1] is None:
            continue
        known = CLASSES.get(name)
        if name == "scheduler":
            if told[0] != "diffusers":
                raise Misconfigured(f"{INDEX} names a scheduler that is not of diffusers")
        elif known is None or told[-1] not in known:
            raise Misconfigured(
                f"{INDEX} names {name} as {told[-1]!r}: this is no Stable Diffusion 1, 2 or XL"
            )
    missing = [name for name in ("unet", "vae", "text_encoder", "scheduler") if name not in index]
    if missing:
        raise Misconfigured(f"{INDEX} does not name {' and '.join(missing)}")


def _check_unet(config: Mapping[str, Any]) -> None:
    taken = config.get("in_channels", 4)
    if taken != 4:
        raise Misconfigured(
            f"its UNet takes {taken} channels and not 4: it is made to fill or widen pictures, which is not supported"
        )


def _family_of(unet: Mapping[str, Any], *, has_second_text: bool) -> Family:
    if has_second_text:
        return Family.SDXL
    # The text encoder of 2.x is another one, and its UNet has one width of heads instead of one number of them.
    return Family.SD_2 if isinstance(unet.get("attention_head_dim"), list) else Family.SD_1


def _side(unet: Mapping[str, Any], family: Family) -> int:
    sample = unet.get("sample_size")
    return VAE_SCALE * sample if isinstance(sample, int) else SIDES[family]


def _numbers(folder: Path, part: str) -> int:
    found = weights_of(folder, part)
    if found is None:
        raise Misconfigured(
            f"its part {part} has no {TENSORS} weights; pickled ones (.bin, .ckpt) are never loaded"
        )
    name, _ = found
    files = [folder / part / name]
    if name.endswith(".json"):
        told = read_json(files[0]).get("weight_map", {})
        files = [folder / part / Path(str(place)).name for place in sorted(set(told.values()))]
    return sum(_count(read_header(file)) for file in files)


def _count(header: Header, prefix: str = "") -> int:
    return sum(math.prod(s) for name, s in header.shapes.items() if name.startswith(prefix))


def _file(file: Path, header: Header) -> Description:
    family = next((MARKS[mark] for mark in MARKS if mark in header.shapes), None)
    if family is None or not any(name.startswith(VAE) for name in header.shapes):
        raise Misconfigured(
            f"{file.name} is no whole checkpoint of Stable Diffusion 1, 2 or XL, and no LoRA"
        )
    taken = header.shapes.get(f"{UNET}input_blocks.0.0.weight", (0, 4))[1]
    _check_unet({"in_channels": taken})
    parts = {"unet": _count(header, UNET), "vae": _count(header, VAE)}
    parts["text_encoder"] = _count(header, "cond")  # cond_stage_model, conditioner
    return Description(
        family=family, layout=Layout.FILE, parts=parts, side=SIDES[family], file=file
    )


def _lora(file: Path, header: Header) -> LoraDescription:
    """The width of what cross-attention listens to tells the family."""
    wide = {768: Family.SD_1, 1024: Family.SD_2, 2048: Family.SDXL}
    heard = [
        shape[1]
        for name, shape in header.shapes.items()
        if "attn2" in name and "to_k" in name and len(shape) > 1 and _is_down(name)
    ]
    return LoraDescription(
        file=file,
        family=wide.get(heard[0]) if heard else None,
        parameters=_count(header),
        about=header.about,
    )


def _is_down(name: str) -> bool:
    return any(word in name for word in ("lora_down", "lora_A", "lora.down", "_lora.down"))
