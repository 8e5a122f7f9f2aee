"""How a job and an error look: the body of an answer and of a webhook."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from bandstand.dialects import wire
from bandstand.errors import BandstandError, Invalid
from bandstand.jobs import Artifact, Job, Status
from bandstand.service import Service
from bandstand.specs import Kind, MusicSpec, Spec


class View(BaseModel):
    """What is answered, for the description of the API: these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class OutputView(View):
    name: str
    kind: str
    media_type: str
    bytes: int
    sha256: str
    url: str = Field(description="Works without a key, for a time.")
    about: dict[str, Any]


class MakerView(View):
    model: str
    engine: str


class LinksView(View):
    self: str  # pyright: ignore[reportGeneralTypeIssues] - the word of the wire
    cancel: str
    events: str
    audio: str | None = Field(None, description="Of jobs that make music.")


class LoraView(View):
    name: str
    weight: float


class JobView(View):
    id: str
    kind: Kind
    status: Status
    progress: float = Field(ge=0, le=1)
    prompt: str
    seed: int
    model: str = Field(description="The model that was asked for.")
    made_by: MakerView = Field(description="What really makes it.")
    seconds: float | None = Field(None, description="Music only, like the next.")
    encoding: str | None = None
    negative: str | None = Field(None, description="Pictures only, like all up to `palette`.")
    width: int | None = None
    height: int | None = None
    count: int | None = None
    steps: int | None = None
    guidance: float | None = None
    scheduler: str | None = None
    strength: float | None = None
    loras: list[LoraView] | None = None
    upscale: int | None = None
    safety: str | None = None
    format: str | None = None
    describe: bool | None = None
    family: str | None = None
    palette: str | None = None
    asked: dict[str, Any] = Field(description="The body of the request; sound in it by its digest.")
    attempts: int
    error: str | None
    credits: float
    created_at: str
    started_at: str | None
    finished_at: str | None
    outputs: list[OutputView]
    links: LinksView
    jobs_ahead: int | None = None


class PageView(View):
    jobs: list[JobView]
    newer: str | None
    older: str | None


class ProblemView(View):
    field: str
    problem: str


class TroubleView(View):
    type: str
    message: str
    fields: list[ProblemView] | None = None


class ErrorView(View):
    error: TroubleView


def render(service: Service, job: Job) -> dict[str, Any]:
    """The picture of a job."""
    address = f"{service.settings.url}/v1/jobs/{job.id}"
    return {
        "id": job.id,
        "kind": job.kind.value,
        "status": job.status.value,
        "progress": round(job.progress, 4),
        "prompt": job.spec.prompt,
        "seed": job.spec.seed,
        "model": job.spec.model,
        "made_by": {"model": job.model, "engine": job.engine},
        **_wishes(job.spec),
        "asked": job.asked,
        "attempts": job.attempts,
        "error": job.error,
        "credits": job.price / 1000,
        "created_at": wire.iso(job.times.created),
        "started_at": wire.iso(job.times.started),
        "finished_at": wire.iso(job.times.finished),
        "outputs": [_render_output(service, job, artifact) for artifact in job.outputs],
        "links": {
            "self": address,
            "cancel": f"{address}/cancel",
            "events": f"{address}/events",
            **({"audio": f"{address}/audio"} if job.kind is Kind.MUSIC else {}),
        },
    }


def _wishes(spec: Spec) -> dict[str, Any]:
    """What is told of one kind of job only."""
    if isinstance(spec, MusicSpec):
        return {"seconds": spec.seconds, "encoding": spec.encoding.value}
    return {
        "negative": spec.negative,
        "width": spec.width,
        "height": spec.height,
        "count": spec.count,
        "steps": spec.steps,
        "guidance": spec.guidance,
        "scheduler": spec.scheduler,
        "strength": spec.strength,
        "loras": [{"name": lora.name, "weight": lora.weight} for lora in spec.loras],
        "upscale": spec.upscale,
        "safety": spec.safety.value,
        "format": spec.format.value,
        "describe": spec.describe,
        "family": spec.family,
        "palette": spec.palette,
    }


async def picture(service: Service, job: Job) -> dict[str, Any]:
    return render(service, job)


def _render_output(service: Service, job: Job, artifact: Artifact) -> dict[str, Any]:
    return {
        "name": artifact.name,
        "kind": artifact.kind,
        "media_type": artifact.media_type,
        "bytes": artifact.bytes,
        "sha256": artifact.sha256,
        "url": service.link(job, artifact),
        "about": artifact.about,
    }


def refuse(error: BandstandError) -> Response:
    body: dict[str, Any] = {"type": type(error).__name__, "message": error.message}
    if isinstance(error, Invalid):
        body["fields"] = [
            {"field": problem.field, "problem": problem.text} for problem in error.problems
        ]
    return wire.refusal(error, {"error": body})
