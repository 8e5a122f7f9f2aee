"""The schema that migrations build is the one that `tables.py` declares."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from bandstand.store import tables
from bandstand.store.database import Database, open_database
from bandstand.store.migrate import SCRIPTS, migrate, newest

MIGRATE = (
    "import sys; from bandstand.store.database import open_database; "
    "from bandstand.store.migrate import migrate; migrate(open_database(sys.argv[1]))"
)


@pytest.fixture
def database(database_url: str) -> Generator[Database]:
    """One of its own, for these tests take the tables away."""
    opened = open_database(database_url)
    migrate(opened)
    yield opened
    opened.close()


def names_in(connection: sa.Connection) -> dict[str, set[Any]]:
    """Per table the names of its indexes, keys and constraints, with their columns."""
    found = sa.inspect(connection)
    return {
        table: {
            ("pk", found.get_pk_constraint(table)["name"]),
            *(("fk", key["name"], key["options"].get("ondelete")) for key in found.get_foreign_keys(table)),
            *(("uq", key["name"], *key["column_names"]) for key in found.get_unique_constraints(table)),
            *(("ck", key["name"]) for key in found.get_check_constraints(table)),
            *(("ix", index["name"], index["unique"]) for index in found.get_indexes(table)),
        }
        for table in tables.metadata.tables
    }  # fmt: skip


def indexes_in(connection: sa.Connection) -> set[str]:
    """How the database itself writes the indexes down: with order of columns and direction."""
    if connection.dialect.name == "sqlite":
        ask = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    else:
        ask = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
    written = connection.execute(sa.text(ask)).scalars()
    return {" ".join(text.replace('"', "").split()) for text in written if "alembic" not in text}


def can_be_compared(thing: Any, name: str | None, kind: str, *_: Any) -> bool:
    """Alembic cannot read the direction of an index back from SQLite; `indexes_in` can."""
    return (kind, name) != ("index", "ix_jobs_page")


def run_alembic(database: Database, step: Any, revision: str) -> None:
    with database.engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS))
        config.attributes["connection"] = connection
        step(config, revision)


def test_migrated_tables_are_the_declared_ones(database: Database):
    with database.engine.connect() as connection:
        options = {"compare_server_default": True, "include_object": can_be_compared}
        context = MigrationContext.configure(connection, opts=options)

        assert compare_metadata(context, tables.metadata) == []


def test_names_of_keys_and_constraints_are_the_declared_ones(database: Database):
    with database.engine.connect() as connection:
        migrated = names_in(connection), indexes_in(connection)
    run_alembic(database, command.downgrade, "base")

    with database.engine.begin() as connection:
        tables.metadata.create_all(connection)
        declared = names_in(connection), indexes_in(connection)

    assert migrated == declared


def test_every_migration_can_be_taken_back_and_made_again(database: Database):
    with database.engine.connect() as connection:
        before = names_in(connection)

    run_alembic(database, command.downgrade, "base")
    with database.engine.connect() as connection:
        left = set(sa.inspect(connection).get_table_names())
    run_alembic(database, command.upgrade, "head")

    with database.engine.connect() as connection:
        assert names_in(connection) == before
    assert left == {"alembic_version"}


def test_newest_migration_is_the_one_alembic_ends_at(database: Database):
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()

    assert current == newest()


def test_processes_that_migrate_at_once_do_not_disturb_each_other(database_url: str):
    several = [
        subprocess.Popen([sys.executable, "-c", MIGRATE, database_url], stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120)[1].decode() for process in several]

    assert [process.returncode for process in several] == [0, 0], told
    database = open_database(database_url)
    migrate(database)
    database.close()
