"""Leap's HTTP API: music (`music.py`), in the words of its documents and of its clients."""

from __future__ import annotations

from typing import Any

from bandstand.dialects import Dialect
from bandstand.dialects.leap import music
from bandstand.dialects.leap.words import NAME, RefusalView, refuse
from bandstand.jobs import Job
from bandstand.service import Service


async def picture(service: Service, job: Job) -> dict[str, Any]:
    return music.render(service, job)


DIALECT = Dialect(
    name=NAME,
    title="Leap",
    prefixes=("/api/v1/music",),
    routes=music.routes,
    picture=picture,
    refuse=refuse,
    refusal=RefusalView,
    keep_seconds=30 * 86400.0,
)
