"""Which dialect a path belongs to, and which methods it has: for errors that happen before or without a route.

A dialect owns prefixes, whole segments of a path, in which `{name}` stands for any one segment. The longest fitting prefix
decides, and where two are as long, the one that is more explicit: `/v1/jobs` before `/v1/{slug}` before `/`. So several APIs
share `/v1`, whatever the order in which they are listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.routing import BaseRoute, Match

from bandstand.dialects import Dialect

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def dialect_of(path: str, dialects: Sequence[Dialect]) -> Dialect:
    """The dialect with the best prefix; one of them owns `/`, and with it every path that is nobody's."""
    segments = _segments(path)
    fitting = [
        (_explicitness(prefix), dialect)
        for dialect in dialects
        for prefix in map(_segments, dialect.prefixes)
        if _fits(segments, prefix)
    ]
    return max(fitting, key=lambda found: found[0])[1]


def methods_at(scope: Mapping[str, Any], routes: Sequence[BaseRoute]) -> list[str]:
    """The methods that would be answered at the path of a request: each by trying, for a route is one method of several."""
    return [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/")) if path.strip("/") else ()


def _fits(segments: tuple[str, ...], prefix: tuple[str, ...]) -> bool:
    return len(segments) >= len(prefix) and all(
        _is_open(wanted) or wanted == segment
        for segment, wanted in zip(segments, prefix, strict=False)
    )


def _explicitness(prefix: tuple[str, ...]) -> tuple[bool, ...]:
    """Compares as wished: a longer one is greater than its own beginning, a word greater than `{name}`."""
    return tuple(not _is_open(segment) for segment in prefix)


def _is_open(segment: str) -> bool:
    return segment.startswith("{")
