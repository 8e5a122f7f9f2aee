"""Leap's music, `/api/v1/music`: create, list and get, in the words of its document and of its client.

Not Leap's images: `images.py`. Sources: the seed document `GenerateMusicApi` and the package leap-python-sdk 1.0.0 and 1.1.4 (PyPI),
which knows fields by their camelCase names, while the document's examples read them by their snake_case ones.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from bandstand.catalog import MODELS, model_named
from bandstand.dialects import door, wire
from bandstand.dialects.leap.words import NAME, STATES, State, failure
from bandstand.errors import NotFound
from bandstand.jobs import Hook, Job, Order
from bandstand.service import Account, Scope, Service
from bandstand.specs import PROMPT_CHARACTERS_MAX, SECONDS_MIN, Kind, MusicSpec

SECONDS_MAX = 30.0
LIST_SIZE = 100
CLIENT = "Konfig/"  # how the official client's User-Agent begins


class Wish(wire.Body):
    """The body of a create call; what nobody knows is ignored, as the hosted API does."""

    model_config = ConfigDict(extra="ignore")

    prompt: str = Field(max_length=PROMPT_CHARACTERS_MAX)
    mode: Literal["melody", "music"]
    duration: float = Field(ge=SECONDS_MIN, le=SECONDS_MAX, description="Seconds.")
    webhook_url: str | None = Field(
        None,
        max_length=2048,
        validation_alias=AliasChoices("webhookUrl", "webhook_url"),
        description="Gets the finished or failed job.",
    )


class MusicView(BaseModel):
    """A music generation job, for the description of the API."""

    id: str
    createdAt: str  # noqa: N815 - the word of the wire
    created_at: str
    prompt: str
    state: State
    media_uri: str | None = Field(None, description="Only when it is finished.")
    mediaUri: str | None = Field(None, description="The same.")  # noqa: N815 - as above
    error: str | None = Field(None, description="Only when it failed.")


def to_order(wish: Wish) -> Order:
    name = model_named(NAME, wish.mode)
    assert name is not None, "the enum and the catalog name the same modes"
    model = MODELS[name]
    spec = MusicSpec(
        prompt=wish.prompt,
        model=model.name,
        seconds=wish.duration,
        sample_rate=model.rate,
        channels=model.channels,
    )
    hook = Hook(url=wish.webhook_url) if wish.webhook_url else None
    return Order(spec=spec, origin=NAME, asked=wish.model_dump(exclude_unset=True), hook=hook)


def render(service: Service, job: Job) -> dict[str, Any]:
    """The picture of a job. A field that has no value yet is left out: the client refuses null."""
    created = wire.iso(job.times.created)
    body: dict[str, Any] = {
        "id": job.id,
        "createdAt": created,
        "created_at": created,
        "prompt": job.spec.prompt,
        "state": STATES[job.status],
    }
    if job.track is not None:
        link = service.link(job, job.track)
        body |= {"media_uri": link, "mediaUri": link}
    return body | failure(job)


class Music:
    """The endpoints. All but `find_one` have routes that have admitted the caller (`request.state.account`)."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def create(self, request: Request, wish: Wish) -> Response:
        account: Account = request.state.account
        job = await self._service.submit(account, to_order(wish), once=wire.once(request))
        return self._told(request, job)

    async def list_all(self, request: Request) -> Response:
        account: Account = request.state.account
        found = await self._service.page(
            account, origin=NAME, kind=Kind.MUSIC, cursor=None, size=LIST_SIZE
        )
        return wire.told([render(self._service, job) for job in found.jobs])

    async def find_one(self, request: Request, inference_id: str) -> Response:
        job = await self._service.get(await self._reader(request), inference_id)
        if (job.origin, job.kind) != (NAME, Kind.MUSIC):
            raise NotFound
        return self._told(request, job)

    async def _reader(self, request: Request) -> Account | None:
        """Leap's clients send no key when they ask for one job; a key that is sent all the same must fit."""
        if "authorization" in request.headers or not self._service.settings.leap_keyless:
            key, caller = wire.bearer(request), wire.caller(request)
            return await self._service.admit(key, Scope.READ, caller=caller)
        self._service.admit_stranger(caller=wire.caller(request))
        return None

    def _told(self, request: Request, job: Job) -> Response:
        """The document's examples read `media_uri` of a job that was just created; its client raises KeyError without one."""
        body = render(self._service, job)
        if request.headers.get("user-agent", "").startswith(CLIENT):
            body.setdefault("media_uri", "")
        return wire.told(body, job)


def routes(service: Service) -> APIRouter:
    music = Music(service)
    mine = APIRouter(route_class=door.admitting(service))
    path = "/api/v1/music"
    mine.post(path, response_model=MusicView, summary="Generate music")(music.create)
    mine.get(
        path, response_model=list[MusicView], summary="Your music generation jobs, newest first"
    )(music.list_all)
    router = APIRouter(tags=[NAME])
    router.include_router(mine)
    router.get(
        f"{path}/{{inference_id}}",
        response_model=MusicView,
        summary="One music generation job; needs no key",
    )(music.find_one)
    return router
