"""MusicGen at its real sizes with random weights: for measuring, and for parity that is too slow for every run of the tests.

The layers are as wide and as many as in the published checkpoints; what they compute is noise.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from tiny import tiny, tiny_tokenizer
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
)

from bandstand.musicgen.sizes import SIZES


def real(name: str) -> Any:
    """As `tiny.tiny`, at real size: T5-base, EnCodec at 32 kHz, and the decoder of the model of that name."""
    sizes = SIZES[name]
    codec: EncodecConfig = copy.deepcopy(tiny("small").config.audio_encoder)
    codec.num_filters, codec.hidden_size, codec.codebook_dim = 64, 128, 128
    text = T5Config(d_model=768, d_kv=64, d_ff=3072, num_layers=12, num_heads=12, dropout_rate=0.0)
    wide = {
        "vocab_size": sizes.codes,
        "hidden_size": sizes.width,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "ffn_dim": sizes.inner,
        "num_codebooks": sizes.codebooks,
        "audio_channels": sizes.channels,
        "max_position_embeddings": 2048,
        "dropout": 0.0,
    }
    torch.manual_seed(0)
    parts = {"text_encoder": text, "audio_encoder": codec}
    if sizes.is_prefix:
        config = MusicgenMelodyConfig(**parts, decoder=MusicgenMelodyDecoderConfig(**wide))
        return MusicgenMelodyForConditionalGeneration(config).eval()
    config = MusicgenConfig(**parts, decoder=MusicgenDecoderConfig(**wide))
    return MusicgenForConditionalGeneration(config).eval()


def save_real(folder: Path, model: Any) -> Path:
    """The folder that a person would have pulled."""
    model.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    EncodecFeatureExtractor(feature_size=1, sampling_rate=32000).save_pretrained(folder)
    return folder
