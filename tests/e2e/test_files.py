"""Results by signed link: every encoding, ranges, and links that open nothing."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Generator

import httpx2
import pytest
import soundfile
from patience import PATIENCE_SECONDS
from servers import Server, fetched, made


@pytest.fixture
def embedded(sqlite_server: Server) -> Generator[httpx2.Client]:
    """On SQLite only: no database has a part in files."""
    with sqlite_server.client() as opened:
        yield opened


@pytest.mark.parametrize("encoding", ["wav", "wav24", "wav32f", "flac", "mp3", "ogg"])
def test_every_encoding_is_delivered(embedded: httpx2.Client, encoding: str):
    [track] = made(embedded, encoding=encoding)["outputs"]

    answer = fetched(track["url"])
    sound, rate = soundfile.read(io.BytesIO(answer.content))
    assert answer.headers["content-type"] == track["media_type"]
    assert len(sound) == pytest.approx(rate, abs=2500 if encoding == "mp3" else 0)


@pytest.fixture
def track(embedded: httpx2.Client) -> tuple[str, bytes]:
    """The link to a finished track, and all its bytes."""
    url = made(embedded)["outputs"][0]["url"]
    return url, fetched(url).content


def test_ranges_of_a_file_are_answered(track: tuple[str, bytes]):
    url, whole = track
    size = len(whole)
    for asked, start, end in [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, size),
        (f"bytes={size - 1}-{size + 500}", size - 1, size),
        ("bytes=-10", size - 10, size),
    ]:
        answer = fetched(url, Range=asked)

        assert answer.status_code == 206, asked
        assert answer.content == whole[start:end]
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert answer.headers["content-length"] == str(end - start)


def test_range_outside_the_file_is_416_and_tells_the_size(track: tuple[str, bytes]):
    url, whole = track
    for asked in (f"bytes={len(whole)}-", "bytes=5-4", "bytes=-0"):
        answer = fetched(url, Range=asked)

        assert answer.status_code == 416, asked
        assert answer.headers["content-range"] == f"bytes */{len(whole)}"


def test_range_that_is_not_understood_gives_the_whole(track: tuple[str, bytes]):
    url, whole = track
    for asked in ("lines=1-2", "bytes=0-1,5-6", "bytes=-", "bytes=a-b", "bytes=" + "9" * 400 + "-"):
        answer = fetched(url, Range=asked)

        assert (answer.status_code, len(answer.content)) == (200, len(whole)), asked


def test_head_tells_what_get_would(track: tuple[str, bytes]):
    url, _ = track

    for headers in ({}, {"Range": "bytes=0-9"}):
        head = httpx2.head(url, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False)
        get = fetched(url, **headers)

        assert head.status_code == get.status_code
        assert head.content == b""
        for name in ("content-length", "content-type", "etag", "accept-ranges"):
            assert head.headers[name] == get.headers[name]


def test_file_is_served_so_that_a_browser_only_plays_it(track: tuple[str, bytes]):
    headers = fetched(track[0]).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"


def test_link_that_was_changed_opens_nothing(embedded: httpx2.Client, track: tuple[str, bytes]):
    url, _ = track
    other = made(embedded)["id"]
    job_id = re.search("/files/([a-z2-7]{26})/", url)[1]  # pyright: ignore[reportOptionalSubscript]
    expiry = re.search("exp=([0-9]+)", url)[1]  # pyright: ignore[reportOptionalSubscript]
    changed = [
        url.replace(job_id, other),
        url.replace("track.wav", "manifest.json"),
        url.replace("/track.wav", "/../track.wav"),
        url.replace("/track.wav", "/%2e%2e%2ftrack.wav"),
        url.replace(expiry, str(int(expiry) + 1)),
        url.replace(expiry, "0" + expiry),
        url[:-1],
        url + "A",
        url.partition("&")[0],
        url.partition("?")[0],
        url.replace("sig=", "sig=A"),
    ]

    for link in changed:
        answer = fetched(link)
        assert answer.status_code == 404, link
        assert answer.json()["error"]["type"] == "NotFound"


def test_link_opens_nothing_once_it_is_old(bandstand):
    with bandstand(link_seconds=0.1).client() as client:
        url = made(client)["outputs"][0]["url"]
        time.sleep(1.2)

        assert fetched(url).status_code == 404
