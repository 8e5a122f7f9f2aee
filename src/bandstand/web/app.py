"""The web application: every dialect's routes, and every error in the shape of the dialect whose path it happened on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from bandstand import __version__
from bandstand.dialects import Dialect, all_dialects, wire
from bandstand.errors import BandstandError, WrongMethod
from bandstand.service import Service
from bandstand.settings import Settings
from bandstand.web import files, health, playground
from bandstand.web.headers import StandingHeaders
from bandstand.web.limits import BodyLimit
from bandstand.web.playground import Rooms
from bandstand.web.playground.guard import PageGuard
from bandstand.web.routing import dialect_of, methods_at

LOG = structlog.get_logger("web")


def build_app(
    service: Service,
    rooms: Rooms,
    *,
    running: Callable[[], AbstractAsyncContextManager[None]],
    is_ready: health.Readiness,
) -> FastAPI:
    """The application.

    running   what must run beside the requests, entered at start and left at the end
    is_ready  raises what keeps this process from serving
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with running():
            yield

    app = FastAPI(
        title="Bandstand",
        version=__version__,
        summary="Music from text, in the words of the APIs you already call.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    dialects = all_dialects()
    app.include_router(health.routes(service, is_ready))
    app.include_router(files.routes(service))
    has_page = service.settings.playground
    if has_page:
        app.include_router(playground.routes(service, rooms))
    for dialect in dialects:
        app.include_router(dialect.routes(service), responses=_refusals(dialect))

    async def refuse(request: Request, error: Exception) -> Response:
        ours = wire.as_ours(error)
        # Trap: `request.url` leaves out tabs and line ends, and the path is another one then.
        response = dialect_of(request.scope["path"], dialects).refuse(ours)
        if isinstance(ours, WrongMethod):
            response.headers["Allow"] = ", ".join(methods_at(request.scope, app.routes))
        return response

    async def refuse_unforeseen(request: Request, error: Exception) -> Response:
        LOG.error("request broke", path=request.scope["path"], exc_info=error)
        return await refuse(request, error)

    for kind in (BandstandError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, refuse)
    app.add_exception_handler(Exception, refuse_unforeseen)
    larger = _larger_bodies(service.settings, dialects)
    app.add_middleware(BodyLimit, settings=service.settings, larger=larger, refuse=refuse)
    if has_page:
        app.add_middleware(PageGuard, settings=service.settings, refuse=refuse)
    app.add_middleware(StandingHeaders, service=service, dialects=dialects)
    return app


def _larger_bodies(settings: Settings, dialects: Sequence[Dialect]) -> dict[str, int]:
    """Paths that take longer bodies than usual, with how long."""
    larger = dict(playground.bytes_max(settings))
    for dialect in dialects:
        larger |= dialect.bytes_max(settings)
    return larger


def _refusals(dialect: Dialect) -> dict[int | str, dict[str, Any]]:
    """All errors of an API have one shape; the framework would describe its own."""
    shape = {"model": dialect.refusal} if dialect.refusal else {}
    return {"4XX": {"description": "Refused", **shape}, "5XX": {"description": "Failed", **shape}}
