"""Waiting for news of jobs: nobody waits in vain, and nobody asks the database alone."""

from __future__ import annotations

import asyncio
import time

import pytest
import sqlalchemy as sa
from orders import new_account, stored_job
from patience import PATIENCE_SECONDS, soon

from bandstand.bulletin import TICK_SECONDS, Bulletin
from bandstand.jobs import Status
from bandstand.store import jobs
from bandstand.store.database import Database, open_database


@pytest.fixture
def database(emptied_database: Database) -> Database:
    return emptied_database


@pytest.fixture
def bulletin(database: Database) -> Bulletin:
    return Bulletin(database)


async def statuses(bulletin: Bulletin, job_id: str, after: int = 0) -> list[str]:
    return [event.detail["status"] async for event in bulletin.events(job_id, after)]


async def test_events_end_with_the_final_one(database: Database, bulletin: Bulletin):
    job = stored_job(database, new_account(database))
    watching = [asyncio.create_task(statuses(bulletin, job.id)) for _ in range(3)]

    for change in (jobs.begin_attempt, lambda c, i: jobs.finish(c, i, Status.FAILED, error="x")):
        await asyncio.sleep(0.02)
        await database.write(change, job.id)
        bulletin.ring(job.id)

    assert await asyncio.gather(*watching) == [["queued", "running", "failed"]] * 3


async def test_what_another_process_did_is_seen_though_nobody_rings(
    database: Database, bulletin: Bulletin
):
    job = stored_job(database, new_account(database))
    watching = asyncio.create_task(statuses(bulletin, job.id))
    await asyncio.sleep(0.02)

    await database.write(jobs.finish, job.id, Status.CANCELED)

    assert await asyncio.wait_for(watching, PATIENCE_SECONDS) == ["queued", "canceled"]


async def test_watching_begins_after_what_was_seen(database: Database, bulletin: Bulletin):
    job = stored_job(database, new_account(database))
    await database.write(jobs.begin_attempt, job.id)
    await database.write(jobs.finish, job.id, Status.SUCCEEDED)

    assert await statuses(bulletin, job.id, 1) == ["running", "succeeded"]
    assert await statuses(bulletin, job.id, 2) == ["succeeded"]


async def test_who_has_seen_the_end_or_asks_for_a_job_that_is_gone_is_told_nothing(
    database: Database, bulletin: Bulletin
):
    job = stored_job(database, new_account(database))
    await database.write(jobs.finish, job.id, Status.CANCELED)

    for job_id, after in [(job.id, 2), (job.id, 99), ("gone", 0)]:
        assert await asyncio.wait_for(statuses(bulletin, job_id, after), PATIENCE_SECONDS) == []


async def test_watching_ends_when_the_job_is_deleted_unseen(database: Database, bulletin: Bulletin):
    job = stored_job(database, new_account(database))
    watching = asyncio.create_task(statuses(bulletin, job.id))
    await asyncio.sleep(0.02)

    def cancel_and_delete(connection: sa.Connection) -> None:
        jobs.finish(connection, job.id, Status.CANCELED)
        jobs.delete(connection, job.id)

    await database.write(cancel_and_delete)

    assert await asyncio.wait_for(watching, PATIENCE_SECONDS) == ["queued"]


async def test_waiting_ends_when_its_time_is_over(database: Database, bulletin: Bulletin):
    job = stored_job(database, new_account(database))

    began = time.monotonic()
    await bulletin.changed(job.id, 1, 0.1)

    assert time.monotonic() - began > 0.09


async def test_hundred_who_wait_cost_one_query_a_tick_and_none_when_they_left(
    database: Database, bulletin: Bulletin
):
    job = stored_job(database, new_account(database))
    queries: list[str] = []
    sa.event.listen(
        database.engine, "before_cursor_execute", lambda _c, _k, text, *_: queries.append(text)
    )

    began = time.monotonic()
    waiting = [asyncio.create_task(bulletin.changed(job.id, 1)) for _ in range(100)]
    asked = await soon(lambda: len(queries), lambda count: count >= 3)
    took = time.monotonic() - began
    bulletin.ring(job.id)
    await asyncio.gather(*waiting)
    left = len(queries)
    await asyncio.sleep(2 * TICK_SECONDS)

    assert asked <= took / TICK_SECONDS + 1
    assert len(queries) - left <= 1


async def test_database_that_is_away_for_a_while_ends_no_wait(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/not-yet-migrated.db")
    bulletin = Bulletin(database)
    waiting = asyncio.create_task(bulletin.changed("a", 0))

    await asyncio.sleep(2 * TICK_SECONDS)

    assert not waiting.done()
    bulletin.ring("a")
    await waiting
    database.close()
