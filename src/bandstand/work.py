"""A job's way through a worker: begin, make, store, finish. What calls it, and again after a crash, is `runner.py`.

Every step may be repeated: a run counts only while it is the job's latest attempt, the files of a finished run lie in
the spool with a manifest, and their keys in the blobs come from the job's id.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection

from bandstand import __version__
from bandstand.audio.tags import Tags
from bandstand.blobs import Blobs, open_bucket
from bandstand.bulletin import Bulletin
from bandstand.catalog import Catalog, Model
from bandstand.engines.host import Host, Pcm
from bandstand.engines.spool import Pressed, read_manifest
from bandstand.errors import BandstandError, EngineDied, Failed, Misconfigured, Unavailable
from bandstand.jobs import Artifact, EventKind, Job, Status
from bandstand.runner import Runner
from bandstand.sources import Sources
from bandstand.store import accounts, jobs
from bandstand.store.database import Database

ATTEMPTS_MAX = 3  # runs, when the engine dies with the job inside
RUNS_MAX = 8  # runs of any kind: restarts of the server count, too
TOGETHER_MAX = 2  # runs beside other jobs: a stopped server brings all of its jobs a second one, and seldom a third
FLUSH_SECONDS = 0.25
LIVE_KEPT_SECONDS = 60.0
LOG = structlog.get_logger("work")
T = TypeVar("T")
P = ParamSpec("P")


class Superseded(Exception):
    """This run no longer counts: the job was canceled, or another worker has it."""


class Work:
    """What a worker does with one job at a time, many at once."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        bulletin: Bulletin,
        runner: Runner,
        sources: Sources,
        catalog: Catalog,
        hosts: Mapping[str, Host],
        spool: Path,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._bulletin = bulletin
        self._runner = runner
        self._sources = sources
        self._catalog = catalog
        self._hosts = hosts
        self._spool = spool
        self._later: set[asyncio.Task[None]] = set()

    async def perform(self, job_id: str) -> None:
        """Run the job to a final status. Returns quietly when somebody else settled it."""
        try:
            await self._run(job_id)
        finally:
            # A cancel may come while this is under way, and must not break it off.
            await asyncio.shield(self._beside(self._clear_if_called_off(job_id)))

    async def _run(self, job_id: str) -> None:
        alone = False
        while (job := await self._persist(self._begin, job_id)) is not None:
            try:
                await self._attempt(job, alone=alone or job.attempts > TOGETHER_MAX)
            except EngineDied:
                alone = True
                continue
            except Superseded:
                LOG.info("run superseded", job=job.id, attempt=job.attempts)
            return

    async def _attempt(self, job: Job, *, alone: bool) -> None:
        """One run.

        alone   with no other job in the engine, for this one may be what ended it
        raises  EngineDied when another run is worth it, Superseded when this one does not count
        """
        try:
            outputs = await self._make_and_store(job, alone=alone)
        except EngineDied as error:
            if job.attempts < ATTEMPTS_MAX:
                raise
            await self._settle(job, Status.FAILED, error=error.message)
        except BandstandError as error:
            await self._settle(job, Status.FAILED, error=error.message)
        except Superseded:
            raise
        except (
            Exception
        ):  # the worker's door: whatever broke, the job ends with a reason and its credits go back
            LOG.exception("job broke", job=job.id)
            await self._settle(job, Status.FAILED, error="The server failed at this job.")
        else:
            await self._settle(job, Status.SUCCEEDED, outputs=outputs)

    async def _begin(self, job_id: str) -> Job | None:
        job = await self._database.write(jobs.begin_attempt, job_id)
        self._bulletin.ring(job_id)
        if job is not None:
            LOG.info("job begun", job=job.id, attempt=job.attempts, engine=job.engine)
        return job

    async def _make_and_store(self, job: Job, *, alone: bool) -> tuple[Artifact, ...]:
        if job.attempts > RUNS_MAX:
            raise Failed(f"The job was begun {RUNS_MAX} times, and its worker ended each time.")
        folder = self._spool / job.id
        files = await asyncio.to_thread(read_manifest, folder)
        if files is None:
            files = await self._make(job, folder, alone=alone)
        outputs = await self._persist(self._store, job, folder, files)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return outputs

    async def _make(self, job: Job, folder: Path, *, alone: bool) -> tuple[Pressed, ...]:
        inputs = await self._sources.inputs(job)
        reporter = Reporter(job, self._blobs, self._runner.emit)
        reporting = asyncio.create_task(reporter.run())
        making = asyncio.create_task(
            # An engine that does not start is no fault of the job: it waits until that is mended.
            self._persist(
                self._hosts[job.engine].make,
                job.id,
                replace(
                    job.spec, model=job.model
                ),  # what stands in may be another than was asked for
                inputs,
                tags=_tags(job, self._catalog.find(job.model)),
                folder=folder,
                listener=reporter,
                alone=alone,
            )
        )
        try:
            await asyncio.wait([making, reporting], return_when=asyncio.FIRST_COMPLETED)
            if reporting.done():
                await reporting  # raises: only trouble ends it
            files = await making
            await self._persist(reporter.flush)
            return files
        finally:
            making.cancel()
            reporting.cancel()
            await asyncio.gather(making, reporting, return_exceptions=True)

    async def _store(
        self, job: Job, folder: Path, files: tuple[Pressed, ...]
    ) -> tuple[Artifact, ...]:
        outputs: list[Artifact] = []
        copies = await self._copies(job, folder, files)
        for file in files:
            key = f"jobs/{job.id}/{file.name}"
            await self._blobs.put(key, folder / file.name)
            outputs.append(
                Artifact(
                    name=file.name,
                    kind=file.kind,
                    media_type=file.media_type,
                    key=key,
                    bytes=file.bytes,
                    sha256=file.sha256,
                    about=file.about,
                    copy=copies.get(file.name),
                )
            )
        return tuple(outputs)

    async def _copies(
        self, job: Job, folder: Path, files: tuple[Pressed, ...]
    ) -> Mapping[str, str]:
        """Links of the copies in the account's own bucket, by name. Trouble there is told in the job's log and is no failure."""
        account = await self._database.read(accounts.account_with_id, job.account)
        if account.outputs_url is None:
            return {}
        try:
            bucket = open_bucket(account.outputs_url)
            return {
                file.name: await bucket.put(
                    f"{job.id}/{file.name}", folder / file.name, file.media_type
                )
                for file in files
            }
        except (Misconfigured, Unavailable) as error:
            # The reason may name the bucket's keys: it is told to nobody.
            LOG.warning("no copy in own bucket", job=job.id, kind=type(error.__cause__).__name__)
            line = "Your own bucket did not take the results; they are kept here as usual."
            await self._runner.emit(
                job.id, attempt=job.attempts, fraction=1.0, news=[(EventKind.LOG, {"line": line})]
            )
            return {}

    async def _settle(
        self,
        job: Job,
        to: Status,
        *,
        outputs: tuple[Artifact, ...] = (),
        error: str | None = None,
    ) -> None:
        """The last word on a job: status, event and credits in one transaction, if this run still counts."""

        won = await self._persist(
            self._database.write, _settled, job, to, outputs=outputs, error=error
        )
        self._bulletin.ring(job.id)
        LOG.info("job settled", job=job.id, to=to.value, won=won, error=error)
        self._clear_live_later(job.id)

    async def _clear_if_called_off(self, job_id: str) -> None:
        """What a run stored after its job was canceled or deleted belongs to nobody."""
        try:
            job = await self._database.read(jobs.find, job_id)
            if job is None or job.status is Status.CANCELED:
                await self._blobs.delete_prefix(f"jobs/{job_id}")
        except Unavailable as error:
            LOG.warning("files of a canceled job are left", job=job_id, reason=error.message)

    def _clear_live_later(self, job_id: str) -> None:
        """Whoever listens while the piece is made may be behind a little."""

        async def clear() -> None:
            await asyncio.sleep(LIVE_KEPT_SECONDS)
            await self._blobs.delete_prefix(live_prefix(job_id))

        self._beside(clear())

    def _beside(self, act: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that outlives the run that began it."""
        task = asyncio.create_task(act)
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        return task

    async def _persist(
        self, act: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Try again for ever while the database or the blobs are away: an accepted job is not lost to that."""
        pause = 0.2
        while True:
            try:
                return await act(*args, **kwargs)
            except Unavailable as error:
                LOG.warning("waiting for storage", reason=error.message)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    def stop(self) -> None:
        for task in self._later:
            task.cancel()


class Reporter:
    """Gathers what an engine tells and writes it down at most four times a second."""

    def __init__(self, job: Job, blobs: Blobs, emit: Callable[..., Awaitable[bool]]) -> None:
        self._job = job
        self._blobs = blobs
        self._emit = emit
        self._fraction = 0.0
        self._news: list[tuple[EventKind, dict[str, object]]] = []
        self._stretches: list[Pcm] = []
        self._preview: bytes | None = None
        self._start = 0
        self._has_news = asyncio.Event()
        self._flushing = asyncio.Lock()

    def progress(self, fraction: float) -> None:
        self._fraction = fraction
        self._has_news.set()

    def log(self, line: str) -> None:
        self._news.append((EventKind.LOG, {"line": line}))
        self._has_news.set()

    def audio(self, stretch: Pcm) -> None:
        self._stretches.append(stretch)
        self._has_news.set()

    def preview(self, jpeg: bytes) -> None:
        self._preview = jpeg
        self._has_news.set()

    async def run(self) -> None:
        """raises Superseded when the job is no longer ours"""
        while True:
            await self._has_news.wait()
            try:
                await self.flush()
            except Unavailable as error:
                # Four times a second for each job: the run itself says aloud when it has to wait.
                LOG.debug("news must wait", job=self._job.id, reason=error.message)
            await asyncio.sleep(FLUSH_SECONDS)

    async def flush(self) -> None:
        """Write down what there is; what cannot be written is kept for the next time."""
        async with self._flushing:
            if self._has_news.is_set():
                await self._write_down()

    async def _write_down(self) -> None:
        # What comes while this is written is news again.
        self._has_news.clear()
        try:
            await self._put_what_is_new()
            await self._tell()
        except Unavailable:
            self._has_news.set()
            raise

    async def _put_what_is_new(self) -> None:
        if self._stretches:
            stretches = list(self._stretches)
            detail = await self._put(stretches)
            del self._stretches[: len(stretches)]
            self._news.append((EventKind.AUDIO, detail))
        if (preview := self._preview) is not None:
            key = f"{live_prefix(self._job.id)}/{self._job.attempts}-preview.jpg"
            await self._blobs.put(key, preview)  # in the place of the one before
            if self._preview is preview:
                self._preview = None
            self._news.append((EventKind.PREVIEW, {"key": key}))

    async def _tell(self) -> None:
        """raises Superseded when the job is no longer ours"""
        news = list(self._news)
        progress = (
            EventKind.PROGRESS,
            {"fraction": self._fraction, "attempt": self._job.attempts},
        )
        counts = await self._emit(
            self._job.id,
            attempt=self._job.attempts,
            fraction=self._fraction,
            news=[*news, progress],
        )
        del self._news[: len(news)]
        if not counts:
            raise Superseded

    async def _put(self, stretches: list[Pcm]) -> dict[str, object]:
        """One blob for what came since the last flush."""
        first, start = stretches[0], self._start
        key = f"{live_prefix(self._job.id)}/{self._job.attempts}-{start:012d}.pcm"
        await self._blobs.put(key, b"".join(stretch.content for stretch in stretches))
        frames = sum(stretch.frames for stretch in stretches)
        self._start += frames
        return {
            "start": start,
            "frames": frames,
            "rate": first.rate,
            "channels": first.channels,
            "key": key,
        }


def _settled(
    connection: Connection,
    job: Job,
    to: Status,
    *,
    outputs: tuple[Artifact, ...],
    error: str | None,
) -> bool:
    won = jobs.finish(connection, job.id, to, attempt=job.attempts, outputs=outputs, error=error)
    if won:
        pay = accounts.capture if to is Status.SUCCEEDED else accounts.release
        pay(connection, job.account, job.id)
    return won


def live_prefix(job_id: str) -> str:
    """Where that lies which can be heard or seen while the job runs."""
    return f"jobs/{job_id}/live"


def _tags(job: Job, model: Model) -> Tags:
    return Tags(
        prompt=job.spec.prompt,
        seed=job.spec.seed,
        model=job.model,
        engine=job.engine,
        licence=model.licence,
        software=f"Bandstand {__version__}",
    )
