"""Jobs from before the playground are found in it like those made since."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator

import pytest
from alembic import command
from alembic.config import Config
from orders import new_account, stored_job

from bandstand.specs import MusicSpec
from bandstand.store import library
from bandstand.store.database import Database, open_database
from bandstand.store.migrate import SCRIPTS, migrate


@pytest.fixture
def database(database_url: str) -> Generator[Database]:
    """One of its own, for its schema goes back and forth."""
    opened = open_database(database_url)
    migrate(opened)
    yield opened
    opened.close()


def test_jobs_from_before_are_searched_by_their_words(database: Database):
    account = new_account(database)
    spec = dataclasses.replace(MusicSpec(prompt="ÄPFEL\0 in May"), model="composer", seed=1)
    job = stored_job(database, account, spec=spec)

    for step, revision in ((command.downgrade, "002_apis"), (command.upgrade, "head")):
        with database.engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(SCRIPTS))
            config.attributes["connection"] = connection
            step(config, revision)
    shelf = database.read_now(library.shelf, account, cursor=None, size=5, search="äpfel may")

    assert [kept.job.id for kept in shelf.kept] == [job.id]
