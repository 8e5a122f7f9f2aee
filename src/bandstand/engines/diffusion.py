"""Stable Diffusion as an engine: finds a job's model and its LoRAs, keeps loaded models within their memory, draws in a thread.

One job at a time: its pictures take the whole machine, one after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from bandstand.diffusion.files import SOFTWARE, Format, from_file, to_file
from bandstand.diffusion.memory import bytes_needed, choose_thrift
from bandstand.diffusion.model import Diffuser
from bandstand.diffusion.numbers import precisions_on
from bandstand.diffusion.reading import Companions
from bandstand.diffusion.wish import Adapter, Brake, Picture, Wish
from bandstand.engines import Drawn, Equipment, Extra, Inputs, Report
from bandstand.engines.checkpoints import InstalledDiffuser, companions_of, find_diffuser, find_lora
from bandstand.engines.machine import (
    ALIVE_SECONDS,
    choose_device,
    memory_of,
    release_memory,
    say_alive,
)
from bandstand.engines.shelf import Keeping, Shelf
from bandstand.specs import ImageSpec, PictureFormat

MEMORY_SHARE = 0.7  # of all there is, for models
STEP_SECONDS_MAX = 1800.0
FILES: dict[PictureFormat, tuple[Format, str, str]] = {
    PictureFormat.PNG: ("png", "png", "image/png"),
    PictureFormat.JPEG: ("jpeg", "jpg", "image/jpeg"),
    PictureFormat.WEBP: ("webp", "webp", "image/webp"),
}


class DiffusionArtist:
    name = "diffusion"
    slots = 1

    def __init__(self, equipment: Equipment) -> None:
        """raises  Misconfigured when the device that was asked for is not there"""
        self._equipment = equipment
        self._device = choose_device(equipment.device)
        self._precision = choose_precision(equipment.precision, self._device)
        self._bytes_max = (
            round(equipment.memory_gb * 1e9)
            if equipment.memory_gb
            else round(MEMORY_SHARE * memory_of(self._device))
        )
        self._shelf: Shelf[Diffuser] = Shelf(
            Keeping(needs=self._needs, load=self._load, close=close),
            bytes_max=self._bytes_max,
            unload_seconds=equipment.unload_seconds,
        )
        self._tidying: asyncio.Task[None] | None = None
        self._working: set[asyncio.Task[tuple[Picture, ...]]] = set()
        # A canceled job frees its slot before its thread has ended: the next one waits for that.
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        self._tidying = asyncio.create_task(self._shelf.tidy())

    async def stop(self) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        await self._shelf.clear()

    async def draw(self, spec: ImageSpec, inputs: Inputs, report: Report) -> Drawn:
        """A canceled job lets go at once; its thread ends with the step that it is in."""
        brake = Brake()
        wish = await asyncio.to_thread(self._wish_of, spec, inputs)
        working = asyncio.create_task(self._work(spec.model, wish, report, brake))
        self._working.add(working)
        working.add_done_callback(self._working.discard)
        try:
            pictures = await asyncio.shield(working)
        except asyncio.CancelledError:
            working.add_done_callback(lambda done: done.cancelled() or done.exception())
            brake.pull()
            raise
        extras = await asyncio.to_thread(
            lambda: tuple(written(p, wish, spec, i) for i, p in enumerate(pictures))
        )
        about = {"device": self._device, "precision": self._precision}
        return Drawn(pictures=extras, about=about)

    async def _work(
        self, model: str, wish: Wish, report: Report, brake: Brake
    ) -> tuple[Picture, ...]:
        async with contextlib.AsyncExitStack() as held:
            alive = asyncio.create_task(say_alive(report))
            held.callback(alive.cancel)
            await held.enter_async_context(self._turn)
            brake.check()
            if model not in self._shelf.names:
                report.log(f"loading {model} on {self._device} in {self._precision}")
            loaded = await held.enter_async_context(self._shelf.hold(model))
            alive.cancel()
            steady = Steady(report)
            held.callback(asyncio.create_task(steady.beat()).cancel)
            return await asyncio.to_thread(loaded.draw, wish, steady, brake)

    def _wish_of(self, spec: ImageSpec, inputs: Inputs) -> Wish:
        """In the room's own words. raises Failed, when a LoRA is not here"""
        adapters = tuple(
            Adapter(find_lora(self._equipment.models, lora.name), lora.weight)
            for lora in spec.loras
        )
        return wish_of(spec, inputs, adapters)

    def _needs(self, name: str) -> int:
        """raises  NotFound, Invalid when its folder is not whole"""
        about = self._find(name).description
        thrift = choose_thrift(
            about, self._precision, device=self._device, bytes_max=self._bytes_max
        )
        return bytes_needed(about, self._precision, thrift)

    def _load(self, name: str) -> Diffuser:
        """raises  NotFound, Invalid, Misconfigured when it cannot be loaded"""
        release_memory(self._device)
        found = self._find(name)
        return Diffuser.read(
            found.folder,
            device=self._device,
            precision=self._precision,
            thrift=choose_thrift(
                found.description,
                self._precision,
                device=self._device,
                bytes_max=self._bytes_max,
            ),
            companions=Companions(**companions_of(found, self._equipment.models)),
        )

    def _find(self, name: str) -> InstalledDiffuser:
        return find_diffuser(self._equipment.models, name, self._equipment.elsewhere.get(name))


class Steady:
    """A report that is repeated: on a slow machine a step or a decoding takes longer than a silent engine is left alone."""

    def __init__(self, report: Report) -> None:
        self._fraction = 0.0
        self._told_at = time.monotonic()
        self._report = report
        self.log = report.log
        self.preview = report.preview

    def progress(self, fraction: float) -> None:
        self._fraction, self._told_at = fraction, time.monotonic()
        self._report.progress(fraction)

    async def beat(self, seconds: float = ALIVE_SECONDS) -> None:
        """Until a step takes so long that something hangs."""
        while time.monotonic() - self._told_at < STEP_SECONDS_MAX:
            await asyncio.sleep(seconds)
            self._report.progress(self._fraction)


def wish_of(spec: ImageSpec, inputs: Inputs, adapters: tuple[Adapter, ...] = ()) -> Wish:
    assert spec.width is not None, "the service fills the size in"
    assert spec.height is not None, "the service fills the size in"
    assert spec.steps is not None, "the service fills the steps in"
    seed = spec.seed or 0
    return Wish(
        prompt=spec.prompt.strip(),
        negative=spec.negative.strip(),
        width=spec.width,
        height=spec.height,
        seeds=tuple(range(seed, seed + spec.count)),
        steps=spec.steps,
        guidance=spec.guidance,
        scheduler=spec.scheduler,
        init=from_file(inputs.picture) if inputs.picture is not None else None,
        strength=spec.strength,
        adapters=adapters,
        upscale=spec.upscale,
        safety=spec.safety.value,
    )


def written(picture: Picture, wish: Wish, spec: ImageSpec, index: int) -> Extra:
    form, extension, media_type = FILES[spec.format]
    height, width = picture.pixels.shape[:2]
    return Extra(
        name=f"image-{index + 1}.{extension}",
        kind="image",
        media_type=media_type,
        content=to_file(picture, wish, spec.model, form, describe=spec.describe),
        about={
            "seed": picture.seed,
            "width": width,
            "height": height,
            "steps": picture.steps,
            "guidance": picture.guidance,
            "blurred": picture.is_blurred,
            "software": SOFTWARE,
        },
    )


def choose_precision(wanted: str, device: str) -> str:
    """What is usual there, unless a setting names another that can be had: int8 and int4 are only MusicGen's."""
    there = precisions_on(device)
    return wanted if wanted in there else there[0]


def close(model: Diffuser) -> None:
    """Unload it. Its memory is free once nobody holds it any more."""
    model.close()


def open_engine(equipment: Equipment) -> DiffusionArtist:
    return DiffusionArtist(equipment)
