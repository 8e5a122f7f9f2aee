"""Our own API, `/v1/jobs`: everything the server can do, in its own words."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import RedirectResponse, StreamingResponse

from bandstand.catalog import COMPOSER, Model
from bandstand.dialects import Dialect, wire
from bandstand.errors import BandstandError, Invalid, NotFound
from bandstand.jobs import Artifact, Job, Order
from bandstand.service import Account, Service
from bandstand.specs import (
    PROMPT_CHARACTERS_MAX,
    SECONDS_MAX,
    SECONDS_MIN,
    SEED_MAX,
    Encoding,
    Loudness,
    MusicSpec,
    Sampling,
)

NAME = "native"


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
    temperature: float = Field(1.0, description="Token models only.")
    top_k: wire.Whole = Field(250, description="Token models only.")
    top_p: float = Field(0.0, description="Token models only; above 0 it replaces top_k.")
    guidance: float = Field(3.0, description="Token models only.")


def to_order(wish: Wish) -> Order:
    spec = MusicSpec(
        prompt=wish.prompt,
        model=wish.model,
        seconds=wish.seconds,
        seed=wish.seed,
        encoding=wish.encoding,
        loudness=wish.loudness,
        sample_rate=wish.sample_rate,
        sampling=Sampling(
            temperature=wish.temperature,
            top_k=wish.top_k,
            top_p=wish.top_p,
            guidance=wish.guidance,
        ),
    )
    return Order(spec=spec, origin=NAME, asked=wish.model_dump(mode="json", exclude_unset=True))


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
        account = await self._account(request)
        job = await self._service.submit(account, to_order(wish))
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
        job = await self._service.cancel(await self._account(request), job_id)
        return wire.told(render(self._service, job), job)

    async def delete(self, request: Request, job_id: str) -> Response:
        await self._service.delete(await self._account(request), job_id)
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

    async def _account(self, request: Request) -> Account:
        return await self._service.account(wire.bearer(request))

    async def _job(self, request: Request, job_id: str) -> Job:
        return await self._service.get(await self._account(request), job_id)


def routes(service: Service) -> APIRouter:
    jobs = Jobs(service)
    router = APIRouter(tags=[NAME])
    add = router.add_api_route
    add("/v1/jobs", jobs.create, methods=["POST"], status_code=201, summary="Ask for a piece")
    add("/v1/jobs", jobs.page, methods=["GET"], summary="Your jobs, newest first")
    one = "/v1/jobs/{job_id}"
    add(one, jobs.get, methods=["GET"], summary="One job")
    add(one, jobs.delete, methods=["DELETE"], status_code=204, summary="Remove a job and its files")
    add(f"{one}/cancel", jobs.cancel, methods=["POST"], summary="Call a job off")
    add(
        f"{one}/events", jobs.events, methods=["GET"], summary="What happens, as server-sent events"
    )
    add(
        f"{one}/audio",
        jobs.audio,
        methods=["GET"],
        summary="The sound while it is being made, as WAV",
    )
    add("/v1/models", jobs.models, methods=["GET"], summary="The models on offer")
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
    prefixes=("/",),
    routes=routes,
    refuse=refuse,
)
