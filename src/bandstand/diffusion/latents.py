"""Between pictures and latents: the checkpoint's own autoencoder, and quick previews of what is not finished.

A preview is TAESD's, a tiny autoencoder, when its weights are here; otherwise each latent becomes one pixel by a linear map, which is
fitted to the checkpoint's own decoder the first time it is wanted. Letters: B pictures, C latent channels, H, W.
"""

from __future__ import annotations

import io
import time
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor
from torch.nn import functional

from bandstand.diffusion.describe import VAE_SCALE
from bandstand.diffusion.memory import TILED_FROM_PIXELS
from bandstand.diffusion.wish import Pixels

PREVIEW_SIDE = 384  # pixels, the longer one
PREVIEW_QUALITY = 75
PREVIEW_SECONDS = 1.5  # between two
FIT_SIDE, FIT_SMOOTH = 8, 3  # latents


class Autoencoder:
    """A checkpoint's own, whatever its numbers.

    device  where it computes; what it lies on is not the same when a GPU is shared by its parts
    """

    def __init__(self, vae: Any, *, device: str = "cpu") -> None:
        self._vae = vae
        self._device = device

    @property
    def config(self) -> Any:
        return self._vae.config

    @torch.no_grad()
    def encode(self, pixels: Pixels, generator: torch.Generator) -> Tensor:
        """Latents [1, C, H, W] of pixels whose sides are multiples of 8; drawn, for an autoencoder is not certain."""
        samples = torch.tensor(pixels).permute(2, 0, 1)[None]
        samples = samples.to(self._device, self._vae.dtype) / 127.5 - 1
        self._tile(pixels.shape[0] * pixels.shape[1])
        drawn = self._vae.encode(samples).latent_dist.sample(generator)
        return drawn * self.config.scaling_factor

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Pixels:
        """The one picture [H*8, W*8, 3] of latents [1, C, H, W]."""
        self._tile(latents.shape[2] * latents.shape[3] * VAE_SCALE**2)
        return to_pixels(self.samples(latents)[0])

    def samples(self, latents: Tensor) -> Tensor:
        """float32 [B, 3, H*8, W*8], nominally -1..1"""
        scaled = latents.to(self._device, torch.float32) / self.config.scaling_factor
        return self._vae.decode(scaled.to(self._vae.dtype), return_dict=False)[0].float()

    def _tile(self, pixels: int) -> None:
        if pixels > TILED_FROM_PIXELS:
            self._vae.enable_tiling()
        else:
            self._vae.disable_tiling()


class Previews:
    """Small JPEGs of unfinished latents, not more often than every `seconds`."""

    def __init__(self, own: Autoencoder, tiny: Any | None, *, seconds: float) -> None:
        """tiny: TAESD, or None"""
        self._own = own
        self._tiny = tiny
        self._seconds = seconds
        self._map: Tensor | None = None
        self._shown_at = time.monotonic()

    def of(self, latents: Tensor) -> bytes | None:
        """Of latents [1, C, H, W]; None when it is too early for another one."""
        if time.monotonic() - self._shown_at < self._seconds:
            return None
        pixels = to_pixels(self._look(latents.detach())[0])
        self._shown_at = time.monotonic()
        return to_jpeg(pixels, latents.shape[2] * VAE_SCALE, latents.shape[3] * VAE_SCALE)

    @torch.no_grad()
    def _look(self, latents: Tensor) -> Tensor:
        if self._tiny is not None:
            tiny = self._tiny
            return tiny.decode(latents.to(tiny.device, tiny.dtype), return_dict=False)[0].float()
        if self._map is None:
            self._map = fit_map(self._own)
        weights = self._map.to(latents.device)
        seen = torch.einsum("bchw,cr->brhw", latents.float(), weights[:-1])
        return seen + weights[-1][:, None, None]


@torch.no_grad()
def fit_map(own: Autoencoder) -> Tensor:
    """What a latent's numbers mean for the colour of its 8 x 8 pixels, by least squares.

    return  float32 [C + 1, 3], the last row being what is added
    """
    generator = torch.Generator().manual_seed(0)
    channels = own.config.latent_channels
    latents = torch.randn((4, channels, FIT_SIDE, FIT_SIDE), generator=generator)
    # Of single pixels of noise a decoder makes nothing that a picture has: let neighbours be alike.
    smooth = functional.avg_pool2d(latents, FIT_SMOOTH, stride=1, padding=1) * FIT_SMOOTH
    samples = torch.cat([own.samples(row[None]).cpu() for row in smooth])
    seen = functional.avg_pool2d(samples.clamp(-1, 1), VAE_SCALE)  # [4, 3, H, W]
    known = smooth.permute(0, 2, 3, 1).reshape(-1, channels)
    known = torch.cat([known, torch.ones(len(known), 1)], dim=1)
    wanted = seen.permute(0, 2, 3, 1).reshape(-1, 3)
    return torch.linalg.lstsq(known, wanted).solution


def to_pixels(samples: Tensor) -> Pixels:
    """Of float [3, H, W], nominally -1..1."""
    scaled = ((samples.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return scaled.permute(1, 2, 0).cpu().numpy()


def to_jpeg(pixels: Pixels, height: int, width: int) -> bytes:
    """Scaled to the shape of the picture that it will be, but small."""
    shrink = min(1.0, PREVIEW_SIDE / max(height, width))
    image = Image.fromarray(pixels).resize((round(width * shrink), round(height * shrink)))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=PREVIEW_QUALITY)
    return out.getvalue()


def blurred(pixels: Pixels) -> Pixels:
    """Nothing of it can be made out but its colours."""
    radius = max(pixels.shape[:2]) / 16
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def fitted(pixels: Pixels, width: int, height: int) -> Pixels:
    """The middle of a picture in another size."""
    if pixels.shape[:2] == (height, width):
        return pixels
    image = Image.fromarray(pixels)
    scale = max(width / image.width, height / image.height)
    wide, high = width / scale, height / scale
    left, top = (image.width - wide) / 2, (image.height - high) / 2
    box = (left, top, left + wide, top + high)
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS, box=box))
