"""Units of work: what one of them does to the others, to the file, and to whoever waits."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from patience import PATIENCE_SECONDS

from bandstand.errors import BandstandError, Misconfigured, Unavailable
from bandstand.store.database import Database, SqliteDatabase, open_database
from bandstand.store.migrate import migrate
from bandstand.store.tables import secrets


class OwnError(BandstandError):
    """Somebody's own reason."""


def put(connection: sa.Connection, name: str, value: str = "") -> str:
    connection.execute(secrets.insert().values(name=name, value=value))
    return name


def put_and_fail(connection: sa.Connection, name: str) -> None:
    put(connection, name)
    raise OwnError


def names(connection: sa.Connection) -> set[str]:
    return set(connection.execute(sa.select(secrets.c.name)).scalars())


def block(connection: sa.Connection, begun: threading.Event, go_on: threading.Event) -> None:
    """Holds the writer, so that what comes meanwhile shares the next commit."""
    begun.set()
    assert go_on.wait(PATIENCE_SECONDS)


@pytest.fixture
def sqlite(tmp_path: Path):
    database = SqliteDatabase(tmp_path / "bandstand.db")
    migrate(database)
    yield database
    database.close()


async def test_what_was_written_is_read(database: Database):
    assert await database.write(put, "a") == "a"

    assert await database.read(names) == {"a"}


async def test_unit_that_raises_takes_back_its_own_part_only(database: Database):
    results = await asyncio.gather(
        *(database.write(put_and_fail if i % 3 == 0 else put, str(i)) for i in range(30)),
        return_exceptions=True,
    )

    assert await database.read(names) == {str(i) for i in range(30) if i % 3}
    assert [isinstance(result, OwnError) for result in results] == [i % 3 == 0 for i in range(30)]


async def test_constraint_that_is_hurt_takes_back_one_unit_only(database: Database):
    results = await asyncio.gather(
        *(database.write(put, name) for name in ("a", "b", "a", "c")), return_exceptions=True
    )

    assert await database.read(names) == {"a", "b", "c"}
    assert sum(isinstance(result, sa.exc.IntegrityError) for result in results) == 1


async def test_units_that_come_during_a_commit_share_the_next(sqlite: SqliteDatabase):
    begun, go_on = threading.Event(), threading.Event()
    commits: list[str] = []
    sa.event.listen(
        sqlite.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_: commits.append(statement) if statement == "COMMIT" else None,
    )
    first = asyncio.create_task(sqlite.write(block, begun, go_on))
    await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)

    others = [asyncio.create_task(sqlite.write(put, str(i))) for i in range(20)]
    await asyncio.sleep(0.05)
    go_on.set()
    await asyncio.gather(first, *others)

    assert len(commits) == 2


async def test_canceled_asker_neither_runs_nor_stops_the_writer(sqlite: SqliteDatabase):
    begun, go_on = threading.Event(), threading.Event()
    first = asyncio.create_task(sqlite.write(block, begun, go_on))
    await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
    leaving = asyncio.create_task(sqlite.write(put, "left"))
    staying = asyncio.create_task(sqlite.write(put, "stayed"))
    await asyncio.sleep(0.05)

    leaving.cancel()
    await asyncio.sleep(0.05)
    go_on.set()
    await asyncio.gather(first, staying)

    assert leaving.cancelled()
    assert await sqlite.read(names) == {"stayed"}
    assert await sqlite.write(put, "later") == "later"


async def test_asker_who_leaves_while_the_unit_runs_does_not_stop_the_writer(
    sqlite: SqliteDatabase,
):
    begun, go_on = threading.Event(), threading.Event()
    leaving = asyncio.create_task(sqlite.write(block, begun, go_on))
    await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)

    leaving.cancel()
    await asyncio.sleep(0.02)
    go_on.set()

    assert await sqlite.write(put, "later") == "later"


async def test_commit_that_fails_is_told_to_all_who_shared_it(sqlite: SqliteDatabase):
    begun, go_on = threading.Event(), threading.Event()
    is_broken = True

    def break_commit(_connection, _cursor, statement, *_):
        if statement == "COMMIT" and is_broken:
            raise sqlite3.OperationalError("disk I/O error")

    first = asyncio.create_task(sqlite.write(block, begun, go_on))
    await asyncio.to_thread(begun.wait, PATIENCE_SECONDS)
    sharing = [asyncio.create_task(sqlite.write(put, str(i))) for i in range(3)]
    await asyncio.sleep(0.05)
    sa.event.listen(sqlite.engine, "before_cursor_execute", break_commit)
    go_on.set()
    results = await asyncio.gather(first, *sharing, return_exceptions=True)
    is_broken = False

    assert all(isinstance(result, Exception) for result in results)
    assert await sqlite.read(names) == set()
    assert await sqlite.write(put, "later") == "later"


async def test_locked_or_full_file_is_told_as_unavailable(sqlite: SqliteDatabase):
    pages = await sqlite.read(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar_one())
    limit = f"PRAGMA max_page_count={pages + 2}"
    await sqlite.write(lambda connection: connection.exec_driver_sql(limit).scalar_one())

    with pytest.raises(Unavailable):
        await sqlite.write(put, "too much", "x" * 1_000_000)

    assert await sqlite.read(names) == set()
    assert await sqlite.write(put, "little") == "little"


async def test_file_survives_power_loss_by_its_settings(sqlite: SqliteDatabase):
    async def told(pragma: str):
        return await sqlite.read(lambda c: c.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())

    assert await told("journal_mode") == "wal"
    assert await told("synchronous") == 2
    assert await told("foreign_keys") == 1


async def test_closing_finishes_what_was_asked_before(tmp_path: Path):
    database = SqliteDatabase(tmp_path / "bandstand.db")
    migrate(database)

    asked = [asyncio.create_task(database.write(put, str(i))) for i in range(100)]
    await asyncio.sleep(0)
    await asyncio.to_thread(database.close)
    await asyncio.gather(*asked)

    again = SqliteDatabase(tmp_path / "bandstand.db")
    assert len(again.read_now(names)) == 100
    again.close()


@pytest.mark.postgres
async def test_server_that_is_away_is_told_as_unavailable(postgres_server):
    address = postgres_server.create_database()
    nowhere = open_database(address.replace(f":{postgres_server.port}/", ":1/"))

    with pytest.raises(Unavailable):
        await nowhere.read(names)
    with pytest.raises(Unavailable):
        await nowhere.write(put, "a")
    nowhere.close()


@pytest.mark.parametrize("url", ["mysql://here/x", "sqlite:/x", "bandstand.db", ""])
def test_url_of_another_kind_of_database_is_refused(url: str):
    with pytest.raises(Misconfigured, match="BANDSTAND_DATABASE_URL"):
        open_database(url)
