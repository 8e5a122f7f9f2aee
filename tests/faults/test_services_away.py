"""The database stops, the store of files stops, the disk fills up: accepted jobs wait, and what is refused is refused whole."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cluster import Cluster, check, cluster, spooled
from patience import once
from services import find_postgres, object_store, postgres

pytestmark = pytest.mark.fault


@pytest.mark.postgres
def test_running_jobs_outlast_four_seconds_without_the_database(tmp_path: Path) -> None:
    programs = find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL's initdb is not on this machine")
    with postgres(programs) as server, cluster(tmp_path, database_url=server.url()) as made:
        node, worker = made.node(grace_seconds=30.0), made.node("worker", grace_seconds=30.0)
        node.ready()
        worker.ready()
        accepted = node.submit_many(["work=1.5 steps=30"] * 3)
        once(lambda: all(row.progress > 0 for row in made.rows().values()), why="all run")

        server.stop(at_once=True)
        told = [
            node.try_submit(),
            node.ask("GET", f"/v1/jobs/{accepted[0]}"),
            node.ask("GET", "/readyz"),
        ]
        time.sleep(4)
        server.start()
        made.finish()
        after = node.submit("tone")
        made.finish()

        rows = check(made, node, [*accepted, after])
        assert {answer.status for answer in told} == {503}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in told)
        assert {row.attempts for row in rows.values()} == {1}, "none ran twice"


def test_results_wait_in_the_spool_until_the_store_of_files_is_back(tmp_path: Path) -> None:
    with object_store() as server:
        server.make_bucket("music")
        with cluster(tmp_path, blobs_url=server.url("music")) as made:
            node = made.node().ready()
            server.stop()
            accepted = node.submit_many(["work=0.5"] * 4)
            once(lambda: len(spooled(made)) == 4, why="all are rendered")
            assert len(made.unfinished()) == 4
            server.start()
            server.make_bucket("music")
            made.finish()

            rows = check(made, node, accepted)
            assert {row.attempts for row in rows.values()} == {1}, "rendered once"


def test_a_full_disk_refuses_jobs_whole_and_holds_up_accepted_ones(embedded: Cluster) -> None:
    node = embedded.node().ready()
    running = node.submit("work=5 steps=50")
    once(lambda: embedded.rows()[running].progress > 0, why="it runs")

    node.limit_files(4096)
    answer = node.try_submit()
    time.sleep(6)
    held_up = embedded.rows()
    node.limit_files(None)
    after = node.submit("tone")
    embedded.finish()

    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.body["error"]["type"] == "Unavailable"
    assert list(held_up) == [running], "nothing was stored of what was refused"
    assert held_up[running].status == "running"
    check(embedded, node, [running, after])
