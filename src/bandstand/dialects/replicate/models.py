"""The models and their versions, the caller's account and its webhook secret: what clients ask for besides predictions."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import Request, Response
from pydantic import BaseModel

from bandstand.dialects import wire
from bandstand.dialects.replicate.inputs import DESCRIBED
from bandstand.dialects.replicate.pictures import PictureInput
from bandstand.dialects.replicate.published import MUSIC, Published, with_name
from bandstand.errors import NotFound
from bandstand.service import Account, Service

# Versions of the same model are offered since the day on which this API was written down.
OFFERED_AT = "2026-11-20T00:00:00.000000Z"
COG_VERSION = "0.3.9"  # clients ask how to read the schema: as Cog has written them since
ADDRESS = {"type": "string", "format": "uri"}


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
        published = with_name(owner, name)
        body = {
            "url": f"{self._service.settings.url}/v1/models/{published.name}",
            "owner": owner,
            "name": name,
            "description": published.description,
            "visibility": "public",
            "github_url": None,
            "paper_url": None,
            "license_url": None,
            "run_count": 0,
            "cover_image_url": None,
            "default_example": None,
            "latest_version": _version(published, published.versions[0]),
        }
        return wire.told(body)

    async def versions(self, owner: str, name: str) -> Response:
        published = with_name(owner, name)
        results = [_version(published, version) for version in published.versions]
        return wire.told({"previous": None, "next": None, "results": results})

    async def version(self, owner: str, name: str, version: str) -> Response:
        published = with_name(owner, name)
        if version not in published.versions:
            raise NotFound("The requested resource could not be found.")
        return wire.told(_version(published, version))

    async def account(self, request: Request) -> Response:
        account: Account = request.state.account
        body = {"type": "user", "username": account.name, "name": account.name, "github_url": None}
        return wire.told(body)

    async def secret(self, request: Request) -> Response:
        return wire.told({"key": await self._service.webhook_secret(request.state.account)})


def _version(published: Published, version: str) -> dict[str, Any]:
    return {
        "id": version,
        "created_at": OFFERED_AT,
        "cog_version": COG_VERSION,
        "openapi_schema": _schema(published),
    }


def _schema(published: Published) -> dict[str, Any]:
    """What it takes and gives, as Cog describes a model."""
    if published is MUSIC:
        inputs, output = DESCRIBED, ADDRESS
    else:
        inputs = PictureInput.model_json_schema()["properties"]
        output = {"type": "array", "items": ADDRESS}
    properties = {
        name: {**described, "title": name.replace("_", " ").title(), "x-order": order}
        for order, (name, described) in enumerate(inputs.items())
    }
    schemas = {
        "Input": {"type": "object", "title": "Input", "properties": properties},
        "Output": {**output, "title": "Output"},
    }
    return {
        "openapi": "3.0.2",
        "info": {"title": "Cog", "version": COG_VERSION},
        "paths": {},
        "components": {"schemas": schemas},
    }
