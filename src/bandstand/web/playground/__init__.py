"""The playground: a page on which a person asks for music, hears it, keeps it, and takes the request along as code.

Served by the same process, to browsers that logged in with a link that works once (`door.py`, `entrance.py`); what holds for
all its paths is in `guard.py`. It is no API: programs use `/v1`, with a key.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter

from bandstand.dialects import native
from bandstand.gate import Gate
from bandstand.service import Service
from bandstand.settings import Settings
from bandstand.web.playground import entrance
from bandstand.web.playground.door import visiting
from bandstand.web.playground.form import Form


def routes(service: Service, gate: Gate) -> APIRouter:
    """All of it; none is described to programs."""
    router = APIRouter(include_in_schema=False)
    visitors = visiting(gate)
    router.include_router(entrance.routes(gate, service.settings))
    own = APIRouter(prefix="/app", route_class=visitors, include_in_schema=False)
    own.add_api_route("/schema", Form(service).schema, methods=["GET"])
    router.include_router(own)
    # What the page asks for, makes and watches is our own API, let in by the cookie instead of a key.
    router.include_router(native.endpoints(service, visitors), prefix="/app")
    return router


def bytes_max(settings: Settings) -> Mapping[str, int]:
    """How long a body may be at paths of the page that take more than usual."""
    return {"/app/uploads": settings.upload_bytes_max, "/app/v1/jobs": settings.inline_bytes_max}
