"""Clients that ask for tiny jobs as fast as they are let, over plain sockets that stay open."""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from servers import KEY, Server

TINY = {"prompt": "tone work=0.02 steps=1", "model": "fake", "seconds": 0.5}
ENGINE_SECONDS = 0.02  # what the fake engine pretends to work for one of them
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}


@dataclass
class Client:
    """One connection to a server, used by one thread."""

    server: Server
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        content = None if body is None else json.dumps(body)
        self.connection.request(method, path, content, HEADERS)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def submit(self) -> tuple[str, float]:
        """The id of a new tiny job, and the seconds until it was accepted."""
        began = time.perf_counter()
        status, content = self.ask("POST", "/v1/jobs", TINY)
        took = time.perf_counter() - began
        assert status == 201, content
        return json.loads(content)["id"], took


def submit_all(server: Server, *, clients: int, each: int) -> tuple[list[str], list[float]]:
    """What `clients` at once submit, `each` one after the other: the ids, and the seconds each took."""
    found: list[tuple[str, float]] = []

    def work() -> None:
        client = Client(server)
        mine = [client.submit() for _ in range(each)]
        found.extend(mine)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == clients * each, "a client broke off"
    return [job for job, _ in found], [took for _, took in found]


def wait_until_idle(server: Server) -> None:
    """Until no job is unfinished, by the server's own figures."""
    client = Client(server)
    while b'\nbandstand_jobs{engine="fake"' in client.ask("GET", "/metrics")[1]:
        time.sleep(0.02)


def check(server: Server, jobs: list[str]) -> str:
    """Whether each accepted job succeeded once, in words."""
    client = Client(server)
    seen = [json.loads(client.ask("GET", f"/v1/jobs/{job}")[1]) for job in jobs]
    right = [j for j in seen if (j["status"], j["attempts"]) == ("succeeded", 1) and j["outputs"]]
    return f"{len(right)} of {len(set(jobs))} succeeded, each in one run"
