"""Sound that clients give, from every place it can come from, and what strangers try with it. Through the native API and the
engine `fake`, which shows what arrived: a melody by its pitch, a beginning as it was.
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
import socket
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import soundfile
from hostile import DAMAGED, NOT_SOUND, UNWANTED, silence, wave
from receiver import Receiver
from servers import Server, finished

PITCH = 660.0
GROWTH_BYTES_MAX = 100_000_000
PRIVATE_HOSTS = [
    "127.0.0.1",
    "[::1]",
    "2130706433",
    "0x7f.1",
    "127.1",
    "0",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fec0::1]",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    "metadata.google.internal",
    "localhost.",
    "localhost",
]
BAD_ADDRESSES = [
    "https://user:pw@example.com/a.wav",
    "http://example.com:22/",
    "file:///etc/passwd",
    "ftp://example.com/a.wav",
    "gopher://127.0.0.1:25/",
    "kept:given-melody",
    "kept:../../secrets",
    "/etc/passwd",
    "",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """It may fetch from this machine."""
    settings = {"engines": "fake", "allowed_private_hosts": "127.0.0.1", "jobs_max_account": 1000}
    running = Server(tmp_path_factory.mktemp("given"), settings)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> Generator[httpx2.Client]:
    with server.client() as ours:
        yield ours


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Generator[httpx2.Client]:
    """A server that may reach public addresses only, as every server does unless told otherwise."""
    running = Server(tmp_path_factory.mktemp("closed"), {"engines": "fake"})
    running.start()
    with running.client() as ours:
        yield ours
    running.stop()


def tone(pitch: float = PITCH, seconds: float = 1.0, rate: int = 32000) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)


def packed(
    samples: np.ndarray, rate: int = 32000, kind: str = "WAV", subtype: str | None = None
) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def data_uri(content: bytes, media_type: str = "audio/wav") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def ask(client: httpx2.Client, **fields: Any) -> httpx2.Response:
    wish = {"prompt": "rain", "model": "fake", "seconds": 1.5, "loudness": "peak", **fields}
    return client.post("/v1/jobs", json=wish)


def made(client: httpx2.Client, **fields: Any) -> dict[str, Any]:
    answer = ask(client, **fields)
    assert answer.status_code == 201, answer.text
    return finished(client, answer.json()["id"])


def heard(client: httpx2.Client, job: dict[str, Any]) -> tuple[np.ndarray, int]:
    assert job["status"] == "succeeded", job["error"]
    content = client.get(job["outputs"][0]["url"]).content
    return soundfile.read(io.BytesIO(content))


def pitch_of(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax()) * rate / len(samples)


def refusal(client: httpx2.Client, **fields: Any) -> str:
    """Why it was not made: at once under 422, or as the reason of a failed job."""
    answer = ask(client, **fields)
    if answer.status_code == 201:
        job = finished(client, answer.json()["id"])
        assert job["status"] == "failed"
        return job["error"]
    assert answer.status_code == 422, answer.text
    return answer.json()["error"]["message"]


def memory(server: Server) -> int:
    assert server.running is not None
    pages = Path(f"/proc/{server.running.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("WAV", "PCM_16"),
        ("WAV", "FLOAT"),
        ("FLAC", None),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", None),
    ],
)
def test_melody_of_each_kind_of_file_is_followed(client, kind: str, subtype: str | None):
    rate = 48000 if subtype == "OPUS" else 32000
    content = packed(tone(rate=rate), rate, kind, subtype)

    samples, found_rate = heard(client, made(client, melody=data_uri(content), sample_rate=44100))

    assert (len(samples), found_rate) == (66150, 44100)
    assert pitch_of(samples, found_rate) == pytest.approx(PITCH, abs=2)


def test_melody_is_fetched_from_an_address(client):
    with Receiver(content=packed(tone())) as site:
        job = made(client, melody=site.url)

        assert pitch_of(*heard(client, job)) == pytest.approx(PITCH, abs=2)
        assert len(site.messages) == 1
        assert not {"authorization", "cookie"} & site.messages[0].headers.keys()


def test_melody_is_a_result_of_this_server(client):
    first = made(client, melody=data_uri(packed(tone())))

    job = made(client, melody=first["outputs"][0]["url"])

    assert pitch_of(*heard(client, job)) == pytest.approx(PITCH, abs=2)


def test_melody_is_an_uploaded_file(client):
    files = {"content": ("tune.wav", packed(tone()), "audio/wav")}
    upload = client.post("/v1/files", files=files)
    assert upload.status_code == 201, upload.text

    job = made(client, melody=upload.json()["urls"]["get"])

    assert pitch_of(*heard(client, job)) == pytest.approx(PITCH, abs=2)


def test_melody_is_a_stretch_of_what_was_given(client):
    content = packed(np.concatenate([tone(), tone(2 * PITCH)]))
    stretch = {"source": data_uri(content), "start": 1.0, "end": 2.0}

    job = made(client, melody=stretch)

    assert pitch_of(*heard(client, job)) == pytest.approx(2 * PITCH, abs=2)
    assert job["asked"]["melody"]["start"] == 1.0
    assert job["asked"]["melody"]["source"].startswith("data:audio/wav;sha256=")


def test_each_section_is_heard_from_its_start(client):
    sections = [{"start": 1.0, "prompt": "snow"}, {"start": 2.0, "prompt": "sun"}]

    job = made(client, sections=sections, seconds=3.0)
    samples, rate = heard(client, job)

    first, second, third = (pitch_of(part, rate) for part in np.split(samples, 3))
    assert job["asked"]["sections"] == sections
    assert second / first == pytest.approx(2 ** (1 / 12), rel=0.01)
    assert third / second == pytest.approx(2 ** (1 / 12), rel=0.01)


def test_beginning_is_what_was_given_and_counts_in_the_length(client):
    content = packed(tone(seconds=2.0))

    job = made(
        client, continues={"source": data_uri(content), "start": 0.5, "end": 1.5}, seconds=2.5
    )
    samples, rate = heard(client, job)

    assert len(samples) == round(2.5 * rate)
    assert pitch_of(samples[:rate], rate) == pytest.approx(PITCH, abs=2)
    assert pitch_of(samples[rate:], rate) != pytest.approx(PITCH, abs=2)


def test_beginning_longer_than_the_piece_fails(client):
    source = data_uri(packed(tone(seconds=3.0)))

    assert "longer" in refusal(client, continues={"source": source}, seconds=2.0)


@pytest.mark.parametrize("field", ["melody", "continues"])
@pytest.mark.parametrize("span", [{"start": 5.0}, {"start": 1.0, "end": 0.5}, {"start": 1e308}])
def test_stretch_with_nothing_in_it_fails(client, field: str, span: dict[str, float]):
    source = data_uri(packed(tone()))

    assert "empty" in refusal(client, **{field: {"source": source, **span}})


def test_melody_and_beginning_together_are_refused(client):
    source = data_uri(packed(tone()))

    assert "melody" in refusal(client, melody=source, continues={"source": source})


def test_model_that_cannot_follow_says_so(client):
    sections = [{"start": 1.0, "prompt": "snow"}]

    assert "cannot do this" in refusal(client, melody=data_uri(packed(tone())), model="large")
    assert "cannot do this" in refusal(client, multiband=True)
    assert "cannot do this" in refusal(client, sections=sections, model="composer")


def test_sound_inside_the_request_is_told_back_by_its_digest(client):
    job = made(client, melody=data_uri(packed(tone())))

    assert job["asked"]["melody"].startswith("data:audio/wav;sha256=")
    assert len(job["asked"]["melody"]) < 200


def test_other_sound_under_the_same_idempotency_key_is_refused(client):
    def create(pitch: float) -> int:
        wish = {"prompt": "", "model": "fake", "melody": data_uri(packed(tone(pitch)))}
        headers = {"Idempotency-Key": "given-sound"}
        return client.post("/v1/jobs", json=wish, headers=headers).status_code

    assert [create(440), create(440), create(441)] == [201, 201, 422]


def test_given_sound_is_removed_with_its_job(server, client):
    job = made(client, melody=data_uri(packed(tone())))
    folder = server.folder / "data" / "blobs" / "jobs" / job["id"]
    assert (folder / "given-melody").exists()

    client.delete(f"/v1/jobs/{job['id']}")

    assert not folder.exists()


def test_refused_request_leaves_nothing_of_its_sound(server, client):
    jobs = server.folder / "data" / "blobs" / "jobs"
    before = set(jobs.iterdir()) if jobs.exists() else set()
    wish = {"prompt": "", "model": "fake", "melody": data_uri(packed(tone())), "seconds": 1}
    headers = {"Idempotency-Key": "nothing-is-left"}

    first = client.post("/v1/jobs", json=wish, headers=headers).json()["id"]
    client.post("/v1/jobs", json={**wish, "seconds": 2}, headers=headers)
    client.post("/v1/jobs", json=wish, headers=headers)

    assert {folder.name for folder in set(jobs.iterdir()) - before} == {first}


def test_sound_of_somebody_else_is_like_one_that_is_not_there(server, client):
    other = server.run("keys", "create", "--account", "somebody else")
    theirs = made(client, melody=data_uri(packed(tone())))["outputs"][0]["url"]
    missing = theirs.replace("/files/", "/files/a", 1).replace("/files/aa", "/files/a", 1)

    with server.client(other) as stranger:
        told = {refusal(stranger, melody=uri) for uri in (theirs, missing)}

    assert told == {"The given file is one of this server that is not there."}


@pytest.mark.parametrize(
    "path",
    [
        "/files/../../etc/passwd",
        "/files/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/files/..\\..\\etc\\passwd",
        "/files/a\x00b/track.wav",
        "/v1/files/" + "a" * 5000,
        "/v1/files/∕etc∕passwd",
        "/v1/jobs",
        "/",
    ],
)
def test_no_other_path_of_this_server_is_read(server, client, path: str):
    assert "not there" in refusal(client, melody=server.url + path)


# What strangers try.


@pytest.mark.parametrize("field", ["melody", "continues"])
@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_private_address_is_never_connected_to(closed, host: str, field: str):
    with canaries() as (ports, connections):
        for port in ports:
            uri = f"http://{host}:{port}/a.wav"
            told = refusal(closed, **{field: uri if field == "melody" else {"source": uri}})
            assert "address" in told or "not allowed" in told or "port" in told

    assert connections == []


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_address_of_the_wrong_form_is_refused_at_once(closed, address: str):
    assert ask(closed, melody=address).status_code == 422


@pytest.mark.parametrize(
    "onward", ["http://localhost:{port}/", "file:///etc/passwd", "gopher://127.0.0.1:{port}/"]
)
def test_redirect_to_a_place_that_is_not_allowed_is_not_followed(client, onward: str):
    with canaries() as (ports, connections):
        location = {"Location": onward.format(port=ports[-1])}
        with Receiver(answers=(302,), headers=location) as site:
            assert "cannot be fetched" in refusal(client, melody=site.url)

    assert connections == []


def test_blocked_and_unreachable_are_told_alike(closed, client):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = f"http://127.0.0.1:{gone.getsockname()[1]}/"

    assert "not allowed or does not answer" in refusal(closed, melody="http://127.0.0.1/")
    assert "not allowed or does not answer" in refusal(client, melody=address)


@pytest.mark.parametrize("name", [*NOT_SOUND, *UNWANTED, "adpcm header"])
def test_file_of_another_kind_is_refused_at_once(client, name: str):
    content = {**NOT_SOUND, **UNWANTED, **DAMAGED}[name]

    answer = ask(client, melody=data_uri(content))

    assert answer.status_code == 422
    assert answer.json()["error"]["fields"][0]["field"] == "melody"


@pytest.mark.parametrize("name", [*NOT_SOUND, *UNWANTED, *DAMAGED])
def test_file_of_another_kind_fails_the_job_when_it_was_fetched(client, name: str):
    with Receiver(content={**NOT_SOUND, **UNWANTED, **DAMAGED}[name]) as site:
        assert "cannot be read" in refusal(client, melody=f"{site.url}/track.wav")


def test_wave_that_claims_4_gb_is_read_as_far_as_it_goes(client):
    job = made(client, melody=data_uri(wave(claimed=2**32 - 10)))

    assert job["status"] == "succeeded"


@pytest.mark.parametrize(
    ("kind", "subtype", "minutes"),
    [
        ("FLAC", "PCM_16", 240),
        ("OGG", "VORBIS", 20),
        ("OGG", "OPUS", 20),
        ("MP3", "MPEG_LAYER_III", 20),
    ],
)
def test_bomb_fails_the_job_and_not_the_server(
    server, client, kind: str, subtype: str, minutes: int
):
    content = silence(minutes * 60, 8000, kind, subtype)
    before = memory(server)

    with Receiver(content=content) as site:
        assert "longer than 120 seconds" in refusal(client, melody=site.url)

    assert memory(server) - before < GROWTH_BYTES_MAX


def test_body_of_100_mb_is_turned_away_before_it_is_read(server, client):
    before = memory(server)
    body = b'{"prompt": "x", "model": "fake", "melody": "data:;base64,' + b"A" * 100_000_000 + b'"}'

    # It may hang up while we still send.
    with contextlib.suppress(httpx2.WriteError, httpx2.ReadError):
        answer = client.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413

    assert memory(server) - before < GROWTH_BYTES_MAX
    assert client.get("/readyz").status_code == 200


def test_body_that_does_not_tell_its_length_is_cut_off_where_it_is_too_long(server, client):
    before = memory(server)

    def parts() -> Iterator[bytes]:
        yield b'{"prompt": "x", "model": "fake", "melody": "data:;base64,'
        for _ in range(100):
            yield b"A" * 1_000_000

    with contextlib.suppress(httpx2.WriteError, httpx2.ReadError):
        answer = client.post(
            "/v1/jobs", content=parts(), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 413

    assert memory(server) - before < GROWTH_BYTES_MAX


@pytest.mark.parametrize("uri", ["data:audio/wav;base64,%%%", "data:audio/wav;base64,QQ", "data:"])
def test_sound_that_is_no_base64_is_refused_at_once(client, uri: str):
    assert ask(client, melody=uri).status_code == 422


def test_download_of_more_than_50_mb_is_cut_off(server, client):
    before = memory(server)

    with Receiver(content=b"RIFF" + bytes(60_000_000)) as site:
        assert "larger than 50 MB" in refusal(client, melody=site.url)

    assert memory(server) - before < GROWTH_BYTES_MAX


@contextlib.contextmanager
def canaries() -> Iterator[tuple[list[int], list[object]]]:
    """Listeners on all addresses of this machine, one on port 80 where that is allowed: their ports, and who connected."""
    connections: list[object] = []
    listeners = []
    for port in (80, 0):
        with contextlib.suppress(OSError):
            listeners.append(
                socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
            )

    def listen(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connections.append(listener.accept())

    threads = [threading.Thread(target=listen, args=(it,), daemon=True) for it in listeners]
    for thread in threads:
        thread.start()
    try:
        yield [it.getsockname()[1] for it in listeners], connections
    finally:
        for listener in listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in threads:
            thread.join()
