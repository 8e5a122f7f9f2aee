"""Who in this process waits for news of a job, and how they hear of it. Holds no news itself: those are rows.

What happens here rings at once; what happens in another process is seen by one shared query a tick, made only
while somebody waits.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator

from bandstand.errors import Unavailable
from bandstand.jobs import Event
from bandstand.store import jobs
from bandstand.store.database import Database

TICK_SECONDS = 0.15


class Bulletin:
    """Waiting for events, without asking the database for each who waits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, dict[asyncio.Event, int]] = defaultdict(dict)
        self._looking: asyncio.Task[None] | None = None

    def ring(self, job_id: str) -> None:
        """Something about this job was just committed."""
        for waiter in self._waiting.get(job_id, ()):
            waiter.set()

    async def changed(self, job_id: str, after: int, seconds: float | None = None) -> None:
        """Returns when there may be events beyond `after`, or when the seconds are over."""
        waiter = asyncio.Event()
        self._waiting[job_id][waiter] = after
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(waiter.wait(), seconds)
        finally:
            del self._waiting[job_id][waiter]
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    async def events(self, job_id: str, after: int) -> AsyncIterator[Event]:
        """All events beyond `after` as they happen, until the final one; none when that was before, or the job is gone."""
        while True:
            found = await self._database.read(jobs.events_after, job_id, after)
            for event in found:
                yield event
                after = event.number
                if event.is_final:
                    return
            if not found and await self._database.read(jobs.is_over, job_id, after):
                return
            await self.changed(job_id, after)

    async def _look(self) -> None:
        while self._waiting:
            await asyncio.sleep(TICK_SECONDS)
            with contextlib.suppress(Unavailable):  # the next tick asks again
                newest = await self._database.read(jobs.last_numbers, list(self._waiting))
                for job_id, waiters in list(self._waiting.items()):
                    for waiter, after in waiters.items():
                        # A job that is gone has no events any more; its waiters must look again, too.
                        if newest.get(job_id, after + 1) > after:
                            waiter.set()
