"""The built-in composer as an engine: one thread a job, heard bar by bar."""

from __future__ import annotations

import asyncio
import json
import os

import numpy as np

from bandstand.audio.clip import Clip, Samples
from bandstand.composer.piece import Piece, Stretch, compose, warm_up
from bandstand.engines import Equipment, Extra, Inputs, Made, Report
from bandstand.specs import MusicSpec

RATE = 44100
SHOWN = ("title", "style", "bpm", "key", "metre", "understood", "ignored", "conflicts")


class ComposerEngine:
    name = "composer"

    def __init__(self) -> None:
        self.slots = max(1, os.cpu_count() or 1)

    async def start(self) -> None:
        await asyncio.to_thread(warm_up)

    async def stop(self) -> None:
        pass

    async def make(self, spec: MusicSpec, inputs: Inputs, report: Report) -> Made:
        del inputs
        rate = 32000 if spec.sample_rate == 32000 else RATE
        piece = await asyncio.to_thread(
            compose, spec.prompt, seconds=spec.seconds, seed=spec.seed or 0, rate=rate
        )
        plan = piece.describe()
        about = {name: plan[name] for name in SHOWN}
        report.log(", ".join(f"{name}: {about[name]}" for name in ("style", "bpm", "key", "metre")))
        clip = await _played(piece, round(spec.seconds * rate), report)
        return Made(clip=clip, extras=_extras(piece), about=about)


async def _played(piece: Piece, length: int, report: Report) -> Clip:
    """The whole piece; between two bars a cancel is heard, and the work stops."""
    samples: Samples = np.zeros((2, length), np.float32)
    position = 0
    stretches = piece.play()

    def next_stretch() -> Stretch | None:
        return next(stretches, None)

    while (stretch := await asyncio.to_thread(next_stretch)) is not None:
        end = position + stretch.clip.samples.shape[1]
        samples[:, position:end] = stretch.clip.samples
        position = end
        report.audio(stretch.clip)
        report.progress(stretch.fraction)
    assert position == length, f"the composer played {position} of {length} samples"
    return Clip(samples, piece.rate)


def _extras(piece: Piece) -> tuple[Extra, ...]:
    plan = json.dumps(piece.describe(), indent=2, ensure_ascii=False).encode()
    return (
        Extra(name="score.mid", kind="midi", media_type="audio/midi", content=piece.midi()),
        Extra(name="plan.json", kind="plan", media_type="application/json", content=plan),
    )


def open_engine(equipment: Equipment) -> ComposerEngine:
    del equipment
    return ComposerEngine()
