"""Real servers as processes, and what must be true of their jobs whatever was done to them.

Nothing in here reaches into a process: it talks HTTP, sends signals, and reads the database and the disk afterwards.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import soundfile
import sqlalchemy as sa
from patience import PATIENCE_SECONDS, once
from services import free_port

from bandstand.jobs import FINAL
from bandstand.links import Signer
from bandstand.store import accounts
from bandstand.store.database import Database, open_database
from bandstand.store.tables import events, jobs, ledger

KEY = "first-key"
START_SECONDS_MAX = 120.0
FINALS = {status.value for status in FINAL}
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


@dataclass
class Node:
    """One `bandstand` process."""

    role: str
    environment: dict[str, str]
    folder: Path
    port: int
    file_bytes_max: int | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> Node:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bandstand", "serve"],
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        return self

    def ready(self) -> Node:
        once(self.is_ready, seconds=START_SECONDS_MAX, why=f"{self.role} is ready")
        return self

    def is_ready(self) -> bool:
        assert self.process is None or self.process.poll() is None, self.log()[-3000:]
        try:
            return self.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str = KEY,
        seconds: float = PATIENCE_SECONDS,
    ) -> Answer:
        """One request; raises OSError when the process does not answer at all."""
        request = urllib.request.Request(
            path if path.startswith("http") else self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        try:
            with DIRECT.open(request, timeout=seconds) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def submit(self, prompt: str = "", *, seconds: float = 0.5, key: str = KEY, **more: Any) -> str:
        """The id of an accepted job."""
        answer = self.try_submit(prompt, seconds=seconds, key=key, **more)
        assert answer.status == 201, answer
        return answer.body["id"]

    def try_submit(
        self, prompt: str = "", *, seconds: float = 0.5, key: str = KEY, **more: Any
    ) -> Answer:
        wish = {"prompt": prompt or "tone", "model": "fake", "seconds": seconds, **more}
        return self.ask("POST", "/v1/jobs", wish, key=key)

    def submit_many(self, prompts: Sequence[str], *, key: str = KEY) -> list[str]:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda prompt: self.submit(prompt, key=key), prompts))

    def job(self, job_id: str, *, key: str = KEY) -> dict[str, Any]:
        answer = self.ask("GET", f"/v1/jobs/{job_id}", key=key)
        assert answer.status == 200, answer
        return answer.body

    def cancel(self, job_id: str, *, key: str = KEY) -> dict[str, Any]:
        answer = self.ask("POST", f"/v1/jobs/{job_id}/cancel", key=key)
        assert answer.status == 200, answer
        return answer.body

    def watch(self, job_id: str, *, key: str = KEY) -> list[tuple[str, dict[str, Any]]]:
        """All of a job's events, read as they come until the last: (name, detail)."""
        request = urllib.request.Request(
            f"{self.url}/v1/jobs/{job_id}/events", headers={"Authorization": f"Bearer {key}"}
        )
        told: list[tuple[str, dict[str, Any]]] = []
        name = ""
        with DIRECT.open(request, timeout=PATIENCE_SECONDS) as response:
            for line in io.TextIOWrapper(response, "utf-8"):
                word, _, rest = line.strip().partition(": ")
                if word == "event":
                    name = rest
                elif word == "data":
                    told.append((name, json.loads(rest)))
        return told

    def inside(self) -> set[str]:
        """The jobs that this process has begun and not settled, by its own log."""
        begun = re.findall(r"job begun .*job=(\w+)", self.log())
        return set(begun) - set(re.findall(r"job settled .*job=(\w+)", self.log()))

    def engine_pids(self) -> list[int]:
        """The engine children of this process."""
        return [int(pid) for pid in _children(self.pid)]

    def kill(self) -> None:
        """As a power cut would: no word, no cleaning up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def stop(self, seconds: float = START_SECONDS_MAX) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(seconds)

    def limit_files(self, bytes_max: int | None) -> None:
        """No file of this process grows beyond that: a full disk, as far as it can tell."""
        limit = resource.RLIM_INFINITY if bytes_max is None else bytes_max
        hard = resource.RLIM_INFINITY
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (limit, hard))

    def cpu_seconds(self) -> float:
        """Time of the processor that this process has used so far, in user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[str]:
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return [child for task in tasks for child in (task / "children").read_text().split()]
    except FileNotFoundError:
        return []


@dataclass
class Cluster:
    """Processes that share a database and a place for results."""

    folder: Path
    database_url: str
    blobs_url: str
    nodes: list[Node] = field(default_factory=list[Node])

    def node(self, role: str = "all", *, folder: Path | None = None, **settings: Any) -> Node:
        """Another process, started but not awaited. settings: in the words of `settings.py`."""
        folder = folder or self.folder / f"{role}{len(self.nodes)}"
        folder.mkdir(exist_ok=True)
        port = free_port()
        words = {
            "data": folder / "data",
            "database_url": self.database_url,
            "blobs_url": self.blobs_url,
            "engines": "fake",
            "api_key": KEY,
            "role": role,
            "port": port,
            "poll_seconds": 0.05,
            "grace_seconds": 0.5,
            "jobs_max_account": 1000,
            **settings,
        }
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("BANDSTAND_")
        }
        environment |= {f"BANDSTAND_{name.upper()}": str(value) for name, value in words.items()}
        node = Node(role, environment, folder, port)
        self.nodes.append(node)
        return node.start()

    @contextlib.contextmanager
    def store(self) -> Generator[Database]:
        database = open_database(self.database_url)
        try:
            yield database
        finally:
            database.close()

    def key_of(self, name: str, *, millicredits: int | None = None) -> str:
        """A new key of an account, made when there is none; with credits it is metered."""

        def make(connection: sa.Connection) -> str:
            found = accounts.find_account(connection, name)
            account = (
                found.id if found else accounts.create_account(connection, name, metered=False)
            )
            if millicredits is not None:
                accounts.grant(connection, account, millicredits)
            return accounts.create_key(connection, account, name)

        with self.store() as database:
            return database.write_now(make)

    def credits_of(self, name: str) -> tuple[int, int]:
        """(available, held) in millicredits."""
        with self.store() as database:
            account = database.read_now(accounts.find_account, name)
        assert account is not None
        return account.available, account.held

    def rows(self) -> dict[str, Any]:
        with self.store() as database:
            found = database.read_now(lambda connection: connection.execute(sa.select(jobs)).all())
        return {row.id: row for row in found}

    def unfinished(self) -> list[str]:
        return [row.id for row in self.rows().values() if row.status not in FINALS]

    def finish(self) -> None:
        """Wait until every accepted job is final."""
        try:
            once(lambda: not self.unfinished())
        except AssertionError as error:
            raise AssertionError(self.told()) from error

    def told(self) -> str:
        """What is going on, for whoever reads a failed test."""
        counts = Counter((row.status, row.attempts) for row in self.rows().values())
        logs = "\n".join(
            f"--- {node.role} {node.port}\n{node.log()[-2500:]}" for node in self.nodes
        )
        return f"{dict(counts)}\n{logs}"

    def stop(self) -> None:
        for node in self.nodes:
            if node.process is not None and node.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    node.signal(signal.SIGCONT)
                    node.process.terminate()
        for node in self.nodes:
            if node.process is not None:
                try:
                    node.process.wait(START_SECONDS_MAX)
                except subprocess.TimeoutExpired:
                    node.kill()


@contextlib.contextmanager
def cluster(
    folder: Path, *, database_url: str | None = None, blobs_url: str | None = None
) -> Generator[Cluster]:
    """No process yet. database_url, blobs_url: a file and a folder when not given."""
    made = Cluster(
        folder,
        database_url or f"sqlite:///{folder / 'bandstand.db'}",
        blobs_url or str(folder / "blobs"),
    )
    try:
        yield made
    finally:
        made.stop()


def check(
    made: Cluster, api: Node, accepted: Sequence[str], *, statuses: Sequence[str] = ("succeeded",)
) -> dict[str, Any]:
    """What must be true after every fault, of all jobs that the database has.

    statuses  in which the accepted jobs may have ended
    return    the rows of the accepted jobs
    """
    rows = made.rows()
    assert set(accepted) <= rows.keys(), "an accepted job is gone"
    assert {rows[job_id].status for job_id in accepted} <= {*statuses}, made.told()
    assert not made.unfinished(), made.told()
    _check_events(made, rows)
    _check_ledger(made, rows)
    _check_outputs(made, api, [row for row in rows.values() if row.status == "succeeded"])
    once(lambda: spooled(made), lambda left: not left)
    return {job_id: rows[job_id] for job_id in accepted}


def spooled(made: Cluster) -> list[Path]:
    """What lies in the spools of the processes that live."""
    living = [node for node in made.nodes if node.process and node.process.poll() is None]
    return [path for node in living for path in node.folder.glob("data/spool/*")]


def _check_events(made: Cluster, rows: dict[str, Any]) -> None:
    with made.store() as database:
        told = database.read_now(
            lambda connection: connection.execute(
                sa.select(events).order_by(events.c.job, events.c.number)
            ).all()
        )
    finals = Counter(
        event.job for event in told if event.kind == "status" and event.detail["status"] in FINALS
    )
    assert finals == dict.fromkeys(rows, 1), "one final event for each job"
    numbers: dict[str, list[int]] = {job_id: [] for job_id in rows}
    for event in told:
        numbers[event.job].append(event.number)
    for job_id, given in numbers.items():
        assert given == list(range(1, len(given) + 1)), f"events of {job_id} have gaps: {given}"


def _check_ledger(made: Cluster, rows: dict[str, Any]) -> None:
    with made.store() as database:
        assert database.read_now(accounts.ledger_sum) == 0
        entries = database.read_now(
            lambda connection: connection.execute(
                sa.select(ledger.c.job, ledger.c.kind, sa.func.count())
                .where(ledger.c.job.is_not(None))
                .group_by(ledger.c.job, ledger.c.kind)
            ).all()
        )
        held = database.read_now(
            lambda connection: connection.execute(
                sa.text("select coalesce(sum(held), 0) from accounts")
            ).scalar_one()
        )
    kinds = {(job_id, kind): count // 2 for job_id, kind, count in entries}
    for job_id in {job_id for job_id, _ in kinds}:
        end = "capture" if rows[job_id].status == "succeeded" else "release"
        found = {kind: count for (job, kind), count in kinds.items() if job == job_id}
        assert found == {"hold": 1, end: 1}, f"{rows[job_id].status}: {found}"
    assert held == 0, "all jobs are final, and credits are held"


def _check_outputs(made: Cluster, api: Node, rows: Sequence[Any]) -> None:
    """Whole, through a link: the bytes are those that were made, and a sound as long as was asked."""
    with made.store() as database:
        signer = Signer(database.write_now(accounts.secret_named, "links"))
    for row in rows:
        (track,) = [artifact for artifact in row.outputs if artifact["kind"] == "audio"]
        path = f"/files/{row.id}/{track['name']}"
        answer = api.ask("GET", f"{path}?{signer.sign(path, time.time() + 600)}")
        assert answer.status == 200, answer
        assert hashlib.sha256(answer.content).hexdigest() == track["sha256"], row.id
        sound = soundfile.info(io.BytesIO(answer.content))
        assert sound.frames == round(row.spec["seconds"] * sound.samplerate)
