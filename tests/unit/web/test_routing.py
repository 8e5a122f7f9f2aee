"""Which API a path belongs to, and that none takes another one's calls away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match

from bandstand.build import Bandstand, build
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
    "/v1/files/abc": "replicate",
    "/v1/account": "replicate",
    "/v1/webhooks/default/secret": "replicate",
    "/v1/models/meta/musicgen": "replicate",
    "/v1/models/meta/musicgen/versions": "replicate",
    "/v1/models/meta": "native",
    "/api/v1/enterprise/voice/music_gen": "modelslab",
    "/v1/JOBS": "segmind",
    "/v2": "segmind",
    "/v2/meta-musicgen-medium": "segmind",
    "/v2/requests/abc/status": "segmind",
    "/api/v1/music": "leap",
    "/api/v1/music/abc": "leap",
    "/api/v1/musical": "native",
    "/api/v1/images": "leap",
    "/api/v1/images/models/abc/inferences/def": "leap",
    "/api/v2/images/models/new": "leap",
    "/api/v2/music": "native",
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
def server(tmp_path_factory: pytest.TempPathFactory) -> Bandstand:
    return build(Settings(role="api", data=tmp_path_factory.mktemp("routing")))


@pytest.fixture(scope="module")
def calls(server: Bandstand) -> list[Call]:
    """All that can be asked, in the order in which it is looked through."""
    return [
        Call(dialect.name, method, route)
        for dialect in all_dialects()
        for route in routes_in(dialect.routes(server.service))
        for method in sorted(route.methods)
    ]


def routes_in(router: APIRouter) -> Iterator[APIRoute]:
    """Those of routers that were included in it, too, in their place."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from routes_in(route.original_router)


@pytest.mark.parametrize(("path", "owner"), OWNERS.items())
def test_path_belongs_to(path: str, owner: str) -> None:
    assert dialect_of(path, all_dialects()).name == owner


def test_order_of_the_dialects_does_not_matter() -> None:
    for order in permutations(all_dialects()):
        assert {path: dialect_of(path, order).name for path in OWNERS} == OWNERS


def test_no_two_dialects_own_the_same_prefix() -> None:
    prefixes = [prefix for dialect in all_dialects() for prefix in dialect.prefixes]

    assert len(prefixes) == len(set(prefixes))


def test_no_call_is_overlooked(server: Bandstand, calls: list[Call]) -> None:
    names = {dialect.name for dialect in all_dialects()}
    described = {
        (call["tags"][0], path)
        for path, methods in server.app.openapi()["paths"].items()
        for call in methods.values()
        if names & set(call["tags"])
    }

    assert {name for name, _ in described} == names
    assert described <= {(call.dialect, call.route.path) for call in calls}


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
