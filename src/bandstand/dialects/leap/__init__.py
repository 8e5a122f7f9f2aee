"""Leap's HTTP API for music (`music.py`) and images (`images.py`), in the words of its documents and of its clients."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from bandstand.dialects import Dialect
from bandstand.dialects.leap import images, models, music
from bandstand.dialects.leap.words import NAME, RefusalView, refuse
from bandstand.jobs import Job
from bandstand.service import Service
from bandstand.specs import Kind


def routes(service: Service) -> APIRouter:
    router = APIRouter()
    for part in (music, images, models):
        router.include_router(part.routes(service))
    return router


async def picture(service: Service, job: Job) -> dict[str, Any]:
    if job.kind is Kind.IMAGE:
        return images.render(service, job)
    return music.render(service, job)


DIALECT = Dialect(
    name=NAME,
    title="Leap",
    prefixes=("/api/v1/music", "/api/v1/images", "/api/v2/images"),
    routes=routes,
    picture=picture,
    refuse=refuse,
    refusal=RefusalView,
    keep_seconds=30 * 86400.0,
    bytes_max=lambda settings: {models.TRAINING: settings.upload_bytes_max},
)
