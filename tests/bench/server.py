"""The server: how quickly it accepts, how much it gets done, how soon it is there, what it costs while nothing happens."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from servers import Server
from services import find_postgres, postgres

from bench.clients import ENGINE_SECONDS, check, submit_all, wait_until_idle
from bench.commits import commit_seconds
from bench.figures import Row, quantile

# As shipped; `servers.USUAL` is quicker for tests.
SHIPPED = {"poll_seconds": 0.2, "grace_seconds": 2.0, "drain_seconds": 10.0, "log_level": "warning"}
ROOMY = {"jobs_max_account": 100_000, "jobs_max_total": 100_000}
ALONE, MANY = 1, 8
SUBMISSIONS = 200
JOBS = 100
SLOTS = 8  # of the fake engine
IDLE_SECONDS = 20.0


def measure(folder: Path) -> Iterator[Row]:
    yield from _start(folder)
    yield _idle(folder)
    yield from _accepting(folder, "SQLite", f"sqlite:///{folder}/floor.db", None)
    programs = find_postgres()
    if programs is None:
        return
    with postgres(programs) as service:
        floor, database = service.create_database(), service.create_database()
        yield from _accepting(folder, "PostgreSQL", floor, database)


def _accepting(folder: Path, name: str, floor_url: str, database: str | None) -> Iterator[Row]:
    settings = {**SHIPPED, **ROOMY, "engines": "fake"}
    if database:
        settings["database_url"] = database
    server = Server(folder / name, settings)
    server.start()
    try:
        submit_all(server, clients=1, each=20)
        wait_until_idle(server)
        for clients in (ALONE, MANY):
            yield from _submissions(server, name, clients, floor_url)
        yield _throughput(server, name)
    finally:
        server.stop()


def _submissions(server: Server, name: str, clients: int, floor_url: str) -> Iterator[Row]:
    """While the jobs that were accepted are being worked on, as in life; the commit alone while nothing happens."""
    commit = 1000 * quantile(commit_seconds(floor_url), 0.5)
    jobs, took = submit_all(server, clients=clients, each=SUBMISSIONS // clients)
    wait_until_idle(server)
    has_aim = clients == MANY and name == "SQLite"
    for words, fraction in (("p50", 0.5), ("p95", 0.95)):
        figure = 1000 * quantile(took, fraction)
        is_aimed = has_aim and words == "p95"
        yield Row(
            what=f"submit, {name}, {clients} client{'s' if clients > 1 else ''}, {words}",
            figure=figure,
            unit="ms",
            floor=commit,
            aim="under 10 commits" if is_aimed else "",
            reached=figure < 10 * commit,
            correct=check(server, jobs) if words == "p95" else "",
        )


def _throughput(server: Server, name: str) -> Row:
    began = time.perf_counter()
    jobs, _ = submit_all(server, clients=4, each=JOBS // 4)
    wait_until_idle(server)
    took = time.perf_counter() - began
    return Row(
        what=f"{JOBS} tiny jobs, {name}, first submit to last result ({JOBS / took:.0f} jobs/s)",
        figure=took,
        unit="s",
        floor=JOBS * ENGINE_SECONDS / SLOTS,
        correct=check(server, jobs),
    )


def _start(folder: Path) -> Iterator[Row]:
    python = _best(3, [sys.executable, "-c", "pass"])
    helped = _best(5, [sys.executable, "-m", "bandstand", "--help"])
    yield Row(
        what="`bandstand --help`, beside Python alone",
        figure=helped,
        unit="s",
        floor=python,
        aim="under 0.5 s",
        reached=helped < 0.5,
    )
    libraries = _best(3, [sys.executable, "-c", "import dbos, fastapi, sqlalchemy, uvicorn"])
    for words in ("new data folder", "existing one"):
        server = Server(folder / "start", {**SHIPPED, "engines": "composer"})
        took = _seconds_to_answer(server)
        server.stop()
        yield Row(
            what=f"server start to first answer, {words}, beside importing its libraries",
            figure=took,
            unit="s",
            floor=libraries,
            aim="under 2 s",
            reached=took < 2.0,
        )


def _best(times: int, command: list[str]) -> float:
    def once() -> float:
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - began

    return min(once() for _ in range(times))


def _seconds_to_answer(server: Server) -> float:
    server.folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    server.running = subprocess.Popen(
        [sys.executable, "-m", "bandstand", "serve"],
        env=server.environment(),
        cwd=server.folder,
        stderr=subprocess.DEVNULL,
    )
    while not _is_alive(server.port):
        time.sleep(0.005)
    return time.perf_counter() - began


def _is_alive(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _idle(folder: Path) -> Row:
    """Of the server and its engine's process together, as installed: SQLite and the composer."""
    server = Server(folder / "idle", {**SHIPPED, "engines": "composer"})
    server.start()
    try:
        time.sleep(3.0)
        assert server.running is not None
        before = _cpu_seconds(server.running.pid)
        time.sleep(IDLE_SECONDS)
        percent = 100 * (_cpu_seconds(server.running.pid) - before) / IDLE_SECONDS
    finally:
        server.stop()
    return Row(
        what=f"idle server and engine, share of one core over {IDLE_SECONDS:g} s",
        figure=percent,
        unit="%",
        aim="under 3 %",
        reached=percent < 3.0,
    )


def _cpu_seconds(process: int) -> float:
    """Of a process and its children, from Linux's /proc."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    used = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return used + sum(_cpu_seconds(int(child)) for child in children)
