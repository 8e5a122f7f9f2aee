"""How much a request may bring: bodies are counted as they arrive, whatever their header claims."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bandstand.dialects import Dialect
from bandstand.errors import TooLarge
from bandstand.settings import Settings
from bandstand.web.routing import dialect_of


class BodyLimit:
    """Answers 413 in the dialect's own shape as soon as a body is longer than allowed at its path."""

    def __init__(self, app: ASGIApp, *, settings: Settings, dialects: Sequence[Dialect]) -> None:
        self._app = app
        self._usual = settings.body_bytes_max
        self._larger = {
            path: bytes_max
            for dialect in dialects
            for path, bytes_max in dialect.bytes_max(settings).items()
        }
        self._dialects = dialects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        count, bytes_max = 0, self._larger.get(scope["path"], self._usual)
        error = TooLarge(f"The body is larger than {bytes_max} bytes.")
        refusal = dialect_of(scope["path"], self._dialects).refuse(error)

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > bytes_max:
                raise error
            return message

        async def unless_refused(message: Message) -> None:
            # Whoever reads the body may take our error for one of parsing and answer with that.
            if count <= bytes_max:
                await send(message)

        if self._claimed(scope) > bytes_max:
            await refusal(scope, receive, send)
            return
        await self._app(scope, counted, unless_refused)
        if count > bytes_max:
            await refusal(scope, receive, send)

    @staticmethod
    def _claimed(scope: Scope) -> int:
        """The content-length header as a number; 0 when there is none that makes sense."""
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and len(value) < 20:
                return int(value)
        return 0
