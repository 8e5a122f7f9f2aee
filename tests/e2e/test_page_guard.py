"""What holds for every path of the page: our own name, our own site, our headers. Attacks of security.md that need no browser."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest
from servers import Server
from visitors import application, browser, visitor

PATHS = [
    "/",
    "/app/account",
    "/app/v1/jobs",
    "/app/nothing",
    "/login/x",
    "/share/x",
    "/assets/door.css",
]
CHANGES = [
    ("POST", "/app/v1/jobs"),
    ("POST", "/app/keys"),
    ("POST", "/app/uploads"),
    ("POST", "/app/logout"),
    ("DELETE", "/app/keys/x"),
    ("PUT", "/app/jobs/x/favourite"),
    ("POST", "/login/x"),
]
ALLOWED = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "media-src": "'self' blob:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


@pytest.fixture(scope="module")
def visiting(sqlite_server: Server) -> Generator[httpx2.Client]:
    with visitor(sqlite_server) as opened:
        yield opened


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_of_the_page_has_the_headers_that_keep_others_out(
    visiting: httpx2.Client, path: str
):
    headers = visiting.get(path, headers={"Accept": "text/html"}).headers

    rules = [rule.split(" ", 1) for rule in headers["content-security-policy"].split("; ")]
    assert dict(rules) == ALLOWED
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["permissions-policy"].startswith("microphone=(self)")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "0x7f.1", "[::2]", "["])
def test_page_is_told_to_nobody_who_knows_us_by_another_name(
    visiting: httpx2.Client, path: str, host: str
):
    answer = visiting.get(path, headers={"Host": host, "Accept": "text/html"})

    assert answer.status_code == 421
    assert answer.json()["error"]["type"] == "WrongHost"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("host", ["localhost", "localhost:9999", "127.0.0.1:1", "[::1]:80"])
def test_page_is_told_under_all_names_of_this_machine(visiting: httpx2.Client, host: str):
    assert visiting.get("/app/account", headers={"Host": host}).status_code == 200


async def test_page_is_told_under_names_that_the_settings_add(tmp_path: Path):
    names = ["music.lan", "other.lan:80", "third.lan", "public.example", "localhost"]
    settings = {"page_hosts": "music.lan,Other.lan", "public_url": "https://public.example/"}
    async with application(tmp_path, **settings) as person:
        answers = [await person.get("/app/account", headers={"Host": name}) for name in names]

    assert [answer.status_code for answer in answers] == [401, 401, 421, 401, 401]


def test_apis_are_reached_under_any_name(sqlite_server: Server):
    """They ask for a key, which no browser sends by itself; programs may reach us through whatever names a network has."""
    with sqlite_server.client() as client:
        assert client.get("/v1/jobs", headers={"Host": "any.example"}).status_code == 200


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize(
    "told",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "OURS"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {},
    ],
    ids=lambda told: " ".join(told.values()) or "silent",
)
def test_nothing_is_changed_by_another_site(
    sqlite_server: Server, visiting: httpx2.Client, method: str, path: str, told: dict[str, str]
):
    told = {name: value.replace("OURS", sqlite_server.url) for name, value in told.items()}
    with httpx2.Client(base_url=sqlite_server.url, trust_env=False, verify=False) as other:
        other.cookies.update(visiting.cookies)
        answer = other.request(method, path, headers=told, json={})

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_browser_that_tells_only_its_origin_may_change_things(
    sqlite_server: Server, visiting: httpx2.Client
):
    with httpx2.Client(base_url=sqlite_server.url, trust_env=False, verify=False) as old:
        old.cookies.update(visiting.cookies)
        answer = old.post("/app/keys", json={"name": "old"}, headers={"Origin": sqlite_server.url})

    assert answer.status_code == 201


@pytest.mark.parametrize("path", ["/app/account", "/app/events", "/app/v1/jobs"])
def test_other_sites_read_nothing(visiting: httpx2.Client, path: str):
    for site in ("cross-site", "same-site"):
        assert visiting.get(path, headers={"Sec-Fetch-Site": site}).status_code == 403


def test_no_answer_lets_another_origin_read_it(visiting: httpx2.Client):
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    answers = [
        visiting.request(method, path, headers={**asked, "Sec-Fetch-Site": "cross-site"})
        for method in ("GET", "OPTIONS")
        for path in (*PATHS, "/v1/jobs", "/files/x/y")
    ]

    assert not [answer for answer in answers if "access-control-allow-origin" in answer.headers]


@pytest.mark.parametrize(
    "name",
    [
        "../../../../../../etc/passwd",
        "..%2f..%2fentrance.py",
        "%2e%2e/documents.py",
        "..\\documents.py",
        "....//door.css",
        "door.css/",
        "door.css%00.js",
        "door.CSS",
        "index.html",
        "",
        "%",
        "door.css" + "a" * 5000,
        "door.css",
        "no-such.js",
    ],
)
def test_only_our_own_files_are_assets(sqlite_server: Server, name: str):
    with browser(sqlite_server) as person:
        raw = httpx2.URL(sqlite_server.url).copy_with(raw_path=f"/assets/{name}".encode())
        answer = person.get(raw)

    if name == "door.css":
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
    else:
        assert answer.status_code == 404, answer.text


def test_asset_that_the_browser_has_is_not_sent_again(sqlite_server: Server):
    with browser(sqlite_server) as person:
        first = person.get("/assets/door.css")
        again = person.get("/assets/door.css", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


def test_all_assets_are_served(sqlite_server: Server):
    folder = Path(__file__).parents[2] / "src/bandstand/web/playground/assets"
    names = [file.name for file in folder.iterdir() if file.suffix != ".html"]
    with browser(sqlite_server) as person:
        answers = [person.get(f"/assets/{name}") for name in names]

    assert [answer.request.url.path for answer in answers if answer.status_code != 200] == []
