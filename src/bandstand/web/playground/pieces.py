"""An account's pieces on the page: the library, favourites, waveforms, what changes, links to share."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from bandstand.dialects import wire
from bandstand.dialects.native.picture import render
from bandstand.errors import Conflict, Invalid
from bandstand.gate import Gate
from bandstand.jobs import Job, Status
from bandstand.library import Kept, Library, Mark
from bandstand.service import Account, Service
from bandstand.specs import Kind
from bandstand.web.playground.door import token_of

HOUR_SECONDS = 3600.0
SHARE_HOURS_MAX = 720


class ShareWish(BaseModel):
    """How long a piece may be heard by whoever has the link."""

    model_config = ConfigDict(extra="forbid", strict=True)

    hours: int = Field(24, ge=1, le=SHARE_HOURS_MAX)


class Pieces:
    """The endpoints. Their routes have admitted the visitor (`request.state.account`)."""

    def __init__(self, service: Service, gate: Gate, library: Library) -> None:
        self._service = service
        self._gate = gate
        self._library = library

    async def page(
        self,
        request: Request,
        search: Annotated[str, Query(max_length=200)] = "",
        favourite: Annotated[bool, Query()] = False,  # noqa: FBT002 - from the address
        kind: Kind | None = None,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
        size: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Response:
        shelf = await self._library.shelf(
            request.state.account.id,
            cursor=cursor,
            size=size,
            search=search,
            kind=kind,
            favourites=favourite,
        )
        items = [item(self._service, kept) for kept in shelf.kept]
        return wire.told({"items": items, "older": shelf.older})

    async def favour(self, request: Request, job_id: str) -> Response:
        await self._library.mark(await self._job(request, job_id), Mark.FAVOURITE)
        return Response(status_code=204)

    async def unfavour(self, request: Request, job_id: str) -> Response:
        await self._library.unmark(await self._job(request, job_id), Mark.FAVOURITE)
        return Response(status_code=204)

    async def peaks(self, request: Request, job_id: str) -> Response:
        outline = await self._library.outline(await self._job(request, job_id))
        return wire.told(outline.to_json())

    async def share(self, request: Request, job_id: str, wish: ShareWish) -> Response:
        job = await self._job(request, job_id)
        if job.status is not Status.SUCCEEDED or not job.outputs:
            raise Conflict("Only what is finished can be shared.")
        until = time.time() + wish.hours * HOUR_SECONDS
        url = self._service.signed(f"/share/{job.id}", until=until)
        return wire.told({"url": url, "expires_at": wire.iso(until)}, status=201)

    async def events(self, request: Request) -> EventSourceResponse:
        account: Account = request.state.account
        token = token_of(request) or ""
        return wire.stream(self._changes(account, token, _last_seen(request)))

    async def _changes(
        self, account: Account, token: str, since: float | None
    ) -> AsyncIterator[ServerSentEvent]:
        """Until the visitor goes, or is logged out: nothing is told to a session that is over."""
        async for changed in self._library.changes(account.id, since):
            if not await self._gate.is_open(token):
                return
            told = [("job", item(self._service, kept)) for kept in reversed(changed.kept)]
            told += [("gone", {"id": job_id}) for job_id in changed.gone]
            for event, content in told:
                yield ServerSentEvent(
                    data=json.dumps(content),
                    event=event,
                    id=str(round(changed.at * 1000)),
                    sep="\n",
                )

    async def _job(self, request: Request, job_id: str) -> Job:
        return await self._service.get(request.state.account, job_id)


def item(service: Service, kept: Kept) -> dict[str, Any]:
    """A job as the native API draws it, with what the library knows; links lead to this server, under whatever name."""
    shown = render(service, kept.job)
    for output, artifact in zip(shown["outputs"], kept.job.outputs, strict=True):
        url = service.link(kept.job, artifact, at_home=True)
        output["url"] = url.removeprefix(service.settings.url)
    return {
        **shown,
        "jobs_ahead": kept.ahead,
        "favourite": Mark.FAVOURITE in kept.marks,
        "example": Mark.EXAMPLE in kept.marks,
    }


def _last_seen(request: Request) -> float | None:
    """When the latest event was that the page has, in UTC seconds. raises Invalid for what we never gave."""
    given = request.headers.get("last-event-id", "")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise Invalid("Last-Event-ID", "must be the number of an event")
    return int(given) / 1000
