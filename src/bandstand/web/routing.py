"""Which dialect a path belongs to: for errors that happen before or without a route."""

from __future__ import annotations

from collections.abc import Sequence

from bandstand.dialects import Dialect


def dialect_of(path: str, dialects: Sequence[Dialect]) -> Dialect:
    """The first dialect with a fitting prefix; the last one takes every path."""
    return next(
        dialect
        for dialect in dialects
        if any(_begins(path, prefix.rstrip("/")) for prefix in dialect.prefixes)
    )


def _begins(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")
