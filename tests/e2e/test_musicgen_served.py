"""MusicGen behind the APIs: a real server, tiny random weights in its models' folder, Replicate's own client.

The weights are tiny and their sound is noise; that it is the right sound is for the tests of parity. Here its length, its channels,
what went into it and what becomes of a job that is called off.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import replicate
import soundfile
from patience import once
from servers import KEY, Server, fetched, finished
from tiny import tiny_folder
from tiny_multiband import save_tiny_multiband

pytestmark = pytest.mark.slow

REFERENCE = "meta/musicgen:671ac645ce5e552cc63a54a2bbff63fcf798043055d2dac5fc9e36a837eedcfb"
VERSIONS = {"stereo-melody-large": 2, "stereo-large": 2, "melody-large": 1, "large": 1}
OTHERS = ("small", "medium", "melody")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    folder = tmp_path_factory.mktemp("musicgen")
    models = folder / "data" / "models"
    for name in (*VERSIONS, *OTHERS):
        shutil.copytree(tiny_folder(name), models / name)
    (models / "multiband-diffusion").mkdir()
    save_tiny_multiband(models / "multiband-diffusion" / "mbd_musicgen_32khz.th")
    running = Server(folder, {"engines": "auto", "answer_seconds": 60})
    running.start()
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> Generator[replicate.Client]:
    official = replicate.Client(api_token=KEY, base_url=server.url)
    yield official
    official._client.close()  # it has no way of its own


@pytest.fixture
def native(server: Server) -> Generator[httpx2.Client]:
    with server.client() as ours:
        yield ours


def run(client: replicate.Client, **wishes: Any) -> bytes:
    """The file that a prediction with these inputs gives."""
    given = {"prompt": "lofi beats", "duration": 2, "seed": 7, **wishes}
    answer = fetched(str(client.run(REFERENCE, input=given, use_file_output=False)))
    assert answer.status_code == 200
    return answer.content


def sound_of(content: bytes) -> tuple[np.ndarray, int]:
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    return samples.T, rate


def tune(folder: Path, *, seconds: float = 3.0, pitch: float = 440.0) -> Path:
    file = folder / f"tune-{pitch:g}.wav"
    times = np.arange(round(seconds * 32000)) / 32000
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * pitch * times), 32000)
    return file


@pytest.mark.parametrize(("version", "channels"), VERSIONS.items())
def test_each_model_version_is_itself(
    client: replicate.Client, native: httpx2.Client, version: str, channels: int
) -> None:
    samples, rate = sound_of(run(client, model_version=version))

    job = native.get("/v1/jobs?size=1").json()["jobs"][0]
    assert job["made_by"] == {"model": version, "engine": "musicgen"}
    assert (samples.shape, rate) == ((channels, 64_000), 32_000)


def test_same_seed_makes_the_same_file_and_another_seed_another(client: replicate.Client) -> None:
    first, again, other = (run(client, model_version="large", seed=seed) for seed in (5, 5, 6))

    assert first == again
    assert first != other


def test_text_is_heard(client: replicate.Client) -> None:
    first, other = (
        run(client, model_version="large", prompt=prompt) for prompt in ("drums", "a quiet flute")
    )

    assert first != other


@pytest.mark.parametrize("version", ["stereo-melody-large", "melody-large"])
def test_melody_is_heard(client: replicate.Client, tmp_path: Path, version: str) -> None:
    with tune(tmp_path, pitch=440).open("rb") as a, tune(tmp_path, pitch=523.25).open("rb") as c:
        first, other = (
            sound_of(run(client, model_version=version, input_audio=file))[0] for file in (a, c)
        )

    assert first.shape[1] == 64_000
    assert np.abs(first - other).max() > 0.01


@pytest.mark.parametrize("version", VERSIONS)
def test_continuation_is_as_long_as_wanted_and_begins_with_what_was_given(
    client: replicate.Client, tmp_path: Path, version: str
) -> None:
    given = {"model_version": version, "continuation": True, "continuation_end": 1, "duration": 3}
    with tune(tmp_path).open("rb") as file:
        first, _ = sound_of(run(client, **given, input_audio=file, seed=1))
        file.seek(0)
        other, _ = sound_of(run(client, **given, input_audio=file, seed=2, prompt=""))

    assert first.shape == (VERSIONS[version], 96_000)
    beginning, rest = slice(0, 30_000), slice(34_000, None)
    assert np.corrcoef(first[0, beginning], other[0, beginning])[0, 1] > 0.99
    assert np.corrcoef(first[0, rest], other[0, rest])[0, 1] < 0.9


def test_multiband_diffusion_makes_another_sound_of_the_same_codes(
    client: replicate.Client,
) -> None:
    plain, _ = sound_of(run(client, model_version="large"))
    diffused, _ = sound_of(run(client, model_version="large", multi_band_diffusion=True))

    assert diffused.shape == plain.shape
    assert np.abs(diffused - plain).max() > 0.01


def test_multiband_diffusion_in_stereo_fails_as_the_original_does(client: replicate.Client) -> None:
    with pytest.raises(replicate.exceptions.ModelError, match="only available with non-stereo"):
        run(client, model_version="stereo-large", multi_band_diffusion=True)


def test_mp3_is_an_mp3(client: replicate.Client) -> None:
    content = run(client, model_version="large", output_format="mp3")

    assert soundfile.info(io.BytesIO(content)).format == "MP3"
    assert soundfile.info(io.BytesIO(content)).duration == 2.0


def test_loudness_is_14_lufs_below_full_scale(
    client: replicate.Client, native: httpx2.Client
) -> None:
    run(client, model_version="large")

    about = native.get("/v1/jobs?size=1").json()["jobs"][0]["outputs"][0]["about"]
    assert about["lufs"] == pytest.approx(-14.0, abs=0.1)


def test_prediction_that_is_called_off_frees_its_place(
    client: replicate.Client, native: httpx2.Client
) -> None:
    given = {"prompt": "long", "duration": 300, "model_version": "large"}
    running = [
        client.predictions.create(version=REFERENCE.split(":")[1], input=given) for _ in range(4)
    ]
    once(lambda: {client.predictions.get(p.id).status for p in running} == {"processing"})

    for prediction in running:
        prediction.cancel()

    run(client, model_version="large")
    assert {client.predictions.get(p.id).status for p in running} == {"canceled"}


def test_piece_is_heard_while_it_is_made(native: httpx2.Client) -> None:
    job = native.post(
        "/v1/jobs", json={"prompt": "long", "model": "small", "seconds": 600, "seed": 1}
    ).json()
    once(lambda: native.get(f"/v1/jobs/{job['id']}").json()["progress"] > 0)

    with native.stream("GET", f"/v1/jobs/{job['id']}/audio") as heard:
        first = next(heard.iter_bytes(65536))
        status = native.get(f"/v1/jobs/{job['id']}").json()["status"]

    native.post(f"/v1/jobs/{job['id']}/cancel")

    assert len(first) > 1000
    assert status == "running"


def test_long_form_is_exact_to_the_sample(native: httpx2.Client) -> None:
    job = native.post(
        "/v1/jobs", json={"prompt": "long", "model": "melody", "seconds": 31.0071, "seed": 1}
    ).json()

    about = finished(native, job["id"], seconds=100)["outputs"][0]["about"]

    assert about["seconds"] == pytest.approx(31.0071, abs=1e-4)


def test_segmind_speaks_with_the_medium_model(server: Server, native: httpx2.Client) -> None:
    body = {"prompt": "lo-fi music with a soothing melody", "duration": 2, "seed": 42}
    with httpx2.Client(base_url=server.url, headers={"x-api-key": KEY}, timeout=90) as segmind:
        answer = segmind.post("/v1/meta-musicgen-medium", json=body)

    samples, rate = sound_of(answer.content)
    assert (samples.shape, rate) == ((1, 64_000), 32_000)
    assert answer.headers["x-bandstand-engine"] == "musicgen"


def test_modelslab_counts_tokens_as_transformers_does(server: Server) -> None:
    body = {"key": KEY, "prompt": "beats", "max_new_token": 256}
    with httpx2.Client(base_url=server.url, timeout=90) as modelslab:
        answer = modelslab.post("/api/v1/enterprise/voice/music_gen", json=body).json()
        content = modelslab.get(answer["output"][0]).content

    assert answer["status"] == "success"
    assert sound_of(content)[0].shape[1] == 253 * 640


def test_server_says_which_model_it_has_no_weights_for(
    native: httpx2.Client, server: Server
) -> None:
    models = {row["name"]: row for row in native.get("/v1/models").json()["models"]}

    assert models["large"]["installed"]
    assert not models["stereo-medium"]["installed"]
