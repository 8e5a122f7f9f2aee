"""The way out: which addresses may be reached, and what stops a hostile server."""

import asyncio
import base64
import socket
from contextlib import asynccontextmanager

import pytest

from bandstand import fetch
from bandstand.errors import Failed, Invalid
from bandstand.fetch import Fetcher, is_public

BLOCKED_HOSTS = [
    "127.0.0.1",
    "[::1]",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "0",
    "①②⑦.0.0.1",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fec0::1]",
    "[fe80::1]",
    "[ff02::1]",
    "[3fff::1]",
    "[5f00::1]",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    "192.88.99.1",
    "224.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
]


@asynccontextmanager
async def listener(answer):
    """A server on loopback that plays `answer(reader, writer)`; yields its address and the list of connections."""
    connections = []

    async def play(reader, writer):
        connections.append(writer.get_extra_info("peername"))
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(play, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", connections
    finally:
        server.close()


def says(text):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)
        await writer.drain()

    return answer


def resolving_to(monkeypatch, *answers):
    """A name server that gives these addresses, one list a question."""
    asked = iter(answers)

    async def getaddrinfo(host, port, **_):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(asked)
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)


def allowing():
    return Fetcher(["127.0.0.0/8"], "http://bandstand.test")


@pytest.mark.parametrize("host", BLOCKED_HOSTS)
def test_private_address_in_any_spelling_is_refused_at_once(host):
    with pytest.raises(Invalid, match="webhook"):
        Fetcher([], "http://bandstand.test").check("webhook", f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pw@example.com/",
        "http://example.com:22/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://example.com/",
        "http://",
        "//example.com",
        "http://example.com/#part",
        "http://exam ple.com/",
        "http://example.com\\@evil.test/",
        "http://example.com/\r\nX: y",
        "http://example.com:99999/",
        "http://[::1",
        "http://bandstand.test/files/1",
        "http://example.com/" + "x" * 2100,
    ],
)
def test_address_of_the_wrong_form_is_refused_at_once(url):
    with pytest.raises(Invalid):
        Fetcher([], "http://bandstand.test").check("input_audio", url)


def test_public_address_is_accepted():
    Fetcher([], "http://bandstand.test").check("webhook", "https://example.com/hook?x=1")


def test_link_local_stays_blocked_though_the_operator_allows_it():
    with pytest.raises(Invalid):
        Fetcher(["169.254.0.0/16"], "http://x.test").check("webhook", "http://169.254.169.254/")


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1111"])
def test_public_addresses_are_public(text):
    assert is_public(fetch.ipaddress.ip_address(text))


async def test_name_that_resolves_inside_is_not_connected_to(monkeypatch):
    async with listener(says(b"")) as (_, connections):
        resolving_to(monkeypatch, ["127.0.0.1"])

        with pytest.raises(Failed, match=fetch.UNREACHABLE):
            await Fetcher([], "http://bandstand.test").download("http://inside.test/a.wav")

    assert connections == []


async def test_name_with_one_private_answer_among_public_ones_is_refused(monkeypatch):
    resolving_to(monkeypatch, ["93.184.216.34", "10.0.0.1"])

    with pytest.raises(Failed, match=fetch.UNREACHABLE):
        await Fetcher([], "http://bandstand.test").download("http://mixed.test/a.wav")


async def test_blocked_and_unreachable_are_told_alike(monkeypatch):
    async with listener(says(b"")) as (url, _):
        pass
    with pytest.raises(Failed) as closed:
        await allowing().download(url)
    resolving_to(monkeypatch, ["10.0.0.1"])
    with pytest.raises(Failed) as blocked:
        await Fetcher([], "http://bandstand.test").download("http://inside.test/")

    assert closed.value.message == blocked.value.message


async def test_download_gives_the_body():
    async with listener(says(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd")) as (url, _):
        assert await allowing().download(url + "/x") == b"abcd"


async def test_redirect_out_of_the_allowed_range_is_not_followed():
    async with listener(says(b"HTTP/1.1 302 F\r\nLocation: http://10.0.0.1/\r\n\r\n")) as (url, _):
        with pytest.raises(Failed):
            await allowing().download(url)


@pytest.mark.parametrize("onward", ["file:///etc/passwd", "gopher://127.0.0.1/", ""])
async def test_redirect_to_another_scheme_is_not_followed(onward):
    head = f"HTTP/1.1 302 F\r\nLocation: {onward}\r\nContent-Length: 0\r\n\r\n".encode()
    async with listener(says(head)) as (url, _):
        with pytest.raises(Failed):
            await allowing().download(url)


async def test_endless_redirects_end():
    head = b"HTTP/1.1 302 F\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    async with listener(says(head)) as (url, connections):
        with pytest.raises(Failed):
            await allowing().download(url)

    assert len(connections) == fetch.DOWNLOAD_HOPS_MAX + 1


async def test_endless_body_is_cut_at_the_limit(monkeypatch):
    monkeypatch.setattr(fetch, "DOWNLOAD_BYTES_MAX", 2_000_000)

    async def pour(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()

    async with listener(pour) as (url, _):
        with pytest.raises(Failed, match="larger than 2 MB"):
            await allowing().download(url)


async def test_slow_body_is_cut_at_the_deadline(monkeypatch):
    monkeypatch.setattr(fetch, "DOWNLOAD_SECONDS", 0.3)

    async def drip(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with listener(drip) as (url, _):
        with pytest.raises(Failed):
            await allowing().download(url)


async def test_post_does_not_follow_a_redirect():
    head = b"HTTP/1.1 302 F\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    async with listener(says(head)) as (url, connections):
        answer = await allowing().post(url, b"{}", {})

    assert (answer.status, len(connections)) == (302, 1)


async def test_post_reads_only_the_beginning_of_a_huge_answer():
    size = 5_000_000
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode()
    async with listener(says(head + b"x" * size)) as (url, _):
        answer = await allowing().post(url, b"{}", {})

    assert len(answer.body) == fetch.ANSWER_BYTES_MAX


async def test_post_to_a_receiver_that_hangs_ends_at_the_deadline(monkeypatch):
    monkeypatch.setattr(fetch, "POST_SECONDS", 0.2)

    async def hang(reader, writer):
        await asyncio.sleep(60)

    async with listener(hang) as (url, _):
        with pytest.raises(Failed):
            await allowing().post(url, b"{}", {})


async def test_post_sends_body_and_headers_as_they_are():
    heard = {}

    async def hear(reader, writer):
        heard["head"] = await reader.readuntil(b"\r\n\r\n")
        heard["body"] = await reader.readexactly(7)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()

    async with listener(hear) as (url, _):
        await allowing().post(url + "/hook", b'{"a":1}', {"webhook-id": "msg_1"})

    assert heard["body"] == b'{"a":1}'
    assert b"webhook-id: msg_1" in heard["head"]


@pytest.mark.parametrize("text", ["data:audio/wav;base64,UklGRg==", "data:,RIFF"])
async def test_data_uri_is_read_without_network(text):
    assert await Fetcher([], "http://x.test").download(text) == b"RIFF"


@pytest.mark.parametrize("text", ["data:audio/wav;base64,!!!", "data:audio/wav;base64"])
async def test_broken_data_uri_is_refused(text):
    with pytest.raises(Failed):
        await Fetcher([], "http://x.test").download(text)


async def test_data_uri_beyond_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(fetch, "DOWNLOAD_BYTES_MAX", 1000)

    with pytest.raises(Failed):
        await Fetcher([], "http://x.test").download(
            "data:;base64," + base64.b64encode(b"x" * 2000).decode()
        )
