"""The ways from noise to picture by name, as people call them, and which class of diffusers each one is. No torch.

Not how they are opened: `schedulers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
