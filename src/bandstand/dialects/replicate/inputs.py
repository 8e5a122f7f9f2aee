"""What a prediction may be asked: the inputs of meta/musicgen, what they mean, and which of them end as failed predictions.

Not the inputs of models that draw: those are in `pictures.py`.

Sources: the seed document `meta_musicgen`, whose words on the inputs lie in `inputs.json`, and the program behind the hosted
model (`predict.py` of replicate/cog-musicgen), which accepts some wishes only to fail with a message: so does this server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from bandstand.catalog import Catalog, model_named
from bandstand.dialects import wire
from bandstand.dialects.replicate.numbers import Whole
from bandstand.dialects.replicate.pictures import PictureInput, to_image_spec
from bandstand.dialects.replicate.published import with_version
from bandstand.errors import Unavailable
from bandstand.jobs import Hook, HookEvent, Order
from bandstand.specs import Encoding, Loudness, MusicSpec, Sampling, Source, Span, Spec

NAME = "replicate"
G = TypeVar("G", bound=wire.Body)
RATE = 32000  # of the hosted model's results, whatever makes them here
FRAMES_PER_SECOND = 50
DELAY_STEPS = 3  # the hosted model's last codebook comes so many steps after its first
DESCRIBED: Mapping[str, Any] = json.loads(Path(__file__).with_name("inputs.json").read_text())
# Told when nothing else was wished: the document's words.
USUAL_EVENTS = frozenset({HookEvent.OUTPUT, HookEvent.COMPLETED})
HAS_OPTIONS_OF_CLIENT = (
    "holds the options of the client, its API token among them, instead of inputs: so does replicate 1.4.0 (npm) with "
    "fileEncodingStrategy 'data-uri'. Use 'upload'. Nothing of it was kept"
)


def _events(value: Any) -> Any:
    """An array, or words with commas between them."""
    if not isinstance(value, str):
        return value
    return [word for part in value.split(",") if (word := part.strip())]


Events = Annotated[
    list[Annotated[HookEvent, Field(strict=False)]],
    BeforeValidator(_events, json_schema_input_type=str | list[HookEvent]),
]


class Input(wire.Body):
    """The inputs, with their defaults; what nobody knows is dropped, as the hosted API does."""

    model_config = ConfigDict(extra="ignore")

    model_version: Literal["stereo-melody-large", "stereo-large", "melody-large", "large"] = (
        "stereo-melody-large"
    )
    prompt: str | None = None
    input_audio: str | None = None
    duration: Whole = 8
    continuation: bool = False
    continuation_start: Annotated[Whole, Field(ge=0)] = 0
    continuation_end: Annotated[Whole, Field(ge=-1)] | None = None
    multi_band_diffusion: bool = False
    normalization_strategy: Literal["loudness", "clip", "peak", "rms"] = "loudness"
    top_k: Whole = 250
    top_p: float = 0
    temperature: float = 1
    classifier_free_guidance: Whole = 3
    output_format: Literal["wav", "mp3"] = "wav"
    seed: Whole | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_options_of_client(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and "auth" in given:
            raise PydanticCustomError("options_of_client", HAS_OPTIONS_OF_CLIENT)
        return given

    @property
    def end(self) -> int | None:
        """Where the given audio is cut; none and -1 are its end."""
        return None if self.continuation_end == -1 else self.continuation_end


def _unread(value: Any) -> Any:
    return value


# Which of the two it is depends on the model, and that is told elsewhere.
Raw = Annotated[
    dict[str, Any], BeforeValidator(_unread, json_schema_input_type=Input | PictureInput)
]


class Wish(wire.Body):
    """The body of a create call that names the model in its path."""

    model_config = ConfigDict(extra="ignore")

    input: Raw
    stream: bool | None = None
    webhook: str | None = Field(None, max_length=2048)
    webhook_events_filter: Events | None = None
    webhook_completed: str | None = Field(
        None, max_length=2048, description="The older form: told of the end only."
    )

    @property
    def hook(self) -> Hook | None:
        if self.webhook:
            events = frozenset(self.webhook_events_filter or USUAL_EVENTS)
            return Hook(url=self.webhook, events=events)
        if self.webhook_completed:
            return Hook(url=self.webhook_completed)
        return None


class Creation(Wish):
    """The body of a create call."""

    version: str = Field(
        max_length=200, description="64 hexadecimal digits, owner/name:digits, or owner/name."
    )


def to_order(wish: Wish, version: str, catalog: Catalog, *, within: float | None = None) -> Order:
    """The order that a body asks for; with a flaw when all that can come of it is a failed prediction.

    version  a hash, `owner/name:hash` or `owner/name`
    raises   Invalid, RequestValidationError
    """
    model = with_version(version).model
    if model is None:
        given = _read(Input, wish.input)
        spec, flaw = _to_spec(given), _flaw(given)
    else:
        given = _read(PictureInput, wish.input)
        spec, flaw = to_image_spec(given, model), None
    asked = {
        **wish.model_dump(mode="json", exclude_unset=True, exclude={"input"}),
        "input": given.model_dump(mode="json", exclude_unset=True),
        "version": version,
    }
    flaw = flaw or _absence(catalog, spec)
    return Order(spec=spec, origin=NAME, asked=asked, hook=wish.hook, flaw=flaw, within=within)


def _read(kind: type[G], raw: Mapping[str, Any]) -> G:
    """raises  RequestValidationError, with places as in the whole body"""
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        found = [
            {**problem, "loc": ("body", "input", *problem["loc"])} for problem in error.errors()
        ]
        raise RequestValidationError(found) from None


def _to_spec(given: Input) -> MusicSpec:
    model = model_named(NAME, given.model_version)
    assert model is not None, "the enum and the catalog name the same models"
    span = _span(given)
    return MusicSpec(
        prompt=given.prompt or "",
        model=model,
        seconds=float(given.duration),
        # The reference asks for `not seed`: 0 is random, too.
        seed=given.seed if given.seed is not None and given.seed > 0 else None,
        melody=None if given.continuation else span,
        continues=span if given.continuation else None,
        multiband=given.multi_band_diffusion,
        loudness=Loudness(given.normalization_strategy),
        encoding=Encoding(given.output_format),
        sample_rate=RATE,
        channels=2 if given.model_version.startswith("stereo-") else 1,
        sampling=Sampling(
            temperature=given.temperature,
            top_k=given.top_k,
            top_p=given.top_p,
            guidance=float(given.classifier_free_guidance),
        ),
    )


def _span(given: Input) -> Span | None:
    """The reference cuts a melody as it cuts what is continued."""
    if not given.input_audio:
        return None
    source = Source(uri=given.input_audio)
    end = None if given.end is None else float(given.end)
    return Span(source=source, start=float(given.continuation_start), end=end)


def _flaw(given: Input) -> str | None:
    """Why the reference would fail, in its words. Whether a prompt of audio is too long is known when it has been read."""
    if not (given.prompt or "").strip() and not given.input_audio:
        return "Must provide either prompt or input_audio"
    if given.continuation and not given.input_audio:
        return "Must provide `input_audio` if continuation is `True`."
    is_melody = given.input_audio and not given.continuation
    if is_melody and given.model_version in {"large", "stereo-large"}:
        return (
            "`stereo-large` and `large` model does not support melody input. Set `model_version='stereo-melody-large'` "
            "or `model_version='melody-large'` to condition on audio input."
        )
    if given.multi_band_diffusion and given.model_version.startswith("stereo-"):
        return "Multi-Band Diffusion is only available with non-stereo models."
    if given.input_audio and given.end is not None and given.continuation_start > given.end:
        return "`continuation_start` must be less than or equal to `continuation_end`"
    return None


def _absence(catalog: Catalog, spec: Spec) -> str | None:
    """Why nothing here can make it, as when audio is given and no weights are installed."""
    try:
        catalog.choose(spec)
    except Unavailable as error:
        return error.message
    return None


def steps(seconds: float) -> int:
    """How many steps the hosted model takes for a piece; its logs count them."""
    return round(seconds * FRAMES_PER_SECOND) + DELAY_STEPS
