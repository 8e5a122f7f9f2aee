"""From where a stranger's sound or picture lies to a clip or a plain PNG: own files without the network, the rest through the guarded way out.

The bytes are decoded in a process of their own with little memory and time (`audio/apart.py`): a decoder is the last thing to
trust with them. An own file counts as its owner's only: the address of somebody else's is like one of a file that is not there.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re

from bandstand.audio.apart import decode_apart
from bandstand.audio.clip import Clip
from bandstand.audio.kinds import Undecodable, check_notes
from bandstand.blobs import Blobs
from bandstand.engines import Inputs
from bandstand.errors import Failed, NotFound
from bandstand.fetch import DOWNLOAD_BYTES_MAX, Fetcher
from bandstand.jobs import Job
from bandstand.pictures import read_picture_apart
from bandstand.specs import KEPT, ImageSpec, MusicSpec, Source, Span
from bandstand.store import files, jobs
from bandstand.store.database import Database

SECONDS_MAX = 120.0
DECODED_AT_ONCE = 2
OWN_FILE = re.compile(r"/v1/files/([a-z0-9]{26})(/download)?")
OWN_RESULT = re.compile(r"/files/([a-z0-9]{26})/([A-Za-z0-9._-]{1,80})")
TOO_LONG = "Prompt is longer than audio to generate"  # as MusicGen says it
NOT_FOUND = "The given file is one of this server that is not there."


class Sources:
    """Reads what a job was given."""

    def __init__(self, database: Database, blobs: Blobs, fetcher: Fetcher, own_url: str) -> None:
        self._database = database
        self._blobs = blobs
        self._fetcher = fetcher
        self._own_url = own_url
        self._decoding = asyncio.Semaphore(DECODED_AT_ONCE)

    async def inputs(self, job: Job) -> Inputs:
        """What the engine gets.

        raises  Failed with a text for the client
        """
        if isinstance(job.spec, ImageSpec):
            inputs = Inputs(picture=job.spec.init and await self._picture(job, job.spec.init))
        else:
            inputs = await self._sounds(job, job.spec)
        return dataclasses.replace(inputs, account=job.account, attempt=job.attempts)

    async def _sounds(self, job: Job, spec: MusicSpec) -> Inputs:
        inputs = Inputs(
            melody=spec.melody and await self._stretch(job, spec.melody),
            continues=spec.continues and await self._stretch(job, spec.continues),
            score=spec.score and await self._notes(job, spec.score),
        )
        if inputs.continues is not None and inputs.continues.seconds >= spec.seconds:
            raise Failed(TOO_LONG)
        return inputs

    async def _picture(self, job: Job, source: Source) -> bytes:
        content = await self._content(job, source.uri)
        async with self._decoding:
            try:
                return await asyncio.to_thread(read_picture_apart, content)
            except Undecodable as error:
                raise Failed(f"The given picture cannot be read: {error}.") from None

    async def _stretch(self, job: Job, span: Span) -> Clip:
        return cut(await self._clip(job, span.source), span)

    async def _notes(self, job: Job, source: Source) -> bytes:
        content = await self._content(job, source.uri)
        try:
            check_notes(content)
        except Undecodable as error:
            raise Failed(f"The given score cannot be read: {error}.") from None
        return content

    async def _clip(self, job: Job, source: Source) -> Clip:
        content = await self._content(job, source.uri)
        async with self._decoding:
            try:
                return await asyncio.to_thread(decode_apart, content, seconds_max=SECONDS_MAX)
            except Undecodable as error:
                raise Failed(f"The given audio cannot be read: {error}.") from None

    async def _content(self, job: Job, uri: str) -> bytes:
        if uri.startswith(KEPT):
            return await self._own(f"jobs/{job.id}/{uri.removeprefix(KEPT)}")
        if uri.startswith(f"{self._own_url}/"):
            path = uri.removeprefix(self._own_url).partition("?")[0]
            return await self._own(await self._own_key(job, path))
        return await self._fetcher.download(uri)

    async def _own(self, key: str) -> bytes:
        try:
            if await self._blobs.size(key) > DOWNLOAD_BYTES_MAX:
                raise Failed(f"The given file is larger than {DOWNLOAD_BYTES_MAX // 1_000_000} MB.")
            return await self._blobs.get(key)
        except NotFound:
            raise Failed(NOT_FOUND) from None

    async def _own_key(self, job: Job, path: str) -> str:
        """The key of one of our own files, if it is the asker's own."""
        if found := OWN_FILE.fullmatch(path):
            file = await self._database.read(files.find, found[1])
            if file is not None and file.account == job.account:
                return file.key
        if found := OWN_RESULT.fullmatch(path):
            other = await self._database.read(jobs.find, found[1])
            if other is not None and other.account == job.account:
                for artifact in other.outputs:
                    if artifact.name == found[2]:
                        return artifact.key
        raise Failed(NOT_FOUND)


def cut(clip: Clip, span: Span) -> Clip:
    """The stretch of the clip that the span names. raises Failed when there is nothing in it."""
    start, end = (clip.seconds if time is None else time for time in (span.start, span.end))
    first, last = (round(min(time, clip.seconds) * clip.rate) for time in (start, end))
    stretch = clip.samples[:, first:last]
    if stretch.shape[1] == 0:
        raise Failed(
            "The stretch of the given audio is empty: it ends before it starts, or the audio does."
        )
    return Clip(stretch, clip.rate)
