"""Whole numbers as this API takes them. Not the smaller ones of the others; those are in `wire.py`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field


def _whole(value: Any) -> Any:
    """JSON knows no difference between 8 and 8.0, and neither does a schema's "integer"."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# 64 bits stand for "no bounds": what is beyond them is no setting of anything.
Whole = Annotated[int, BeforeValidator(_whole), Field(ge=-(2**63), lt=2**63)]
