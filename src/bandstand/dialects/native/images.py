"""Asking for pictures: what may be asked, and the order it makes. What becomes of it is a job like any other."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import Field

from bandstand.catalog import CANVAS
from bandstand.dialects import wire
from bandstand.dialects.native.picture import render
from bandstand.dialects.native.wishes import NAME, Webhook, to_hook
from bandstand.jobs import Order
from bandstand.service import Account, Service
from bandstand.specs import (
    LORA_WEIGHT_MAX,
    LORAS_MAX,
    PICTURE_GUIDANCE_MAX,
    PICTURES_MAX,
    PROMPT_CHARACTERS_MAX,
    SEED_MAX,
    SIDE_MAX,
    SIDE_MIN,
    SIDE_STEP,
    STEPS_MAX,
    ImageSpec,
    Lora,
    PictureFormat,
    Safety,
    Source,
)

Side = Annotated[wire.Whole, Field(ge=SIDE_MIN, le=SIDE_MAX, multiple_of=SIDE_STEP)]


class LoraWish(wire.Body):
    """A small change to the model."""

    name: str = Field(max_length=100, description="Of its file or folder in the models' folder.")
    weight: float = Field(1.0, ge=-LORA_WEIGHT_MAX, le=LORA_WEIGHT_MAX)


class ImageWish(wire.Body):
    """What pictures should be."""

    prompt: str = Field(
        min_length=1,
        max_length=PROMPT_CHARACTERS_MAX,
        description="What to draw, in plain words.",
        examples=["neon synthwave sunset, no people"],
    )
    model: str = Field(CANVAS.name, description="A name from /v1/models whose kind is image.")
    negative: str = Field(
        "", max_length=PROMPT_CHARACTERS_MAX, description="What must not be in it."
    )
    width: Side | None = Field(None, description="Pixels; the model's own if left out.")
    height: Side | None = Field(None, description="Pixels; the model's own if left out.")
    count: wire.Whole = Field(
        1, ge=1, le=PICTURES_MAX, description="The i-th picture (from 0) has the seed `seed + i`."
    )
    steps: wire.Whole | None = Field(
        None, ge=1, le=STEPS_MAX, description="Diffusion models only; their own if left out."
    )
    guidance: float = Field(
        7.0, ge=0, le=PICTURE_GUIDANCE_MAX, description="Diffusion models only; 1 is quickest."
    )
    seed: int | None = Field(
        None,
        ge=0,
        le=SEED_MAX,
        description="The same seed makes the same picture; drawn if left out.",
    )
    scheduler: str | None = Field(None, max_length=100, description="Diffusion models only.")
    init: str | None = Field(
        None,
        description="A picture to start from: an http(s) address, a data URI, or a file of this server.",
    )
    strength: float = Field(
        0.75, ge=0, le=1, description="How much of `init` may change; at 1 nothing of it is left."
    )
    loras: list[LoraWish] = Field(default_factory=list[LoraWish], max_length=LORAS_MAX)
    upscale: wire.Whole = Field(
        1, description=f"1, 2 or 4 times as large in the end; no side above {SIDE_MAX} pixels."
    )
    safety: Safety = Field(
        Safety.OFF, strict=False, description="What happens to pictures unfit for everybody's eyes."
    )
    format: PictureFormat = Field(PictureFormat.PNG, strict=False, description="Of the files.")
    describe: bool = Field(
        default=True, description="Write prompt and settings into the files, as other tools do."
    )
    family: str | None = Field(
        None, max_length=100, description="canvas only: a kind of picture, see /v1/models."
    )
    palette: str | None = Field(
        None, max_length=100, description="canvas only: its colours, see /v1/models."
    )
    webhook: Webhook | None = Field(None, description="Told of what happens; see /v1/deliveries.")


class Images:
    """The endpoint. Its route has admitted the caller (`request.state.account`)."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def create(self, request: Request, wish: ImageWish) -> Response:
        account: Account = request.state.account
        job = await self._service.submit(account, to_order(wish), once=wire.once(request))
        return wire.told(render(self._service, job), job, status=201)


def to_order(wish: ImageWish) -> Order:
    spec = ImageSpec(
        prompt=wish.prompt,
        model=wish.model,
        negative=wish.negative,
        width=wish.width,
        height=wish.height,
        count=wish.count,
        steps=wish.steps,
        guidance=wish.guidance,
        seed=wish.seed,
        scheduler=wish.scheduler,
        init=None if wish.init is None else Source(uri=wish.init),
        strength=wish.strength,
        loras=tuple(Lora(name=lora.name, weight=lora.weight) for lora in wish.loras),
        upscale=wish.upscale,
        safety=wish.safety,
        format=wish.format,
        describe=wish.describe,
        family=wish.family,
        palette=wish.palette,
    )
    return Order(spec=spec, origin=NAME, asked=_asked(wish), hook=to_hook(wish.webhook))


def _asked(wish: ImageWish) -> dict[str, Any]:
    asked = wish.model_dump(mode="json", exclude_unset=True)
    if wish.init is not None:
        asked["init"] = wire.shown(wish.init)
    return asked
