"""Hearing a piece while it is being made: one WAV, put together from stored stretches as they appear.

The stretches come before the final levelling, so they may differ a little in gain from the finished file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from bandstand.audio.riff import PCM, wave_header
from bandstand.blobs import Blobs
from bandstand.errors import NotFound
from bandstand.jobs import Event, EventKind

BYTES_PER_SAMPLE = 2


async def listen(
    blobs: Blobs, events: AsyncIterator[Event], seconds: float
) -> AsyncIterator[bytes]:
    """A WAV header, then 16-bit samples as soon as they exist.

    seconds  length of the whole, for the header; a run that fails or is canceled leaves the file shorter

    A second run of a job makes the same sound again; what was heard of the first is skipped.
    """
    heard = 0
    has_begun = False
    async for event in events:
        if event.kind is not EventKind.AUDIO:
            continue
        stretch = event.detail
        if not has_begun:
            rate, channels = stretch["rate"], stretch["channels"]
            length = round(seconds * rate)
            yield wave_header(PCM, 16, channels=channels, rate=rate, length=length, texts={})
            has_begun = True
        new = stretch["start"] + stretch["frames"] - heard
        if new <= 0:
            continue
        try:
            content = await blobs.get(stretch["key"])
        except NotFound:
            return  # cleared: the piece is finished and the listener far behind
        yield content[-new * stretch["channels"] * BYTES_PER_SAMPLE :]
        heard += new
