"""How a server begins: one first account, whoever comes first."""

from __future__ import annotations

import concurrent.futures

from bandstand.build import _first_account
from bandstand.settings import load_settings
from bandstand.store import accounts
from bandstand.store.database import Database, open_database
from bandstand.store.migrate import migrate


def test_first_key_opens_the_first_account(database: Database):
    key = database.write_now(_first_account, load_settings(api_key=None))

    assert key
    found = database.read_now(accounts.open_with, key)
    assert found
    assert found.account.name == "first"


def test_key_is_told_at_the_first_start_only(database: Database):
    settings = load_settings(api_key=None)
    database.write_now(_first_account, settings)

    assert database.write_now(_first_account, settings) is None
    assert database.read_now(accounts.count_accounts) == 1


def test_preset_key_works_from_the_start_that_names_it(database: Database):
    database.write_now(_first_account, load_settings(api_key=None))

    for preset in ("chosen", "chosen later"):
        assert database.write_now(_first_account, load_settings(api_key=preset)) is None
        assert database.read_now(accounts.open_with, preset)
    assert database.read_now(accounts.count_accounts) == 1


def test_processes_that_start_at_once_make_one_first_account(database_url: str):
    several = [open_database(database_url) for _ in range(4)]
    migrate(several[0])
    for database in several:
        database.read_now(accounts.count_accounts)

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        start = [threads.submit(d.write_now, _first_account, load_settings()) for d in several]
        keys = [key for key in (one.result() for one in start) if key]

    assert len(keys) == 1
    assert several[0].read_now(accounts.count_accounts) == 1
    for database in several:
        database.close()
