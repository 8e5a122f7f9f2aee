"""A prediction as its clients see it: the body of an answer and of a webhook. And how errors are told."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

from fastapi import Response
from pydantic import BaseModel

from bandstand.dialects import wire
from bandstand.dialects.replicate.inputs import steps
from bandstand.dialects.replicate.published import BAD_VERSION, published_of
from bandstand.errors import (
    BandstandError,
    Invalid,
    NoCredit,
    TooMany,
    Unauthenticated,
)
from bandstand.jobs import Job, Status
from bandstand.service import Service
from bandstand.specs import Kind

STATUS_WORDS: Mapping[Status, str] = {
    Status.QUEUED: "starting",
    Status.RUNNING: "processing",
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.CANCELED: "canceled",
}
TITLES: Mapping[type[BandstandError], str] = {
    Unauthenticated: "Unauthenticated",
    Invalid: "Input validation failed",
    NoCredit: "Insufficient credit",
}
THEIR_FIELDS: Mapping[str, str] = {
    "prompt": "input.prompt",
    "seconds": "input.duration",
    "seed": "input.seed",
    "melody": "input.input_audio",
    "continues": "input.input_audio",
    "negative": "input.negative_prompt",
    "width": "input.width",
    "height": "input.height",
    "image_dimensions": "input.image_dimensions",
    "count": "input.num_outputs",
    "steps": "input.num_inference_steps",
    "guidance": "input.guidance_scale",
    "scheduler": "input.scheduler",
    "init": "input.image",
    "mask": "input.mask",
    "strength": "input.prompt_strength",
}


class PredictionView(BaseModel):
    """A prediction, for the description of the API."""

    id: str
    model: str
    version: str
    input: dict[str, Any]
    output: str | list[str] | None
    logs: str
    error: str | None
    status: Literal["starting", "processing", "succeeded", "failed", "canceled"]
    created_at: str
    started_at: str | None
    completed_at: str | None
    data_removed: bool
    source: Literal["api"]
    metrics: dict[str, float]
    urls: dict[str, str]
    webhook: str | None = None
    webhook_events_filter: list[str] | None = None
    deadline: str | None = None


class PageView(BaseModel):
    previous: str | None
    next: str | None
    results: list[PredictionView]


class FieldView(BaseModel):
    type: str
    field: str
    description: str


class RefusalView(BaseModel):
    title: str
    detail: str
    status: int
    invalid_fields: list[FieldView] | None = None
    retry_after: int | None = None


def render(service: Service, job: Job, logged: str) -> dict[str, Any]:
    """The prediction.

    logged  what the engine logged
    """
    address = f"{service.settings.url}/v1/predictions/{job.id}"
    name, version = published_of(job)
    body: dict[str, Any] = {
        "id": job.id,
        "model": name,
        "version": version,
        "input": job.asked.get("input", {}),
        "output": _output(service, job),
        "logs": _logs(job, logged),
        "error": job.error,
        "status": STATUS_WORDS[job.status],
        "created_at": wire.iso(job.times.created),
        "started_at": wire.iso(job.times.started),
        "completed_at": wire.iso(job.times.finished),
        "data_removed": job.removed is not None,
        "source": "api",
        "metrics": _metrics(job),
        "urls": {
            "get": address,
            "cancel": f"{address}/cancel",
            "stream": service.signed(stream_path(job.id)),
        },
    }
    if job.hook is not None:
        body["webhook"] = job.hook.url
        body["webhook_events_filter"] = sorted(job.hook.events)
    if job.deadline is not None:
        body["deadline"] = wire.iso(job.deadline)
    return body


def _output(service: Service, job: Job) -> str | list[str] | None:
    """One address of a piece; of pictures a list of them."""
    links = links_of(service, job)
    return links[0] if links and job.kind is Kind.MUSIC else links or None


def links_of(service: Service, job: Job) -> list[str]:
    """Where the results lie, in their order."""
    made = job.pictures if job.kind is Kind.IMAGE else (job.track,)
    return [service.link(job, artifact) for artifact in made if artifact is not None]


async def picture(service: Service, job: Job) -> dict[str, Any]:
    return render(service, job, (await service.logs(job))[job.id])


def stream_path(job_id: str) -> str:
    """Below the files: replicate-js makes file objects of what a stream brings only if its path begins like this."""
    return f"/v1/files/{job_id}/stream"


def seed_line(job: Job) -> str:
    return f"Using seed {job.spec.seed}"


def progress_line(job: Job, fraction: float) -> str:
    """As the hosted model counts: the step it is at, and how many there are."""
    count = steps(job.music.seconds) if job.kind is Kind.MUSIC else job.image.steps or 1
    return f"{round(fraction * count):6d} / {count:6d}"


def _logs(job: Job, logged: str) -> str:
    if job.removed is not None or job.times.started is None:
        return ""
    return f"{seed_line(job)}\n{logged}{progress_line(job, job.progress)}\r"


def _metrics(job: Job) -> dict[str, float]:
    times = job.times
    if times.finished is None:
        return {}
    metrics = {"total_time": times.finished - times.created}
    if times.started is not None:
        metrics["predict_time"] = times.finished - times.started
    return metrics


def refuse(error: BandstandError) -> Response:
    status = wire.status_of(error)
    body: dict[str, Any] = {
        "title": TITLES.get(type(error), HTTPStatus(status).phrase),
        "detail": error.message,
        "status": status,
    }
    if isinstance(error, Invalid):
        body |= _invalid(error)
    if isinstance(error, TooMany):
        body["retry_after"] = max(1, round(error.retry_after))
    return wire.refusal(error, body)


def _invalid(error: Invalid) -> dict[str, Any]:
    """The fields in the words of this API, for `specs` has its own."""
    if BAD_VERSION in {problem.text for problem in error.problems}:
        return {"title": BAD_VERSION, "detail": f"{BAD_VERSION}: this server has no such version."}
    fields = [
        {
            "type": "value_error",
            "field": THEIR_FIELDS.get(problem.field, problem.field),
            "description": problem.text,
        }
        for problem in error.problems
    ]
    detail = "\n".join(f"- {field['field']}: {field['description']}" for field in fields)
    return {"detail": detail, "invalid_fields": fields}
