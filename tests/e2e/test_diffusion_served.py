"""Diffusion behind the APIs: a real server with tiny random pipelines and a LoRA in its models' folder. The pictures are noise."""

from __future__ import annotations

import base64
import io
import shutil
from collections.abc import Generator
from typing import Any

import httpx2
import numpy as np
import pytest
from patience import once
from PIL import Image
from servers import KEY, Server, fetched, finished
from tiny_files import save_kohya
from tiny_pictures import tiny_pictures, tiny_pipeline

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    folder = tmp_path_factory.mktemp("diffusion")
    models = folder / "data" / "models"
    for name, family in (("sd-1.5", "sd-1"), ("sdxl", "sdxl")):
        shutil.copytree(tiny_pictures(family), models / name)
    save_kohya(tiny_pipeline("sd-1").unet, models / "style.safetensors")
    running = Server(folder, {"engines": "auto"})
    running.start()
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> Generator[httpx2.Client]:
    with server.client() as opened:
        yield opened


def ask(client: httpx2.Client, **wish: Any) -> httpx2.Response:
    usual = {"prompt": "a red bird", "model": "sd-1.5", "width": 64, "height": 64, "steps": 3}
    return client.post("/v1/images", json={**usual, "seed": 5, **wish})


def drawn(client: httpx2.Client, **wish: Any) -> dict[str, Any]:
    answer = ask(client, **wish)
    assert answer.status_code == 201, answer.text
    job = finished(client, answer.json()["id"])
    assert job["status"] == "succeeded", job["error"]
    return job


def contents(job: dict[str, Any]) -> list[bytes]:
    return [fetched(output["url"]).content for output in job["outputs"]]


def test_picture_is_diffused_and_says_so(client: httpx2.Client):
    job = drawn(client, negative="sun", scheduler="euler-a", upscale=2)

    (content,) = contents(job)
    image = Image.open(io.BytesIO(content))
    assert job["made_by"] == {"model": "sd-1.5", "engine": "diffusion"}
    assert image.size == (128, 128)
    assert "Sampler: Euler a" in image.text["parameters"]


def test_same_bytes_come_alone_and_among_others(client: httpx2.Client):
    together, alone = drawn(client, count=3), drawn(client, seed=7)

    assert contents(together)[2] == contents(alone)[0]


def test_two_models_share_one_server(client: httpx2.Client):
    assert contents(drawn(client, model="sdxl")) != contents(drawn(client))


def test_lora_and_first_picture_reach_the_model(client: httpx2.Client):
    out = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 200, np.uint8)).save(out, "PNG")
    start = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    plain = contents(drawn(client))

    assert contents(drawn(client, loras=[{"name": "style", "weight": 0.8}])) != plain
    assert contents(drawn(client, init=start, strength=0.4)) != plain
    assert contents(drawn(client)) == plain


def test_scheduler_that_does_not_exist_is_refused_at_once(client: httpx2.Client):
    answer = ask(client, scheduler="magic")

    assert answer.status_code == 422
    assert "euler-a" in answer.text


def test_lora_that_is_not_here_fails_with_its_name(client: httpx2.Client):
    job = finished(client, ask(client, loras=[{"name": "nobody"}]).json()["id"])

    assert job["status"] == "failed"
    assert "'nobody'" in job["error"]


def test_canceled_job_ends_and_the_next_one_draws(client: httpx2.Client):
    running = ask(client, steps=150, count=4, width=256, height=256).json()["id"]
    once(lambda: client.get(f"/v1/jobs/{running}").json()["progress"] > 0)

    client.post(f"/v1/jobs/{running}/cancel")

    assert finished(client, running)["status"] == "canceled"
    assert drawn(client)["outputs"]


def test_leaps_model_is_diffused_too(server: Server):
    place = f"{server.url}/api/v1/images/models/8b1b897c-d66d-45a6-b8d7-8e32421d02cf/inferences"
    wish = {"prompt": "a red bird", "width": 64, "height": 64, "steps": 2, "numberOfImages": 2}

    with httpx2.Client(headers={"Authorization": f"Bearer {KEY}"}) as client:
        job = client.post(place, json=wish).json()

        def state() -> dict[str, Any]:
            return client.get(f"{place}/{job['id']}").json()

        once(lambda: state()["state"] == "finished")
        assert len(state()["images"]) == 2
