"""Opening the store that the settings name, for commands that need it for a moment."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from bandstand.settings import Settings, load_settings
from bandstand.store.database import Database, open_database
from bandstand.store.migrate import migrate


def open_store(settings: Settings) -> Database:
    """The database with the newest schema. Blocking."""
    settings.data.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database)
    migrate(database)
    return database


@contextmanager
def opened() -> Generator[Database]:
    database = open_store(load_settings())
    try:
        yield database
    finally:
        database.close()
