"""Webhooks to send, as rows written in the transaction that made the news. Who sends them is `webhooks.py`.

A sender claims a row by moving its due time ahead: when it dies with the row in hand, the row comes due again by itself.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bandstand.jobs import Hook, HookEvent
from bandstand.store.tables import deliveries, jobs

PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"
TRIES_MAX = 10
LOGS_APART_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message to one receiver. id: the webhook id, the same at every try; times: UTC seconds."""

    id: str
    job: str
    event: HookEvent
    url: str
    status: str
    attempts: int
    tries_max: int
    answer: str | None
    created_at: float
    due_at: float


def add(connection: sa.Connection, job_id: str, hook: Hook | None, event: HookEvent) -> None:
    """Write it down if the asker wants to hear of such events. Only the last word is worth more than one try."""
    if hook is None or event not in hook.events:
        return
    now = time.time()
    if event is HookEvent.LOGS and _has_recent(connection, job_id, event, now - LOGS_APART_SECONDS):
        return
    connection.execute(
        deliveries.insert().values(
            id=f"msg_{secrets.token_hex(12)}",
            job=job_id,
            event=event.value,
            url=hook.url,
            status=PENDING,
            attempts=0,
            tries_max=TRIES_MAX if event is HookEvent.COMPLETED else 1,
            created_at=now,
            due_at=now,
        )
    )


def claim(connection: sa.Connection, *, lease_seconds: float, limit: int) -> list[Delivery]:
    """Take what is due; nobody else gets it before the lease is over."""
    now = time.time()
    due = connection.execute(
        sa.select(deliveries)
        .where(deliveries.c.status == PENDING, deliveries.c.due_at <= now)
        .order_by(deliveries.c.due_at)
        .limit(limit)
    ).all()
    claimed: list[Delivery] = []
    for row in due:
        won = connection.execute(
            deliveries.update()
            .where(
                deliveries.c.id == row.id,
                deliveries.c.status == PENDING,
                deliveries.c.due_at == row.due_at,
            )
            .values(due_at=now + lease_seconds, attempts=deliveries.c.attempts + 1)
        )
        if won.rowcount:
            claimed.append(_to_delivery(row, attempts=row.attempts + 1))
    return claimed


def settle(connection: sa.Connection, delivery_id: str, status: str, answer: str) -> None:
    """The last word on a delivery."""
    _change(connection, delivery_id, status=status, answer=answer)


def postpone(connection: sa.Connection, delivery_id: str, due_at: float, answer: str) -> None:
    """Another try later."""
    _change(connection, delivery_id, due_at=due_at, answer=answer)


def send_again(connection: sa.Connection, delivery_id: str) -> bool:
    """Make a settled delivery due now, with its own id and a fresh count of tries."""
    done = connection.execute(
        deliveries.update()
        .where(deliveries.c.id == delivery_id, deliveries.c.status != PENDING)
        .values(status=PENDING, attempts=0, due_at=time.time())
    )
    return done.rowcount > 0


def newest(
    connection: sa.Connection, count: int, *, account: str | None = None
) -> Sequence[Delivery]:
    """The newest deliveries, of one account or of all."""
    asked = sa.select(deliveries).order_by(deliveries.c.created_at.desc()).limit(count)
    if account is not None:
        asked = asked.join(jobs, jobs.c.id == deliveries.c.job).where(jobs.c.account == account)
    return [_to_delivery(row) for row in connection.execute(asked)]


def _change(connection: sa.Connection, delivery_id: str, **changes: Any) -> None:
    connection.execute(
        deliveries.update()
        .where(deliveries.c.id == delivery_id, deliveries.c.status == PENDING)
        .values(**changes)
    )


def _has_recent(connection: sa.Connection, job_id: str, event: HookEvent, since: float) -> bool:
    return (
        connection.execute(
            sa.select(deliveries.c.id)
            .where(
                deliveries.c.job == job_id,
                deliveries.c.event == event.value,
                deliveries.c.created_at > since,
            )
            .limit(1)
        ).first()
        is not None
    )


def _to_delivery(row: sa.Row[Any], *, attempts: int | None = None) -> Delivery:
    return Delivery(
        id=row.id,
        job=row.job,
        event=HookEvent(row.event),
        url=row.url,
        status=row.status,
        attempts=row.attempts if attempts is None else attempts,
        tries_max=row.tries_max,
        answer=row.answer,
        created_at=row.created_at,
        due_at=row.due_at,
    )
