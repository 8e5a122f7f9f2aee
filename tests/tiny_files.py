"""Tiny single files of weights and LoRAs, with tensors named as the models' first authors and kohya's trainer name theirs.

The names are the other way round of what diffusers reads: written from its folders, so that both must give one picture.
Source: the layouts of CompVis/stable-diffusion, Stability-AI/generative-models and kohya-ss/sd-scripts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

RANK = 4
RESNET = (
    ("norm1", "in_layers.0"),
    ("conv1", "in_layers.2"),
    ("time_emb_proj", "emb_layers.1"),
    ("norm2", "out_layers.0"),
    ("conv2", "out_layers.3"),
    ("conv_shortcut", "skip_connection"),
)
OUTER = (
    ("time_embedding.linear_1", "time_embed.0"),
    ("time_embedding.linear_2", "time_embed.2"),
    ("add_embedding.linear_1", "label_emb.0.0"),
    ("add_embedding.linear_2", "label_emb.0.2"),
    ("conv_in", "input_blocks.0.0"),
    ("conv_norm_out", "out.0"),
    ("conv_out", "out.2"),
    ("mid_block.resnets.0", "middle_block.0"),
    ("mid_block.attentions.0", "middle_block.1"),
    ("mid_block.resnets.1", "middle_block.2"),
)
VAE = (
    ("conv_norm_out", "norm_out"),
    ("mid_block.attentions.0", "mid.attn_1"),
    ("group_norm", "norm"),
    ("to_q", "q"),
    ("to_k", "k"),
    ("to_v", "v"),
    ("to_out.0", "proj_out"),
    ("conv_shortcut", "nin_shortcut"),
)
CLIP_OUTER = (
    ("embeddings.position_embedding.weight", "positional_embedding"),
    ("embeddings.token_embedding", "token_embedding"),
    ("final_layer_norm", "ln_final"),
)
CLIP = (
    ("layer_norm1", "ln_1"),
    ("layer_norm2", "ln_2"),
    ("self_attn.", "attn."),
    ("mlp.fc1", "mlp.c_fc"),
    ("mlp.fc2", "mlp.c_proj"),
)


def save_single(pipeline: Any, family: str, file: Path) -> Path:
    """All of a pipeline in one file."""
    tensors = {
        **_prefixed("model.diffusion_model.", _unet(pipeline.unet)),
        **_prefixed("first_stage_model.", _vae(pipeline.vae)),
    }
    first = _plain(pipeline.text_encoder)
    if family == "sd-1":
        tensors |= _prefixed("cond_stage_model.transformer.text_model.", first)
    elif family == "sd-2":
        tensors |= _prefixed("cond_stage_model.model.", _open_clip(first, unused=1))
    else:
        tensors |= _prefixed("conditioner.embedders.0.transformer.text_model.", first)
        second = _plain(pipeline.text_encoder_2)
        tensors |= _prefixed("conditioner.embedders.1.model.", _open_clip(second))
    save_file(
        {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}, file
    )
    return file


def _prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def _plain(text_encoder: Any) -> dict[str, Tensor]:
    """Without what some versions of transformers put before each name."""
    state = text_encoder.state_dict()
    return {name.removeprefix("text_model."): tensor for name, tensor in state.items()}


def _swapped(name: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for theirs, ours in pairs:
        name = name.replace(theirs, ours)
    return name


def _unet(unet: Any) -> dict[str, Tensor]:
    state = unet.state_dict()
    crossed = {int(name.split(".")[1]) for name in state if re.match(r"up_.*attentions", name)}
    layers = unet.config.layers_per_block
    return {_unet_name(name, layers, crossed): tensor for name, tensor in state.items()}


def _unet_name(name: str, layers: int, crossed: set[int]) -> str:
    """crossed: levels of the ascending half with attention"""
    found = re.match(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.", name)
    if found is None:
        outer = _swapped(name, OUTER)
        return _swapped(outer, RESNET) if name.startswith("mid_block.resnets") else outer
    level, kind, number = int(found[2]), found[3], int(found[4])
    rest = name[found.end() :]
    # A block is a layer; going down a level ends with one more block, going up it has one more layer.
    block = level * (layers + 1) + number
    if found[1] == "down":
        if kind == "downsamplers":
            return f"input_blocks.{(level + 1) * (layers + 1)}.0.op.{rest.removeprefix('conv.')}"
        half = f"input_blocks.{block + 1}"
    else:
        if kind == "upsamplers":
            place = 2 if level in crossed else 1
            return f"output_blocks.{level * (layers + 1) + layers}.{place}.{rest}"
        half = f"output_blocks.{block}"
    return f"{half}.0.{_swapped(rest, RESNET)}" if kind == "resnets" else f"{half}.1.{rest}"


def _vae(vae: Any) -> dict[str, Tensor]:
    last = len(vae.config.block_out_channels) - 1
    tensors: dict[str, Tensor] = {}
    for name, tensor in vae.state_dict().items():
        ours = re.sub(r"down_blocks\.(\d+)\.resnets\.", r"down.\1.block.", name)
        ours = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0\.", r"down.\1.downsample.", ours)
        ours = re.sub(
            r"up_blocks\.(\d+)\.resnets\.", lambda m: f"up.{last - int(m[1])}.block.", ours
        )
        ours = re.sub(
            r"up_blocks\.(\d+)\.upsamplers\.0\.", lambda m: f"up.{last - int(m[1])}.upsample.", ours
        )
        ours = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", ours)
        ours = _swapped(ours, VAE)
        is_convolution = ".attn_1." in ours and tensor.dim() == 2
        tensors[ours] = tensor[:, :, None, None] if is_convolution else tensor
    return tensors


def _open_clip(state: Mapping[str, Tensor], *, unused: int = 0) -> dict[str, Tensor]:
    """unused: layers more at the end, which are in the files of 2.x and not in diffusers' folders"""
    tensors: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if "_proj." in name and "out_proj" not in name:
            continue
        if name == "text_projection.weight":
            tensors["text_projection"] = tensor.T
        elif found := re.match(r"encoder\.layers\.(\d+)\.(.+)", name):
            tensors[f"transformer.resblocks.{found[1]}.{_swapped(found[2], CLIP)}"] = tensor
        else:
            tensors[_swapped(name, CLIP_OUTER)] = tensor
    layers = 1 + max(int(name.split(".")[2]) for name in state if name.startswith("encoder.layers"))
    for layer in range(layers):
        for kind in ("weight", "bias"):
            three = [state[f"encoder.layers.{layer}.self_attn.{x}_proj.{kind}"] for x in "qkv"]
            tensors[f"transformer.resblocks.{layer}.attn.in_proj_{kind}"] = torch.cat(three)
    for name in [n for n in tensors if f"resblocks.{layers - 1}." in n] if unused else ():
        tensors[name.replace(f".{layers - 1}.", f".{layers}.", 1)] = torch.zeros_like(tensors[name])
    return tensors


def save_peft(unet: Any, file: Path, *, seed: int = 0, scale: float = 0.5) -> Path:
    """A LoRA on the attention of a UNet as PEFT names its tensors; loud enough to be seen."""
    tensors = _low_rank(unet, seed, scale)
    named = {
        f"unet.{name}.lora_{letter}.weight": tensor
        for name, pair in tensors.items()
        for letter, tensor in zip("AB", pair, strict=True)
    }
    save_file(named, file)
    return file


def save_kohya(unet: Any, file: Path, *, seed: int = 0, scale: float = 0.5) -> Path:
    """The same as kohya's trainer names it; its alpha is as large as the rank, which is factor 1."""
    named: dict[str, Tensor] = {}
    for name, (down, up) in _low_rank(unet, seed, scale).items():
        flat = f"lora_unet_{name.replace('.', '_')}"
        named |= {
            f"{flat}.lora_down.weight": down,
            f"{flat}.lora_up.weight": up,
            f"{flat}.alpha": torch.tensor(float(RANK)),
        }
    save_file(named, file)
    return file


def _low_rank(unet: Any, seed: int, scale: float) -> dict[str, tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    pairs: dict[str, tuple[Tensor, Tensor]] = {}
    for name, tensor in unet.state_dict().items():
        layer = name.removesuffix(".weight")
        if layer.endswith((".to_q", ".to_k", ".to_v")):
            wide, high = tensor.shape[1], tensor.shape[0]
            down = torch.randn((RANK, wide), generator=generator) * wide**-0.5
            up = torch.randn((high, RANK), generator=generator) * scale
            pairs[layer] = (down, up)
    return pairs
