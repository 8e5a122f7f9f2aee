"""Accepted means done: processes end without a word, and every job ends once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from cluster import Cluster, check, wait_until

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
        wait_until(lambda: len(distributed.unfinished()) <= 32, why="eight are done")
        workers[0].kill()
        apis[1].kill()
        distributed.finish()
        told = watching.result(10)

    rows = check(distributed, apis[0], accepted)
    assert len(rows) == 40
    assert max(row.attempts for row in rows.values()) == 2, "the killed worker had jobs"
    assert told[-1][1]["status"] == "succeeded"
    assert distributed.credits_of("metered") == (100 - 14, 0)


def test_twenty_jobs_survive_the_death_of_the_only_process(embedded: Cluster) -> None:
    node = embedded.node().ready()
    accepted = node.submit_many([f"work={0.3 + 0.05 * number}" for number in range(20)])
    wait_until(lambda: len(embedded.unfinished()) <= 17, why="three are done")
    node.kill()

    node.start().ready()
    embedded.finish()

    rows = check(embedded, node, accepted)
    assert {row.attempts for row in rows.values()} == {1, 2}
