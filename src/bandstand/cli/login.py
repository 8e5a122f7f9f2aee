"""`bandstand login`: a link that opens the playground in a browser, once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bandstand.errors import Misconfigured, NotFound

if TYPE_CHECKING:
    from bandstand.settings import Settings
    from bandstand.store.database import Database

FIRST = "first"


def login(
    account: Annotated[str, typer.Option(help="Name or id of the account.")] = FIRST,
    url: Annotated[
        str | None,
        typer.Option(help="Where the server is reached, if not where the settings say."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder for the database and the results.")
    ] = None,
    *,
    end: Annotated[
        bool, typer.Option("--end", help="Instead log the account out of all browsers.")
    ] = False,
) -> None:
    """Print a link that logs a browser in to the playground: once, within ten minutes."""
    from bandstand.settings import load_settings
    from bandstand.store import sessions
    from bandstand.store.open import open_store

    settings = load_settings(data=data, public_url=url)
    if not settings.url.startswith(("http://", "https://")):
        raise Misconfigured("--url begins with http:// or https://")
    database = open_store(settings)
    try:
        if end:
            count = database.write_now(sessions.end_all, _account(database, account))
            typer.echo(f"ended {count} sessions")
        else:
            typer.echo(link(settings, database, account))
    finally:
        database.close()


def link(settings: Settings, database: Database, account: str = FIRST) -> str:
    """A fresh link. raises NotFound when there is no such account."""
    from bandstand.store import sessions

    token = database.write_now(sessions.create_login, _account(database, account))
    return f"{_address(settings)}/login/{token}"


def _address(settings: Settings) -> str:
    """Where a browser on this machine reaches a server that listens everywhere; else what the settings say."""
    is_everywhere = settings.host in {"0.0.0.0", "::"}  # noqa: S104 - looked at, not bound
    if is_everywhere and settings.public_url is None:
        return f"http://127.0.0.1:{settings.port}"
    return settings.url


def _account(database: Database, name: str) -> str:
    from bandstand.store import accounts

    found = database.read_now(accounts.find_account, name)
    if found is None:
        raise NotFound(f"There is no account {name!r}; the first start of a server makes one.")
    return found.id
