"""A deadline for requests to arrive, which uvicorn does not have: a connection over which one only trickles in is closed.

The answer to a late body is given in `limits.py`, in the words of the API, as long as somebody there reads it; this closes what
nobody reads, and headers that never end. Source: uvicorn 0.54, protocols/http/httptools_impl.py.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bandstand.web.limits import seconds_for

HEADERS_SHARE = 1 / 3  # of the patience with a body: headers are short
ANSWER_SECONDS = 1.0  # for an API to tell that a body is late
LATE = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def protocol_with(patience: float) -> type[DeadlineProtocol]:
    """For uvicorn's setting `http`. patience: seconds."""
    return type("HttpProtocol", (DeadlineProtocol,), {"patience": patience})


class DeadlineProtocol(HttpToolsProtocol):
    """One connection.

    Its clock runs from the connection, or from the first byte of each further request, to the end of the headers, and again
    from there to the end of the body. It stands still while we are the ones who do not read, or are still answering.
    """

    patience: ClassVar[float]

    _timer: asyncio.TimerHandle | None = None
    _began = 0.0
    _count = 0
    _has_headers = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as uvicorn does
        super().connection_made(transport)
        self._wait_for_headers()

    def data_received(self, data: bytes) -> None:
        self._wait_for_headers()
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._wait_for_headers()  # one that follows in the same packet
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._stop()
        self._has_headers, self._count = True, 0
        self._start()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._count += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._stop()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _wait_for_headers(self) -> None:
        if self._timer is None:
            self._has_headers, self._count = False, 0
            self._start()

    def _start(self) -> None:
        self._began = self.loop.time()
        self._timer = self.loop.call_at(self._began + self._allowed(), self._look)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _allowed(self) -> float:
        if self._has_headers:
            return seconds_for(self.patience, self._count) + ANSWER_SECONDS
        return self.patience * HEADERS_SHARE

    def _look(self) -> None:
        """Close, unless more has come meanwhile that gives more time, or it is not the caller who is late."""
        until = self._began + self._allowed()
        if self.flow.read_paused or self._is_answering():
            self._start()
        elif self.loop.time() < until:
            self._timer = self.loop.call_at(until, self._look)
        else:
            self._timer = None
            if not self._has_headers:
                self.transport.write(LATE)
            self.transport.close()

    def _is_answering(self) -> bool:
        cycle = self.cycle
        return cycle is not None and cycle.response_started and not cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison] - none before the first request
