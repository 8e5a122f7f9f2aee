"""Pictures through our own API, drawn by the built-in artist on a running server."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Generator
from typing import Any

import httpx2
import pytest
from PIL import Image
from servers import Server, fetched, finished


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    running = Server(tmp_path_factory.mktemp("images"), {"engines": "canvas,fake"})
    running.start()
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> Generator[httpx2.Client]:
    with server.client() as opened:
        yield opened


def ask(client: httpx2.Client, **wish: Any) -> dict[str, Any]:
    answer = client.post("/v1/images", json={"prompt": "neon night", "width": 64, **wish})
    assert answer.status_code == 201, answer.text
    return answer.json()


def drawn(client: httpx2.Client, **wish: Any) -> dict[str, Any]:
    job = finished(client, ask(client, height=64, **wish)["id"])
    assert job["status"] == "succeeded", job["error"]
    return job


def content(output: dict[str, Any]) -> bytes:
    return fetched(output["url"]).content


def opened(output: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(content(output)))


def refusal(client: httpx2.Client, **wish: Any) -> dict[str, Any]:
    answer = client.post("/v1/images", json={"prompt": "neon night", **wish})
    assert answer.status_code == 422, answer.text
    return answer.json()["error"]


def test_job_draws_as_many_pictures_as_were_asked_for(client: httpx2.Client):
    job = drawn(client, count=3, seed=7)

    assert [output["name"] for output in job["outputs"]] == [f"image-{n}.png" for n in (1, 2, 3)]
    assert [output["about"]["seed"] for output in job["outputs"]] == [7, 8, 9]
    assert {opened(output).size for output in job["outputs"]} == {(64, 64)}


def test_picture_of_a_seed_is_the_same_alone_and_among_others(client: httpx2.Client):
    together, alone = drawn(client, count=2, seed=7), drawn(client, seed=8)

    assert content(together["outputs"][1]) == content(alone["outputs"][0])


def test_answer_says_that_the_picture_is_drawn(client: httpx2.Client):
    answer = client.post("/v1/images", json={"prompt": "rain", "model": "sdxl", "width": 64})

    assert answer.headers["x-engine"] == "canvas"
    assert answer.json()["model"] == "sdxl"
    assert answer.json()["made_by"] == {"model": "canvas", "engine": "canvas"}


def test_size_and_steps_left_out_are_those_of_the_model_asked_for(client: httpx2.Client):
    job = client.post("/v1/images", json={"prompt": "rain", "model": "sd-2.1", "height": 64}).json()

    assert (job["width"], job["height"], job["steps"]) == (768, 64, 30)


@pytest.mark.parametrize(("form", "kind"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_file_is_of_the_format_asked_for(client: httpx2.Client, form: str, kind: str):
    output = drawn(client, format=form)["outputs"][0]

    assert opened(output).format == kind
    assert output["media_type"] == f"image/{form}"


def test_upscaled_picture_is_drawn_again_with_more_in_it(client: httpx2.Client):
    output = drawn(client, upscale=4)["outputs"][0]

    assert opened(output).size == (256, 256)


def test_prompt_stays_out_of_the_file_when_that_is_asked_for(client: httpx2.Client):
    told, untold = drawn(client), drawn(client, describe=False)

    assert b"neon night" in content(told["outputs"][0])
    assert b"neon night" not in content(untold["outputs"][0])


def test_family_that_is_asked_for_is_drawn(client: httpx2.Client):
    rows = {row["name"]: row for row in client.get("/v1/models").json()["models"]}
    family = rows["canvas"]["choices"]["family"][3]

    assert drawn(client, family=family)["outputs"][0]["about"]["family"] == family


@pytest.mark.parametrize(
    ("wish", "field", "problem"),
    [
        ({"width": 513}, "width", "multiple of 8"),
        ({"width": 65536, "height": 65536}, "width", "2048"),
        ({"count": 5}, "count", "4"),
        ({"steps": 0}, "steps", "1"),
        ({"prompt": " "}, "prompt", "is empty"),
        ({"model": "sdxxl"}, "model", "did you mean 'sdxl'?"),
        ({"model": "large"}, "model", "makes music, not pictures"),
        ({"upscale": 3}, "upscale", "must be one of: 1, 2, 4"),
        ({"width": 1024, "upscale": 4}, "upscale", "at most 2048"),
        ({"guidance": 31}, "guidance", "30"),
        ({"family": "dragons"}, "family", "'dragons' is none of"),
        ({"model": "sdxl", "loras": [{"name": "../x"}]}, "loras.0.name", "no name of a file"),
        ({"init": "https://example.org/a.png"}, "init", "cannot do this"),
        ({"seconds": 8}, "seconds", "not permitted"),
    ],
)
def test_wish_that_cannot_be_is_refused_by_field(
    client: httpx2.Client, wish: dict[str, Any], field: str, problem: str
):
    error = refusal(client, **wish)

    assert error["fields"][0]["field"] == field
    assert problem in error["fields"][0]["problem"]


def test_picture_to_start_from_is_more_than_the_stand_in_can_do(client: httpx2.Client):
    answer = client.post(
        "/v1/images", json={"prompt": "rain", "model": "sdxl", "init": inline(size=(64, 64))}
    )

    assert answer.status_code == 503
    assert "bandstand models pull sdxl" in answer.json()["error"]["message"]


def inline(size: tuple[int, int], form: str = "PNG") -> str:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, form)
    return f"data:image/any;base64,{base64.b64encode(out.getvalue()).decode()}"


def test_picture_to_start_from_reaches_the_engine_as_a_plain_png(client: httpx2.Client):
    given = inline((40, 30), "WEBP")

    job = drawn(client, model="fake-picture", init=given)

    assert job["asked"]["init"].startswith("data:image/any;sha256=")
    assert (opened(job["outputs"][0]).format, opened(job["outputs"][0]).size) == ("PNG", (40, 30))


def test_result_may_be_the_picture_to_start_from(client: httpx2.Client):
    first = drawn(client)["outputs"][0]

    job = drawn(client, model="fake-picture", init=first["url"])

    assert opened(job["outputs"][0]).size == (64, 64)


@pytest.mark.parametrize(
    ("init", "why"),
    [
        ("data:,no+picture", "no picture of a known kind"),
        ("ftp://example.org/a.png", "http"),
    ],
)
def test_what_can_be_no_picture_is_refused_at_once(client: httpx2.Client, init: str, why: str):
    error = refusal(client, model="fake-picture", init=init)

    assert error["fields"][0]["field"] == "init"
    assert why in error["fields"][0]["problem"]


def test_preview_is_told_while_the_picture_is_made(client: httpx2.Client):
    job = ask(client, prompt="work=1", model="fake-picture", steps=5)

    with client.stream("GET", f"/v1/jobs/{job['id']}/events") as answer:
        lines = list(answer.iter_lines())

    told = [
        json.loads(lines[n + 1][6:]) for n, line in enumerate(lines) if "event: preview" in line
    ]
    assert told
    assert all(detail["image"].startswith("data:image/jpeg;base64,") for detail in told)
    assert not any("key" in detail for detail in told)


@pytest.mark.parametrize(("prompt", "attempts"), [("fail", 1), ("crash=1", 2)])
def test_accidents_of_the_engine_are_those_of_music(
    client: httpx2.Client, prompt: str, attempts: int
):
    job = finished(client, ask(client, prompt=prompt, model="fake-picture", height=64)["id"])

    assert job["status"] == ("failed" if prompt == "fail" else "succeeded")
    assert job["attempts"] == attempts


def test_canceled_job_leaves_no_pictures(client: httpx2.Client):
    job = ask(client, prompt="work=30", model="fake-picture")

    client.post(f"/v1/jobs/{job['id']}/cancel")

    told = finished(client, job["id"])
    assert (told["status"], told["outputs"]) == ("canceled", [])


def test_music_cannot_be_asked_of_a_model_that_draws(client: httpx2.Client):
    answer = client.post("/v1/jobs", json={"prompt": "rain", "model": "canvas"})

    assert answer.status_code == 422
    assert "makes pictures, not music" in answer.json()["error"]["message"]


def test_list_of_jobs_can_be_of_one_kind(client: httpx2.Client):
    picture = ask(client)
    piece = client.post("/v1/jobs", json={"prompt": "rain", "model": "fake", "seconds": 1}).json()

    listed = {
        kind: [job["id"] for job in client.get("/v1/jobs", params={"kind": kind}).json()["jobs"]]
        for kind in ("music", "image")
    }

    assert picture["id"] in listed["image"]
    assert picture["id"] not in listed["music"]
    assert piece["id"] in listed["music"]
    assert piece["id"] not in listed["image"]


def test_job_of_pictures_has_no_sound(client: httpx2.Client):
    job = drawn(client)

    assert "audio" not in job["links"]
    assert client.get(f"/v1/jobs/{job['id']}/audio").status_code == 404


def test_deleted_job_takes_its_pictures_along(client: httpx2.Client):
    job = drawn(client)

    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204

    assert fetched(job["outputs"][0]["url"]).status_code == 404


def test_pictures_of_somebody_else_are_not_there(server: Server, client: httpx2.Client):
    job = ask(client)
    key = server.run("keys", "create", "--account", "stranger")

    with server.client(key) as stranger:
        assert stranger.get(f"/v1/jobs/{job['id']}").status_code == 404
        assert stranger.delete(f"/v1/jobs/{job['id']}").status_code == 404


def test_pictures_cost_by_their_number(client: httpx2.Client):
    assert ask(client, count=4)["credits"] == 4 * ask(client)["credits"]


def test_other_apis_do_not_show_pictures(client: httpx2.Client):
    job = ask(client)

    assert client.get(f"/v1/predictions/{job['id']}").status_code == 404
    assert client.get(f"/api/v1/music/{job['id']}").status_code == 404
