"""ModelsLab's enterprise API for music: `music_gen`, which answers with the result when that is quick and with a number to ask
for when it is not, and `fetch`. The key comes in the body, and stays out of everything that is kept, told or logged.

Sources: the seed document "Enterprise: Music Gen Endpoint" and the package modelslab_py 0.2.3 (PyPI), which calls the same under
`/api/v6` when it is not told to be `enterprise`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from bandstand.catalog import MODELS, model_named
from bandstand.dialects import Dialect, door, wire
from bandstand.errors import (
    BandstandError,
    Invalid,
    Malformed,
    NotFound,
    Problem,
    TooMany,
    Unavailable,
)
from bandstand.fetch import is_inline
from bandstand.jobs import Hook, Job, Order
from bandstand.service import Account, Scope, Service
from bandstand.specs import PROMPT_CHARACTERS_MAX, Encoding, MusicSpec, Source, Span

NAME = "modelslab"
PREFIXES = ("/api/v1/enterprise/voice", "/api/v6/voice")
TOKENS_PER_SECOND = 50
TOKENS_OF_DELAY = (
    3  # theirs are steps of transformers' `generate`, and the last codebook is three steps late
)
RATE_USUAL, RATE_MIN = 32000, 10000
TOKENS_USUAL, TOKENS_MIN, TOKENS_MAX = 256, 256, 1024
KEPT_SECONDS = 86400.0
NUMBER_DIGITS_MAX = 16
THEIR_STATUS: Mapping[type[BandstandError], HTTPStatus] = {Invalid: HTTPStatus.BAD_REQUEST}
THEIR_FIELDS = {
    "melody": "init_audio",
    "seconds": "max_new_token",
    "sample_rate": "sampling_rate",
    "encoding": "output_format",
}
WORDS_OF_TRUTH = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0", ""), False),
}


def _truth(given: Any) -> Any:
    """Clients say true, "true", "yes" and 1.0."""
    if isinstance(given, float | int):
        return bool(given)
    if isinstance(given, str):
        return WORDS_OF_TRUTH.get(given.strip().lower(), given)
    return given


def _whole(given: Any) -> Any:
    """Forms send numbers as text, and some languages know no integers."""
    if isinstance(given, float) and given.is_integer():
        return int(given)
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 20:
        return int(given)
    return given


def _unless_empty(given: Any) -> Any:
    return None if given == "" else given


def _schema(*types: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": kind, **more} for kind in types]})


Truth = Annotated[bool | None, BeforeValidator(_truth), _schema("boolean", "null")]
Text = Annotated[str | None, BeforeValidator(_unless_empty)]


class Wish(wire.Body):
    """The body of a call; what nobody knows is ignored, as the hosted API does."""

    model_config = ConfigDict(extra="ignore")

    key: str | None = Field(None, description="Your API key.")
    prompt: str = Field(min_length=1, max_length=PROMPT_CHARACTERS_MAX, description="What to play.")
    init_audio: Text = Field(None, description="A melody to follow: an address, or base64.")
    sampling_rate: Annotated[int | None, BeforeValidator(_whole)] = Field(
        None, ge=RATE_MIN, description="Hz of the file; 32000 if left out."
    )
    max_new_token: Annotated[int | None, BeforeValidator(_whole)] = Field(
        None,
        ge=TOKENS_MIN,
        le=TOKENS_MAX,
        description="Length: 3, then 50 a second; 256 if left out.",
    )
    base64: Truth = Field(None, description="Whether `init_audio` is base64.")
    temp: Truth = Field(None, description="Whether the links shall work for a shorter time.")
    webhook: Text = Field(None, description="Gets the result when it is there.")
    track_id: Annotated[str, Field(max_length=1000)] | int | None = Field(
        None, description="Told back to the webhook."
    )
    output_format: Literal["wav", "mp3", "flac"] | None = Field(None, description="wav usually.")


class Asking(wire.Body):
    """The body of a fetch."""

    model_config = ConfigDict(extra="ignore")

    key: str | None = Field(None, description="Your API key.")


class MetaView(BaseModel):
    base64: Literal["yes", "no"]
    conditioning_melody: str | None
    filename: str
    input_text: str
    max_new_token: int
    sampling_rate: int
    temp: Literal["yes", "no"]


class ResultView(BaseModel):
    """What is answered, for the description of the API; which fields there are depends on `status`."""

    status: Literal["success", "processing", "error"]
    id: int | None = None
    output: list[str] | None = None
    generationTime: float | None = None  # noqa: N815 - the word of the wire
    proxy_links: list[str] | None = None
    meta: MetaView | None = None
    eta: int | None = None
    message: str | None = None
    tip: str | None = None
    fetch_result: str | None = None
    future_links: list[str] | None = None


class RefusalView(BaseModel):
    status: Literal["error"]
    message: str
    retry_after: int | None = None


def to_order(wish: Wish) -> Order:
    model = model_named(NAME, "music_gen")
    assert model is not None, "the catalog names it"
    melody = _melody(wish)
    spec = MusicSpec(
        prompt=wish.prompt,
        model=model,
        seconds=((wish.max_new_token or TOKENS_USUAL) - TOKENS_OF_DELAY) / TOKENS_PER_SECOND,
        melody=melody and Span(source=melody),
        encoding=Encoding(wish.output_format or "wav"),
        sample_rate=wish.sampling_rate or RATE_USUAL,
        channels=MODELS[model].channels,
    )
    # Word for word what may be kept: the key is not among it.
    asked = {
        "base64": bool(wish.base64),
        "temp": bool(wish.temp),
        "init_audio": melody and wire.shown(melody.uri),
        "max_new_token": wish.max_new_token or TOKENS_USUAL,
        "sampling_rate": wish.sampling_rate or RATE_USUAL,
        "track_id": wish.track_id,
    }
    hook = Hook(url=wish.webhook) if wish.webhook else None
    return Order(spec=spec, origin=NAME, asked={"prompt": wish.prompt, **asked}, hook=hook)


def _melody(wish: Wish) -> Source | None:
    """An address stays one though it is called base64: the document's own examples do that."""
    given = wish.init_audio
    if given is None:
        return None
    if not wish.base64 or is_inline(given) or "://" in given[:10]:
        return Source(uri=given)
    return Source(uri=f"data:;base64,{''.join(given.split())}")


def render(service: Service, job: Job) -> dict[str, Any]:
    """The picture of a job, as its asker sees it."""
    if job.track is not None:
        return _success(service, job)
    if job.status.is_final:
        return {
            "status": "error",
            "id": job.number,
            "message": job.error or "The job was canceled.",
            "output": [],
        }
    return _processing(service, job)


def _success(service: Service, job: Job) -> dict[str, Any]:
    assert job.track is not None
    assert job.times.started is not None
    assert job.times.finished is not None
    until = None if job.asked["temp"] else job.times.finished + KEPT_SECONDS
    return {
        "status": "success",
        "generationTime": job.times.finished - job.times.started,
        "id": job.number,
        "output": [service.link(job, job.track, until=until)],
        "proxy_links": [service.link(job, job.track, until=until, at_home=True)],
        "meta": {
            "base64": _yes_or_no(job.asked["base64"]),
            "conditioning_melody": job.asked["init_audio"],
            "filename": job.track.name,
            "input_text": job.spec.prompt,
            "max_new_token": job.asked["max_new_token"],
            "sampling_rate": job.asked["sampling_rate"],
            "temp": _yes_or_no(job.asked["temp"]),
        },
    }


def _processing(service: Service, job: Job) -> dict[str, Any]:
    seconds = _seconds_left(job)
    return {
        "status": "processing",
        "id": job.number,
        "eta": seconds,
        "message": f"The music is being made. Ask for it in about {seconds} seconds.",
        "tip": "A webhook tells you when it is there.",
        "fetch_result": f"{service.settings.url}{PREFIXES[0]}/fetch/{job.number}",
        "future_links": [service.future_link(job, until=job.times.created + KEPT_SECONDS)],
        "output": [],
    }


def _seconds_left(job: Job) -> int:
    """By the progress so far; before there is any, as long as the piece."""
    if job.times.started is None or job.progress <= 0:
        return math.ceil(job.music.seconds)
    elapsed = max(0.0, time.time() - job.times.started)
    return max(1, math.ceil(elapsed * (1 - job.progress) / job.progress))


def _yes_or_no(flag: object) -> str:
    return "yes" if flag else "no"


async def picture(service: Service, job: Job) -> dict[str, Any]:
    """What a webhook gets: the answer and the asker's own mark; failure has another word there."""
    body = {**render(service, job), "track_id": job.asked["track_id"]}
    return {**body, "status": "failed"} if body["status"] == "error" else body


def refuse(error: BandstandError) -> Response:
    body: dict[str, Any] = {"status": "error", "message": error.message}
    if isinstance(error, TooMany | Unavailable):
        body["retry_after"] = max(1, round(error.retry_after))
    return wire.refusal(error, body, status=THEIR_STATUS.get(type(error)))


class Calls:
    """The endpoints. Their route has admitted the caller (`request.state.account`)."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def create(self, request: Request, wish: Wish) -> Response:
        account: Account = request.state.account
        try:
            job = await self._service.submit(account, to_order(wish), once=wire.once(request))
        except Invalid as error:
            raise _in_their_words(error) from None
        job = await self._service.wait(job, self._service.settings.answer_seconds)
        return wire.told(render(self._service, job), job)

    async def fetch(self, request: Request, number: str, asking: Asking) -> Response:
        del asking  # the route has read the key in it
        if not (number.isascii() and number.isdigit() and len(number) <= NUMBER_DIGITS_MAX):
            raise NotFound
        job = await self._service.get_number(request.state.account, int(number))
        if job.origin != NAME:
            raise NotFound
        return wire.told(render(self._service, job), job)


async def _key(request: Request) -> str | None:
    """The one thing that is read of a body before its sender is known. raises Malformed."""
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        raise Malformed("The body is not a valid JSON object.") from None
    key = cast("dict[str, Any]", body).get("key") if isinstance(body, dict) else None
    return key if isinstance(key, str) else None


def _in_their_words(error: Invalid) -> Invalid:
    problems = [
        Problem(THEIR_FIELDS.get(problem.field, problem.field), problem.text)
        for problem in error.problems
    ]
    return Invalid(problems[0].field, problems[0].text, *problems[1:])


def routes(service: Service) -> APIRouter:
    calls = Calls(service)
    making = APIRouter(route_class=door.admitting(service, Scope.WRITE, key_of=_key))
    asking = APIRouter(route_class=door.admitting(service, Scope.READ, key_of=_key))
    for prefix in PREFIXES:
        making.post(
            f"{prefix}/music_gen",
            response_model=ResultView,
            summary="Ask for a piece; wait a little for it",
        )(calls.create)
        asking.post(f"{prefix}/fetch/{{number}}", response_model=ResultView, summary="One piece")(
            calls.fetch
        )
    router = APIRouter(tags=[NAME])
    router.include_router(making)
    router.include_router(asking)
    return router


DIALECT = Dialect(
    name=NAME,
    title="ModelsLab",
    prefixes=PREFIXES,
    routes=routes,
    picture=picture,
    refuse=refuse,
    refusal=RefusalView,
    keep_seconds=KEPT_SECONDS,
    bytes_max=lambda settings: {
        f"{prefix}/music_gen": settings.inline_bytes_max for prefix in PREFIXES
    },
)
