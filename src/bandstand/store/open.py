"""Opening the store that the settings name: for a server, and for commands that need it for a moment."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from bandstand.errors import Unavailable
from bandstand.settings import Settings, load_settings
from bandstand.store.database import Database, open_database
from bandstand.store.migrate import migrate


def open_store(settings: Settings) -> Database:
    """The database with the newest schema. Blocking.

    raises  Unavailable when it does not answer, or the data folder cannot be used
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        database = open_database(settings.database)
        migrate(database)
    except DBAPIError as error:
        raise Unavailable(f"The database is not available: {error.orig}") from None
    except OSError as error:
        raise Unavailable(f"Cannot use the folder {error.filename}: {error.strerror}") from None
    return database


@contextmanager
def opened() -> Generator[Database]:
    database = open_store(load_settings())
    try:
        yield database
    finally:
        database.close()
