"""The engine of tests and load keeps its own promises."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from bandstand.audio.clip import Clip
from bandstand.engines import Inputs, Made
from bandstand.engines.fake import FakeEngine
from bandstand.errors import Failed
from bandstand.specs import MusicSpec


class Heard:
    """A report that keeps what it is told."""

    def __init__(self) -> None:
        self.fractions: list[float] = []
        self.lines: list[str] = []
        self.stretches: list[Clip] = []
        self.progress = self.fractions.append
        self.log = self.lines.append
        self.audio = self.stretches.append


async def play(prompt: str = "work=0", heard: Heard | None = None, **more: Any) -> Made:
    spec = MusicSpec(prompt=prompt, **{"seconds": 1.0, "seed": 7, **more})
    return await FakeEngine().make(spec, Inputs(), heard or Heard())


async def test_the_tone_is_as_long_as_asked() -> None:
    assert (await play(seconds=1.5)).clip.samples.shape == (1, 48000)


async def test_the_same_seed_makes_the_same_tone() -> None:
    first, second = await play(), await play()

    assert np.array_equal(first.clip.samples, second.clip.samples)


async def test_another_seed_makes_another_tone() -> None:
    first, second = await play(), await play(seed=8)

    assert not np.array_equal(first.clip.samples, second.clip.samples)


async def test_the_stretches_are_the_tone() -> None:
    heard = Heard()
    made = await play("work=0 steps=7", heard)

    together = np.concatenate([stretch.samples for stretch in heard.stretches], axis=1)
    assert np.array_equal(together, made.clip.samples)


async def test_work_takes_the_seconds_it_is_asked_to() -> None:
    began = asyncio.get_running_loop().time()
    await play("work=0.2")

    assert asyncio.get_running_loop().time() - began == pytest.approx(0.2, abs=0.1)


async def test_it_fails_when_it_is_asked_to() -> None:
    with pytest.raises(Failed):
        await play("fail")


async def test_it_hangs_when_it_is_asked_to() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(play("hang"), 0.1)
