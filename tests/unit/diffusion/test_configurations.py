"""Configurations read off the shapes of tensors: of checkpoints of full size they are those that the models were published with.

Source of the figures: the configurations in the repositories of Stable Diffusion 1.5, 2.1 and XL, as known; no file of theirs is here.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from tiny_files import _prefixed, _unet, _vae

from bandstand.diffusion import configurations
from bandstand.diffusion.describe import Family

WIDE_4 = {
    "sample_size": 64,
    "block_out_channels": (320, 640, 1280, 1280),
    "down_block_types": (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
    "up_block_types": ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
}
PUBLISHED: dict[Family, dict[str, Any]] = {
    Family.SD_1: {**WIDE_4, "cross_attention_dim": 768, "attention_head_dim": 8},
    Family.SD_2: {
        **WIDE_4,
        "sample_size": 96,
        "cross_attention_dim": 1024,
        "attention_head_dim": (5, 10, 20, 20),
        "use_linear_projection": True,
    },
    Family.SDXL: {
        "sample_size": 128,
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", *("CrossAttnDownBlock2D",) * 2),
        "up_block_types": (*("CrossAttnUpBlock2D",) * 2, "UpBlock2D"),
        "cross_attention_dim": 2048,
        "attention_head_dim": (5, 10, 20),
        "transformer_layers_per_block": (1, 2, 10),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
}
POOLED = "conditioner.embedders.1.model.text_projection"


def plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@pytest.mark.parametrize("family", Family)
def test_unet_of_full_size_is_the_published_one(family: Family):
    with torch.device("meta"):
        unet = UNet2DConditionModel(**PUBLISHED[family])
    tensors = _prefixed("model.diffusion_model.", _unet(unet))
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()} | {
        POOLED: (1280, 1280)
    }

    config = configurations._unet(shapes, family)

    found = {name: plain(config[name]) for name in PUBLISHED[family]}
    assert found == PUBLISHED[family]
    with torch.device("meta"):
        again = UNet2DConditionModel.from_config(config)
    assert {n: t.shape for n, t in again.state_dict().items()} == {
        n: t.shape for n, t in unet.state_dict().items()
    }


def test_autoencoder_of_full_size_is_the_published_one():
    wide = (128, 256, 512, 512)
    with torch.device("meta"):
        vae = AutoencoderKL(
            block_out_channels=wide,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=4,
            layers_per_block=2,
        )
    tensors = _prefixed("first_stage_model.", _vae(vae))
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}

    config = configurations._vae(shapes, Family.SD_1)

    assert plain(config["block_out_channels"]) == wide
    assert (config["layers_per_block"], config["latent_channels"]) == (2, 4)
    assert config["scaling_factor"] == 0.18215


def test_text_encoder_of_2_leaves_out_the_last_layer():
    prefix = "cond_stage_model.model."
    shapes: dict[str, tuple[int, ...]] = {f"{prefix}token_embedding.weight": (49408, 1024)}
    for layer in range(24):
        shapes[f"{prefix}transformer.resblocks.{layer}.mlp.c_fc.weight"] = (4096, 1024)

    (config,) = configurations._texts(shapes, Family.SD_2).values()

    assert (config["num_hidden_layers"], config["num_attention_heads"]) == (23, 16)
    assert (config["intermediate_size"], config["hidden_act"]) == (4096, "gelu")
    assert (config["bos_token_id"], config["eos_token_id"]) == (49406, 49407)


def test_file_says_itself_that_it_predicts_v(tmp_path: Any):
    from bandstand.diffusion.stored import Header

    told = configurations._taught(Header({"v_pred": (), "ztsnr": ()}, {}), Family.SDXL)

    assert told["prediction_type"] == "v_prediction"
    assert told["rescale_betas_zero_snr"]
