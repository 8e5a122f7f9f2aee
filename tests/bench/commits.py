"""The floor of a submission: one job's row, committed alone to the same disk through the same library."""

from __future__ import annotations

import time

from bandstand.jobs import new_id
from bandstand.store import accounts
from bandstand.store.database import Database, SqliteDatabase, open_database
from bandstand.store.migrate import migrate
from bandstand.store.tables import jobs

COUNT = 150


def commit_seconds(url: str) -> list[float]:
    """How long each of many commits took, one after the other, in an empty database at `url`."""
    database = open_database(url)
    migrate(database)
    try:
        account = database.write_now(accounts.create_account, "floor", metered=False)
        return [_commit(database, account) for _ in range(COUNT)]
    finally:
        database.close()


def _commit(database: Database, account: str) -> float:
    row = jobs.insert().values(
        id=new_id(),
        account=account,
        origin="native",
        asked={"prompt": "tone", "seconds": 0.5},
        spec={"prompt": "tone", "seconds": 0.5, "seed": 1},
        model="fake",
        engine="fake",
        status="succeeded",
        progress=1.0,
        outputs=[],
        price=0,
        attempts=1,
        created_at=time.time(),
    )
    began = time.perf_counter()
    with database.engine.connect() as connection:
        if isinstance(database, SqliteDatabase):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.execute(row)
        if isinstance(database, SqliteDatabase):
            connection.exec_driver_sql("COMMIT")
        else:
            connection.commit()
    return time.perf_counter() - began
