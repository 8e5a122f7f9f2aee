"""The native API over HTTP, on each kind of database, with the fake engine."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

import httpx2
import numpy as np
import pytest
import soundfile
from patience import PATIENCE_SECONDS, once
from servers import Server, ask, fetched, finished, made


@pytest.fixture
def client(server: Server) -> Generator[httpx2.Client]:
    with server.client() as opened:
        yield opened


@pytest.fixture
def embedded(sqlite_server: Server) -> Generator[httpx2.Client]:
    """On SQLite only: for what no database has a part in."""
    with sqlite_server.client() as opened:
        yield opened


@pytest.fixture
def other_client(server: Server) -> Generator[httpx2.Client]:
    """Somebody else, with an account of their own."""
    with server.client(server.run("keys", "create", "--account", "bob")) as opened:
        yield opened


def until(client: httpx2.Client, job: dict[str, Any], status: str) -> dict[str, Any]:
    return once(
        lambda: client.get(f"/v1/jobs/{job['id']}").json(), lambda now: now["status"] == status
    )


@contextlib.contextmanager
def busy(client: httpx2.Client) -> Generator[None]:
    """As many jobs at work as an account may have at once, so that the next one waits; called off in the end."""
    running = [ask(client, prompt="work=600") for _ in range(8)]
    for job in running:
        until(client, job, "running")
    yield
    for job in running:
        client.post(f"/v1/jobs/{job['id']}/cancel")


def events_of(
    client: httpx2.Client, job: dict[str, Any], after: int | None = None
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """(id, event, data) until the server ends the stream."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with client.stream("GET", f"/v1/jobs/{job['id']}/events", headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told: dict[str, str] = {}
        for line in stream.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                told[name] = value
            elif "event" in told:
                yield int(told["id"]), told["event"], json.loads(told["data"])
                told = {}


def test_piece_is_made_and_its_link_gives_the_sound(client: httpx2.Client):
    asked = ask(client, seconds=2.5, seed=7)
    job = finished(client, asked["id"])

    [track] = job["outputs"]
    content = fetched(track["url"]).content
    sound, rate = soundfile.read(io.BytesIO(content))
    assert asked["status"] == "queued"
    assert (job["status"], job["progress"], job["attempts"]) == ("succeeded", 1.0, 1)
    assert (job["seed"], job["made_by"]) == (7, {"model": "fake", "engine": "fake"})
    assert len(sound) == 2.5 * rate
    assert hashlib.sha256(content).hexdigest() == track["sha256"]
    assert len(content) == track["bytes"]
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]


def test_what_was_asked_is_told_back_untouched(client: httpx2.Client):
    prompt = "<script>{{7*7}}\r\n\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}🎵'; DROP TABLE jobs\x00"
    job = ask(client, prompt=prompt, encoding="flac")

    assert job["prompt"] == prompt
    assert job["asked"] == {"prompt": prompt, "model": "fake", "seconds": 1, "encoding": "flac"}
    assert finished(client, job["id"])["asked"] == job["asked"]


def test_seed_is_drawn_when_none_was_given(client: httpx2.Client):
    assert ask(client)["seed"] != ask(client)["seed"]


def test_headers_say_what_makes_the_piece(client: httpx2.Client):
    answer = client.get(f"/v1/jobs/{ask(client)['id']}")

    assert answer.headers["x-bandstand-model"] == "fake"
    assert answer.headers["x-bandstand-engine"] == "fake"


def test_failed_job_tells_its_reason_and_has_no_sound(client: httpx2.Client):
    job = made(client, prompt="fail")

    assert (job["status"], job["outputs"]) == ("failed", [])
    assert job["error"] == "The fake engine was asked to fail."
    assert client.get(f"/v1/jobs/{job['id']}/audio").status_code == 404


def test_events_tell_the_whole_story_in_order(client: httpx2.Client):
    told = list(events_of(client, ask(client, prompt="work=0.6 steps=3")))

    kinds = [kind for _, kind, _ in told]
    assert [number for number, _, _ in told] == list(range(1, len(told) + 1))
    assert [data["status"] for _, kind, data in told if kind == "status"] == [
        "queued",
        "running",
        "succeeded",
    ]
    assert {"progress", "log", "audio"} <= set(kinds)
    assert told[-1][2]["job"]["outputs"]
    assert "key" not in str([data for _, kind, data in told if kind == "audio"])


def test_events_go_on_where_a_client_stopped(client: httpx2.Client):
    job = ask(client, prompt="work=0.5 steps=3")
    seen = []
    for number, kind, _ in events_of(client, job):
        seen.append((number, kind))
        if kind == "progress":
            break

    rest = [(number, kind) for number, kind, _ in events_of(client, job, seen[-1][0])]

    assert [number for number, _ in seen + rest] == list(range(1, len(seen + rest) + 1))
    assert rest[-1][1] == "status"


def test_client_that_has_seen_the_end_is_not_kept_waiting(client: httpx2.Client):
    job = made(client)
    last = max(number for number, _, _ in events_of(client, job))

    assert list(events_of(client, job, last)) == []
    assert list(events_of(client, job, last + 100)) == []


def test_events_end_when_the_job_is_deleted(client: httpx2.Client, server: Server):
    job = ask(client, prompt="work=600")
    until(client, job, "running")
    ended = threading.Event()

    def watch() -> None:
        with server.client() as own:
            for _ in events_of(own, job):
                pass
        ended.set()

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    time.sleep(0.3)
    client.delete(f"/v1/jobs/{job['id']}")

    assert ended.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize("header", ["-1", "1.5", "abc", "1" * 30, "１"])
def test_last_event_id_that_we_never_gave_is_refused(embedded: httpx2.Client, header: str):
    job = ask(embedded)

    answer = embedded.get(
        f"/v1/jobs/{job['id']}/events", headers={"Last-Event-ID": header.encode()}
    )

    assert answer.status_code == 422
    assert answer.json()["error"]["type"] == "Invalid"


def test_sound_is_heard_before_the_piece_is_finished(client: httpx2.Client):
    job = ask(client, prompt="work=600 steps=6000", seconds=60)

    with client.stream("GET", f"/v1/jobs/{job['id']}/audio") as stream:
        pieces = stream.iter_bytes()
        heard = next(pieces)
        while len(heard) < 1000:
            heard += next(pieces)
        status = client.get(f"/v1/jobs/{job['id']}").json()["status"]
    client.post(f"/v1/jobs/{job['id']}/cancel")

    assert status == "running"
    assert stream.headers["content-type"] == "audio/wav"


def test_sound_while_made_is_the_sound_when_done(client: httpx2.Client):
    with busy(client):
        job = ask(client, prompt="work=0.5", seconds=3, loudness="clip")
        listening = client.build_request("GET", f"/v1/jobs/{job['id']}/audio")
        stream = client.send(listening, stream=True)
    live = stream.read()
    done = client.get(f"/v1/jobs/{job['id']}/audio", follow_redirects=True)

    early, rate = soundfile.read(io.BytesIO(live))
    final, _ = soundfile.read(io.BytesIO(done.content))
    assert (len(early), len(live)) == (3 * rate, 44 + 2 * 3 * rate)
    assert done.history[0].status_code == 307
    assert np.abs(early - final).max() < 2 / 32768


def test_deleted_job_is_gone_with_its_files(client: httpx2.Client, server: Server):
    job = made(client)

    answer = client.delete(f"/v1/jobs/{job['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(f"/v1/jobs/{job['id']}").status_code == 404
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 404
    assert fetched(job["outputs"][0]["url"]).status_code == 404
    assert not list((server.folder / "data" / "blobs").rglob(f"*{job['id']}*/*"))


def test_deleting_a_running_job_cancels_it_first(client: httpx2.Client):
    job = until(client, ask(client, prompt="work=600"), "running")

    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204

    assert client.get(f"/v1/jobs/{job['id']}").status_code == 404


def test_running_job_is_canceled_at_once(client: httpx2.Client):
    job = until(client, ask(client, prompt="work=600"), "running")

    answer = client.post(f"/v1/jobs/{job['id']}/cancel")

    assert answer.json()["status"] == "canceled"
    assert [data["status"] for _, kind, data in events_of(client, job) if kind == "status"] == [
        "queued",
        "running",
        "canceled",
    ]


def test_canceled_job_frees_its_place_in_the_engine(client: httpx2.Client):
    with busy(client):
        waiting = ask(client)
        time.sleep(0.2)
        assert client.get(f"/v1/jobs/{waiting['id']}").json()["status"] != "succeeded"

    assert finished(client, waiting["id"])["status"] == "succeeded"


def test_queued_job_is_canceled_and_never_run(client: httpx2.Client):
    with busy(client):
        waiting = ask(client)
        told = client.get(f"/v1/jobs/{waiting['id']}").json()
        answer = client.post(f"/v1/jobs/{waiting['id']}/cancel").json()

    assert (told["status"], answer["status"]) == ("queued", "canceled")
    assert told["jobs_ahead"] >= 0
    assert made(client)["status"] == "succeeded"
    assert client.get(f"/v1/jobs/{waiting['id']}").json()["attempts"] == 0


def test_canceling_a_finished_job_changes_nothing(client: httpx2.Client):
    job = made(client)

    answer = client.post(f"/v1/jobs/{job['id']}/cancel")

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["finished_at"]) == (
        "succeeded",
        job["finished_at"],
    )


def test_pages_show_every_job_once_both_ways(server: Server):
    with server.client(server.run("keys", "create", "--account", "pages")) as client:
        ids = [ask(client)["id"] for _ in range(7)][::-1]

        pages = [client.get("/v1/jobs", params={"size": 3}).json()]
        while pages[-1]["older"]:
            query = {"size": 3, "cursor": pages[-1]["older"]}
            pages.append(client.get("/v1/jobs", params=query).json())
        query = {"size": 3, "cursor": pages[-1]["newer"]}
        before_last = client.get("/v1/jobs", params=query).json()

    shown = [[job["id"] for job in page["jobs"]] for page in pages]
    assert list(itertools.chain(*shown)) == ids
    assert [len(page) for page in shown] == [3, 3, 1]
    assert pages[0]["newer"] is None
    assert [job["id"] for job in before_last["jobs"]] == shown[1]


def test_job_of_somebody_else_is_answered_like_an_unknown_one(
    client: httpx2.Client, other_client: httpx2.Client
):
    job = made(client)
    unknown = job["id"][::-1]

    for method, path in [
        ("GET", "/v1/jobs/{}"),
        ("DELETE", "/v1/jobs/{}"),
        ("POST", "/v1/jobs/{}/cancel"),
        ("GET", "/v1/jobs/{}/events"),
        ("GET", "/v1/jobs/{}/audio"),
        ("GET", "/v1/predictions/{}"),
        ("POST", "/v1/predictions/{}/cancel"),
    ]:
        theirs = other_client.request(method, path.format(job["id"]))
        nobodys = other_client.request(method, path.format(unknown))
        assert theirs.status_code == nobodys.status_code == 404, path
        assert theirs.content == nobodys.content
    assert other_client.get("/v1/jobs").json()["jobs"] == []
    assert client.get(f"/v1/jobs/{job['id']}").status_code == 200


def test_models_tell_what_is_installed_and_under_which_licence(client: httpx2.Client):
    models = {model["name"]: model for model in client.get("/v1/models").json()["models"]}

    assert models["fake"]["installed"]
    assert models["composer"]["installed"]
    assert not models["large"]["installed"]
    assert models["large"]["licence"] == "CC-BY-NC-4.0"


def test_model_without_weights_is_stood_in_for_openly(client: httpx2.Client):
    answer = client.post("/v1/jobs", json={"prompt": "x", "model": "large", "seconds": 1})
    client.post(answer.json()["links"]["cancel"])

    assert answer.json()["model"] == "large"
    assert answer.json()["made_by"] == {"model": "composer", "engine": "composer"}
    assert answer.headers["x-bandstand-model"] == "composer"


def test_metered_account_pays_for_what_it_gets_and_no_more(server: Server):
    key = server.run("keys", "create", "--account", "payer", "--credits", "0.01")
    with server.client(key) as client:
        canceled = ask(client, prompt="work=600", seconds=8)
        client.post(f"/v1/jobs/{canceled['id']}/cancel")
        made(client, seconds=9)

        refused = client.post("/v1/jobs", json={"prompt": "x", "model": "fake", "seconds": 2})
        ask(client, seconds=1)

    assert refused.status_code == 402
    assert refused.json()["error"]["type"] == "NoCredit"


def test_health_readiness_and_figures_need_no_key(server: Server):
    with server.client(key=None) as client:
        assert client.get("/healthz").json()["status"] == "ok"
        assert client.get("/readyz").json() == {"status": "ready"}
        assert "bandstand_jobs_submitted_total" in client.get("/metrics").text
        assert client.get("/openapi.json").json()["info"]["title"] == "Bandstand"


def test_too_many_unfinished_jobs_are_refused_with_a_time_to_try_again(bandstand):
    with bandstand(jobs_max_account=2).client() as client:
        several = [ask(client, prompt="work=600") for _ in range(2)]

        refused = client.post("/v1/jobs", json={"prompt": "x", "model": "fake"})
        client.post(f"/v1/jobs/{several[0]['id']}/cancel")
        accepted = client.post("/v1/jobs", json={"prompt": "x", "model": "fake"})

    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert accepted.status_code == 201


def test_server_that_is_stopped_goes_on_with_its_jobs_when_it_comes_back(bandstand):
    server: Server = bandstand(drain_seconds=0)
    with server.client() as client:
        done = made(client)
        running = until(client, ask(client, prompt="work=6"), "running")

    code = server.stop()
    server.start()

    with server.client() as client:
        assert code == 0
        assert client.get(f"/v1/jobs/{done['id']}").json()["status"] == "succeeded"
        assert finished(client, running["id"])["status"] == "succeeded"
