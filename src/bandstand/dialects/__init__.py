"""The APIs that are spoken here, as data. A dialect knows the words of one API and speaks to `Service` only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response

from bandstand.errors import BandstandError
from bandstand.jobs import Job
from bandstand.service import Service


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One API.

    prefixes      paths that are its own, so that an error before any route was found is told in its shape
    routes        its routes, joined to a service
    picture       a job as its clients see it: the body of an answer and of a webhook
    refuse        how it tells an error
    keep_seconds  how long its clients expect input, results and logs to be kept after the end of a job
    keeps_record  whether the job's record is kept when these are gone
    """

    name: str
    title: str
    prefixes: Sequence[str]
    routes: Callable[[Service], APIRouter]
    picture: Callable[[Service, Job], Awaitable[dict[str, Any]]]
    refuse: Callable[[BandstandError], Response]
    keep_seconds: float = 30 * 86400.0
    keeps_record: bool = False


def all_dialects() -> Sequence[Dialect]:
    """Every dialect; the first whose prefix fits a path tells its errors, the last tells those of all other paths."""
    from bandstand.dialects import native, replicate  # noqa: PLC0415 - they import `Dialect` from here

    return (replicate.DIALECT, native.DIALECT)
