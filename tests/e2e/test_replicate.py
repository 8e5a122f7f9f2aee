"""Replicate's API by hand: what neither official client does, and what must hold whoever calls."""

from __future__ import annotations

import datetime as dt
import io
import json
import time
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import soundfile
from patience import once
from receiver import Receiver
from replicates import (
    MODEL,
    VERSION,
    WISH,
    create,
    settled,
    sound_of,
    tone_server,
    until_processing,
    wave,
)
from servers import KEY, Server

PREFIXES = ["/predictions", "/v1/predictions"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    yield from tone_server(tmp_path_factory.mktemp("replicate"))


@pytest.fixture
def client(server: Server) -> Generator[httpx2.Client]:
    with server.client() as opened:
        yield opened


@pytest.fixture
def stranger(server: Server) -> Generator[httpx2.Client]:
    """Somebody without a key."""
    with server.client(None) as opened:
        yield opened


@pytest.fixture
def other(server: Server) -> Generator[httpx2.Client]:
    """Another account of the same server."""
    key = server.run("keys", "create", "--account", f"other-{time.monotonic_ns()}")
    with server.client(key) as opened:
        yield opened


@pytest.fixture
def poor(server: Server) -> Generator[httpx2.Client]:
    """Somebody who cannot pay for anything."""
    account = f"poor-{time.monotonic_ns()}"
    key = server.run("keys", "create", "--account", account, "--credits", "0")
    with server.client(key) as opened:
        yield opened


def refused(answer: httpx2.Response, status: int) -> dict[str, Any]:
    body = answer.json()
    assert (answer.status_code, body["status"]) == (status, status), answer.text
    assert isinstance(body["title"], str)
    assert isinstance(body["detail"], str)
    return body


@pytest.mark.parametrize("prefix", PREFIXES)
def test_prediction_is_made_shown_listed_and_canceled(client: httpx2.Client, prefix: str) -> None:
    made = client.post(prefix, json={"version": VERSION, "input": WISH})
    prediction = made.json()
    shown = client.get(f"{prefix}/{prediction['id']}").json()
    listed = client.get(prefix).json()["results"]
    canceled = client.post(f"{prefix}/{prediction['id']}/cancel")

    assert (made.status_code, prediction["status"]) == (201, "starting")
    assert shown["id"] == prediction["id"]
    assert prediction["id"] in {each["id"] for each in listed}
    assert canceled.status_code == 200


def test_older_form_of_the_key_opens(server: Server) -> None:
    with server.client(None) as client:
        answer = client.get("/v1/account", headers={"Authorization": f"Token {KEY}"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("model", "channels"),
    [("stereo-melody-large", 2), ("stereo-large", 2), ("melody-large", 1), ("large", 1)],
)
@pytest.mark.parametrize(("encoding", "media_type"), [("wav", "audio/wav"), ("mp3", "audio/mpeg")])
def test_result_is_as_long_wide_and_fast_as_the_hosted_one(
    client: httpx2.Client, model: str, channels: int, encoding: str, media_type: str
) -> None:
    wish = {**WISH, "model_version": model, "output_format": encoding, "duration": 2}

    output = settled(client, create(client, input=wish))["output"]

    answer = client.get(output)
    frames, rate, found = sound_of(answer.content)
    assert (rate, found) == (32000, channels)
    assert abs(frames - 64000) <= (0 if encoding == "wav" else 2304)
    assert answer.headers["content-type"] == media_type


def test_real_piece_is_32_khz_stereo_in_16_bit(sqlite_server: Server) -> None:
    with sqlite_server.client() as client:
        wish = {"prompt": "slow piano waltz in D minor", "duration": 4, "seed": 3}
        prediction = settled(client, create(client, input=wish), seconds=90)
        content = client.get(prediction["output"]).content

    assert prediction["status"] == "succeeded", prediction["error"]
    assert prediction["logs"].startswith("Using seed 3\n")
    info = soundfile.info(io.BytesIO(content))
    assert (info.frames, info.samplerate, info.channels) == (128000, 32000, 2)
    assert info.subtype == "PCM_16"
    samples, _ = soundfile.read(io.BytesIO(content))
    assert abs(samples).max() > 0.1


def test_seed_repeats_the_piece(client: httpx2.Client) -> None:
    outputs = [
        settled(client, create(client, input={**WISH, "seed": 99}))["output"] for _ in range(2)
    ]

    first, second = (client.get(output).content for output in outputs)
    assert first == second


@pytest.mark.parametrize("seed", [0, -1])
def test_seed_without_a_value_of_its_own_is_drawn(client: httpx2.Client, seed: int) -> None:
    logs = {
        settled(client, create(client, input={**WISH, "seed": seed}))["logs"].partition("\n")[0]
        for _ in range(2)
    }

    assert len(logs) == 2


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({}, "Must provide either prompt or input_audio"),
        (
            {"prompt": "x", "continuation": True},
            "Must provide `input_audio` if continuation is `True`.",
        ),
        (
            {"prompt": "x", "multi_band_diffusion": True},
            "Multi-Band Diffusion is only available with non-stereo models.",
        ),
    ],
)
def test_wish_that_the_reference_fails_at_is_accepted_and_fails(
    client: httpx2.Client, wish: dict[str, Any], message: str
) -> None:
    accepted = create(client, input=wish)
    failed = settled(client, accepted)
    told = [event["status"] for event in (accepted, failed)]

    assert told == ["starting", "failed"]
    assert (failed["error"], failed["output"]) == (message, None)
    assert failed["completed_at"] is not None


def test_wish_that_must_fail_costs_nothing(poor: httpx2.Client) -> None:
    prediction = settled(poor, create(poor, input={}))

    assert prediction["status"] == "failed"


def test_failed_wish_is_told_to_the_webhook(client: httpx2.Client) -> None:
    with Receiver() as receiver:
        create(client, input={}, webhook=receiver.url)
        [message] = receiver.wait()

    assert message.json["status"] == "failed"


def test_wait_gives_the_finished_prediction(client: httpx2.Client) -> None:
    prediction = create(client, headers={"Prefer": "wait=60"})

    assert prediction["status"] == "succeeded"


def test_wait_that_was_too_short_says_starting(client: httpx2.Client) -> None:
    body = {"version": VERSION, "input": {**WISH, "prompt": "work=600"}}
    answer = client.post("/v1/predictions", json=body, headers={"Prefer": "wait=1"})
    client.post(f"/v1/predictions/{answer.json()['id']}/cancel")

    assert (answer.status_code, answer.json()["status"]) == (202, "starting")


def test_prediction_is_called_off_at_its_deadline(client: httpx2.Client) -> None:
    wish = {**WISH, "prompt": "work=600"}

    prediction = create(client, input=wish, headers={"Cancel-After": "1s"})
    until_processing(client, prediction)
    over = settled(client, prediction)

    assert over["status"] == "canceled"
    assert prediction["deadline"] > prediction["created_at"]


@pytest.mark.parametrize("given", ["", "0", "soon", "5d", "-1", "1.5h", "²s"])
def test_deadline_that_is_no_time_is_refused(client: httpx2.Client, given: str) -> None:
    body = {"version": VERSION, "input": WISH}
    headers = {b"Cancel-After": given.encode()}

    refused(client.post("/v1/predictions", json=body, headers=headers), 422)


@pytest.mark.parametrize(
    ("given", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("1h30m45s", 5445)]
)
def test_deadline_is_told(client: httpx2.Client, given: str, seconds: int) -> None:
    prediction = create(client, headers={"Cancel-After": given})

    created, deadline = (
        dt.datetime.fromisoformat(prediction[name]) for name in ("created_at", "deadline")
    )
    assert deadline - created == dt.timedelta(seconds=seconds)


def test_list_is_bounded_by_time(client: httpx2.Client) -> None:
    first, second, third = (create(client, input={}) for _ in range(3))
    span = {"created_after": second["created_at"], "created_before": third["created_at"]}

    listed = client.get("/v1/predictions", params=span).json()["results"]

    assert [each["id"] for each in listed] == [second["id"]]
    assert first["id"] not in {each["id"] for each in listed}


def test_next_page_is_an_absolute_address_within_the_same_bounds(other: httpx2.Client) -> None:
    made = [create(other, input={}) for _ in range(103)]
    page = other.get("/v1/predictions", params={"created_after": made[1]["created_at"]}).json()

    beyond = other.get(page["next"]).json()["results"]

    assert page["next"].startswith("http://127.0.0.1:")
    assert page["previous"] is None
    assert parse_qs(urlsplit(page["next"]).query)["created_after"] == [made[1]["created_at"]]
    assert [each["id"] for each in beyond] == [made[2]["id"], made[1]["id"]]


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ({}, 2),
        ({"webhook_events_filter": "start,completed"}, 2),
        ({"webhook_events_filter": ["completed"]}, 1),
    ],
    ids=["usual", "string", "array"],
)
def test_webhook_gets_what_was_wished(
    client: httpx2.Client, words: dict[str, Any], count: int
) -> None:
    with Receiver() as receiver:
        create(client, webhook=receiver.url, **words)
        receiver.wait(count)
        time.sleep(0.6)
    told = [message.json["status"] for message in receiver.messages]

    assert told == ["processing", "succeeded"][-count:]


def test_webhook_tells_what_a_get_tells(client: httpx2.Client) -> None:
    with Receiver() as receiver:
        made = create(client, webhook=receiver.url, webhook_events_filter="completed")
        [message] = receiver.wait()
    shown = client.get(f"/v1/predictions/{made['id']}").json()

    # Links are signed for an hour from the moment they are told.
    signed = {"output": None, "urls": None}
    assert {**message.json, **signed} == {**shown, **signed}


def test_older_webhook_hears_of_the_end_only(client: httpx2.Client) -> None:
    with Receiver() as receiver:
        create(client, webhook_completed=receiver.url)
        receiver.wait()
        time.sleep(0.6)

    assert [message.json["status"] for message in receiver.messages] == ["succeeded"]


def test_stream_needs_no_key_but_its_signature(
    client: httpx2.Client, stranger: httpx2.Client
) -> None:
    address = settled(client, create(client))["urls"]["stream"]

    told = stranger.get(address)
    bare = address.partition("?")[0]

    assert told.headers["content-type"].startswith("text/event-stream")
    assert "event: done\r\n" in told.text or "event: done\n" in told.text
    refused(stranger.get(bare), 401)
    assert client.get(bare).status_code == 200


def test_stream_goes_on_where_it_was_left(client: httpx2.Client) -> None:
    address = settled(client, create(client))["urls"]["stream"]
    events = [part for part in client.get(address).text.split("\n\n") if "id: " in part]
    middle = next(line[4:] for line in events[1].splitlines() if line.startswith("id: "))

    resumed = client.get(address, headers={"Last-Event-ID": middle}).text

    left = [part for part in resumed.split("\n\n") if "id: " in part]
    ids = [[line for line in part.splitlines() if line.startswith("id: ")] for part in events]
    assert len(left) == len(events) - 2
    assert [[line for line in part.splitlines() if line.startswith("id: ")] for part in left] == (
        ids[2:]
    )


def test_upload_of_either_form_is_taken(client: httpx2.Client) -> None:
    sound = ("tune.wav", wave(0.1), "audio/wav")
    as_text = client.post("/v1/files", files={"content": sound}, data={"metadata": '{"a": 1}'})
    as_file = client.post(
        "/v1/files",
        files={"content": sound, "metadata": ("blob", b'{"a": 1}', "application/json")},
    )

    for answer in (as_text, as_file):
        assert answer.status_code == 201, answer.text
        assert answer.json()["metadata"] == {"a": 1}
    assert as_text.json()["checksums"] == as_file.json()["checksums"]


@pytest.mark.parametrize(
    ("metadata", "status"),
    [(b"[1]", 422), (b"no json", 422), (b'{"a": NaN}', 422), (b"[" * 9000, 422), (b"", 201)],
    ids=["array", "text", "NaN", "deep", "empty"],
)
def test_metadata_is_a_json_object(client: httpx2.Client, metadata: bytes, status: int) -> None:
    files = {"content": ("a", b"x"), "metadata": ("blob", metadata, "application/json")}

    assert client.post("/v1/files", files=files).status_code == status


def test_upload_without_content_is_refused(client: httpx2.Client) -> None:
    body = refused(client.post("/v1/files", files={"metadata": ("blob", b"{}")}), 422)

    assert body["invalid_fields"][0]["field"] == "content"


def test_upload_may_be_larger_than_other_bodies(client: httpx2.Client) -> None:
    content = bytes(3_000_000)

    file = client.post("/v1/files", files={"content": ("zeros", content)}).json()

    assert file["size"] == len(content)


def test_download_is_never_shown_by_a_browser(client: httpx2.Client) -> None:
    page = ("page.html", b"<script>alert(1)</script>", "text/html")
    file = client.post("/v1/files", files={"content": page}).json()

    answer = client.get(file["urls"]["download"])

    assert answer.content == page[1]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_strange_file_name_is_kept_out_of_the_headers(client: httpx2.Client) -> None:
    files = {"content": ('a"\r\nSet-Cookie: b=c\x00ü.wav', b"x")}
    file = client.post("/v1/files", files=files).json()

    answer = client.get(file["urls"]["download"])

    assert "set-cookie" not in answer.headers
    assert answer.headers["content-disposition"].isascii()


def test_nobody_sees_what_is_somebody_elses(client: httpx2.Client, other: httpx2.Client) -> None:
    prediction = create(client)["id"]
    file = client.post("/v1/files", files={"content": ("a", b"x")}).json()["id"]
    native = client.post("/v1/jobs", json={"prompt": "x", "model": "fake"}).json()["id"]

    for method, path in (
        ("GET", f"/v1/predictions/{prediction}"),
        ("POST", f"/v1/predictions/{prediction}/cancel"),
        ("GET", f"/v1/files/{prediction}/stream"),
        ("GET", f"/v1/files/{file}"),
        ("GET", f"/v1/files/{file}/download"),
        ("DELETE", f"/v1/files/{file}"),
    ):
        refused(other.request(method, path), 404)
    assert other.get("/v1/predictions").json()["results"] == []
    assert other.get("/v1/files").json()["results"] == []
    refused(client.get(f"/v1/predictions/{native}"), 404)


def test_file_of_somebody_else_is_no_input(client: httpx2.Client, other: httpx2.Client) -> None:
    file = client.post("/v1/files", files={"content": ("a.wav", wave(1))}).json()

    prediction = settled(other, create(other, input={"input_audio": file["urls"]["get"]}))

    assert prediction["status"] == "failed"
    assert "not there" in prediction["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/nobody/nothing",
        "/v1/models/nobody/nothing/versions",
        f"/v1/models/{MODEL}/versions/{'0' * 64}",
        "/v1/predictions/..%2f..%2fetc%2fpasswd",
        "/v1/predictions/%00",
        "/v1/files/nothing",
        "/v1/files/nothing/download",
        "/v1/files/nothing/stream",
        "/v1/webhooks/nothing",
    ],
)
def test_what_is_not_there_is_told_in_replicates_way(client: httpx2.Client, path: str) -> None:
    refused(client.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/predictions"),
        ("POST", "/v1/predictions"),
        ("GET", "/v1/predictions/x"),
        ("POST", "/v1/predictions/x/cancel"),
        ("POST", f"/v1/models/{MODEL}/predictions"),
        ("GET", f"/v1/models/{MODEL}"),
        ("GET", f"/v1/models/{MODEL}/versions"),
        ("GET", f"/v1/models/{MODEL}/versions/{VERSION}"),
        ("GET", "/v1/files"),
        ("POST", "/v1/files"),
        ("DELETE", "/v1/files/x"),
        ("GET", "/v1/account"),
        ("GET", "/v1/webhooks/default/secret"),
    ],
)
@pytest.mark.parametrize("given", [None, "Bearer", "Bearer wrong", f"Bearer {KEY[:-1]}", KEY])
def test_without_a_key_nothing_opens(
    stranger: httpx2.Client, method: str, path: str, given: str | None
) -> None:
    headers = {"Authorization": given} if given else {}

    answer = stranger.request(method, path, headers=headers)

    assert refused(answer, 401)["title"] == "Unauthenticated"


def test_method_that_is_not_there_is_told_in_replicates_way(client: httpx2.Client) -> None:
    for path in ("/predictions", "/v1/files", f"/v1/models/{MODEL}", "/v1/account"):
        refused(client.put(path), 405)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 200_000, b'{"input": 1' + b"0" * 5000],
    ids=range(8),
)
def test_body_that_is_no_object_is_refused(client: httpx2.Client, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post("/v1/predictions", content=content, headers=headers)

    assert answer.status_code in {400, 422}
    refused(answer, answer.status_code)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"duration": -1}, "input.duration"),
        ({"duration": 0}, "input.duration"),
        ({"duration": 1_000_000_000}, "input.duration"),
        ({"duration": "8"}, "input.duration"),
        ({"duration": None}, "input.duration"),
        ({"duration": True}, "input.duration"),
        ({"seed": 2**64}, "input.seed"),
        ({"continuation_start": -1}, "input.continuation_start"),
        ({"model_version": "tiny"}, "input.model_version"),
        ({"prompt": "x" * 5000}, "input.prompt"),
        ({"prompt": "\ud800"}, "input.prompt"),
        ({"input_audio": "file:///etc/passwd"}, "input.input_audio"),
        ({"input_audio": "http://10.0.0.1/a.wav"}, "input.input_audio"),
        ({"input_audio": "http://169.254.169.254/"}, "input.input_audio"),
        ({"input_audio": "data:audio/wav;base64,AAAA"}, "input.input_audio"),
    ],
    ids=str,
)
def test_input_that_cannot_be_used_is_named(
    client: httpx2.Client, wish: dict[str, Any], field: str
) -> None:
    body = {"version": VERSION, "input": {**WISH, **wish}}
    text = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}

    body = refused(client.post("/v1/predictions", content=text, headers=headers), 422)

    assert body["title"] == "Input validation failed"
    assert body["invalid_fields"][0]["field"] == field
    assert field in body["detail"]


def test_account_without_credit_is_told_in_replicates_way(poor: httpx2.Client) -> None:
    body = refused(poor.post("/v1/predictions", json={"version": VERSION, "input": WISH}), 402)

    assert body["title"] == "Insufficient credit"


def test_too_many_requests_are_told_when_to_come_back(
    bandstand: Callable[..., Server],
) -> None:
    server = bandstand(engines="fake", stand_in="other", creates_per_minute=1)
    with server.client() as client:
        create(client)
        answer = client.post("/v1/predictions", json={"version": VERSION, "input": WISH})

    body = refused(answer, 429)
    assert body["retry_after"] == int(answer.headers["retry-after"]) > 0
    assert "Request was throttled" in body["detail"]


def test_words_of_the_body_that_nobody_knows_change_nothing(client: httpx2.Client) -> None:
    words = {"status": "succeeded", "id": "mine", "output": "x", "account": "other"}

    prediction = create(client, **words)

    assert prediction["id"] != "mine"
    assert prediction["output"] is None


def test_options_of_the_client_in_the_input_are_refused_and_forgotten(
    server: Server, client: httpx2.Client
) -> None:
    canary = "r8_canary_4711_of_this_test"
    body = {"version": VERSION, "input": {"auth": canary, "baseUrl": "http://x", "prompt": "x"}}

    answer = client.post("/v1/predictions", json=body)

    assert "API token" in refused(answer, 422)["detail"]
    assert canary not in answer.text
    assert canary not in server.log
    for file in (server.folder / "data").rglob("*"):
        assert not file.is_file() or canary.encode() not in file.read_bytes(), file


def test_repeated_create_with_one_key_makes_one_prediction(client: httpx2.Client) -> None:
    headers = {"Idempotency-Key": f"once-{time.monotonic_ns()}"}

    made = [create(client, headers=headers)["id"] for _ in range(3)]
    body = {"version": VERSION, "input": {**WISH, "duration": 2}}
    differing = client.post("/v1/predictions", json=body, headers=headers)

    assert len(set(made)) == 1
    refused(differing, 422)


def told_at(client: httpx2.Client, path: str) -> dict[str, Any]:
    return client.get(path).json()


def test_content_is_removed_when_its_time_is_over(tmp_path: Path) -> None:
    for server in tone_server(tmp_path / "short", keep_seconds=5):
        with server.client() as client:
            made = settled(client, create(client, input={**WISH, "prompt": "canary-4711"}))
            path = made["urls"]["get"]
            left = once(partial(told_at, client, path), lambda told: told["data_removed"])
            sound = client.get(made["output"])
            stream = client.get(left["urls"]["stream"]).text
        listing = [file.name for file in (server.folder / "data" / "blobs").rglob("*.wav")]

    assert (left["input"], left["output"], left["logs"]) == ({}, None, "")
    assert (left["status"], left["version"]) == ("succeeded", VERSION)
    assert sound.status_code == 404
    assert "event: output" not in stream
    assert listing == []
