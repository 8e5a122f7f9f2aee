"""What our tensors are called in the files of others: Hugging Face's transformers, and audiocraft, the reference. No torch.

Ours and theirs differ in how much they lay on one heap: our attention_in is three tensors there and one here. So a line of the tables is
a `Stack`: the rows of our tensors, one under another, are the rows of theirs, one under another.

Source: the state dicts of both; musicgen.md section 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bandstand.errors import Misconfigured
from bandstand.musicgen.sizes import Sizes
from bandstand.musicgen.stored import Stored, listed

Layout = Literal["huggingface", "audiocraft"]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Stack:
    """One of the sides has one tensor only; all of theirs have equally many rows."""

    ours: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Naming:
    """
    embedding, heads, layer  with {} for the number of the codebook or layer
    outer    our names outside of the layers -> theirs     melody  likewise, in melody models only
    inner    our names inside of a layer, several parted by a space -> theirs
    ignored  what stands in files and is nothing learned -> why it may be left out
    """

    embedding: str
    heads: str
    layer: str
    outer: Mapping[str, str]
    melody: Mapping[str, str]
    inner: Mapping[str, str]
    ignored: Mapping[str, str]

    def stacks(self, sizes: Sizes) -> Iterator[Stack]:
        books = range(sizes.codebooks)
        yield Stack(("embedding",), tuple(self.embedding.format(book) for book in books))
        yield Stack(("heads",), tuple(self.heads.format(book) for book in books))
        outer = {**self.outer, **self.melody} if sizes.is_prefix else self.outer
        for ours, theirs in outer.items():
            yield Stack((ours,), (theirs,))
        known = sizes.shapes()
        for layer in range(sizes.layers):
            before = self.layer.format(layer)
            for ours, theirs in self.inner.items():
                names = tuple(f"layers.{layer}.{name}" for name in ours.split())
                if names[0] in known:
                    yield Stack(names, tuple(before + name for name in theirs.split()))


def _norms(names: Mapping[str, str]) -> dict[str, str]:
    return {
        f"{ours}.{part}": f"{theirs}.{part}"
        for ours, theirs in names.items()
        for part in ("weight", "bias")
    }


NAMINGS: Mapping[Layout, Naming] = {
    "huggingface": Naming(
        embedding="decoder.model.decoder.embed_tokens.{}.weight",
        heads="decoder.lm_heads.{}.weight",
        layer="decoder.model.decoder.layers.{}.",
        outer=_norms({"norm": "decoder.model.decoder.layer_norm", "text": "enc_to_dec_proj"}),
        melody=_norms({"melody": "audio_enc_to_dec_proj"}),
        inner={
            **_norms(
                {
                    "attention_norm": "self_attn_layer_norm",
                    "cross_norm": "encoder_attn_layer_norm",
                    "feed_norm": "final_layer_norm",
                }
            ),
            "attention_in": "self_attn.q_proj.weight self_attn.k_proj.weight self_attn.v_proj.weight",
            "attention_out": "self_attn.out_proj.weight",
            "cross_query": "encoder_attn.q_proj.weight",
            "cross_in": "encoder_attn.k_proj.weight encoder_attn.v_proj.weight",
            "cross_out": "encoder_attn.out_proj.weight",
            "feed_in": "fc1.weight",
            "feed_out": "fc2.weight",
        },
        ignored={
            r"decoder\.model\.decoder\.embed_positions\.weights?": "positions are computed",
        },
    ),
    "audiocraft": Naming(
        embedding="emb.{}.weight",
        heads="linears.{}.weight",
        layer="transformer.layers.{}.",
        outer=_norms(
            {
                "norm": "out_norm",
                "text": "condition_provider.conditioners.description.output_proj",
            }
        ),
        melody=_norms({"melody": "condition_provider.conditioners.self_wav.output_proj"}),
        inner={
            **_norms({"attention_norm": "norm1", "cross_norm": "norm_cross", "feed_norm": "norm2"}),
            "attention_in": "self_attn.in_proj_weight",
            "attention_out": "self_attn.out_proj.weight",
            "cross_query cross_in": "cross_attention.in_proj_weight",
            "cross_out": "cross_attention.out_proj.weight",
            "feed_in": "linear1.weight",
            "feed_out": "linear2.weight",
        },
        ignored={
            r"condition_provider\.conditioners\.self_wav\.chroma\.(spec\.window|fbanks)": (
                "windows and filter banks are computed"
            ),
        },
    ),
}


def their_shape(stack: Stack, shapes: Mapping[str, Shape]) -> Shape:
    """Of each of theirs. shapes: ours"""
    first, *rest = shapes[stack.ours[0]]
    rows = first + sum(shapes[name][0] for name in stack.ours[1:])
    return (rows // len(stack.theirs), *rest)


def pieces(
    layout: Layout, sizes: Sizes, found: Mapping[str, Stored], where: Path
) -> dict[str, tuple[Stored, ...]]:
    """What each of our tensors is made of, its rows one under another; all are there and nothing is left over.

    where   the folder, for errors
    raises  Misconfigured naming the tensor, its shape, the expected one and the file
    """
    naming, shapes = NAMINGS[layout], sizes.shapes()
    stacks = list(naming.stacks(sizes))
    wanted = {name: their_shape(stack, shapes) for stack in stacks for name in stack.theirs}
    check_shapes(wanted, found, where=where, ignored=naming.ignored)
    made: dict[str, tuple[Stored, ...]] = {}
    for stack in stacks:
        there = [found[name] for name in stack.theirs]
        if len(stack.ours) == 1:
            made[stack.ours[0]] = tuple(there)
            continue
        row = 0
        for name in stack.ours:
            made[name] = (there[0].rows(row, shapes[name][0]),)
            row += shapes[name][0]
    return made


def check_shapes(
    wanted: Mapping[str, Shape],
    found: Mapping[str, Stored],
    *,
    where: Path,
    ignored: Mapping[str, str],
    prefix: str = "",
) -> None:
    """
    where    the file or folder, for errors
    ignored  patterns of names that may be left over -> why
    prefix   what the names have before them in the file
    raises   Misconfigured
    """
    for name, shape in wanted.items():
        if name not in found:
            raise Misconfigured(f"{where} lacks the tensor {prefix}{name}, {listed(shape)}")
        stored = found[name]
        if stored.shape != shape:
            raise Misconfigured(
                f"{stored.file}: the tensor {prefix}{name} is {listed(stored.shape)} and should be {listed(shape)}"
            )
        if not stored.dtype.endswith(("float16", "float32", "float64")):
            raise Misconfigured(
                f"{stored.file}: the tensor {prefix}{name} is {stored.dtype}; only floating-point weights are known here"
            )
    for name in found.keys() - wanted.keys():
        if not any(re.fullmatch(pattern, name) for pattern in ignored):
            stored = found[name]
            raise Misconfigured(
                f"{stored.file} has a tensor too many: {prefix}{name}, {listed(stored.shape)}, is unknown here"
            )


_TO_HUGGINGFACE = (
    (r"(encoder|decoder)\.model\.", r"\1.layers."),
    (r"\.conv\.conv\.|\.convtr\.convtr\.", ".conv."),
    (r"quantizer\.vq\.layers\.(\d+)\._codebook\.", r"quantizer.layers.\1.codebook."),
    # Weight norm as torch wrote it before version 2.0, and as it does now.
    (r"\.weight_g$", ".parametrizations.weight.original0"),
    (r"\.weight_v$", ".parametrizations.weight.original1"),
)
_TO_AUDIOCRAFT = (
    (r"\.parametrizations\.weight\.original0$", ".weight_g"),
    (r"\.parametrizations\.weight\.original1$", ".weight_v"),
    (r"\.conv\.", ".conv.conv."),
    (r"(encoder|decoder)\.layers\.", r"\1.model."),
    (r"quantizer\.layers\.(\d+)\.codebook\.", r"quantizer.vq.layers.\1._codebook."),
)
_DECODER_CONVOLUTION = re.compile(r"decoder\.layers\.(\d+)\.conv\.")


def codec_to_huggingface(name: str) -> str:
    """A tensor of EnCodec as transformers calls it today, whoever named it."""
    for pattern, replacement in _TO_HUGGINGFACE:
        name = re.sub(pattern, replacement, name)
    return name


def codec_to_audiocraft(names: Collection[str]) -> dict[str, str]:
    """All tensors of an EnCodec, named by transformers -> as audiocraft calls them.

    The decoder's convolutions between the first and the last are transposed, and there they are called otherwise.
    """
    layers = [int(match[1]) for name in names if (match := _DECODER_CONVOLUTION.match(name))]
    outermost = {min(layers, default=0), max(layers, default=0)}
    made: dict[str, str] = {}
    for name in names:
        theirs = name
        for pattern, replacement in _TO_AUDIOCRAFT:
            theirs = re.sub(pattern, replacement, theirs)
        match = _DECODER_CONVOLUTION.match(name)
        if match and int(match[1]) not in outermost:
            theirs = theirs.replace(".conv.conv.", ".convtr.convtr.")
        made[name] = theirs
    return made
