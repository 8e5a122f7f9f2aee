"""`bandstand.client` against a running server: the same calls as a program of somebody else's makes them.

The test tone stands in for every model, so that prompts can steer what happens.
"""

from __future__ import annotations

import asyncio
import io
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest
import soundfile
from patience import PATIENCE_SECONDS, once
from PIL import Image
from pydantic import BaseModel
from servers import KEY, Server, made

from bandstand import client as client_module
from bandstand.client import (
    ApiError,
    AsyncBandstand,
    Bandstand,
    Job,
    JobFailed,
    PictureWish,
    Wish,
)
from bandstand.dialects.native.images import ImageWish
from bandstand.dialects.native.wishes import Wish as Asked


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    running = Server(
        tmp_path_factory.mktemp("client"), {"engines": "fake,canvas", "stand_in": "other"}
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def line() -> Generator[httpx2.Client]:
    """Loopback needs neither proxies nor certificates."""
    with httpx2.Client(timeout=PATIENCE_SECONDS, trust_env=False, verify=False) as opened:
        yield opened


@pytest.fixture
def bandstand(server: Server, line: httpx2.Client) -> Bandstand:
    return Bandstand(server.url, KEY, http=line)


def heard(content: bytes) -> float:
    """Seconds of sound."""
    samples, rate = soundfile.read(io.BytesIO(content))
    return len(samples) / rate


def test_the_file_needs_nothing_else_of_the_package(tmp_path: Path) -> None:
    text = Path(client_module.__file__).read_text()
    (tmp_path / "copied.py").write_text(text)

    done = subprocess.run(
        [sys.executable, "-c", "import copied, sys; print('bandstand' in sys.modules)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "False\n"


@pytest.mark.parametrize(("typed", "asked"), [(Wish, Asked), (PictureWish, ImageWish)])
def test_every_wish_of_the_api_can_be_typed(typed: type, asked: type[BaseModel]) -> None:
    assert set(typed.__annotations__) == set(asked.model_fields) - {"prompt"}


def test_a_piece_is_made_and_kept(bandstand: Bandstand, tmp_path: Path) -> None:
    job = bandstand.make("a tone", model="fake", seconds=1, seed=7, encoding="flac")

    file = bandstand.download(job, tmp_path / "tone.flac")

    assert (job.status, job.seed, job.prompt) == ("succeeded", 7, "a tone")
    assert heard(file.read_bytes()) == 1.0
    assert [path.name for path in tmp_path.iterdir()] == ["tone.flac"]


def test_a_failed_piece_is_told_with_its_reason(bandstand: Bandstand) -> None:
    with pytest.raises(JobFailed, match="asked to fail"):
        bandstand.make("fail", model="fake", seconds=1)


def test_what_is_wrong_with_a_field_is_told(bandstand: Bandstand) -> None:
    with pytest.raises(ApiError) as refused:
        bandstand.create("a tone", model="fake", seconds=0)

    assert (refused.value.status, refused.value.kind) == (422, "Invalid")
    assert list(refused.value.fields) == ["seconds"]


def test_a_wrong_key_is_told(server: Server, line: httpx2.Client) -> None:
    with pytest.raises(ApiError) as refused:
        Bandstand(server.url, "bs_0_no", http=line).models()

    assert (refused.value.status, refused.value.kind) == (401, "Unauthenticated")


def test_events_tell_the_way_of_a_job_and_end_with_it(bandstand: Bandstand) -> None:
    job = bandstand.create("work=0.5", model="fake", seconds=1)

    events = list(bandstand.events(job.id))

    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert {"status", "progress"} <= {event.kind for event in events}
    assert events[-1].job is not None
    assert events[-1].job.status == "succeeded"


def test_events_go_on_behind_the_one_that_is_named(bandstand: Bandstand) -> None:
    job = bandstand.make("a tone", model="fake", seconds=1)
    events = list(bandstand.events(job.id))

    assert list(bandstand.events(job.id, after=events[0].number)) == events[1:]


def test_a_piece_is_heard_while_it_is_made(bandstand: Bandstand) -> None:
    job = bandstand.create("work=1", model="fake", seconds=2)

    first = next(bandstand.stream(job.id))

    assert first.startswith(b"RIFF")
    assert not bandstand.get(job.id).is_final
    assert bandstand.wait(job.id).status == "succeeded"


def test_a_canceled_job_is_final(bandstand: Bandstand) -> None:
    job = bandstand.create("work=30", model="fake", seconds=1)

    bandstand.cancel(job.id)

    assert bandstand.wait(job.id).status == "canceled"


def test_a_deleted_job_is_gone(bandstand: Bandstand) -> None:
    job = bandstand.make("a tone", model="fake", seconds=1)

    bandstand.delete(job.id)

    with pytest.raises(ApiError, match="no such") as refused:
        bandstand.get(job.id)
    assert refused.value.status == 404


def test_all_jobs_are_listed_over_the_ends_of_pages(bandstand: Bandstand) -> None:
    asked = [bandstand.create(f"tone {n}", model="fake", seconds=1).id for n in range(3)]

    listed = bandstand.jobs(size=1)

    assert [next(listed).id for _ in asked] == asked[::-1]


def test_an_uploaded_sound_is_gone_on_from(bandstand: Bandstand, tmp_path: Path) -> None:
    tune = bandstand.download(bandstand.make("a tone", model="fake", seconds=1), tmp_path / "t.wav")

    address = bandstand.upload(tune)
    longer = bandstand.make("more", model="fake", seconds=2, continues={"source": address})

    assert heard(bandstand.download(longer, tmp_path / "longer.wav").read_bytes()) == 2.0


def test_a_file_that_is_not_what_was_promised_is_not_kept(
    bandstand: Bandstand, tmp_path: Path
) -> None:
    output = bandstand.make("a tone", model="fake", seconds=1).output()
    wrong = type(output)(**{**vars(output), "sha256": "0" * 64})

    with pytest.raises(httpx2.ReadError, match="did not arrive"):
        bandstand.download(wrong, tmp_path / "tone.wav")

    assert list(tmp_path.iterdir()) == []


def test_pictures_are_drawn_and_kept(bandstand: Bandstand, tmp_path: Path) -> None:
    asked = bandstand.draw("a lake at dawn", width=64, height=128, count=2, format="jpeg")

    drawn = bandstand.wait(asked.id)

    assert (asked.kind, len(drawn.outputs)) == ("image", 2)
    with Image.open(bandstand.download(drawn.outputs[1], tmp_path / "lake.jpg")) as picture:
        assert (picture.format, picture.size) == ("JPEG", (64, 128))


def test_models_are_told(bandstand: Bandstand) -> None:
    assert {"composer", "small"} <= {model["name"] for model in bandstand.models()}


def test_breaking_off_calls_the_job_off(server: Server) -> None:
    program = f"""
from bandstand.client import Bandstand
print("ready", flush=True)
Bandstand({server.url!r}, {KEY!r}).make("broken off work=30", model="fake", seconds=1)
"""
    running = subprocess.Popen(
        [sys.executable, "-c", program],
        env={"no_proxy": "127.0.0.1", "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with server.client() as asker:
        job = once(lambda: _broken_off(asker), lambda found: found and found["status"] == "running")
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=PATIENCE_SECONDS)

        told = asker.get(f"/v1/jobs/{job['id']}").json()

    assert told["status"] == "canceled"


def _broken_off(asker: httpx2.Client) -> dict[str, object]:
    jobs = asker.get("/v1/jobs").json()["jobs"]
    return next((job for job in jobs if job["prompt"].startswith("broken off")), {})


def test_nobody_there_is_a_transport_error(
    line: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "PAUSE_SECONDS", 0.01)

    with pytest.raises(httpx2.TransportError):
        Bandstand("http://127.0.0.1:9", KEY, http=line).models()


def test_asyncio_makes_pieces_side_by_side(server: Server, tmp_path: Path) -> None:
    async def two() -> list[Path]:
        async with AsyncBandstand(server.url, KEY) as bandstand:
            jobs = await asyncio.gather(
                *(bandstand.make(f"tone {n}", model="fake", seconds=1, seed=n) for n in range(2))
            )
            return [await bandstand.download(job, tmp_path / f"{job.seed}.wav") for job in jobs]

    files = asyncio.run(two())

    assert [heard(file.read_bytes()) for file in files] == [1.0, 1.0]


def test_asyncio_hears_a_piece_while_it_is_made(server: Server) -> None:
    async def sound() -> tuple[Job, bytes]:
        async with AsyncBandstand(server.url, KEY) as bandstand:
            job = await bandstand.create("work=0.5", model="fake", seconds=1)
            return job, b"".join([piece async for piece in bandstand.stream(job.id)])

    job, content = asyncio.run(sound())

    assert not job.is_final
    assert content.startswith(b"RIFF")


def test_a_newer_server_may_say_more(server: Server) -> None:
    with server.client() as asker:
        body = made(asker)

    assert client_module._to_job({**body, "mood": "calm"}).id == body["id"]
