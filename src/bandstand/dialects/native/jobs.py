"""Jobs: asking for one, looking at it, hearing it while it is made, calling it off."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import RedirectResponse, StreamingResponse

from bandstand.dialects import wire
from bandstand.dialects.native.picture import render
from bandstand.dialects.native.wishes import Wish, to_order
from bandstand.errors import Invalid, NotFound
from bandstand.jobs import EventKind, Job
from bandstand.service import Account, Service
from bandstand.specs import Kind


class Jobs:
    """The endpoints of `/v1/jobs`. Their route has admitted the caller (`request.state.account`)."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def create(self, request: Request, wish: Wish) -> Response:
        account: Account = request.state.account
        job = await self._service.submit(account, to_order(wish), once=wire.once(request))
        return wire.told(render(self._service, job), job, status=201)

    async def page(
        self,
        request: Request,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
        size: Annotated[int, Query(ge=1, le=100)] = 20,
        kind: Annotated[Kind | None, Query(description="Only these.")] = None,
    ) -> Response:
        account: Account = request.state.account
        found = await self._service.page(account, origin=None, cursor=cursor, size=size, kind=kind)
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
        job = await self._service.cancel(request.state.account, job_id)
        return wire.told(render(self._service, job), job)

    async def delete(self, request: Request, job_id: str) -> Response:
        await self._service.delete(request.state.account, job_id)
        return Response(status_code=204)

    async def events(self, request: Request, job_id: str) -> EventSourceResponse:
        job = await self._job(request, job_id)
        return wire.stream(_events(self._service, job, _last_event(request)))

    async def audio(self, request: Request, job_id: str) -> Response:
        job = await self._job(request, job_id)
        if job.kind is not Kind.MUSIC:
            raise NotFound("This job makes pictures, and no sound.")
        if job.track:
            return RedirectResponse(self._service.link(job, job.track))
        if job.status.is_final:
            raise NotFound("This job made no sound.")
        return StreamingResponse(self._service.listen(job), media_type="audio/wav")

    async def _job(self, request: Request, job_id: str) -> Job:
        return await self._service.get(request.state.account, job_id)


async def _events(service: Service, job: Job, after: int) -> AsyncIterator[ServerSentEvent]:
    async for event in service.watch(job, after):
        detail = {name: value for name, value in event.detail.items() if name != "key"}
        if event.kind is EventKind.PREVIEW:
            jpeg = await service.preview(event)
            if jpeg is None:  # cleared: the picture itself is there
                continue
            detail["image"] = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
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
