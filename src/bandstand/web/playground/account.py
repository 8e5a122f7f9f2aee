"""The account on the page: balance, use, keys."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from bandstand.desk import Desk, Key, Sum, day_named
from bandstand.dialects import wire
from bandstand.service import Account, Scope


class KeyWish(BaseModel):
    """A key to be made. days: after which it ends; None: never"""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=100)
    scopes: list[Scope] = Field(default_factory=lambda: list(Scope), min_length=1, max_length=2)
    days: int | None = Field(None, ge=1, le=3650)

    @field_validator("name")
    @classmethod
    def _printable(cls, name: str) -> str:
        return "".join(letter for letter in name if letter.isprintable()).strip()


class AccountPages:
    """The endpoints. Their routes have admitted the visitor (`request.state.account`)."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def account(self, request: Request) -> Response:
        account: Account = request.state.account
        credit = account.available / 1000 if account.metered else None
        return wire.told({"name": account.name, "credits": credit, "held": account.held / 1000})

    async def usage(
        self, request: Request, days: Annotated[int, Query(ge=1, le=366)] = 30
    ) -> Response:
        use = await self._desk.use(request.state.account, days)
        by_day = [{"day": day_named(day), **_shown(total)} for day, total in use.days.items()]
        by_model = [{"model": name, **_shown(total)} for name, total in sorted(use.models.items())]
        return wire.told({"days": by_day, "by_model": by_model})

    async def keys(self, request: Request) -> Response:
        keys = await self._desk.keys(request.state.account)
        return wire.told({"keys": [_rendered(key) for key in keys]})

    async def create_key(self, request: Request, wish: KeyWish) -> Response:
        scopes = sorted(set(wish.scopes))
        text = await self._desk.create_key(request.state.account, wish.name, scopes, wish.days)
        return wire.told({"key": text, "id": text.split("_")[1]}, status=201)

    async def revoke_key(self, request: Request, key_id: str) -> Response:
        await self._desk.revoke_key(request.state.account, key_id)
        return Response(status_code=204)


def _shown(total: Sum) -> dict[str, Any]:
    return {
        "jobs": total.jobs,
        "seconds": round(total.seconds, 3),
        "credits": total.price / 1000,
    }


def _rendered(key: Key) -> dict[str, Any]:
    """Never the secret: it is not known here any more."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "works": key.works,
        "created_at": wire.iso(key.created_at),
        "expires_at": wire.iso(key.expires_at),
        "revoked_at": wire.iso(key.revoked_at),
    }
