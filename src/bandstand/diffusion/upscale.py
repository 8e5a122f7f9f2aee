"""Larger pictures: by Lanczos' filter, or by an upscaling network when spandrel and weights for one are here.

Nothing is invented by the filter; what a network adds was never in the picture.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from bandstand.diffusion.wish import Pixels

LANCZOS = "Lanczos"


class Upscaler:
    def __init__(self, name: str, network: Any | None) -> None:
        """network: spandrel's, or None for the filter"""
        self.name = name
        self._network = network

    @classmethod
    def open(cls, file: Path | None, *, device: str) -> Upscaler:
        """file: a network's .safetensors, or None"""
        if file is None or find_spec("spandrel") is None:
            return cls(LANCZOS, None)
        loader: Any = importlib.import_module("spandrel").ModelLoader(device)
        return cls(file.stem, loader.load_from_file(file).eval())

    def enlarge(self, pixels: Pixels, times: int) -> Pixels:
        if times == 1:
            return pixels
        height, width = pixels.shape[0] * times, pixels.shape[1] * times
        if self._network is not None:
            pixels = self._run(pixels, self._network)
        if pixels.shape[:2] == (height, width):
            return pixels
        image = Image.fromarray(pixels)
        return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))

    @torch.no_grad()
    def _run(self, pixels: Pixels, network: Any) -> Pixels:
        samples = torch.tensor(pixels).permute(2, 0, 1)[None].float() / 255
        made = network(samples.to(network.device))[0]
        return (made.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
