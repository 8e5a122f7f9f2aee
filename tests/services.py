"""Real services for tests, as processes of their own on loopback, ended when the test is done.

Not fakes: what speaks here speaks over a socket, and can be stopped in the middle of a sentence.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

START_SECONDS_MAX = 120.0
KEPT: list[socket.socket] = []


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens, kept for whoever is told of it to the end of the run.

    It stays bound here, without listening: the system gives it to nobody, neither for a server nor for the near end of a
    connection, and lets a server that asks for it by its number listen there (SO_REUSEADDR).
    """
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", 0))
    KEPT.append(place)
    return place.getsockname()[1]


@dataclass
class ObjectStore:
    """A server that speaks S3; starts empty, forgets everything when it stops."""

    port: int = field(default_factory=free_port)
    running: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, bucket: str, prefix: str = "") -> str:
        """What open_blobs takes."""
        access = f"endpoint={self.endpoint}&region=us-east-1&key=test&secret=test"
        return f"s3://{bucket}/{prefix}?{access}"

    def start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.running = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            if self.running.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("moto_server did not start")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.running:
            self.running.kill()
            self.running.wait()
            self.running = None

    def make_bucket(self, name: str) -> None:
        request = urllib.request.Request(f"{self.endpoint}/{name}", method="PUT")
        # Any key is good for it, but one must be named, or it takes the caller for a browser.
        request.add_header(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, "
            "SignedHeaders=host, Signature=0",
        )
        with _direct().open(request, timeout=10):
            pass

    def _answers(self) -> bool:
        try:
            with _direct().open(f"{self.endpoint}/moto-api/data.json", timeout=1):
                return True
        except OSError:
            return False


@contextlib.contextmanager
def object_store() -> Generator[ObjectStore]:
    """A running S3 server."""
    server = ObjectStore()
    server.start()
    try:
        yield server
    finally:
        server.stop()


def find_postgres() -> Path | None:
    """The folder of PostgreSQL's programs; None when it is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda program: float(program.parts[-3]),
    )
    return versions[-1].parent if versions else None


@dataclass
class Postgres:
    """A PostgreSQL server with its own folder and port; as durable as one in production."""

    programs: Path
    folder: Path
    port: int = field(default_factory=free_port)
    running: subprocess.Popen[bytes] | None = None

    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://bandstand@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def initialize(self) -> None:
        if self.user:
            shutil.chown(self.folder, self.user)
        command = [self.programs / "initdb", "-D", self.folder / "data", "-U", "bandstand"]
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(
            [*command, *options], user=self.user, check=True, capture_output=True, cwd=self.folder
        )

    def start(self) -> None:
        """Again after a stop, too: on the same port, with what was committed."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.folder,
            "fsync": "on",
            "max_connections": 300,
        }
        command: list[str | Path] = [self.programs / "postgres", "-D", self.folder / "data"]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self.running = subprocess.Popen(
                command, user=self.user, stdout=log, stderr=log, cwd=self.folder
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            if self.running.poll() is not None or time.monotonic() > deadline:
                self.stop(at_once=True)
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self, *, at_once: bool = False) -> None:
        """at_once: without a word to its clients, as if the power had gone"""
        if self.running:
            self.running.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
            self.running.wait()
            self.running = None

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextlib.contextmanager
def postgres(programs: Path) -> Generator[Postgres]:
    """A running PostgreSQL. Not below pytest's own folder, which only its owner may enter."""
    folder = Path(tempfile.mkdtemp(prefix="bandstand-postgres-"))
    server = Postgres(programs, folder)
    try:
        server.initialize()
        server.start()
        yield server
    finally:
        server.stop(at_once=True)
        shutil.rmtree(folder)


def _direct() -> urllib.request.OpenerDirector:
    """Loopback needs no proxy, whatever the environment names."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
