"""Which API a path belongs to, and that none takes another one's calls away."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Match

from bandstand.build import build
from bandstand.dialects import all_dialects
from bandstand.settings import Settings
from bandstand.web.routing import dialect_of

OWNERS = {
    "/": "native",
    "/nothing": "native",
    "/v1": "native",
    "/v1/": "native",
    "/v1/jobs": "native",
    "/v1/jobs/": "native",
    "/v1/jobs/abc/events": "native",
    "/v1/models": "native",
    "/v1/deliveries": "native",
    "/v3/anything": "native",
    "/predictions": "replicate",
    "/v1/predictions": "replicate",
    "/v1/predictions/abc/cancel": "replicate",
    "/v1/meta-musicgen-medium": "segmind",
    "/v1/meta-musicgen-medium/": "segmind",
    "/v1/no-such-model": "segmind",
    "/v1/predictionsx": "segmind",
    "/v1/JOBS": "segmind",
    "/v2": "segmind",
    "/v2/meta-musicgen-medium": "segmind",
    "/v2/requests/abc/status": "segmind",
    "/api/v1/music": "leap",
    "/api/v1/music/abc": "leap",
    "/api/v1/musical": "native",
}


@dataclass(frozen=True)
class Call:
    """One method of one path, and whose it is."""

    dialect: str
    method: str
    route: APIRoute

    def __str__(self) -> str:
        return f"{self.method} {self.route.path} of {self.dialect}"


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """All that can be asked, in the order in which it is looked through."""
    service = build(Settings(role="api", data=tmp_path_factory.mktemp("routing"))).service
    return [
        Call(dialect.name, method, route)
        for dialect in all_dialects()
        for route in dialect.routes(service).routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods)
    ]


@pytest.mark.parametrize(("path", "owner"), OWNERS.items())
def test_path_belongs_to(path: str, owner: str) -> None:
    assert dialect_of(path, all_dialects()).name == owner


def test_order_of_the_dialects_does_not_matter() -> None:
    for order in permutations(all_dialects()):
        assert {path: dialect_of(path, order).name for path in OWNERS} == OWNERS


def test_no_two_dialects_own_the_same_prefix() -> None:
    prefixes = [prefix for dialect in all_dialects() for prefix in dialect.prefixes]

    assert len(prefixes) == len(set(prefixes))


def test_every_dialect_has_calls(calls: list[Call]) -> None:
    assert {call.dialect for call in calls} == {dialect.name for dialect in all_dialects()}


def test_every_dialect_tells_the_errors_of_its_own_calls(calls: list[Call]) -> None:
    strays = [
        str(call)
        for call in calls
        if dialect_of(call.route.path, all_dialects()).name != call.dialect
    ]

    assert strays == []


def test_no_call_shadows_another(calls: list[Call]) -> None:
    shadowed = []
    for call in calls:
        path = call.route.path.replace("{", "any-").replace("}", "")
        scope = {"type": "http", "method": call.method, "path": path, "headers": []}
        first = next(c for c in calls if c.route.matches(scope)[0] is Match.FULL)
        if (first.dialect, first.route.path) != (call.dialect, call.route.path):
            shadowed.append(f"{call} is answered by {first}")

    assert shadowed == []
