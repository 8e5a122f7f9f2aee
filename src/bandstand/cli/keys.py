"""`bandstand keys`: API keys and the accounts behind them."""

from __future__ import annotations

from typing import Annotated

import typer

from bandstand.cli.say import AsJson, show_json, show_table
from bandstand.errors import NotFound

app = typer.Typer(help="API keys and accounts.", no_args_is_help=True)


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
    as_json: AsJson = False,
) -> None:
    """Make a key and print it; it cannot be shown again."""
    from sqlalchemy import Connection

    from bandstand.store import accounts
    from bandstand.store.open import opened

    def make(connection: Connection) -> str:
        found = accounts.find_account(connection, account)
        account_id = (
            found.id if found else accounts.create_account(connection, account, metered=False)
        )
        if credits_ is not None:
            accounts.grant(connection, account_id, round(credits_ * 1000))
        return accounts.create_key(connection, account_id, name)

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
                }
                for key, owner in rows
            ]
        )
        return
    show_table(
        ("id", "account", "name", "state"),
        [
            (key.id, owner, key.name, "revoked" if key.revoked_at else "works")
            for key, owner in rows
        ],
    )


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="The id, as `keys list` shows it.")]) -> None:
    """End a key at once."""
    from bandstand.store import accounts
    from bandstand.store.open import opened

    with opened() as database:
        if not database.write_now(accounts.revoke_key, key_id):
            raise NotFound(f"There is no working key {key_id!r}.")
    typer.echo("revoked")
