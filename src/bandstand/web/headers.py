"""What an API tells in the headers of all its answers, at whatever stage they were given: success, refusal, no such path."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bandstand.dialects import Dialect
from bandstand.service import Service
from bandstand.web.routing import dialect_of


class StandingHeaders:
    """Asks the dialect of the path for its headers when an answer begins."""

    def __init__(self, app: ASGIApp, *, service: Service, dialects: Sequence[Dialect]) -> None:
        self._app = app
        self._service = service
        self._dialects = dialects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        dialect = dialect_of(scope["path"], self._dialects) if scope["type"] == "http" else None
        if dialect is None or dialect.headers is None:
            await self._app(scope, receive, send)
            return
        headers = dialect.headers

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = await headers(self._service, Request(scope))
                more = [(name.encode(), value.encode()) for name, value in told.items()]
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
