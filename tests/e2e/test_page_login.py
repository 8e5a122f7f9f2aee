"""The way in to the playground and out again: a link that works once, a cookie that only the page's own paths look at."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest
from servers import KEY, Server
from visitors import COOKIE, TYPED, application, browser, login_in, login_link, visitor

from bandstand.store.database import open_database


def link_in(folder: Path) -> str:
    """A fresh link, made in the database of an application that no process serves."""
    database = open_database(f"sqlite:///{folder}/bandstand.db")
    try:
        return login_in(database)
    finally:
        database.close()


@pytest.fixture
def stranger(sqlite_server: Server) -> Generator[httpx2.Client]:
    with browser(sqlite_server) as opened:
        yield opened


@pytest.fixture(scope="module")
def visiting(sqlite_server: Server) -> Generator[httpx2.Client]:
    with visitor(sqlite_server) as opened:
        yield opened


def session_of(answer: httpx2.Response) -> str:
    return answer.headers["set-cookie"].partition("=")[2].partition(";")[0]


def test_stranger_is_told_how_to_get_in(stranger: httpx2.Client):
    answer = stranger.get("/", headers={"Accept": "text/html"})

    assert answer.status_code == 401
    assert "bandstand login" in answer.text


def test_program_that_asks_for_the_page_gets_what_it_always_got(stranger: httpx2.Client):
    answer = stranger.get("/")

    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "NotFound"


def test_link_that_a_person_opens_logs_in_at_once(server: Server):
    with browser(server) as person:
        answer = person.get(login_link(server), headers=TYPED)

        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert person.get("/app/account").json()["name"] == "first"


def test_cookie_is_out_of_reach_for_scripts_and_other_sites(sqlite_server: Server):
    with browser(sqlite_server) as person:
        cookie = person.get(login_link(sqlite_server), headers=TYPED).headers["set-cookie"]

    assert cookie.startswith(f"{COOKIE}=")
    for word in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=2592000"):
        assert word in cookie


async def test_cookie_travels_only_encrypted_where_the_server_is_reached_so(tmp_path: Path):
    async with application(tmp_path, public_url="https://music.example") as person:
        answer = await person.get(link_in(tmp_path), headers={**TYPED, "Host": "music.example"})

    assert "Secure" in answer.headers["set-cookie"]


def test_command_prints_a_link_that_works(sqlite_server: Server):
    printed = sqlite_server.run("login")

    assert printed.startswith(f"{sqlite_server.url}/login/")
    with browser(sqlite_server) as person:
        assert person.get(printed, headers=TYPED).status_code == 303


@pytest.mark.parametrize(
    "looks",
    [
        {"Accept": "*/*", "Sec-Fetch-Site": ""},
        {**TYPED, "Sec-Fetch-Site": "cross-site"},
        {**TYPED, "Sec-Purpose": "prefetch;prerender"},
    ],
    ids=["preview", "from another site", "prefetched"],
)
def test_link_that_is_only_looked_at_is_not_used_up(sqlite_server: Server, looks: dict[str, str]):
    link = login_link(sqlite_server)
    looks = {name: value for name, value in looks.items() if value}
    with httpx2.Client(base_url=sqlite_server.url, trust_env=False, verify=False) as onlooker:
        answer = onlooker.get(link, headers=looks)

        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert f'action="{link}"' in answer.text
    with browser(sqlite_server) as person:
        assert person.get(link, headers=TYPED).status_code == 303


def test_login_is_confirmed_on_our_own_page(sqlite_server: Server):
    link = login_link(sqlite_server)
    with browser(sqlite_server) as person:
        refused = person.post(link, headers={"Sec-Fetch-Site": "cross-site"})
        accepted = person.post(link)

    assert refused.status_code == 403
    assert accepted.status_code == 303


def test_login_is_confirmed_where_a_browser_tells_its_origin_alone(sqlite_server: Server):
    """As over plain HTTP in a local network; the form's page must not make it null."""
    link = login_link(sqlite_server)
    with httpx2.Client(base_url=sqlite_server.url, trust_env=False, verify=False) as person:
        form = person.get(link)
        answer = person.post(link, headers={"Origin": sqlite_server.url})

    assert form.headers["referrer-policy"] == "same-origin"
    assert answer.status_code == 303


def test_link_works_once(sqlite_server: Server):
    link = login_link(sqlite_server)
    with browser(sqlite_server) as first, browser(sqlite_server) as second:
        assert first.get(link, headers=TYPED).status_code == 303

        answers = [second.get(link, headers=TYPED), second.get(link), second.post(link)]

        assert [answer.status_code for answer in answers] == [410, 410, 410]
        assert not second.cookies


@pytest.mark.parametrize("token", ["x", "0" * 12 + "." + "A" * 43, "%00", "a" * 5000])
def test_link_that_was_never_given_opens_nothing(stranger: httpx2.Client, token: str):
    assert stranger.get(f"/login/{token}", headers=TYPED).status_code == 410


def test_expired_link_opens_nothing(sqlite_server: Server):
    link = login_link(sqlite_server, seconds=0.0)

    with browser(sqlite_server) as person:
        assert person.get(link, headers=TYPED).status_code == 410


async def test_session_ends_when_its_time_is_over(tmp_path: Path):
    async with application(tmp_path, session_seconds=0.001) as person:
        assert (await person.get(link_in(tmp_path), headers=TYPED)).status_code == 303

        assert (await person.get("/app/account")).status_code == 401


def test_logging_out_ends_the_session_itself(sqlite_server: Server):
    with visitor(sqlite_server) as person:
        token = person.cookies[COOKIE]

        assert person.post("/app/logout").status_code == 204
        assert COOKIE not in person.cookies
        kept = person.get("/app/account", headers={"Cookie": f"{COOKIE}={token}"})

    assert kept.status_code == 401


def test_command_ends_all_sessions_of_an_account(sqlite_server: Server):
    sqlite_server.run("keys", "create", "--account", "leaver")
    with visitor(sqlite_server, "leaver") as person:
        assert sqlite_server.run("login", "--end", "--account", "leaver") == "ended 1 sessions"

        assert person.get("/app/account").status_code == 401


def test_session_known_before_the_login_is_not_the_one_after_it(sqlite_server: Server):
    """Whoever planted a cookie in somebody's browser has nothing of the login that follows."""
    with visitor(sqlite_server) as attacker:
        planted = attacker.cookies[COOKIE]
        with browser(sqlite_server) as person:
            answer = person.get(
                login_link(sqlite_server), headers={**TYPED, "Cookie": f"{COOKIE}={planted}"}
            )

        assert session_of(answer) != planted
        assert attacker.get("/app/account").status_code == 401


def test_secrets_of_logins_and_sessions_are_not_stored(sqlite_server: Server):
    link = login_link(sqlite_server)
    with visitor(sqlite_server) as person:
        secrets = [link.rpartition(".")[2], person.cookies[COOKIE].rpartition(".")[2]]
        stored = b"".join(
            file.read_bytes() for file in (sqlite_server.folder / "data").glob("bandstand.db*")
        )

    assert not [secret for secret in secrets if secret.encode() in stored]


@pytest.mark.parametrize(
    "path", ["/v1/jobs", "/v1/predictions", "/api/v1/music", "/v1/deliveries", "/v1/account"]
)
def test_no_api_looks_at_the_cookie(visiting: httpx2.Client, path: str):
    assert visiting.get(path).status_code in {401, 403}


@pytest.mark.parametrize("path", ["/app/account", "/app/v1/jobs", "/app/library", "/app/schema"])
def test_no_path_of_the_page_looks_at_a_key(stranger: httpx2.Client, path: str):
    answer = stranger.get(path, headers={"Authorization": f"Bearer {KEY}"})

    assert answer.status_code == 401


async def test_wrong_sessions_are_counted_like_wrong_keys(tmp_path: Path):
    wrong = {"Cookie": f"{COOKIE}={'0' * 12}.{'A' * 43}"}
    async with application(tmp_path, failed_keys_per_minute=3) as guesser:
        answers = [await guesser.get("/app/account", headers=wrong) for _ in range(5)]
        await guesser.get(link_in(tmp_path), headers=TYPED)
        right = await guesser.get("/app/account")

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert right.status_code == 200


async def test_server_without_playground_has_no_page(tmp_path: Path):
    async with application(tmp_path, playground=False) as person:
        paths = ["/", "/login/x", "/app/account", "/assets/door.css", "/share/x"]
        answers = [await person.get(path, headers={"Accept": "text/html"}) for path in paths]

    assert [answer.status_code for answer in answers] == [404] * 5


def test_login_for_an_account_that_is_not_there_is_refused(sqlite_server: Server):
    with pytest.raises(Exception, match="non-zero exit status 2"):
        sqlite_server.run("login", "--account", "nobody")
