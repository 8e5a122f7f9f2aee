"""Brings a database to the newest schema; safe when several processes start at once, and quick when nothing is to do."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from bandstand.store.database import Database

SCRIPTS = Path(__file__).parent / "migrations"
LOCK = 0x62616E647374  # "bandst": the advisory lock that one starting process holds on PostgreSQL


def migrate(database: Database) -> None:
    """Blocking; for start-up."""
    with database.engine.connect() as connection:
        if current(connection) == newest():
            return
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        take_turns(connection)
        _upgrade(connection)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")
        else:
            connection.commit()


def take_turns(connection: sa.Connection) -> None:
    """Until the transaction ends, no other process does what processes do at their start. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


def newest() -> str:
    """The name of the last migration; they are numbered, so it is the greatest."""
    return max(file.stem for file in (SCRIPTS / "versions").glob("[0-9]*.py"))


def current(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415 - half a second that a start without migration need not spend
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
