"""Which request with an idempotency key became which job, so that a repeated create makes one job only."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from bandstand.errors import Invalid
from bandstand.store.tables import idempotency

KEPT_SECONDS = 86400.0


def job_of(
    connection: sa.Connection, account: str, key: str, asked: Mapping[str, Any]
) -> str | None:
    """The job that an earlier request with this key became.

    raises  Invalid when that request asked for something else
    """
    row = connection.execute(
        sa.select(idempotency).where(idempotency.c.account == account, idempotency.c.key == key)
    ).one_or_none()
    if row is None:
        return None
    if row.digest != _digest(asked):
        raise Invalid("Idempotency-Key", "was used with another body")
    return row.job


def remember(
    connection: sa.Connection, account: str, key: str, asked: Mapping[str, Any], job: str
) -> None:
    """In the transaction that inserts the job: of two at once, one fails on the primary key and is asked again."""
    connection.execute(
        idempotency.insert().values(
            account=account, key=key, digest=_digest(asked), job=job, created_at=time.time()
        )
    )


def forget_old(connection: sa.Connection) -> None:
    connection.execute(
        idempotency.delete().where(idempotency.c.created_at < time.time() - KEPT_SECONDS)
    )


def _digest(asked: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
