"""People at the playground, as their browsers speak for them: a cookie, and the headers that tell where a request comes from."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Generator, Iterator
from pathlib import Path
from typing import Any

import httpx2
from patience import PATIENCE_SECONDS
from servers import Server
from sqlalchemy import Connection

from bandstand.build import build
from bandstand.settings import Settings
from bandstand.store import accounts, sessions
from bandstand.store.database import Database, open_database
from bandstand.store.tables import logins

COOKIE = "bandstand_session"
BY_THE_PAGE = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
TYPED = {
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Accept": "text/html,application/xhtml+xml",
}


def browser(server: Server, **headers: str) -> httpx2.Client:
    """One that keeps cookies and follows nothing by itself."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Client(
        base_url=server.url,
        headers={**BY_THE_PAGE, **told},
        timeout=PATIENCE_SECONDS,
        trust_env=False,
        verify=False,
        follow_redirects=False,
    )


def login_link(server: Server, account: str = "first", *, seconds: float | None = None) -> str:
    """The path of a fresh link as `bandstand login` makes it, without the second that it takes to start that.

    seconds  how long it works, if not as long as usual
    """
    usual = f"sqlite:///{server.folder}/data/bandstand.db"
    database = open_database(server.settings.get("database_url", usual))
    try:
        return login_in(database, account, seconds=seconds)
    finally:
        database.close()


def login_in(database: Database, account: str = "first", *, seconds: float | None = None) -> str:
    found = database.read_now(accounts.find_account, account)
    assert found
    return f"/login/{database.write_now(_create_login, found.id, seconds)}"


def _create_login(connection: Connection, account: str, seconds: float | None) -> str:
    token = sessions.create_login(connection, account)
    if seconds is not None:
        ends = {"expires_at": time.time() + seconds}
        is_new = logins.c.id == token.partition(".")[0]
        connection.execute(logins.update().where(is_new).values(ends))
    return token


@contextlib.contextmanager
def visitor(server: Server, account: str = "first") -> Generator[httpx2.Client]:
    """Somebody who is logged in."""
    with browser(server) as opened:
        answer = opened.get(login_link(server, account), headers=TYPED)
        assert answer.status_code == 303, answer.text
        yield opened


@contextlib.asynccontextmanager
async def application(folder: Path, **settings: Any) -> AsyncGenerator[httpx2.AsyncClient]:
    """A browser before an application of these settings that no process serves: for what no worker has a part in."""
    loaded = Settings(**{"role": "api", "data": folder, "port": 80, **settings})
    built = await asyncio.to_thread(build, loaded)
    transport = httpx2.ASGITransport(built.app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=BY_THE_PAGE
    ) as opened:
        yield opened


def told(stream: httpx2.Response) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(event, id, data) of server-sent events, as they come."""
    event: dict[str, str] = {}
    for line in stream.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif "event" in event:
            yield event["event"], event["id"], json.loads(event["data"])
            event = {}
