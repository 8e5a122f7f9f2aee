"""Our own API, `/v1/jobs`: everything the server can do, in its own words."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import RedirectResponse, StreamingResponse

from bandstand.catalog import COMPOSER, Model
from bandstand.dialects import Dialect, wire
from bandstand.errors import BandstandError, Invalid, NotFound
from bandstand.jobs import Artifact, Hook, HookEvent, Job, Order, Status
from bandstand.service import Account, Delivery, Scope, Service
from bandstand.specs import (
    PROMPT_CHARACTERS_MAX,
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

NAME = "native"


class Webhook(wire.Body):
    """Where to tell what happens to a job, and which of it."""

    url: str = Field(max_length=2048, description="Gets a signed POST with the job as its body.")
    events: list[Annotated[HookEvent, Field(strict=False)]] = Field(
        default_factory=lambda: [HookEvent.COMPLETED], min_length=1
    )


class Continuation(wire.Body):
    """Sound to go on from."""

    source: str = Field(description="Where it lies, as for `melody`.")
    start: float = Field(0.0, ge=0, description="Seconds into it.")
    end: float | None = Field(None, ge=0, description="Seconds into it; its end if left out.")


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
    melody: str | None = Field(
        None,
        description="A tune to follow: an http(s) address, a data URI, or a file of this server.",
    )
    continues: Continuation | None = Field(
        None, description="What to go on from; `seconds` counts it, too."
    )
    temperature: float = Field(1.0, description="Token models only.")
    top_k: wire.Whole = Field(250, description="Token models only.")
    top_p: float = Field(0.0, description="Token models only; above 0 it replaces top_k.")
    guidance: float = Field(3.0, description="Token models only.")
    webhook: Webhook | None = Field(None, description="Told of what happens; see /v1/deliveries.")


class View(BaseModel):
    """What is answered, for the description of the API: these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class OutputView(View):
    name: str
    kind: str
    media_type: str
    bytes: int
    sha256: str
    url: str = Field(description="Works without a key, for a time.")
    about: dict[str, Any]


class MakerView(View):
    model: str
    engine: str


class LinksView(View):
    self: str  # pyright: ignore[reportGeneralTypeIssues] - the word of the wire
    cancel: str
    events: str
    audio: str


class JobView(View):
    id: str
    status: Status
    progress: float = Field(ge=0, le=1)
    prompt: str
    seconds: float
    seed: int
    model: str = Field(description="The model that was asked for.")
    made_by: MakerView = Field(description="What really makes the piece.")
    encoding: str
    asked: dict[str, Any] = Field(description="The body of the request; sound in it by its digest.")
    attempts: int
    error: str | None
    credits: float
    created_at: str
    started_at: str | None
    finished_at: str | None
    outputs: list[OutputView]
    links: LinksView
    jobs_ahead: int | None = None


class PageView(View):
    jobs: list[JobView]
    newer: str | None
    older: str | None


class DeliveryView(View):
    id: str = Field(description="The webhook-id that the receiver sees, at every try.")
    job: str
    event: HookEvent
    url: str
    status: str
    attempts: int
    answer: str | None = Field(description="To the latest try.")
    created_at: str
    tried_at: str | None
    next_try_at: str | None


class DeliveriesView(View):
    deliveries: list[DeliveryView]


class ModelView(View):
    name: str
    title: str
    engine: str
    installed: bool
    licence: str
    weights: str | None
    abilities: list[str]
    channels: int
    rate: int
    credits_per_second: float


class ModelsView(View):
    models: list[ModelView]


class ProblemView(View):
    field: str
    problem: str


class TroubleView(View):
    type: str
    message: str
    fields: list[ProblemView] | None = None


class ErrorView(View):
    error: TroubleView


def to_order(wish: Wish) -> Order:
    spec = MusicSpec(
        prompt=wish.prompt,
        model=wish.model,
        seconds=wish.seconds,
        seed=wish.seed,
        encoding=wish.encoding,
        loudness=wish.loudness,
        sample_rate=wish.sample_rate,
        melody=None if wish.melody is None else Source(uri=wish.melody),
        continues=wish.continues and _to_span(wish.continues),
        sampling=Sampling(
            temperature=wish.temperature,
            top_k=wish.top_k,
            top_p=wish.top_p,
            guidance=wish.guidance,
        ),
    )
    hook = wish.webhook and Hook(url=wish.webhook.url, events=frozenset(wish.webhook.events))
    return Order(spec=spec, origin=NAME, asked=_asked(wish), hook=hook)


def _to_span(wish: Continuation) -> Span:
    return Span(source=Source(uri=wish.source), start=wish.start, end=wish.end)


def _asked(wish: Wish) -> dict[str, Any]:
    asked = wish.model_dump(mode="json", exclude_unset=True)
    if wish.melody is not None:
        asked["melody"] = wire.shown(wish.melody)
    if wish.continues is not None:
        asked["continues"]["source"] = wire.shown(wish.continues.source)
    return asked


def render(service: Service, job: Job) -> dict[str, Any]:
    """The picture of a job."""
    address = f"{service.settings.url}/v1/jobs/{job.id}"
    return {
        "id": job.id,
        "status": job.status.value,
        "progress": round(job.progress, 4),
        "prompt": job.spec.prompt,
        "seconds": job.spec.seconds,
        "seed": job.spec.seed,
        "model": job.spec.model,
        "made_by": {"model": job.model, "engine": job.engine},
        "encoding": job.spec.encoding.value,
        "asked": job.asked,
        "attempts": job.attempts,
        "error": job.error,
        "credits": job.price / 1000,
        "created_at": wire.iso(job.times.created),
        "started_at": wire.iso(job.times.started),
        "finished_at": wire.iso(job.times.finished),
        "outputs": [_render_output(service, job, artifact) for artifact in job.outputs],
        "links": {
            "self": address,
            "cancel": f"{address}/cancel",
            "events": f"{address}/events",
            "audio": f"{address}/audio",
        },
    }


async def picture(service: Service, job: Job) -> dict[str, Any]:
    return render(service, job)


def _render_output(service: Service, job: Job, artifact: Artifact) -> dict[str, Any]:
    return {
        "name": artifact.name,
        "kind": artifact.kind,
        "media_type": artifact.media_type,
        "bytes": artifact.bytes,
        "sha256": artifact.sha256,
        "url": service.link(job, artifact),
        "about": artifact.about,
    }


def _render_delivery(delivery: Delivery) -> dict[str, Any]:
    is_pending = delivery.status == "pending"
    return {
        "id": delivery.id,
        "job": delivery.job,
        "event": delivery.event.value,
        "url": delivery.url,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "answer": delivery.answer,
        "created_at": wire.iso(delivery.created_at),
        "tried_at": wire.iso(delivery.tried_at),
        "next_try_at": wire.iso(delivery.due_at) if is_pending else None,
    }


def refuse(error: BandstandError) -> Response:
    body: dict[str, Any] = {"type": type(error).__name__, "message": error.message}
    if isinstance(error, Invalid):
        body["fields"] = [
            {"field": problem.field, "problem": problem.text} for problem in error.problems
        ]
    return wire.refusal(error, {"error": body})


def _render_model(service: Service, model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "engine": model.engine,
        "installed": model.name in service.catalog.installed,
        "licence": model.licence,
        "weights": model.weights,
        "abilities": sorted(model.abilities),
        "channels": model.channels,
        "rate": model.rate,
        "credits_per_second": model.price / 1000,
    }


class Jobs:
    """The endpoints."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def create(self, request: Request, wish: Wish) -> Response:
        account = await self._account(request, Scope.WRITE)
        job = await self._service.submit(account, to_order(wish), once=wire.once(request))
        return wire.told(render(self._service, job), job, status=201)

    async def page(
        self,
        request: Request,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
        size: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> Response:
        account = await self._account(request)
        found = await self._service.page(account, origin=None, cursor=cursor, size=size)
        body = {
            "jobs": [render(self._service, job) for job in found.jobs],
            "newer": found.newer,
            "older": found.older,
        }
        return wire.told(body)

    async def get(self, request: Request, job_id: str) -> Response:
        job = await self._job(request, job_id)
        ahead = await self._service.position(job)
        return wire.told({**render(self._service, job), "jobs_ahead": ahead}, job)

    async def cancel(self, request: Request, job_id: str) -> Response:
        job = await self._service.cancel(await self._account(request, Scope.WRITE), job_id)
        return wire.told(render(self._service, job), job)

    async def delete(self, request: Request, job_id: str) -> Response:
        await self._service.delete(await self._account(request, Scope.WRITE), job_id)
        return Response(status_code=204)

    async def events(self, request: Request, job_id: str) -> EventSourceResponse:
        job = await self._job(request, job_id)
        return wire.stream(_events(self._service, job, _last_event(request)))

    async def audio(self, request: Request, job_id: str) -> Response:
        job = await self._job(request, job_id)
        if job.track:
            return RedirectResponse(self._service.link(job, job.track))
        if job.status.is_final:
            raise NotFound("This job made no sound.")
        return StreamingResponse(self._service.listen(job), media_type="audio/wav")

    async def models(self, request: Request) -> Response:
        await self._account(request)
        models = [_render_model(self._service, model) for model in self._service.catalog.rows()]
        return wire.told({"models": models})

    async def deliveries(
        self, request: Request, size: Annotated[int, Query(ge=1, le=100)] = 20
    ) -> Response:
        found = await self._service.deliveries(await self._account(request), size)
        return wire.told({"deliveries": [_render_delivery(delivery) for delivery in found]})

    async def send_again(self, request: Request, delivery_id: str) -> Response:
        account = await self._account(request, Scope.WRITE)
        return wire.told(_render_delivery(await self._service.send_again(account, delivery_id)))

    async def _account(self, request: Request, scope: Scope = Scope.READ) -> Account:
        key, caller = wire.bearer(request), wire.caller(request)
        return await self._service.admit(key, scope, caller=caller)

    async def _job(self, request: Request, job_id: str) -> Job:
        return await self._service.get(await self._account(request), job_id)


def routes(service: Service) -> APIRouter:
    jobs = Jobs(service)
    router = APIRouter(tags=[NAME])
    get, post, delete = router.get, router.post, router.delete
    one, delivery = "/v1/jobs/{job_id}", "/v1/deliveries/{delivery_id}"
    post("/v1/jobs", status_code=201, response_model=JobView, summary="Ask for a piece")(
        jobs.create
    )
    get("/v1/jobs", response_model=PageView, summary="Your jobs, newest first")(jobs.page)
    get(one, response_model=JobView, summary="One job")(jobs.get)
    delete(one, status_code=204, summary="Remove a job and its files")(jobs.delete)
    post(f"{one}/cancel", response_model=JobView, summary="Call a job off")(jobs.cancel)
    get(
        f"{one}/events",
        response_class=EventSourceResponse,
        responses={200: {"content": {"text/event-stream": {}}}},
        summary="What happens, as server-sent events",
    )(jobs.events)
    get(
        f"{one}/audio",
        response_class=StreamingResponse,
        responses={200: {"content": {"audio/wav": {}}}, 307: {"description": "To the result"}},
        summary="The sound while it is being made, as WAV",
    )(jobs.audio)
    get("/v1/models", response_model=ModelsView, summary="The models on offer")(jobs.models)
    get("/v1/deliveries", response_model=DeliveriesView, summary="Your webhooks, newest first")(
        jobs.deliveries
    )
    post(f"{delivery}/send-again", response_model=DeliveryView, summary="Send a webhook once more")(
        jobs.send_again
    )
    return router


async def _events(service: Service, job: Job, after: int) -> AsyncIterator[ServerSentEvent]:
    async for event in service.watch(job, after):
        detail = {name: value for name, value in event.detail.items() if name != "key"}
        if event.is_final:
            with contextlib.suppress(NotFound):  # deleted meanwhile
                detail["job"] = render(service, await service.get(None, job.id))
        yield ServerSentEvent(
            data=json.dumps({**detail, "at": wire.iso(event.at)}),
            event=event.kind.value,
            id=str(event.number),
            sep="\n",
        )


def _last_event(request: Request) -> int:
    """raises Invalid when the header is not a number that we gave"""
    given = request.headers.get("last-event-id", "0") or "0"
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise Invalid("Last-Event-ID", "must be the number of an event")
    return int(given)


DIALECT = Dialect(
    name=NAME,
    title="Bandstand",
    prefixes=("/", "/v1/jobs", "/v1/models", "/v1/deliveries"),
    routes=routes,
    picture=picture,
    refuse=refuse,
    refusal=ErrorView,
    bytes_max=lambda settings: {"/v1/jobs": settings.inline_bytes_max},
)
