"""The runner on DBOS, in this process, on SQLite; on PostgreSQL it is tested in `faults/`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
from patience import PATIENCE_SECONDS, soon
from stage import Stage

from bandstand.errors import Unavailable
from bandstand.jobs import EventKind
from bandstand.runner import Seldom
from bandstand.store import jobs
from bandstand.store.database import Database


class Performed:
    """A worker that writes down what it was given, and can be told to take long."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.canceled: list[str] = []
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def perform(self, job_id: str) -> None:
        self.begun.append(job_id)
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.canceled.append(job_id)
            raise


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/bandstand.db"


@pytest_asyncio.fixture
async def stage(database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    """The queue's tables are there; nobody works yet."""
    stage = Stage(database, tmp_path)
    await asyncio.to_thread(stage.runner.prepare, {"fake": 8})
    yield stage
    await stage.runner.stop(0.0)


@pytest_asyncio.fixture
async def performed(stage: Stage) -> Performed:
    """Works on what is submitted."""
    performed = Performed()
    stage.runner.start(performed.perform, ["fake"])
    return performed


async def submitted(stage: Stage) -> str:
    job = stage.queued()
    await stage.database.write(stage.runner.submit, stage.job(job))
    return job


async def test_a_submitted_job_is_performed(stage: Stage, performed: Performed) -> None:
    job = await submitted(stage)

    await soon(lambda: performed.begun == [job])


async def test_a_job_submitted_twice_is_performed_once(stage: Stage, performed: Performed) -> None:
    job = await submitted(stage)
    await stage.database.write(stage.runner.submit, stage.job(job))
    await asyncio.sleep(0.5)

    assert performed.begun == [job]


async def test_a_job_whose_transaction_failed_is_not_performed(
    stage: Stage, performed: Performed
) -> None:
    job = stage.job(stage.queued())

    def submit_and_fail(connection: object) -> None:
        stage.runner.submit(connection, job)
        raise Unavailable

    with pytest.raises(Unavailable):
        await stage.database.write(submit_and_fail)
    await asyncio.sleep(0.3)

    assert performed.begun == []
    assert await stage.runner.unknown([job.id]) == [job.id]


async def test_a_cancel_reaches_the_run(stage: Stage, performed: Performed) -> None:
    performed.may_end.clear()
    job = await submitted(stage)
    await soon(lambda: performed.begun)
    await stage.runner.cancel(job)

    await soon(lambda: performed.canceled == [job])


async def test_a_cancel_of_an_unknown_job_does_nothing(stage: Stage) -> None:
    await stage.runner.cancel("nobody")


async def test_a_second_cancel_does_not_break_off_the_letting_go(stage: Stage) -> None:
    begun, let_go = asyncio.Event(), False

    async def perform(_job: str) -> None:
        nonlocal let_go
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.1)
            let_go = True

    run = asyncio.create_task(stage.runner._run(perform, "job"))
    await begun.wait()
    for _ in range(3):
        await stage.runner.cancel("job")
        await asyncio.sleep(0.01)
    await run

    assert let_go


async def test_a_job_that_comes_back_to_its_process_runs_once_at_a_time(stage: Stage) -> None:
    begun, inside = asyncio.Event(), list[int]()
    most = 0

    async def perform(_job: str) -> None:
        nonlocal most
        inside.append(1)
        most = max(most, len(inside))
        begun.set()
        try:
            await asyncio.sleep(0.1)
        finally:
            inside.pop()

    first = asyncio.create_task(stage.runner._run(perform, "job"))
    await begun.wait()
    await asyncio.gather(first, stage.runner._run(perform, "job"))

    assert most == 1


async def test_a_finished_job_can_be_forgotten(stage: Stage, performed: Performed) -> None:
    job = await submitted(stage)
    await soon(lambda: performed.begun)
    await stage.runner.forget([job])

    assert await stage.runner.unknown([job]) == [job]


async def test_news_of_the_latest_run_are_written_down(stage: Stage) -> None:
    job = stage.queued()
    await stage.database.write(jobs.begin_attempt, job)

    counts = await stage.runner.emit(
        job, attempt=1, fraction=0.5, news=[(EventKind.LOG, {"line": "half"})]
    )
    assert counts
    assert stage.events(job)[-1].detail == {"line": "half"}


async def test_news_of_an_earlier_run_do_not_count(stage: Stage) -> None:
    job = stage.queued()
    for _ in range(2):
        await stage.database.write(jobs.begin_attempt, job)

    assert not await stage.runner.emit(job, attempt=1, fraction=0.5, news=[])


async def test_who_watches_hears_the_end(stage: Stage) -> None:
    job = stage.queued()
    watching = asyncio.create_task(_all(stage.runner.events(job, 0)))
    await asyncio.sleep(0.05)
    await stage.work.perform(job)

    assert (await asyncio.wait_for(watching, PATIENCE_SECONDS))[-1].is_final


async def _all(events: AsyncIterator[object]) -> list[object]:
    return [event async for event in events]


async def test_a_stop_lets_runs_end_within_its_time(stage: Stage, performed: Performed) -> None:
    performed.may_end.clear()
    await submitted(stage)
    await soon(lambda: performed.begun)
    asyncio.get_running_loop().call_later(0.3, performed.may_end.set)
    await stage.runner.stop(PATIENCE_SECONDS)

    assert performed.canceled == []


async def test_a_stop_leaves_a_run_that_takes_longer_to_the_next_process(
    stage: Stage, performed: Performed
) -> None:
    performed.may_end.clear()
    job = await submitted(stage)
    await soon(lambda: performed.begun)
    await stage.runner.stop(0.0)

    assert performed.canceled == [job]
    assert stage.database.read_now(_workflow_status, job) == "PENDING"


def _workflow_status(connection: sa.Connection, job: str) -> str:
    ask = sa.text("select status from workflow_status where workflow_uuid = :job")
    return connection.execute(ask, {"job": job}).scalar_one()


def test_a_message_of_one_place_is_let_through_once_in_ten_seconds() -> None:
    seldom = Seldom()
    record = logging.LogRecord("dbos", logging.WARNING, "file.py", 7, "away", None, None)

    def at(seconds: float) -> bool:
        record.created = seconds
        return seldom.filter(record)

    assert [at(second) for second in (100, 101, 109, 111)] == [True, False, False, True]
