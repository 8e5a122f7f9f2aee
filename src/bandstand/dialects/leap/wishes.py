"""What may be asked of an image model, and the order it makes. Source: the seed document `GenerateImagesApi`, leap-python-sdk
1.0.0 and 1.1.4, and the older JavaScript client, which knows four fields more.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from bandstand.dialects import wire
from bandstand.dialects.leap.words import NAME
from bandstand.jobs import Hook, Order
from bandstand.specs import (
    PICTURE_GUIDANCE_MAX,
    PICTURES_MAX,
    PROMPT_CHARACTERS_MAX,
    SEED_MAX,
    SIDE_MAX,
    SIDE_MIN,
    SIDE_STEP,
    STEPS_MAX,
    ImageSpec,
)

# The document's own example sends this for an address. Nobody can be told there.
NO_ADDRESS = "string_example"
STYLE_WORDS = "highly detailed, sharp focus, beautiful light, balanced composition"
STEPS = 50
GUIDANCE = 7.0
MODEL_ID = "modelId"
UPSCALES = {"x1": 1, "x2": 2, "x4": 4}


def _whole(given: Any) -> Any:
    """512.0 is as whole as 512: the API calls either a number, and JSON Schema an integer."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


def _not_too_many(steps: Any) -> Any:
    """More than the most are the most, as many are asked for by habit."""
    return min(steps, STEPS_MAX) if isinstance(steps, int | float) else steps


Number = BeforeValidator(_whole)
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=PROMPT_CHARACTERS_MAX)]
Side = Annotated[int, Field(ge=SIDE_MIN, le=SIDE_MAX, multiple_of=SIDE_STEP), Number]


class Wish(wire.Body):
    """The body of a create call. What nobody knows is ignored, and null is as good as left out, as with the hosted API."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True)

    prompt: Annotated[Text, Field(min_length=1)]
    negative_prompt: Text | None = Field(None, description="What should not be in the images.")
    width: Side | None = Field(
        None, description="Pixels, in steps of 8; what the model likes best if left out."
    )
    height: Side | None = Field(None, description="The same.")
    number_of_images: Annotated[int, Field(ge=1, le=PICTURES_MAX), Number] | None = Field(
        None, description="1 if left out."
    )
    steps: Annotated[int, Field(ge=1), BeforeValidator(_not_too_many), Number] | None = Field(
        None, description=f"{STEPS} if left out; more than {STEPS_MAX} are {STEPS_MAX}."
    )
    prompt_strength: Annotated[float, Field(ge=0, le=PICTURE_GUIDANCE_MAX)] | None = Field(
        None, description="How closely the prompt is followed; 7 if left out."
    )
    seed: Annotated[int, Field(ge=0, le=SEED_MAX), Number] | None = Field(
        None, description="Drawn if left out; the second image has the next one, and so on."
    )
    webhook_url: str | None = Field(
        None, max_length=2048, description="Gets the finished or failed job."
    )
    upscale_by: Literal["x1", "x2", "x4"] | None = Field(
        None, description="How many times wider and higher the images become in the end."
    )
    enhance_prompt: bool | None = Field(None, description="Adds words of style to the prompt.")
    restore_faces: bool | None = Field(None, description="Accepted; there is no model for it.")
    version: Any = Field(None, exclude=True, description="Ignored.")


def to_order(wish: Wish, *, model: str, model_id: str) -> Order:
    """The order.

    model     our name of it
    model_id  as the client called it
    """
    spec = ImageSpec(
        prompt=_enhanced(wish.prompt) if wish.enhance_prompt else wish.prompt,
        model=model,
        negative=wish.negative_prompt or "",
        width=wish.width,
        height=wish.height,
        count=wish.number_of_images or 1,
        steps=STEPS if wish.steps is None else wish.steps,
        guidance=GUIDANCE if wish.prompt_strength is None else wish.prompt_strength,
        seed=wish.seed,
        upscale=UPSCALES[wish.upscale_by or "x1"],
    )
    asked = {**wish.model_dump(by_alias=True, exclude_unset=True), MODEL_ID: model_id}
    return Order(spec=spec, origin=NAME, asked=asked, hook=_hook(wish.webhook_url))


def _enhanced(prompt: str) -> str:
    """Words of style, as many as there is room for."""
    return f"{prompt}, {STYLE_WORDS}"[:PROMPT_CHARACTERS_MAX]


def _hook(address: str | None) -> Hook | None:
    return Hook(url=address) if address and address != NO_ADDRESS else None
