"""The queue is fair to whoever asks less, and forgets nobody."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from cluster import Cluster, Node, check

from bandstand.store.tables import jobs

pytestmark = pytest.mark.fault


def test_three_jobs_do_not_wait_for_sixty_of_somebody_else(steady: Cluster, node: Node) -> None:
    many, few = steady.key_of("many"), steady.key_of("few")
    first = node.submit_many(["work=0.3"] * 60, key=many)
    later = node.submit_many(["work=0.3"] * 3, key=few)

    steady.finish()

    rows = check(steady, node, [*first, *later])
    came = max(rows[job].created_at for job in later)
    begun = max(rows[job].started_at for job in later)
    assert sum(came < rows[job].started_at < begun for job in first) < 30


def test_a_job_whose_workflow_is_gone_is_adopted(embedded: Cluster) -> None:
    api = embedded.node("api").ready()
    job = api.submit("tone")
    with embedded.store() as database:
        database.write_now(_forget_workflow, job)

    embedded.node("worker").ready()
    embedded.finish()

    assert check(embedded, api, [job])[job].attempts == 1


def _forget_workflow(connection: sa.Connection, job: str) -> None:
    """As after a restore of one table without the other, a minute ago."""
    gone = connection.execute(
        sa.text("delete from workflow_status where workflow_uuid = :job"), {"job": job}
    )
    assert gone.rowcount == 1
    connection.execute(
        jobs.update().where(jobs.c.id == job).values(created_at=jobs.c.created_at - 60)
    )
