"""`bandstand serve` as a process of its own on loopback, for tests that speak to it like any client."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from patience import PATIENCE_SECONDS, once
from services import free_port

from bandstand.settings import PREFIX

KEY = "bs_0123456789ab_the-first-key-of-all-tests"
START_SECONDS_MAX = 120.0
USUAL = {
    "engines": "fake",
    # A tenth of a core less for each server that idles than looking every 0.02 s, of which there are up to six.
    "poll_seconds": 0.1,
    "grace_seconds": 0.5,
    "drain_seconds": 1.0,
    "creates_per_minute": 1_000_000,
    "reads_per_minute": 1_000_000,
    "failed_keys_per_minute": 1_000_000,
}
FINAL = {"succeeded", "failed", "canceled"}


@dataclass
class Server:
    """One server and the folder it keeps its files in. settings: as in `bandstand.settings`, without the prefix."""

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    command: tuple[str, ...] = ("serve",)
    port: int = field(default_factory=free_port)
    running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def environment(self) -> dict[str, str]:
        """Nothing of the environment around the tests but what a process needs."""
        given = {"api_key": KEY, "data": self.folder / "data", "port": self.port}
        ours = {**USUAL, **given, **self.settings}
        around = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
        return around | {PREFIX + name.upper(): str(value) for name, value in ours.items()}

    def start(self) -> None:
        """Returns when it is ready: database and engines answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "bandstand", *self.command],
                env=self.environment(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._is_ready():
            if self.running.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(self.log)
            time.sleep(0.05)

    def stop(self) -> int | None:
        """Ask it to end, as Ctrl-C does; its exit code."""
        if self.running is None:
            return None
        self.running.send_signal(signal.SIGTERM)
        code = self.running.wait(timeout=START_SECONDS_MAX)
        self.running = None
        return code

    def kill(self) -> None:
        if self.running:
            self.running.kill()
            self.running.wait()
            self.running = None

    def run(self, *command: str) -> str:
        """Another command of the program on the same data; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "bandstand", *command],
            env=self.environment(),
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def client(self, key: str | None = KEY) -> httpx2.Client:
        """verify: there is no TLS on loopback, and whoever might meet it reads all certificates there are, for 20 ms a client."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx2.Client(
            base_url=self.url,
            headers=headers,
            timeout=PATIENCE_SECONDS,
            trust_env=False,
            verify=False,
        )

    def stored_jobs(self) -> int:
        """How many jobs were ever accepted, by the server's own count."""
        with self.client() as client:
            figures = client.get("/metrics").text
        found = re.findall(
            r"^bandstand_jobs_submitted_total\{.*\} ([0-9.e+]+)$", figures, re.MULTILINE
        )
        return round(sum(map(float, found)))

    def _is_ready(self) -> bool:
        try:
            with self.client() as client:
                return client.get("/readyz").status_code == 200
        except httpx2.TransportError:
            return False


def finished(
    client: httpx2.Client, job_id: str, *, seconds: float = PATIENCE_SECONDS
) -> dict[str, Any]:
    """The job of the native API once it is final."""
    return once(
        lambda: client.get(f"/v1/jobs/{job_id}").json(),
        lambda job: job["status"] in FINAL,
        seconds=seconds,
    )


def status_for(server: Server, key: str) -> int:
    """How somebody with this key is answered."""
    with server.client(key) as client:
        return client.get("/v1/jobs").status_code


def fetched(link: str, **headers: str) -> httpx2.Response:
    """What a link gives to somebody without a key."""
    return httpx2.get(
        link, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False, verify=False
    )


def ask(client: httpx2.Client, prompt: str = "rain", **more: Any) -> dict[str, Any]:
    """An accepted job of the native API, for a second of the test tone."""
    answer = client.post("/v1/jobs", json={"prompt": prompt, "model": "fake", "seconds": 1, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def made(client: httpx2.Client, **more: Any) -> dict[str, Any]:
    """Such a job once it is final."""
    return finished(client, ask(client, **more)["id"])


def read_answer(line: socket.socket) -> bytes:
    """Head and body of one answer, in however many packets it comes; the line stays open."""
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += _read(line, 1)
    lengths = [row for row in answer.lower().splitlines() if row.startswith(b"content-length:")]
    return answer + _read(line, int(lengths[0].partition(b":")[2]))


def _read(line: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        piece = line.recv(count - len(read))
        if not piece:
            raise EOFError(f"the answer ended {count - len(read)} bytes early")
        read += piece
    return read
