"""Requests that only trickle in, by hand over plain sockets: what becomes of them, and of everybody else meanwhile.

The server waits three seconds for a body and one for headers, so that nobody has to wait for this.
"""

from __future__ import annotations

import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Generator, Iterator

import pytest
from apis import APIS, Api
from patience import PATIENCE_SECONDS
from servers import KEY, Server, ask, finished, read_answer

PATIENCE, OF_HEADERS = 3.0, 1.0
SLACK_SECONDS = PATIENCE_SECONDS
UPLOAD_BYTES = 50_000_000 - 1000
SOCKETS = 300


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    folder = tmp_path_factory.mktemp("late")
    running = Server(folder, {"engines": "fake", "stand_in": "other", "receive_seconds": PATIENCE})
    running.start()
    yield running
    running.stop()


def opened(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=SLACK_SECONDS)


def head(server: Server, api: Api, length: int, *, key: str = KEY) -> bytes:
    lines = (
        f"POST {api.path} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"Authorization: Bearer {key}",
        f"x-api-key: {key}",
        "Content-Type: application/json",
        f"Content-Length: {length}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def drip(connection: socket.socket, content: bytes, *, pause: float = 0.1) -> bytes:
    """Send it byte by byte until there is an answer or an end; whatever was answered, to the end of the connection."""
    connection.settimeout(pause)
    for byte in content:
        try:
            connection.send(bytes([byte]))
            return _rest(connection, connection.recv(65536))
        except TimeoutError:
            continue
        except OSError:
            return b""
    return _rest(connection, b"")


def _rest(connection: socket.socket, first: bytes) -> bytes:
    connection.settimeout(SLACK_SECONDS)
    heard = first
    try:
        while more := connection.recv(65536):
            heard += more
    except ConnectionResetError:
        pass  # there were bytes of ours that nobody had read
    return heard


def answered(raw: bytes) -> tuple[int, dict[str, str], bytes]:
    answer = http.client.HTTPResponse(_Heard(raw))  # pyright: ignore[reportArgumentType] - all it asks of a socket
    answer.begin()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return answer.status, headers, answer.read()


class _Heard:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_body_that_is_late_is_told_so_in_the_words_of_its_api(server: Server, api: Api) -> None:
    with opened(server) as connection:
        began = time.monotonic()
        connection.sendall(head(server, api, 1000))
        status, headers, body = answered(drip(connection, b'{"prompt": "' + b"a" * 900))

    wrong = api.ask(server, "PUT", api.path)  # another refusal, for the shape of them
    assert status == 408
    assert headers["connection"] == "close"
    assert json.loads(body).keys() == wrong.json().keys()
    assert time.monotonic() - began >= PATIENCE


def test_headers_that_do_not_end_are_not_waited_for(server: Server) -> None:
    began = time.monotonic()
    with opened(server) as connection:
        status, headers, _ = answered(
            drip(connection, b"GET /healthz HTTP/1.1\r\nX-A: " + b"a" * 900)
        )

    assert status == 408
    assert headers["connection"] == "close"
    assert time.monotonic() - began >= OF_HEADERS


def test_connection_on_which_nothing_comes_is_closed(server: Server) -> None:
    with opened(server) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 408")
        assert connection.recv(100) == b""


@pytest.mark.parametrize(
    "trickle", [b"\r\n" * 300, b"GET /healthz HTTP/1.1\r\n" * 10], ids=["empty lines", "headers"]
)
def test_second_request_on_a_connection_has_a_deadline_too(server: Server, trickle: bytes) -> None:
    with opened(server) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_answer(connection).startswith(b"HTTP/1.1 200")

        assert drip(connection, trickle).startswith(b"HTTP/1.1 408")


def test_body_that_nobody_wants_does_not_keep_the_connection(server: Server) -> None:
    """Whoever has no key is told so before the body; the rest of it may not trickle on for ever."""
    with opened(server) as connection:
        began = time.monotonic()
        connection.sendall(head(server, APIS[0], 1000, key="nobody"))
        assert read_answer(connection).startswith(b"HTTP/1.1 401")
        while time.monotonic() - began < SLACK_SECONDS:
            try:
                connection.sendall(b" ")
            except OSError:
                break
            time.sleep(0.1)

    assert PATIENCE <= time.monotonic() - began < SLACK_SECONDS


def test_upload_that_takes_longer_but_goes_on_arrives(server: Server) -> None:
    boundary = "b0undary"
    start = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="content"; filename="a.wav"\r\n\r\n'
    ).encode()
    end = f"\r\n--{boundary}--\r\n".encode()
    pieces = 100
    piece = bytes(UPLOAD_BYTES // pieces)

    def body() -> Iterator[bytes]:
        yield start
        for _ in range(pieces):
            yield piece
            time.sleep(2 * PATIENCE / pieces)
        yield end

    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": str(len(start) + len(piece) * pieces + len(end)),
    }
    began = time.monotonic()
    with server.client() as client:
        answer = client.post(
            "/v1/files", content=body(), headers=headers, timeout=2 * PATIENCE_SECONDS
        )

    assert time.monotonic() - began > PATIENCE
    assert answer.status_code == 201, answer.text
    assert answer.json()["size"] == len(piece) * pieces


def test_answer_that_takes_longer_than_a_request_may_is_not_cut(server: Server) -> None:
    with server.client() as client:
        job = ask(client, f"a tone work={PATIENCE + 2}")
        with client.stream("GET", f"/v1/jobs/{job['id']}/events") as events:
            told = events.read().decode()

        assert finished(client, job["id"])["status"] == "succeeded"
    assert told.count("event: status") >= 2


def test_hundreds_who_trickle_hold_up_nobody_and_are_all_shown_out(server: Server) -> None:
    beginnings = (b"GET / HTTP/1.1\r\n", head(server, APIS[0], 1000))
    slow = [opened(server) for _ in range(SOCKETS)]
    for number, connection in enumerate(slow):
        connection.sendall(beginnings[number % len(beginnings)])
    is_over = threading.Event()
    dripping = threading.Thread(target=_drip_all, args=(slow, is_over))
    dripping.start()
    try:
        with server.client() as client:
            job = finished(client, ask(client, "among the slow ones")["id"])
        heard = [_rest(connection, b"") for connection in slow]
    finally:
        is_over.set()
        dripping.join()
        for connection in slow:
            connection.close()

    assert job["status"] == "succeeded"
    assert {answer[:12] for answer in heard if answer} == {b"HTTP/1.1 408"}


def _drip_all(connections: list[socket.socket], is_over: threading.Event) -> None:
    while not is_over.wait(0.3):
        for connection in connections:
            try:
                connection.send(b"a")
            except OSError:
                continue
