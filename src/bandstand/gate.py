"""Who may come in, for what and how often. In memory, per process: a limit against floods, not a bill."""

from __future__ import annotations

import time

import limits
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bandstand.errors import Forbidden, TooMany, Unauthenticated
from bandstand.settings import Settings
from bandstand.store import accounts, sessions
from bandstand.store.accounts import Account, Scope
from bandstand.store.database import Database


class Gate:
    """Turns a key into an account, or the caller away."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._database = database
        self._session_seconds = settings.session_seconds
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._per_minute = {
            Scope.WRITE: limits.RateLimitItemPerMinute(settings.creates_per_minute),
            Scope.READ: limits.RateLimitItemPerMinute(settings.reads_per_minute),
        }
        self._failures = limits.RateLimitItemPerMinute(settings.failed_keys_per_minute)

    async def admit(self, key: str | None, scope: Scope, *, caller: str) -> Account:
        """The account behind a key.

        A key that works is let in however many wrong ones came from the same address: behind one proxy there are many callers,
        and 256 bits are not guessed.

        caller  network address, for counting failures
        raises  Unauthenticated, Forbidden, TooMany
        """
        opened = await self._database.read(accounts.open_with, key) if key else None
        if opened is None:
            self._count(self._failures, "failure", caller)
            raise Unauthenticated
        if scope not in opened.scopes:
            raise Forbidden(f"This key has no right to {scope.value}.")
        self._count(self._per_minute[scope], scope.value, opened.key)
        return opened.account

    async def account_of(self, key: str | None) -> Account | None:
        """Whose key this is, whatever it may do and however often it came; opens nothing."""
        opened = await self._database.read(accounts.open_with, key) if key else None
        return opened.account if opened else None

    def admit_stranger(self, *, caller: str) -> None:
        """Somebody without a key, for what an unguessable address alone protects. raises TooMany."""
        self._count(self._per_minute[Scope.READ], "stranger", caller)

    async def admit_session(self, token: str | None, scope: Scope, *, caller: str) -> Account:
        """The account that a browser is logged in to. raises Unauthenticated, TooMany."""
        account = await self._database.read(sessions.account_in, token) if token else None
        if account is None:
            if token:
                self._count(self._failures, "failure", caller)
            raise Unauthenticated("You are not logged in.")
        self._count(self._per_minute[scope], scope.value, f"session of {account.id}")
        return account

    async def is_open(self, token: str) -> bool:
        """Whether a session still goes on; counts nothing."""
        return await self._database.read(sessions.account_in, token) is not None

    async def login_of(self, token: str, *, caller: str) -> Account | None:
        """Whose login waits under this token; it stays good. raises TooMany."""
        account = await self._database.read(sessions.waiting_login, token)
        if account is None:
            self._count(self._failures, "failure", caller)
        return account

    async def log_in(self, token: str, *, before: str | None, caller: str) -> str | None:
        """A new session for a login, which is used up then; None for one that does not work. raises TooMany.

        before  the session the browser had; it ends, and nothing of it goes on in the new one
        """
        if await self.login_of(token, caller=caller) is None:
            return None
        if before:
            await self.log_out(before)
        return await self._database.write(sessions.use_login, token, self._session_seconds)

    async def log_out(self, token: str) -> None:
        await self._database.write(sessions.end, token)

    def _count(self, limit: limits.RateLimitItem, *names: str) -> None:
        """raises TooMany with the time until there is room again"""
        if self._limiter.hit(limit, *names):
            return
        seconds = self._limiter.get_window_stats(limit, *names).reset_time
        left = max(1.0, seconds - time.time())
        raise TooMany(
            f"Request was throttled. Your rate limit resets in ~{left:.0f}s.", retry_after=left
        )
