"""A loaded checkpoint that draws: read it, give it wishes, close it.

One picture after another, also when several are wanted: only so does a picture depend on its own seed and on nobody beside it, for
what a processor adds up in a batch it adds up in another order. Not for two threads at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bandstand.diffusion.adapters import worn
from bandstand.diffusion.describe import Description
from bandstand.diffusion.latents import PREVIEW_SECONDS, Autoencoder, Previews, blurred, fitted
from bandstand.diffusion.memory import Thrift
from bandstand.diffusion.reading import (
    Companions,
    from_picture,
    network_in,
    place,
    read_checker,
    read_pipeline,
    read_tiny,
    survey_model,
)
from bandstand.diffusion.safety import Checker
from bandstand.diffusion.schedulers import label_of, open_scheduler
from bandstand.diffusion.upscale import Upscaler
from bandstand.diffusion.wish import Brake, Picture, Watcher, Wish
from bandstand.errors import Failed

DECODING = 2  # steps that making the picture of its latents counts for


class Diffuser:
    """One checkpoint."""

    def __init__(
        self,
        pipeline: Any,
        about: Description,
        *,
        device: str = "cpu",
        tiny: Any | None = None,
        checker: Checker | None = None,
        upscaler: Upscaler | None = None,
        preview_seconds: float = PREVIEW_SECONDS,
    ) -> None:
        self.about = about
        self._pipeline = pipeline
        self._own_scheduler = pipeline.scheduler
        self._vae = Autoencoder(pipeline.vae, device=device)
        self._previews = Previews(self._vae, tiny, seconds=preview_seconds)
        self._checker = checker
        self._upscaler = upscaler or Upscaler.open(None, device="cpu")
        pipeline.set_progress_bar_config(disable=True)

    @classmethod
    def read(
        cls,
        folder: Path,
        *,
        device: str = "cpu",
        precision: str = "float32",
        thrift: Thrift = Thrift.WHOLE,
        companions: Companions | None = None,
        preview_seconds: float = PREVIEW_SECONDS,
    ) -> Diffuser:
        """raises  Misconfigured when the folder is not whole, or is of a kind that is not known here"""
        companions = companions or Companions()
        about = survey_model(folder)
        pipeline = read_pipeline(folder, about, companions, precision=precision)
        place(pipeline, device=device, precision=precision, thrift=thrift)
        return cls(
            pipeline,
            about,
            device=device,
            tiny=read_tiny(companions.tiny, device=device),
            checker=read_checker(folder, about, companions, device),
            upscaler=Upscaler.open(network_in(companions.upscaler), device=device),
            preview_seconds=preview_seconds,
        )

    def close(self) -> None:
        """Unload it. Its memory is free once nobody holds it any more."""
        self._pipeline.maybe_free_model_hooks()

    def draw(self, wish: Wish, watcher: Watcher, brake: Brake | None = None) -> tuple[Picture, ...]:
        """One picture for each seed.

        raises  Canceled within a step of the brake, Failed for what this checkpoint cannot do
        """
        brake = brake or Brake()
        wish = self._bounded(wish, watcher)
        try:
            with worn(self._pipeline, wish.adapters), self._scheduled(wish.scheduler):
                return tuple(
                    self._one(wish, number, _Watched(watcher, brake, number, len(wish.seeds)))
                    for number in range(len(wish.seeds))
                )
        finally:
            # What was called off left its part on a GPU that the others want, too.
            self._pipeline.maybe_free_model_hooks()

    def _bounded(self, wish: Wish, watcher: Watcher) -> Wish:
        """What this checkpoint makes of the wish, and what of it is told."""
        if wish.safety != "off" and self._checker is None:
            raise Failed(
                "There is no safety checker here; install one with: bandstand models pull safety-checker"
            )
        if not self.about.has_guidance and wish.guidance > 1:
            watcher.log(
                f"guidance {wish.guidance:g} is left out: this model was made to do without"
            )
            wish = dataclasses.replace(wish, guidance=1.0)
        tokens = len(self._pipeline.tokenizer(wish.prompt, truncation=False).input_ids)
        length = self._pipeline.tokenizer.model_max_length
        if tokens > length:
            watcher.log(f"only the first {length - 2} of {tokens - 2} tokens of the prompt count")
        if wish.upscale > 1:
            watcher.log(f"enlarged {wish.upscale} times by {self._upscaler.name}")
        return wish

    @contextlib.contextmanager
    def _scheduled(self, name: str | None) -> Generator[None]:
        self._pipeline.scheduler = open_scheduler(name, self._own_scheduler)
        try:
            yield
        finally:
            self._pipeline.scheduler = self._own_scheduler

    def _one(self, wish: Wish, number: int, watched: _Watched) -> Picture:
        seed = wish.seeds[number]
        generator = torch.Generator("cpu").manual_seed(seed)
        watched.brake.check()
        latents = self._denoise(wish, generator, watched)
        watched.brake.check()
        pixels = self._vae.decode(latents)
        is_unfit = wish.safety != "off" and self._is_unfit(pixels)
        if is_unfit and wish.safety == "refuse":
            raise Failed(
                "The safety checker holds the picture back; try other words or another seed."
            )
        if is_unfit:
            watched.watcher.log(
                f"picture {number + 1} is blurred: the safety checker holds it back"
            )
            pixels = blurred(pixels)
        pixels = self._upscaler.enlarge(pixels, wish.upscale)
        watched.progress(1.0)
        return Picture(
            pixels=pixels,
            seed=seed,
            steps=wish.steps,
            guidance=wish.guidance,
            is_blurred=is_unfit,
            settings=self._settings(wish),
        )

    def _denoise(self, wish: Wish, generator: torch.Generator, watched: _Watched) -> Tensor:
        words: dict[str, Any] = {
            "prompt": wish.prompt,
            "negative_prompt": wish.negative or None,
            "num_inference_steps": wish.steps,
            "guidance_scale": wish.guidance,
            "generator": generator,
            "output_type": "latent",
            "callback_on_step_end": self._follow(watched),
        }
        if wish.init is None:
            made = self._pipeline(**words, width=wish.width, height=wish.height)
        else:
            start = self._vae.encode(fitted(wish.init, wish.width, wish.height), generator)
            start = start.to(self._pipeline.unet.dtype)
            # At least one step, or there is nothing to do and diffusers gives up.
            strength = max(wish.strength, (1 + 1e-6) / wish.steps)
            made = from_picture(self._pipeline)(**words, image=start, strength=min(strength, 1.0))
        return made.images

    def _follow(self, watched: _Watched) -> Any:
        def follow(pipeline: Any, index: int, time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            del time
            watched.brake.check()
            steps = pipeline.num_timesteps
            watched.progress((index + 1) / (steps + DECODING))
            if index + 1 < steps and (jpeg := self._previews.of(tensors["latents"])):
                watched.watcher.preview(jpeg)
            return {}

        return follow

    def _is_unfit(self, pixels: Any) -> bool:
        assert self._checker is not None, "it was looked at before anything was drawn"
        return self._checker.is_unfit(pixels)

    def _settings(self, wish: Wish) -> dict[str, str]:
        sampler, schedule = label_of(self._own_scheduler, wish.scheduler)
        found = {"Sampler": sampler}
        if schedule:
            found["Schedule type"] = schedule
        if wish.init is not None:
            found["Denoising strength"] = f"{wish.strength:g}"
        if wish.upscale > 1:
            found |= {"Hires upscale": str(wish.upscale), "Hires upscaler": self._upscaler.name}
        return found


@dataclasses.dataclass(frozen=True)
class _Watched:
    """One of several pictures, on its way."""

    watcher: Watcher
    brake: Brake
    number: int
    count: int

    def progress(self, fraction: float) -> None:
        self.watcher.progress((self.number + fraction) / self.count)
