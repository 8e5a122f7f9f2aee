"""What stands beside the decoder in a checkpoint, T5's encoder and EnCodec: which tensors their settings ask for. Not what runs them (`t5.py`,
`codec.py`), and no torch.

Settings are those of transformers' T5Config and EncodecConfig; what they do not say has the defaults of these.
Source: the state dicts of T5EncoderModel and EncodecModel; "High Fidelity Neural Audio Compression" (arXiv:2210.13438) for the layers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from bandstand.errors import Misconfigured
from bandstand.musicgen.outline import Outline
from bandstand.musicgen.sizes import FRAME_RATE, RATE

Shape = tuple[int, ...]
Settings = Mapping[str, Any]

T5: Settings = {
    "vocab_size": 32128,
    "d_model": 512,
    "d_kv": 64,
    "d_ff": 2048,
    "num_layers": 6,
    "num_heads": 8,
    "relative_attention_num_buckets": 32,
    "feed_forward_proj": "relu",
}
ENCODEC: Settings = {
    "target_bandwidths": [1.5, 3.0, 6.0, 12.0, 24.0],
    "sampling_rate": 24000,
    "audio_channels": 1,
    "hidden_size": 128,
    "num_filters": 32,
    "num_residual_layers": 1,
    "upsampling_ratios": [8, 5, 4, 2],
    "norm_type": "weight_norm",
    "kernel_size": 7,
    "last_kernel_size": 7,
    "residual_kernel_size": 3,
    "compress": 2,
    "num_lstm_layers": 2,
    "codebook_size": 1024,
    "codebook_dim": None,
    "use_conv_shortcut": True,
    "use_causal_conv": True,
    "trim_right_ratio": 1.0,
    "dilation_growth_rate": 2,
    "pad_mode": "reflect",
    "normalize": False,
    "chunk_length_s": None,
}


def t5_shapes(settings: Settings) -> dict[str, Shape]:
    """Of T5EncoderModel, the table of words once."""
    said = {**T5, **settings}
    width, inner, heads = said["d_model"], said["d_ff"], said["num_heads"]
    across = heads * said["d_kv"]
    is_gated = said["feed_forward_proj"].startswith("gated")
    shapes: dict[str, Shape] = {"shared.weight": (said["vocab_size"], width)}
    for block in range(said["num_layers"]):
        attention, feed = (f"encoder.block.{block}.layer.{half}." for half in (0, 1))
        for letter in "qkv":
            shapes[f"{attention}SelfAttention.{letter}.weight"] = (across, width)
        shapes[f"{attention}SelfAttention.o.weight"] = (width, across)
        if block == 0:
            buckets = said["relative_attention_num_buckets"]
            shapes[f"{attention}SelfAttention.relative_attention_bias.weight"] = (buckets, heads)
        shapes[f"{attention}layer_norm.weight"] = (width,)
        for name in ("wi_0", "wi_1") if is_gated else ("wi",):
            shapes[f"{feed}DenseReluDense.{name}.weight"] = (inner, width)
        shapes[f"{feed}DenseReluDense.wo.weight"] = (width, inner)
        shapes[f"{feed}layer_norm.weight"] = (width,)
    return shapes | {"encoder.final_layer_norm.weight": (width,)}


def encodec_books(settings: Settings) -> int:
    """How many codebooks its highest bandwidth takes."""
    said = {**ENCODEC, **settings}
    frame_rate = math.ceil(said["sampling_rate"] / math.prod(said["upsampling_ratios"]))
    bits = math.ceil(math.log2(said["codebook_size"]))
    return int(1000 * said["target_bandwidths"][-1] // (frame_rate * bits))


def check_encodec(settings: Settings) -> None:
    """raises Misconfigured when it has not the rates of MusicGen, or another way of norming"""
    said = {**ENCODEC, **settings}
    hop = math.prod(said["upsampling_ratios"])
    if (said["sampling_rate"], hop) != (RATE, RATE // FRAME_RATE):
        raise Misconfigured(
            f"the codec has {said['sampling_rate']} Hz and {hop} samples a frame, "
            f"and MusicGen needs {RATE} Hz and {RATE // FRAME_RATE}"
        )
    if said["norm_type"] != "weight_norm":
        raise Misconfigured(
            f"the codec's norm is {said['norm_type']}, and only weight_norm is known"
        )


def encodec_shapes(settings: Settings) -> dict[str, Shape]:
    """Of EncodecModel, under weight norm."""
    said = {**ENCODEC, **settings}
    size, width = said["codebook_size"], said["codebook_dim"] or said["hidden_size"]
    shapes: dict[str, Shape] = {}
    for side, layers in (("encoder", _encoder(said)), ("decoder", _decoder(said))):
        for number, layer in enumerate(layers):
            shapes |= {f"{side}.layers.{number}.{name}": shape for name, shape in layer.items()}
    for book in range(encodec_books(said)):
        before = f"quantizer.layers.{book}.codebook."
        shapes |= {
            f"{before}inited": (1,),
            f"{before}cluster_size": (size,),
            f"{before}embed": (size, width),
            f"{before}embed_avg": (size, width),
        }
    return shapes


Layer = Mapping[str, Shape]
ACTIVATION: Layer = {}  # a layer of its own, without tensors


def _encoder(said: Settings) -> Iterator[Layer]:
    width = said["num_filters"]
    yield _convolution("conv", said["audio_channels"], width, said["kernel_size"])
    for ratio in reversed(said["upsampling_ratios"]):
        yield from _residuals(said, width)
        yield ACTIVATION
        yield _convolution("conv", width, 2 * width, 2 * ratio)
        width *= 2
    yield _recurrent(said, width)
    yield ACTIVATION
    yield _convolution("conv", width, said["hidden_size"], said["last_kernel_size"])


def _decoder(said: Settings) -> Iterator[Layer]:
    width = said["num_filters"] * 2 ** len(said["upsampling_ratios"])
    yield _convolution("conv", said["hidden_size"], width, said["kernel_size"])
    yield _recurrent(said, width)
    for ratio in said["upsampling_ratios"]:
        yield ACTIVATION
        # Of a transposed convolution the first axis is what comes in, and the norm goes along it.
        yield _convolution("conv", width // 2, width, 2 * ratio) | {"conv.bias": (width // 2,)}
        width //= 2
        yield from _residuals(said, width)
    yield ACTIVATION
    yield _convolution("conv", width, said["audio_channels"], said["last_kernel_size"])


def _residuals(said: Settings, width: int) -> Iterator[Layer]:
    hidden = width // said["compress"]
    for _ in range(said["num_residual_layers"]):
        yield {
            **_convolution("block.1.conv", width, hidden, said["residual_kernel_size"]),
            **_convolution("block.3.conv", hidden, width, 1),
            **(_convolution("shortcut.conv", width, width, 1) if said["use_conv_shortcut"] else {}),
        }


def _convolution(name: str, inputs: int, outputs: int, kernel: int) -> dict[str, Shape]:
    return {
        f"{name}.bias": (outputs,),
        f"{name}.parametrizations.weight.original0": (outputs, 1, 1),
        f"{name}.parametrizations.weight.original1": (outputs, inputs, kernel),
    }


def _recurrent(said: Settings, width: int) -> Layer:
    shapes: dict[str, Shape] = {}
    for layer in range(said["num_lstm_layers"]):
        for kind in ("ih", "hh"):
            shapes[f"lstm.weight_{kind}_l{layer}"] = (4 * width, width)
            shapes[f"lstm.bias_{kind}_l{layer}"] = (4 * width,)
    return shapes


def encodec_settings(told: Outline, shapes: Mapping[str, Shape]) -> dict[str, Any]:
    """Those of an EnCodec of audiocraft.

    told    its xp.cfg; what it does not say is as in facebook/encodec_32khz
    shapes  of its tensors, as transformers names them; what they show is not asked of xp.cfg
    raises  Misconfigured when a tensor that shows the sizes is missing
    """
    try:
        first = shapes["encoder.layers.0.conv.parametrizations.weight.original1"]
        size, width = shapes["quantizer.layers.0.codebook.embed"]
        filters, channels, kernel = first
    except (KeyError, ValueError):
        raise Misconfigured(
            "the first convolution or the first codebook of EnCodec is missing"
        ) from None
    ratios = told.numbers("seanet.ratios", (8, 5, 4, 4))
    rate = told.number("encodec.sample_rate", told.number("sample_rate", RATE))
    books = sum(name.endswith(".codebook.embed") for name in shapes)
    bits = math.ceil(math.log2(size))
    return {
        "model_type": "encodec",
        "sampling_rate": rate,
        "audio_channels": channels,
        "num_filters": filters,
        "kernel_size": kernel,
        "codebook_size": size,
        "codebook_dim": width,
        "hidden_size": told.number("seanet.dimension", width),
        "target_bandwidths": [books * math.ceil(rate / math.prod(ratios)) * bits / 1000],
        "upsampling_ratios": list(ratios),
        "num_residual_layers": told.number("seanet.n_residual_layers", 1),
        "residual_kernel_size": told.number("seanet.residual_kernel_size", 3),
        "last_kernel_size": told.number("seanet.last_kernel_size", 7),
        "dilation_growth_rate": told.number("seanet.dilation_base", 2),
        "compress": told.number("seanet.compress", 2),
        "num_lstm_layers": told.number("seanet.lstm", 2),
        "norm_type": told.text("seanet.norm", "weight_norm"),
        "use_causal_conv": told.is_on("seanet.causal", default=False),
        "use_conv_shortcut": not told.is_on("seanet.true_skip", default=True),
        "pad_mode": told.text("seanet.pad_mode", "reflect"),
        "normalize": told.is_on("encodec.renormalize", default=False),
        "trim_right_ratio": 1.0,
        "chunk_length_s": None,
        "overlap": None,
    }
