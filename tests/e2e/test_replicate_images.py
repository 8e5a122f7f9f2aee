"""Pictures through Replicate's API: one client for both kinds of models."""

from __future__ import annotations

import io
from collections.abc import Generator
from typing import Any

import httpx2
import pytest
import replicate
from PIL import Image
from servers import KEY, Server, fetched

from bandstand.catalog import MODELS
from bandstand.dialects.replicate.published import PUBLISHED
from bandstand.specs import Kind

SDXL = "stability-ai/sdxl:39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
INPUT = {"prompt": "neon night", "width": 64, "height": 64, "seed": 7}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    running = Server(tmp_path_factory.mktemp("pictures"), {"engines": "canvas,fake"})
    running.start()
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> Generator[httpx2.Client]:
    with server.client() as opened:
        yield opened


def predict(client: httpx2.Client, version: str = SDXL, **inputs: Any) -> httpx2.Response:
    body = {"version": version, "input": {**INPUT, **inputs}}
    return client.post("/v1/predictions", json=body, headers={"Prefer": "wait"})


def opened(link: str) -> Image.Image:
    return Image.open(io.BytesIO(fetched(link).content))


def test_prediction_of_pictures_has_a_list_of_them(client: httpx2.Client):
    answer = predict(client, num_outputs=2)

    prediction = answer.json()
    assert answer.status_code == 201
    assert prediction["status"] == "succeeded"
    assert (prediction["model"], prediction["version"]) == tuple(SDXL.split(":"))
    assert [opened(link).size for link in prediction["output"]] == [(64, 64), (64, 64)]
    assert answer.headers["x-engine"] == "canvas"


def test_official_client_runs_a_model_that_draws(server: Server):
    official = replicate.Client(api_token=KEY, base_url=server.url)
    try:
        output = official.run("stability-ai/stable-diffusion", input=INPUT)
    finally:  # it has no way of its own to close what it opened
        official._client.close()

    assert [opened(str(link)).format for link in output] == ["PNG"]


def test_inputs_are_taken_by_their_names(client: httpx2.Client):
    prediction = predict(
        client,
        negative_prompt="red",
        num_inference_steps=500,
        guidance_scale=50,
        scheduler="K_EULER",
        output_format="jpg",
        refine="expert_ensemble_refiner",
    ).json()

    job = client.get(f"/v1/jobs/{prediction['id']}").json()
    assert (job["negative"], job["steps"], job["guidance"]) == ("red", 150, 30.0)
    assert (job["scheduler"], job["format"], job["safety"]) == ("euler", "jpeg", "refuse")
    assert "refine" not in prediction["input"]


def test_size_may_be_told_at_once(client: httpx2.Client):
    body = {"input": {"prompt": "rain", "image_dimensions": "128x64"}}
    answer = client.post(
        "/v1/models/bandstand/canvas/predictions", json=body, headers={"Prefer": "wait"}
    )

    assert opened(answer.json()["output"][0]).size == (128, 64)


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"width": 513}, "input.width"),
        ({"height": 65536}, "input.height"),
        ({"num_outputs": 5}, "input.num_outputs"),
        ({"num_inference_steps": 0}, "input.num_inference_steps"),
        ({"scheduler": "WISHFUL"}, "input.scheduler"),
        ({"mask": "data:,x"}, "input.mask"),
        ({"image_dimensions": "large"}, "input.image_dimensions"),
    ],
)
def test_input_that_cannot_be_is_refused_by_field(
    client: httpx2.Client, inputs: dict[str, Any], field: str
):
    answer = predict(client, **inputs)

    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["invalid_fields"]] == [field]


def test_picture_to_start_from_fails_where_nothing_can_use_it(client: httpx2.Client):
    prediction = predict(client, image="https://example.org/a.png").json()

    assert prediction["status"] == "failed"
    assert "bandstand models pull sdxl" in prediction["error"]


def test_stream_of_pictures_brings_each_and_then_the_end(client: httpx2.Client):
    prediction = predict(client, num_outputs=4).json()

    told = fetched(prediction["urls"]["stream"], Accept="text/event-stream").text

    names = [line[7:] for line in told.splitlines() if line.startswith("event: ")]
    assert [name for name in names if name != "logs"] == ["output"] * 4 + ["done"]


def test_every_model_that_draws_can_be_looked_up(client: httpx2.Client):
    assert {f"bandstand/{m.name}" for m in MODELS.values() if m.kind is Kind.IMAGE} < set(PUBLISHED)
    for name, published in PUBLISHED.items():
        found = client.get(f"/v1/models/{name}").json()["latest_version"]
        assert found["id"] == published.versions[0]
        assert "prompt" in found["openapi_schema"]["components"]["schemas"]["Input"]["properties"]
