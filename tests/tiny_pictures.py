"""Tiny Stable Diffusion checkpoints with random weights, as diffusers makes and saves them: like 1.5, like 2.1, like SDXL.

They have the real parts, names of tensors and 77 tokens, with few and narrow layers.
"""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    DDIMScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from transformers import (
    CLIPConfig,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

# Of tensors so small a second thread only spins, and worst when another process wants the core.
torch.set_num_threads(1)

FAMILIES = ("sd-1", "sd-2", "sdxl")
WIDTH = 64  # of the text encoder: one head
TRAINED = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
"""What all Stable Diffusion models were trained with."""


def write_tokenizer(folder: Path) -> Path:
    """CLIP's kind of tokenizer with single bytes for words; nothing is downloaded."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 256))]
    letters += [chr(256 + number) for number in range(256 - len(letters))]
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return folder


def tiny_pipeline(family: str, *, seed: int = 0, few_step: bool = False) -> Any:
    """A diffusers pipeline, float32."""
    torch.manual_seed(seed)
    vae = AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        layers_per_block=1,
        sample_size=64,
        scaling_factor=0.13025 if family == "sdxl" else 0.18215,
    )
    parts: dict[str, Any] = {
        "vae": vae,
        "unet": _unet(family, few_step=few_step),
        "tokenizer": _tokenizer("!" if family == "sd-2" else "<|endoftext|>"),
        "scheduler": _scheduler(family, few_step=few_step),
    }
    if family == "sdxl":
        # The first encoder's last layer but one is used, so there are two at least.
        parts["text_encoder"] = CLIPTextModel(_text(act="quick_gelu"))
        parts["text_encoder_2"] = CLIPTextModelWithProjection(_text(act="gelu", width=2 * WIDTH))
        parts["tokenizer_2"] = _tokenizer("!")
        pipeline = StableDiffusionXLPipeline(**parts, add_watermarker=False)
    else:
        act = "quick_gelu" if family == "sd-1" else "gelu"
        parts["text_encoder"] = CLIPTextModel(_text(act=act))
        nothing = {"safety_checker": None, "feature_extractor": None}
        pipeline = StableDiffusionPipeline(**parts, **nothing, requires_safety_checker=False)
    _liven(parts["unet"])
    return pipeline


def _tokenizer(filling: str) -> CLIPTokenizer:
    """filling: the word that makes every text 77 tokens long"""
    with tempfile.TemporaryDirectory() as folder:
        return CLIPTokenizer.from_pretrained(
            write_tokenizer(Path(folder)), model_max_length=77, pad_token=filling
        )


def _text(*, act: str, width: int = WIDTH) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=514,
        hidden_size=width,
        intermediate_size=4 * width,
        projection_dim=width,
        num_hidden_layers=3,
        num_attention_heads=width // 64,
        max_position_embeddings=77,
        hidden_act=act,
        bos_token_id=512,
        eos_token_id=513,
        pad_token_id=1,
    )


def _unet(family: str, *, few_step: bool) -> UNet2DConditionModel:
    down = ("CrossAttnDownBlock2D", "DownBlock2D")
    up = ("UpBlock2D", "CrossAttnUpBlock2D")
    words: dict[str, Any] = {
        "sample_size": 8,
        "block_out_channels": (32, 64),
        "layers_per_block": 1,
        "down_block_types": down,
        "up_block_types": up,
        "cross_attention_dim": WIDTH,
        "attention_head_dim": 8,
        "time_cond_proj_dim": 16 if few_step else None,
    }
    if family == "sd-2":
        words |= {"block_out_channels": (64, 64), "attention_head_dim": (1, 1)}
        words |= {"use_linear_projection": True}
    if family == "sdxl":
        words |= {
            "block_out_channels": (64, 64),
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
            "transformer_layers_per_block": (1, 2),
            "use_linear_projection": True,
            "attention_head_dim": (1, 1),
            "cross_attention_dim": 3 * WIDTH,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 6 * 8 + 2 * WIDTH,
        }
    return UNet2DConditionModel(**words)


def _scheduler(family: str, *, few_step: bool) -> Any:
    if few_step:
        return LCMScheduler(**TRAINED, steps_offset=1)
    if family == "sdxl":
        return EulerDiscreteScheduler(**TRAINED, steps_offset=1, timestep_spacing="leading")
    if family == "sd-2":
        return DDIMScheduler(
            **TRAINED,
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
            prediction_type="v_prediction",
        )
    return PNDMScheduler(**TRAINED, skip_prk_steps=True, set_alpha_to_one=False, steps_offset=1)


def _liven(unet: UNet2DConditionModel) -> None:
    """Fresh weights hardly hear the text: make what leads from it louder, so that prompts can be told apart."""
    with torch.no_grad():
        for name, tensor in unet.named_parameters():
            if "attn2" in name and "weight" in name:
                tensor.mul_(4.0)


@functools.cache
def tiny_pictures(family: str, *, few_step: bool = False) -> Path:
    """A folder with such a pipeline in diffusers' layout, written once a run. Copy it before changing anything."""
    folder = Path(tempfile.mkdtemp(prefix=f"tiny-{family}-"))
    tiny_pipeline(family, few_step=few_step).save_pretrained(folder, safe_serialization=True)
    return folder


@functools.cache
def tiny_taesd() -> Path:
    """A folder with a tiny autoencoder of TAESD's kind."""
    torch.manual_seed(0)
    folder = Path(tempfile.mkdtemp(prefix="tiny-taesd-"))
    narrow = {"encoder_block_out_channels": (8,) * 4, "decoder_block_out_channels": (8,) * 4}
    AutoencoderTiny(
        **narrow, num_encoder_blocks=(1,) * 4, num_decoder_blocks=(1,) * 4
    ).save_pretrained(folder)
    return folder


def tiny_checker(pipeline: Path, *, unfit: bool) -> None:
    """Put a safety checker into the folder of a pipeline, which finds everything unfit, or nothing."""
    torch.manual_seed(0)
    config = CLIPConfig(
        text_config=_text(act="quick_gelu").to_dict(),
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 1,
            "num_attention_heads": 1,
            "image_size": 32,
            "patch_size": 16,
            "projection_dim": 16,
        },
        projection_dim=16,
    )
    checker = StableDiffusionSafetyChecker(config)
    with torch.no_grad():
        # Cosines lie between -1 and 1: a threshold below them is always passed, one above them never.
        checker.concept_embeds_weights.fill_(-2.0 if unfit else 2.0)
        checker.special_care_embeds_weights.fill_(2.0)
    checker.save_pretrained(pipeline / "safety_checker")
    index = json.loads((pipeline / "model_index.json").read_text())
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    (pipeline / "model_index.json").write_text(json.dumps(index))
