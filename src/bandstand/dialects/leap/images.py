"""Leap's images, `/api/v1/images/models/{modelId}/inferences`: create, list, get and delete.

What may be asked stands in `wishes.py`, the models in `models.py`. The two generations of the official client want different
things of the same answer; their User-Agents tell them apart.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from bandstand.dialects import door, wire
from bandstand.dialects.leap.models import model_of, our_name
from bandstand.dialects.leap.wishes import MODEL_ID, Wish, to_order
from bandstand.dialects.leap.words import (
    NAME,
    STATES,
    State,
    failure,
    in_both_spellings,
    moment,
)
from bandstand.errors import NotFound
from bandstand.jobs import Artifact, Job, Status
from bandstand.service import Account, Service
from bandstand.specs import Kind

PAGE_SIZE, PAGE_SIZE_MAX = 100, 500
PAGES_MAX = 1_000_000
LISTS_MODEL_ID = "Konfig/1.0."  # User-Agents of clients that refuse a model id which is no list
EXPECTS_CREATED = "Konfig/1.1."  # and of those that decode nothing but a 201
LOG = structlog.get_logger("leap")


def _or(usual: float) -> BeforeValidator:
    """A parameter may stand there without a value."""
    return BeforeValidator(lambda given: usual if given == "" else given)


class Listing(BaseModel):
    """Which jobs to list. The API calls numbers what can only be whole: fractions are cut off."""

    model_config = ConfigDict(alias_generator=to_camel)

    only_finished: Annotated[bool, _or(usual=False)] = False
    page: Annotated[float, Field(ge=0, le=PAGES_MAX), _or(1)] = Field(
        1, description="The first is number 1; 0 is taken for it."
    )
    page_size: Annotated[float, Field(ge=1, le=PAGE_SIZE_MAX), _or(PAGE_SIZE)] = PAGE_SIZE


class ImageView(BaseModel):
    """One image. Each field is there in snake_case, too."""

    model_config = ConfigDict(alias_generator=to_camel)

    id: str
    created_at: str
    uri: str = Field(description="Works without a key, for a time.")


class InferenceView(BaseModel):
    """An image generation job. Each field is there in snake_case, too."""

    model_config = ConfigDict(alias_generator=to_camel)

    id: str
    created_at: str
    prompt: str
    negative_prompt: str
    seed: int
    width: int
    height: int
    prompt_strength: float
    number_of_images: int
    state: State
    status: State = Field(description="The same as the state.")
    steps: int
    images: list[ImageView] = Field(description="Empty until it is finished.")
    model_id: str | list[str] = Field(description="A list for clients that want one.")
    upscaling_option: Literal["x1", "x2", "x4"]
    error: str | None = Field(None, description="Only when it failed.")


def render(service: Service, job: Job, *, agent: str = "") -> dict[str, Any]:
    """The picture of a job. agent: the User-Agent of whoever looks at it."""
    spec, state, model_id = job.image, STATES[job.status], job.asked[MODEL_ID]
    entity = {
        "id": job.id,
        "createdAt": moment(job.times.created),
        "prompt": job.asked["prompt"],
        "negativePrompt": spec.negative,
        "seed": spec.seed,
        "width": spec.width,
        "height": spec.height,
        "promptStrength": _plain(spec.guidance),
        "numberOfImages": spec.count,
        "state": state,
        "status": state,
        "steps": spec.steps,
        "images": [_image(service, job, *numbered) for numbered in enumerate(job.pictures, 1)],
        "modelId": [model_id] if agent.startswith(LISTS_MODEL_ID) else model_id,
        "upscalingOption": f"x{spec.upscale}",
    }
    return in_both_spellings(entity) | failure(job)


def _image(service: Service, job: Job, number: int, artifact: Artifact) -> dict[str, Any]:
    made = job.times.finished or job.times.created
    uri = service.link(job, artifact)
    return in_both_spellings({"id": f"{job.id}-{number}", "createdAt": moment(made), "uri": uri})


def _plain(number: float) -> float:
    """7 for 7.0, as clients write it."""
    return int(number) if number.is_integer() else number


class Images:
    """The endpoints. Their routes have admitted the caller (`request.state.account`)."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def create(self, request: Request, model_id: str, wish: Wish) -> Response:
        account: Account = request.state.account
        model = model_of(self._service, model_id)
        order = to_order(wish, model=model.name, model_id=model_id)
        job = await self._service.submit(account, order, once=wire.once(request))
        if wish.restore_faces:
            LOG.info("restoreFaces ignored: no face model", job=job.id)
        agent = _agent(request)
        status = 201 if agent.startswith(EXPECTS_CREATED) else 200
        return wire.told(render(self._service, job, agent=agent), job, status=status)

    async def list_all(
        self, request: Request, model_id: str, wanted: Annotated[Listing, Query()]
    ) -> Response:
        found = await self._service.page_of_model(
            request.state.account,
            origin=NAME,
            model=model_of(self._service, model_id).name,
            status=Status.SUCCEEDED if wanted.only_finished else None,
            number=max(1, int(wanted.page)),
            size=int(wanted.page_size),
        )
        agent = _agent(request)
        return wire.told([render(self._service, job, agent=agent) for job in found])

    async def find_one(self, request: Request, model_id: str, inference_id: str) -> Response:
        job = await self._job(request, model_id, inference_id)
        return wire.told(render(self._service, job, agent=_agent(request)), job)

    async def remove(self, request: Request, model_id: str, inference_id: str) -> Response:
        job = await self._job(request, model_id, inference_id)
        await self._service.delete(request.state.account, job.id)
        return Response()

    async def _job(self, request: Request, model_id: str, inference_id: str) -> Job:
        job = await self._service.get(request.state.account, inference_id)
        if (job.origin, job.kind, job.spec.model) != (NAME, Kind.IMAGE, our_name(model_id)):
            raise NotFound
        return job


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")


def routes(service: Service) -> APIRouter:
    images = Images(service)
    router = APIRouter(tags=[NAME], route_class=door.admitting(service))
    path = "/api/v1/images/models/{model_id}/inferences"
    one = f"{path}/{{inference_id}}"
    router.post(
        path,
        response_model=InferenceView,
        responses={201: {"model": InferenceView, "description": "To leap-python-sdk 1.1"}},
        summary="Generate images",
    )(images.create)
    router.get(
        path,
        response_model=list[InferenceView],
        summary="Your image generation jobs of one model, newest first",
    )(images.list_all)
    router.get(one, response_model=InferenceView, summary="One image generation job")(
        images.find_one
    )
    router.delete(one, response_class=Response, summary="Remove a job and its images")(
        images.remove
    )
    return router
