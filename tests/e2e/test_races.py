"""Cancel, delete and the end of a job at the same moment, five hundred times on each kind of database: one end, one charge or refund, no file left over."""

from __future__ import annotations

import random
import statistics
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from behind import new_key, store
from patience import once
from servers import Server, finished

from bandstand.store import accounts
from bandstand.store.database import Database
from bandstand.store.tables import events, jobs, ledger

JOBS = 500
CALM = 40
AT_ONCE = 8
FINAL = {"succeeded", "canceled"}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_end_cancel_and_delete_at_once_leave_one_end_and_no_trace(busy_server: Server):
    name = uuid.uuid4().hex
    key = new_key(busy_server, name, credits_given=CALM + JOBS)
    dice = random.Random(7)
    with busy_server.client(key) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        usual = statistics.median(pool.map(lambda _: seconds_to_end(client), range(CALM)))
        plan = [(dice.uniform(0.2, 1.4) * usual, dice.random() < 0.2) for _ in range(JOBS)]
        accepted = list(pool.map(lambda step: race(client, step[0], is_deleted=step[1]), plan))
    deleted = {job for job, is_deleted in accepted if is_deleted}
    kept = {job for job, is_deleted in accepted if not is_deleted}

    with store(busy_server) as database:
        wait_until_settled(database, name)
        ends = ends_of(database, kept)
        money = money_of(database, kept | deleted)
        found = database.read_now(accounts.find_account, name)
        assert database.read_now(accounts.ledger_sum) == 0
    assert found
    statuses = dict(ends)
    assert len(ends) == len(statuses) == len(kept), "one final event each"
    told = Counter(statuses.values())
    assert set(told) == FINAL, "both must happen, or it was no race"
    for job, kinds in money.items():
        end = {"succeeded": ["capture"], "canceled": ["release"]}.get(statuses.get(job, ""))
        assert kinds in ([end] if end else [["capture"], ["release"]]), job
    captured = sum(kinds == ["capture"] for kinds in money.values())
    assert len(money) == JOBS
    assert (found.available, found.held) == (JOBS - captured, 0)
    wait_until_clean(busy_server, deleted | {job for job in kept if statuses[job] == "canceled"})


def submit(client: httpx2.Client) -> str:
    wish = {"prompt": "work=0.1 steps=2", "model": "fake", "seconds": 0.5}
    return client.post("/v1/jobs", json=wish).json()["id"]


def seconds_to_end(client: httpx2.Client) -> float:
    """Of a job that nobody calls off, on this machine at this hour."""
    began = time.monotonic()
    finished(client, submit(client))
    return time.monotonic() - began


def race(client: httpx2.Client, pause: float, *, is_deleted: bool) -> tuple[str, bool]:
    job = submit(client)
    time.sleep(pause)
    if is_deleted:
        assert client.delete(f"/v1/jobs/{job}").status_code == 204
    else:
        assert client.post(f"/v1/jobs/{job}/cancel").status_code == 200
    return job, is_deleted


def wait_until_settled(database: Database, name: str) -> None:
    def held() -> int:
        found = database.read_now(accounts.find_account, name)
        assert found
        return found.held

    once(held, lambda millicredits: millicredits == 0)


def ends_of(database: Database, ids: set[str]) -> list[tuple[str, str]]:
    """(job, status) of each final event; the row of the job says the same."""

    def read(connection: sa.Connection) -> list[tuple[str, str]]:
        told = connection.execute(
            sa.select(events.c.job, events.c.detail).where(events.c.kind == "status")
        ).all()
        final = {"succeeded", "failed", "canceled"}
        ends = [
            (row.job, row.detail["status"])
            for row in told
            if row.job in ids and row.detail["status"] in final
        ]
        stored = connection.execute(sa.select(jobs.c.id, jobs.c.status)).all()
        assert dict(ends) == {row.id: row.status for row in stored if row.id in ids}
        return ends

    return database.read_now(read)


def money_of(database: Database, ids: set[str]) -> dict[str, list[str]]:
    """Per job how its hold ended, each entry of the ledger counted once."""

    def read(connection: sa.Connection) -> dict[str, list[str]]:
        rows = connection.execute(
            sa.select(ledger.c.job, ledger.c.kind).where(
                ledger.c.kind.in_(["capture", "release"]), ledger.c.amount > 0
            )
        ).all()
        ended: dict[str, list[str]] = {}
        for row in rows:
            if row.job in ids:
                ended.setdefault(row.job, []).append(row.kind)
        return ended

    return database.read_now(read)


def wait_until_clean(server: Server, ids: set[str]) -> None:
    """Nothing of these jobs is stored or spooled; the spool is swept every five seconds."""
    folders = [server.folder / "data" / "blobs" / "jobs", server.folder / "data" / "spool"]

    def left() -> list[Path]:
        paths = [path for folder in folders for path in folder.rglob("*")]
        return [path for path in paths if path.is_file() and ids & {p[:26] for p in path.parts}]

    once(left, lambda paths: not paths)
