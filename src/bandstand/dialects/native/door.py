"""Who asks: every call of this API has a key."""

from __future__ import annotations

from fastapi import Request

from bandstand.dialects import wire
from bandstand.service import Account, Scope, Service


async def admit(service: Service, request: Request, scope: Scope = Scope.READ) -> Account:
    """raises  Unauthenticated, Forbidden, TooMany"""
    return await service.admit(wire.bearer(request), scope, caller=wire.caller(request))
