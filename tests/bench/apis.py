"""What a foreign API costs beside our own: the same requests to one server, in turns, over connections that stay open.

Nobody works on the jobs that are created, for that would be measured, too.
"""

from __future__ import annotations

import http.client
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from apis import APIS, MODELSLAB_MUSIC, NATIVE, Api
from servers import KEY, Server

from bench.figures import Row, quantile

ROOMY = {"engines": "fake", "stand_in": "other", "log_level": "warning"} | dict.fromkeys(
    ("jobs_max_account", "jobs_max_total"), 10**6
)
WARM, ROUNDS = 20, 300
ADDED_SECONDS_MAX = 0.002
# It waits for the piece before it answers, as the hosted one does.
WAITS = MODELSLAB_MUSIC


def measure(folder: Path) -> Iterator[Row]:
    yield from _compared("create", _creates(folder / "idle"))
    yield from _compared("get a finished one", _gets(folder / "working"))


def _compared(what: str, took: Mapping[str, list[float]]) -> Iterator[Row]:
    medians = {name: quantile(times, 0.5) for name, times in took.items()}
    own = medians.pop(NATIVE.name)
    for name, median in medians.items():
        yield Row(
            what=f"{what}, {name} beside native, p50",
            figure=1000 * median,
            unit="ms",
            floor=1000 * own,
            aim="under 2 ms more",
            reached=median - own < ADDED_SECONDS_MAX,
            correct=f"{len(took[name])} answers of 2xx",
        )


def _creates(folder: Path) -> dict[str, list[float]]:
    server = Server(folder, {**ROOMY, "role": "api"})
    server.start()
    try:
        caller = Caller(server)
        requests = {api: ("POST", api.path, api.wish) for api in APIS if api is not WAITS}
        return _in_turns(caller, requests)
    finally:
        server.stop()


def _gets(folder: Path) -> dict[str, list[float]]:
    server = Server(folder, ROOMY)
    server.start()
    try:
        caller = Caller(server)
        requests: dict[Api, tuple[str, str, Mapping[str, Any] | None]] = {}
        for api in APIS:
            told, _ = caller.ask(api, "POST", api.path, api.wish)
            method, path = api.of_a_job[0]
            requests[api] = (method, path.format(id=told[api.id]), None)
        sleep(2.0)
        return _in_turns(caller, requests)
    finally:
        server.stop()


def _in_turns(
    caller: Caller, requests: Mapping[Api, tuple[str, str, Mapping[str, Any] | None]]
) -> dict[str, list[float]]:
    """Seconds per API; each round in another order, so that the machine's moods fall on all alike."""
    took: dict[str, list[float]] = defaultdict(list)
    dice = random.Random(1)
    for number in range(WARM + ROUNDS):
        for api in dice.sample(list(requests), len(requests)):
            _, seconds = caller.ask(api, *requests[api])
            if number >= WARM:
                took[api.name].append(seconds)
    return took


class Caller:
    """One connection that stays open."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port)

    def ask(
        self, api: Api, method: str, path: str, body: Mapping[str, Any] | None
    ) -> tuple[Any, float]:
        """The answer and the seconds it took. raises AssertionError when it is no success"""
        headers = {"Content-Type": "application/json"}
        if api.key_header is None:
            body = {**(body or {}), "key": KEY}
        else:
            is_bearer = api.key_header == "authorization"
            headers[api.key_header] = f"Bearer {KEY}" if is_bearer else KEY
        content = None if body is None else json.dumps(dict(body))
        began = perf_counter()
        self._connection.request(method, path, content, headers)
        answer = self._connection.getresponse()
        told = answer.read()
        took = perf_counter() - began
        assert 200 <= answer.status < 300, (api.name, answer.status, told)
        return json.loads(told), took
