"""What the sweep puts right, one pass at a time, on SQLite: nothing in it knows which database it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from stage import QUEUED, Stage, finish_track

from bandstand.engines import spool
from bandstand.errors import NotFound
from bandstand.jobs import Status
from bandstand.service import cancel_unless_final
from bandstand.store import jobs
from bandstand.store.database import Database
from bandstand.sweep import Keep, Sweep

KEEP = Keep(3600.0, record=False)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/bandstand.db"


@pytest.fixture
def stage(database: Database, tmp_path: Path) -> Iterator[Stage]:
    """With the queue's tables, and nobody who works."""
    stage = Stage(database, tmp_path)
    stage.runner.prepare({"fake": 8})
    yield stage
    stage.runner._client.destroy()
    stage.runner._engine.dispose()


@pytest.fixture
def sweep(stage: Stage) -> Sweep:
    keep = {"native": KEEP}
    return Sweep(stage.database, stage.blobs, stage.runner, keep, spool=stage.spool)


def submitted(stage: Stage) -> str:
    """A queued job that has its place in the queue."""
    job = stage.queued()
    stage.database.write_now(stage.runner.submit, stage.job(job))
    return job


async def test_a_job_without_a_workflow_gets_one(stage: Stage, sweep: Sweep) -> None:
    job = stage.queued()

    assert await sweep.adopt_orphans(time.time()) == 1
    assert await stage.runner.unknown([job]) == []


async def test_a_job_with_a_workflow_is_left_alone(stage: Stage, sweep: Sweep) -> None:
    submitted(stage)

    assert await sweep.adopt_orphans(time.time()) == 0


async def test_a_job_that_has_just_come_is_left_alone(stage: Stage, sweep: Sweep) -> None:
    stage.queued()

    assert await sweep.adopt_orphans(QUEUED.times.created - 1) == 0


async def test_an_unfinished_job_whose_workflow_ended_gets_a_new_one(
    stage: Stage, sweep: Sweep
) -> None:
    job = submitted(stage)
    _set_workflow(stage, "ERROR")

    assert await sweep.adopt_orphans(time.time()) == 1
    assert await stage.runner.unknown([job]) == []


async def test_a_job_that_this_process_claimed_and_never_began_is_adopted_at_the_second_look(
    stage: Stage, sweep: Sweep
) -> None:
    submitted(stage)
    _set_workflow(stage, "PENDING", stage.runner.executor)

    assert await sweep.adopt_orphans(time.time()) == 0
    assert await sweep.adopt_orphans(time.time()) == 1


async def test_a_job_that_another_process_claimed_is_left_to_it(stage: Stage, sweep: Sweep) -> None:
    submitted(stage)
    _set_workflow(stage, "PENDING", "another process")

    assert await sweep.adopt_orphans(time.time()) == 0
    assert await sweep.adopt_orphans(time.time()) == 0


async def test_the_spool_of_a_job_that_goes_on_is_kept(stage: Stage, sweep: Sweep) -> None:
    finish_track(stage.spool / stage.queued())

    assert await sweep.clear_spool() == 0


async def test_the_spool_of_a_job_that_is_over_is_cleared(stage: Stage, sweep: Sweep) -> None:
    job = stage.queued()
    finish_track(stage.spool / job)
    spool.aside(stage.spool / job)
    stage.database.write_now(cancel_unless_final, stage.job(job))

    assert await sweep.clear_spool() == 2
    assert list(stage.spool.iterdir()) == []


async def test_a_job_that_was_kept_long_enough_is_removed_with_its_files(
    stage: Stage, sweep: Sweep
) -> None:
    job = stage.queued()
    await stage.work.perform(job)
    track = stage.job(job).track
    assert track is not None

    assert await sweep.remove_old("native", KEEP, time.time() + 3601) == 1
    assert stage.database.read_now(jobs.find, job) is None
    with pytest.raises(NotFound):
        await stage.blobs.get(track.key)


async def test_a_job_that_finished_lately_is_kept(stage: Stage, sweep: Sweep) -> None:
    job = stage.queued()
    await stage.work.perform(job)

    assert await sweep.remove_old("native", KEEP, time.time()) == 0
    assert stage.job(job).status is Status.SUCCEEDED


async def test_an_unfinished_job_is_never_removed(stage: Stage, sweep: Sweep) -> None:
    stage.queued()

    assert await sweep.remove_old("native", KEEP, time.time() + 3601) == 0


def _set_workflow(stage: Stage, status: str, executor: str | None = None) -> None:
    """The only workflow there is, as DBOS would have left it."""
    change = sa.text("update workflow_status set status = :status, executor_id = :executor")
    stage.database.write_now(
        lambda connection: connection.execute(change, {"status": status, "executor": executor})
    )
