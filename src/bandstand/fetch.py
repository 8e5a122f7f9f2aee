"""The only way out of the house: a stranger's address in, bytes or a status out. Nobody else opens outbound connections.

A name is resolved once, refused unless every answer is a public address, and the very address that was checked is dialled: a
second answer of the name server cannot matter. Errors told to clients do not tell blocked from unreachable.

Source: OWASP Server-Side Request Forgery Prevention Cheat Sheet; IANA special-purpose address registries.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import ipaddress
import socket
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote_to_bytes, urljoin, urlsplit

import httpcore2
import structlog

from bandstand.errors import Failed, Invalid, Misconfigured

DOWNLOAD_BYTES_MAX = 50_000_000
DOWNLOAD_SECONDS = 30.0
DOWNLOAD_HOPS_MAX = 3
POST_SECONDS = 15.0
ANSWER_BYTES_MAX = 64_000
URL_CHARACTERS_MAX = 2048
USUAL_PORTS = frozenset({80, 443})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
UNREACHABLE = "the destination is not allowed or does not answer"
LOG = structlog.get_logger("fetch")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# `ipaddress.is_global` alone calls these public; besides them every IPv6 form that carries an IPv4 address is refused.
NOT_PUBLIC: Sequence[Network] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.88.99.0/24",
        "168.63.129.16/32",
        "224.0.0.0/4",
        "2001::/32",
        "2002::/16",
        "3fff::/20",
    )
)
NEVER: Sequence[Network] = tuple(
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "168.63.129.16/32")
)
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


class Blocked(httpcore2.ConnectError):
    """The destination is not one that may be reached."""


@dataclass(frozen=True)
class Answer:
    """What a receiver said to a POST: its status and the beginning of its body."""

    status: int
    body: bytes


class Fetcher:
    """One for a process; connections are not kept."""

    def __init__(self, allowed_private: Sequence[str], own_url: str) -> None:
        self._allowed = Allowed(allowed_private)
        self._own = urlsplit(own_url).netloc.lower()
        self._tls = httpcore2.default_ssl_context()

    def check(self, field: str, url: str) -> None:
        """Refuse at once what needs no name server to be refused.

        raises  Invalid naming the field
        """
        try:
            parts = _split(url)
            self._check_parts(parts)
        except ValueError as error:
            raise Invalid(field, str(error)) from None

    async def download(self, url: str) -> bytes:
        """The content of an http(s) or data URI, after at most three redirects.

        raises  Failed with a text for the client
        """
        if is_inline(url):
            return decode_inline(url)
        try:
            async with asyncio.timeout(DOWNLOAD_SECONDS):
                return await self._download(url)
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpcore2.TimeoutException,
        ) as error:
            LOG.info("download failed", reason=repr(error))
            raise Failed(f"The given file cannot be fetched: {UNREACHABLE}.") from None
        except (TimeoutError, ValueError) as error:
            raise Failed(
                f"The given file cannot be fetched: {error or 'it took too long'}."
            ) from None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body; a redirect is an answer like any other, and not followed.

        raises  Failed when there was no answer in time
        """
        try:
            async with asyncio.timeout(POST_SECONDS):
                self._check_parts(_split(url))
                async with self._request("POST", url, headers, body) as response:
                    return Answer(
                        response.status, await _read(response, ANSWER_BYTES_MAX, cut=True)
                    )
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpcore2.TimeoutException,
            TimeoutError,
            ValueError,
        ) as error:
            LOG.info("post failed", reason=repr(error))
            raise Failed(UNREACHABLE) from None

    async def _download(self, url: str) -> bytes:
        for _ in range(DOWNLOAD_HOPS_MAX + 1):
            self._check_parts(_split(url))
            async with self._request("GET", url, {"Accept-Encoding": "identity"}, b"") as response:
                if response.status not in REDIRECTS:
                    if response.status != 200:
                        raise ValueError(f"the server there answered {response.status}")
                    return await _read(response, DOWNLOAD_BYTES_MAX, cut=False)
                onward = urljoin(url, _header(response, b"location"))
            if url.lower().startswith("https:") and not onward.lower().startswith("https:"):
                raise ValueError("it leads from https to http")
            url = onward
        raise ValueError("it leads on and on")

    @asynccontextmanager
    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> AsyncGenerator[httpcore2.Response]:
        backend = GuardedBackend(self._allowed)
        async with (
            httpcore2.AsyncConnectionPool(ssl_context=self._tls, network_backend=backend) as pool,
            pool.stream(
                method,
                url,
                headers={"Host": _host_header(url), "User-Agent": "Bandstand", **headers},
                content=body,
            ) as response,
        ):
            yield response

    def _check_parts(self, parts: SplitResult) -> None:
        host = parts.hostname or ""
        if parts.netloc.lower() == self._own:
            raise ValueError("is an address of this server itself")
        if _port(parts) not in USUAL_PORTS and not self._allowed.names(host):
            raise ValueError("has a port that is not 80 or 443")
        literal = _literal(host)
        if literal is not None and not self._allowed.may_reach(host, literal):
            raise ValueError(UNREACHABLE)


class Allowed:
    """Which addresses may be dialled: public ones, and those that the operator named."""

    def __init__(self, private: Sequence[str]) -> None:
        self._hosts = {name.lower() for name in private if _network(name) is None}
        self._networks = [network for name in private if (network := _network(name)) is not None]
        for name in private:
            if not name or "://" in name:
                raise Misconfigured(
                    f"BANDSTAND_ALLOWED_PRIVATE_HOSTS: {name!r} is no host or network"
                )

    def names(self, host: str) -> bool:
        """Whether the operator named this host or its literal address."""
        literal = _literal(host)
        return host.lower() in self._hosts or (
            literal is not None and any(literal in network for network in self._networks)
        )

    def may_reach(self, host: str, address: Address) -> bool:
        if any(address in network for network in NEVER):
            return False
        is_named = host.lower() in self._hosts or any(address in n for n in self._networks)
        return is_named or is_public(address)


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves, checks and dials in one place."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._dial: httpcore2.AsyncNetworkBackend = httpcore2.AnyIOBackend()  # pyright: ignore[reportAttributeAccessIssue]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name is the base class's
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
            )
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"{host} has no address") from error
        addresses = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found]
        if not addresses or not all(self._allowed.may_reach(host, a) for a in addresses):
            raise Blocked(f"{host} is not allowed")
        return await self._dial.connect_tcp(
            str(addresses[0]), port, timeout, local_address, socket_options
        )


def is_public(address: Address) -> bool:
    """Whether anybody on the internet can reach it, and it carries no other address inside."""
    if address.version == 6 and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not any(address in network for network in NOT_PUBLIC)


def _split(url: str) -> SplitResult:
    """raises ValueError with a text for the client"""
    if len(url) > URL_CHARACTERS_MAX:
        raise ValueError(f"is longer than {URL_CHARACTERS_MAX} characters")
    if any(character <= " " or character == "\\" for character in url):
        raise ValueError("holds characters that no address has")
    try:
        parts = urlsplit(url)
        _port(parts)
    except ValueError:
        raise ValueError("is not a valid address") from None
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http or https address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name")
    if parts.fragment:
        raise ValueError("must not hold a fragment")
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme.lower() == "https" else 80)


def _host_header(url: str) -> str:
    return urlsplit(url).netloc


def _literal(host: str) -> Address | None:
    """The address that the host itself is, in any of the spellings that the system's resolver knows (2130706433, 0x7f.1)."""
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None
    return ipaddress.ip_address(str(found[0][4][0]).partition("%")[0])


def _network(name: str) -> Network | None:
    try:
        return ipaddress.ip_network(name, strict=False)
    except ValueError:
        return None


def _header(response: httpcore2.Response, name: bytes) -> str:
    values = [value for key, value in response.headers if key.lower() == name]
    if not values:
        raise ValueError("it leads nowhere")
    return values[0].decode("latin-1")


async def _read(response: httpcore2.Response, bytes_max: int, *, cut: bool) -> bytes:
    """raises ValueError when there is more, unless it is to be cut"""
    content = io.BytesIO()  # hands its bytes over without a copy
    async for part in response.aiter_stream():
        content.write(part)
        if content.tell() > bytes_max:
            if cut:
                return content.getvalue()[:bytes_max]
            raise ValueError(f"it is larger than {bytes_max // 1_000_000} MB")
    return content.getvalue()


def is_inline(url: str) -> bool:
    return url[:5].lower() == "data:"


def decode_inline(url: str) -> bytes:
    """The content of a data URI (RFC 2397). raises Failed."""
    head, comma, text = url[5:].partition(",")
    if not comma or len(text) > DOWNLOAD_BYTES_MAX * 4 // 3 + 4:
        raise Failed("The given file is no valid data URI, or too large.")
    raw = unquote_to_bytes(text)
    if not head.lower().endswith(";base64"):
        return raw
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error:
        raise Failed("The given file is no valid base64.") from None
