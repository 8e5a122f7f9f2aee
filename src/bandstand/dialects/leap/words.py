"""What Leap's music and its images have in common: the words for where a job stands, and the shape of an error.

Not the jobs themselves: `music.py`, `images.py`. The shape of errors is that of NestJS, on which the hosted API ran.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal

from fastapi import Response
from pydantic import BaseModel
from pydantic.alias_generators import to_snake

from bandstand.dialects import wire
from bandstand.errors import BandstandError, Invalid
from bandstand.jobs import Job, Status

NAME = "leap"
State = Literal["queued", "processing", "finished", "failed"]
STATES: Mapping[Status, State] = {
    Status.QUEUED: "queued",
    Status.RUNNING: "processing",
    Status.SUCCEEDED: "finished",
    Status.FAILED: "failed",
    Status.CANCELED: "failed",
}
THEIR_FIELDS: Mapping[str, str] = {
    "webhook": "webhookUrl",
    "seconds": "duration",
    "negative": "negativePrompt",
    "count": "numberOfImages",
    "guidance": "promptStrength",
    "upscale": "upscaleBy",
}


class RefusalView(BaseModel):
    statusCode: int  # noqa: N815 - the word of the wire
    message: str | list[str]
    error: str


def in_both_spellings(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Each member in snake_case, too: clients check the one spelling, the document's examples read the other."""
    return {**entity, **{to_snake(name): value for name, value in entity.items()}}


def moment(seconds: float) -> str:
    """UTC seconds as ISO text with milliseconds and Z."""
    at = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def failure(job: Job) -> dict[str, str]:
    """Why the job failed, if it did: a member of its picture."""
    if STATES[job.status] != "failed":
        return {}
    return {"error": job.error or "The job was canceled."}


def refuse(error: BandstandError) -> Response:
    status = HTTPStatus.BAD_REQUEST if isinstance(error, Invalid) else wire.status_of(error)
    return wire.refusal(error, refusal(status, _message(error)), status=status)


def refusal(status: int, message: str | list[str]) -> dict[str, Any]:
    return {"statusCode": status, "message": message, "error": HTTPStatus(status).phrase}


def _message(error: BandstandError) -> str | list[str]:
    if not isinstance(error, Invalid):
        return error.message
    return [
        f"{THEIR_FIELDS.get(problem.field, problem.field)}: {problem.text}"
        for problem in error.problems
    ]
