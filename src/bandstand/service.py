"""The things a client may ask, whatever API it speaks. Knows no HTTP; dialects translate to and from it.

Somebody else's job is answered exactly like one that does not exist.
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bandstand.audio.kinds import FORMATS, Undecodable, check_kind, check_notes
from bandstand.blobs import Blobs
from bandstand.bulletin import Bulletin
from bandstand.catalog import Catalog, Model, price_of
from bandstand.errors import Conflict, Failed, Invalid, NotFound, TooLarge, TooMany, Unavailable
from bandstand.fetch import Fetcher, decode_inline, is_inline
from bandstand.gate import Gate
from bandstand.jobs import (
    NUMBER_MAX,
    Artifact,
    Event,
    Job,
    Order,
    Status,
    Times,
    is_id,
    new_id,
    new_number,
)
from bandstand.links import Signer
from bandstand.live import listen
from bandstand.pictures import check_picture
from bandstand.runner import Runner
from bandstand.settings import Settings
from bandstand.specs import KEPT, Kind, Source, check_spec
from bandstand.store import accounts, deliveries, files, idempotency, jobs
from bandstand.store.accounts import Account, Scope
from bandstand.store.database import Database
from bandstand.store.deliveries import Delivery
from bandstand.store.files import File

__all__ = ["Account", "Delivery", "File", "Scope", "Service"]

FREE_BYTES_MIN = 50_000_000
FILE_KEPT_SECONDS = 86400.0
CHECKS = {"score": check_notes, "init": check_picture}  # of what came inside a request; else sound
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
        gate: Gate,
        fetcher: Fetcher,
    ) -> None:
        self.settings = settings
        self.catalog = catalog
        self.blobs = blobs
        self._database = database
        self._bulletin = bulletin
        self._runner = runner
        self._signer = signer
        self._gate = gate
        self._fetcher = fetcher

    async def admit(self, key: str | None, scope: Scope, *, caller: str) -> Account:
        """Who is asking, if they may. raises Unauthenticated, Forbidden, TooMany."""
        return await self._gate.admit(key, scope, caller=caller)

    async def account_of(self, key: str | None) -> Account | None:
        """Whose key this is; opens nothing."""
        return await self._gate.account_of(key)

    def admit_stranger(self, *, caller: str) -> None:
        """Let in without a key, for what an unguessable address alone protects. raises TooMany."""
        self._gate.admit_stranger(caller=caller)

    async def submit(self, account: Account, order: Order, *, once: str | None = None) -> Job:
        """Accept a job: when this returns it is on disk and will be run, or has failed with the flaw that its order has.

        once    an idempotency key: the same key and wish again give the job that they gave before
        raises  Invalid, NoCredit, TooMany, Conflict, Unavailable; then nothing was stored
        """
        order = dataclasses.replace(order, spec=self.catalog.complete(order.spec))
        check_spec(order.spec, is_played=order.flaw is None)
        self._check_addresses(order)
        if order.flaw is None:
            model = self.catalog.choose(order.spec)
        else:
            model = self.catalog.find(order.spec.model)
        await asyncio.to_thread(_check_space, self.settings.data)
        job = await self._keep_given(_job_of(account, order, model))
        try:
            job_id = await self._insert_once(job, once, order.flaw)
        except BaseException:
            await self._forget_given(job)
            raise
        if job_id != job.id:
            await self._forget_given(job)
            return await self._earlier(account, job_id)
        SUBMITTED.labels(job.origin, job.model).inc()
        LOG.info("job accepted", job=job.id, origin=job.origin, model=job.model)
        return job

    async def _earlier(self, account: Account, job_id: str) -> Job:
        try:
            return await self.get(account, job_id)
        except NotFound:
            raise Conflict("The job of this idempotency key was removed.") from None

    async def _insert_once(self, job: Job, once: str | None, flaw: str | None) -> str:
        """The id of the job that stands for this wish now."""
        try:
            return await self._database.write(self._insert, job, once, flaw)
        except IntegrityError:
            if once is None:
                raise
            # Somebody with the same key was quicker by a moment: that one is the job.
            return await self._database.write(self._insert, job, once, flaw)

    def _insert(self, connection: Connection, job: Job, once: str | None, flaw: str | None) -> str:
        """The job, its hold on credits and its place in the queue, in one transaction; with a flaw, the job and its end."""
        if once is not None:
            earlier = idempotency.job_of(connection, job.account, once, job.asked)
            if earlier is not None:
                return earlier
            idempotency.remember(connection, job.account, once, job.asked, job.id)
        if jobs.count_active(connection, job.account) >= self.settings.jobs_max_account:
            raise TooMany("This account has too many unfinished jobs.", retry_after=5.0)
        if jobs.count_active(connection) >= self.settings.jobs_max_total:
            raise TooMany("There are too many unfinished jobs.", retry_after=5.0)
        jobs.insert(connection, job)
        if flaw is not None:
            jobs.finish(connection, job.id, Status.FAILED, error=flaw)
            return job.id
        accounts.hold(connection, job.account, job.id, job.price)
        self._runner.submit(connection, job)
        return job.id

    async def _keep_given(self, job: Job) -> Job:
        """Lay what came inside the request beside the job's results: rows are read often, and should be small.

        raises  Invalid for what is no sound, no notes or no picture, at first sight
        """
        given = job.spec.sources
        kept = {name: await self._keep(job, name, source) for name, source in given.items()}
        return dataclasses.replace(job, spec=job.spec.with_sources(kept))

    async def _keep(self, job: Job, field: str, source: Source) -> Source:
        if not is_inline(source.uri):
            return source
        try:
            content = await asyncio.to_thread(decode_inline, source.uri)
            CHECKS.get(field, check_kind)(content)
        except (Failed, Undecodable) as error:
            raise Invalid(field, str(error)) from None
        name = f"given-{field}"
        await self.blobs.put(f"jobs/{job.id}/{name}", content)
        return Source(uri=f"{KEPT}{name}")

    async def _forget_given(self, job: Job) -> None:
        """After a refusal: nothing was stored."""
        if any(source.uri.startswith(KEPT) for source in job.spec.sources.values()):
            await self.blobs.delete_prefix(f"jobs/{job.id}")

    def _check_addresses(self, order: Order) -> None:
        """Refuse at once what could never be fetched or told."""
        for field, source in order.spec.sources.items():
            if not is_inline(source.uri) and not source.uri.startswith(f"{self.settings.url}/"):
                self._fetcher.check(field, source.uri)
        if order.hook is not None:
            self._fetcher.check("webhook", order.hook.url)

    async def get(self, account: Account | None, job_id: str) -> Job:
        """One job. account None: for links that carry their own right. raises NotFound."""
        job = await self._database.read(jobs.find, job_id) if is_id(job_id) else None
        if job is None or (account is not None and job.account != account.id):
            raise NotFound
        return job

    async def get_number(self, account: Account, number: int) -> Job:
        """One job by its integer id. raises NotFound."""
        is_one = 0 < number <= NUMBER_MAX
        job = await self._database.read(jobs.find_number, number) if is_one else None
        if job is None or job.account != account.id:
            raise NotFound
        return job

    async def page(
        self,
        account: Account,
        *,
        origin: str | None,
        cursor: str | None,
        size: int,
        kind: Kind | None = None,
        since: float | None = None,
        before: float | None = None,
    ) -> jobs.Page:
        """The account's jobs, newest first; `since` and `before` are UTC seconds. raises Invalid for a cursor that is not ours."""
        return await self._database.read(
            jobs.page,
            account.id,
            origin=origin,
            cursor=cursor,
            size=size,
            kind=kind,
            since=since,
            before=before,
        )

    async def page_of_model(
        self,
        account: Account,
        *,
        origin: str,
        model: str,
        status: Status | None,
        number: int,
        size: int,
    ) -> Sequence[Job]:
        """One page of the account's jobs that asked for a model, newest first. number: from 1 on."""
        return await self._database.read(
            jobs.of_model,
            account.id,
            origin=origin,
            model=model,
            status=status,
            offset=(number - 1) * size,
            size=size,
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
        return listen(self.blobs, self.watch(job), job.music.seconds)

    async def preview(self, event: Event) -> bytes | None:
        """A JPEG of how a picture looks by now; None when the job is over for long."""
        try:
            return await self.blobs.get(event.detail["key"])
        except NotFound:
            return None

    async def logs(self, *several: Job) -> dict[str, str]:
        """Per job id what its runs logged, newline-terminated lines."""
        begun = [job.id for job in several if job.times.started is not None]
        told = await self._database.read(jobs.logs_of, begun) if begun else {}
        return {job.id: told.get(job.id, "") for job in several}

    async def position(self, job: Job) -> int | None:
        """How many jobs are ahead of a queued one."""
        if job.status is not Status.QUEUED:
            return None
        return await self._database.read(jobs.ahead_of, job)

    async def webhook_secret(self, account: Account) -> str:
        return (await self._database.write(accounts.webhook_secrets, account.id))[0]

    async def deliveries(self, account: Account, size: int) -> Sequence[Delivery]:
        """The account's webhooks, newest first."""
        return await self._database.read(deliveries.newest, size, account=account.id)

    async def send_again(self, account: Account, delivery_id: str) -> Delivery:
        """Send a webhook once more, under its own id. raises NotFound, Conflict while it is being delivered."""
        if not delivery_id.isascii() or not delivery_id.isprintable():
            raise NotFound
        delivery = await self._database.read(deliveries.find, delivery_id)
        if delivery is None or delivery.account != account.id:
            raise NotFound
        if not await self._database.write(deliveries.send_again, delivery_id):
            raise Conflict("This webhook is being delivered already.")
        return dataclasses.replace(delivery, status=deliveries.PENDING, attempts=0)

    async def upload(
        self,
        account: Account,
        content: bytes,
        *,
        name: str,
        media_type: str,
        about: Mapping[str, Any],
    ) -> File:
        """Keep a file of the account's for a day. raises TooLarge."""
        if len(content) > self.settings.upload_bytes_max:
            raise TooLarge(f"A file may have {self.settings.upload_bytes_max} bytes.")
        now = time.time()
        file_id = new_id()
        stored = await self.blobs.put(f"files/{file_id}/content", content)
        file = File(
            id=file_id,
            account=account.id,
            name=name,
            media_type=media_type,
            bytes=stored.size,
            sha256=stored.sha256,
            about=about,
            created_at=now,
            expires_at=now + FILE_KEPT_SECONDS,
        )
        await self._database.write(files.insert, file)
        return file

    async def file(self, account: Account | None, file_id: str) -> File:
        """One uploaded file. account None: for links that carry their own right. raises NotFound."""
        file = await self._database.read(files.find, file_id) if is_id(file_id) else None
        if file is None or (account is not None and file.account != account.id):
            raise NotFound
        return file

    async def files(self, account: Account) -> Sequence[File]:
        return await self._database.read(files.newest, account.id, 100)

    async def delete_file(self, account: Account, file_id: str) -> None:
        file = await self.file(account, file_id)
        await self._database.write(files.delete, file.id)
        await self.blobs.delete_prefix(f"files/{file.id}")

    async def waiting(self) -> dict[tuple[str, str], tuple[int, float]]:
        return await self._database.read(jobs.waiting)

    def link(
        self, job: Job, artifact: Artifact, *, until: float | None = None, at_home: bool = False
    ) -> str:
        """An absolute URL of a result that works without a key, until it expires.

        until    UTC seconds; None: as long as the settings say
        at_home  on this server even if there is a copy in the account's own bucket
        """
        if artifact.copy is not None and not at_home:
            return artifact.copy
        return self.signed(f"/files/{job.id}/{artifact.name}", until=until)

    def future_link(self, job: Job, *, until: float) -> str:
        """Where the track of an unfinished job will be."""
        extension = FORMATS[job.music.encoding.value].extension
        return self.signed(f"/files/{job.id}/track.{extension}", until=until)

    def signed(self, path: str, *, until: float | None = None) -> str:
        """An absolute URL of a path of ours that works without a key, until it expires."""
        expires = time.time() + self.settings.link_seconds if until is None else until
        return f"{self.settings.url}{path}?{self._signer.sign(path, expires)}"

    def is_signed(self, path: str, expires: str, signature: str) -> bool:
        return self._signer.check(path, expires, signature, time.time())


def _job_of(account: Account, order: Order, model: Model) -> Job:
    seed = order.spec.seed
    spec = dataclasses.replace(
        order.spec, seed=secrets.randbelow(RANDOM_SEEDS) if seed is None else seed
    )
    # APIs tell microseconds; a client that comes back with what it was told must find the very moment.
    now = round(time.time(), 6)
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
        price=0 if order.is_free else price_of(model, spec),
        hook=order.hook,
        times=Times(created=now),
        attempts=0,
        number=new_number(),
        deadline=None if order.within is None else now + order.within,
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
