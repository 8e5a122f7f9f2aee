"""Jobs and accounts in rows, for tests of what stands on the store."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from bandstand.jobs import Job, Status, Times, new_id, new_number
from bandstand.specs import MusicSpec
from bandstand.store import accounts, jobs
from bandstand.store.database import Database

JOB = Job(
    id="",
    account="",
    origin="native",
    asked={"prompt": "rain"},
    spec=MusicSpec(prompt="rain", seed=1),
    model="fake",
    engine="fake",
    status=Status.QUEUED,
    progress=0.0,
    outputs=(),
    error=None,
    price=1000,
    hook=None,
    times=Times(created=0.0),
    attempts=0,
    number=0,
)


def job_for(account: str, *, created: float = 1_700_000_000.0, **changes: Any) -> Job:
    return dataclasses.replace(
        JOB,
        id=new_id(),
        account=account,
        number=new_number(),
        times=Times(created=created),
        **changes,
    )


def stored_job(database: Database, account: str, **changes: Any) -> Job:
    job = job_for(account, **changes)
    database.write_now(jobs.insert, job)
    return job


def new_account(database: Database, name: str = "ada", *, credits_given: int = 0) -> str:
    def make(connection: sa.Connection) -> str:
        account = accounts.create_account(connection, name, metered=False)
        if credits_given:
            accounts.grant(connection, account, credits_given)
        return account

    return database.write_now(make)


def one_of(ask: Callable[[], Any], error: type[Exception]) -> Any:
    """What was answered, or None when it was refused with that error."""
    try:
        return ask()
    except error:
        return None
