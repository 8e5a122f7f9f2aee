"""Accepted means done: processes end without a word, and every job ends once."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from cluster import Cluster, Node, check
from patience import PATIENCE_SECONDS, once

pytestmark = pytest.mark.fault


@pytest.mark.postgres
def test_forty_jobs_survive_the_death_of_a_worker_and_of_an_api(distributed: Cluster) -> None:
    apis = [distributed.node("api") for _ in range(2)]
    workers = [distributed.node("worker") for _ in range(2)]
    for node in [*apis, *workers]:
        node.ready()
    keys = [
        distributed.key_of("metered", millicredits=100),
        distributed.key_of("second"),
        distributed.key_of("third"),
    ]

    def submit(number: int) -> str:
        return apis[number % 2].submit(f"work=0.4 job {number}", key=keys[number % 3])

    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(submit, range(40)))
    watched = accepted[39]  # accepted by the API that is going to die
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(apis[0].watch, watched, key=keys[39 % 3])
        once(lambda: len(distributed.unfinished()) <= 32, why="eight are done")
        once(lambda: stopped_in_the_midst(workers[0]), why="it has jobs")
        workers[0].kill()
        apis[1].kill()
        distributed.finish()
        told = watching.result(PATIENCE_SECONDS)

    rows = check(distributed, apis[0], accepted)
    assert len(rows) == 40
    assert max(row.attempts for row in rows.values()) == 2, "the killed worker had jobs"
    assert told[-1][1]["status"] == "succeeded"
    assert distributed.credits_of("metered") == (100 - 14, 0)


def stopped_in_the_midst(worker: Node) -> bool:
    """It has jobs, and settles none of them any more."""
    worker.signal(signal.SIGSTOP)
    if worker.inside():
        return True
    worker.signal(signal.SIGCONT)
    return False


def test_twenty_jobs_survive_the_death_of_the_only_process(embedded: Cluster) -> None:
    node = embedded.node().ready()
    long = node.submit_many(["work=600 steps=6000 later=0.3"] * 3)
    once(lambda: all(row.progress > 0 for row in embedded.rows().values()), why="three run")
    accepted = [*long, *node.submit_many([f"work={0.3 + 0.05 * n}" for n in range(17)])]
    once(lambda: len(embedded.unfinished()) <= 17, why="three are done")
    node.kill()

    node.start().ready()
    embedded.finish()

    rows = check(embedded, node, accepted)
    assert {row.attempts for row in rows.values()} == {1, 2}


@pytest.mark.postgres
def test_a_worker_wrongly_taken_for_dead_is_refused_when_it_wakes(distributed: Cluster) -> None:
    sleeper, api = distributed.node("worker"), distributed.node("api")
    sleeper.ready()
    api.ready()
    lock = _lock_holder(distributed)
    job = api.submit("work=6 steps=60 later=0.1")
    once(lambda: distributed.rows()[job].progress > 0, why="it runs")

    sleeper.signal(signal.SIGSTOP)
    _end_connection(distributed, lock)
    other = distributed.node("worker").ready()
    distributed.finish()
    sleeper.signal(signal.SIGCONT)
    once(lambda: "won=False" in sleeper.log() or "superseded" in sleeper.log(), why="refused")

    row = check(distributed, api, [job])[job]
    assert row.attempts == 2
    assert "to=succeeded won=True" in other.log()
    assert "won=True" not in sleeper.log()


def _lock_holder(made: Cluster) -> int:
    """The connection by which the only worker shows that it lives."""
    ask = sa.text(
        "select pid from pg_stat_activity"
        " where datname = current_database() and application_name = 'bandstand liveness'"
    )
    with made.store() as database:
        return database.read_now(lambda connection: connection.execute(ask).scalar_one())


def _end_connection(made: Cluster, pid: int) -> None:
    ask = sa.text("select pg_terminate_backend(:pid)")
    with made.store() as database:
        database.write_now(lambda connection: connection.execute(ask, {"pid": pid}).scalar_one())


def test_a_stopping_process_finishes_what_it_can_and_leaves_the_rest(embedded: Cluster) -> None:
    node = embedded.node(drain_seconds=6).ready()
    short = node.submit_many(["work=0.8 steps=20"] * 3)
    long = node.submit_many(["work=600 steps=6000 later=0.1"] * 3)
    once(lambda: all(row.progress > 0 for row in embedded.rows().values()), why="all run")

    code = node.stop()
    at_the_end = embedded.rows()
    node.start().ready()
    embedded.finish()

    assert code == 0
    assert "Traceback" not in node.log()
    assert {at_the_end[job].status for job in short} == {"succeeded"}
    assert {at_the_end[job].status for job in long} == {"running"}
    rows = check(embedded, node, [*short, *long])
    assert {rows[job].attempts for job in long} == {2}
