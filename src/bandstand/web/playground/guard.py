"""What holds for every path of the page, before any route is looked for: our name, our own site, our headers.

Against pages of others that make a browser speak to us: DNS rebinding (the Host header tells the name it was asked for) and
cross-site requests (Sec-Fetch-Site, or Origin where a browser does not send that). The APIs need no such guard: they ask for
a key, which no browser sends by itself. Sources: W3C Fetch Metadata, CSP Level 3, OWASP CSRF cheat sheet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bandstand.errors import BandstandError, Forbidden, WrongHost
from bandstand.settings import Settings

Refuse = Callable[[Request, Exception], Awaitable[Response]]
FOLDERS = ("/app/", "/assets/", "/login/", "/share/")
OWN_DATA = ("/app/",)
LOCAL = ("localhost", "127.0.0.1", "::1")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
STANDING = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PageGuard:
    """Lets by what is no path of the page; of the rest only what is asked of us, by ourselves."""

    def __init__(self, app: ASGIApp, *, settings: Settings, refuse: Refuse) -> None:
        self._app = app
        self._url = settings.url
        self._names = own_names(settings)
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_of_page(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message), self._url)
            await send(message)

        refused = self._flaw_of(scope)
        if refused is None:
            await self._app(scope, receive, send_with_headers)
        else:
            refusal = await self._refuse(Request(scope), refused)
            await refusal(scope, receive, send_with_headers)

    def _flaw_of(self, scope: Scope) -> BandstandError | None:
        headers = Headers(scope=scope)
        if name_in(headers.get("host", "")) not in self._names:
            return WrongHost()
        is_harmless = scope["method"] in SAFE_METHODS
        if is_harmless and not scope["path"].startswith(OWN_DATA):
            return None  # a link to the page, the login or a shared piece may stand anywhere
        if not _is_by_ourselves(headers, is_harmless=is_harmless):
            return Forbidden("This was asked by a page of another site.")
        return None


def is_of_page(path: str) -> bool:
    return path == "/" or path.startswith(FOLDERS)


def own_names(settings: Settings) -> Collection[str]:
    """Under which names a browser may speak to us: this machine's own, the public one, and those that the settings add."""
    public = urlsplit(settings.url).hostname
    return frozenset(
        [*LOCAL, *([public] if public else []), *(name.lower() for name in settings.page_hosts)]
    )


def name_in(host: str) -> str | None:
    """The name in a Host header, without port and brackets; None when there is none."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_by_ourselves(headers: Headers, *, is_harmless: bool) -> bool:
    """Browsers tell Sec-Fetch-Site wherever the connection is one they trust; all of them tell Origin when something changes.

    is_harmless  it only reads: then "none", typed or bookmarked, and silence are fine, too
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site == "same-origin" or (is_harmless and site == "none")
    if origin is None:
        return is_harmless
    return urlsplit(origin).netloc == headers.get("host")


def _add_headers(headers: MutableHeaders, own_url: str) -> None:
    """What leads to ourselves is told without our name, for the browser may know us under another of them."""
    for name, value in STANDING.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-store")
    location = headers.get("location", "")
    if location.startswith(f"{own_url}/"):
        headers["location"] = location.removeprefix(own_url)
