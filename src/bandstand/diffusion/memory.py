"""How much memory a checkpoint takes, and how to go about it when that is more than there is. Known before loading. No torch.

Not measured at run time: what a step takes beside the weights is a round figure for a picture of the model's own size.
"""

from __future__ import annotations

from enum import StrEnum

from bandstand.diffusion.describe import Description, Family

NUMBER_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
WORKING_BYTES = {Family.SD_1: 1.5e9, Family.SD_2: 2.5e9, Family.SDXL: 4e9}  # of float32
CHECKER_BYTES = 1.2e9
TILED_FROM_PIXELS = (
    1_500_000  # a decoder's memory grows with them; above this it works tile by tile
)


class Thrift(StrEnum):
    """How a model lies in a GPU's memory.

    WHOLE   all of it, all the time
    PARTS   text encoder, UNet and decoder each only while it works
    LAYERS  layer by layer; slow
    """

    WHOLE = "whole"
    PARTS = "parts"
    LAYERS = "layers"


def bytes_needed(about: Description, precision: str, thrift: Thrift = Thrift.WHOLE) -> int:
    """Of a loaded model while it draws one picture; on the GPU, when there is one."""
    size = NUMBER_BYTES[precision]
    working = WORKING_BYTES[about.family] * size / 4
    if thrift is Thrift.LAYERS:
        return round(working)
    checker = CHECKER_BYTES * size / 4 if about.has_checker else 0
    weights = max(about.parts.values()) if thrift is Thrift.PARTS else about.parameters
    return round(size * weights + working + checker)


def choose_thrift(about: Description, precision: str, *, device: str, bytes_max: int) -> Thrift:
    """The quickest that fits. Without a GPU there is nowhere to put what does not fit."""
    if device != "cuda":
        return Thrift.WHOLE
    fitting = (way for way in Thrift if bytes_needed(about, precision, way) <= bytes_max)
    return next(fitting, Thrift.LAYERS)
