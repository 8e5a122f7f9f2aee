"""Puts right what nobody else does: accepted jobs that no workflow is going to run, what runs that were cut off left in
the spool, and results kept long enough.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import Connection

from bandstand.blobs import Blobs
from bandstand.engines.spool import job_of
from bandstand.errors import Unavailable
from bandstand.jobs import Job
from bandstand.runner import DurableRunner
from bandstand.service import cancel_unless_final
from bandstand.store import files, idempotency, jobs
from bandstand.store.database import Database

PERIOD_SECONDS = 5.0
DEADLINE_SECONDS = 1.0
ORPHAN_SECONDS = 10.0
BATCH = 200
LOG = structlog.get_logger("sweep")


@dataclass(frozen=True)
class Keep:
    """How long results are kept after the end of a job, and whether its record outlives them."""

    seconds: float
    record: bool


class Sweep:
    """Several may run, in several processes: each thing they do may be done twice."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        runner: DurableRunner,
        keep: Mapping[str, Keep],
        *,
        spool: Path,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._runner = runner
        self._keep = keep
        self._spool = spool

    async def run(self) -> None:
        await asyncio.gather(self._tidy(), self._keep_deadlines())

    async def _keep_deadlines(self) -> None:
        while True:
            try:
                await self.call_off_late(time.time())
            except Unavailable as error:
                LOG.warning("deadlines must wait", reason=error.message)
            await asyncio.sleep(DEADLINE_SECONDS)

    async def _tidy(self) -> None:
        while True:
            try:
                await self.clear_spool()
                await self.adopt_orphans(time.time() - ORPHAN_SECONDS)
                for origin, keep in self._keep.items():
                    while await self.remove_old(origin, keep, time.time()) == BATCH:
                        pass
                while await self.remove_uploads() == BATCH:
                    pass
                await self._database.write(idempotency.forget_old)
            except Unavailable as error:
                LOG.warning("sweep must wait", reason=error.message)
            await asyncio.sleep(PERIOD_SECONDS)

    async def call_off_late(self, now: float) -> int:
        """Cancel what is not finished at its deadline; a run that is under way hears of it by the job's row."""
        late = await self._database.read(jobs.overdue, now)
        for job in late:
            if await self._database.write(cancel_unless_final, job):
                LOG.info("job called off at its deadline", job=job.id)
        return len(late)

    async def adopt_orphans(self, created_before: float) -> int:
        """Enqueue again what has a row but no workflow, as after a restore of one without the other."""
        waiting = await self._database.read(jobs.active_before, created_before, BATCH)
        if not waiting:
            return 0
        orphans = set(await self._runner.unknown([job.id for job in waiting]))
        await self._runner.forget(list(orphans))
        for job in waiting:
            if job.id in orphans:
                LOG.warning("job had no workflow", job=job.id)
                await self._database.write(self._enqueue, job)
        return len(orphans)

    def _enqueue(self, connection: Connection, job: Job) -> None:
        self._runner.submit(connection, job)

    async def clear_spool(self) -> int:
        """Remove this machine's files of jobs that are over; those of a job that goes on may still be of use."""
        folders = await asyncio.to_thread(lambda: sorted(self._spool.glob("*")))
        active = await self._database.read(jobs.active_among, {job_of(it) for it in folders})
        over = [folder for folder in folders if job_of(folder) not in active]
        for folder in over:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return len(over)

    async def remove_old(self, origin: str, keep: Keep, now: float) -> int:
        """What was made through one API and has been kept long enough."""
        old = await self._database.read(
            jobs.finished_before, origin, now - keep.seconds, keep.record, BATCH
        )
        remove = jobs.remove_content if keep.record else jobs.delete
        for job_id in old:
            await self._blobs.delete_prefix(f"jobs/{job_id}")
            await self._database.write(remove, job_id)
        if old:
            await self._runner.forget(old)
        return len(old)

    async def remove_uploads(self) -> int:
        """What clients uploaded and was kept long enough."""
        old = await self._database.read(files.expired, BATCH)
        for file in old:
            await self._blobs.delete_prefix(f"files/{file.id}")
            await self._database.write(files.delete, file.id)
        return len(old)
