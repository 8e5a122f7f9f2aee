"""The built-in composer as an engine: one thread a job, heard bar by bar."""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bandstand.audio.clip import Clip, Samples
from bandstand.audio.stems import write_stems
from bandstand.composer.analyse.heard import listen
from bandstand.composer.given.continuation import Continuation, continue_from
from bandstand.composer.given.notes import read_notes
from bandstand.composer.given.sound import given_of, told
from bandstand.composer.piece import Piece, Stretch, compose, warm_up
from bandstand.composer.soundfonts.sampler import SoundSet
from bandstand.composer.soundfonts.search import find_soundset
from bandstand.composer.stems import stem_names
from bandstand.engines import Equipment, Extra, Inputs, Made, Report
from bandstand.engines.cover import cover_of
from bandstand.errors import Canceled
from bandstand.specs import Encoding, MusicSpec

RATE = 44100
RATES = range(32000, 48001)  # that a piece is made at when they are asked for; others are resampled
HEARD_SECONDS = 60.0  # of a tune, at least: tempo and key are surer for it
SHOWN = (
    "title",
    "style",
    "bpm",
    "key",
    "metre",
    "understood",
    "ignored",
    "conflicts",
    "heard",
    "continues",
    "soundfont",
)


class ComposerEngine:
    name = "composer"

    def __init__(self, soundfont: Path | None = None) -> None:
        self.slots = max(1, os.cpu_count() or 1)
        self._soundfont = soundfont
        self._sounds: SoundSet | None = None

    async def start(self) -> None:
        """raises  Misconfigured when the SoundFont that is wanted cannot be used"""
        self._sounds = await asyncio.to_thread(find_soundset, self._soundfont)
        await asyncio.to_thread(warm_up)

    async def stop(self) -> None:
        pass

    async def make(self, spec: MusicSpec, inputs: Inputs, report: Report) -> Made:
        """raises  Invalid for a score that cannot be read"""
        piece, heard = await asyncio.to_thread(written, spec, inputs, self._sounds)
        plan = {**piece.describe(), **heard, **_sounds_of(self._sounds)}
        about = {name: plan[name] for name in SHOWN if name in plan}
        report.log(", ".join(f"{name}: {about[name]}" for name in ("style", "bpm", "key", "metre")))
        clip = await _played(piece, round(spec.seconds * piece.rate), report)
        extras = (*_extras(piece, plan), await asyncio.to_thread(cover_of, clip, spec))
        if spec.stems is not None:
            extras = (*extras, await _stems(piece, spec.stems, report))
        return Made(
            clip=clip,
            extras=extras,
            about=about,
            is_levelled=isinstance(piece, Continuation),
        )


def written(
    spec: MusicSpec, inputs: Inputs, sounds: SoundSet | None = None
) -> tuple[Piece | Continuation, Mapping[str, Any]]:
    """The piece, and what was heard in the sound that it follows."""
    wanted = spec.sample_rate or RATE
    rate = wanted if wanted in RATES else RATE
    seconds, seed, variation = spec.seconds, spec.seed or 0, spec.variation
    if inputs.continues is not None:
        piece = continue_from(
            spec.prompt,
            inputs.continues,
            seconds=seconds,
            seed=seed,
            rate=rate,
            variation=variation,
            sounds=sounds,
        )
        return piece, {}
    given, heard = None, {}
    if inputs.melody is not None:
        hearing = listen(_beginning(inputs.melody, max(seconds, HEARD_SECONDS)))
        given, heard = given_of(hearing), {"heard": told(hearing)}
    if inputs.score is not None:
        given = read_notes(inputs.score)
    piece = compose(
        spec.prompt,
        seconds=seconds,
        seed=seed,
        rate=rate,
        variation=variation,
        given=given,
        sounds=sounds,
    )
    return piece, heard


def _beginning(clip: Clip, seconds: float) -> Clip:
    """As much of a tune as the piece has time for."""
    return Clip(np.ascontiguousarray(clip.samples[:, : round(seconds * clip.rate)]), clip.rate)


def _sounds_of(sounds: SoundSet | None) -> Mapping[str, Any]:
    """With which samples the seed gives this sound; nothing when all of it is our own."""
    return {"soundfont": sounds.about()} if sounds else {}


async def _played(piece: Piece | Continuation, length: int, report: Report) -> Clip:
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


def _extras(piece: Piece | Continuation, plan: Mapping[str, Any]) -> tuple[Extra, ...]:
    text = json.dumps(plan, indent=2, ensure_ascii=False).encode()
    return (
        Extra(name="score.mid", kind="midi", media_type="audio/midi", content=piece.midi()),
        Extra(name="plan.json", kind="plan", media_type="application/json", content=text),
    )


async def _stems(piece: Piece | Continuation, encoding: Encoding, report: Report) -> Extra:
    """The parts one by one; between two bars a cancel is heard here, too."""
    called_off = threading.Event()

    def blocks() -> Iterator[tuple[Samples, ...]]:
        for block in piece.stems():
            if called_off.is_set():
                raise Canceled
            report.progress(1.0)  # a silent engine is not left alone for long
            yield block

    folder = Path(tempfile.mkdtemp(prefix="bandstand-stems-"))
    names = stem_names(piece.score)
    writing = asyncio.create_task(
        asyncio.to_thread(write_stems, blocks(), names, piece.rate, encoding.value, folder)
    )
    try:
        zipped, factor = await asyncio.shield(writing)
    except BaseException:
        called_off.set()
        writing.add_done_callback(lambda _: shutil.rmtree(folder, ignore_errors=True))
        raise
    about = {"names": list(names), "gain": round(20.0 * math.log10(factor), 2)}
    return Extra(
        name="stems.zip",
        kind="stems",
        media_type="application/zip",
        content=zipped,
        about=about,
    )


def open_engine(equipment: Equipment) -> ComposerEngine:
    return ComposerEngine(equipment.soundfont)
