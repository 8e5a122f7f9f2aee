"""Accounts, their keys and their credits.

A key looks like `bs_<id>_<secret>`; only the SHA-256 of the secret is stored (it has 256 bits, so no slow hash is needed).
Money moves between pockets by double entry: every transfer adds up to zero, and so does the whole ledger.

    grant    house            -> ACCOUNT:available
    hold     ACCOUNT:available -> ACCOUNT:held         at submission
    capture  ACCOUNT:held      -> house                at success
    release  ACCOUNT:held      -> ACCOUNT:available    at failure or cancel

An account that is not metered pays nothing and holds nothing.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bandstand.errors import NoCredit
from bandstand.store import tables
from bandstand.store.tables import accounts, keys, ledger

PREFIX = "bs"
HOUSE = "house"
ROTATION_SECONDS = 86400.0
NOT_IN_A_KEY = re.compile("[\0\ud800-\udfff]")  # what no database takes


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who asks. available, held: millicredits; outputs_url: its own bucket, with the secret that opens it."""

    id: str
    name: str
    metered: bool
    available: int
    held: int
    outputs_url: str | None = field(default=None, repr=False)


class Scope(enum.StrEnum):
    """What a key may be used for."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, kw_only=True)
class Key:
    """What is known of a key; never its secret. times: UTC seconds."""

    id: str
    account: str
    name: str
    created_at: float
    revoked_at: float | None
    expires_at: float | None
    scopes: frozenset[Scope]

    @property
    def works(self) -> bool:
        has_expired = self.expires_at is not None and self.expires_at <= time.time()
        return self.revoked_at is None and not has_expired


@dataclass(frozen=True)
class Opened:
    """What a key opens. key: its public id."""

    key: str
    account: Account
    scopes: frozenset[Scope]


def create_account(connection: sa.Connection, name: str, *, metered: bool) -> str:
    account = secrets.token_hex(8)
    connection.execute(
        accounts.insert().values(
            id=account,
            name=name,
            metered=metered,
            available=0,
            held=0,
            created_at=time.time(),
        )
    )
    return account


def find_account(connection: sa.Connection, name: str) -> Account | None:
    """By id or by name."""
    row = connection.execute(
        sa.select(accounts).where(sa.or_(accounts.c.id == name, accounts.c.name == name))
    ).first()
    return _to_account(row) if row else None


def count_accounts(connection: sa.Connection) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(accounts)).scalar_one()


def create_key(
    connection: sa.Connection,
    account: str,
    name: str,
    *,
    preset: str | None = None,
    scopes: Sequence[Scope] = tuple(Scope),
    expires_at: float | None = None,
) -> str:
    """A new key of the account; the only time its text is known.

    preset  use this text instead of a random one; does nothing when the account has it already
    """
    text = preset or f"{PREFIX}_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"
    key_id, secret = _split(text)
    values: dict[str, object] = {
        "id": key_id,
        "account": account,
        "name": name,
        "digest": _digest(secret),
        "created_at": time.time(),
        "scopes": [scope.value for scope in scopes],
        "expires_at": expires_at,
    }
    if preset is None:
        connection.execute(keys.insert().values(values))
    else:
        _insert_unless_there(connection, keys, values)
    return text


def open_with(connection: sa.Connection, text: str) -> Opened | None:
    """Whose key it is and what it may; None when it is unknown, revoked or expired."""
    if NOT_IN_A_KEY.search(text):
        return None
    key_id, secret = _split(text)
    row = connection.execute(
        sa.select(accounts, keys.c.digest, keys.c.scopes, keys.c.expires_at)
        .join(keys, keys.c.account == accounts.c.id)
        .where(keys.c.id == key_id, keys.c.revoked_at.is_(None))
    ).one_or_none()
    stored = row.digest if row else _digest("")
    is_right = hmac.compare_digest(stored, _digest(secret))
    if row is None or not is_right:
        return None
    if row.expires_at is not None and row.expires_at <= time.time():
        return None
    return Opened(key_id, _to_account(row), _to_scopes(row.scopes))


def list_keys(connection: sa.Connection, account: str | None = None) -> Sequence[tuple[Key, str]]:
    """All keys, or those of one account, with the names of their accounts, oldest first."""
    rows = connection.execute(
        sa.select(keys, accounts.c.name.label("owner"))
        .join(accounts, keys.c.account == accounts.c.id)
        .where(sa.true() if account is None else keys.c.account == account)
        .order_by(keys.c.created_at)
    )
    return [
        (
            Key(
                id=row.id,
                account=row.account,
                name=row.name,
                created_at=row.created_at,
                revoked_at=row.revoked_at,
                expires_at=row.expires_at,
                scopes=_to_scopes(row.scopes),
            ),
            row.owner,
        )
        for row in rows
    ]


def end_key(connection: sa.Connection, key_id: str, at: float) -> None:
    """Let a key that works end at this time, or sooner if it would anyway."""
    connection.execute(
        keys.update()
        .where(keys.c.id == key_id, sa.or_(keys.c.expires_at.is_(None), keys.c.expires_at > at))
        .values(expires_at=at)
    )


def revoke_key(connection: sa.Connection, key_id: str, account: str | None = None) -> bool:
    """Whether there was such a key that worked; account: only if it is that one's."""
    is_theirs = sa.true() if account is None else keys.c.account == account
    done = connection.execute(
        keys.update()
        .where(keys.c.id == key_id, keys.c.revoked_at.is_(None), is_theirs)
        .values(revoked_at=time.time())
    )
    return done.rowcount > 0


def grant(connection: sa.Connection, account: str, amount: int) -> None:
    """Put millicredits into an account; it is metered from then on."""
    connection.execute(
        accounts.update()
        .where(accounts.c.id == account)
        .values(available=accounts.c.available + amount, metered=True)
    )
    _transfer(connection, "grant", None, (HOUSE, f"{account}:available"), amount)


def hold(connection: sa.Connection, account: str, job: str, amount: int) -> None:
    """Set the price of a job aside.

    raises  NoCredit when the account is metered and has less; nothing has changed then
    """
    if not _is_metered(connection, account):
        return
    done = connection.execute(
        accounts.update()
        .where(accounts.c.id == account, accounts.c.available >= amount)
        .values(available=accounts.c.available - amount, held=accounts.c.held + amount)
    )
    if done.rowcount == 0:
        raise NoCredit(f"This needs {amount / 1000:g} credits, and the account has less.")
    _transfer(connection, "hold", job, (f"{account}:available", held_pocket(account)), amount)


def capture(connection: sa.Connection, account: str, job: str) -> None:
    """Take what was held for the job."""
    amount = _held_for(connection, account, job)
    if amount:
        connection.execute(
            accounts.update().where(accounts.c.id == account).values(held=accounts.c.held - amount)
        )
        _transfer(connection, "capture", job, (held_pocket(account), HOUSE), amount)


def release(connection: sa.Connection, account: str, job: str) -> None:
    """Give back what was held for the job."""
    amount = _held_for(connection, account, job)
    if amount:
        connection.execute(
            accounts.update()
            .where(accounts.c.id == account)
            .values(available=accounts.c.available + amount, held=accounts.c.held - amount)
        )
        _transfer(
            connection, "release", job, (held_pocket(account), f"{account}:available"), amount
        )


def held_pocket(account: str) -> str:
    """The pocket of the ledger in which an account's held credits lie."""
    return f"{account}:held"


def webhook_secrets(connection: sa.Connection, account: str) -> tuple[str, ...]:
    """The secrets to sign this account's webhooks with: the current one first, and for a day the one before it.

    Drawn at the first call. `whsec_` and standard base64: clients part it at its only underscore.
    """
    row = connection.execute(sa.select(accounts).where(accounts.c.id == account)).one()
    if row.webhook_secret is None:
        connection.execute(
            accounts.update()
            .where(accounts.c.id == account, accounts.c.webhook_secret.is_(None))
            .values(webhook_secret=_new_webhook_secret(), webhook_secret_at=time.time())
        )
        return webhook_secrets(connection, account)
    is_recent = row.webhook_secret_at > time.time() - ROTATION_SECONDS
    before = row.webhook_secret_before if is_recent else None
    return (row.webhook_secret, before) if before else (row.webhook_secret,)


def rotate_webhook_secret(connection: sa.Connection, account: str) -> str:
    """A new secret; the old one signs, too, for a day."""
    current = webhook_secrets(connection, account)[0]
    fresh = _new_webhook_secret()
    connection.execute(
        accounts.update()
        .where(accounts.c.id == account)
        .values(webhook_secret=fresh, webhook_secret_before=current, webhook_secret_at=time.time())
    )
    return fresh


def set_outputs_url(connection: sa.Connection, account: str, url: str | None) -> None:
    """Where the account wants its results put besides: a bucket of its own."""
    connection.execute(accounts.update().where(accounts.c.id == account).values(outputs_url=url))


def account_with_id(connection: sa.Connection, account: str) -> Account:
    return _to_account(
        connection.execute(sa.select(accounts).where(accounts.c.id == account)).one()
    )


def ledger_sum(connection: sa.Connection) -> int:
    """Zero, always."""
    return int(
        connection.execute(
            sa.select(sa.func.coalesce(sa.func.sum(ledger.c.amount), 0))
        ).scalar_one()
    )


def secret_named(connection: sa.Connection, name: str) -> bytes:
    """A secret that all processes on this database share; drawn at the first call."""
    _insert_unless_there(connection, tables.secrets, {"name": name, "value": secrets.token_hex(32)})
    value = connection.execute(
        sa.select(tables.secrets.c.value).where(tables.secrets.c.name == name)
    ).scalar_one()
    return bytes.fromhex(value)


def _transfer(
    connection: sa.Connection, kind: str, job: str | None, pockets: tuple[str, str], amount: int
) -> None:
    transfer, now = secrets.token_hex(8), time.time()
    connection.execute(
        ledger.insert(),
        [
            {
                "transfer": transfer,
                "kind": kind,
                "job": job,
                "pocket": pocket,
                "amount": signed,
                "at": now,
            }
            for pocket, signed in zip(pockets, (-amount, amount), strict=True)
        ],
    )


def _held_for(connection: sa.Connection, account: str, job: str) -> int:
    """What the ledger says is still held for a job."""
    return int(
        connection.execute(
            sa.select(sa.func.coalesce(sa.func.sum(ledger.c.amount), 0)).where(
                ledger.c.job == job, ledger.c.pocket == held_pocket(account)
            )
        ).scalar_one()
    )


def _is_metered(connection: sa.Connection, account: str) -> bool:
    return bool(
        connection.execute(
            sa.select(accounts.c.metered).where(accounts.c.id == account)
        ).scalar_one()
    )


def _insert_unless_there(
    connection: sa.Connection, table: sa.Table, values: Mapping[str, object]
) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).values(values).on_conflict_do_nothing())


def _split(text: str) -> tuple[str, str]:
    """The public id of a key and its secret; a preset key of another form is found by a hash of itself."""
    parts = text.split("_", 2)
    if len(parts) == 3 and parts[0] == PREFIX and all(parts):
        return parts[1], parts[2]
    return hashlib.sha256(b"preset:" + text.encode()).hexdigest()[:16], text


def _new_webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _to_scopes(stored: Sequence[str] | None) -> frozenset[Scope]:
    """A key from before there were scopes may do everything."""
    return frozenset(Scope) if stored is None else frozenset(map(Scope, stored))


def _to_account(row: sa.Row[tuple[object, ...]]) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        metered=row.metered,
        available=row.available,
        held=row.held,
        outputs_url=row.outputs_url,
    )
