"""A receiver of webhooks: a real server on loopback that says what it was told to say and keeps what it got."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from patience import PATIENCE_SECONDS, once

HANG = 0  # instead of a status: no answer at all
HANG_SECONDS_MAX = 120.0  # longer than any test waits


@dataclass(frozen=True)
class Message:
    """One request. headers: names in lower case; at: seconds of the clock that `time.monotonic` reads."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Listening(ThreadingHTTPServer):
    request_queue_size = 128  # whoever finds the usual five places taken tries again after a second


@dataclass
class Receiver:
    """answers: statuses one after the other, the last one again and again. slow: seconds before each answer."""

    answers: tuple[int, ...] = (200,)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b"ok"
    slow: float = 0.0
    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._closing = threading.Event()
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer._answer(self)

            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._server = Listening(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self._lock:
            status = self.answers[min(len(self.messages), len(self.answers) - 1)]
            self.messages.append(Message(request.path, headers, body, time.monotonic()))
        self._closing.wait(HANG_SECONDS_MAX if status == HANG else self.slow)
        request.close_connection = True
        if status == HANG:
            return
        request.send_response(status)
        for name, value in self.headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(self.content)))
        request.end_headers()
        request.wfile.write(self.content)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def wait(
        self,
        count: int = 1,
        *,
        seconds: float = PATIENCE_SECONDS,
        only: Callable[[Message], bool] | None = None,
    ) -> list[Message]:
        """The messages, or those that fit, once there are so many."""
        return once(
            lambda: [message for message in self.messages if only is None or only(message)],
            lambda found: len(found) >= count,
            seconds=seconds,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
