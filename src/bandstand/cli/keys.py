"""`bandstand keys`: API keys and the accounts behind them."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import TYPE_CHECKING, Annotated

import typer

from bandstand.cli.say import AsJson, hinted, show_done, show_json, show_table
from bandstand.errors import Misconfigured, NotFound

if TYPE_CHECKING:
    from bandstand.store.accounts import Key

app = typer.Typer(help="API keys and accounts.", no_args_is_help=True)
KeyId = Annotated[str, typer.Argument(help="The id, as `keys list` shows it.")]
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@app.command()
def create(
    account: Annotated[
        str, typer.Option(help="Whose key; a new name makes a new account.")
    ] = "first",
    name: Annotated[str, typer.Option(help="What the key is for.")] = "",
    credits_: Annotated[
        float | None,
        typer.Option(
            "--credits", min=0, help="Credits to give; the account is metered from then on."
        ),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read or write; may be given twice. Both when it is left out."),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="After how long it ends: 90s, 15m, 12h or 30d.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it; it cannot be shown again."""
    from sqlalchemy import Connection

    from bandstand.store import accounts
    from bandstand.store.accounts import Scope
    from bandstand.store.open import opened

    unknown = set(scope or ()) - {known.value for known in Scope}
    if unknown:
        raise Misconfigured(f"--scope is read or write, not {min(unknown)}")
    scopes = [known for known in Scope if not scope or known.value in scope]
    expires_at = time.time() + _to_seconds(expires) if expires else None

    def make(connection: Connection) -> str:
        found = accounts.find_account(connection, account)
        account_id = (
            found.id if found else accounts.create_account(connection, account, metered=False)
        )
        if credits_ is not None:
            accounts.grant(connection, account_id, round(credits_ * 1000))
        return accounts.create_key(
            connection, account_id, name, scopes=scopes, expires_at=expires_at
        )

    with opened() as database:
        key = database.write_now(make)
    if as_json:
        show_json({"account": account, "key": key})
    else:
        typer.echo(key)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """All keys, without their secrets."""
    from bandstand.store import accounts
    from bandstand.store.open import opened

    with opened() as database:
        rows = database.read_now(accounts.list_keys)
    if as_json:
        show_json(
            [
                {
                    "id": key.id,
                    "account": owner,
                    "name": key.name,
                    "is_revoked": key.revoked_at is not None,
                    "scopes": sorted(key.scopes),
                    "expires_at": key.expires_at,
                }
                for key, owner in rows
            ]
        )
        return
    show_table(
        ("id", "account", "name", "state", "may"),
        [
            (key.id, owner, key.name, _state(key), ", ".join(sorted(key.scopes)))
            for key, owner in rows
        ],
    )


@app.command()
def revoke(key_id: KeyId, *, as_json: AsJson = False) -> None:
    """End a key at once."""
    from bandstand.store import accounts
    from bandstand.store.open import opened

    with opened() as database:
        if not database.write_now(accounts.revoke_key, key_id):
            raise _no_key(key_id)
    show_done("revoked", as_json=as_json, id=key_id)


@app.command()
def rotate(
    key_id: KeyId,
    *,
    overlap: Annotated[
        str | None, typer.Option(help="How long the old one still works: 90s, 15m, 12h or 30d.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key that may do the same, print it, and end the old one."""
    from sqlalchemy import Connection

    from bandstand.store import accounts
    from bandstand.store.open import opened

    lasts = _to_seconds(overlap) if overlap else 0.0

    def replace(connection: Connection) -> str | None:
        listed = [key for key, _ in accounts.list_keys(connection) if key.id == key_id]
        if not (listed and listed[0].works):
            return None
        (old,) = listed
        accounts.end_key(connection, old.id, time.time() + lasts)
        return accounts.create_key(
            connection,
            old.account,
            old.name,
            scopes=sorted(old.scopes),
            expires_at=old.expires_at,
        )

    with opened() as database:
        key = database.write_now(replace)
    if key is None:
        raise _no_key(key_id)
    show_done(key, as_json=as_json, key=key, replaces=key_id)


def _no_key(key_id: str) -> NotFound:
    return hinted(NotFound(f"There is no working key {key_id!r}."), "bandstand keys list")


def _to_seconds(text: str) -> float:
    found = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if found is None:
        raise Misconfigured(f"--expires is a number and s, m, h or d, as in 30d, not {text!r}")
    return int(found[1]) * UNIT_SECONDS[found[2]]


def _state(key: Key) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if not key.works:
        return "expired"
    if key.expires_at is None:
        return "works"
    return f"works until {dt.datetime.fromtimestamp(key.expires_at, dt.UTC):%Y-%m-%d %H:%M:%SZ}"


@app.command()
def bucket(
    account: Annotated[str, typer.Argument(help="Name or id of the account.")],
    url: Annotated[
        str | None,
        typer.Argument(
            help="s3://BUCKET/PREFIX?endpoint=&region=&key=&secret=&public=; - reads it from stdin; left out: show it."
        ),
    ] = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Copy nothing any more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Copy an account's results to a bucket of its own, where its links then lead."""
    from bandstand.blobs import open_bucket
    from bandstand.store import accounts
    from bandstand.store.open import opened

    if url == "-":
        url = typer.get_text_stream("stdin").readline().strip()
    if url is not None:
        open_bucket(url)
    with opened() as database:
        found = database.read_now(accounts.find_account, account)
        if found is None:
            raise hinted(NotFound(f"There is no account {account!r}."), "bandstand keys list")
        if url is not None or remove:
            database.write_now(accounts.set_outputs_url, found.id, url)
        now = url if url is not None or remove else found.outputs_url
    # What stands behind the question mark is secret.
    shown = None if now is None else now.partition("?")[0]
    show_done(shown or "none", as_json=as_json, account=found.name, bucket=shown)
