"""What tests share: databases of both kinds, and running servers on either."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
import sqlalchemy as sa
from servers import Server
from services import Postgres, find_postgres, postgres
from turns import pytest_xdist_make_scheduler

from bandstand.store.database import Database, open_database
from bandstand.store.migrate import migrate
from bandstand.store.tables import metadata

__all__ = ["pytest_xdist_make_scheduler"]

# A run in the background is begun with Ctrl-C ignored, which its children inherit; what they do at one is tested.
signal.signal(signal.SIGINT, signal.default_int_handler)

BOTH_DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres_server() -> Generator[Postgres]:
    """One for the whole run; each test that asks gets a database of its own in it."""
    programs = find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL's initdb is not on this machine")
    with postgres(programs) as server:
        yield server


@pytest.fixture(params=BOTH_DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bandstand.db"
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.create_database()


@pytest.fixture
def database(database_url: str) -> Generator[Database]:
    """A database of each kind with the newest schema."""
    opened = open_database(database_url)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def emptied_url(postgres_server: Postgres) -> str:
    return postgres_server.create_database()


@pytest.fixture(params=BOTH_DATABASES)
def emptied_database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    """As `database`, for tests that only put rows into our own tables: on PostgreSQL one is emptied for each.

    Making a new one and removing its 300 files would take longer than the test.
    """
    if request.param == "sqlite":
        opened = open_database(f"sqlite:///{tmp_path}/bandstand.db")
    else:
        opened = open_database(request.getfixturevalue("emptied_url"))
    migrate(opened)
    opened.write_now(empty)
    yield opened
    opened.close()


def empty(connection: sa.Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        connection.execute(table.delete())


@pytest.fixture
def bandstand(tmp_path: Path) -> Generator[Callable[..., Server]]:
    """`bandstand(engines="composer", ...)` starts a server with these settings; it ends with the test."""
    servers: list[Server] = []

    def start(*command: str, **settings: object) -> Server:
        server = Server(tmp_path / f"server-{len(servers)}", settings, command or ("serve",))
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.kill()


def _shared_server(folder: Path, **settings: object) -> Generator[Server]:
    server = Server(folder, {"engines": "fake,composer", **settings})
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    yield from _shared_server(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_backed_server(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres
) -> Generator[Server]:
    yield from _shared_server(
        tmp_path_factory.mktemp("postgres"), database_url=postgres_server.create_database()
    )


@pytest.fixture(params=BOTH_DATABASES)
def server(request: pytest.FixtureRequest) -> Server:
    """A running server with the fake engine and the composer, on each kind of database.

    It is shared by the whole run: tests count only what they themselves put in.
    """
    kinds = {"sqlite": "sqlite_server", "postgres": "postgres_backed_server"}
    return request.getfixturevalue(kinds[request.param])


@pytest.fixture(params=BOTH_DATABASES)
def busy_server(request: pytest.FixtureRequest) -> Server:
    """As `server`, but the test tone stands in for every model, loopback may be reached, and webhooks are quick."""
    kinds = {"sqlite": "busy_sqlite_server", "postgres": "busy_postgres_server"}
    return request.getfixturevalue(kinds[request.param])


BUSY = {
    "engines": "fake",
    "stand_in": "other",
    "allowed_private_hosts": "127.0.0.1",
    "webhook_pauses": "0.3,0.3,0.3",
    "jobs_max_account": 10_000,
    "jobs_max_total": 10_000,
}


@pytest.fixture(scope="session")
def busy_sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    yield from _shared_server(tmp_path_factory.mktemp("busy-sqlite"), **BUSY)


@pytest.fixture(scope="session")
def busy_postgres_server(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres
) -> Generator[Server]:
    url = postgres_server.create_database()
    yield from _shared_server(tmp_path_factory.mktemp("busy-postgres"), **BUSY, database_url=url)
