"""What may be asked, and the order it makes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from bandstand.catalog import COMPOSER
from bandstand.dialects import wire
from bandstand.jobs import Hook, HookEvent, Order
from bandstand.specs import (
    PROMPT_CHARACTERS_MAX,
    SECONDS_MAX,
    SECONDS_MIN,
    SECTIONS_MAX,
    SEED_MAX,
    VARIATIONS_MAX,
    Encoding,
    Loudness,
    MusicSpec,
    Sampling,
    Section,
    Source,
    Span,
)

NAME = "native"


class Webhook(wire.Body):
    """Where to tell what happens to a job, and which of it."""

    url: str = Field(max_length=2048, description="Gets a signed POST with the job as its body.")
    events: list[Annotated[HookEvent, Field(strict=False)]] = Field(
        default_factory=lambda: [HookEvent.COMPLETED], min_length=1
    )


class Stretch(wire.Body):
    """A stretch of given sound."""

    source: str = Field(
        description="Where it lies: an http(s) address, a data URI, or a file of this server."
    )
    start: float = Field(default=0.0, ge=0, description="Seconds into it.")
    end: float | None = Field(
        default=None, ge=0, description="Seconds into it; its end if left out."
    )


class Address(Stretch):
    """All of a sound, asked for by its address alone."""


def _or_address(given: Any) -> Any:
    return Address(source=given) if isinstance(given, str) else given


Tune = Annotated[
    Stretch | None, BeforeValidator(_or_address, json_schema_input_type=str | Stretch | None)
]


class Part(wire.Body):
    """Another prompt from some moment on."""

    start: float = Field(gt=0, description="Seconds into the piece; later than the one before.")
    prompt: str = Field(max_length=PROMPT_CHARACTERS_MAX)


class Wish(wire.Body):
    """What a piece should be."""

    prompt: str = Field(
        max_length=PROMPT_CHARACTERS_MAX,
        description="What to play, in plain words.",
        examples=["lo-fi music with a soothing melody, 80 bpm, D minor"],
    )
    model: str = Field(COMPOSER.name, description="A name from /v1/models.")
    seconds: float = Field(8.0, ge=SECONDS_MIN, le=SECONDS_MAX, description="Exact length.")
    seed: int | None = Field(
        None,
        ge=0,
        le=SEED_MAX,
        description="The same seed makes the same piece; drawn if left out.",
    )
    encoding: Encoding = Field(Encoding.WAV, strict=False, description="File format of the track.")
    loudness: Loudness = Field(Loudness.LUFS, strict=False, description="How it is levelled.")
    sample_rate: int | None = Field(None, description="Hz; the model's own if left out.")
    melody: Tune = Field(
        None, description="A tune to follow: a stretch of a sound, or its address for all of it."
    )
    continues: Stretch | None = Field(
        None, description="What to go on from; `seconds` counts it, too."
    )
    score: str | None = Field(
        None,
        description="Notes to play as the prompt says: where a MIDI file or the plan.json of a piece lies.",
    )
    variation: wire.Whole = Field(
        0,
        ge=0,
        le=VARIATIONS_MAX,
        description="Above 0: the piece of this seed again, with the same motif, form, tempo and key.",
    )
    stems: Literal["wav", "flac"] | None = Field(
        None, description="Give every instrument in a file of its own, too, in one zip."
    )
    sections: list[Part] = Field(
        default_factory=list[Part],
        max_length=SECTIONS_MAX,
        description="Prompts that follow the first one.",
    )
    multiband: bool = Field(
        default=False, description="MusicGen only: decode with MultiBand Diffusion."
    )
    temperature: float = Field(1.0, description="Token models only.")
    top_k: wire.Whole = Field(250, description="Token models only.")
    top_p: float = Field(0.0, description="Token models only; above 0 it replaces top_k.")
    guidance: float = Field(3.0, description="Token models only.")
    webhook: Webhook | None = Field(None, description="Told of what happens; see /v1/deliveries.")


def to_order(wish: Wish) -> Order:
    spec = MusicSpec(
        prompt=wish.prompt,
        model=wish.model,
        seconds=wish.seconds,
        seed=wish.seed,
        encoding=wish.encoding,
        loudness=wish.loudness,
        sample_rate=wish.sample_rate,
        melody=wish.melody and _to_span(wish.melody),
        continues=wish.continues and _to_span(wish.continues),
        score=None if wish.score is None else Source(uri=wish.score),
        variation=wish.variation,
        stems=wish.stems and Encoding(wish.stems),
        sections=tuple(Section(start=part.start, prompt=part.prompt) for part in wish.sections),
        multiband=wish.multiband,
        sampling=Sampling(
            temperature=wish.temperature,
            top_k=wish.top_k,
            top_p=wish.top_p,
            guidance=wish.guidance,
        ),
    )
    return Order(spec=spec, origin=NAME, asked=_asked(wish), hook=to_hook(wish.webhook))


def to_hook(webhook: Webhook | None) -> Hook | None:
    return webhook and Hook(url=webhook.url, events=frozenset(webhook.events))


def _to_span(stretch: Stretch) -> Span:
    return Span(source=Source(uri=stretch.source), start=stretch.start, end=stretch.end)


def _asked(wish: Wish) -> dict[str, Any]:
    asked = wish.model_dump(mode="json", exclude_unset=True)
    for name in ("melody", "continues"):
        stretch: Stretch | None = getattr(wish, name)
        if stretch is not None:
            source = wire.shown(stretch.source)
            asked[name] = (
                source if isinstance(stretch, Address) else {**asked[name], "source": source}
            )
    if wish.score is not None:
        asked["score"] = wire.shown(wish.score)
    return asked
