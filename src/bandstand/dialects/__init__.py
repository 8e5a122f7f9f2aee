"""The APIs that are spoken here, as data. A dialect knows the words of one API and speaks to `Service` only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from bandstand.errors import BandstandError
from bandstand.jobs import Job
from bandstand.service import Service
from bandstand.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One API.

    prefixes      paths that are its own with all below them, so that an error before any route was found is told in its
                  shape; `{name}` stands for any one segment, and the most explicit prefix wins (`web/routing.py`)
    routes        its routes, joined to a service
    picture       a job as its clients see it: the body of an answer and of a webhook
    refuse        how it tells an error
    refusal       the shape of that, for the description of the API; None: not described
    keep_seconds  how long its clients expect input, results and logs to be kept after the end of a job
    keeps_record  whether the job's record is kept when these are gone
    bytes_max     how long a body may be at paths that take more than usual
    headers       what it tells in the headers of every answer at its paths, refusals included; must not raise
    """

    name: str
    title: str
    prefixes: Sequence[str]
    routes: Callable[[Service], APIRouter]
    picture: Callable[[Service, Job], Awaitable[dict[str, Any]]]
    refuse: Callable[[BandstandError], Response]
    refusal: type[BaseModel] | None = None
    keep_seconds: float = 30 * 86400.0
    keeps_record: bool = False
    bytes_max: Callable[[Settings], Mapping[str, int]] = field(default=lambda _: {})
    headers: Callable[[Service, Request], Awaitable[Mapping[str, str]]] | None = None


def all_dialects() -> Sequence[Dialect]:
    """Every dialect; which of them a path belongs to is told by their prefixes, never by this order."""
    from bandstand.dialects import (  # noqa: PLC0415 - they import `Dialect` from here
        leap,
        modelslab,
        native,
        replicate,
        segmind,
    )

    several = (replicate, leap, modelslab, segmind, native)
    return tuple(dialect.DIALECT for dialect in several)
