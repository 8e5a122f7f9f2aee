"""Which API a path belongs to, and that none takes another one's calls away."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from fastapi import FastAPI
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


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    data = tmp_path_factory.mktemp("routing")
    return build(Settings(role="api", data=Path(data))).app


def routes(app: FastAPI) -> Iterator[APIRoute]:
    return (route for route in app.routes if isinstance(route, APIRoute))


@pytest.mark.parametrize(("path", "owner"), OWNERS.items())
def test_path_belongs_to(path: str, owner: str) -> None:
    assert dialect_of(path, all_dialects()).name == owner


def test_order_of_the_dialects_does_not_matter() -> None:
    for order in permutations(all_dialects()):
        assert {path: dialect_of(path, order).name for path in OWNERS} == OWNERS


def test_no_two_dialects_own_the_same_prefix() -> None:
    prefixes = [prefix for dialect in all_dialects() for prefix in dialect.prefixes]

    assert len(prefixes) == len(set(prefixes))


def test_every_dialect_tells_the_errors_of_its_own_routes(app: FastAPI) -> None:
    names = {dialect.name for dialect in all_dialects()}
    strays = [
        route.path
        for route in routes(app)
        if (owners := names & set(map(str, route.tags)))
        and dialect_of(route.path, all_dialects()).name not in owners
    ]

    assert strays == []


def test_no_route_shadows_another(app: FastAPI) -> None:
    shadowed = []
    for wanted in routes(app):
        for method in wanted.methods:
            path = wanted.path.replace("{", "x").replace("}", "")
            scope = {"type": "http", "method": method, "path": path, "headers": []}
            first = next(r for r in routes(app) if r.matches(scope)[0] is Match.FULL)
            if first is not wanted:
                shadowed.append(f"{method} {wanted.path} is answered by {first.path}")

    assert shadowed == []
