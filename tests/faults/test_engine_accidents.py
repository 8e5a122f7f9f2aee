"""The engine's process crashes, hangs or does not listen: that costs its jobs a run at most, and nobody else anything."""

from __future__ import annotations

import os
import signal

import pytest
from cluster import Cluster, Node, check
from patience import once

pytestmark = pytest.mark.fault
LONG = "work=600 steps=6000 later=0.1"  # in the engine, whenever the accident comes


def run_all(cluster: Cluster, node: Node, *prompts: str, key: str) -> list[str]:
    """Ids of jobs that are in the engine now."""
    accepted = node.submit_many(prompts, key=key)
    once(lambda: all(cluster.rows()[job].progress > 0 for job in accepted), why="all run")
    return accepted


def test_jobs_of_a_killed_engine_succeed_at_their_second_run(steady: Cluster, node: Node) -> None:
    accepted = run_all(steady, node, *[LONG] * 4, key=steady.key_of("killed engine"))
    (engine,) = node.engine_pids()
    os.kill(engine, signal.SIGKILL)

    steady.finish()

    rows = check(steady, node, accepted)
    assert {row.attempts for row in rows.values()} == {2}


def test_a_job_that_always_crashes_the_engine_fails_and_harms_others_once(
    steady: Cluster, node: Node
) -> None:
    key = steady.key_of("crash", millicredits=20)
    others = run_all(steady, node, *[LONG] * 3, key=key)
    poison = node.submit("crash", key=key)

    steady.finish()

    rows = check(steady, node, [*others, poison], statuses=("succeeded", "failed"))
    assert {rows[job].status for job in others} == {"succeeded"}
    assert {rows[job].attempts for job in others} == {2}, "its later runs were alone"
    assert rows[poison].status == "failed"
    assert rows[poison].attempts == 3
    assert "ended while it was working on this job" in rows[poison].error
    assert steady.credits_of("crash") == (20 - 3, 0)


def test_a_job_that_crashes_the_engine_once_succeeds(steady: Cluster, node: Node) -> None:
    job = node.submit("crash=1")

    steady.finish()

    assert check(steady, node, [job])[job].attempts == 2


def test_a_hanging_job_fails_after_three_runs_and_is_told_why(embedded: Cluster) -> None:
    node = embedded.node(hang_seconds=1.0).ready()
    job = node.submit("hang")

    embedded.finish()

    row = check(embedded, node, [job], statuses=("failed",))[job]
    assert row.attempts == 3
    assert "reported nothing for 1 s" in row.error


def test_an_engine_that_is_deaf_to_a_cancel_is_replaced(steady: Cluster, node: Node) -> None:
    job = node.submit("deaf work=600", key=steady.key_of("deaf", millicredits=1))
    once(lambda: steady.rows()[job].progress > 0, why="it is in the engine")
    (engine,) = node.engine_pids()

    shown = node.cancel(job, key=steady.key_of("deaf"))

    assert shown["status"] == "canceled"
    once(lambda: engine not in node.engine_pids(), why="the deaf one is gone")
    after = node.submit("tone")
    steady.finish()
    check(steady, node, [after])
    check(steady, node, [job], statuses=("canceled",))
    assert steady.credits_of("deaf") == (1, 0)


def test_a_failing_job_fails_at_once_with_the_engines_words(steady: Cluster, node: Node) -> None:
    job = node.submit("fail", key=steady.key_of("fail", millicredits=1))

    steady.finish()

    row = check(steady, node, [job], statuses=("failed",))[job]
    assert row.attempts == 1
    assert row.error == "The fake engine was asked to fail."
    assert steady.credits_of("fail") == (1, 0)
