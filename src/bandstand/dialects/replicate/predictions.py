"""Predictions: create, list, get, cancel."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from bandstand.dialects import wire
from bandstand.dialects.replicate.inputs import NAME, Creation, Wish, to_order
from bandstand.dialects.replicate.picture import picture, render
from bandstand.dialects.replicate.published import with_name
from bandstand.errors import Invalid, NotFound
from bandstand.jobs import Job
from bandstand.service import Account, Service

PAGE_SIZE = 100
WAIT_SECONDS_MAX = 60
CANCEL_AFTER = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s?)?", re.ASCII)
Moment = Annotated[str | None, Query(max_length=40, description="ISO 8601.")]


class Predictions:
    """The endpoints. Their route has admitted the caller (`request.state.account`)."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def create(self, request: Request, creation: Creation) -> Response:
        return await self._create(request, creation, creation.version)

    async def create_of_model(
        self, request: Request, owner: str, name: str, wish: Wish
    ) -> Response:
        return await self._create(request, wish, with_name(owner, name).name)

    async def _create(self, request: Request, wish: Wish, version: str) -> Response:
        began = time.monotonic()
        order = to_order(wish, version, self._service.catalog, within=_cancel_after(request))
        account: Account = request.state.account
        job = await self._service.submit(account, order, once=wire.once(request))
        seconds = _wait_seconds(request)
        if seconds is None:
            return await self._told(job, 201)
        # The official client hangs up half a second after the wait, which it counts from its request and not from our commit.
        job = await self._service.wait(job, seconds - (time.monotonic() - began))
        if job.status.is_final:
            return await self._told(job, 201)
        # Clients take any word but "starting" for the end of the wait and would read an output that is not there.
        return await self._told(job, 202, {"status": "starting"})

    async def page(
        self,
        request: Request,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
        created_after: Moment = None,
        created_before: Moment = None,
    ) -> Response:
        found = await self._service.page(
            request.state.account,
            origin=NAME,
            cursor=cursor,
            size=PAGE_SIZE,
            since=_seconds("created_after", created_after),
            before=_seconds("created_before", created_before),
        )
        logs = await self._service.logs(*found.jobs)
        kept = {"created_after": created_after, "created_before": created_before}
        body = {
            "previous": self._page_link(found.newer, kept),
            "next": self._page_link(found.older, kept),
            "results": [render(self._service, job, logs[job.id]) for job in found.jobs],
        }
        return wire.told(body)

    async def get(self, request: Request, prediction_id: str) -> Response:
        return await self._told(await self._job(request, prediction_id))

    async def cancel(self, request: Request, prediction_id: str) -> Response:
        job = await self._job(request, prediction_id)
        return await self._told(await self._service.cancel(request.state.account, job.id))

    async def _job(self, request: Request, prediction_id: str) -> Job:
        job = await self._service.get(request.state.account, prediction_id)
        if job.origin != NAME:
            raise NotFound
        return job

    async def _told(
        self, job: Job, status: int = 200, changes: Mapping[str, Any] | None = None
    ) -> Response:
        body = {**await picture(self._service, job), **(changes or {})}
        return wire.told(body, job, status=status)

    def _page_link(self, cursor: str | None, kept: Mapping[str, str | None]) -> str | None:
        """Absolute: a client joins a relative one to a base URL that ends in /v1 already."""
        words = {name: word for name, word in kept.items() if word is not None}
        query = urlencode({"cursor": cursor, **words})
        return f"{self._service.settings.url}/v1/predictions?{query}" if cursor else None


def _wait_seconds(request: Request) -> float | None:
    """`Prefer: wait` or `wait=n`; None when there is no such wish."""
    for wish in request.headers.get("prefer", "").split(","):
        name, _, number = wish.strip().partition("=")
        if name == "wait":
            is_number = number.isascii() and number.isdigit() and len(number) < 4
            seconds = int(number) if is_number else WAIT_SECONDS_MAX
            return float(min(max(seconds, 1), WAIT_SECONDS_MAX))
    return None


def _cancel_after(request: Request) -> float | None:
    """`Cancel-After: 90`, `90s`, `5m` or `1h30m` in seconds. raises Invalid for anything else."""
    given = request.headers.get("cancel-after")
    if given is None:
        return None
    found = CANCEL_AFTER.fullmatch(given.strip())
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    whole = hours * 3600 + minutes * 60 + seconds
    if whole == 0:
        raise Invalid("Cancel-After", "must be a time such as 90s, 5m or 1h30m")
    return float(whole)


def _seconds(field: str, moment: str | None) -> float | None:
    """ISO text as UTC seconds; without a zone it is UTC. raises Invalid."""
    if moment is None:
        return None
    try:
        # A plus sign that was not encoded arrives as a space.
        parsed = dt.datetime.fromisoformat(moment.strip().replace(" ", "+"))
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)).timestamp()
    except (ValueError, OverflowError):
        raise Invalid(field, "must be a date and time in ISO 8601") from None
