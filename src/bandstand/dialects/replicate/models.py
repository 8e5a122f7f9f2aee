"""The one model and its versions, the caller's account and its webhook secret: what clients ask for besides predictions."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import Request, Response
from pydantic import BaseModel

from bandstand.catalog import REPLICATE_MODEL, REPLICATE_VERSION, REPLICATE_VERSIONS
from bandstand.dialects import wire
from bandstand.dialects.replicate.inputs import DESCRIBED
from bandstand.dialects.replicate.predictions import check_model
from bandstand.errors import NotFound
from bandstand.service import Account, Service

# Versions of the same model are offered since the day on which this API was written down.
OFFERED_AT = "2026-11-20T00:00:00.000000Z"
COG_VERSION = "0.3.9"  # clients ask how to read the schema: as Cog has written them since
DESCRIPTION = "Generate music from a prompt or melody"
OPENAPI: dict[str, Any] = {
    "openapi": "3.0.2",
    "info": {"title": "Cog", "version": COG_VERSION},
    "paths": {},
    "components": {
        "schemas": {
            "Input": {
                "type": "object",
                "title": "Input",
                "properties": {
                    name: {**described, "title": name.replace("_", " ").title(), "x-order": order}
                    for order, (name, described) in enumerate(DESCRIBED.items())
                },
            },
            "Output": {"type": "string", "format": "uri", "title": "Output"},
        }
    },
}


class VersionView(BaseModel):
    id: str
    created_at: str
    cog_version: str
    openapi_schema: dict[str, Any]


class VersionsView(BaseModel):
    previous: None
    next: None
    results: list[VersionView]


class ModelView(BaseModel):
    url: str
    owner: str
    name: str
    description: str
    visibility: Literal["public"]
    github_url: None
    paper_url: None
    license_url: None
    run_count: int
    cover_image_url: None
    default_example: None
    latest_version: VersionView


class AccountView(BaseModel):
    type: Literal["user"]
    username: str
    name: str
    github_url: None


class SecretView(BaseModel):
    key: str


class Models:
    """The endpoints. Their route has admitted the caller (`request.state.account`)."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def get(self, owner: str, name: str) -> Response:
        check_model(owner, name)
        body = {
            "url": f"{self._service.settings.url}/v1/models/{REPLICATE_MODEL}",
            "owner": owner,
            "name": name,
            "description": DESCRIPTION,
            "visibility": "public",
            "github_url": None,
            "paper_url": None,
            "license_url": None,
            "run_count": 0,
            "cover_image_url": None,
            "default_example": None,
            "latest_version": _version(REPLICATE_VERSION),
        }
        return wire.told(body)

    async def versions(self, owner: str, name: str) -> Response:
        check_model(owner, name)
        results = [_version(version) for version in REPLICATE_VERSIONS]
        return wire.told({"previous": None, "next": None, "results": results})

    async def version(self, owner: str, name: str, version: str) -> Response:
        check_model(owner, name)
        if version not in REPLICATE_VERSIONS:
            raise NotFound("The requested resource could not be found.")
        return wire.told(_version(version))

    async def account(self, request: Request) -> Response:
        account: Account = request.state.account
        body = {"type": "user", "username": account.name, "name": account.name, "github_url": None}
        return wire.told(body)

    async def secret(self, request: Request) -> Response:
        return wire.told({"key": await self._service.webhook_secret(request.state.account)})


def _version(version: str) -> dict[str, Any]:
    return {
        "id": version,
        "created_at": OFFERED_AT,
        "cog_version": COG_VERSION,
        "openapi_schema": OPENAPI,
    }
