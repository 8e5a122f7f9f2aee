"""Given sound, read for a job: from the network, from inside the request, from files of ours; each only by whom it belongs to."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from orders import job_for, new_account
from receiver import Receiver

from bandstand.blobs import Blobs, open_blobs
from bandstand.errors import Failed
from bandstand.fetch import Fetcher
from bandstand.jobs import Artifact, Job, Status, new_id
from bandstand.sources import Sources
from bandstand.specs import KEPT, Source, Span
from bandstand.store import files, jobs
from bandstand.store.database import Database
from bandstand.store.files import File

OWN = "http://bandstand.test"
NOT_THERE = "not there"


def tune(seconds: float = 1.0, rate: int = 8000) -> bytes:
    file = io.BytesIO()
    samples = np.linspace(-0.5, 0.5, round(seconds * rate))
    soundfile.write(file, samples, rate, format="WAV", subtype="FLOAT")
    return file.getvalue()


class House:
    """A database, a folder of blobs and what reads from them."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.blobs: Blobs = open_blobs(str(folder / "blobs"))
        fetcher = Fetcher(["127.0.0.1"], OWN)
        self.sources = Sources(database, self.blobs, fetcher, OWN)
        self.account = new_account(database, "ada")

    def job(self, uri: str, account: str | None = None) -> Job:
        """One that follows a melody from there."""
        return self.job_with(account, melody=Span(source=Source(uri=uri)))

    def job_with(self, account: str | None = None, **spans: Span) -> Job:
        job = job_for(account or self.account)
        return dataclasses.replace(job, spec=dataclasses.replace(job.spec, **spans))

    async def upload(self, content: bytes, *, account: str | None = None) -> str:
        now = time.time()
        file = File(
            id=new_id(),
            account=account or self.account,
            name="tune.wav",
            media_type="audio/wav",
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            about={},
            created_at=now,
            expires_at=now + 60,
        )
        await self.blobs.put(file.key, content)
        await self.database.write(files.insert, file)
        return f"{OWN}/v1/files/{file.id}"

    async def result(self, content: bytes) -> str:
        job = job_for(self.account)
        key = f"jobs/{job.id}/track.wav"
        await self.blobs.put(key, content)
        artifact = Artifact(
            name="track.wav",
            kind="audio",
            media_type="audio/wav",
            key=key,
            bytes=len(content),
            sha256="",
            about={},
        )
        await self.database.write(jobs.insert, job)
        await self.database.write(jobs.begin_attempt, job.id)
        await self.database.write(jobs.finish, job.id, Status.SUCCEEDED, outputs=[artifact])
        return f"{OWN}/files/{job.id}/track.wav?exp=1&sig=x"

    async def refusal(self, job: Job) -> str:
        with pytest.raises(Failed) as caught:
            await self.sources.inputs(job)
        return caught.value.message


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


async def test_melody_comes_from_an_address(house: House):
    with Receiver(content=tune()) as site:
        inputs = await house.sources.inputs(house.job(site.url))

    assert inputs.melody is not None
    assert inputs.melody.samples.shape == (1, 8000)
    assert inputs.continues is None


@pytest.mark.parametrize("tail", ["", "/download"])
async def test_melody_comes_from_an_uploaded_file(house: House, tail: str):
    uri = await house.upload(tune()) + tail

    assert (await house.sources.inputs(house.job(uri))).melody is not None


async def test_melody_comes_from_a_result(house: House):
    uri = await house.result(tune())

    assert (await house.sources.inputs(house.job(uri))).melody is not None


async def test_melody_comes_from_beside_the_results(house: House):
    job = house.job(f"{KEPT}given-melody")
    await house.blobs.put(f"jobs/{job.id}/given-melody", tune())

    assert (await house.sources.inputs(job)).melody is not None


async def test_files_and_results_of_somebody_else_are_not_there(house: House):
    stranger = new_account(house.database, "eve")

    for uri in (await house.upload(tune()), await house.result(tune())):
        assert NOT_THERE in await house.refusal(house.job(uri, stranger))


@pytest.mark.parametrize(
    "path",
    [
        "/v1/files/../../etc/passwd",
        "/v1/files/%2e%2e%2f",
        "/files/" + "a" * 26 + "/../../x",
        "/files/" + "a" * 26 + "/track.wav",
        "/v1/files/" + "A" * 26,
        "/",
    ],
)
async def test_other_paths_of_ours_are_not_there(house: House, path: str):
    assert NOT_THERE in await house.refusal(house.job(OWN + path))


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a/../../b", "", "/etc/passwd", "x\0y"])
async def test_name_beside_the_results_leads_nowhere_else(house: House, name: str):
    assert NOT_THERE in await house.refusal(house.job(KEPT + name))


async def test_host_that_begins_like_ours_is_somebody_else(house: House):
    assert "fetched" in await house.refusal(house.job(f"{OWN}.evil.test/v1/files/x"))


async def test_own_file_that_is_too_large_is_not_loaded(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bandstand.sources.DOWNLOAD_BYTES_MAX", 1000)
    uri = await house.upload(tune())

    assert "larger than" in await house.refusal(house.job(uri))


async def test_sound_beyond_two_minutes_is_refused(house: House):
    uri = await house.upload(tune(seconds=120.5))

    assert "longer than 120 seconds" in await house.refusal(house.job(uri))


@pytest.mark.parametrize("field", ["melody", "continues"])
@pytest.mark.parametrize(
    ("start", "end", "frames"),
    [(0.0, None, 8000), (0.25, 0.75, 4000), (0.5, 9.0, 4000), (0.5, None, 4000)],
)
async def test_stretch_of_the_given_sound_is_cut_out(
    house: House, field: str, start: float, end: float | None, frames: int
):
    span = Span(source=Source(uri=await house.upload(tune())), start=start, end=end)

    inputs = await house.sources.inputs(house.job_with(**{field: span}))

    stretch = getattr(inputs, field)
    assert stretch.samples.shape == (1, frames)
    whole = np.linspace(-0.5, 0.5, 8000, dtype=np.float32)
    first = round(start * 8000)
    np.testing.assert_allclose(stretch.samples[0], whole[first : first + frames])


@pytest.mark.parametrize("field", ["melody", "continues"])
@pytest.mark.parametrize(("start", "end"), [(1.0, None), (0.5, 0.5), (0.5, 0.25), (0.0, 0.0)])
async def test_stretch_with_nothing_in_it_is_refused(
    house: House, field: str, start: float, end: float | None
):
    span = Span(source=Source(uri=await house.upload(tune())), start=start, end=end)

    assert "empty" in await house.refusal(house.job_with(**{field: span}))


async def test_engine_is_told_whose_job_it_is(house: House):
    inputs = await house.sources.inputs(job_for(house.account))

    assert inputs.account == house.account
