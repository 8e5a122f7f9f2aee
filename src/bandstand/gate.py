"""Who may come in, for what and how often. In memory, per process: a limit against floods, not a bill."""

from __future__ import annotations

import time

import limits
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bandstand.errors import Forbidden, TooMany, Unauthenticated
from bandstand.settings import Settings
from bandstand.store import accounts
from bandstand.store.accounts import Account, Scope
from bandstand.store.database import Database


class Gate:
    """Turns a key into an account, or the caller away."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._database = database
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_minute = {
            Scope.WRITE: limits.RateLimitItemPerMinute(settings.creates_per_minute),
            Scope.READ: limits.RateLimitItemPerMinute(settings.reads_per_minute),
        }
        self._failures = limits.RateLimitItemPerMinute(settings.failed_keys_per_minute)

    async def admit(self, key: str | None, scope: Scope, *, caller: str) -> Account:
        """The account behind a key.

        caller  network address, for counting failures
        raises  Unauthenticated, Forbidden, TooMany
        """
        if not self._limiter.test(self._failures, "failure", caller):
            raise self._too_many(self._failures, "failure", caller)
        found = await self._database.read(accounts.account_of_key, key) if key else None
        if found is None:
            self._limiter.hit(self._failures, "failure", caller)
            raise Unauthenticated
        account, scopes = found
        if scope not in scopes:
            raise Forbidden(f"This key has no right to {scope.value}.")
        limit = self._per_minute[scope]
        if not self._limiter.hit(limit, scope.value, account.id):
            raise self._too_many(limit, scope.value, account.id)
        return account

    def _too_many(self, limit: limits.RateLimitItem, *names: str) -> TooMany:
        seconds = self._limiter.get_window_stats(limit, *names).reset_time
        left = max(1.0, seconds - time.time())
        return TooMany(
            f"Request was throttled. Your rate limit resets in ~{left:.0f}s.", retry_after=left
        )
