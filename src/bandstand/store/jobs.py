"""Jobs and their events as rows. Every change of status goes through `move`, one guarded statement.

All functions take the connection of a unit of work (`database.py`), so that a caller can join several in one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from bandstand.errors import Invalid
from bandstand.jobs import (
    FINAL,
    Artifact,
    Event,
    EventKind,
    Hook,
    HookEvent,
    Job,
    Status,
    Times,
    may_precede,
)
from bandstand.specs import Kind, spec_from_json, spec_to_json
from bandstand.store import deliveries
from bandstand.store.tables import events, jobs
from bandstand.store.words import folded

ACTIVE = (Status.QUEUED, Status.RUNNING)

# What runs with every job is built once: to build a statement takes longer than to run it.
_COUNT = sa.select(sa.func.count()).where(jobs.c.status.in_([status.value for status in ACTIVE]))
_COUNT_OF_ACCOUNT = _COUNT.where(jobs.c.account == sa.bindparam("account"))
_LAST_NUMBER = sa.select(sa.func.coalesce(sa.func.max(events.c.number), 0)).where(
    events.c.job == sa.bindparam("job")
)
_APPEND = events.insert().values(
    job=sa.bindparam("job"),
    number=_LAST_NUMBER.scalar_subquery() + 1,
    kind=sa.bindparam("kind"),
    detail=sa.bindparam("detail"),
    at=sa.bindparam("at"),
)


def insert(connection: sa.Connection, job: Job) -> None:
    connection.execute(
        jobs.insert(),
        {
            "id": job.id,
            "account": job.account,
            "origin": job.origin,
            "asked": dict(job.asked),
            "spec": spec_to_json(job.spec),
            "kind": job.spec.kind.value,
            "asked_model": job.spec.model,
            "words": folded(job.spec.prompt),
            "model": job.model,
            "engine": job.engine,
            "status": job.status.value,
            "progress": job.progress,
            "outputs": [],
            "error": None,
            "price": job.price,
            "hook": _hook_to_json(job.hook),
            "number": job.number,
            "deadline_at": job.deadline,
            "attempts": job.attempts,
            "created_at": job.times.created,
        },
    )
    append_event(connection, job.id, EventKind.STATUS, {"status": job.status.value})


def move(
    connection: sa.Connection,
    job_id: str,
    to: Status,
    *,
    attempt: int | None = None,
    **changes: Any,
) -> bool:
    """Change the status if the job may go there, and say so in an event of the same transaction.

    attempt  only while this run is the latest: a worker wrongly declared dead is refused here
    changes  other columns
    return   False when somebody else was first; nothing was changed then
    """
    allowed = [status.value for status in may_precede(to)]
    where: list[sa.ColumnElement[bool]] = [jobs.c.id == job_id, jobs.c.status.in_(allowed)]
    if attempt is not None:
        where.append(jobs.c.attempts == attempt)
    done = connection.execute(jobs.update().where(*where).values(status=to.value, **changes))
    if done.rowcount == 0:
        return False
    detail: dict[str, Any] = {"status": to.value}
    if changes.get("error"):
        detail["error"] = changes["error"]
    append_event(connection, job_id, EventKind.STATUS, detail)
    _tell_hook(connection, job_id, to)
    return True


def _tell_hook(connection: sa.Connection, job_id: str, status: Status) -> None:
    """Webhooks due for this change, in its transaction: nothing is announced that is not stored, and the other way round."""
    row = connection.execute(
        sa.select(jobs.c.hook, jobs.c.attempts).where(jobs.c.id == job_id)
    ).one()
    hook = _hook_from_json(row.hook)
    if status is Status.RUNNING and row.attempts == 1:
        deliveries.add(connection, job_id, hook, HookEvent.START)
    if status is Status.SUCCEEDED:
        deliveries.add(connection, job_id, hook, HookEvent.OUTPUT)
    if status.is_final:
        deliveries.add(connection, job_id, hook, HookEvent.COMPLETED)


def begin_attempt(connection: sa.Connection, job_id: str) -> Job | None:
    """Take the job for a run of the engine; None when it was canceled or finished meanwhile."""
    begun = move(
        connection,
        job_id,
        Status.RUNNING,
        attempts=jobs.c.attempts + 1,
        started_at=sa.func.coalesce(jobs.c.started_at, time.time()),
        progress=0.0,
    )
    return find(connection, job_id) if begun else None


def finish(
    connection: sa.Connection,
    job_id: str,
    to: Status,
    *,
    attempt: int | None = None,
    outputs: Sequence[Artifact] = (),
    error: str | None = None,
) -> bool:
    """Move to a final status."""
    changes: dict[str, Any] = {"finished_at": time.time(), "error": error}
    if to is Status.SUCCEEDED:
        changes |= {"progress": 1.0, "outputs": [asdict(artifact) for artifact in outputs]}
    return move(connection, job_id, to, attempt=attempt, **changes)


def report(
    connection: sa.Connection,
    job_id: str,
    *,
    attempt: int,
    fraction: float,
    news: Sequence[tuple[EventKind, Mapping[str, Any]]],
) -> bool:
    """Write down how far a run is and what happened in it.

    return  False when the run no longer counts: canceled, or handed on to another worker
    """
    done = connection.execute(
        jobs.update()
        .where(jobs.c.id == job_id, jobs.c.attempts == attempt, jobs.c.status == Status.RUNNING)
        .values(progress=fraction)
    )
    if done.rowcount == 0:
        return False
    for kind, detail in news:
        append_event(connection, job_id, kind, detail)
    if any(kind is EventKind.LOG for kind, _ in news):
        row = connection.execute(sa.select(jobs.c.hook).where(jobs.c.id == job_id)).one()
        deliveries.add(connection, job_id, _hook_from_json(row.hook), HookEvent.LOGS)
    return True


def append_event(
    connection: sa.Connection, job_id: str, kind: EventKind, detail: Mapping[str, Any]
) -> None:
    """Number it within its job. Callers have just written the job's row and so hold it: numbers do not collide."""
    connection.execute(
        _APPEND, {"job": job_id, "kind": kind.value, "detail": dict(detail), "at": time.time()}
    )


def events_after(connection: sa.Connection, job_id: str, number: int) -> list[Event]:
    rows = connection.execute(
        sa.select(events)
        .where(events.c.job == job_id, events.c.number > number)
        .order_by(events.c.number)
    )
    return [
        Event(
            job=row.job, number=row.number, kind=EventKind(row.kind), detail=row.detail, at=row.at
        )
        for row in rows
    ]


def is_over(connection: sa.Connection, job_id: str, number: int) -> bool:
    """Whether nothing will follow event `number`: the job is gone, or finished and has none beyond."""
    last = sa.select(sa.func.max(events.c.number)).where(events.c.job == jobs.c.id)
    row = connection.execute(
        sa.select(jobs.c.status, last.scalar_subquery().label("last")).where(jobs.c.id == job_id)
    ).one_or_none()
    return row is None or (Status(row.status).is_final and row.last <= number)


def logs_of(connection: sa.Connection, job_ids: Collection[str]) -> dict[str, str]:
    """The log lines of each of these jobs, joined."""
    rows = connection.execute(
        sa.select(events.c.job, events.c.detail)
        .where(events.c.job.in_(job_ids), events.c.kind == EventKind.LOG)
        .order_by(events.c.job, events.c.number)
    )
    logs = dict.fromkeys(job_ids, "")
    for row in rows:
        logs[row.job] += row.detail["line"] + "\n"
    return logs


def last_numbers(connection: sa.Connection, job_ids: Collection[str]) -> dict[str, int]:
    """The newest event's number of each of these jobs."""
    rows = connection.execute(
        sa.select(events.c.job, sa.func.max(events.c.number))
        .where(events.c.job.in_(job_ids))
        .group_by(events.c.job)
    )
    return {row[0]: row[1] for row in rows}


def find(connection: sa.Connection, job_id: str) -> Job | None:
    row = connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).one_or_none()
    return _to_job(row) if row else None


def newest(connection: sa.Connection, count: int) -> list[Job]:
    """The newest jobs of all accounts."""
    rows = connection.execute(
        sa.select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(count)
    )
    return [_to_job(row) for row in rows]


@dataclass(frozen=True)
class Page:
    """One page of jobs, newest first; the cursors are None where there is nothing further."""

    jobs: Sequence[Job]
    newer: str | None
    older: str | None


def find_number(connection: sa.Connection, number: int) -> Job | None:
    """The job with that integer id."""
    row = connection.execute(sa.select(jobs).where(jobs.c.number == number)).one_or_none()
    return _to_job(row) if row else None


def remove_content(connection: sa.Connection, job_id: str) -> None:
    """Forget what was given and made; the record itself stays. The files are the caller's to remove."""
    job = find(connection, job_id)
    if job is None or job.removed is not None:
        return
    spec = job.spec.without_content()
    connection.execute(
        jobs.update()
        .where(jobs.c.id == job_id)
        .values(asked={}, spec=spec_to_json(spec), words="", outputs=[], removed_at=time.time())
    )
    connection.execute(
        events.delete().where(events.c.job == job_id, events.c.kind == EventKind.LOG)
    )


def page(
    connection: sa.Connection,
    account: str,
    *,
    origin: str | None,
    cursor: str | None,
    size: int,
    kind: Kind | None = None,
    since: float | None = None,
    before: float | None = None,
    only: Sequence[sa.ColumnElement[bool]] = (),
) -> Page:
    """A page by keyset: stable while jobs are added.

    kind    only jobs about that
    only    further conditions on `tables.jobs`
    cursor  "o…" for what is older than a job, "n…" for what is newer; None for the newest
    since   only jobs made then (UTC seconds) or later; `before`: only earlier ones
    raises  Invalid when the cursor is not one of ours
    """
    side, created, job_id = _read_cursor(cursor)
    where = [jobs.c.account == account, *only]
    if origin is not None:
        where.append(jobs.c.origin == origin)
    if kind is not None:
        where.append(jobs.c.kind == kind.value)
    if since is not None:
        where.append(jobs.c.created_at >= since)
    if before is not None:
        where.append(jobs.c.created_at < before)
    at = sa.tuple_(jobs.c.created_at, jobs.c.id)
    if side == "o":
        where.append(at < (created, job_id))
    elif side == "n":
        where.append(at > (created, job_id))
    upwards = side == "n"
    order = (
        (jobs.c.created_at.asc(), jobs.c.id.asc())
        if upwards
        else (jobs.c.created_at.desc(), jobs.c.id.desc())
    )
    rows = connection.execute(sa.select(jobs).where(*where).order_by(*order).limit(size + 1)).all()
    has_more = len(rows) > size
    found = [_to_job(row) for row in rows[:size]]
    if upwards:
        found.reverse()
    has_newer = has_more if upwards else side == "o"
    has_older = bool(found) if upwards else has_more
    return Page(
        jobs=found,
        newer=_cursor("n", found[0]) if found and has_newer else None,
        older=_cursor("o", found[-1]) if found and has_older else None,
    )


def of_model(
    connection: sa.Connection,
    account: str,
    *,
    origin: str,
    model: str,
    status: Status | None,
    offset: int,
    size: int,
) -> list[Job]:
    """The jobs that asked for a model, newest first, for APIs whose pages are numbered: these shift while jobs are added."""
    where = [jobs.c.account == account, jobs.c.origin == origin, jobs.c.asked_model == model]
    if status is not None:
        where.append(jobs.c.status == status.value)
    order = (jobs.c.created_at.desc(), jobs.c.id.desc())
    rows = sa.select(jobs).where(*where).order_by(*order).offset(offset).limit(size)
    return [_to_job(row) for row in connection.execute(rows)]


def _cursor(side: str, job: Job) -> str:
    return f"{side}{job.times.created!r}-{job.id}"


def _read_cursor(cursor: str | None) -> tuple[str, float, str]:
    if cursor is None:
        return "", 0.0, ""
    created, _, job_id = cursor[1:].partition("-")
    try:
        at = float(created)
    except ValueError:
        at = float("nan")
    if cursor[:1] not in {"o", "n"} or not job_id.isalnum() or not 0 <= at < 1e11:
        raise Invalid("cursor", "is not one that this server gave")
    return cursor[0], at, job_id


def delete(connection: sa.Connection, job_id: str) -> bool:
    """Remove a finished job with its events and deliveries."""
    gone = connection.execute(
        jobs.delete().where(jobs.c.id == job_id, jobs.c.status.in_([s.value for s in FINAL]))
    )
    return gone.rowcount > 0


def count_active(connection: sa.Connection, account: str | None = None) -> int:
    if account is None:
        return connection.execute(_COUNT).scalar_one()
    return connection.execute(_COUNT_OF_ACCOUNT, {"account": account}).scalar_one()


def active_before(connection: sa.Connection, created_before: float, limit: int) -> list[Job]:
    """Unfinished jobs that are older than that, oldest first: what the sweep looks at."""
    rows = connection.execute(
        sa.select(jobs)
        .where(jobs.c.status.in_([s.value for s in ACTIVE]), jobs.c.created_at < created_before)
        .order_by(jobs.c.created_at)
        .limit(limit)
    )
    return [_to_job(row) for row in rows]


def finished_before(
    connection: sa.Connection,
    origin: str,
    finished_before: float,
    keeps_record: bool,  # noqa: FBT001 - a fact about the origin, handed through
    limit: int,
) -> list[str]:
    """Ids of one API's jobs whose time of keeping is over; with `keeps_record` those that still have content."""
    where: list[sa.ColumnElement[bool]] = [
        jobs.c.status.in_([s.value for s in FINAL]),
        jobs.c.origin == origin,
        jobs.c.created_at < finished_before,
        jobs.c.finished_at < finished_before,
    ]
    if keeps_record:
        where.append(jobs.c.removed_at.is_(None))
    return list(connection.execute(sa.select(jobs.c.id).where(*where).limit(limit)).scalars())


def overdue(connection: sa.Connection, now: float) -> list[Job]:
    """Unfinished jobs whose deadline is over."""
    rows = connection.execute(
        sa.select(jobs).where(
            jobs.c.status.in_([s.value for s in ACTIVE]), jobs.c.deadline_at <= now
        )
    )
    return [_to_job(row) for row in rows]


def active_among(connection: sa.Connection, job_ids: Collection[str]) -> set[str]:
    rows = connection.execute(
        sa.select(jobs.c.id).where(
            jobs.c.id.in_(job_ids), jobs.c.status.in_([s.value for s in ACTIVE])
        )
    )
    return set(rows.scalars())


def canceled_among(connection: sa.Connection, job_ids: Collection[str]) -> set[str]:
    rows = connection.execute(
        sa.select(jobs.c.id).where(jobs.c.id.in_(job_ids), jobs.c.status == Status.CANCELED)
    )
    return set(rows.scalars())


def waiting(connection: sa.Connection) -> dict[tuple[str, str], tuple[int, float]]:
    """Per (engine, status) of unfinished jobs: how many, and since when the oldest waits (UTC seconds)."""
    rows = connection.execute(
        sa.select(jobs.c.engine, jobs.c.status, sa.func.count(), sa.func.min(jobs.c.created_at))
        .where(jobs.c.status.in_([s.value for s in ACTIVE]))
        .group_by(jobs.c.engine, jobs.c.status)
    )
    return {(engine, status): (count, oldest) for engine, status, count, oldest in rows}


def ahead_of(connection: sa.Connection, job: Job) -> int:
    """How many jobs of the same engine wait longer."""
    return connection.execute(
        sa.select(sa.func.count())
        .select_from(jobs)
        .where(
            jobs.c.status == Status.QUEUED,
            jobs.c.engine == job.engine,
            jobs.c.created_at < job.times.created,
        )
    ).scalar_one()


def _to_job(row: sa.Row[Any]) -> Job:
    return Job(
        id=row.id,
        account=row.account,
        origin=row.origin,
        asked=row.asked,
        spec=spec_from_json(row.spec),
        model=row.model,
        engine=row.engine,
        status=Status(row.status),
        progress=row.progress,
        outputs=tuple(Artifact(**artifact) for artifact in row.outputs),
        error=row.error,
        price=row.price,
        hook=_hook_from_json(row.hook),
        times=Times(created=row.created_at, started=row.started_at, finished=row.finished_at),
        attempts=row.attempts,
        number=row.number or 0,
        deadline=row.deadline_at,
        removed=row.removed_at,
    )


def _hook_to_json(hook: Hook | None) -> dict[str, Any] | None:
    return {"url": hook.url, "events": sorted(hook.events)} if hook else None


def _hook_from_json(stored: Mapping[str, Any] | None) -> Hook | None:
    if stored is None:
        return None
    return Hook(url=stored["url"], events=frozenset(map(HookEvent, stored["events"])))
