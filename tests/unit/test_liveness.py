"""A lock says who lives: it is dropped by the system, never by a clock."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from patience import PATIENCE_SECONDS, once
from services import Postgres

from bandstand.liveness import FileLocks, Liveness, Locks, PostgresLocks

NewLocks = Callable[[], Locks]


@pytest.fixture(params=["files", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_locks(request: pytest.FixtureRequest, tmp_path: Path) -> NewLocks:
    """The locks as another process sees them, at each call."""
    if request.param == "files":
        return lambda: FileLocks(tmp_path)
    server: Postgres = request.getfixturevalue("postgres_server")
    url = server.create_database()
    return lambda: PostgresLocks(url)


def test_a_held_lock_is_not_free(new_locks: NewLocks) -> None:
    ours, theirs = new_locks(), new_locks()

    with ours.held("me"), theirs.held("them"), theirs.free("me") as is_free:
        assert not is_free


def test_a_lock_that_was_let_go_is_free(new_locks: NewLocks) -> None:
    ours, theirs = new_locks(), new_locks()

    with theirs.held("them"):
        with ours.held("me"):
            pass
        # PostgreSQL lets go when it has read the end of the connection.
        assert once(lambda: _is_free(theirs, "me"))


def _is_free(locks: Locks, executor: str) -> bool:
    with locks.free(executor) as is_free:
        return is_free


def test_a_lock_that_nobody_ever_held_is_free(new_locks: NewLocks) -> None:
    locks = new_locks()

    with locks.held("me"), locks.free("a process of last week") as is_free:
        assert is_free


def test_looking_at_a_lock_does_not_keep_it(new_locks: NewLocks) -> None:
    ours, theirs = new_locks(), new_locks()
    with theirs.held("them"):
        with theirs.free("me"):
            pass
        with ours.held("me"), theirs.free("me") as is_free:
            assert not is_free


def test_our_own_lock_holds_when_it_is_checked(new_locks: NewLocks) -> None:
    locks = new_locks()

    with locks.held("me"):
        locks.check()


@pytest.mark.postgres
def test_a_lost_connection_is_noticed(postgres_server: Postgres) -> None:
    locks = PostgresLocks(postgres_server.create_database())

    with contextlib.suppress(*locks.lost), locks.held("me"):
        assert locks._connection is not None
        locks._connection.close()
        with pytest.raises(locks.lost):
            locks.check()


HOLDER = """
import sys, time
from pathlib import Path
from bandstand.liveness import FileLocks
with FileLocks(Path(sys.argv[1])).held("them"):
    print("held", flush=True)
    time.sleep(600)
"""


@contextlib.contextmanager
def _holder(folder: Path) -> Generator[subprocess.Popen[bytes]]:
    """A process that holds a lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_the_lock_of_a_living_process_is_held(tmp_path: Path) -> None:
    with _holder(tmp_path), FileLocks(tmp_path).free("them") as is_free:
        assert not is_free


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with _holder(tmp_path) as process:
        process.kill()
        process.wait()
        with FileLocks(tmp_path).free("them") as is_free:
            assert is_free


def test_a_process_that_ends_in_order_leaves_no_file(tmp_path: Path) -> None:
    with FileLocks(tmp_path).held("me"):
        assert len(list(tmp_path.iterdir())) == 1

    assert list(tmp_path.iterdir()) == []


def test_a_stop_is_heard_while_the_lock_cannot_be_had() -> None:
    nobody_there = PostgresLocks("postgresql://nobody@127.0.0.1:9/none")
    liveness = Liveness(nobody_there, "me", grace_seconds=1.0)
    starting = threading.Thread(target=liveness.start)
    starting.start()
    liveness.stop()
    starting.join(PATIENCE_SECONDS)

    assert not starting.is_alive()
