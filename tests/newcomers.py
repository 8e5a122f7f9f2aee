"""Accounts that nobody used before, so that a test finds only what it put in itself, on servers that others share."""

from __future__ import annotations

import itertools

from servers import Server
from sqlalchemy import Connection

from bandstand.store import accounts
from bandstand.store.database import open_database

NUMBERS = itertools.count()


def new_account(server: Server, *, credit: int = 0) -> str:
    """The name of a new account. credit: millicredits; with any, it is metered"""
    name = f"newcomer-{next(NUMBERS)}"

    def make(connection: Connection) -> None:
        account = accounts.create_account(connection, name, metered=False)
        if credit:
            accounts.grant(connection, account, credit)

    usual = f"sqlite:///{server.folder}/data/bandstand.db"
    database = open_database(server.settings.get("database_url", usual))
    database.write_now(make)
    database.close()
    return name
