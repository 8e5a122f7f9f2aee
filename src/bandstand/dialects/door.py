"""Routes that admit their caller before they look at the body: whoever has no key learns nothing of what a body should be.

Their endpoints find the account in `request.state.account`. Not for addresses that carry their own right.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from bandstand.dialects import wire
from bandstand.service import Scope, Service

KeyOf = Callable[[Request], Awaitable[str | None]]


async def key_in_header(request: Request) -> str | None:
    return wire.bearer(request)


def admitting(
    service: Service, scope: Scope | None = None, *, key_of: KeyOf = key_in_header
) -> type[APIRoute]:
    """The class of such routes.

    scope   what the key must be for; None: reading for a GET, writing for all else
    key_of  where this API's callers put their key; may raise Malformed
    """

    class Admitting(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def answer_admitted(request: Request) -> Response:
                needed = scope or (Scope.READ if request.method == "GET" else Scope.WRITE)
                key, caller = await key_of(request), wire.caller(request)
                request.state.account = await service.admit(key, needed, caller=caller)
                return await answer(request)

            return answer_admitted

    return Admitting
