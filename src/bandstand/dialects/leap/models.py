"""Leap's image models, `/api/v2/images/models` and, for older clients, `/api/v1/images/models`: list, get, delete, train.

All that are on offer here are told as if they had been trained; none can be, and the operator alone removes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from bandstand.catalog import FOREIGN_NAMES, Model, model_named
from bandstand.dialects import door, wire
from bandstand.dialects.leap.words import NAME, in_both_spellings, moment, refusal
from bandstand.errors import Forbidden, NotFound
from bandstand.service import Service
from bandstand.specs import Kind

THEIR_IDS: Mapping[str, str] = {row.model: row.name for row in FOREIGN_NAMES if row.dialect == NAME}
UNKNOWN_TIME = moment(0.0)  # clients require one
EARLIER, LATER = "/api/v1/images/models", "/api/v2/images/models"
TRAINING = f"{LATER}/new"
NO_TRAINING = "This server trains no models; the operator installs them: bandstand models pull"


class ModelView(BaseModel):
    """An image model. Each field is there in snake_case, too."""

    model_config = ConfigDict(alias_generator=to_camel)

    id: str
    name: str
    title: str = Field(description="The same, for older clients.")
    created_at: str = Field(description="Not known here: the beginning of 1970.")
    subject_keyword: str = Field(description="Words that the prompt must hold for its style.")
    subject_type: str
    subject_identifier: str = Field(description="As the keyword, for older clients.")
    status: Literal["finished"]
    image_samples: list[str] = Field(description="Always empty.")
    installed: bool = Field(description="False: another one stands in, or nothing does.")


class ModelsView(BaseModel):
    models: list[ModelView]


def our_name(model_id: str) -> str:
    """A public model has a UUID here, any other its own name."""
    return model_named(NAME, model_id.lower()) or model_id


def model_of(service: Service, model_id: str) -> Model:
    """raises NotFound"""
    model = service.catalog.models.get(our_name(model_id))
    if model is None or model.kind is not Kind.IMAGE:
        raise NotFound(f"There is no image model {model_id[:100]!r} here.")
    return model


def render(service: Service, model: Model) -> dict[str, Any]:
    keyword = ", ".join(model.triggers)
    return in_both_spellings(
        {
            "id": THEIR_IDS.get(model.name, model.name),
            "name": model.title,
            "title": model.title,
            "createdAt": UNKNOWN_TIME,
            "subjectKeyword": keyword,
            "subjectType": "style",
            "subjectIdentifier": keyword,
            "status": "finished",
            "imageSamples": [],
            "installed": model.name in service.catalog.installed,
        }
    )


class Models:
    """The endpoints. Their routes have admitted the caller."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def list_all(self) -> Response:
        return wire.told({"models": self._rendered()})

    async def list_bare(self) -> Response:
        return wire.told(self._rendered())

    async def get(self, model_id: str) -> Response:
        return wire.told(render(self._service, model_of(self._service, model_id)))

    async def delete(self, model_id: str) -> Response:
        model = model_of(self._service, model_id)
        raise Forbidden(f"The operator alone removes a model: bandstand models rm {model.name}")

    async def train(self) -> Response:
        status = HTTPStatus.NOT_IMPLEMENTED
        return wire.Json(refusal(status, NO_TRAINING), status)

    def _rendered(self) -> list[dict[str, Any]]:
        rows = self._service.catalog.rows()
        return [render(self._service, model) for model in rows if model.kind is Kind.IMAGE]


def routes(service: Service) -> APIRouter:
    models = Models(service)
    router = APIRouter(tags=[NAME], route_class=door.admitting(service))
    router.get(LATER, response_model=ModelsView, summary="The image models")(models.list_all)
    router.get(EARLIER, response_model=list[ModelView], summary="The same, a bare array")(
        models.list_bare
    )
    for path in (LATER, EARLIER):
        one = f"{path}/{{model_id}}"
        router.get(one, response_model=ModelView, summary="One image model")(models.get)
        router.delete(one, response_model=ModelView, summary="Refused: it is the operator's")(
            models.delete
        )
    # Not described: there is nothing to be had.
    for path in (TRAINING, EARLIER):
        router.post(path, include_in_schema=False)(models.train)
    return router
