"""The only seam to what runs jobs durably, and its one implementation on DBOS.

DBOS keeps which job is whose: a workflow of the same id as the job, in the same database, enqueued in the transaction that
inserts the job. The workflow has no steps of its own, for all that happens to a job is guarded by its own row (`work.py`);
a workflow whose process died is started again from the beginning, here or elsewhere (`liveness.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence
from typing import Any, Protocol

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer
from dbos import error as dbos_error
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bandstand.bulletin import Bulletin
from bandstand.errors import Unavailable
from bandstand.jobs import Event, EventKind, Job
from bandstand.store import jobs
from bandstand.store.database import Database

APPLICATION = "bandstand"
# Raised by hand when `perform` changes so that work under way cannot be taken over: DBOS leaves other versions alone.
WORKFLOWS_VERSION = "1"
WORKFLOW = "perform"
CANCEL_TICK_SECONDS = 0.25
ALIVE = frozenset({"ENQUEUED", "DELAYED", "PENDING"})
LOG = structlog.get_logger("runner")

News = Sequence[tuple[EventKind, Mapping[str, Any]]]


class Runner(Protocol):
    """What the server needs from whatever runs its jobs."""

    def submit(self, connection: Connection, job: Job) -> None:
        """See that the job is run, from the moment the transaction commits. Idempotent by the job's id."""
        ...

    async def cancel(self, job_id: str) -> None:
        """Stop the run that is under way in this process; other processes see the job's row."""
        ...

    async def emit(self, job_id: str, *, attempt: int, fraction: float, news: News) -> bool:
        """Say from inside a run what happened. False when the run no longer counts."""
        ...

    def events(self, job_id: str, after: int) -> AsyncIterator[Event]:
        """What happened beyond event `after`, then what happens, until the final event."""
        ...


class DurableRunner:
    """Jobs as DBOS workflows. One in a process, for DBOS is one in a process."""

    def __init__(self, database: Database, bulletin: Bulletin, *, poll_seconds: float) -> None:
        self.executor = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
        self._database = database
        self._bulletin = bulletin
        self._poll_seconds = poll_seconds
        self._engine = database.machinery_engine()
        self._client = DBOSClient(
            system_database_engine=self._engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._idle: set[str] = set()
        self._looking: asyncio.Task[None] | None = None
        self._is_working = False

    def submit(self, connection: Connection, job: Job) -> None:
        self._client.enqueue_in_transaction(
            connection,
            {
                "workflow_name": WORKFLOW,
                "queue_name": job.engine,
                "workflow_id": job.id,
                "app_version": WORKFLOWS_VERSION,
                "queue_partition_key": job.account,
            },
            job.id,
        )

    async def cancel(self, job_id: str) -> None:
        """Once: a second cancel would break off how the engine lets go of the job."""
        run = self._runs.get(job_id)
        if run is not None and not run.cancelling():
            run.cancel()

    async def emit(self, job_id: str, *, attempt: int, fraction: float, news: News) -> bool:
        counts = await self._database.write(
            jobs.report, job_id, attempt=attempt, fraction=fraction, news=news
        )
        self._bulletin.ring(job_id)
        return counts

    def events(self, job_id: str, after: int) -> AsyncIterator[Event]:
        return self._bulletin.events(job_id, after)

    def prepare(self, slots: Mapping[str, int]) -> None:
        """Make the tables and the queues. Blocking; for start-up.

        slots  engine -> jobs it works on at once in this process; none in a process that only submits
        """
        quiet_dbos()
        self._client._sys_db.run_migrations()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - DBOS.migrate takes no engine
        for engine, count in slots.items():
            # Two more than the engine works on, so that fetching and storing hide behind it; no account gets them all.
            at_once = count + 2
            self._client.register_queue(
                engine,
                worker_concurrency=at_once,
                partition_worker_concurrency=math.ceil(0.75 * at_once),
                polling_interval_sec=self._poll_seconds,
                on_conflict="always_update",
            )

    def start(self, perform: Callable[[str], Awaitable[None]], engines: Sequence[str]) -> None:
        """Begin to take jobs of these engines. Called inside the event loop that is to run them.

        perform  brings a job to a final status; called again when an earlier call was cut off
        """
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": self._engine,
            "executor_id": self.executor,
            "application_version": WORKFLOWS_VERSION,
            "serializer": DBOSPortableJSONSerializer(),
            "use_listen_notify": False,
            "scheduler_polling_interval_sec": 3600.0,
            "run_migrations": False,
            "log_level": "WARNING",
        }
        DBOS(config=config)
        quiet_dbos()

        async def run(job_id: str) -> None:
            await self._run(perform, job_id)

        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(run)
        DBOS.listen_queues(list(engines))
        DBOS.launch()
        self._is_working = True
        self._looking = asyncio.create_task(self._look_for_canceled())

    async def stop(self, drain_seconds: float) -> None:
        """Take no more jobs and let those that run end; what is not done then is left to whoever comes next."""
        if self._is_working:
            drain = math.ceil(drain_seconds) if self._runs else 0
            await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=drain)
            # What is left is not done, so DBOS cannot write down that it is: it has no need to say so.
            logging.getLogger("dbos").disabled = True
            for job_id in list(self._runs):
                LOG.info("job left to whoever comes next", job=job_id)
                await self.cancel(job_id)
            await asyncio.gather(*self._runs.values(), return_exceptions=True)
        if self._looking is not None:
            self._looking.cancel()
        await asyncio.to_thread(self._client.destroy)
        self._engine.dispose()

    async def unknown(self, job_ids: Sequence[str]) -> list[str]:
        """Those of the jobs that no workflow is going to run.

        Trap: when the database goes away just after DBOS has claimed a workflow, it is ours and nobody runs it. For a
        moment that is so with every job, hence it must be so at two calls in a row.
        """
        with _told():
            rows = await asyncio.to_thread(
                self._client.list_workflows,
                workflow_ids=list(job_ids),
                load_input=False,
                load_output=False,
            )
        idle = {
            row.workflow_id
            for row in rows
            if row.status == "PENDING"
            and row.executor_id == self.executor
            and row.workflow_id not in self._runs
        }
        dropped, self._idle = idle & self._idle, idle
        known = {row.workflow_id for row in rows if row.status in ALIVE} - dropped
        return [job_id for job_id in job_ids if job_id not in known]

    async def forget(self, job_ids: Sequence[str]) -> None:
        """Remove what DBOS remembers of finished jobs."""
        with _told():
            await self._client.delete_workflows_async(list(job_ids))

    async def _run(self, perform: Callable[[str], Awaitable[None]], job_id: str) -> None:
        """One workflow; ends quietly when its job is canceled."""
        if (earlier := self._runs.get(job_id)) is not None:
            # This process was taken for dead, and the job came back to it.
            await self.cancel(job_id)
            await asyncio.wait([earlier])
        run = asyncio.ensure_future(perform(job_id))
        self._runs[job_id] = run
        try:
            await asyncio.wait([run])
            if not run.cancelled():
                run.result()
        finally:
            run.cancel()
            if self._runs.get(job_id) is run:
                del self._runs[job_id]

    async def _look_for_canceled(self) -> None:
        """A cancel may have reached another process; the job's row tells."""
        while True:
            await asyncio.sleep(CANCEL_TICK_SECONDS)
            ids = list(self._runs)
            if ids:
                with contextlib.suppress(Unavailable):
                    for job_id in await self._database.read(jobs.canceled_among, ids):
                        await self.cancel(job_id)


@contextlib.contextmanager
def _told() -> Generator[None]:
    """What DBOS raises when its database is away, in our words."""
    try:
        yield
    except (SQLAlchemyError, dbos_error.DBOSException) as error:
        raise Unavailable(f"The queue is not available: {error}") from error


def quiet_dbos() -> None:
    """DBOS speaks at length when a database is away; one line in ten seconds of each kind is enough."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    if not any(isinstance(filter_, Seldom) for filter_ in logger.filters):
        logger.addFilter(Seldom())


class Seldom(logging.Filter):
    """Lets a message of one place in the code through once in ten seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        place = (record.pathname, record.lineno)
        if record.created - self._last.get(place, 0.0) < 10.0:
            return False
        self._last[place] = record.created
        return True
