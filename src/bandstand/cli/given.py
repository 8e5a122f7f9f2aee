"""Sound, notes and pictures that commands are given: files and addresses, decoded and cut as a server does it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bandstand.audio.apart import decode_apart
from bandstand.audio.clip import Clip
from bandstand.audio.kinds import Undecodable, check_notes
from bandstand.engines import Inputs
from bandstand.errors import Failed, Invalid
from bandstand.fetch import DOWNLOAD_BYTES_MAX, Fetcher
from bandstand.pictures import read_picture_apart
from bandstand.sources import SECONDS_MAX, cut
from bandstand.specs import MusicSpec, Source, Span

OPTIONS = {"melody": "melody", "continues": "continue"}


async def read_given(spec: MusicSpec, allowed_private_hosts: Sequence[str]) -> Inputs:
    """raises  Invalid for what cannot be read or is too long, Failed for an address that gives nothing"""
    fetcher = Fetcher(allowed_private_hosts, own_url="")
    clips = {name: await _read(name, span, fetcher) for name, span in spec.spans.items()}
    inputs = Inputs(
        melody=clips.get("melody"),
        continues=clips.get("continues"),
        score=spec.score and await _read_notes(spec.score, fetcher),
    )
    if inputs.continues is not None and inputs.continues.seconds >= spec.seconds:
        raise Invalid(
            "continue",
            f"lasts {inputs.continues.seconds:g} seconds; the piece, which begins with it, {spec.seconds:g}",
        )
    return inputs


async def _read(name: str, span: Span, fetcher: Fetcher) -> Clip:
    place, option = span.source.uri, OPTIONS[name]
    content = await _fetched(place, option, fetcher)
    try:
        return cut(await asyncio.to_thread(decode_apart, content, seconds_max=SECONDS_MAX), span)
    except (Undecodable, Failed) as error:
        raise Invalid(option, f"{place}: {error}") from None


async def _read_notes(source: Source, fetcher: Fetcher) -> bytes:
    content = await _fetched(source.uri, "score", fetcher)
    try:
        check_notes(content)
    except Undecodable as error:
        raise Invalid("score", f"{source.uri}: {error}") from None
    return content


async def read_picture(source: Source, allowed_private_hosts: Sequence[str]) -> bytes:
    """A plain PNG. raises  Invalid for what cannot be read, Failed for an address that gives nothing"""
    content = await _fetched(source.uri, "init", Fetcher(allowed_private_hosts, own_url=""))
    try:
        return await asyncio.to_thread(read_picture_apart, content)
    except Undecodable as error:
        raise Invalid("init", f"{source.uri}: {error}") from None


async def _fetched(place: str, option: str, fetcher: Fetcher) -> bytes:
    if place.startswith(("http://", "https://")):
        fetcher.check(option, place)
        return await fetcher.download(place)
    return _content(Path(place), option)


def _content(file: Path, option: str) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(DOWNLOAD_BYTES_MAX + 1)
    except OSError as error:
        raise Invalid(option, f"{file}: {error.strerror}") from None
    if len(content) > DOWNLOAD_BYTES_MAX:
        raise Invalid(option, f"{file}: it is larger than {DOWNLOAD_BYTES_MAX // 1_000_000} MB")
    return content
