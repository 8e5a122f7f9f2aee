"""A prediction as server-sent events: `output`, `logs`, `error` and `done`, and no others, for the official client knows no others.

Whoever has the signed address needs no key: replicate-js sends none. The id of an event is `timestamp:number`, and a client that
comes back with it in `Last-Event-ID` hears what it has missed.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

from fastapi import Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from bandstand.dialects import wire
from bandstand.dialects.replicate.inputs import NAME
from bandstand.dialects.replicate.picture import (
    links_of,
    progress_line,
    seed_line,
    stream_path,
)
from bandstand.errors import NotFound
from bandstand.jobs import Event, EventKind, Job, Status
from bandstand.service import Scope, Service

EACH = 8  # numbers for one event of ours: it may become that many of theirs
GIVEN_ID = re.compile(r"\d{1,12}:(\d{1,9})", re.ASCII)


class Stream:
    """The endpoint; it admits by signature or by key."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def get(
        self, request: Request, prediction_id: str, exp: str = "", sig: str = ""
    ) -> EventSourceResponse:
        account = None
        if not self._service.is_signed(stream_path(prediction_id), exp, sig):
            key, caller = wire.bearer(request), wire.caller(request)
            account = await self._service.admit(key, Scope.READ, caller=caller)
        job = await self._service.get(account, prediction_id)
        if job.origin != NAME:
            raise NotFound
        return wire.stream(self._events(job, _heard(request)))

    async def _events(self, job: Job, heard: int) -> AsyncIterator[ServerSentEvent]:
        """heard: the number of the last event that the client has"""
        async for event in self._service.watch(job, max(0, heard // EACH - 1)):
            for place, (name, text) in enumerate(await self._told(job, event)):
                number = event.number * EACH + place
                if number > heard:
                    event_id = f"{int(event.at)}:{number}"
                    yield ServerSentEvent(data=text, event=name, id=event_id, sep="\n")

    async def _told(self, job: Job, event: Event) -> list[tuple[str, str]]:
        """Their events for one of ours: name and data."""
        detail = event.detail
        if event.kind is EventKind.LOG:
            return [("logs", f"{detail['line']}\n")]
        if event.kind is EventKind.PROGRESS:
            return [("logs", f"{progress_line(job, detail['fraction'])}\n")]
        if event.kind is not EventKind.STATUS:
            return []
        status = Status(detail["status"])
        if status is Status.RUNNING:
            return [("logs", f"{seed_line(job)}\n")]
        return await self._ended(job, status) if status.is_final else []

    async def _ended(self, job: Job, status: Status) -> list[tuple[str, str]]:
        if status is Status.CANCELED:
            return [("done", json.dumps({"reason": "canceled"}))]
        job = await self._service.get(None, job.id)
        if status is Status.FAILED:
            error = json.dumps({"detail": job.error})
            return [("error", error), ("done", json.dumps({"reason": "error"}))]
        outputs = [("output", link) for link in links_of(self._service, job)]
        return [*outputs, ("done", "{}")]


def _heard(request: Request) -> int:
    """The number in `Last-Event-ID`; 0 when there is none that we gave."""
    found = GIVEN_ID.fullmatch(request.headers.get("last-event-id", ""))
    return int(found[1]) if found else 0
