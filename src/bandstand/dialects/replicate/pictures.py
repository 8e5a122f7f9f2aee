"""The inputs of the models that draw, and what they mean.

Not their masks and refiners. Source: the inputs that `stability-ai/sdxl` and `stability-ai/stable-diffusion` publish, as programs
on GitHub name them (November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from bandstand.dialects import wire
from bandstand.dialects.replicate.numbers import Whole
from bandstand.errors import Invalid
from bandstand.specs import (
    PICTURE_GUIDANCE_MAX,
    PICTURES_MAX,
    STEPS_MAX,
    ImageSpec,
    PictureFormat,
    Safety,
    Source,
)

SCHEDULERS: Mapping[str, str | None] = {
    "DDIM": "ddim",
    "DPMSolverMultistep": "dpm++-2m",
    "HeunDiscrete": "heun",
    "KarrasDPM": "dpm++-2m-karras",
    "K_EULER": "euler",
    "K_EULER_ANCESTRAL": "euler-a",
    "KLMS": None,  # gone from diffusers' better half; the model's own way is nearest
    "PNDM": "pndm",
}
SIZE = re.compile(r"(\d{1,5})x(\d{1,5})", re.ASCII)
FORMATS: Mapping[str, PictureFormat] = {
    "png": PictureFormat.PNG,
    "jpg": PictureFormat.JPEG,
    "jpeg": PictureFormat.JPEG,
    "webp": PictureFormat.WEBP,
}


class PictureInput(wire.Body):
    """The inputs of a model that draws; what nobody knows is dropped, as the hosted API does."""

    model_config = ConfigDict(extra="ignore")

    prompt: str = Field("", description="What to draw.")
    negative_prompt: str | None = Field(None, description="What must not be in it.")
    image: str | None = Field(None, description="A picture to start from.")
    mask: str | None = Field(None, description="Refused: parts of a picture cannot be redrawn.")
    prompt_strength: Annotated[float, Field(ge=0, le=1)] = 0.8
    width: Whole | None = Field(None, description="Pixels; the model's own if left out.")
    height: Whole | None = Field(None, description="Pixels; the model's own if left out.")
    image_dimensions: str | None = Field(None, description="Both at once: 768x768.")
    num_outputs: Annotated[Whole, Field(ge=1, le=PICTURES_MAX)] = 1
    num_inference_steps: Annotated[Whole, Field(ge=1, le=500)] | None = Field(
        None, description=f"At most {STEPS_MAX} are taken; the model's own if left out."
    )
    guidance_scale: Annotated[float, Field(ge=0, le=50)] = Field(
        7.5, description=f"At most {PICTURE_GUIDANCE_MAX:g} is taken."
    )
    scheduler: str | None = Field(None, description=f"One of: {', '.join(SCHEDULERS)}.")
    seed: Whole | None = Field(None, description="Drawn if left out or negative.")
    output_format: Literal["png", "jpg", "jpeg", "webp"] = "png"
    disable_safety_checker: bool = False


def to_image_spec(given: PictureInput, model: str) -> ImageSpec:
    """raises  Invalid for a mask, and for a scheduler or a size that cannot be read"""
    if given.mask:
        raise Invalid("mask", "cannot be used: parts of a picture are not redrawn here")
    width, height = _size(given)
    steps = given.num_inference_steps
    return ImageSpec(
        prompt=given.prompt,
        model=model,
        negative=given.negative_prompt or "",
        width=width,
        height=height,
        count=given.num_outputs,
        steps=None if steps is None else min(steps, STEPS_MAX),
        guidance=min(given.guidance_scale, PICTURE_GUIDANCE_MAX),
        seed=given.seed if given.seed is not None and given.seed >= 0 else None,
        scheduler=_scheduler(given.scheduler),
        init=Source(uri=given.image) if given.image else None,
        strength=given.prompt_strength,
        safety=Safety.OFF if given.disable_safety_checker else Safety.REFUSE,
        format=FORMATS[given.output_format],
    )


def _size(given: PictureInput) -> tuple[int | None, int | None]:
    if given.image_dimensions is None:
        return given.width, given.height
    found = SIZE.fullmatch(given.image_dimensions)
    if found is None:
        raise Invalid("image_dimensions", "must look like 768x768")
    return int(found[1]), int(found[2])


def _scheduler(name: str | None) -> str | None:
    if name is None:
        return None
    if name not in SCHEDULERS:
        raise Invalid("scheduler", f"must be one of: {', '.join(SCHEDULERS)}")
    return SCHEDULERS[name]
