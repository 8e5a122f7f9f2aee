"""Clusters for fault tests: some for one test to wreck, one that tests share and leave whole."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from cluster import Cluster, Node, cluster
from services import Postgres


@pytest.fixture
def embedded(tmp_path: Path) -> Generator[Cluster]:
    """On SQLite and a folder; no process yet."""
    with cluster(tmp_path) as made:
        yield made


@pytest.fixture
def distributed(tmp_path: Path, postgres_server: Postgres) -> Generator[Cluster]:
    """On PostgreSQL and a shared folder; no process yet."""
    with cluster(tmp_path, database_url=postgres_server.create_database()) as made:
        yield made


@pytest.fixture(scope="session")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster]:
    """One process on SQLite, for accidents that it survives itself."""
    with cluster(tmp_path_factory.mktemp("steady")) as made:
        made.node().ready()
        yield made


@pytest.fixture
def node(steady: Cluster) -> Node:
    (only,) = steady.nodes
    return only
