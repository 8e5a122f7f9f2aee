"""Replicate's API, driven by Replicate's own Python client, on each kind of database. The composer stands in for the weights."""

from __future__ import annotations

import contextlib
import io
import re
import time
from collections.abc import Generator
from typing import Any

import httpx2
import pytest
import replicate
import soundfile
from replicate.exceptions import ReplicateError
from servers import KEY, Server

VERSION = "671ac645ce5e552cc63a54a2bbff63fcf798043055d2dac5fc9e36a837eedcfb"
LONG = {"prompt": "slow ambient pad", "duration": 300}
SHORT = {"prompt": "lo-fi rain", "duration": 1, "seed": 5}


@contextlib.contextmanager
def client_of(server: Server, key: str = KEY) -> Generator[replicate.Client]:
    made = replicate.Client(api_token=key, base_url=server.url)
    made.poll_interval = 0.1
    yield made
    made._client.close()  # it has no close() of its own and would leave its connections to the collector


@pytest.fixture
def client(server: Server) -> Generator[replicate.Client]:
    with client_of(server) as made:
        yield made


@pytest.fixture
def running(client: replicate.Client) -> Generator[Any]:
    """A prediction that would go on for long."""
    prediction = client.predictions.create(version=VERSION, input=LONG)
    yield prediction
    prediction.cancel()


def test_prediction_is_made_and_its_output_is_the_sound(client: replicate.Client):
    prediction = client.predictions.create(version=VERSION, input=SHORT)
    created = prediction.status
    prediction.wait()

    sound, rate = soundfile.read(io.BytesIO(httpx2.get(prediction.output, trust_env=False).content))
    assert (created, prediction.status) == ("starting", "succeeded")
    assert (prediction.version, prediction.model) == (VERSION, "meta/musicgen")
    assert prediction.input == SHORT
    assert len(sound) == rate
    assert prediction.error is None
    assert re.fullmatch("[a-z2-7]{26}", prediction.id)


def test_times_and_metrics_are_as_documented(client: replicate.Client):
    prediction = client.predictions.create(version=VERSION, input=SHORT)
    prediction.wait()

    for moment in (prediction.created_at, prediction.started_at, prediction.completed_at):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", moment or "")
    assert prediction.metrics
    assert 0 < prediction.metrics["predict_time"] <= prediction.metrics["total_time"]
    assert prediction.urls
    assert all(isinstance(url, str) and url.startswith("http") for url in prediction.urls.values())


def test_prediction_can_be_had_again_by_its_id(client: replicate.Client, running: Any):
    again = client.predictions.get(running.id)

    assert (again.id, again.input, again.created_at) == (running.id, LONG, running.created_at)


def test_running_prediction_is_canceled(client: replicate.Client):
    prediction = client.predictions.create(version=VERSION, input=LONG)
    while client.predictions.get(prediction.id).status == "starting":
        time.sleep(0.05)

    prediction.cancel()
    began = time.monotonic()
    prediction.wait()

    assert time.monotonic() - began < 1
    assert (prediction.status, prediction.output) == ("canceled", None)
    assert prediction.completed_at


def test_canceling_what_is_finished_changes_nothing(client: replicate.Client):
    prediction = client.predictions.create(version=VERSION, input=SHORT)
    prediction.wait()

    assert client.predictions.cancel(prediction.id).status == "succeeded"


def test_answer_waits_for_the_output_when_it_is_asked_to(client: replicate.Client):
    prediction = client.predictions.create(version=VERSION, input=SHORT, wait=30)

    assert prediction.status == "succeeded"
    assert prediction.output


def test_wait_that_runs_out_says_starting_whatever_is_true(client: replicate.Client):
    began = time.monotonic()
    prediction = client.predictions.create(version=VERSION, input=LONG, wait=1)
    seconds = time.monotonic() - began
    now = client.predictions.get(prediction.id).status
    client.predictions.cancel(prediction.id)

    assert (prediction.status, now) == ("starting", "processing")
    assert 0.9 < seconds < 3


def test_pages_lead_from_one_to_the_next_and_back(sqlite_server: Server):
    key = sqlite_server.run("keys", "create", "--account", "lister")
    ids = []
    with sqlite_server.client(key) as plain:
        for _ in range(102):
            body = {"version": VERSION, "input": SHORT}
            ids.insert(0, plain.post("/v1/predictions", json=body).json()["id"])
            plain.post(f"/v1/predictions/{ids[0]}/cancel")

    with client_of(sqlite_server, key) as client:
        first = client.predictions.list()
        second = client.predictions.list(first.next)
        back = client.predictions.list(second.previous)

    assert [p.id for p in first] + [p.id for p in second] == ids
    assert (first.previous, second.next) == (None, None)
    assert [p.id for p in back] == [p.id for p in first]
    assert first.next.startswith(sqlite_server.url)  # pyright: ignore[reportOptionalMemberAccess]


def test_jobs_of_the_native_api_are_not_listed(server: Server):
    key = server.run("keys", "create", "--account", "both")
    with server.client(key) as native:
        native.post("/v1/jobs", json={"prompt": "x", "model": "fake", "seconds": 1})

    with client_of(server, key) as client:
        assert list(client.predictions.list()) == []


@pytest.mark.parametrize(
    ("status", "title", "detail", "ask"),
    [
        (404, "Not found", "no such thing", lambda c: c.predictions.get("unknown")),
        (
            422,
            "Input validation failed",
            "input.duration",
            lambda c: c.predictions.create(version=VERSION, input={"prompt": "x", "duration": -1}),
        ),
        (
            422,
            "Input validation failed",
            "input.colour",
            lambda c: c.predictions.create(version=VERSION, input={"prompt": "x", "colour": 1}),
        ),
        (
            422,
            "Input validation failed",
            "Invalid version or not permitted",
            lambda c: c.predictions.create(version="0" * 63, input={"prompt": "x"}),
        ),
    ],
)
def test_refusal_is_raised_with_status_and_detail(
    client: replicate.Client, status: int, title: str, detail: str, ask: Any
):
    with pytest.raises(ReplicateError) as caught:
        ask(client)

    assert (caught.value.status, caught.value.title) == (status, title)
    assert detail in (caught.value.detail or "")


def test_wrong_token_is_raised_as_unauthenticated(server: Server):
    with client_of(server, "r8_wrong") as client, pytest.raises(ReplicateError) as caught:
        client.predictions.list()

    assert (caught.value.status, caught.value.title) == (401, "Unauthenticated")


async def test_asynchronous_client_is_answered_alike(client: replicate.Client):
    prediction = await client.predictions.async_create(version=VERSION, input=SHORT)
    await prediction.async_wait()
    listed = await client.predictions.async_list()
    again = await client.predictions.async_get(prediction.id)
    other = await client.predictions.async_create(version=VERSION, input=LONG)
    await other.async_cancel()
    await other.async_reload()
    await client._async_client.aclose()

    assert prediction.status == again.status == "succeeded"
    assert prediction.id in [listed_one.id for listed_one in listed]
    assert other.status == "canceled"


def test_logs_name_the_seed(client: replicate.Client):
    prediction = client.predictions.create(version=VERSION, input=SHORT, wait=30)

    assert "seed 5" in (prediction.logs or "")


def test_paths_without_the_version_are_the_same_api(server: Server):
    with server.client() as client:
        made = client.post("/predictions", json={"version": VERSION, "input": SHORT})
        prediction = client.get(f"/predictions/{made.json()['id']}").json()
        canceled = client.post(f"/predictions/{prediction['id']}/cancel")

    assert made.status_code == 201
    assert prediction["id"] == made.json()["id"]
    assert canceled.status_code == 200


@pytest.mark.parametrize("seed", [None, -1, 0])
def test_seed_of_none_minus_one_or_zero_is_drawn(client: replicate.Client, seed: int | None):
    prediction = client.predictions.create(version=VERSION, input={**SHORT, "seed": seed})
    prediction.cancel()

    assert prediction.input == {**SHORT, "seed": seed}
