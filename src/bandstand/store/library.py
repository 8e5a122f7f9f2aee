"""Jobs as their owner keeps them: marked, searched, watched all at once, added up. Rows only; files are in the blobs.

A job has any of these marks: `favourite`, set by its owner, and `example`, set when the house made it as a gift.
"""

from __future__ import annotations

import enum
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from bandstand.jobs import Job, Status
from bandstand.specs import Kind
from bandstand.store import accounts
from bandstand.store import jobs as rows
from bandstand.store.tables import jobs, ledger, marks
from bandstand.store.words import terms

DAY_SECONDS = 86400.0


class Mark(enum.StrEnum):
    """What a job may be marked as."""

    FAVOURITE = "favourite"
    EXAMPLE = "example"


@dataclass(frozen=True)
class Kept:
    """A job in its owner's library. ahead: how many jobs are before a queued one."""

    job: Job
    marks: frozenset[Mark]
    ahead: int | None = None


@dataclass(frozen=True)
class Shelf:
    """One page of a library, newest first; older: the cursor of the next one."""

    kept: Sequence[Kept]
    older: str | None


@dataclass(frozen=True)
class State:
    """What of a job can change while somebody watches; two that are equal look the same. times: UTC seconds"""

    status: Status
    progress: float
    attempts: int
    ahead: int | None
    marks: frozenset[Mark]
    created: float = field(compare=False)
    finished: float | None = field(compare=False)


@dataclass
class Sum:
    """Pieces that succeeded. seconds: of sound; price: millicredits"""

    jobs: int = 0
    seconds: float = 0.0
    price: int = 0


@dataclass(frozen=True)
class Use:
    """What an account made and paid. days: by the number of the day since 1970, UTC"""

    days: Mapping[int, Sum]
    models: Mapping[str, Sum]


def mark(connection: sa.Connection, job_id: str, as_: Mark) -> None:
    """Nothing changes when it is marked so already, or gone."""
    there = sa.select(marks.c.job).where(marks.c.job == job_id, marks.c.mark == as_.value)
    one = sa.select(jobs.c.id, sa.literal(as_.value)).where(jobs.c.id == job_id, ~there.exists())
    connection.execute(marks.insert().from_select(["job", "mark"], one))


def unmark(connection: sa.Connection, job_id: str, as_: Mark) -> None:
    connection.execute(marks.delete().where(marks.c.job == job_id, marks.c.mark == as_.value))


def shelf(
    connection: sa.Connection,
    account: str,
    *,
    cursor: str | None,
    size: int,
    search: str = "",
    kind: Kind | None = None,
    favourites: bool = False,
) -> Shelf:
    """The account's jobs, newest first.

    search      words that must all be in the prompt
    favourites  only those
    raises      Invalid for a cursor that is not ours
    """
    only = [jobs.c.words.contains(term, autoescape=True) for term in terms(search)]
    if favourites:
        is_one = (marks.c.job == jobs.c.id, marks.c.mark == Mark.FAVOURITE.value)
        only.append(sa.select(marks.c.job).where(*is_one).exists())
    page = rows.page(
        connection, account, origin=None, cursor=cursor, size=size, kind=kind, only=only
    )
    return Shelf(_kept(connection, page.jobs), page.older)


def several(connection: sa.Connection, account: str, job_ids: Collection[str]) -> Sequence[Kept]:
    """Those of the jobs that are there and the account's."""
    page = rows.page(
        connection,
        account,
        origin=None,
        cursor=None,
        size=len(job_ids),
        only=[jobs.c.id.in_(job_ids)],
    )
    return _kept(connection, page.jobs)


def states(connection: sa.Connection, account: str, count: int) -> dict[str, State]:
    """How the account's newest jobs stand, newest first."""
    other = jobs.alias()
    ahead = (
        sa.select(sa.func.count())
        .select_from(other)
        .where(
            other.c.status == Status.QUEUED.value,
            other.c.engine == jobs.c.engine,
            other.c.created_at < jobs.c.created_at,
        )
        .scalar_subquery()
    )
    found = connection.execute(
        sa.select(
            jobs.c.id,
            jobs.c.status,
            jobs.c.progress,
            jobs.c.attempts,
            jobs.c.created_at,
            jobs.c.finished_at,
            sa.case((jobs.c.status == Status.QUEUED.value, ahead)).label("ahead"),
        )
        .where(jobs.c.account == account)
        .order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
        .limit(count)
    ).all()
    marked = _marks_of(connection, [row.id for row in found])
    return {
        row.id: State(
            status=Status(row.status),
            progress=row.progress,
            attempts=row.attempts,
            ahead=row.ahead,
            marks=marked[row.id],
            created=row.created_at,
            finished=row.finished_at,
        )
        for row in found
    }


def count(connection: sa.Connection, account: str) -> int:
    """How many jobs the account has, whatever became of them."""
    one = sa.select(sa.func.count()).where(jobs.c.account == account)
    return connection.execute(one).scalar_one()


def use(connection: sa.Connection, account: str, days: int) -> Use:
    """What the account made on the latest days, today included. What was removed is paid, but not counted."""
    first = int(time.time() // DAY_SECONDS) - days + 1
    by_day: dict[int, Sum] = {day: Sum() for day in range(first, first + days)}
    by_model: dict[str, Sum] = defaultdict(Sum)
    made = connection.execute(
        sa.select(jobs.c.model, jobs.c.created_at, jobs.c.spec).where(
            jobs.c.account == account,
            jobs.c.status == Status.SUCCEEDED.value,
            jobs.c.created_at >= first * DAY_SECONDS,
        )
    )
    for row in made:
        for total in (by_day.get(int(row.created_at // DAY_SECONDS)), by_model[row.model]):
            if total is not None:
                total.jobs += 1
                total.seconds += row.spec.get("seconds", 0.0)
    paid = connection.execute(
        sa.select(ledger.c.amount, ledger.c.at, jobs.c.model)
        .join(jobs, jobs.c.id == ledger.c.job, isouter=True)
        .where(
            ledger.c.pocket == accounts.held_pocket(account),
            ledger.c.kind == "capture",
            ledger.c.at >= first * DAY_SECONDS,
        )
    )
    for row in paid:
        for total in (by_day.get(int(row.at // DAY_SECONDS)), by_model[row.model or "removed"]):
            if total is not None:
                total.price -= row.amount
    return Use(by_day, by_model)


def _kept(connection: sa.Connection, found: Sequence[Job]) -> Sequence[Kept]:
    marked = _marks_of(connection, [job.id for job in found])
    return [
        Kept(
            job,
            marked[job.id],
            rows.ahead_of(connection, job) if job.status is Status.QUEUED else None,
        )
        for job in found
    ]


def _marks_of(connection: sa.Connection, job_ids: Sequence[str]) -> Mapping[str, frozenset[Mark]]:
    marked: dict[str, set[Mark]] = {job_id: set() for job_id in job_ids}
    for row in connection.execute(sa.select(marks).where(marks.c.job.in_(job_ids))):
        marked[row.job].add(Mark(row.mark))
    return {job_id: frozenset(found) for job_id, found in marked.items()}
