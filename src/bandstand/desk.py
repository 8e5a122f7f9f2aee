"""What an account's owner sees and does about it: the balance, what was used, keys. Money itself moves in the store."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence

from sqlalchemy import Connection

from bandstand.errors import NotFound, TooMany
from bandstand.store import accounts, library
from bandstand.store.accounts import Account, Key, Scope
from bandstand.store.database import Database
from bandstand.store.library import Sum, Use

__all__ = ["Desk", "Key", "Sum", "Use", "day_named"]

KEYS_MAX = 100
DAY_SECONDS = 86400.0


class Desk:
    """One for a process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def use(self, account: Account, days: int) -> Use:
        return await self._database.read(library.use, account.id, days)

    async def keys(self, account: Account) -> Sequence[Key]:
        """All keys of the account, oldest first, without their secrets."""
        found = await self._database.read(accounts.list_keys, account.id)
        return [key for key, _ in found]

    async def create_key(
        self, account: Account, name: str, scopes: Sequence[Scope], days: int | None
    ) -> str:
        """A new key; the only time its text is known. days: after which it ends. raises TooMany."""
        expires_at = None if days is None else time.time() + days * DAY_SECONDS
        return await self._database.write(_create_key, account.id, name, scopes, expires_at)

    async def revoke_key(self, account: Account, key_id: str) -> None:
        """raises NotFound for one that is not theirs, or works no more"""
        is_one = key_id.isascii() and key_id.isalnum()
        if not is_one or not await self._database.write(accounts.revoke_key, key_id, account.id):
            raise NotFound


def day_named(number: int) -> str:
    """A day by its number since 1970."""
    return (dt.date(1970, 1, 1) + dt.timedelta(days=number)).isoformat()


def _create_key(
    connection: Connection,
    account: str,
    name: str,
    scopes: Sequence[Scope],
    expires_at: float | None,
) -> str:
    working = [key for key, _ in accounts.list_keys(connection, account) if key.works]
    if len(working) >= KEYS_MAX:
        raise TooMany(f"An account has at most {KEYS_MAX} keys that work; revoke one first.")
    return accounts.create_key(connection, account, name, scopes=scopes, expires_at=expires_at)
