"""MusicGen as an engine: finds a job's model, keeps the loaded ones within their memory, lets a thread make each piece."""

from __future__ import annotations

import asyncio
import contextlib

from bandstand.audio.clip import Clip
from bandstand.engines import Equipment, Inputs, Made, Report
from bandstand.engines.cover import cover_of
from bandstand.engines.machine import choose_device, memory_of, release_memory, say_alive
from bandstand.engines.shelf import Keeping, Shelf
from bandstand.engines.weights import InstalledModel, files_of, find_model, look_at
from bandstand.errors import Misconfigured
from bandstand.musicgen.decoders import precisions_on
from bandstand.musicgen.memory import bytes_needed
from bandstand.musicgen.model import MusicGen
from bandstand.musicgen.piece import Brake, Piece, Sampling, Section
from bandstand.musicgen.stems import open_stems
from bandstand.specs import MusicSpec

MEMORY_SHARE = 0.7  # of all there is, for models


class MusicGenEngine:
    name = "musicgen"

    def __init__(self, equipment: Equipment) -> None:
        """raises  Misconfigured when the device that was asked for is not there"""
        self._equipment = equipment
        self._device = choose_device(equipment.device)
        self._precision = choose_precision(equipment.precision, self._device)
        self.slots = equipment.tracks or (4 if self._device == "cpu" else 16)
        self._shelf: Shelf[MusicGen] = Shelf(
            Keeping(needs=self._needs, load=self._load, close=close),
            bytes_max=round(equipment.memory_gb * 1e9)
            if equipment.memory_gb
            else round(MEMORY_SHARE * memory_of(self._device)),
            unload_seconds=equipment.unload_seconds,
        )
        self._tidying: asyncio.Task[None] | None = None
        self._working: set[asyncio.Task[Clip]] = set()

    async def start(self) -> None:
        self._tidying = asyncio.create_task(self._shelf.tidy())

    async def stop(self) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
        await self._shelf.clear()

    async def make(self, spec: MusicSpec, inputs: Inputs, report: Report) -> Made:
        """A canceled job lets go at once; its thread ends with the step, or the pass, that it is in."""
        brake = Brake()
        piece = piece_of(spec, inputs)
        working = asyncio.create_task(self._work(spec.model, piece, report, brake))
        self._working.add(working)
        working.add_done_callback(self._working.discard)
        try:
            clip = await asyncio.shield(working)
        except asyncio.CancelledError:
            working.add_done_callback(lambda done: done.cancelled() or done.exception())
            brake.pull()
            raise
        cover = await asyncio.to_thread(cover_of, clip, spec)
        about = {"device": self._device, "precision": self._precision}
        return Made(clip=clip, extras=(cover,), about=about)

    async def _work(self, model: str, piece: Piece, report: Report, brake: Brake) -> Clip:
        alive = asyncio.create_task(say_alive(report))
        async with contextlib.AsyncExitStack() as held:
            try:
                if model not in self._shelf.names:
                    report.log(f"loading {model} on {self._device} in {self._precision}")
                loaded = await held.enter_async_context(self._shelf.hold(model))
            finally:
                alive.cancel()
            return await asyncio.to_thread(loaded.make, piece, report, brake)

    def _needs(self, name: str) -> int:
        """raises  NotFound, Invalid when its folder is not whole"""
        sizes = self._find(name).sizes
        return bytes_needed(sizes, precision=self._precision, slots=self.slots)

    def _load(self, name: str) -> MusicGen:
        """raises  NotFound, Invalid, Misconfigured when it cannot be loaded"""
        release_memory(self._device)
        files = files_of(self._find(name), self._equipment.models)
        return MusicGen.read(
            files.folder,
            text=files.text,
            codec=files.codec,
            multiband=files.multiband,
            separate=open_stems(self._equipment.models, device=self._device),
            device=self._device,
            precision=self._precision,
            slots=self.slots,
        )

    def _find(self, name: str) -> InstalledModel:
        elsewhere = self._equipment.elsewhere.get(name)
        if elsewhere is None:
            return find_model(self._equipment.models, name)
        found = look_at(elsewhere, name)
        if not isinstance(found, InstalledModel):
            raise Misconfigured(f"{found.folder}: {found.problem}")
        return found


def piece_of(spec: MusicSpec, inputs: Inputs) -> Piece:
    """The wish in the room's own words."""
    sampling = spec.sampling
    return Piece(
        text=spec.prompt.strip(),
        seconds=spec.seconds,
        seed=spec.seed or 0,
        sampling=Sampling(
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            guidance=sampling.guidance,
        ),
        melody=inputs.melody,
        continues=inputs.continues,
        multiband=spec.multiband,
        sections=tuple(Section(section.start, section.prompt) for section in spec.sections),
        owner=inputs.account,
    )


def choose_precision(wanted: str, device: str) -> str:
    """auto: what is usual there. raises Misconfigured when it cannot be had"""
    there = precisions_on(device)
    if wanted not in {"auto", *there}:
        raise Misconfigured(
            f"BANDSTAND_PRECISION: {wanted} cannot be had on {device}; there are: {', '.join(there)}"
        )
    return there[0] if wanted == "auto" else wanted


def close(model: MusicGen) -> None:
    """Unload it. Its memory is free once nobody holds it any more."""
    model.close()


def open_engine(equipment: Equipment) -> MusicGenEngine:
    return MusicGenEngine(equipment)
