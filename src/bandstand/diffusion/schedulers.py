"""A scheduler of diffusers, by its name or as a checkpoint names it, taught as that checkpoint was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import diffusers

from bandstand.diffusion.ways import WAYS
from bandstand.errors import Failed, Misconfigured


def open_scheduler(name: str | None, own: Any) -> Any:
    """A fresh one, taught as the checkpoint's `own` was; None: of its own kind.

    raises  Failed when there is none of that name
    """
    if name is None:
        return type(own).from_config(own.config)
    if name not in WAYS:
        raise Failed(f"There is no scheduler {name!r}; there are: {', '.join(WAYS)}")
    way = WAYS[name]
    return getattr(diffusers, way.made).from_config(own.config, **way.options)


def taught_scheduler(config: Mapping[str, Any]) -> Any:
    """The one that a checkpoint's configuration names.

    raises  Misconfigured when that is no scheduler of diffusers
    """
    name = str(config.get("_class_name"))
    if not name.endswith("Scheduler") or not hasattr(diffusers, name):
        raise Misconfigured(f"{name!r} is no scheduler of diffusers")
    return getattr(diffusers, name).from_config(config)


def label_of(own: Any, name: str | None) -> tuple[str, str]:
    """Sampler and schedule, as other tools call them; for one without a name here, its class without the last word."""
    if name is not None:
        return WAYS[name].label, WAYS[name].schedule
    made = type(own).__name__
    known = next((way.label for way in WAYS.values() if way.made == made), None)
    return known or made.removesuffix("Scheduler"), ""
