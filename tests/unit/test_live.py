"""Hearing a piece while it is made: what comes out is one WAV, whatever came in between."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from bandstand.blobs import Blobs, open_blobs
from bandstand.jobs import Event, EventKind
from bandstand.live import listen

RATE = 100
PIECE = np.arange(2 * 5 * RATE, dtype="<i2").reshape(-1, 2)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return open_blobs(str(tmp_path / "blobs"))


async def told(blobs: Blobs, stretches: Sequence[tuple[int, int]]) -> AsyncIterator[Event]:
    """Events of stretches from one frame to another, each stored before it is told."""
    for number, (start, end) in enumerate(stretches, 1):
        key = f"jobs/a/live/{number}.pcm"
        await blobs.put(key, PIECE[start:end].tobytes())
        detail = {"start": start, "frames": end - start, "rate": RATE, "channels": 2, "key": key}
        yield Event(job="a", number=number, kind=EventKind.AUDIO, detail=detail, at=0.0)


async def heard(blobs: Blobs, events: AsyncIterator[Event], seconds: float = 5.0) -> bytes:
    return b"".join([piece async for piece in listen(blobs, events, seconds)])


def samples(content: bytes) -> Any:
    return soundfile.read(io.BytesIO(content), dtype="int16")[0]


async def test_stretches_become_one_file(blobs: Blobs):
    content = await heard(blobs, told(blobs, [(0, 100), (100, 130), (130, 500)]))

    assert np.array_equal(samples(content), PIECE)
    assert len(content) == 44 + PIECE.nbytes


async def test_first_stretch_is_given_before_the_second_is_made(blobs: Blobs):
    events = told(blobs, [(0, 100), (100, 500)])
    stream = listen(blobs, events, 5.0)

    header, first = await anext(stream), await anext(stream)

    assert header.startswith(b"RIFF")
    assert first == PIECE[:100].tobytes()
    assert await blobs.list("jobs/a/live") == ["jobs/a/live/1.pcm"]
    await stream.aclose()  # pyright: ignore[reportAttributeAccessIssue]
    await events.aclose()  # pyright: ignore[reportAttributeAccessIssue]


@settings(max_examples=40, deadline=None)  # each writes files
@given(
    first=st.lists(st.integers(1, 200), max_size=4),
    second=st.lists(st.integers(1, 200), min_size=1, max_size=8),
)
async def test_second_run_goes_on_where_the_first_was_cut_off(
    tmp_path_factory: pytest.TempPathFactory, first: list[int], second: list[int]
):
    blobs = open_blobs(str(tmp_path_factory.mktemp("blobs")))

    def stretches(lengths: list[int]) -> list[tuple[int, int]]:
        ends = np.minimum(np.cumsum(lengths), len(PIECE))
        return [(int(a), int(b)) for a, b in zip([0, *ends], ends, strict=False) if a < b]

    whole = stretches([*second, len(PIECE)])
    content = await heard(blobs, told(blobs, stretches(first) + whole))

    assert np.array_equal(samples(content), PIECE)


async def test_other_news_is_passed_over(blobs: Blobs):
    async def with_news() -> AsyncIterator[Event]:
        async for event in told(blobs, [(0, 500)]):
            yield Event(job="a", number=1, kind=EventKind.LOG, detail={"line": "x"}, at=0.0)
            yield event

    assert np.array_equal(samples(await heard(blobs, with_news())), PIECE)


async def test_listener_far_behind_gets_what_is_left(blobs: Blobs):
    async def with_holes() -> AsyncIterator[Event]:
        async for event in told(blobs, [(0, 100), (100, 500)]):
            if event.number == 2:
                await blobs.delete_prefix("jobs/a/live")
            yield event

    content = await heard(blobs, with_holes())

    assert content[44:] == PIECE[:100].tobytes()


async def test_job_without_sound_gives_nothing(blobs: Blobs):
    assert await heard(blobs, told(blobs, [])) == b""
