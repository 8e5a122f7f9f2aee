"""The engine around the room: which device and precision, what becomes of a cancel, what a wish becomes."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import tiny_folder

from bandstand.audio.clip import Clip
from bandstand.engines import Equipment, Inputs
from bandstand.engines.machine import choose_device
from bandstand.engines.musicgen import MusicGenEngine, choose_precision, piece_of
from bandstand.errors import Failed, Misconfigured, NotFound
from bandstand.musicgen.decoders import precisions_on
from bandstand.musicgen.memory import bytes_needed
from bandstand.musicgen.sizes import SIZES
from bandstand.specs import MusicSpec, Sampling, Section


class Reported:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.fractions: list[float] = []
        self.begun = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def progress(self, fraction: float) -> None:
        self.fractions.append(fraction)

    def log(self, line: str) -> None:
        self.lines.append(line)

    def audio(self, stretch: Clip) -> None:
        self._loop.call_soon_threadsafe(self.begun.set)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    shutil.copytree(tiny_folder("small"), tmp_path / "small")
    return tmp_path


def wish(**more: object) -> MusicSpec:
    return MusicSpec(**{"prompt": "lofi", "model": "small", "seconds": 1.0, "seed": 1, **more})  # type: ignore[arg-type]


async def test_piece_is_made_and_says_where() -> None:
    engine = MusicGenEngine(
        Equipment(models=Path(), precision="float32", elsewhere={"small": tiny_folder("small")})
    )
    report = Reported()

    made = await engine.make(wish(), Inputs(), report)
    await engine.stop()

    assert made.clip.samples.shape == (1, 32_000)
    assert made.about == {"device": "cpu", "precision": "float32"}
    assert report.lines == ["loading small on cpu in float32"]
    assert report.fractions[-1] == 1.0


async def test_model_without_weights_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="'small' has no weights here"):
        await MusicGenEngine(Equipment(models=tmp_path)).make(wish(), Inputs(), Reported())


async def test_model_that_is_too_large_for_its_memory_is_told(models: Path) -> None:
    engine = MusicGenEngine(Equipment(models=models, memory_gb=0.1))

    with pytest.raises(Failed, match="takes"):
        await engine.make(wish(), Inputs(), Reported())


async def test_canceled_piece_lets_go_at_once(models: Path) -> None:
    engine = MusicGenEngine(Equipment(models=models, tracks=1))
    report = Reported()
    making = asyncio.create_task(engine.make(wish(seconds=300.0), Inputs(), report))
    await report.begun.wait()

    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making

    assert (await engine.make(wish(), Inputs(), Reported())).clip.seconds == 1.0
    await engine.stop()


async def test_engine_that_stops_ends_what_is_under_way(models: Path) -> None:
    engine = MusicGenEngine(Equipment(models=models))
    await engine.start()
    report = Reported()
    making = asyncio.create_task(engine.make(wish(seconds=300.0), Inputs(), report))
    await report.begun.wait()

    making.cancel()
    await engine.stop()

    with pytest.raises(asyncio.CancelledError):
        await making


def test_wish_becomes_a_piece_in_the_rooms_own_words() -> None:
    clip = Clip(np.zeros((1, 8), np.float32), 8000)
    sampling = Sampling(temperature=0.5, top_k=3, top_p=0.2, guidance=-1.0)
    spec = wish(sampling=sampling, multiband=True, sections=(Section(start=0.5, prompt="drums"),))

    piece = piece_of(spec, Inputs(melody=clip, account="somebody"))

    assert (piece.text, piece.seconds, piece.seed, piece.multiband) == ("lofi", 1.0, 1, True)
    assert piece.melody is clip
    assert piece.owner == "somebody"
    assert piece.text_at(24) == "lofi"
    assert piece.text_at(25) == "drums"
    assert (piece.sampling.temperature, piece.sampling.top_k) == (0.5, 3)
    assert (piece.sampling.top_p, piece.sampling.guidance) == (0.2, -1.0)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_device_that_is_not_there_is_refused() -> None:
    assert choose_device("auto") in {"cpu", "mps"}
    with pytest.raises(Misconfigured, match="BANDSTAND_DEVICE: torch finds no cuda"):
        choose_device("cuda")


def test_precision_is_the_usual_one_unless_named() -> None:
    assert choose_precision("auto", "cpu") == precisions_on("cpu")[0]
    assert choose_precision("auto", "cuda") == "float16"
    assert choose_precision("int8", "cpu") == "int8"


def test_precision_that_the_device_has_not_is_refused() -> None:
    with pytest.raises(Misconfigured, match="int8 cannot be had on cuda; there are: float16"):
        choose_precision("int8", "cuda")


def test_memory_of_a_model_is_known_before_it_is_loaded() -> None:
    small = bytes_needed(SIZES["small"], precision="float32", slots=1)
    large = bytes_needed(SIZES["large"], precision="float16", slots=1)

    assert small == pytest.approx(3.5e9, rel=0.15)
    assert large == pytest.approx(8.9e9, rel=0.15)
    assert bytes_needed(SIZES["small"], precision="float32", slots=4) > small + 3 * 0.5e9
