"""For whoever runs the server: is it alive, is it ready, what are its figures."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import GaugeMetricFamily

from bandstand import __version__
from bandstand.dialects import wire
from bandstand.service import Service

Readiness = Callable[[], Awaitable[None]]


def routes(service: Service, is_ready: Readiness) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="The process answers")
    async def healthz() -> Response:
        return wire.told({"status": "ok", "version": __version__})

    @router.get("/readyz", summary="Database and engines answer, too")
    async def readyz() -> Response:
        await is_ready()
        return wire.told({"status": "ready"})

    @router.get("/metrics", summary="Figures for Prometheus")
    async def metrics() -> Response:
        queue = _queue_figures(await service.waiting())
        return Response(
            generate_latest(REGISTRY) + queue, headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    del healthz, readyz, metrics
    return router


def _queue_figures(waiting: dict[tuple[str, str], tuple[int, float]]) -> bytes:
    """What an autoscaler needs: how many jobs, and how long the oldest waits."""
    depth = GaugeMetricFamily("bandstand_jobs", "Unfinished jobs.", labels=["engine", "status"])
    age = GaugeMetricFamily(
        "bandstand_oldest_job_seconds", "Age of the oldest.", labels=["engine", "status"]
    )
    for labels, (count, oldest) in waiting.items():
        depth.add_metric(list(labels), count)
        age.add_metric(list(labels), max(0.0, time.time() - oldest))

    class Figures:
        def collect(self) -> list[GaugeMetricFamily]:
            return [depth, age]

    return generate_latest(Figures())  # pyright: ignore[reportArgumentType] - it only calls collect()
