"""The configurations that diffusers wants beside a single file of weights, read off the shapes of its tensors.

Not for folders, which bring theirs. What shapes do not tell is the same in all checkpoints of a family and stands here as a fact.
Letters in names of tensors are of the models' first authors (CompVis, Stability AI).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bandstand.diffusion.describe import INDEX, SIDES, UNET, VAE, VAE_SCALE, Family
from bandstand.diffusion.stored import Header, read_header, read_json
from bandstand.errors import Misconfigured

HEAD = 64  # width of an attention head: in every text encoder, and from 2.x on in UNets
HEADS_1 = 8  # of a UNet of 1.x, whatever its width
SCALING = {Family.SD_1: 0.18215, Family.SD_2: 0.18215, Family.SDXL: 0.13025}
TRAINING = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}
SCHEDULER = "scheduler_config.json"
Config = dict[str, Any]
Shapes = Mapping[str, tuple[int, ...]]


def write_configurations(file: Path, family: Family, target: Path) -> None:
    """Lay them into `target` as diffusers does, tokenizers left out.

    A `scheduler_config.json` that somebody laid beside the file counts before ours: tensors do not tell how a model was taught.
    raises  Misconfigured when the file lacks what its family has
    """
    header = read_header(file)
    beside = file.with_name(SCHEDULER)
    try:
        texts = _texts(header.shapes, family)
        files = {
            "unet/config.json": _unet(header.shapes, family),
            "vae/config.json": _vae(header.shapes, family),
            f"scheduler/{SCHEDULER}": read_json(beside)
            if beside.exists()
            else _taught(header, family),
            **{f"{name}/config.json": config for name, config in texts.items()},
        }
    except (KeyError, IndexError, ValueError, ZeroDivisionError) as error:
        raise Misconfigured(f"{file.name} is no whole checkpoint of its family: {error}") from None
    files[INDEX] = _index(family, files[f"scheduler/{SCHEDULER}"])
    for name, config in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(json.dumps(config, indent=2))


def _index(family: Family, scheduler: Config) -> Config:
    parts = {
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "scheduler": ["diffusers", scheduler["_class_name"]],
    }
    if family is not Family.SDXL:
        nothing = {"safety_checker": [None, None], "feature_extractor": [None, None]}
        return {"_class_name": "StableDiffusionPipeline", **parts, **nothing}
    second = {
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
    }
    return {"_class_name": "StableDiffusionXLPipeline", **parts, **second}


def _taught(header: Header, family: Family) -> Config:
    """How it goes from noise to picture. Files of 2.x do not tell; those of 768 pixels, which are meant mostly, predict v."""
    is_v = family is Family.SD_2 or "v_pred" in header.shapes
    common = {**TRAINING, "prediction_type": "v_prediction" if is_v else "epsilon"}
    if family is Family.SDXL:
        return {
            "_class_name": "EulerDiscreteScheduler",
            **common,
            "interpolation_type": "linear",
            "rescale_betas_zero_snr": "ztsnr" in header.shapes,
            "steps_offset": 1,
            "timestep_spacing": "leading",
        }
    careful = {**common, "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}
    if family is Family.SD_2:
        return {"_class_name": "DDIMScheduler", **careful}
    return {"_class_name": "PNDMScheduler", "skip_prk_steps": True, **careful}


def _unet(shapes: Shapes, family: Family) -> Config:
    levels = _levels(shapes)
    widths = [level["width"] for level in levels]
    heads = HEADS_1 if family is Family.SD_1 else [width // HEAD for width in widths]
    crossed = [level["depth"] > 0 for level in levels]
    first = next(
        name for name in shapes if name.startswith(UNET) and name.endswith("attn2.to_k.weight")
    )
    config: Config = {
        "_class_name": "UNet2DConditionModel",
        "sample_size": SIDES[family] // VAE_SCALE,
        "in_channels": 4,
        "out_channels": 4,
        "block_out_channels": widths,
        "layers_per_block": levels[0]["layers"],
        "down_block_types": [_kind("Down", is_crossed=is_) for is_ in crossed],
        "up_block_types": [_kind("Up", is_crossed=is_) for is_ in reversed(crossed)],
        "cross_attention_dim": shapes[first][1],
        "attention_head_dim": heads,
        "use_linear_projection": family is not Family.SD_1,
        "flip_sin_to_cos": True,
        "freq_shift": 0,
    }
    if family is Family.SDXL:
        added, pooled = shapes[f"{UNET}label_emb.0.0.weight"][1], _pooled(shapes)
        config |= {
            "transformer_layers_per_block": [max(1, level["depth"]) for level in levels],
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": (added - pooled)
            // 6,  # two sizes and a place, two numbers each
            "projection_class_embeddings_input_dim": added,
        }
    return config


def _kind(way: str, *, is_crossed: bool) -> str:
    return f"CrossAttn{way}Block2D" if is_crossed else f"{way}Block2D"


def _levels(shapes: Shapes) -> list[dict[str, int]]:
    """Of the descending half: width, number of layers, and transformer blocks in each."""
    levels: list[dict[str, int]] = [{"width": 0, "layers": 0, "depth": 0}]
    number = 1
    while True:
        block = f"{UNET}input_blocks.{number}."
        if f"{block}0.op.weight" in shapes:
            levels.append({"width": 0, "layers": 0, "depth": 0})
        elif f"{block}0.out_layers.3.weight" in shapes:
            level = levels[-1]
            level["width"] = shapes[f"{block}0.out_layers.3.weight"][0]
            level["layers"] += 1
            level["depth"] = _numbered(shapes, f"{block}1.transformer_blocks.")
        else:
            return levels
        number += 1


def _vae(shapes: Shapes, family: Family) -> Config:
    count = _numbered(shapes, f"{VAE}encoder.down.")
    return {
        "_class_name": "AutoencoderKL",
        "sample_size": SIDES[family],
        "latent_channels": shapes[f"{VAE}post_quant_conv.weight"][0],
        "block_out_channels": [
            shapes[f"{VAE}encoder.down.{level}.block.0.conv2.weight"][0] for level in range(count)
        ],
        "layers_per_block": _numbered(shapes, f"{VAE}encoder.down.0.block."),
        "down_block_types": ["DownEncoderBlock2D"] * count,
        "up_block_types": ["UpDecoderBlock2D"] * count,
        "scaling_factor": SCALING[family],
        "force_upcast": family is Family.SDXL,
    }


def _texts(shapes: Shapes, family: Family) -> dict[str, Config]:
    if family is Family.SD_1:
        return {"text_encoder": _clip(shapes, "cond_stage_model.transformer.text_model.")}
    if family is Family.SD_2:
        # The last layer is in the file, and was left out in training.
        return {"text_encoder": _open_clip(shapes, "cond_stage_model.model.", unused=1)}
    return {
        "text_encoder": _clip(shapes, "conditioner.embedders.0.transformer.text_model."),
        "text_encoder_2": _open_clip(shapes, "conditioner.embedders.1.model.", unused=0)
        | {"architectures": ["CLIPTextModelWithProjection"], "projection_dim": _pooled(shapes)},
    }


def _clip(shapes: Shapes, prefix: str) -> Config:
    words, width = shapes[f"{prefix}embeddings.token_embedding.weight"]
    return _text(
        words,
        width,
        inner=shapes[f"{prefix}encoder.layers.0.mlp.fc1.weight"][0],
        layers=_numbered(shapes, f"{prefix}encoder.layers."),
        act="quick_gelu",
    )


def _open_clip(shapes: Shapes, prefix: str, *, unused: int) -> Config:
    words, width = shapes[f"{prefix}token_embedding.weight"]
    return _text(
        words,
        width,
        inner=shapes[f"{prefix}transformer.resblocks.0.mlp.c_fc.weight"][0],
        layers=_numbered(shapes, f"{prefix}transformer.resblocks.") - unused,
        act="gelu",
    )


def _text(words: int, width: int, *, inner: int, layers: int, act: str) -> Config:
    return {
        "architectures": ["CLIPTextModel"],
        "model_type": "clip_text_model",
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": inner,
        "projection_dim": width,
        "num_hidden_layers": layers,
        "num_attention_heads": width // HEAD,
        "max_position_embeddings": 77,
        "hidden_act": act,
        "layer_norm_eps": 1e-5,
        "bos_token_id": words - 2,
        "eos_token_id": words - 1,
        "pad_token_id": 1,
    }


def _pooled(shapes: Shapes) -> int:
    return shapes["conditioner.embedders.1.model.text_projection"][1]


def _numbered(shapes: Shapes, prefix: str) -> int:
    """How many things of one kind there are, counted by their numbers."""
    number = re.compile(re.escape(prefix) + r"(\d+)\.")
    return 1 + max((int(found[1]) for name in shapes if (found := number.match(name))), default=-1)
