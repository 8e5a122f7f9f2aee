"""Which decoder runs a model, and in which numbers: the step library on a CPU that has it, torch everywhere else."""

from __future__ import annotations

from typing import TypedDict

from bandstand.errors import Misconfigured
from bandstand.musicgen.checkpoints import Checkpoint
from bandstand.musicgen.decoder import Decoder, TorchDecoder
from bandstand.musicgen.memory import TOKENS_MAX, positions_of
from bandstand.musicgen.native.decoder import NativeDecoder
from bandstand.musicgen.native.library import why_not


class Wanted(TypedDict):
    """What both take alike."""

    precision: str
    slots: int
    length: int
    text_max: int


# What each can compute in, the first being the one that nobody has to ask for.
ON_LIBRARY = ("bfloat16", "float32", "int8", "int4")
ON_TORCH_CPU = ("float32", "bfloat16", "int8")
ON_GPU = ("float16", "bfloat16", "float32")


def precisions_on(device: str) -> tuple[str, ...]:
    """Those that a model can be read in, the usual one first."""
    if device != "cpu":
        return ON_GPU
    return ON_TORCH_CPU if why_not() else ON_LIBRARY


def open_decoder(checkpoint: Checkpoint, *, device: str, precision: str, slots: int) -> Decoder:
    """raises  Misconfigured when the device does not compute in these numbers"""
    if precision not in precisions_on(device):
        raise Misconfigured(
            f"{precision} cannot be had on {device}; there are: {', '.join(precisions_on(device))}"
        )
    wanted: Wanted = {
        "precision": precision,
        "slots": slots,
        "length": positions_of(checkpoint.sizes),
        "text_max": TOKENS_MAX,
    }
    if device == "cpu" and why_not() is None:
        return NativeDecoder(checkpoint.sizes, checkpoint.weights, **wanted)
    return TorchDecoder(checkpoint.sizes, checkpoint.weights, **wanted, device=device)
