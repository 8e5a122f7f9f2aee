"""Replicate's HTTP API for `meta/musicgen` and for models that draw, in the words of its documents and of its official clients.

Not its trainings, deployments or hardware, nor models of others. Sources: the seed document `meta_musicgen` (predictions: list,
create, get, cancel) and the client packages replicate 1.0.7 (PyPI) and 1.4.0 (npm) for all the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response
from sse_starlette import EventSourceResponse

from bandstand.dialects import Dialect, door
from bandstand.dialects.replicate.files import FORM, Files, FilesView, FileView
from bandstand.dialects.replicate.inputs import NAME
from bandstand.dialects.replicate.models import (
    AccountView,
    Models,
    ModelView,
    SecretView,
    VersionsView,
    VersionView,
)
from bandstand.dialects.replicate.picture import (
    PageView,
    PredictionView,
    RefusalView,
    picture,
    refuse,
)
from bandstand.dialects.replicate.predictions import Predictions
from bandstand.dialects.replicate.stream import Stream
from bandstand.service import Scope, Service
from bandstand.settings import Settings

FORM_BYTES = 100_000  # besides the file itself


def routes(service: Service) -> APIRouter:
    router = APIRouter(tags=[NAME])
    for part in (_predictions, _files, _models, _secret, _signed):
        router.include_router(part(service))
    return router


def _predictions(service: Service) -> APIRouter:
    predictions = Predictions(service)
    router = APIRouter(route_class=door.admitting(service))
    get, post = router.get, router.post
    made: dict[str, Any] = {
        "status_code": 201,
        "response_model": PredictionView,
        "response_model_exclude_unset": True,
        "responses": {202: {"model": PredictionView, "description": "Not finished in time"}},
    }
    for prefix in ("/predictions", "/v1/predictions"):
        one = f"{prefix}/{{prediction_id}}"
        post(prefix, summary="Create a prediction", **made)(predictions.create)
        get(prefix, response_model=PageView, summary="Your predictions")(predictions.page)
        get(one, response_model=PredictionView, summary="One prediction")(predictions.get)
        post(f"{one}/cancel", response_model=PredictionView, summary="Cancel a prediction")(
            predictions.cancel
        )
    path = "/v1/models/{owner}/{name}/predictions"
    post(path, summary="Create a prediction of a model", **made)(predictions.create_of_model)
    return router


def _files(service: Service) -> APIRouter:
    files = Files(service)
    router = APIRouter(route_class=door.admitting(service))
    one = "/v1/files/{file_id}"
    router.post(
        "/v1/files",
        status_code=201,
        response_model=FileView,
        summary="Upload a file",
        openapi_extra=FORM,
    )(files.create)
    router.get("/v1/files", response_model=FilesView, summary="Your files")(files.page)
    router.get(one, response_model=FileView, summary="One file")(files.get)
    router.delete(one, status_code=204, summary="Delete a file")(files.delete)
    return router


def _models(service: Service) -> APIRouter:
    models = Models(service)
    router = APIRouter(route_class=door.admitting(service))
    get, model = router.get, "/v1/models/{owner}/{name}"
    get(model, response_model=ModelView, summary="The model")(models.get)
    get(f"{model}/versions", response_model=VersionsView, summary="Its versions")(models.versions)
    get(f"{model}/versions/{{version}}", response_model=VersionView, summary="One version")(
        models.version
    )
    get("/v1/account", response_model=AccountView, summary="Who is asking")(models.account)
    return router


def _secret(service: Service) -> APIRouter:
    """Whoever knows it can sign what looks like ours: a key for reading is not enough."""
    router = APIRouter(route_class=door.admitting(service, Scope.WRITE))
    path = "/v1/webhooks/default/secret"
    router.get(path, response_model=SecretView, summary="What webhooks are signed with")(
        Models(service).secret
    )
    return router


def _signed(service: Service) -> APIRouter:
    """What works without a key, too, for it is reached by signed addresses."""
    router = APIRouter()
    router.get(
        "/v1/files/{prediction_id}/stream",
        response_class=EventSourceResponse,
        summary="A prediction as it is made",
    )(Stream(service).get)
    router.get(
        "/v1/files/{file_id}/download",
        response_class=Response,
        responses={200: {"content": {"application/octet-stream": {}}}},
        summary="The content of a file",
    )(Files(service).download)
    return router


def _bytes_max(settings: Settings) -> Mapping[str, int]:
    return {"/v1/files": settings.upload_bytes_max + FORM_BYTES}


DIALECT = Dialect(
    name=NAME,
    title="Replicate",
    prefixes=(
        "/predictions",
        "/v1/predictions",
        "/v1/files",
        "/v1/account",
        "/v1/webhooks",
        "/v1/models/{owner}/{name}",
    ),
    routes=routes,
    picture=picture,
    refuse=refuse,
    refusal=RefusalView,
    keep_seconds=3600.0,
    keeps_record=True,
    bytes_max=_bytes_max,
)
