"""How much a request may bring and how long that may take: bodies are counted as they arrive, whatever their header claims.

Not for headers, nor for bodies that nobody reads: `deadline.py` closes the connections of those.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bandstand.errors import BandstandError, TooLarge, TooSlow
from bandstand.settings import Settings

Refuse = Callable[[Request, Exception], Awaitable[Response]]
# Whoever sends as fast as that may take as long as it takes: 50 MB over a slow line are no attack.
BYTES_PER_SECOND_MIN = 32_000


def seconds_for(patience: float, count: int) -> float:
    """How long a body may take of which `count` bytes have arrived."""
    return patience + count / BYTES_PER_SECOND_MIN


class BodyLimit:
    """Answers 413 as soon as a body is longer than allowed at its path, and 408 when it is late; in the dialect's own shape."""

    def __init__(
        self, app: ASGIApp, *, settings: Settings, larger: Mapping[str, int], refuse: Refuse
    ) -> None:
        self._app = app
        self._usual = settings.body_bytes_max
        self._larger = larger
        self._patience = settings.receive_seconds
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bytes_max = self._larger.get(scope["path"], self._usual)
        arrival = Arrival(receive, bytes_max, self._patience)

        async def unless_refused(message: Message) -> None:
            # Whoever reads the body may take our error for one of parsing and answer with that.
            if arrival.refused is None:
                arrival.is_answered = True
                await send(message)

        if _claimed(scope) > bytes_max:
            arrival.refused = _too_large(bytes_max)
        else:
            await self._app(scope, arrival.receive, unless_refused)
        if arrival.refused is not None:
            refusal = await self._refuse(Request(scope), arrival.refused)
            await refusal(scope, receive, send)


class Arrival:
    """One body on its way in. refused: why no more of it is taken; is_answered: the answer has begun, however much is missing."""

    def __init__(self, receive: Receive, bytes_max: int, patience: float) -> None:
        self.refused: BandstandError | None = None
        self.is_answered = False
        self._receive = receive
        self._bytes_max = bytes_max
        self._patience = patience
        self._began = time.monotonic()
        self._count = 0
        self._is_whole = False

    async def receive(self) -> Message:
        """raises TooLarge, TooSlow"""
        message = await self._in_time()
        self._count += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._count > self._bytes_max:
            self.refused = _too_large(self._bytes_max)
            raise self.refused
        return message

    async def _in_time(self) -> Message:
        if self._is_whole:  # only the caller's leaving can come, and may take as long as the answer
            return await self._receive()
        until = self._began + seconds_for(self._patience, self._count)
        try:
            async with asyncio.timeout(until - time.monotonic()):
                return await self._receive()
        except TimeoutError:
            if self.is_answered:
                return await self._receive()
            self.refused = TooSlow()
            raise self.refused from None


def _too_large(bytes_max: int) -> TooLarge:
    return TooLarge(f"The body is larger than {bytes_max} bytes.")


def _claimed(scope: Scope) -> int:
    """The content-length header as a number; 0 when there is none that makes sense."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and len(value) < 20:
            return int(value)
    return 0
