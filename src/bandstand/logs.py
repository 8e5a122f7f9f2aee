"""How the program logs: lines for people or JSON for machines, on stderr, with keys made unreadable."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, cast

import structlog

SECRET_NAMES = {"key", "authorization", "x-api-key", "api_key", "token", "secret"}
URL_SECRET = re.compile(r"([?&](?:secret|password)=)[^&\s'\"]+")
LOGIN = re.compile(r"\b([0-9a-f]{12})\.[A-Za-z0-9_-]{43}")
OWN_KEY = re.compile(r"bs_([A-Za-z0-9]+)_[A-Za-z0-9_-]+")


def set_up_logs(level: str, *, as_json: bool) -> None:
    renderer = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            hide_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")


def hide_secrets(
    _logger: Any, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """By name and by look: a field that is called like a secret, and whatever looks like one of our keys, a login or a session, or stands as a secret in an address."""
    for name, value in fields.items():
        fields[name] = _hidden(name, value)
    return fields


def _hidden(name: str, value: Any) -> Any:
    """At any depth: a body or an error's details may be logged as they are."""
    if name.lower() in SECRET_NAMES:
        return "hidden"
    if isinstance(value, str):
        value = LOGIN.sub(r"\1.hidden", OWN_KEY.sub(r"bs_\1_hidden", value))
        return URL_SECRET.sub(r"\1hidden", value)
    if isinstance(value, Mapping):
        inside = cast("Mapping[Any, Any]", value)
        return {name: _hidden(str(name), value) for name, value in inside.items()}
    if isinstance(value, list | tuple):
        return [_hidden("", item) for item in cast("Sequence[Any]", value)]
    return value
