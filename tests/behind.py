"""What stands behind a running server: its database, opened beside it, and keys made in there without the command's second."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Generator

from servers import Server

from bandstand.store import accounts
from bandstand.store.accounts import Scope
from bandstand.store.database import Database, open_database


@contextlib.contextmanager
def store(server: Server) -> Generator[Database]:
    file = server.folder / "data" / "bandstand.db"
    database = open_database(str(server.settings.get("database_url") or f"sqlite:///{file}"))
    try:
        yield database
    finally:
        database.close()


def new_key(
    server: Server,
    account: str | None = None,
    *,
    credits_given: int | None = None,
    scopes: tuple[Scope, ...] = tuple(Scope),
    expires_at: float | None = None,
) -> str:
    """A key of an account of that name, or of one that nobody else has."""
    name = account or uuid.uuid4().hex
    with store(server) as database:
        found = database.read_now(accounts.find_account, name)
        owner = (
            found.id if found else database.write_now(accounts.create_account, name, metered=False)
        )
        if credits_given is not None:
            database.write_now(accounts.grant, owner, credits_given)
        return database.write_now(
            accounts.create_key, owner, "", scopes=scopes, expires_at=expires_at
        )
