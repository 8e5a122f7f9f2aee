"""Jobs and events as rows: one guarded update per transition, pages that stay put, numbers without gaps."""

from __future__ import annotations

import asyncio
import itertools
import random

import pytest
from orders import job_for, new_account, stored_job

from bandstand.errors import Invalid
from bandstand.jobs import MAY_FOLLOW, Artifact, EventKind, Hook, HookEvent, Status
from bandstand.specs import ImageSpec, Kind, MusicSpec, Sampling, Source, Span
from bandstand.store import jobs
from bandstand.store.database import Database

TRACK = Artifact(
    name="track.wav",
    kind="audio",
    media_type="audio/wav",
    key="jobs/x/track.wav",
    bytes=44,
    sha256="0" * 64,
    about={"seconds": 8.0, "lufs": None},
)
PATHS = {
    Status.QUEUED: [],
    Status.RUNNING: [Status.RUNNING],
    Status.SUCCEEDED: [Status.RUNNING, Status.SUCCEEDED],
    Status.FAILED: [Status.RUNNING, Status.FAILED],
    Status.CANCELED: [Status.CANCELED],
}

FOREIGN_CURSORS = [
    "",
    "o",
    "x1-a",
    "o1",
    "onan-a",
    "oinf-a",
    "o-1-a",
    "o1e99-a",
    "o1-a'--",
    "o1-\x00",
    "🎵",
]


def numbers(database: Database, job_id: str) -> list[int]:
    return [event.number for event in database.read_now(jobs.events_after, job_id, 0)]


def test_job_comes_back_as_it_was_stored(database: Database):
    spec = MusicSpec(
        prompt="🎵 \N{RIGHT-TO-LEFT OVERRIDE}'; DROP TABLE jobs\x00\r\n\x1b[31m<script>",
        seed=2**63 - 1,
        continues=Span(source=Source(uri="https://example.org/a.wav"), start=1.5),
        sampling=Sampling(temperature=0.1, top_k=2**40),
    )
    job = job_for(
        new_account(database),
        spec=spec,
        asked={"prompt": spec.prompt, "half a pair": "\ud83c"},
        hook=Hook(url="https://example.org/hook", events=frozenset({HookEvent.COMPLETED})),
    )

    database.write_now(jobs.insert, job)

    assert database.read_now(jobs.find, job.id) == job


def test_status_changes_only_where_it_may(database: Database):
    account = new_account(database)
    for before, to in itertools.product(PATHS, [to for to in Status if to is not Status.QUEUED]):
        job = stored_job(database, account)
        for step in PATHS[before]:
            assert database.write_now(jobs.move, job.id, step)
        seen = numbers(database, job.id)

        moved = database.write_now(jobs.move, job.id, to)

        found = database.read_now(jobs.find, job.id)
        assert found
        assert moved == (to in MAY_FOLLOW[before])
        assert found.status == (to if moved else before)
        assert len(numbers(database, job.id)) == len(seen) + moved


async def test_of_many_who_finish_a_job_one_wins(database: Database):
    job = stored_job(database, new_account(database))
    await database.write(jobs.begin_attempt, job.id)

    won = await asyncio.gather(
        *(
            database.write(jobs.finish, job.id, to)
            for to in (Status.SUCCEEDED, Status.FAILED, Status.CANCELED) * 5
        )
    )

    events = await database.read(jobs.events_after, job.id, 0)
    assert won.count(True) == 1
    assert [event.is_final for event in events] == [False, False, True]


def test_run_that_is_not_the_latest_cannot_finish_or_report(database: Database):
    job = stored_job(database, new_account(database))
    for _ in range(2):
        database.write_now(jobs.begin_attempt, job.id)
    news = [(EventKind.LOG, {"line": "from the dead"})]

    assert not database.write_now(jobs.finish, job.id, Status.SUCCEEDED, attempt=1)
    assert not database.write_now(jobs.report, job.id, attempt=1, fraction=0.5, news=news)
    assert database.write_now(jobs.report, job.id, attempt=2, fraction=0.5, news=news)
    assert database.write_now(jobs.finish, job.id, Status.SUCCEEDED, attempt=2, outputs=[TRACK])
    found = database.read_now(jobs.find, job.id)
    assert found
    assert (found.outputs, found.progress, found.attempts) == ((TRACK,), 1.0, 2)


def test_begun_again_keeps_when_it_was_first_begun(database: Database):
    job = stored_job(database, new_account(database))

    first = database.write_now(jobs.begin_attempt, job.id)
    second = database.write_now(jobs.begin_attempt, job.id)

    assert first
    assert second
    assert (first.attempts, second.attempts) == (1, 2)
    assert first.times.started == second.times.started is not None


def test_canceled_job_is_not_begun(database: Database):
    job = stored_job(database, new_account(database))
    database.write_now(jobs.finish, job.id, Status.CANCELED)

    assert database.write_now(jobs.begin_attempt, job.id) is None
    assert database.write_now(jobs.begin_attempt, "unknown") is None


async def test_events_are_numbered_from_one_without_gaps(database: Database):
    several = [stored_job(database, new_account(database)) for _ in range(2)]
    for job in several:
        await database.write(jobs.begin_attempt, job.id)

    await asyncio.gather(
        *(
            database.write(
                jobs.report,
                job.id,
                attempt=1,
                fraction=0.5,
                news=[(EventKind.LOG, {"line": "a"}), (EventKind.PROGRESS, {"fraction": 0.5})],
            )
            for job in several * 15
        )
    )

    for job in several:
        assert numbers(database, job.id) == list(range(1, 2 + 2 * 15 + 1))
    assert await database.read(jobs.last_numbers, [several[0].id, "none"]) == {several[0].id: 32}


def test_events_of_jobs_are_read_from_where_one_stopped(database: Database):
    job = stored_job(database, new_account(database))
    database.write_now(jobs.begin_attempt, job.id)
    database.write_now(jobs.finish, job.id, Status.FAILED, error="no strings left")

    told = [
        (event.number, event.detail) for event in database.read_now(jobs.events_after, job.id, 1)
    ]

    assert told == [
        (2, {"status": "running"}),
        (3, {"status": "failed", "error": "no strings left"}),
    ]


def test_logs_are_the_lines_in_their_order(database: Database):
    job = stored_job(database, new_account(database))
    database.write_now(jobs.begin_attempt, job.id)
    for line in ("one", "two"):
        news = [(EventKind.LOG, {"line": line})]
        database.write_now(jobs.report, job.id, attempt=1, fraction=0.1, news=news)

    assert database.read_now(jobs.logs_of, [job.id, "none"]) == {job.id: "one\ntwo\n", "none": ""}


def test_pages_show_every_job_once_though_some_share_their_time(database: Database):
    account = new_account(database)
    stored = [stored_job(database, account, created=1e9 + i // 3) for i in range(23)]
    expected = [
        job.id for job in sorted(stored, key=lambda job: (job.times.created, job.id), reverse=True)
    ]

    seen, cursor = [], None
    while True:
        page = database.read_now(jobs.page, account, origin=None, cursor=cursor, size=5)
        seen.append([job.id for job in page.jobs])
        cursor = page.older
        if cursor is None:
            break

    assert list(itertools.chain(*seen)) == expected
    back = [seen[-1]]
    while page.newer:
        page = database.read_now(jobs.page, account, origin=None, cursor=page.newer, size=5)
        back.insert(0, [job.id for job in page.jobs])
    assert back == seen


def test_pages_stay_put_while_jobs_are_added_and_removed(database: Database):
    account = new_account(database)
    stored = [stored_job(database, account, created=1e9 + i) for i in range(30)]
    chance = random.Random(7)

    seen: list[str] = []
    cursor = None
    for turn in itertools.count():
        page = database.read_now(jobs.page, account, origin=None, cursor=cursor, size=4)
        seen += [job.id for job in page.jobs]
        if (cursor := page.older) is None:
            break
        stored_job(database, account, created=1e9 + 100 + turn)
        shown = chance.choice(seen)
        database.write_now(jobs.finish, shown, Status.CANCELED)
        database.write_now(jobs.delete, shown)

    assert seen == [job.id for job in reversed(stored)]


def test_page_shows_only_jobs_of_its_account_and_origin(database: Database):
    ada, bob = new_account(database, "ada"), new_account(database, "bob")
    mine = stored_job(database, ada)
    foreign = stored_job(database, ada, origin="replicate")
    stored_job(database, bob)

    def ids(origin: str | None) -> set[str]:
        page = database.read_now(jobs.page, ada, origin=origin, cursor=None, size=9)
        return {job.id for job in page.jobs}

    assert ids("native") == {mine.id}
    assert ids(None) == {mine.id, foreign.id}


def test_page_shows_only_jobs_of_its_kind(database: Database):
    ada = new_account(database)
    music = stored_job(database, ada)
    image = stored_job(database, ada, spec=ImageSpec(prompt="rain"))

    shown = [
        [
            job.id
            for job in database.read_now(
                jobs.page, ada, origin=None, cursor=None, size=9, kind=kind
            ).jobs
        ]
        for kind in Kind
    ]

    assert shown == [[music.id], [image.id]]


def test_numbered_pages_hold_the_jobs_of_one_model_newest_first(database: Database):
    ada, eve = new_account(database), new_account(database, "eve")
    spec = ImageSpec(prompt="a \x00 '; DROP TABLE jobs", model="sdxl")
    mine = [stored_job(database, ada, spec=spec, created=1e9 + at) for at in range(5)]
    stored_job(database, eve, spec=spec)
    stored_job(database, ada, spec=ImageSpec(prompt="rain"), model="sdxl")
    stored_job(database, ada, spec=spec, origin="leap")
    database.write_now(jobs.finish, mine[2].id, Status.CANCELED)

    def told(status: Status | None, offset: int) -> list[str]:
        wanted = {"origin": "native", "model": "sdxl", "status": status}
        found = database.read_now(jobs.of_model, ada, **wanted, offset=offset, size=2)
        return [job.id for job in found]

    ids = [job.id for job in reversed(mine)]
    assert [told(None, offset) for offset in (0, 2, 4, 6)] == [ids[:2], ids[2:4], ids[4:], []]
    assert told(Status.CANCELED, 0) == [mine[2].id]


def test_cursor_that_is_not_ours_is_refused(database: Database):
    for cursor in FOREIGN_CURSORS:
        with pytest.raises(Invalid, match="cursor"):
            database.read_now(jobs.page, "ada", origin=None, cursor=cursor, size=5)


def test_deleted_job_leaves_nothing_and_an_unfinished_one_stays(database: Database):
    account = new_account(database)
    running, over = stored_job(database, account), stored_job(database, account)
    database.write_now(jobs.finish, over.id, Status.CANCELED)

    assert not database.write_now(jobs.delete, running.id)
    assert database.write_now(jobs.delete, over.id)
    assert database.read_now(jobs.find, over.id) is None
    assert numbers(database, over.id) == []
    assert numbers(database, running.id) == [1]


def test_unfinished_jobs_are_counted_for_one_and_for_all(database: Database):
    ada, bob = new_account(database, "ada"), new_account(database, "bob")
    over = stored_job(database, ada)
    database.write_now(jobs.finish, over.id, Status.CANCELED)
    for account in (ada, ada, bob):
        stored_job(database, account, created=1e9)

    assert database.read_now(jobs.count_active, ada) == 2
    assert database.read_now(jobs.count_active) == 3
    assert database.read_now(jobs.waiting) == {("fake", "queued"): (3, 1e9)}


def test_place_in_the_queue_counts_who_waits_longer_for_the_same_engine(database: Database):
    account = new_account(database)
    stored_job(database, account, created=1e9)
    stored_job(database, account, created=1e9, engine="other")
    running = stored_job(database, account, created=1e9)
    database.write_now(jobs.begin_attempt, running.id)
    job = stored_job(database, account, created=1e9 + 1)

    assert database.read_now(jobs.ahead_of, job) == 1


def test_old_and_finished_jobs_are_found_for_removal(database: Database):
    account = new_account(database)
    over, waiting = (stored_job(database, account, created=1e9) for _ in range(2))
    database.write_now(jobs.finish, over.id, Status.CANCELED)

    def old(before: float) -> list[str]:
        return database.read_now(jobs.finished_before, "native", before, False, 10)

    assert old(4e9) == [over.id]
    assert old(1.5e9) == []
    assert [j.id for j in database.read_now(jobs.active_before, 2e9, 10)] == [waiting.id]
    assert database.read_now(jobs.canceled_among, [over.id, waiting.id]) == {over.id}
