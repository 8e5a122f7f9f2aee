"""Our own API, `/v1/jobs`: everything the server can do, in its own words."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from sse_starlette import EventSourceResponse

from bandstand.dialects import Dialect, door
from bandstand.dialects.native.deliveries import Deliveries, DeliveriesView, DeliveryView
from bandstand.dialects.native.images import Images
from bandstand.dialects.native.jobs import Jobs
from bandstand.dialects.native.models import Models, ModelsView
from bandstand.dialects.native.picture import ErrorView, JobView, PageView, picture, refuse
from bandstand.dialects.native.wishes import NAME
from bandstand.service import Service


def routes(service: Service) -> APIRouter:
    return endpoints(service, door.admitting(service))


def endpoints(service: Service, admitting: type[APIRoute]) -> APIRouter:
    """Its routes behind any door. admitting: the class of routes that let their caller in and tell who it is"""
    router = APIRouter(tags=[NAME], route_class=admitting)
    _jobs(router, Jobs(service), Images(service))
    get, deliveries = router.get, Deliveries(service)
    get("/v1/models", response_model=ModelsView, summary="The models on offer")(
        Models(service).page
    )
    get("/v1/deliveries", response_model=DeliveriesView, summary="Your webhooks, newest first")(
        deliveries.page
    )
    router.post(
        "/v1/deliveries/{delivery_id}/send-again",
        response_model=DeliveryView,
        summary="Send a webhook once more",
    )(deliveries.send_again)
    return router


def _jobs(router: APIRouter, jobs: Jobs, images: Images) -> None:
    get, post, one = router.get, router.post, "/v1/jobs/{job_id}"
    post("/v1/jobs", status_code=201, response_model=JobView, summary="Ask for a piece")(
        jobs.create
    )
    post("/v1/images", status_code=201, response_model=JobView, summary="Ask for pictures")(
        images.create
    )
    get("/v1/jobs", response_model=PageView, summary="Your jobs, newest first")(jobs.page)
    get(one, response_model=JobView, summary="One job")(jobs.get)
    router.delete(one, status_code=204, summary="Remove a job and its files")(jobs.delete)
    post(f"{one}/cancel", response_model=JobView, summary="Call a job off")(jobs.cancel)
    get(
        f"{one}/events",
        response_class=EventSourceResponse,
        responses={200: {"content": {"text/event-stream": {}}}},
        summary="What happens, as server-sent events",
    )(jobs.events)
    get(
        f"{one}/audio",
        response_class=StreamingResponse,
        responses={200: {"content": {"audio/wav": {}}}, 307: {"description": "To the result"}},
        summary="The sound while it is being made, as WAV",
    )(jobs.audio)


DIALECT = Dialect(
    name=NAME,
    title="Bandstand",
    prefixes=("/", "/v1/jobs", "/v1/images", "/v1/models", "/v1/deliveries"),
    routes=routes,
    picture=picture,
    refuse=refuse,
    refusal=ErrorView,
    bytes_max=lambda settings: dict.fromkeys(("/v1/jobs", "/v1/images"), settings.inline_bytes_max),
)
