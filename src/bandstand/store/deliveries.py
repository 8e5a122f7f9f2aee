"""Webhooks to send, as rows written in the transaction that made the news. Who sends them is `webhooks.py`.

A sender claims a row by moving its due time ahead: when it dies with the row in hand, the row comes due again by itself.
Messages about one job are claimed one after the other, in the order in which things happened.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bandstand.jobs import Hook, HookEvent
from bandstand.store.tables import deliveries, jobs

PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
APART_SECONDS = 0.5  # between two messages of the same kind about one job
KEEPS_COMING = frozenset({HookEvent.OUTPUT, HookEvent.LOGS})


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message to one receiver.

    id        the webhook id, the same at every try
    attempts  tries begun so far
    answer    what the receiver said to the latest try, or why there was no answer
    times     UTC seconds
    """

    id: str
    job: str
    account: str
    event: HookEvent
    url: str
    status: str
    attempts: int
    answer: str | None
    created_at: float
    tried_at: float | None
    due_at: float


def add(connection: sa.Connection, job_id: str, hook: Hook | None, event: HookEvent) -> None:
    """Write it down if the asker wants to hear of such events.

    A message tells how the job stands, so what has not been tried yet will tell this piece of news, too, and the last word
    makes waiting log messages needless. Callers hold the job's row.
    """
    if hook is None or event not in hook.events:
        return
    if (
        event in KEEPS_COMING
        and connection.execute(_untried(sa.select(deliveries.c.id), job_id, event)).first()
    ):
        return
    if event is HookEvent.COMPLETED:
        connection.execute(_untried(sa.delete(deliveries), job_id, HookEvent.LOGS))
    now = time.time()
    before = connection.execute(
        sa.select(sa.func.max(deliveries.c.created_at)).where(deliveries.c.job == job_id)
    ).scalar_one()
    connection.execute(
        deliveries.insert().values(
            id=f"msg_{secrets.token_hex(12)}",
            job=job_id,
            event=event.value,
            url=hook.url,
            status=PENDING,
            attempts=0,
            # Later than all before it by at least what a float can tell: this is their order.
            created_at=now if before is None else max(now, before + 1e-6),
            due_at=now,
        )
    )


def due(connection: sa.Connection, *, limit: int, besides: Collection[str] = ()) -> list[Delivery]:
    """What may be sent now, longest due first.

    besides  accounts that have enough under way
    """
    now = time.time()
    other = deliveries.alias()
    of_same_job = sa.select(other.c.id).where(other.c.job == deliveries.c.job)
    is_first = ~of_same_job.where(
        other.c.status == PENDING, other.c.created_at < deliveries.c.created_at
    ).exists()
    is_too_soon = of_same_job.where(
        deliveries.c.event.in_([event.value for event in KEEPS_COMING]),
        other.c.event == deliveries.c.event,
        other.c.tried_at > now - APART_SECONDS,
    ).exists()
    rows = connection.execute(
        _with_account()
        .where(
            deliveries.c.status == PENDING,
            deliveries.c.due_at <= now,
            jobs.c.account.not_in(besides),
            is_first,
            ~is_too_soon,
        )
        .order_by(deliveries.c.due_at)
        .limit(limit)
    )
    return [_to_delivery(row) for row in rows]


def claim(connection: sa.Connection, delivery: Delivery, *, lease_seconds: float) -> bool:
    """Take what `due` showed; nobody else gets it before the lease is over. False when somebody was quicker."""
    now = time.time()
    return _change(
        connection,
        delivery.id,
        delivery.attempts,
        attempts=delivery.attempts + 1,
        tried_at=now,
        due_at=now + lease_seconds,
    )


def settle(
    connection: sa.Connection, delivery_id: str, attempt: int, status: str, answer: str
) -> None:
    """The last word on a delivery, by whoever made this attempt; a sender whose lease ran out is not heard."""
    _change(connection, delivery_id, attempt, status=status, answer=answer)


def postpone(
    connection: sa.Connection, delivery_id: str, attempt: int, due_at: float, answer: str
) -> None:
    """Another try later."""
    _change(connection, delivery_id, attempt, due_at=due_at, answer=answer)


def send_again(connection: sa.Connection, delivery_id: str) -> bool:
    """Make a settled delivery due now, with its own id and a fresh count of tries. False for any other."""
    done = connection.execute(
        deliveries.update()
        .where(deliveries.c.id == delivery_id, deliveries.c.status != PENDING)
        .values(status=PENDING, attempts=0, due_at=time.time())
    )
    return done.rowcount > 0


def find(connection: sa.Connection, delivery_id: str) -> Delivery | None:
    row = connection.execute(_with_account().where(deliveries.c.id == delivery_id)).one_or_none()
    return _to_delivery(row) if row else None


def newest(
    connection: sa.Connection, count: int, *, account: str | None = None
) -> Sequence[Delivery]:
    """The newest deliveries, of one account or of all."""
    asked = _with_account().order_by(deliveries.c.created_at.desc()).limit(count)
    if account is not None:
        asked = asked.where(jobs.c.account == account)
    return [_to_delivery(row) for row in connection.execute(asked)]


def _with_account() -> sa.Select[Any]:
    return sa.select(deliveries, jobs.c.account).join(jobs, jobs.c.id == deliveries.c.job)


def _untried(statement: Any, job_id: str, event: HookEvent) -> Any:
    return statement.where(
        deliveries.c.job == job_id,
        deliveries.c.event == event.value,
        deliveries.c.status == PENDING,
        deliveries.c.attempts == 0,
    )


def _change(connection: sa.Connection, delivery_id: str, attempt: int, **changes: Any) -> bool:
    done = connection.execute(
        deliveries.update()
        .where(
            deliveries.c.id == delivery_id,
            deliveries.c.status == PENDING,
            deliveries.c.attempts == attempt,
        )
        .values(**changes)
    )
    return done.rowcount > 0


def _to_delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        job=row.job,
        account=row.account,
        event=HookEvent(row.event),
        url=row.url,
        status=row.status,
        attempts=row.attempts,
        answer=row.answer,
        created_at=row.created_at,
        tried_at=row.tried_at,
        due_at=row.due_at,
    )
