"""How a browser is let in: by the cookie of its session, on routes of the page only. No API looks at it, and no key opens these."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from bandstand.dialects import wire
from bandstand.gate import Gate
from bandstand.settings import Settings
from bandstand.store.accounts import Scope

COOKIE = "bandstand_session"


def visiting(gate: Gate) -> type[APIRoute]:
    """The class of routes that admit who is logged in; their endpoints find the account in `request.state.account`."""

    class Visiting(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def answer_visitor(request: Request) -> Response:
                scope = Scope.READ if request.method == "GET" else Scope.WRITE
                request.state.account = await gate.admit_session(
                    token_of(request), scope, caller=wire.caller(request)
                )
                return await answer(request)

            return answer_visitor

    return Visiting


def token_of(request: Request) -> str | None:
    return request.cookies.get(COOKIE)


def give_cookie(response: Response, token: str, settings: Settings) -> None:
    """Out of reach for scripts, sent to nobody but us, and by no other site's doing."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=round(settings.session_seconds),
        path="/",
        secure=settings.url.startswith("https:"),
        httponly=True,
        samesite="strict",
    )


def take_cookie(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
