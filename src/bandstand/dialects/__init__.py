"""The APIs that are spoken here, as data. A dialect knows the words of one API and speaks to `Service` only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response

from bandstand.errors import BandstandError
from bandstand.service import Service


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One API.

    prefixes  paths that are its own, so that an error before any route was found is told in its shape
    routes    its routes, joined to a service
    refuse    how it tells an error
    """

    name: str
    title: str
    prefixes: Sequence[str]
    routes: Callable[[Service], APIRouter]
    refuse: Callable[[BandstandError], Response]


def all_dialects() -> Sequence[Dialect]:
    """Every dialect; the first whose prefix fits a path tells its errors, the last tells those of all other paths."""
    from bandstand.dialects import native, replicate  # noqa: PLC0415 - they import `Dialect` from here

    return (replicate.DIALECT, native.DIALECT)
