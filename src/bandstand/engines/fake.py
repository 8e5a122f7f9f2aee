"""A tone instead of music and a colour instead of a picture, with delays and accidents on request. For tests and load, never a stand-in.

Given sound shows that it arrived: after a melody the tone has the pitch that is loudest in it, and what is to be continued comes
first. Each section sounds a semitone above the one before. The prompt's words steer the rest: `work=2` seconds of pretended work in
`steps=10` reports, `later=0.1` seconds of it in any run but the first, `fail`, `crash` (the process ends), `crash=1` (only in run 1),
`hang` (reports nothing and never ends), `deaf` (reports once and does not hear a cancel). A given picture is what comes out.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import time
import zlib
from itertools import pairwise

import numpy as np

from bandstand.audio.clip import Clip, Samples
from bandstand.audio.resample import resample, to_channels
from bandstand.engines import Drawn, Equipment, Extra, Inputs, Made, Report
from bandstand.errors import Failed
from bandstand.pictures import PNG
from bandstand.specs import ImageSpec, MusicSpec

RATE = 32000
JPEG_BEGINS = b"\xff\xd8\xff"


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
        tone = _piece(spec, inputs)
        await self._accidents(words, inputs.attempt, report)
        steps = int(words.get("steps", 4))
        work = float(words.get("work", 0.02))
        if inputs.attempt > 1:
            work = float(words.get("later", work))
        for step in range(steps):
            await asyncio.sleep(work / steps)
            first, last = (tone.samples.shape[1] * part // steps for part in (step, step + 1))
            report.audio(Clip(tone.samples[:, first:last], RATE))
            report.progress((step + 1) / steps)
        report.log(f"made a tone from seed {spec.seed}")
        return Made(clip=tone, about={"engine": "fake"})

    async def draw(self, spec: ImageSpec, inputs: Inputs, report: Report) -> Drawn:
        words = {
            name: value for name, _, value in (word.partition("=") for word in spec.prompt.split())
        }
        await self._accidents(words, inputs.attempt, report)
        steps = spec.steps or 1
        for step in range(steps):
            await asyncio.sleep(float(words.get("work", 0.02)) / steps)
            report.preview(JPEG_BEGINS + f"step {step + 1}".encode())
            report.progress((step + 1) / steps)
        seeds = [(spec.seed or 0) + index for index in range(spec.count)]
        return Drawn(
            pictures=tuple(
                Extra(
                    name=f"image-{number}.png",
                    kind="image",
                    media_type="image/png",
                    content=inputs.picture or _plain_png(spec.width or 8, spec.height or 8, seed),
                    about={"seed": seed, "width": spec.width, "height": spec.height},
                )
                for number, seed in enumerate(seeds, 1)
            ),
            about={"software": "fake"},
        )

    async def _accidents(self, words: dict[str, str], attempt: int, report: Report) -> None:
        if "fail" in words:
            raise Failed("The fake engine was asked to fail.")
        if "crash" in words and words["crash"] in {"", str(attempt)}:
            os._exit(3)
        if "hang" in words:
            await asyncio.Event().wait()
        if "deaf" in words:
            report.progress(0.01)
            until = time.monotonic() + float(words.get("work", 60))
            while time.monotonic() < until:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.05)


def _piece(spec: MusicSpec, inputs: Inputs) -> Clip:
    """Exactly as long as wanted, given sound included. raises Failed when that is longer than the piece."""
    pitch = 220.0 + (spec.seed or 0) % 440
    if inputs.melody is not None:
        pitch = _loudest_pitch(inputs.melody)
    count = round(spec.seconds * RATE)
    given = np.zeros((1, 0), np.float32)
    if inputs.continues is not None:
        given = resample(to_channels(inputs.continues, 1), RATE).samples
    if given.shape[1] > count:
        raise Failed("The given audio is longer than the piece that was asked for.")
    return Clip(np.concatenate([given, *_parts(spec, pitch, given.shape[1], count)], axis=1), RATE)


def _parts(spec: MusicSpec, pitch: float, first: int, last: int) -> list[Samples]:
    """A tone for each section from sample `first` on, each a semitone above the one before."""
    cuts = [max(first, round(section.start * RATE)) for section in spec.sections]
    bounds = pairwise([first, *cuts, last])
    return [_tone(pitch * 2 ** (n / 12), end - start) for n, (start, end) in enumerate(bounds)]


def _loudest_pitch(melody: Clip) -> float:
    """Hz, where the mean spectrum is strongest; windows of 2^14 samples, so within 2 Hz at 32 kHz."""
    size = 1 << 14
    mono = resample(to_channels(melody, 1), RATE).samples[0]
    padded = np.pad(mono, (0, -len(mono) % size)).reshape(-1, size)
    spectrum = np.abs(np.fft.rfft(padded * np.hanning(size))).mean(axis=0)
    audible = slice(round(40 * size / RATE), round(8000 * size / RATE))
    return (audible.start + int(spectrum[audible].argmax())) * RATE / size


def _plain_png(width: int, height: int, seed: int) -> bytes:
    """All of it of one colour, that of the seed."""
    rows = (b"\0" + (seed % 2**24).to_bytes(3) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return PNG + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _tone(pitch: float, count: int) -> Samples:
    """A sine with a soft start and end."""
    times = np.arange(count) / RATE
    tone = 0.3 * np.sin(2 * np.pi * pitch * times)
    fade = np.minimum(1.0, np.minimum(times, times[::-1]) / 0.02)
    return (tone * fade)[np.newaxis].astype(np.float32)


def open_engine(equipment: Equipment) -> FakeEngine:
    del equipment
    return FakeEngine()
