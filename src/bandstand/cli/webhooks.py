"""`bandstand webhooks`: what was told to whom, once more if wanted, and the secrets it is signed with. Needs no key."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from bandstand.cli.say import AsJson, hinted, show_done, show_json, show_table
from bandstand.errors import NotFound

if TYPE_CHECKING:
    from bandstand.store.accounts import Account
    from bandstand.store.database import Database

app = typer.Typer(help="Webhooks and their secrets.", no_args_is_help=True)
AccountName = Annotated[str, typer.Option(help="Whose: an account's name or id.")]


@app.command("list")
def list_(
    account: Annotated[str | None, typer.Option(help="Only this account's.")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The newest deliveries: what was tried, what came of it, when the next try is."""
    from bandstand.store import deliveries
    from bandstand.store.open import opened

    with opened() as database:
        owner = _find(database, account).id if account else None
        found = database.read_now(deliveries.newest, count, account=owner)
    if as_json:
        show_json([dataclasses.asdict(delivery) for delivery in found])
        return
    rows = [
        (
            each.id,
            each.job,
            each.event.value,
            each.status,
            each.attempts,
            _clock(each.due_at) if each.status == deliveries.PENDING else "",
            each.answer or "",
        )
        for each in found
    ]
    show_table(("id", "job", "event", "status", "tries", "next try", "answer"), rows)


@app.command("send-again")
def send_again(
    delivery_id: Annotated[str, typer.Argument(help="The id, as `webhooks list` shows it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Send one once more, under its own id and with all its tries."""
    from bandstand.store import deliveries
    from bandstand.store.open import opened

    with opened() as database:
        if not database.write_now(deliveries.send_again, delivery_id):
            error = NotFound(f"There is no delivery {delivery_id!r} that has come to an end.")
            raise hinted(error, "bandstand webhooks list")
    show_done("due now", as_json=as_json, id=delivery_id)


@app.command()
def secret(account: AccountName = "first", *, as_json: AsJson = False) -> None:
    """Print what an account's webhooks are signed with."""
    from bandstand.store import accounts
    from bandstand.store.open import opened

    with opened() as database:
        owner = _find(database, account)
        text = database.write_now(accounts.webhook_secrets, owner.id)[0]
    show_done(text, as_json=as_json, account=owner.name, secret=text)


@app.command()
def rotate(account: AccountName = "first", *, as_json: AsJson = False) -> None:
    """Draw a new secret and print it; the old one signs, too, for a day."""
    from bandstand.store import accounts
    from bandstand.store.open import opened

    with opened() as database:
        owner = _find(database, account)
        text = database.write_now(accounts.rotate_webhook_secret, owner.id)
    show_done(text, as_json=as_json, account=owner.name, secret=text)


def _find(database: Database, name: str) -> Account:
    from bandstand.store import accounts

    found = database.read_now(accounts.find_account, name)
    if found is None:
        raise hinted(NotFound(f"There is no account {name!r}."), "bandstand keys list")
    return found


def _clock(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
