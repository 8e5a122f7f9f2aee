"""Every law of Blobs, on a folder and on a real S3 server; then what is special about each."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from services import ObjectStore, object_store

from bandstand.blobs import Blobs, open_blobs
from bandstand.errors import Misconfigured, NotFound, Unavailable

SOUND = bytes(range(256)) * 20
NO_KEYS = [
    "",
    "/etc/passwd",
    "../outside",
    "jobs/../../outside",
    "jobs/./x",
    "jobs//x",
    "jobs/x/",
    "jobs/.hidden",
    "jobs\\x",
    "jobs/x\0.wav",
    "jobs/x\n",
    "jobs/%2e%2e/x",
    "jobs/x#1",
    "jobs/ü",
    "jobs/x∕y",
    "jobs/" + "x" * 129,
    "/".join("abcdefghi"),
]


@pytest.fixture(scope="module")
def server() -> Generator[ObjectStore]:
    with object_store() as running:
        running.make_bucket("results")
        yield running


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        return open_blobs(str(tmp_path / "store"))
    server: ObjectStore = request.getfixturevalue("server")
    return open_blobs(server.url("results", tmp_path.name))


async def read(blobs: Blobs, key: str, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in blobs.stream(key, start, end)])


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def test_what_was_put_is_got(blobs: Blobs):
    stored = await blobs.put("jobs/a/0.wav", SOUND)

    assert await blobs.get("jobs/a/0.wav") == SOUND
    assert await blobs.size("jobs/a/0.wav") == stored.size == len(SOUND)
    assert stored.sha256 == hashlib.sha256(SOUND).hexdigest()


async def test_empty_file_is_kept_too(blobs: Blobs):
    await blobs.put("jobs/a/empty", b"")

    assert await blobs.get("jobs/a/empty") == b""


async def test_big_file_is_put_in_parts_and_streamed_in_pieces(blobs: Blobs, tmp_path: Path):
    content = os.urandom(1 << 16) * 300
    source = tmp_path / "source.wav"
    source.write_bytes(content)

    stored = await blobs.put("jobs/a/0.wav", source)
    pieces = [piece async for piece in blobs.stream("jobs/a/0.wav", 0, stored.size)]

    assert b"".join(pieces) == content
    assert len(pieces) > 1
    assert stored.size == len(content)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(("start", "end"), [(0, 1), (1, 100), (5119, 5120), (0, 5120), (7, 7)])
async def test_stretch_is_the_bytes_from_start_up_to_end(blobs: Blobs, start: int, end: int):
    await blobs.put("jobs/a/0.wav", SOUND)

    assert await read(blobs, "jobs/a/0.wav", start, end) == SOUND[start:end]


async def test_putting_again_replaces(blobs: Blobs):
    await blobs.put("jobs/a/0.wav", b"first")
    await blobs.put("jobs/a/0.wav", b"second")

    assert await blobs.get("jobs/a/0.wav") == b"second"


async def test_missing_key_is_not_found(blobs: Blobs):
    await blobs.put("jobs/a/0.wav", SOUND)

    for ask in (blobs.get("jobs/a/1.wav"), blobs.size("jobs/a"), read(blobs, "jobs/b", 0, 1)):
        with pytest.raises(NotFound):
            await ask


async def test_list_names_what_is_in_the_folder_and_below(blobs: Blobs):
    for key in ("jobs/a/1.wav", "jobs/a/0.wav", "jobs/a/stems/0.wav", "jobs/ab/0.wav"):
        await blobs.put(key, SOUND)

    assert await blobs.list("jobs/a") == ["jobs/a/0.wav", "jobs/a/1.wav", "jobs/a/stems/0.wav"]
    assert await blobs.list("jobs/none") == []


async def test_deleted_folder_is_gone_and_its_neighbour_is_not(blobs: Blobs):
    for key in ("jobs/a/0.wav", "jobs/a/stems/0.wav", "jobs/ab/0.wav"):
        await blobs.put(key, SOUND)

    await blobs.delete_prefix("jobs/a")
    await blobs.delete_prefix("jobs/a")

    assert await blobs.list("jobs") == ["jobs/ab/0.wav"]


@pytest.mark.parametrize("key", NO_KEYS)
async def test_what_is_no_key_of_ours_opens_nothing(blobs: Blobs, key: str):
    with pytest.raises(ValueError, match="not a key"):
        await blobs.put(key, SOUND)
    for ask in (blobs.get, blobs.size, blobs.list, blobs.delete_prefix):
        with pytest.raises(NotFound):
            await ask(key)
    with pytest.raises(NotFound):
        await read(blobs, key, 0, 1)


async def test_link_out_of_the_folder_is_not_followed(tmp_path: Path):
    secret = tmp_path / "outside" / "secret"
    secret.parent.mkdir()
    secret.write_bytes(b"secret")
    blobs = open_blobs(f"file://{tmp_path}/store")
    (tmp_path / "store" / "jobs").symlink_to(secret.parent)

    for ask in (blobs.get, blobs.size):
        with pytest.raises(NotFound):
            await ask("jobs/secret")
    with pytest.raises(ValueError, match="not a key"):
        await blobs.put("jobs/secret", SOUND)
    with pytest.raises(NotFound):
        await blobs.delete_prefix("jobs")
    assert secret.read_bytes() == b"secret"


async def test_full_disk_is_told_and_leaves_nothing_behind(tmp_path: Path):
    blobs = open_blobs(str(tmp_path / "store"))
    await blobs.put("jobs/a/0.wav", SOUND)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, usual[1]))
    try:
        with pytest.raises(Unavailable):
            await blobs.put("jobs/a/1.wav", bytes(1_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)

    assert files_in(tmp_path) == ["0.wav"]
    assert await blobs.get("jobs/a/0.wav") == SOUND


async def test_stopped_server_is_told_soon_and_missed_no_longer_once_back():
    with object_store() as server:
        server.make_bucket("results")
        blobs = open_blobs(server.url("results"))
        server.stop()

        began = time.monotonic()
        with pytest.raises(Unavailable):
            await blobs.get("jobs/a/0.wav")
        seconds = time.monotonic() - began
        with pytest.raises(Unavailable):
            await blobs.put("jobs/a/0.wav", SOUND)

        server.start()
        server.make_bucket("results")
        await blobs.put("jobs/a/0.wav", SOUND)

        assert seconds < 20, "the library itself would try for three minutes"
        assert await blobs.get("jobs/a/0.wav") == SOUND


async def test_bucket_that_is_not_there_is_ours_to_mend(server: ObjectStore):
    with pytest.raises(Unavailable):
        await open_blobs(server.url("nowhere")).put("jobs/a/0.wav", SOUND)


async def test_keys_and_endpoint_may_come_from_the_environment(
    server: ObjectStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    blobs = open_blobs("s3://results/environment")

    await blobs.put("jobs/a/0.wav", SOUND)

    assert await blobs.get("jobs/a/0.wav") == SOUND


async def test_prefix_parts_two_stores_in_one_bucket(server: ObjectStore):
    await open_blobs(server.url("results", "one")).put("jobs/a/0.wav", SOUND)

    with pytest.raises(NotFound):
        await open_blobs(server.url("results", "two")).get("jobs/a/0.wav")


@pytest.mark.parametrize(
    "url", ["", "http://host/folder", "s3://", "s3://bucket?colour=red", "file://host/folder"]
)
def test_url_of_another_kind_is_refused(url: str):
    with pytest.raises(Misconfigured):
        open_blobs(url)


def test_folder_that_cannot_be_made_is_a_wrong_setting(tmp_path: Path):
    (tmp_path / "file").touch()

    with pytest.raises(Misconfigured):
        open_blobs(str(tmp_path / "file" / "store"))


def test_process_that_ends_right_after_a_put_ends_well(tmp_path: Path):
    script = (
        "import asyncio, sys; from bandstand.blobs import open_blobs; "
        "asyncio.run(open_blobs(sys.argv[1]).put('jobs/a/0.wav', bytes(3_000_000)))"
    )

    for _ in range(3):
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
