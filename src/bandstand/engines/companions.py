"""Weights that are no models, but help some: which there are, where they come from, whether they are here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bandstand.catalog import MULTIBAND_WEIGHTS, NON_COMMERCIAL, OPEN_RAIL


@dataclass(frozen=True, kw_only=True)
class Companion:
    """Weights that are no model, but help one.

    repository  on the Hugging Face hub
    needed      the files of it that are used; an ending stands for any name before it
    is_all      these are their whole names, and nothing else is fetched
    """

    repository: str
    licence: str
    needed: tuple[str, ...]
    is_all: bool = False


TEXT, CODEC = "t5-base", "encodec"
TOKENIZER = "clip-tokenizer"
TAESD, TAESD_XL = "taesd", "taesdxl"
CHECKER, UPSCALER = "safety-checker", "upscaler"
COMPANIONS: Mapping[str, Companion] = {
    MULTIBAND_WEIGHTS: Companion(
        repository="facebook/multiband-diffusion",
        licence=NON_COMMERCIAL,
        needed=("mbd_musicgen_32khz.th",),
    ),
    CODEC: Companion(
        repository="facebook/encodec_32khz",
        licence=NON_COMMERCIAL,
        needed=("config.json", ".safetensors"),
    ),
    TEXT: Companion(
        repository="google-t5/t5-base",
        licence="Apache-2.0",
        needed=("config.json", ".safetensors", "tokenizer.json"),
    ),
    TOKENIZER: Companion(
        repository="openai/clip-vit-large-patch14",
        licence="MIT",
        needed=("vocab.json", "merges.txt"),
        is_all=True,
    ),
    TAESD: Companion(
        repository="madebyollin/taesd",
        licence="MIT",
        needed=("config.json", "diffusion_pytorch_model.safetensors"),
        is_all=True,
    ),
    TAESD_XL: Companion(
        repository="madebyollin/taesdxl",
        licence="MIT",
        needed=("config.json", "diffusion_pytorch_model.safetensors"),
        is_all=True,
    ),
    CHECKER: Companion(
        repository="CompVis/stable-diffusion-safety-checker",
        licence=OPEN_RAIL,
        needed=("config.json", "model.safetensors"),
        is_all=True,
    ),
    UPSCALER: Companion(
        repository="Comfy-Org/Real-ESRGAN_repackaged",
        licence="BSD-3-Clause",
        needed=("RealESRGAN_x4plus.safetensors",),
        is_all=True,
    ),
}


def companion(models: Path, name: str) -> Path | None:
    """The folder of a companion, if all that is needed of it is there."""
    folder = models / name
    there = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    needed = COMPANIONS[name].needed
    return folder if all(any(n.endswith(end) for n in there) for end in needed) else None


def missing_companions(lacked: Sequence[str], models: Path) -> list[str]:
    return [name for name in lacked if companion(models, name) is None]


def lacking(companions: Sequence[str]) -> str:
    """What to do about them, in a person's words."""
    pulls = " && ".join(f"bandstand models pull {name}" for name in companions)
    return f"its layout leaves out {' and '.join(companions)}; run: {pulls}"
