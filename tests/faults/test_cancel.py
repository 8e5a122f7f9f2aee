"""A cancel is the truth at once, wherever it is said, and never counts twice. The jobs here would take ten minutes."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cluster import Cluster, Node, check, cluster
from patience import PATIENCE_SECONDS, once
from services import Postgres

pytestmark = pytest.mark.fault
SLOTS = 8


@pytest.fixture(scope="module")
def parted(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres
) -> Generator[Cluster]:
    """Two processes on PostgreSQL: one that works, and one that only answers."""
    url = postgres_server.create_database()
    with cluster(tmp_path_factory.mktemp("parted"), database_url=url) as made:
        made.node("worker")
        made.node("api")
        for each in made.nodes:
            each.ready()
        yield made


def cancel_all(made: Cluster, node: Node, accepted: list[str], key: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda job: node.cancel(job, key=key), accepted))
    assert not made.unfinished()


def cancel_running(made: Cluster, node: Node) -> None:
    """After it the engine has room again: eight jobs filled it, eight more fit."""
    key = made.key_of("running", millicredits=20)
    first = node.submit_many(["work=600 steps=6000"] * SLOTS, key=key)
    once(lambda: all(made.rows()[job].progress > 0 for job in first), why="the engine is full")
    cancel_all(made, node, first, key)
    second = node.submit_many(["work=0.05"] * SLOTS, key=key)
    made.finish()
    check(made, node, first, statuses=("canceled",))
    assert {row.attempts for row in check(made, node, second).values()} == {1}


def test_a_running_job_is_canceled_and_frees_its_slot(steady: Cluster, node: Node) -> None:
    cancel_running(steady, node)

    assert steady.credits_of("running") == (20 - SLOTS, 0)


@pytest.mark.postgres
def test_a_running_job_is_canceled_through_another_process(parted: Cluster) -> None:
    _, api = parted.nodes

    cancel_running(parted, api)

    assert parted.credits_of("running") == (20 - SLOTS, 0)


def test_a_queued_job_is_canceled_and_never_runs(steady: Cluster, node: Node) -> None:
    key = steady.key_of("queued", millicredits=10)
    running = node.submit_many(["work=600 steps=6000"] * SLOTS, key=key)
    once(lambda: all(steady.rows()[job].progress > 0 for job in running), why="it is full")
    queued = node.submit("tone", key=key)

    shown = node.cancel(queued, key=key)
    cancel_all(steady, node, running, key)

    assert shown["status"] == "canceled"
    assert check(steady, node, [queued], statuses=("canceled",))[queued].attempts == 0
    assert steady.credits_of("queued") == (10, 0)


def test_who_watches_hears_of_the_cancel(steady: Cluster, node: Node) -> None:
    job = node.submit("work=600 steps=6000")
    once(lambda: steady.rows()[job].progress > 0, why="it runs")
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(node.watch, job)
        time.sleep(0.3)
        node.cancel(job)
        told = watching.result(PATIENCE_SECONDS)

    assert told[-1][1]["status"] == "canceled"


def test_a_cancel_that_races_the_end_counts_once(steady: Cluster, node: Node) -> None:
    key = steady.key_of("race", millicredits=100)
    dice = random.Random(5)
    calm = node.submit_many(["work=0.1"] * SLOTS, key=key)
    steady.finish()
    usual = statistics.median(row.finished_at - row.created_at for row in rows_of(steady, calm))

    def race(wait_seconds: float) -> str:
        job = node.submit("work=0.1", key=key)
        time.sleep(wait_seconds)
        node.cancel(job, key=key)
        return job

    with ThreadPoolExecutor(SLOTS) as pool:
        accepted = list(pool.map(race, [dice.uniform(0.2, 2.0) * usual for _ in range(60)]))
    steady.finish()

    rows = check(steady, node, accepted, statuses=("succeeded", "canceled"))
    succeeded = [row for row in rows.values() if row.status == "succeeded"]
    assert 0 < len(succeeded) < 60, "both must happen, or it was no race"
    assert steady.credits_of("race") == (100 - SLOTS - len(succeeded), 0)


def rows_of(made: Cluster, accepted: list[str]) -> list[Any]:
    rows = made.rows()
    return [rows[job] for job in accepted]
