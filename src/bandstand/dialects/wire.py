"""What all dialects need to speak HTTP: JSON that survives any text, keys from headers, framework errors as ours, SSE."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.exceptions import HTTPException

from bandstand.errors import (
    BandstandError,
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NoCredit,
    NotFound,
    Problem,
    TooLarge,
    TooMany,
    TooSlow,
    Unauthenticated,
    Unavailable,
    WrongHost,
    WrongMethod,
)
from bandstand.fetch import is_inline
from bandstand.jobs import Job
from bandstand.specs import Kind

STATUS_OF: Mapping[type[BandstandError], int] = {
    Malformed: HTTPStatus.BAD_REQUEST,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    NoCredit: HTTPStatus.PAYMENT_REQUIRED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    WrongMethod: HTTPStatus.METHOD_NOT_ALLOWED,
    WrongHost: HTTPStatus.MISDIRECTED_REQUEST,
    Conflict: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    TooSlow: HTTPStatus.REQUEST_TIMEOUT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
PING_SECONDS = 15
IDEMPOTENCY_CHARACTERS_MAX = 255
PROBLEMS_MAX = 20  # told of one request
WHOLE_MAX = 2**31 - 1
Whole = Annotated[int, Field(ge=-WHOLE_MAX, le=WHOLE_MAX)]  # what every API calls an integer


class Body(BaseModel):
    """A request's body: a field that nobody knows is refused, a number is no string."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Json(Response):
    """JSON in ASCII, so that half a surrogate pair in an error text cannot break the answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()


def told(body: Any, job: Job | None = None, *, status: int = 200) -> Json:
    """An answer about a job says in its headers what really makes it."""
    return Json(body, status, made_by(job) if job else None)


def made_by(job: Job) -> dict[str, str]:
    told = {"X-Bandstand-Model": job.model, "X-Bandstand-Engine": job.engine}
    if job.kind is Kind.IMAGE:
        # Nobody should take a picture that was drawn for one that was diffused: the library is told, as others name it.
        told["X-Engine"] = {"diffusion": "diffusers"}.get(job.engine, job.engine)
    return told


def refusal(error: BandstandError, body: Any, *, status: int | None = None) -> Json:
    """An error in a dialect's own body, with the headers that all share.

    status  where the dialect has another one than all others
    """
    headers: dict[str, str] = {}
    if isinstance(error, TooMany | Unavailable):
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooSlow):
        headers["Connection"] = "close"  # what comes after would be taken for another request
    return Json(body, status or status_of(error), headers)


def status_of(error: BandstandError) -> int:
    return next(
        (status for kind, status in STATUS_OF.items() if isinstance(error, kind)),
        int(HTTPStatus.INTERNAL_SERVER_ERROR),
    )


def as_ours(error: Exception) -> BandstandError:
    """An error of the framework in our words; one of ours as it is."""
    if isinstance(error, BandstandError):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error.__cause__, BandstandError):
        return error.__cause__
    if isinstance(error, HTTPException):
        by_status = {status: kind for kind, status in STATUS_OF.items() if kind is not Invalid}
        return by_status.get(error.status_code, Malformed)()
    return BandstandError("The server failed at this request.")


def _invalid(error: RequestValidationError) -> BandstandError:
    """Only where and what: pydantic would also repeat the input, and that may hold a key."""
    found = error.errors()
    no_object = ("model_attributes_type", ("body",))
    if any(
        problem["type"] == "json_invalid" or (problem["type"], problem["loc"]) == no_object
        for problem in found
    ):
        return Malformed("The body is not a valid JSON object.")
    problems = [Problem(_field(problem["loc"]), problem["msg"]) for problem in found[:PROBLEMS_MAX]]
    if len(found) > PROBLEMS_MAX:
        problems.append(Problem("", f"and {len(found) - PROBLEMS_MAX} more problems"))
    return Invalid(problems[0].field, problems[0].text, *problems[1:])


def _field(location: tuple[int | str, ...]) -> str:
    """("body", "input", "duration") -> "input.duration"."""
    return ".".join(str(part) for part in location[1:])


def shown(uri: str) -> str:
    """Where given sound lies, as it is told back: what came inside the request by its digest, not by its megabytes."""
    if not is_inline(uri):
        return uri
    head = uri.partition(",")[0].partition(";")[0][:80]
    return f"{head};sha256={hashlib.sha256(uri.encode(errors='surrogatepass')).hexdigest()}"


def bearer(request: Request) -> str | None:
    """The key in `Authorization: Bearer KEY` or `Token KEY`."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() in {"bearer", "token"} else None


def caller(request: Request) -> str:
    """The network address that asks, for counting failures."""
    return request.client.host if request.client else "unknown"


def once(request: Request) -> str | None:
    """The idempotency key. raises Invalid when it is longer than 255 characters."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= IDEMPOTENCY_CHARACTERS_MAX:
        raise Invalid("Idempotency-Key", f"must have 1 to {IDEMPOTENCY_CHARACTERS_MAX} characters")
    return key


def iso(seconds: float | None) -> str | None:
    """UTC seconds as ISO text with microseconds and Z."""
    if seconds is None:
        return None
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def stream(events: AsyncIterator[ServerSentEvent]) -> EventSourceResponse:
    """Server-sent events, with a sign of life every quarter of a minute."""
    return EventSourceResponse(events, ping=PING_SECONDS, sep="\n")
