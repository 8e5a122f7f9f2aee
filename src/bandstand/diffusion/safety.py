"""The checkpoint's own safety checker: finds pictures that are not for everybody's eyes. What is done about them is the caller's.

source  the parts and thresholds are the checker's own; its input, CLIP's: 224 pixels, mean and deviation as CLIP was trained
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

from bandstand.diffusion.latents import fitted
from bandstand.diffusion.wish import Pixels

MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


class Checker:
    def __init__(self, model: Any) -> None:
        self._model = model

    @classmethod
    def read(cls, folder: Path, *, device: str) -> Checker:
        kind: Any = StableDiffusionSafetyChecker
        model = kind.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, dtype=torch.float32
        )
        return cls(model.to(device).eval())

    @torch.no_grad()
    def is_unfit(self, pixels: Pixels) -> bool:
        side = self._model.config.vision_config.image_size
        samples = torch.tensor(fitted(pixels, side, side)).float() / 255
        samples = (samples - torch.tensor(MEAN)) / torch.tensor(DEVIATION)
        samples = samples.permute(2, 0, 1)[None].to(self._model.device)
        # It blackens what it finds, which is not wanted here: it gets nothing to blacken.
        _, found = self._model(clip_input=samples, images=np.zeros((1, 8, 8, 3), np.float32))
        return bool(found[0])
