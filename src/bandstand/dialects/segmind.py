"""Segmind's HTTP API: a model is a path, the answer is the sound itself; and the calls with a queue under `/v2`.

A synchronous call is a durable job that somebody waits for: when the caller hangs up, the job is canceled. Sources: the seed
document `meta-musicgen-medium` and the package segmind 1.3.0 (PyPI), whose `run_sync` speaks `/v1` and whose `run` speaks `/v2`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from bandstand.catalog import FOREIGN_NAMES, MODELS, Model
from bandstand.dialects import Dialect, door, wire
from bandstand.errors import BandstandError, Canceled, Failed, NoCredit, NotFound, Unavailable
from bandstand.jobs import Job, Order, Status
from bandstand.service import Account, Service
from bandstand.specs import PROMPT_CHARACTERS_MAX, MusicSpec

NAME = "segmind"
WAIT_SECONDS_MAX = 600.0
# What an account that pays nothing always has left: a number, for clients read one.
CREDITS_UNMETERED = 1_000_000
STATUSES: Mapping[Status, str] = {
    Status.QUEUED: "QUEUED",
    Status.RUNNING: "PROCESSING",
    Status.SUCCEEDED: "COMPLETED",
    Status.FAILED: "FAILED",
    Status.CANCELED: "FAILED",
}
THEIR_STATUS: Mapping[type[BandstandError], HTTPStatus] = {
    NoCredit: HTTPStatus.NOT_ACCEPTABLE,
    Canceled: HTTPStatus.GATEWAY_TIMEOUT,
}


class Wish(wire.Body):
    """The body of a call; what nobody knows is ignored, as the hosted API does."""

    model_config = ConfigDict(extra="ignore")

    prompt: str = Field(max_length=PROMPT_CHARACTERS_MAX, description="What to play.")
    duration: float = Field(10.0, ge=1, le=30, description="Seconds.")
    seed: int = Field(42, ge=-1, le=9999, description="-1 draws one.")


class AcceptedView(BaseModel):
    """What a call with a queue answers, for the description of the API."""

    request_id: str
    status: Literal["QUEUED", "PROCESSING", "COMPLETED", "FAILED"]
    status_url: str
    response_url: str


class RequestView(AcceptedView):
    metrics: dict[str, float]
    output: str | None = Field(None, description="Where the sound is; only when completed.")
    error: str | None = Field(None, description="Only when failed.")


class RefusalView(BaseModel):
    error: str


def to_order(wish: Wish, model: Model) -> Order:
    spec = MusicSpec(
        prompt=wish.prompt,
        model=model.name,
        seconds=wish.duration,
        seed=None if wish.seed == -1 else wish.seed,
        sample_rate=model.rate,
        channels=model.channels,
    )
    return Order(spec=spec, origin=NAME, asked=wish.model_dump(exclude_unset=True))


def render(service: Service, job: Job) -> dict[str, Any]:
    """The picture of a job."""
    address = f"{service.settings.url}/v2/requests/{job.id}"
    body: dict[str, Any] = {
        "request_id": job.id,
        "status": STATUSES[job.status],
        "status_url": f"{address}/status",
        "response_url": address,
        "metrics": _metrics(job),
    }
    if job.track is not None:
        body["output"] = service.link(job, job.track)
    if body["status"] == "FAILED":
        body["error"] = job.error or "The job was canceled."
    return body


def _metrics(job: Job) -> dict[str, float]:
    times = job.times
    if times.started is None or times.finished is None:
        return {}
    return {
        "queue_time": times.started - times.created,
        "inference_time": times.finished - times.started,
    }


async def picture(service: Service, job: Job) -> dict[str, Any]:
    return render(service, job)


def refuse(error: BandstandError) -> Response:
    return wire.refusal(error, {"error": error.message}, status=THEIR_STATUS.get(type(error)))


class Calls:
    """The endpoints of one model. Their route has admitted the caller (`request.state.account`)."""

    def __init__(self, service: Service, model: Model) -> None:
        self._service = service
        self._model = model

    async def run(self, request: Request, wish: Wish) -> Response:
        """Make it and answer with the sound. With an idempotency key the caller may come back: the job goes on without it."""
        account: Account = request.state.account
        once = wire.once(request)
        job = await self._service.submit(account, to_order(wish, self._model), once=once)
        try:
            job = await self._wait(request, job)
        except asyncio.CancelledError:  # the server is not going to wait for the end
            raise Unavailable("The server is stopping.") from None
        finally:
            if not job.status.is_final and once is None:
                job = await self._service.cancel(account, job.id)
        return await self._sound(job)

    async def submit(self, request: Request, wish: Wish) -> Response:
        """Accept it and tell where to ask for it."""
        job = await self._service.submit(
            request.state.account, to_order(wish, self._model), once=wire.once(request)
        )
        return wire.told(render(self._service, job), job)

    async def _wait(self, request: Request, job: Job) -> Job:
        """The job when it is finished; as it was when the caller hung up or nobody should wait any longer."""
        waiting = asyncio.create_task(self._service.wait(job, WAIT_SECONDS_MAX))
        leaving = asyncio.create_task(_hung_up(request))
        try:
            await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
            return await waiting if waiting.done() else job
        finally:
            waiting.cancel()
            leaving.cancel()

    async def _sound(self, job: Job) -> Response:
        """raises Failed, Canceled when there is none"""
        if job.status is Status.FAILED:
            raise Failed(job.error)
        if job.track is None:
            raise Canceled
        content = await self._service.blobs.get(job.track.key)
        headers = {
            **wire.made_by(job),
            "Content-Disposition": f'inline; filename="{job.track.name}"',
            "X-Content-Type-Options": "nosniff",
        }
        return Response(content, headers=headers, media_type=job.track.media_type)


async def _hung_up(request: Request) -> None:
    """Returns when the caller is gone. The body has been read: nothing else can come."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


class Requests:
    """The endpoints for what was accepted."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def get(self, request: Request, request_id: str) -> Response:
        job = await self._service.get(request.state.account, request_id)
        if job.origin != NAME:
            raise NotFound
        body = render(self._service, job)
        return wire.told(body, job, status=422 if body["status"] == "FAILED" else 200)


async def _key(request: Request) -> str | None:
    return request.headers.get("x-api-key")


async def _credits(service: Service, request: Request) -> Mapping[str, str]:
    """What is left to whoever asks; nothing when that is nobody we know, or nobody can say it now."""
    try:
        account = await service.account_of(await _key(request))
    except Unavailable:
        return {}
    return {"x-remaining-credits": _told(account)} if account else {}


def _told(account: Account) -> str:
    if not account.metered:
        return str(CREDITS_UNMETERED)
    whole, thousandths = divmod(account.available, 1000)
    return f"{whole}.{thousandths:03}".rstrip("0").rstrip(".")


def routes(service: Service) -> APIRouter:
    """Each model has its own literal path: `/v1` belongs to others, too, and no pattern can shadow theirs."""
    router = APIRouter(tags=[NAME], route_class=door.admitting(service, key_of=_key))
    post, get = router.post, router.get
    for row in FOREIGN_NAMES:
        if row.dialect == NAME:
            calls = Calls(service, MODELS[row.model])
            post(
                f"/v1/{row.name}",
                response_class=Response,
                responses={200: {"description": "The sound", "content": {"audio/wav": {}}}},
                summary="Make a piece and wait for it",
            )(calls.run)
            post(f"/v2/{row.name}", response_model=AcceptedView, summary="Ask for a piece")(
                calls.submit
            )
    requests = Requests(service)
    get("/v2/requests/{request_id}", response_model=RequestView, summary="One request")(
        requests.get
    )
    get("/v2/requests/{request_id}/status", response_model=RequestView, summary="How it stands")(
        requests.get
    )
    return router


DIALECT = Dialect(
    name=NAME,
    title="Segmind",
    prefixes=("/v1/{slug}", "/v2"),
    routes=routes,
    picture=picture,
    refuse=refuse,
    refusal=RefusalView,
    headers=_credits,
    keep_seconds=3600.0,
)
