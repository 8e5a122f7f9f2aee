"""The playground: a page on which a person asks for music, hears it, keeps it, and takes the request along as code.

Served by the same process, to browsers that logged in with a link that works once (`door.py`, `entrance.py`); what holds for
all its paths is in `guard.py`. It is no API: programs use `/v1`, with a key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from bandstand.desk import Desk
from bandstand.dialects import native
from bandstand.gate import Gate
from bandstand.library import Library
from bandstand.service import Service
from bandstand.settings import Settings
from bandstand.web.playground import entrance
from bandstand.web.playground.account import AccountPages
from bandstand.web.playground.door import visiting
from bandstand.web.playground.form import Form
from bandstand.web.playground.pieces import Pieces
from bandstand.web.playground.shared import Shared
from bandstand.web.playground.snippets import Snippets
from bandstand.web.playground.uploads import Uploads

Endpoint = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Rooms:
    """What the page needs besides the service."""

    gate: Gate
    library: Library
    desk: Desk


def routes(service: Service, rooms: Rooms) -> APIRouter:
    """All of it; none is described to programs."""
    router = APIRouter(include_in_schema=False)
    visitors = visiting(rooms.gate)
    router.include_router(entrance.routes(rooms.gate, service.settings))
    router.add_api_route("/share/{job_id}", Shared(service).page, methods=["GET"])
    own = APIRouter(prefix="/app", route_class=visitors)
    for method, path, endpoint in _endpoints(service, rooms):
        own.add_api_route(path, endpoint, methods=[method])
    router.include_router(own)
    # What the page asks for, makes and watches is our own API, let in by the cookie instead of a key.
    router.include_router(native.endpoints(service, visitors), prefix="/app")
    return router


def _endpoints(service: Service, rooms: Rooms) -> Iterator[tuple[str, str, Endpoint]]:
    pieces = Pieces(service, rooms.gate, rooms.library)
    yield "GET", "/schema", Form(service).schema
    yield "GET", "/events", pieces.events
    yield "GET", "/library", pieces.page
    yield "PUT", "/jobs/{job_id}/favourite", pieces.favour
    yield "DELETE", "/jobs/{job_id}/favourite", pieces.unfavour
    yield "GET", "/jobs/{job_id}/peaks", pieces.peaks
    yield "POST", "/jobs/{job_id}/share", pieces.share
    yield "POST", "/uploads", Uploads(service, rooms.library).create
    yield "POST", "/snippets", Snippets(service).write
    account = AccountPages(rooms.desk)
    yield "GET", "/account", account.account
    yield "GET", "/usage", account.usage
    yield "GET", "/keys", account.keys
    yield "POST", "/keys", account.create_key
    yield "DELETE", "/keys/{key_id}", account.revoke_key


def bytes_max(settings: Settings) -> Mapping[str, int]:
    """How long a body may be at paths of the page that take more than usual."""
    native_paths = native.DIALECT.bytes_max(settings)
    return {
        "/app/uploads": settings.upload_bytes_max,
        **{f"/app{path}": count for path, count in native_paths.items()},
    }
