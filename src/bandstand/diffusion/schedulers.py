"""The ways from noise to picture by name, as people call them, and diffusers' classes behind the names.

Not what a checkpoint was taught; that is its own configuration, from which each of these is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import diffusers

from bandstand.errors import Failed, Misconfigured


@dataclass(frozen=True)
class Way:
    """
    made             diffusers' class
    label, schedule  as diffusion tools write them into pictures
    """

    made: str
    label: str
    schedule: str = ""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


_KARRAS = {"use_karras_sigmas": True}
_SDE = {"algorithm_type": "sde-dpmsolver++"}
WAYS: Mapping[str, Way] = {
    "ddim": Way("DDIMScheduler", "DDIM"),
    "ddpm": Way("DDPMScheduler", "DDPM"),
    "pndm": Way("PNDMScheduler", "PLMS", options={"skip_prk_steps": True}),
    "heun": Way("HeunDiscreteScheduler", "Heun"),
    "euler": Way("EulerDiscreteScheduler", "Euler"),
    "euler-karras": Way("EulerDiscreteScheduler", "Euler", "Karras", _KARRAS),
    "euler-a": Way("EulerAncestralDiscreteScheduler", "Euler a"),
    "dpm++-2m": Way("DPMSolverMultistepScheduler", "DPM++ 2M"),
    "dpm++-2m-karras": Way("DPMSolverMultistepScheduler", "DPM++ 2M", "Karras", _KARRAS),
    "dpm++-2m-sde": Way("DPMSolverMultistepScheduler", "DPM++ 2M SDE", options=_SDE),
    "dpm++-2m-sde-karras": Way(
        "DPMSolverMultistepScheduler", "DPM++ 2M SDE", "Karras", {**_SDE, **_KARRAS}
    ),
    "dpm++-2s": Way("DPMSolverSinglestepScheduler", "DPM++ 2S"),
    "unipc": Way("UniPCMultistepScheduler", "UniPC"),
    "unipc-karras": Way("UniPCMultistepScheduler", "UniPC", "Karras", _KARRAS),
    "lcm": Way("LCMScheduler", "LCM"),
    "tcd": Way("TCDScheduler", "TCD"),
}


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
