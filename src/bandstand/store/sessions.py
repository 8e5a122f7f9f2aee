"""Logins and sessions of the playground: secrets that open an account for a time. Only the SHA-256 of each is stored.

Both look like `<id>.<secret>`. A login works once, whoever of several is first; a session until it expires or is ended.
Not keys: no API takes them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time

import sqlalchemy as sa

from bandstand.store import accounts
from bandstand.store.accounts import Account
from bandstand.store.tables import logins, sessions

LOGIN_SECONDS = 600.0
TOKEN = re.compile(r"([0-9a-f]{12})\.([A-Za-z0-9_-]{43})", re.ASCII)


def create_login(connection: sa.Connection, account: str) -> str:
    """A token that logs in to the account, once, within ten minutes."""
    return _create(connection, logins, account, LOGIN_SECONDS)


def waiting_login(connection: sa.Connection, token: str) -> Account | None:
    """Whose login it is; it stays as it is."""
    return _account_of(connection, logins, token)


def use_login(connection: sa.Connection, token: str, seconds: float) -> str | None:
    """A new session for a login that works; the login is gone then. seconds: how long the session lasts."""
    account = _account_of(connection, logins, token)
    if account is None:
        return None
    used = connection.execute(logins.delete().where(logins.c.id == token.partition(".")[0]))
    return _create(connection, sessions, account.id, seconds) if used.rowcount else None


def account_in(connection: sa.Connection, token: str) -> Account | None:
    """Whose session it is; None when it is none, over or ended."""
    return _account_of(connection, sessions, token)


def end(connection: sa.Connection, token: str) -> None:
    """End a session; what is none is ended already."""
    if _account_of(connection, sessions, token) is not None:
        connection.execute(sessions.delete().where(sessions.c.id == token.partition(".")[0]))


def end_all(connection: sa.Connection, account: str) -> int:
    """End all sessions of an account, and logins that wait. return: how many sessions"""
    connection.execute(logins.delete().where(logins.c.account == account))
    return connection.execute(sessions.delete().where(sessions.c.account == account)).rowcount


def _create(connection: sa.Connection, table: sa.Table, account: str, seconds: float) -> str:
    now = time.time()
    connection.execute(table.delete().where(table.c.expires_at <= now))
    name, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    connection.execute(
        table.insert().values(
            id=name,
            account=account,
            digest=_digest(secret),
            created_at=now,
            expires_at=now + seconds,
        )
    )
    return f"{name}.{secret}"


def _account_of(connection: sa.Connection, table: sa.Table, token: str) -> Account | None:
    """Compared in constant time, and found by the part that is no secret."""
    parts = TOKEN.fullmatch(token)
    if parts is None:
        return None
    row = connection.execute(sa.select(table).where(table.c.id == parts[1])).one_or_none()
    stored = row.digest if row else _digest("")
    is_right = hmac.compare_digest(stored, _digest(parts[2]))
    if row is None or not is_right or row.expires_at <= time.time():
        return None
    return accounts.account_with_id(connection, row.account)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
