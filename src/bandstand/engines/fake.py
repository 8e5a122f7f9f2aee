"""A tone instead of music, with delays and accidents on request. For tests and load, never a stand-in.

The prompt's words steer it: `work=2` seconds of pretended work in `steps=10` reports, `fail`, `crash` (the process
ends), `crash=1` (only in run 1), `hang` (reports nothing and never ends), `deaf` (does not hear a cancel).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

import numpy as np

from bandstand.audio.clip import Clip
from bandstand.engines import Inputs, Made, Report
from bandstand.errors import Failed
from bandstand.specs import MusicSpec

RATE = 32000


class FakeEngine:
    name = "fake"
    slots = 8

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def make(self, spec: MusicSpec, inputs: Inputs, report: Report) -> Made:
        words = {
            name: value for name, _, value in (word.partition("=") for word in spec.prompt.split())
        }
        tone = _tone(spec.seed or 0, spec.seconds)
        await self._accidents(words, inputs.attempt)
        steps = int(words.get("steps", 4))
        for step in range(steps):
            await asyncio.sleep(float(words.get("work", 0.02)) / steps)
            first, last = (tone.samples.shape[1] * part // steps for part in (step, step + 1))
            report.audio(Clip(tone.samples[:, first:last], RATE))
            report.progress((step + 1) / steps)
        report.log(f"made a tone from seed {spec.seed}")
        return Made(clip=tone, about={"engine": "fake"})

    async def _accidents(self, words: dict[str, str], attempt: int) -> None:
        if "fail" in words:
            raise Failed("The fake engine was asked to fail.")
        if "crash" in words and words["crash"] in {"", str(attempt)}:
            os._exit(3)
        if "hang" in words:
            await asyncio.Event().wait()
        if "deaf" in words:
            until = time.monotonic() + float(words.get("work", 60))
            while time.monotonic() < until:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.05)


def _tone(seed: int, seconds: float) -> Clip:
    """A sine whose pitch comes from the seed, with a soft start and end."""
    count = round(seconds * RATE)
    times = np.arange(count) / RATE
    tone = 0.3 * np.sin(2 * np.pi * (220 + seed % 440) * times)
    fade = np.minimum(1.0, np.minimum(times, times[::-1]) / 0.02)
    return Clip((tone * fade)[np.newaxis].astype(np.float32), RATE)


def open_engine() -> FakeEngine:
    return FakeEngine()
