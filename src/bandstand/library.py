"""An account's pieces as a person keeps them: found again, marked, drawn as a waveform, watched all at once.

What an API may ask is the service's; this is what a page needs besides.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bandstand.audio.apart import decode_apart
from bandstand.audio.kinds import Undecodable
from bandstand.audio.peaks import peaks
from bandstand.blobs import Blobs
from bandstand.errors import Conflict, NotFound, Unavailable
from bandstand.jobs import Job
from bandstand.specs import SECONDS_MAX, Kind
from bandstand.store import jobs, library
from bandstand.store.database import Database
from bandstand.store.library import Kept, Mark, Shelf, State

__all__ = ["Changed", "Kept", "Library", "Mark", "Outline", "Shelf"]

WATCHED = 300  # an account's newest jobs; older ones do not change any more
LOOK_SECONDS = 0.25
IDLE_LOOK_SECONDS = 0.5
OVERLAP_SECONDS = 5.0  # who comes back is told of a little more than was missed: clocks and commits are not in step
OUTLINED_AT_ONCE = 2


@dataclass(frozen=True)
class Outline:
    """A track as a player draws it. peaks: 0 to 1, as many as `audio.peaks.COUNT`, each of a stretch as long as the others"""

    seconds: float
    peaks: Sequence[float]

    def to_json(self) -> dict[str, Any]:
        return {"seconds": self.seconds, "peaks": list(self.peaks)}


@dataclass(frozen=True)
class Changed:
    """What is new. at: UTC seconds; kept: jobs as they are now; gone: ids of removed ones"""

    at: float
    kept: Sequence[Kept]
    gone: Sequence[str]


class Library:
    """One for a process; all of it may be called by many at once."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs
        self._outlining = asyncio.Semaphore(OUTLINED_AT_ONCE)

    async def shelf(
        self,
        account: str,
        *,
        cursor: str | None,
        size: int,
        search: str = "",
        kind: Kind | None = None,
        favourites: bool = False,
    ) -> Shelf:
        """A page of the account's jobs, newest first. raises Invalid for a cursor that is not ours."""
        return await self._database.read(
            library.shelf,
            account,
            cursor=cursor,
            size=size,
            search=search,
            kind=kind,
            favourites=favourites,
        )

    async def mark(self, job: Job, as_: Mark) -> None:
        await self._database.write(library.mark, job.id, as_)

    async def unmark(self, job: Job, as_: Mark) -> None:
        await self._database.write(library.unmark, job.id, as_)

    async def is_empty(self, account: str) -> bool:
        return await self._database.read(library.count, account) == 0

    async def outline(self, job: Job) -> Outline:
        """The outline of a finished track: made once, and kept beside it.

        raises  Conflict before there is a track, NotFound when there never will be one
        """
        if job.track is None:
            if job.status.is_final:
                raise NotFound("This job made no sound.")
            raise Conflict("The track is not finished yet.")
        key = f"jobs/{job.id}/outline.json"
        try:
            return Outline(**json.loads(await self._blobs.get(key)))
        except NotFound:
            made = await self.outline_of(await self._blobs.get(job.track.key))
        await self._blobs.put(key, json.dumps(made.to_json()).encode())
        if await self._database.read(jobs.find, job.id) is None:  # removed meanwhile
            await self._blobs.delete_prefix(f"jobs/{job.id}")
        return made

    async def outline_of(self, content: bytes, seconds_max: float = SECONDS_MAX + 1) -> Outline:
        """The outline of any sound, decoded in a process of its own. raises Undecodable."""
        async with self._outlining:
            return await asyncio.to_thread(_outline, content, seconds_max)

    async def changes(self, account: str, since: float | None) -> AsyncIterator[Changed]:
        """What changes about the account's jobs, for ever, at most four times a second; nothing is told twice in a row.

        At first the unfinished ones are told, and with `since` (UTC seconds) what was made or finished after it.
        """
        before: Mapping[str, State] | None = None
        while True:
            at = time.time()
            try:
                now = await self._database.read(library.states, account, WATCHED)
            except Unavailable:
                await asyncio.sleep(IDLE_LOOK_SECONDS)
                continue
            news = _first_news(now, since) if before is None else _news(before, now)
            gone = [] if before is None else _gone(before, now)
            before = now
            if news or gone:
                kept = await self._database.read(library.several, account, news) if news else ()
                yield Changed(at, kept, gone)
            is_busy = any(not state.status.is_final for state in now.values())
            await asyncio.sleep(LOOK_SECONDS if is_busy else IDLE_LOOK_SECONDS)


def _first_news(now: Mapping[str, State], since: float | None) -> list[str]:
    after = float("inf") if since is None else since - OVERLAP_SECONDS
    return [
        job_id
        for job_id, state in now.items()
        if not state.status.is_final or max(state.created, state.finished or 0.0) > after
    ]


def _news(before: Mapping[str, State], now: Mapping[str, State]) -> list[str]:
    """New ones, unless they only came into sight because others went, and those that look different."""
    horizon = min((state.created for state in before.values()), default=0.0)
    return [
        job_id
        for job_id, state in now.items()
        if (job_id in before and before[job_id] != state)
        or (job_id not in before and state.created >= horizon)
    ]


def _gone(before: Mapping[str, State], now: Mapping[str, State]) -> list[str]:
    """Removed ones, not those that newer ones pushed out of sight."""
    is_all = len(now) < WATCHED
    horizon = min((state.created for state in now.values()), default=0.0)
    return [
        job_id
        for job_id, state in before.items()
        if job_id not in now and (is_all or state.created > horizon)
    ]


def _outline(content: bytes, seconds_max: float) -> Outline:
    clip = decode_apart(content, seconds_max=seconds_max)
    if clip.samples.shape[1] == 0:
        raise Undecodable("there is no sound in it")
    return Outline(round(clip.seconds, 3), peaks(clip))
