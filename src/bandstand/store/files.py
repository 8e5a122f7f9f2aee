"""Files that clients uploaded: what is known of them. Their content is in the blobs, under `files/<id>/`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bandstand.store.tables import files


@dataclass(frozen=True, kw_only=True)
class File:
    """about: what the client said of it; times: UTC seconds."""

    id: str
    account: str
    name: str
    media_type: str
    bytes: int
    sha256: str
    about: Mapping[str, Any]
    created_at: float
    expires_at: float

    @property
    def key(self) -> str:
        return f"files/{self.id}/content"


def insert(connection: sa.Connection, file: File) -> None:
    connection.execute(
        files.insert().values(
            id=file.id,
            account=file.account,
            name=file.name,
            media_type=file.media_type,
            bytes=file.bytes,
            sha256=file.sha256,
            about=dict(file.about),
            created_at=file.created_at,
            expires_at=file.expires_at,
        )
    )


def find(connection: sa.Connection, file_id: str) -> File | None:
    """None when it is unknown or has expired."""
    row = connection.execute(
        sa.select(files).where(files.c.id == file_id, files.c.expires_at > time.time())
    ).one_or_none()
    return _to_file(row) if row else None


def newest(connection: sa.Connection, account: str, count: int) -> list[File]:
    rows = connection.execute(
        sa.select(files)
        .where(files.c.account == account, files.c.expires_at > time.time())
        .order_by(files.c.created_at.desc())
        .limit(count)
    )
    return [_to_file(row) for row in rows]


def expired(connection: sa.Connection, count: int) -> list[File]:
    rows = connection.execute(
        sa.select(files).where(files.c.expires_at <= time.time()).limit(count)
    )
    return [_to_file(row) for row in rows]


def delete(connection: sa.Connection, file_id: str) -> None:
    connection.execute(files.delete().where(files.c.id == file_id))


def _to_file(row: sa.Row[Any]) -> File:
    return File(
        id=row.id,
        account=row.account,
        name=row.name,
        media_type=row.media_type,
        bytes=row.bytes,
        sha256=row.sha256,
        about=row.about,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
