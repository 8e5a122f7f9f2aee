"""Tiny MusicGen checkpoints with random weights, of all ten kinds, as transformers makes and saves them. For parity and end to end.

They have the real rates (32 kHz, hop 640, 50 frames a second) and the real delay patterns and 2048 codes, with few and narrow layers.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    EncodecConfig,
    EncodecFeatureExtractor,
    MusicgenConfig,
    MusicgenDecoderConfig,
    MusicgenForConditionalGeneration,
    MusicgenMelodyConfig,
    MusicgenMelodyDecoderConfig,
    MusicgenMelodyForConditionalGeneration,
    T5Config,
    T5TokenizerFast,
)

from bandstand.musicgen.checkpoints import Checkpoint, read_checkpoint

# Of tensors so small a second thread only spins, and worst when another process wants the core.
torch.set_num_threads(1)

NAMES = (
    "small",
    "medium",
    "large",
    "melody",
    "melody-large",
    "stereo-small",
    "stereo-medium",
    "stereo-large",
    "stereo-melody",
    "stereo-melody-large",
)
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-'!?"


def tiny(name: str, *, seed: int = 0) -> Any:
    """A transformers model (`MusicgenForConditionalGeneration` or its melody cousin), in evaluation mode, float32."""
    torch.manual_seed(seed)
    text = T5Config(
        vocab_size=128, d_model=24, d_kv=8, d_ff=48, num_layers=2, num_heads=3, dropout_rate=0.0
    )
    codec = EncodecConfig(
        target_bandwidths=[2.2],
        sampling_rate=32000,
        audio_channels=1,
        normalize=False,
        chunk_length_s=None,
        overlap=None,
        hidden_size=16,
        num_filters=4,
        num_residual_layers=1,
        upsampling_ratios=[8, 5, 4, 4],
        norm_type="weight_norm",
        kernel_size=7,
        last_kernel_size=7,
        residual_kernel_size=3,
        dilation_growth_rate=2,
        use_causal_conv=False,
        pad_mode="reflect",
        compress=2,
        num_lstm_layers=2,
        trim_right_ratio=1.0,
        codebook_size=2048,
        codebook_dim=16,
        use_conv_shortcut=False,
    )
    stereo, melody = name.startswith("stereo"), "melody" in name
    wide = {"small": 0, "medium": 1, "melody": 1}.get(name.removeprefix("stereo-"), 2)
    sizes = {
        "vocab_size": 2048,
        "hidden_size": (32, 48, 64)[wide],
        "num_hidden_layers": (2, 3, 3)[wide],
        "num_attention_heads": (2, 3, 4)[wide],
        "ffn_dim": (128, 192, 256)[wide],
        "num_codebooks": 8 if stereo else 4,
        "audio_channels": 2 if stereo else 1,
        "max_position_embeddings": 2048,
        "dropout": 0.0,
    }
    if melody:
        decoder = MusicgenMelodyDecoderConfig(**sizes)
        config = MusicgenMelodyConfig(text_encoder=text, audio_encoder=codec, decoder=decoder)
        model = MusicgenMelodyForConditionalGeneration(config)
    else:
        decoder = MusicgenDecoderConfig(**sizes)
        config = MusicgenConfig(text_encoder=text, audio_encoder=codec, decoder=decoder)
        model = MusicgenForConditionalGeneration(config)
    _liven(model)
    return model.eval()


def _liven(model: Any) -> None:
    """Fresh weights are so small that every input gives the same: make them large enough to tell inputs apart."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, tensor in model.decoder.named_parameters():
            if tensor.dim() == 2:
                scale = 0.5 if "embed_tokens" in name else 1.5 / tensor.shape[1] ** 0.5
                tensor.normal_(0.0, scale, generator=generator)
            elif "layer_norm" in name:
                tensor.add_(torch.randn(tensor.shape, generator=generator) * 0.1)
        for name, tensor in model.named_parameters():
            if name.startswith(("enc_to_dec_proj", "audio_enc_to_dec_proj")):
                tensor.normal_(0.0, 0.3, generator=generator)
        for name, tensor in model.audio_encoder.decoder.named_parameters():
            if name.endswith("conv.bias"):
                tensor.mul_(0.05)  # or the same wave sounds in every frame, whatever its codes
        for name, tensor in model.audio_encoder.named_buffers():
            if name.endswith("codebook.embed"):
                tensor.normal_(0.0, 1.0, generator=generator)


def tiny_tokenizer() -> T5TokenizerFast:
    """One token a letter, with the closing </s> of T5; nothing is downloaded."""
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    vocabulary = pieces + [(letter, -3.0) for letter in LETTERS]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=2, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    return T5TokenizerFast(tokenizer_object=tokenizer, extra_ids=0)


def save_tiny(folder: Path, name: str, *, seed: int = 0, shard: str = "5GB") -> Path:
    """A folder as it is laid out on the Hugging Face hub: config, safetensors (in shards when `shard` is small), tokenizer."""
    model = tiny(name, seed=seed)
    model.save_pretrained(folder, max_shard_size=shard)
    tiny_tokenizer().save_pretrained(folder)
    EncodecFeatureExtractor(feature_size=1, sampling_rate=32000).save_pretrained(folder)
    return folder


@functools.cache
def tiny_folder(name: str) -> Path:
    """The tiny model on disk, until the tests end; whoever reads it must not change it."""
    folder = Path(tempfile.mkdtemp(prefix="tiny-"))
    atexit.register(shutil.rmtree, folder)
    return save_tiny(folder, name)


@functools.cache
def checkpoint_of(name: str) -> Checkpoint:
    """The tiny model as we read it."""
    return read_checkpoint(tiny_folder(name))


@functools.cache
def loaded_tiny(name: str, seed: int = 0) -> Any:
    """`tiny`, made once; whoever gets it must not change it."""
    return tiny(name, seed=seed)
