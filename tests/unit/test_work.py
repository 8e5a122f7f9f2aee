"""A job's way through a worker, with an engine that has accidents by script."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE_SECONDS
from stage import PRICE, Stage, finish_track

from bandstand.blobs import Blobs, Stored
from bandstand.engines.host import Pcm
from bandstand.errors import EngineDied, Failed, Unavailable
from bandstand.jobs import EventKind, Status
from bandstand.service import cancel_unless_final
from bandstand.specs import MusicSpec
from bandstand.store import jobs
from bandstand.store.database import Database
from bandstand.work import RUNS_MAX


class BlobsAwayAtFirst:
    """A store of files that cannot be reached for the first few uploads."""

    def __init__(self, blobs: Blobs, times: int) -> None:
        self._blobs = blobs
        self.times = times

    async def put(self, key: str, data: bytes | Path) -> Stored:
        if self.times:
            self.times -= 1
            raise Unavailable
        return await self._blobs.put(key, data)


class BlobsWhileItPlays:
    """A store of files whose first upload takes until something else has happened."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def put(self, key: str, data: bytes | Path) -> Stored:
        self.begun.set()
        await self.may_end.wait()
        return await self._blobs.put(key, data)


async def test_a_job_that_is_made_has_its_track_stored(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path)
    job = stage.queued()
    await stage.work.perform(job)

    done = stage.job(job)
    assert done.track is not None
    assert (done.status, done.attempts, done.progress) == (Status.SUCCEEDED, 1, 1.0)
    assert await stage.blobs.get(done.track.key) == b"sound"


async def test_the_engine_is_asked_for_the_model_that_stands_in(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path)
    wished = MusicSpec(prompt="rain", model="stereo-large", seed=1)
    await stage.work.perform(stage.queued(spec=wished))

    assert [spec.model for spec in stage.host.specs] == ["fake"]


async def test_a_success_is_paid(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path)
    await stage.work.perform(stage.queued())

    assert stage.credits() == (100 - PRICE, 0)


async def test_a_success_leaves_the_spool_empty(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path)
    await stage.work.perform(stage.queued())

    assert list(stage.spool.iterdir()) == []


async def test_a_job_runs_again_alone_when_its_engine_died(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path, EngineDied())
    job = stage.queued()
    await stage.work.perform(job)

    assert stage.job(job).status is Status.SUCCEEDED
    assert stage.host.runs == [(1, False), (2, True)]


async def test_a_job_fails_when_its_engine_died_three_times(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path, *(EngineDied(f"death {number}") for number in (1, 2, 3)))
    job = stage.queued()
    await stage.work.perform(job)

    assert stage.job(job).status is Status.FAILED
    assert stage.job(job).error == "death 3"
    assert stage.credits() == (100, 0)


async def test_a_failure_is_final_at_once_and_free(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, Failed("The prompt cannot be played."))
    job = stage.queued()
    await stage.work.perform(job)

    assert stage.job(job).error == "The prompt cannot be played."
    assert len(stage.host.runs) == 1
    assert stage.credits() == (100, 0)


async def test_trouble_of_our_own_is_not_told_in_detail(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, ZeroDivisionError("secret"))
    job = stage.queued()
    await stage.work.perform(job)

    assert stage.job(job).error == "The server failed at this job."


async def test_a_canceled_job_is_not_made(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path)
    job = stage.queued()
    database.write_now(cancel_unless_final, stage.job(job))
    await stage.work.perform(job)

    assert stage.host.runs == []
    assert stage.job(job).status is Status.CANCELED


async def test_a_cancel_during_the_run_is_the_last_word(database: Database, tmp_path: Path) -> None:
    job = ""

    async def cancel(_listener: Any) -> None:
        await database.write(cancel_unless_final, stage.job(job))

    stage = Stage(database, tmp_path, cancel)
    job = stage.queued()
    await stage.work.perform(job)

    finals = [event for event in stage.events(job) if event.is_final]
    assert [event.detail["status"] for event in finals] == ["canceled"]
    assert stage.credits() == (100, 0)


async def test_a_run_that_was_handed_on_settles_nothing(database: Database, tmp_path: Path) -> None:
    job = ""

    async def hand_on(_listener: Any) -> None:
        await database.write(jobs.begin_attempt, job)

    stage = Stage(database, tmp_path, hand_on)
    job = stage.queued()
    await stage.work.perform(job)

    assert stage.job(job).status is Status.RUNNING
    assert stage.credits() == (100 - PRICE, PRICE)


async def test_news_of_a_run_that_was_handed_on_end_it(database: Database, tmp_path: Path) -> None:
    job = ""

    async def hand_on_and_go_on(listener: Any) -> None:
        await database.write(jobs.begin_attempt, job)
        listener.progress(0.5)
        await asyncio.Event().wait()

    stage = Stage(database, tmp_path, hand_on_and_go_on)
    job = stage.queued()
    await asyncio.wait_for(stage.work.perform(job), PATIENCE_SECONDS)

    assert stage.job(job).progress == 0.0


async def test_what_lies_finished_in_the_spool_is_not_made_again(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path)
    job = stage.queued()
    finish_track(stage.spool / job)
    await stage.work.perform(job)

    assert stage.host.runs == []
    assert stage.job(job).status is Status.SUCCEEDED


async def test_a_result_waits_until_the_store_of_files_is_back(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path)
    job = stage.queued()
    await stage.work_with(BlobsAwayAtFirst(stage.blobs, 2)).perform(job)

    assert stage.job(job).status is Status.SUCCEEDED
    assert len(stage.host.runs) == 1


async def test_a_job_waits_until_its_engine_starts(database: Database, tmp_path: Path) -> None:
    stage = Stage(database, tmp_path, Unavailable("no memory"), Unavailable("no memory"))
    job = stage.queued()
    await stage.work.perform(job)

    assert stage.job(job).status is Status.SUCCEEDED
    assert stage.job(job).attempts == 1


@pytest.mark.parametrize(("earlier", "alone"), [(0, False), (1, False), (2, True)])
async def test_a_job_is_alone_from_its_third_run_on(
    database: Database, tmp_path: Path, earlier: int, *, alone: bool
) -> None:
    stage = Stage(database, tmp_path)
    job = stage.queued(attempts=earlier)
    await stage.work.perform(job)

    assert stage.host.runs == [(earlier + 1, alone)]


async def test_a_job_that_ends_worker_after_worker_fails(
    database: Database, tmp_path: Path
) -> None:
    stage = Stage(database, tmp_path)
    job = stage.queued(attempts=RUNS_MAX)
    await stage.work.perform(job)

    assert stage.host.runs == []
    assert stage.job(job).status is Status.FAILED


async def test_news_come_at_most_four_times_a_second(database: Database, tmp_path: Path) -> None:
    async def report_often(listener: Any) -> None:
        for number in range(60):
            listener.progress(number / 60)
            listener.log(f"line {number}")
            await asyncio.sleep(0.01)

    stage = Stage(database, tmp_path, report_often)
    job = stage.queued()
    began = time.monotonic()
    await stage.work.perform(job)
    took = time.monotonic() - began

    events = stage.events(job)
    lines = [event.detail["line"] for event in events if event.kind is EventKind.LOG]
    assert lines == [f"line {number}" for number in range(60)]
    assert len([event for event in events if event.kind is EventKind.PROGRESS]) <= 4 * took + 2


async def test_the_last_news_come_before_the_end(database: Database, tmp_path: Path) -> None:
    async def report_late(listener: Any) -> None:
        listener.log("the last word")

    stage = Stage(database, tmp_path, report_late)
    job = stage.queued()
    await stage.work.perform(job)

    *_, log, progress, final = stage.events(job)
    assert log.detail["line"] == "the last word"
    assert progress.kind is EventKind.PROGRESS
    assert final.is_final


async def test_a_last_stretch_that_comes_while_another_is_stored_is_heard_too(
    database: Database, tmp_path: Path
) -> None:
    stretch = Pcm(b"\0\0" * 100, rate=32000, channels=1)

    async def play(listener: Any) -> None:
        listener.audio(stretch)
        await blobs.begun.wait()
        listener.audio(stretch)
        blobs.may_end.set()

    stage = Stage(database, tmp_path, play)
    blobs = BlobsWhileItPlays(stage.blobs)
    job = stage.queued()
    await stage.work_with(blobs).perform(job)

    told = [event.detail for event in stage.events(job) if event.kind is EventKind.AUDIO]
    assert sum(detail["frames"] for detail in told) == 200
