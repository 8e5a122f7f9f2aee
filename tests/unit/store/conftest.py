"""Tests of rows share a database that is emptied for each; `test_migrate.py` makes its own."""

from __future__ import annotations

import pytest

from bandstand.store.database import Database


@pytest.fixture
def database(emptied_database: Database) -> Database:
    return emptied_database
