"""The page itself, its files, and the way in and out. Who is not logged in is told how to; programs get what they always got."""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from bandstand.dialects import wire
from bandstand.errors import NotFound, Unauthenticated
from bandstand.gate import Gate
from bandstand.settings import Settings
from bandstand.store.accounts import Scope
from bandstand.web.playground import documents
from bandstand.web.playground.door import give_cookie, take_cookie, token_of

ASSETS = Path(__file__).parent / "assets"
SHELL = "index.html"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.(css|ico|js|png|svg|webmanifest|woff2)", re.ASCII)
MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
    "woff2": "font/woff2",
}


def routes(gate: Gate, settings: Settings) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    entrance = Entrance(gate, settings)
    router.add_api_route("/", entrance.shell, methods=["GET"])
    router.add_api_route("/login/{token}", entrance.ask_in, methods=["GET"])
    router.add_api_route("/login/{token}", entrance.log_in, methods=["POST"])
    router.add_api_route("/app/logout", entrance.log_out, methods=["POST"])
    router.add_api_route("/assets/{name}", asset, methods=["GET", "HEAD"])
    return router


class Entrance:
    """The endpoints."""

    def __init__(self, gate: Gate, settings: Settings) -> None:
        self._gate = gate
        self._settings = settings

    async def shell(self, request: Request) -> Response:
        """raises NotFound for programs: there was never anything at / for them"""
        if "text/html" not in request.headers.get("accept", ""):
            raise NotFound
        try:
            await self._gate.admit_session(
                token_of(request), Scope.READ, caller=wire.caller(request)
            )
        except Unauthenticated:
            return HTMLResponse(documents.outside(), HTTPStatus.UNAUTHORIZED)
        return _file(request, SHELL)

    async def ask_in(self, request: Request, token: str) -> Response:
        """In at once when a person typed or clicked the link outside of any page; otherwise a form to confirm it.

        So nothing that merely looks at links (previews, prefetching, mail filters) uses one up, and no other site can log a
        visitor in to an account of its own choice.
        """
        if _is_typed(request):
            return await self.log_in(request, token)
        account = await self._gate.login_of(token, caller=wire.caller(request))
        if account is None:
            return HTMLResponse(documents.used_up(), HTTPStatus.GONE)
        # Where no Sec-Fetch-Site is told, the form is known to be ours by its Origin, which "no-referrer" makes null.
        own = {"Referrer-Policy": "same-origin"}
        return HTMLResponse(documents.confirm(account.name, token), headers=own)

    async def log_in(self, request: Request, token: str) -> Response:
        session = await self._gate.log_in(
            token, before=token_of(request), caller=wire.caller(request)
        )
        if session is None:
            return HTMLResponse(documents.used_up(), HTTPStatus.GONE)
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        give_cookie(response, session, self._settings)
        return response

    async def log_out(self, request: Request) -> Response:
        """Also when nobody is logged in: the cookie goes away in any case."""
        token = token_of(request)
        if token:
            await self._gate.log_out(token)
        response = Response(status_code=HTTPStatus.NO_CONTENT)
        take_cookie(response)
        return response


def asset(request: Request, name: str) -> Response:
    """raises NotFound"""
    if not NAME.fullmatch(name):
        raise NotFound
    return _file(request, name)


def _file(request: Request, name: str) -> Response:
    """One of our own files, asked for again each time, and told to be the same by its digest."""
    file = ASSETS / name
    if not file.is_file():
        raise NotFound
    content = file.read_bytes()
    headers = {
        "Cache-Control": "no-cache",
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        "Vary": "Cookie",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, headers=headers, media_type=MEDIA_TYPES[name.rpartition(".")[2]])


def _is_typed(request: Request) -> bool:
    """Whether a browser says that a person opened this in a window, from outside of any page."""
    told = request.headers.get
    return (
        told("sec-fetch-site") == "none"
        and told("sec-fetch-mode") == "navigate"
        and told("sec-fetch-dest") == "document"
        and told("sec-purpose") is None
        and told("purpose") is None
    )
