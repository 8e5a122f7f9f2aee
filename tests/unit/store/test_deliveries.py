"""Which webhooks are written down, in which order they come due, and that one sender at a time has one in hand."""

from __future__ import annotations

import asyncio
import contextlib
import time

import sqlalchemy as sa
from orders import new_account, stored_job

from bandstand.jobs import EventKind, Hook, HookEvent, Job, Status
from bandstand.store import deliveries, jobs, tables
from bandstand.store.database import Database
from bandstand.store.deliveries import DELIVERED, FAILED, Delivery

EVERYTHING = Hook(url="https://example.org/hook", events=frozenset(HookEvent))
LEASE_SECONDS = 20.0


def hooked_job(database: Database, *, hook: Hook = EVERYTHING, account: str = "ada") -> Job:
    """A job that runs for the first time."""
    job = stored_job(database, new_account(database, account), hook=hook)
    begun = database.write_now(jobs.begin_attempt, job.id)
    assert begun
    return begun


def log(database: Database, job: Job, line: str = "la") -> None:
    news = [(EventKind.LOG, {"line": line})]
    assert database.write_now(jobs.report, job.id, attempt=1, fraction=0.5, news=news)


def due(database: Database, **besides: object) -> list[Delivery]:
    return database.read_now(deliveries.due, limit=100, **besides)


def take(database: Database) -> Delivery:
    (first, *_) = due(database)
    assert database.write_now(deliveries.claim, first, lease_seconds=LEASE_SECONDS)
    return first


def settle(database: Database, delivery: Delivery, status: str = DELIVERED) -> None:
    database.write_now(deliveries.settle, delivery.id, delivery.attempts + 1, status, "")


def written(database: Database) -> list[HookEvent]:
    return [each.event for each in reversed(database.read_now(deliveries.newest, 100))]


def test_only_what_was_asked_for_is_written(database: Database):
    job = hooked_job(
        database, hook=Hook(url="https://example.org", events=frozenset({HookEvent.COMPLETED}))
    )
    log(database, job)
    database.write_now(jobs.finish, job.id, Status.SUCCEEDED)

    assert written(database) == [HookEvent.COMPLETED]


def test_a_story_is_written_in_its_order(database: Database):
    job = hooked_job(database)
    database.write_now(jobs.finish, job.id, Status.SUCCEEDED)

    assert written(database) == [HookEvent.START, HookEvent.OUTPUT, HookEvent.COMPLETED]


def test_change_that_is_taken_back_announces_nothing(database: Database):
    job = hooked_job(database)

    def change_mind(connection: sa.Connection) -> None:
        jobs.finish(connection, job.id, Status.SUCCEEDED)
        raise LookupError

    with contextlib.suppress(LookupError):
        database.write_now(change_mind)

    assert written(database) == [HookEvent.START]


def test_second_run_does_not_announce_a_second_start(database: Database):
    job = hooked_job(database)
    database.write_now(jobs.begin_attempt, job.id)

    assert written(database) == [HookEvent.START]


def test_messages_about_a_job_are_due_one_after_the_other(database: Database):
    job = hooked_job(database)
    database.write_now(jobs.finish, job.id, Status.SUCCEEDED)
    seen: list[HookEvent] = []
    while due(database):
        (only,) = due(database)
        take(database)
        assert due(database) == []
        settle(database, only, FAILED)
        seen.append(only.event)

    assert seen == [HookEvent.START, HookEvent.OUTPUT, HookEvent.COMPLETED]


def test_messages_about_other_jobs_do_not_wait(database: Database):
    first, second = hooked_job(database, account="a"), hooked_job(database, account="b")

    assert {each.job for each in due(database)} == {first.id, second.id}


def test_logs_that_wait_are_told_by_one_message(database: Database):
    job = hooked_job(database)
    for _ in range(5):
        log(database, job)

    assert written(database) == [HookEvent.START, HookEvent.LOGS]


def test_logs_are_due_again_half_a_second_after_they_were_told(database: Database):
    job = hooked_job(database)
    settle(database, take(database))
    log(database, job)
    settle(database, take(database))
    log(database, job)

    told_ago(database, -60.0)  # the clock goes on meanwhile
    assert due(database) == []
    told_ago(database, deliveries.APART_SECONDS)
    assert [each.event for each in due(database)] == [HookEvent.LOGS]


def told_ago(database: Database, seconds: float) -> None:
    """As if what was sent had been sent then."""
    rows = tables.deliveries
    change = rows.update().where(rows.c.tried_at.is_not(None))
    database.write_now(lambda c: c.execute(change.values(tried_at=time.time() - seconds)))


def test_the_last_word_makes_waiting_logs_needless(database: Database):
    job = hooked_job(database)
    log(database, job)
    database.write_now(jobs.finish, job.id, Status.FAILED, error="no")

    assert written(database) == [HookEvent.START, HookEvent.COMPLETED]


async def test_of_many_senders_one_gets_a_message(database: Database):
    hooked_job(database)
    (message,) = due(database)

    won = await asyncio.gather(
        *(database.write(deliveries.claim, message, lease_seconds=LEASE_SECONDS) for _ in range(10))
    )

    assert won.count(True) == 1


def test_message_in_the_hand_of_a_dead_sender_comes_due_again(database: Database):
    hooked_job(database)
    (message,) = due(database)
    database.write_now(deliveries.claim, message, lease_seconds=0.05)
    time.sleep(0.1)

    (again,) = due(database)

    assert (again.id, again.attempts) == (message.id, 1)


def test_sender_whose_lease_ran_out_is_not_heard(database: Database):
    hooked_job(database)
    (late,) = due(database)
    database.write_now(deliveries.claim, late, lease_seconds=0.0)
    settle(database, take(database))

    settle(database, late, FAILED)

    (stored,) = database.read_now(deliveries.newest, 1)
    assert (stored.status, stored.attempts) == (DELIVERED, 2)


def test_settled_message_can_be_sent_again_and_an_open_one_cannot(database: Database):
    hooked_job(database)
    message = take(database)

    assert not database.write_now(deliveries.send_again, message.id)
    settle(database, message, FAILED)
    assert database.write_now(deliveries.send_again, message.id)
    assert [(each.id, each.attempts) for each in due(database)] == [(message.id, 0)]


def test_busy_accounts_are_passed_over(database: Database):
    busy, other = hooked_job(database, account="a"), hooked_job(database, account="b")

    assert [each.job for each in due(database, besides=[busy.account])] == [other.id]


def test_each_account_sees_its_own_messages_only(database: Database):
    mine, _ = hooked_job(database, account="a"), hooked_job(database, account="b")

    assert {
        each.job for each in database.read_now(deliveries.newest, 10, account=mine.account)
    } == {mine.id}


def test_messages_go_with_their_job(database: Database):
    job = hooked_job(database)
    database.write_now(jobs.finish, job.id, Status.CANCELED)

    database.write_now(jobs.delete, job.id)

    assert written(database) == []
