"""How the store reaches its database: one writer that groups commits on SQLite, a pool on PostgreSQL.

A unit of work is a plain function whose first argument is a connection; `write` runs it in a transaction, `read` in none. Every
SQLite commit is an fsync and there is one writer at a time, so what comes while one commit is under way shares the next:
each unit keeps its own savepoint, and all of them are told only after the common commit.
"""

from __future__ import annotations

import abc
import asyncio
import functools
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError

from bandstand.errors import Misconfigured, Unavailable

T = TypeVar("T")
P = ParamSpec("P")
Unit = Callable[Concatenate[sa.Connection, P], T]
Bound = Callable[[sa.Connection], T]
BATCH_MAX = 64
READERS = 8
PATIENCE_SECONDS = 30


def open_database(url: str) -> Database:
    """raises Misconfigured when the URL names no database that we speak to."""
    if url.startswith("sqlite:///"):
        return SqliteDatabase(Path(url.removeprefix("sqlite:///")))
    if url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        return PostgresDatabase("postgresql+psycopg://" + url.split("://", 1)[1])
    raise Misconfigured(
        f"BANDSTAND_DATABASE_URL must begin with sqlite:/// or postgresql://, not {url.partition('://')[0]!r}"
    )


class Database(abc.ABC):
    """What both kinds share: units of work run in threads, and every database error becomes `Unavailable`."""

    engine: sa.Engine

    def __init__(self) -> None:
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store")

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await _told(self._readers.submit(self.read_now, unit, *args, **kwargs))

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """raises Unavailable when the database is away, full or locked; then nothing was written"""
        return await _told(self._queued(_bind(unit, *args, **kwargs)))

    def read_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self.engine.connect() as connection:
            return unit(connection, *args, **kwargs)

    def write_now(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Blocking: for start-up and for commands."""
        return self._queued(_bind(unit, *args, **kwargs)).result()

    @abc.abstractmethod
    def _queued(self, unit: Bound[T]) -> Future[T]:
        """The unit in a transaction, in some thread."""

    @abc.abstractmethod
    def machinery_engine(self) -> sa.Engine:
        """Connections of its own for DBOS, to the same database."""

    def close(self) -> None:
        self._readers.shutdown()
        self.engine.dispose()


class PostgresDatabase(Database):
    """A pool of connections; concurrent transactions."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.engine = self._pool()

    def machinery_engine(self) -> sa.Engine:
        return self._pool()

    def _queued(self, unit: Bound[T]) -> Future[T]:
        return self._readers.submit(self._in_transaction, unit)

    def _in_transaction(self, unit: Bound[T]) -> T:
        with self.engine.begin() as connection:
            return unit(connection)

    def _pool(self) -> sa.Engine:
        return sa.create_engine(
            self._url,
            pool_size=READERS,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "application_name": "bandstand"},
            hide_parameters=True,  # an error would show them, secrets among them
        )


class SqliteDatabase(Database):
    """One file in WAL mode with FULL synchronisation, one writer thread, several readers."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self.engine = _sqlite_engine(file, isolation=None)
        self._units: queue.SimpleQueue[tuple[Bound[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_all, name="store-writer", daemon=True)
        self._writer.start()

    def machinery_engine(self) -> sa.Engine:
        return _sqlite_engine(self.file, isolation="IMMEDIATE")

    def _queued(self, unit: Bound[T]) -> Future[T]:
        future: Future[T] = Future()
        self._units.put((unit, future))
        return future

    def close(self) -> None:
        self._units.put(None)
        self._writer.join()
        super().close()

    def _write_all(self) -> None:
        while (first := self._units.get()) is not None:
            batch = [first]
            is_last = False
            while len(batch) < BATCH_MAX and not self._units.empty():
                unit = self._units.get()
                if unit is None:
                    is_last = True
                    break
                batch.append(unit)
            self._commit(batch)
            if is_last:
                return

    def _commit(self, batch: list[tuple[Bound[Any], Future[Any]]]) -> None:
        """One transaction for all; a unit that fails takes back only its own part.

        Trap: a unit whose asker was canceled must be left out before it runs; telling a canceled future ends the thread.
        """
        batch = [(unit, future) for unit, future in batch if future.set_running_or_notify_cancel()]
        told: list[Callable[[], None]] = []
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                for unit, future in batch:
                    told.append(_run_in_savepoint(connection, unit, future))
                connection.exec_driver_sql("COMMIT")
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it was
            for _, future in batch:
                future.set_exception(error)
            return
        for tell in told:
            tell()


def _bind(unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> Bound[T]:
    return lambda connection: unit(connection, *args, **kwargs)


def _run_in_savepoint(
    connection: sa.Connection, unit: Bound[Any], future: Future[Any]
) -> Callable[[], None]:
    connection.exec_driver_sql("SAVEPOINT unit")
    try:
        result = unit(connection)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - it belongs to whoever asked for the unit
        connection.exec_driver_sql("ROLLBACK TO unit")
        connection.exec_driver_sql("RELEASE unit")
        return functools.partial(future.set_exception, error)
    connection.exec_driver_sql("RELEASE unit")
    return functools.partial(future.set_result, result)


def _sqlite_engine(file: Path, *, isolation: str | None) -> sa.Engine:
    """Settings without which SQLite is slow or forgets: WAL, synchronous FULL, patience, foreign keys.

    isolation  how the driver begins transactions; None: the store begins them by hand, for the driver's own do not cover
               a SAVEPOINT
    """
    engine = sa.create_engine(
        f"sqlite:///{file}",
        connect_args={"check_same_thread": False, "timeout": PATIENCE_SECONDS},
        hide_parameters=True,  # an error would show them, secrets among them
    )

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = isolation
        _turn_on_wal(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    return engine


def _turn_on_wal(connection: Any) -> None:
    """Trap: on a new file this does not wait for another process that does the same, as other statements would."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


async def _told(future: Future[T]) -> T:
    """The result of a unit, with trouble of the database itself told as `Unavailable`."""
    try:
        return await asyncio.wrap_future(future)
    except OperationalError as error:
        raise Unavailable(f"The database is not available: {error.orig}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("The database connection was lost.") from error
        raise
