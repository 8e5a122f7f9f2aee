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
from bandstand.specs import MusicSpec, Section


class Heard:
    """A report that keeps what it is told."""

    def __init__(self) -> None:
        self.fractions: list[float] = []
        self.lines: list[str] = []
        self.stretches: list[Clip] = []
        self.progress = self.fractions.append
        self.log = self.lines.append
        self.audio = self.stretches.append


async def play(
    prompt: str = "work=0", heard: Heard | None = None, *, given: Clip | None = None, **more: Any
) -> Made:
    spec = MusicSpec(prompt=prompt, **{"seconds": 1.0, "seed": 7, **more})
    return await FakeEngine().make(spec, Inputs(continues=given), heard or Heard())


async def test_the_tone_is_as_long_as_asked() -> None:
    assert (await play(seconds=1.5)).clip.samples.shape == (1, 48000)


async def test_the_same_seed_makes_the_same_tone() -> None:
    first, second = await play(), await play()

    assert np.array_equal(first.clip.samples, second.clip.samples)


async def test_another_seed_makes_another_tone() -> None:
    first, second = await play(), await play(seed=8)

    assert not np.array_equal(first.clip.samples, second.clip.samples)


async def test_each_section_sounds_a_semitone_above_the_one_before() -> None:
    parts = tuple(Section(start=start, prompt="") for start in (1.0, 2.0))
    sound = (await play(seconds=3.0, sections=parts)).clip.samples[0]

    pitches = [np.abs(np.fft.rfft(second)).argmax() for second in np.split(sound, 3)]
    assert pitches == pytest.approx([227, 227 * 2 ** (1 / 12), 227 * 2 ** (2 / 12)], abs=1)


async def test_sections_within_what_is_continued_are_over_when_the_tone_begins() -> None:
    parts = (Section(start=0.5, prompt=""),)
    given = Clip(np.zeros((1, 32000), np.float32), 32000)
    sound = (await play(given=given, seconds=2.0, sections=parts)).clip.samples[0]

    assert sound.shape == (64000,)
    assert np.abs(np.fft.rfft(sound[32000:])).argmax() == pytest.approx(227 * 2 ** (1 / 12), abs=1)


async def test_the_stretches_are_the_tone() -> None:
    heard = Heard()
    made = await play("work=0 steps=7", heard)

    together = np.concatenate([stretch.samples for stretch in heard.stretches], axis=1)
    assert np.array_equal(together, made.clip.samples)


async def test_work_takes_the_seconds_it_is_asked_to() -> None:
    began = asyncio.get_running_loop().time()
    await play("work=0.2")

    assert asyncio.get_running_loop().time() - began > 0.19


async def test_it_fails_when_it_is_asked_to() -> None:
    with pytest.raises(Failed):
        await play("fail")


async def test_it_hangs_when_it_is_asked_to() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(play("hang"), 0.1)
