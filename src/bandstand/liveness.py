"""Which process is alive, and what happens to the jobs of one that is not.

Every working process holds a lock that the operating system (embedded) or PostgreSQL (distributed) drops by itself when the
process or its connection dies. A process whose lock has been free for `grace` seconds is dead, and its jobs go back to the
queue. The loop reconciles for ever, so a pass that failed is repaired by the next. No clock of another machine is read.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Protocol, TypeVar

import psycopg
import structlog
from dbos import DBOS

PERIOD_SECONDS = 0.5
T = TypeVar("T")
LOG = structlog.get_logger("liveness")


class Locks(Protocol):
    """Where processes show that they live."""

    @property
    def lost(self) -> tuple[type[Exception], ...]:
        """What is raised when the place cannot be reached."""
        ...

    def held(self, executor: str) -> contextlib.AbstractContextManager[None]:
        """Hold this process's lock."""
        ...

    def check(self) -> None:
        """raises one of `lost` when our own lock may be gone"""
        ...

    def free(self, executor: str) -> contextlib.AbstractContextManager[bool]:
        """Whether nobody holds that lock; it cannot be taken while the block runs."""
        ...

    def forget(self, executor: str) -> None:
        """That process will not come back: a new one takes a new name."""
        ...


class FileLocks:
    """For processes of one machine that share a data folder."""

    lost = (OSError,)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def held(self, executor: str) -> Generator[None]:
        with self._opened(executor) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
            self.forget(executor)

    def check(self) -> None:
        """A file lock is not lost while the process lives."""

    @contextlib.contextmanager
    def free(self, executor: str) -> Generator[bool]:
        with self._opened(executor) as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def forget(self, executor: str) -> None:
        (self._folder / f"{executor}.lock").unlink(missing_ok=True)

    @contextlib.contextmanager
    def _opened(self, executor: str) -> Generator[int]:
        descriptor = os.open(self._folder / f"{executor}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


class PostgresLocks:
    """For processes on any machine that share a database. The connection must not go through a pooler."""

    lost = (psycopg.Error,)

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://")
        self._connection: psycopg.Connection | None = None

    @contextlib.contextmanager
    def held(self, executor: str) -> Generator[None]:
        keepalives = (
            "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
        )
        with psycopg.connect(
            self._url,
            autocommit=True,
            options=keepalives,
            connect_timeout=5,
            application_name="bandstand liveness",
        ) as self._connection:
            self._connection.execute("select pg_advisory_lock(%s)", (self._key(executor),))
            yield

    def check(self) -> None:
        assert self._connection is not None, "check() belongs inside held()"
        self._connection.execute("select 1")

    @contextlib.contextmanager
    def free(self, executor: str) -> Generator[bool]:
        assert self._connection is not None, "free() belongs inside held()"
        with self._connection.transaction():
            row = self._connection.execute(
                "select pg_try_advisory_xact_lock(%s)", (self._key(executor),)
            ).fetchone()
            yield bool(row and row[0])

    def forget(self, executor: str) -> None:
        """An advisory lock leaves nothing behind."""

    @staticmethod
    def _key(executor: str) -> int:
        """64 bits of a SHA-256: with PostgreSQL's own 32-bit hash a collision would make a process wait for ever."""
        digest = hashlib.sha256(b"executor:" + executor.encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)


class Liveness:
    """The loop, in a thread of its own: a busy event loop must not look like death."""

    def __init__(self, locks: Locks, executor: str, *, grace_seconds: float) -> None:
        self._locks = locks
        self._executor = executor
        self._grace_seconds = grace_seconds
        self._stop = threading.Event()
        self._is_looking = True
        self._thread = threading.Thread(target=self._watch, name="liveness", daemon=True)
        self._is_held = threading.Event()

    def start(self) -> None:
        """Returns when this process's own lock is held, before which it must not take jobs, or when it is to stop."""
        self._thread.start()
        while not self._is_held.wait(PERIOD_SECONDS) and not self._stop.is_set():
            pass

    def stop_looking(self) -> None:
        """Hand on no more jobs, but stay alive in the eyes of others: jobs may still be running out."""
        self._is_looking = False

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                with self._locks.held(self._executor):
                    self._is_held.set()
                    self._hand_on_for_ever()
            except self._locks.lost as error:
                LOG.warning("lock lost, taking it again", reason=str(error))
                self._stop.wait(PERIOD_SECONDS)

    def _hand_on_for_ever(self) -> None:
        free_since: dict[str, float] = {}
        while not self._stop.wait(PERIOD_SECONDS):
            self._locks.check()
            if not self._is_looking:
                continue
            owners = _owners() - {self._executor}
            free_since = {owner: at for owner, at in free_since.items() if owner in owners}
            for owner in owners:
                with self._locks.free(owner) as is_free:
                    now = time.monotonic()
                    if not is_free:
                        free_since.pop(owner, None)
                    elif now - free_since.setdefault(owner, now) >= self._grace_seconds:
                        _hand_on(owner)
                        self._locks.forget(owner)


def _owners() -> set[str]:
    """The processes that have jobs."""
    return (
        _quietly(
            lambda: {
                row.executor_id
                for row in DBOS.list_workflows(
                    status="PENDING", load_input=False, load_output=False
                )
                if row.executor_id
            }
        )
        or set()
    )


def _hand_on(owner: str) -> None:
    LOG.warning("process is gone, its jobs go back to the queue", process=owner)
    # Private, but the public `resume_workflow` would revive what was canceled; guarded by (PENDING, owner) in the database.
    _quietly(lambda: DBOS._recover_pending_workflows([owner]))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


def _quietly(ask: Callable[[], T]) -> T | None:
    """DBOS raises whatever its database driver raises; the next pass asks again."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - any failure here is repaired by the next pass
        LOG.warning("cannot ask DBOS", reason=str(error))
        return None
