"""The things a client may ask, whatever API it speaks. Knows no HTTP; dialects translate to and from it.

Somebody else's job is answered exactly like one that does not exist.
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection

from bandstand.blobs import Blobs
from bandstand.bulletin import Bulletin
from bandstand.catalog import Catalog, Model, price_of
from bandstand.errors import NotFound, TooMany, Unauthenticated, Unavailable
from bandstand.jobs import Artifact, Event, Job, Order, Status, Times, is_id, new_id
from bandstand.links import Signer
from bandstand.live import listen
from bandstand.runner import Runner
from bandstand.settings import Settings
from bandstand.specs import check_spec
from bandstand.store import accounts, jobs
from bandstand.store.accounts import Account
from bandstand.store.database import Database

__all__ = ["Account", "Service"]

FREE_BYTES_MIN = 50_000_000
RANDOM_SEEDS = 2**31 - 1  # fits what every API calls an integer
LOG = structlog.get_logger("service")
SUBMITTED = Counter("bandstand_jobs_submitted", "Jobs accepted.", ["origin", "model"])
CANCELED = Counter("bandstand_jobs_canceled", "Jobs canceled by their askers.", ["origin"])


class Service:
    """One for a process; all of it may be called by many at once."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        blobs: Blobs,
        bulletin: Bulletin,
        runner: Runner,
        catalog: Catalog,
        signer: Signer,
    ) -> None:
        self.settings = settings
        self.catalog = catalog
        self.blobs = blobs
        self._database = database
        self._bulletin = bulletin
        self._runner = runner
        self._signer = signer

    async def account(self, key: str | None) -> Account:
        """Who is asking. raises Unauthenticated."""
        account = None
        if key:
            account = await self._database.read(accounts.account_of_key, key)
        if account is None:
            raise Unauthenticated
        return account

    async def submit(self, account: Account, order: Order) -> Job:
        """Accept a job: when this returns it is on disk and will be run.

        raises  Invalid, NoCredit, TooMany, Unavailable; then nothing was stored
        """
        check_spec(order.spec)
        model = self.catalog.choose(order.spec)
        await asyncio.to_thread(_check_space, self.settings.data)
        job = _job_of(account, order, model)
        await self._database.write(self._insert, job)
        SUBMITTED.labels(job.origin, job.model).inc()
        LOG.info("job accepted", job=job.id, origin=job.origin, model=job.model)
        return job

    def _insert(self, connection: Connection, job: Job) -> None:
        """The job, its hold on credits and its place in the queue, in one transaction."""
        if jobs.count_active(connection, job.account) >= self.settings.jobs_max_account:
            raise TooMany("This account has too many unfinished jobs.", retry_after=5.0)
        if jobs.count_active(connection) >= self.settings.jobs_max_total:
            raise TooMany("There are too many unfinished jobs.", retry_after=5.0)
        jobs.insert(connection, job)
        accounts.hold(connection, job.account, job.id, job.price)
        self._runner.submit(connection, job)

    async def get(self, account: Account | None, job_id: str) -> Job:
        """One job. account None: for links that carry their own right. raises NotFound."""
        job = await self._database.read(jobs.find, job_id) if is_id(job_id) else None
        if job is None or (account is not None and job.account != account.id):
            raise NotFound
        return job

    async def page(
        self, account: Account, *, origin: str | None, cursor: str | None, size: int
    ) -> jobs.Page:
        """The account's jobs, newest first. raises Invalid for a cursor that is not ours."""
        return await self._database.read(
            jobs.page, account.id, origin=origin, cursor=cursor, size=size
        )

    async def cancel(self, account: Account, job_id: str) -> Job:
        """Call a job off; a finished one stays as it is."""
        job = await self.get(account, job_id)
        if not job.status.is_final and await self._database.write(cancel_unless_final, job):
            CANCELED.labels(job.origin).inc()
            LOG.info("job canceled", job=job.id)
            self._bulletin.ring(job.id)
            await self._runner.cancel(job.id)
        return await self.get(account, job_id)

    async def delete(self, account: Account, job_id: str) -> None:
        """Remove a job, canceled first if it runs, with all its files."""
        await self.cancel(account, job_id)
        await self._database.write(jobs.delete, job_id)
        await self.blobs.delete_prefix(f"jobs/{job_id}")

    async def wait(self, job: Job, seconds: float) -> Job:
        """The job when it is finished or when the time is over, whichever is first."""
        until = time.monotonic() + seconds
        while not job.status.is_final and (left := until - time.monotonic()) > 0:
            seen = await self._database.read(jobs.last_numbers, [job.id])
            job = await self.get(None, job.id)
            if not job.status.is_final:
                await self._bulletin.changed(job.id, seen.get(job.id, 0), left)
                job = await self.get(None, job.id)
        return job

    def watch(self, job: Job, after: int = 0) -> AsyncIterator[Event]:
        """What happened to a job beyond event `after`, and what happens, until it is finished."""
        return self._runner.events(job.id, after)

    def listen(self, job: Job) -> AsyncIterator[bytes]:
        """The sound of an unfinished job as WAV, while it is being made."""
        return listen(self.blobs, self.watch(job), job.spec.seconds)

    async def logs(self, *several: Job) -> dict[str, str]:
        """Per job id what its runs logged, newline-terminated lines."""
        return await self._database.read(jobs.logs_of, [job.id for job in several])

    async def position(self, job: Job) -> int | None:
        """How many jobs are ahead of a queued one."""
        if job.status is not Status.QUEUED:
            return None
        return await self._database.read(jobs.ahead_of, job)

    async def waiting(self) -> dict[tuple[str, str], tuple[int, float]]:
        return await self._database.read(jobs.waiting)

    def link(self, job: Job, artifact: Artifact) -> str:
        """An absolute URL of a result that works without a key, until it expires."""
        path = f"/files/{job.id}/{artifact.name}"
        expires = time.time() + self.settings.link_seconds
        return f"{self.settings.url}{path}?{self._signer.sign(path, expires)}"

    def is_signed(self, path: str, expires: str, signature: str) -> bool:
        return self._signer.check(path, expires, signature, time.time())


def _job_of(account: Account, order: Order, model: Model) -> Job:
    seed = order.spec.seed
    spec = dataclasses.replace(
        order.spec, seed=secrets.randbelow(RANDOM_SEEDS) if seed is None else seed
    )
    return Job(
        id=new_id(),
        account=account.id,
        origin=order.origin,
        asked=order.asked,
        spec=spec,
        model=model.name,
        engine=model.engine,
        status=Status.QUEUED,
        progress=0.0,
        outputs=(),
        error=None,
        price=price_of(model, spec.seconds),
        hook=order.hook,
        times=Times(created=time.time()),
        attempts=0,
    )


def cancel_unless_final(connection: Connection, job: Job) -> bool:
    """The truth of a cancel, credits given back in the same transaction; False when the job was finished first."""
    won = jobs.finish(connection, job.id, Status.CANCELED)
    if won:
        accounts.release(connection, job.account, job.id)
    return won


def _check_space(folder: Path) -> None:
    """A floor of free space, so that an accepted job finds room for its result."""
    if shutil.disk_usage(folder).free < FREE_BYTES_MIN:
        raise Unavailable("There is not enough free space to accept a job.", retry_after=30.0)
