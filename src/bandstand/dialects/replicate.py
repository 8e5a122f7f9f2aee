"""Replicate's HTTP API for `meta/musicgen`: predictions, in the words of its documents and of its official clients.

Sources: the seed document `meta_musicgen` (predictions: list, create, get, cancel) and the client packages replicate 1.0.7
(PyPI) and 1.4.0 (npm).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import Field

from bandstand.catalog import REPLICATE_MODEL, REPLICATE_VERSION, model_named
from bandstand.dialects import Dialect, wire
from bandstand.errors import (
    BandstandError,
    Invalid,
    Malformed,
    NotFound,
    Problem,
    Unauthenticated,
)
from bandstand.jobs import Job, Order, Status
from bandstand.service import Account, Service
from bandstand.specs import (
    SECONDS_MAX,
    SECONDS_MIN,
    SEED_MAX,
    Encoding,
    Loudness,
    MusicSpec,
    Sampling,
    Source,
    Span,
)

NAME = "replicate"
PAGE_SIZE = 100
WAIT_SECONDS_MAX = 60
VERSION = re.compile(rf"{REPLICATE_MODEL}|({REPLICATE_MODEL}:)?[0-9a-f]{{64}}")
OWN_WORDS: Mapping[str, str] = {
    "prompt": "input.prompt",
    "model": "input.model_version",
    "seconds": "input.duration",
    "seed": "input.seed",
    "melody": "input.input_audio",
    "continues": "input.continuation",
    "multiband": "input.multi_band_diffusion",
    "temperature": "input.temperature",
    "top_p": "input.top_p",
    "guidance": "input.classifier_free_guidance",
}
STATUS_WORDS: Mapping[Status, str] = {
    Status.QUEUED: "starting",
    Status.RUNNING: "processing",
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.CANCELED: "canceled",
}


class Input(wire.Body):
    """The inputs of meta/musicgen, with their defaults."""

    model_version: Literal["stereo-melody-large", "stereo-large", "melody-large", "large"] = (
        "stereo-melody-large"
    )
    prompt: str | None = None
    input_audio: str | None = None
    duration: int = Field(8, ge=math.ceil(SECONDS_MIN), le=int(SECONDS_MAX))
    continuation: bool = False
    continuation_start: int = Field(0, ge=0, le=wire.WHOLE_MAX)
    continuation_end: int | None = Field(None, ge=-1, le=wire.WHOLE_MAX)
    multi_band_diffusion: bool = False
    normalization_strategy: Literal["loudness", "clip", "peak", "rms"] = "loudness"
    top_k: wire.Whole = 250
    top_p: float = 0
    temperature: float = 1
    classifier_free_guidance: wire.Whole = 3
    output_format: Literal["wav", "mp3"] = "wav"
    seed: int | None = Field(None, le=SEED_MAX)


class Creation(wire.Body):
    """The body of a create call."""

    version: str
    input: Input


def to_order(creation: Creation, asked: Mapping[str, Any]) -> Order:
    given = creation.input
    return Order(spec=_to_spec(given), origin=NAME, asked=asked)


def _to_spec(given: Input) -> MusicSpec:
    model = model_named(NAME, given.model_version)
    assert model is not None, "the enum and the catalog name the same models"
    return MusicSpec(
        prompt=given.prompt or "",
        model=model,
        seconds=float(given.duration),
        seed=None if given.seed is None or given.seed <= 0 else given.seed,
        melody=_melody(given),
        continues=_span(given),
        multiband=given.multi_band_diffusion,
        loudness=Loudness(given.normalization_strategy),
        encoding=Encoding(given.output_format),
        sampling=Sampling(
            temperature=given.temperature,
            top_k=given.top_k,
            top_p=given.top_p,
            guidance=float(given.classifier_free_guidance),
        ),
    )


def _melody(given: Input) -> Source | None:
    if given.input_audio is None or given.continuation:
        return None
    return Source(uri=given.input_audio)


def _span(given: Input) -> Span | None:
    if given.input_audio is None or not given.continuation:
        return None
    end = given.continuation_end
    return Span(
        source=Source(uri=given.input_audio),
        start=float(given.continuation_start),
        end=None if end is None or end == -1 else float(end),
    )


def _check_version(version: str) -> None:
    """A hash, `owner/name:hash` or `owner/name`. raises Invalid for a model that is not ours."""
    if not VERSION.fullmatch(version):
        raise Invalid("version", "Invalid version or not permitted")


def _in_own_words(error: Invalid) -> Invalid:
    """What the server says of a spec, said of the inputs that a client knows."""
    first, *more = (Problem(OWN_WORDS[p.field], p.text) for p in error.problems)
    return Invalid(first.field, first.text, *more)


def render(service: Service, job: Job, logs: str) -> dict[str, Any]:
    """The prediction: the body of a response and of a webhook."""
    address = f"{service.settings.url}/v1/predictions/{job.id}"
    picture: dict[str, Any] = {
        "id": job.id,
        "model": REPLICATE_MODEL,
        "version": _version(job),
        "input": job.asked["input"],
        "output": service.link(job, job.track) if job.track else None,
        "logs": logs,
        "error": job.error,
        "status": STATUS_WORDS[job.status],
        "created_at": wire.iso(job.times.created),
        "started_at": wire.iso(job.times.started),
        "completed_at": wire.iso(job.times.finished),
        "data_removed": False,
        "source": "api",
        "metrics": _metrics(job),
        "urls": {"get": address, "cancel": f"{address}/cancel"},
    }
    return picture


def _version(job: Job) -> str:
    asked = str(job.asked.get("version", ""))
    revision = asked.rpartition(":")[2]
    return revision if re.fullmatch("[0-9a-f]{64}", revision) else REPLICATE_VERSION


def _metrics(job: Job) -> dict[str, float]:
    times = job.times
    if times.finished is None:
        return {}
    metrics = {"total_time": times.finished - times.created}
    if times.started is not None:
        metrics["predict_time"] = times.finished - times.started
    return metrics


TITLES: Mapping[type[BandstandError], str] = {
    Unauthenticated: "Unauthenticated",
    Invalid: "Input validation failed",
    NotFound: "Not found",
    Malformed: "Bad request",
}


def refuse(error: BandstandError) -> Response:
    body: dict[str, Any] = {
        "title": TITLES.get(type(error), type(error).__name__),
        "detail": error.message,
        "status": wire.status_of(error),
    }
    if isinstance(error, Invalid):
        body["invalid_fields"] = [
            {"type": "value_error", "field": problem.field, "description": problem.text}
            for problem in error.problems
        ]
    return wire.refusal(error, body)


def _wait_seconds(request: Request) -> float | None:
    """`Prefer: wait` or `wait=n`; None when there is no such wish."""
    for wish in request.headers.get("prefer", "").split(","):
        name, _, number = wish.strip().partition("=")
        if name == "wait":
            seconds = int(number) if number.isdigit() and len(number) < 4 else WAIT_SECONDS_MAX
            return float(min(max(seconds, 1), WAIT_SECONDS_MAX))
    return None


class Predictions:
    """The endpoints."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def create(self, request: Request, creation: Creation) -> Response:
        account = await self._account(request)
        _check_version(creation.version)
        asked = {
            "version": creation.version,
            "input": creation.input.model_dump(exclude_unset=True),
        }
        try:
            job = await self._service.submit(account, to_order(creation, asked))
        except Invalid as error:
            raise _in_own_words(error) from None
        seconds = _wait_seconds(request)
        if seconds is None:
            return await self._told(job, 201)
        job = await self._service.wait(job, seconds)
        if job.status.is_final:
            return await self._told(job, 201)
        # Clients take any word but "starting" for the end of the wait and would read an output that is not there.
        return await self._told(job, 202, {"status": "starting"})

    async def page(self, request: Request, cursor: str | None = None) -> Response:
        account = await self._account(request)
        found = await self._service.page(account, origin=NAME, cursor=cursor, size=PAGE_SIZE)
        logs = await self._service.logs(*found.jobs)
        body = {
            "previous": self._page_link(found.newer),
            "next": self._page_link(found.older),
            "results": [render(self._service, job, logs[job.id]) for job in found.jobs],
        }
        return wire.told(body)

    async def get(self, request: Request, prediction_id: str) -> Response:
        return await self._told(
            await self._service.get(await self._account(request), prediction_id)
        )

    async def cancel(self, request: Request, prediction_id: str) -> Response:
        return await self._told(
            await self._service.cancel(await self._account(request), prediction_id)
        )

    async def _account(self, request: Request) -> Account:
        return await self._service.account(wire.bearer(request))

    async def _told(
        self, job: Job, status: int = 200, changes: Mapping[str, Any] | None = None
    ) -> Response:
        logs = await self._service.logs(job)
        picture = render(self._service, job, logs[job.id])
        return wire.told({**picture, **(changes or {})}, job, status=status)

    def _page_link(self, cursor: str | None) -> str | None:
        """Absolute: a client joins a relative one to a base URL that ends in /v1 already."""
        query = urlencode({"cursor": cursor})
        return f"{self._service.settings.url}/v1/predictions?{query}" if cursor else None


def routes(service: Service) -> APIRouter:
    predictions = Predictions(service)
    router = APIRouter(tags=[NAME])
    add = router.add_api_route
    for prefix in ("/predictions", "/v1/predictions"):
        one = f"{prefix}/{{prediction_id}}"
        add(
            prefix,
            predictions.create,
            methods=["POST"],
            status_code=201,
            summary="Ask for a prediction",
        )
        add(prefix, predictions.page, methods=["GET"], summary="Your predictions, newest first")
        add(one, predictions.get, methods=["GET"], summary="One prediction")
        add(f"{one}/cancel", predictions.cancel, methods=["POST"], summary="Call it off")
    return router


DIALECT = Dialect(
    name=NAME,
    title="Replicate",
    prefixes=("/predictions", "/v1/predictions"),
    routes=routes,
    refuse=refuse,
)
