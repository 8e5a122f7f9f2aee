"""The models on offer, as clients are told of them."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from bandstand.catalog import Model
from bandstand.dialects import wire
from bandstand.dialects.native.picture import View
from bandstand.service import Service


class ModelView(View):
    name: str
    title: str
    engine: str
    installed: bool
    licence: str
    weights: str | None
    abilities: list[str]
    channels: int
    rate: int
    credits_per_second: float


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
        "channels": model.channels,
        "rate": model.rate,
        "credits_per_second": model.price / 1000,
    }
