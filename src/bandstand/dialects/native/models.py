"""The models on offer, as clients are told of them."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from pydantic import Field

from bandstand.catalog import Model
from bandstand.dialects import wire
from bandstand.dialects.native.picture import View
from bandstand.service import Service
from bandstand.specs import Kind


class ModelView(View):
    name: str
    title: str
    engine: str
    installed: bool
    licence: str
    weights: str | None
    abilities: list[str]
    kind: Kind
    choices: dict[str, list[str]] = Field(description="Names that a field may have.")
    channels: int | None = Field(None, description="Music only, like the next two.")
    rate: int | None = None
    credits_per_second: float | None = None
    side: int | None = Field(None, description="Pictures only, like all that follow; pixels.")
    steps: int | None = None
    triggers: list[str] | None = Field(None, description="Words that its own style needs.")
    credits_per_picture: float | None = None


class ModelsView(View):
    models: list[ModelView]


class Models:
    """The endpoint."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def page(self) -> Response:
        return wire.told({"models": rows(self._service)})


def rows(service: Service) -> list[dict[str, Any]]:
    """All models on offer, as clients are told of them."""
    return [_render(service, model) for model in service.catalog.rows()]


def _render(service: Service, model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "engine": model.engine,
        "installed": model.name in service.catalog.installed,
        "licence": model.licence,
        "weights": model.weights,
        "abilities": sorted(model.abilities),
        "kind": model.kind.value,
        "choices": {name: list(there) for name, there in model.choices.items()},
        **_of_kind(model),
    }


def _of_kind(model: Model) -> dict[str, Any]:
    if model.kind is Kind.MUSIC:
        return {
            "channels": model.channels,
            "rate": model.rate,
            "credits_per_second": model.price / 1000,
        }
    return {
        "side": model.side,
        "steps": model.steps,
        "triggers": list(model.triggers),
        "credits_per_picture": model.price / 1000,
    }
