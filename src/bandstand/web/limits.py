"""How much a request may bring: bodies are counted as they arrive, whatever their header claims."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bandstand.dialects import Dialect
from bandstand.errors import TooLarge
from bandstand.web.routing import dialect_of


class BodyLimit:
    """Answers 413 in the dialect's own shape as soon as a body is longer than allowed."""

    def __init__(self, app: ASGIApp, *, bytes_max: int, dialects: Sequence[Dialect]) -> None:
        self._app = app
        self._bytes_max = bytes_max
        self._dialects = dialects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        count = 0
        too_large = TooLarge(f"The body is larger than {self._bytes_max} bytes.")

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > self._bytes_max:
                # Of what is raised while a body is read, FastAPI lets only this kind pass.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from too_large
            return message

        if self._claimed(scope) > self._bytes_max:
            refusal = dialect_of(scope["path"], self._dialects).refuse(too_large)
            await refusal(scope, receive, send)
            return
        await self._app(scope, counted, send)

    @staticmethod
    def _claimed(scope: Scope) -> int:
        """The content-length header as a number; 0 when there is none that makes sense."""
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and len(value) < 20:
                return int(value)
        return 0
