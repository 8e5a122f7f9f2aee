"""Webhooks as they were delivered: which went where, and sending one again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import Field

from bandstand.dialects import wire
from bandstand.dialects.native.picture import View
from bandstand.jobs import HookEvent
from bandstand.service import Delivery, Service


class DeliveryView(View):
    id: str = Field(description="The webhook-id that the receiver sees, at every try.")
    job: str
    event: HookEvent
    url: str
    status: str
    attempts: int
    answer: str | None = Field(description="To the latest try.")
    created_at: str
    tried_at: str | None
    next_try_at: str | None


class DeliveriesView(View):
    deliveries: list[DeliveryView]


class Deliveries:
    """The endpoints. Their route has admitted the caller (`request.state.account`)."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def page(
        self, request: Request, size: Annotated[int, Query(ge=1, le=100)] = 20
    ) -> Response:
        found = await self._service.deliveries(request.state.account, size)
        return wire.told({"deliveries": [_render(delivery) for delivery in found]})

    async def send_again(self, request: Request, delivery_id: str) -> Response:
        sent = await self._service.send_again(request.state.account, delivery_id)
        return wire.told(_render(sent))


def _render(delivery: Delivery) -> dict[str, Any]:
    is_pending = delivery.status == "pending"
    return {
        "id": delivery.id,
        "job": delivery.job,
        "event": delivery.event.value,
        "url": delivery.url,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "answer": delivery.answer,
        "created_at": wire.iso(delivery.created_at),
        "tried_at": wire.iso(delivery.tried_at),
        "next_try_at": wire.iso(delivery.due_at) if is_pending else None,
    }
