"""Segmind's API as its own client calls it, the example of its document, and by hand, down to a caller who hangs up.

The test tone stands in for MusicGen, so that prompts can steer what happens.
"""

from __future__ import annotations

import base64
import io
import json
import socket
from collections.abc import Callable, Generator
from typing import Any

import httpx2
import pytest
import soundfile
from clients import installed
from patience import PATIENCE_SECONDS, once
from servers import KEY, Server, finished, read_answer

SLUG = "meta-musicgen-medium"
SYNCHRONOUS, QUEUED = f"/v1/{SLUG}", f"/v2/{SLUG}"
WISH = {"prompt": "lo-fi music with a soothing melody", "duration": 1, "seed": 42}
CLIENT = "segmind==1.3.0"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    running = Server(tmp_path_factory.mktemp("segmind"), {"engines": "fake", "stand_in": "other"})
    running.start()
    yield running
    running.stop()


def opened(server: Server, key: str | None = KEY) -> httpx2.Client:
    headers = {"x-api-key": key} if key else {}
    return httpx2.Client(
        base_url=server.url,
        headers=headers,
        timeout=PATIENCE_SECONDS,
        trust_env=False,
        verify=False,
    )


@pytest.fixture
def client(server: Server) -> Generator[httpx2.Client]:
    with opened(server) as ours:
        yield ours


@pytest.fixture
def native(server: Server) -> Generator[httpx2.Client]:
    """The same account by our own API, to see what became of its jobs."""
    with server.client() as ours:
        yield ours


def newest(native: httpx2.Client, prompt: str) -> dict[str, Any]:
    """The job with this prompt, once it is there."""
    found = once(
        lambda: [job for job in _jobs(native) if job["prompt"] == prompt], why=f"a job {prompt!r}"
    )
    return found[0]


def test_example_of_the_document_runs_but_for_address_and_key(server: Server) -> None:
    requests = pytest.importorskip("requests")
    api_key = KEY
    url = f"{server.url}/v1/meta-musicgen-medium"
    data = {"prompt": "lo-fi music with a soothing melody", "duration": 10, "seed": 42}
    headers = {"x-api-key": api_key}

    response = requests.post(url, json=data, headers=headers)

    sound = soundfile.info(io.BytesIO(response.content))
    assert response.status_code == 200
    assert response.headers["content-type"] == "audio/wav"
    assert (sound.frames, sound.samplerate, sound.channels) == (320_000, 32_000, 1)


def test_composer_speaks_as_the_hosted_model_does(sqlite_server: Server) -> None:
    with opened(sqlite_server) as client:
        answer = client.post(SYNCHRONOUS, json=WISH)

    sound = soundfile.info(io.BytesIO(answer.content))
    assert (sound.frames, sound.samplerate, sound.channels) == (32_000, 32_000, 1)
    assert answer.headers["x-bandstand-engine"] == "composer"


def test_defaults_are_ten_seconds_of_seed_42(client: httpx2.Client, native: httpx2.Client) -> None:
    answer = client.post(SYNCHRONOUS, json={"prompt": "by default"})

    assert soundfile.info(io.BytesIO(answer.content)).duration == 10.0
    assert newest(native, "by default")["seed"] == 42


def test_same_seed_gives_the_same_bytes(client: httpx2.Client) -> None:
    first, second = (client.post(SYNCHRONOUS, json={**WISH, "seed": 7}) for _ in range(2))

    assert first.content == second.content


def test_seed_of_minus_one_is_drawn(client: httpx2.Client) -> None:
    first, second = (client.post(SYNCHRONOUS, json={**WISH, "seed": -1}) for _ in range(2))

    assert first.content != second.content


def test_seed_zero_is_a_seed(client: httpx2.Client, native: httpx2.Client) -> None:
    client.post(SYNCHRONOUS, json={**WISH, "prompt": "seed zero", "seed": 0})

    assert newest(native, "seed zero")["seed"] == 0


def test_what_nobody_knows_is_ignored(client: httpx2.Client) -> None:
    answer = client.post(SYNCHRONOUS, json={**WISH, "base64": True, "status": "COMPLETED"})

    assert answer.status_code == 200


def test_official_client_waits_for_the_sound(server: Server) -> None:
    program = """
        import base64, json, sys
        from segmind import SegmindClient

        client = SegmindClient(api_key=sys.argv[2], base_url=sys.argv[1] + "/v1")
        answer = client.run_sync("meta-musicgen-medium", prompt="a tone", duration=1.5)
        sound = base64.b64encode(answer.content).decode()
        print(json.dumps([answer.status_code, dict(answer.headers), sound]))
    """

    status, headers, sound = installed(CLIENT).tell(program, server.url, KEY)

    assert (status, headers["content-type"]) == (200, "audio/wav")
    assert float(headers["x-remaining-credits"]) > 0
    assert soundfile.info(io.BytesIO(base64.b64decode(sound))).frames == 48_000


def test_official_client_polls_for_the_sound(server: Server, native: httpx2.Client) -> None:
    program = """
        import json, sys
        from segmind import SegmindClient

        client = SegmindClient(api_key=sys.argv[2], base_url=sys.argv[1] + "/v1")
        job = client.submit_async("meta-musicgen-medium", prompt="a tone", duration=1.5)
        print(json.dumps([job.submit_response, job.wait(interval=0.05)]))
    """

    accepted, told = installed(CLIENT).tell(program, server.url, KEY)

    assert accepted["status"] == "QUEUED"
    assert told["status"] == "COMPLETED"
    assert told["request_id"] == accepted["request_id"]
    assert set(told["metrics"]) == {"queue_time", "inference_time"}
    sound = soundfile.info(io.BytesIO(native.get(told["output"]).content))
    assert (sound.frames, sound.samplerate, sound.channels) == (48_000, 32_000, 1)


def test_official_client_runs_with_the_queue_by_default(server: Server) -> None:
    program = """
        import json, sys
        from segmind import SegmindClient

        client = SegmindClient(api_key=sys.argv[2], base_url=sys.argv[1] + "/v1")
        print(json.dumps(client.run("meta-musicgen-medium", prompt="a tone", duration=1)))
    """

    told = installed(CLIENT).tell(program, server.url, KEY)

    assert told["output"].startswith(f"{server.url}/files/{told['request_id']}/track.wav?")


def test_official_client_reads_our_errors(server: Server) -> None:
    program = """
        import json, sys
        from segmind import SegmindClient, SegmindError

        def told(key, slug, call="run_sync", **wish):
            client = SegmindClient(api_key=key, base_url=sys.argv[1] + "/v1")
            try:
                getattr(client, call)(slug, **wish)
            except SegmindError as error:
                return [error.status, error.detail]

        key, slug = sys.argv[2], "meta-musicgen-medium"
        print(json.dumps([
            told("nobody", slug, prompt="a tone"),
            told(key, "meta-musicgen-tiny", prompt="a tone"),
            told(key, slug, prompt="a tone", duration=31),
            told(key, slug, prompt="please fail", duration=1),
            told(key, slug, "run", prompt="please fail", duration=1),
        ]))
    """

    unknown, absent, too_long, broken, broken_later = installed(CLIENT).tell(
        program, server.url, KEY
    )

    assert unknown == [401, "No valid API key was given."]
    assert absent == [404, "There is no such thing here."]
    assert too_long[0] == 422
    assert "duration" in too_long[1]
    assert broken == [500, "The fake engine was asked to fail."]
    assert broken_later == [None, "The fake engine was asked to fail."]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", None),
        ("prompt", ""),
        ("prompt", 7),
        ("prompt", "long " * 1000),
        ("duration", 0.99),
        ("duration", 30.01),
        ("duration", -1),
        ("duration", 1e9),
        ("duration", "8"),
        ("duration", True),
        ("duration", None),
        ("seed", -2),
        ("seed", 10_000),
        ("seed", 2**64),
        ("seed", 1.5),
        ("seed", "42"),
    ],
)
@pytest.mark.parametrize("path", [SYNCHRONOUS, QUEUED])
def test_wrong_field_is_named_under_422(
    client: httpx2.Client, path: str, field: str, value: object
) -> None:
    answer = client.post(path, json={**WISH, field: value})

    assert answer.status_code == 422
    assert field in answer.json()["error"]


@pytest.mark.parametrize("duration", [1, 30, 1.25])
def test_duration_is_exact(client: httpx2.Client, duration: float) -> None:
    answer = client.post(SYNCHRONOUS, json={**WISH, "duration": duration})

    assert soundfile.info(io.BytesIO(answer.content)).frames == duration * 32_000


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", SYNCHRONOUS, b"{", 400),
        ("POST", SYNCHRONOUS, b"[1]", 400),
        ("POST", SYNCHRONOUS, b"{}", 422),
        ("GET", SYNCHRONOUS, b"", 405),
        ("DELETE", QUEUED, b"", 405),
        ("POST", "/v1/no-such-model", b"{}", 404),
        ("GET", "/v1/no-such-model", b"", 404),
        ("POST", "/v2/no-such-model", b"{}", 404),
        ("GET", "/v2/requests/" + "a" * 26, b"", 404),
        ("GET", "/v2/requests/..%2f..%2fetc%2fpasswd/status", b"", 404),
    ],
)
def test_errors_of_the_framework_have_segminds_shape(
    client: httpx2.Client, method: str, path: str, content: bytes, status: int
) -> None:
    answer = client.request(
        method, path, content=content, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == status
    assert list(answer.json()) == ["error"]


@pytest.mark.parametrize("path", [SYNCHRONOUS, QUEUED])
@pytest.mark.parametrize("key", [None, "", "nobody", "bs_0123456789ab_wrong"])
def test_key_is_asked_for_before_the_body_is_looked_at(
    server: Server, key: str | None, path: str
) -> None:
    with opened(server, key) as stranger:
        answer = stranger.post(path, json={"duration": "wrong"})

    assert answer.status_code == 401
    assert answer.json() == {"error": "No valid API key was given."}


def test_balance_is_told_with_every_answer(server: Server) -> None:
    """A second of the medium model is 0.004 credits: ten and the rest are spent or not."""
    key = server.run("keys", "create", "--account", "segmind-metered", "--credits", "1")
    with opened(server, key) as metered:
        made = metered.post(SYNCHRONOUS, json={**WISH, "duration": 10})
        refused = metered.post(SYNCHRONOUS, json={**WISH, "duration": 31})
        broken = metered.post(SYNCHRONOUS, json={**WISH, "prompt": "please fail"})
        accepted = metered.post(QUEUED, json={**WISH, "prompt": "a tone work=9", "duration": 10})
        asked = metered.get(accepted.json()["status_url"])

    told = [
        float(answer.headers["x-remaining-credits"])
        for answer in (made, refused, broken, accepted, asked)
    ]
    price = 1 - told[0]
    assert price > 0
    assert told == pytest.approx([1 - price, 1 - price, 1 - price, 1 - 2 * price, 1 - 2 * price])


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", "/v1/no-such-model", b"{}", 404),
        ("GET", "/v2/requests/nothing/at/all", b"", 404),
        ("PATCH", SYNCHRONOUS, b"", 405),
        ("POST", SYNCHRONOUS, b" " * 1_000_001, 413),
        ("POST", SYNCHRONOUS, b"{", 400),
    ],
)
def test_balance_is_told_at_whatever_stage_a_call_is_refused(
    client: httpx2.Client, method: str, path: str, content: bytes, status: int
) -> None:
    answer = client.request(method, path, content=content)

    assert answer.status_code == status
    assert answer.headers["x-remaining-credits"] == "1000000"


def test_balance_is_told_to_a_key_that_may_not(server: Server) -> None:
    key = server.run("keys", "create", "--account", "reader", "--scope", "read", "--credits", "2")
    with opened(server, key) as reader:
        answer = reader.post(SYNCHRONOUS, json=WISH)

    assert answer.status_code == 403
    assert answer.headers["x-remaining-credits"] == "2"


@pytest.mark.parametrize("path", [SYNCHRONOUS, "/v1/no-such-model"])
@pytest.mark.parametrize("key", [None, "nobody", "bs_0123456789ab_wrong"])
def test_no_balance_is_told_to_whom_nobody_knows(
    server: Server, key: str | None, path: str
) -> None:
    with opened(server, key) as stranger:
        answer = stranger.post(path, json=WISH)

    assert "x-remaining-credits" not in answer.headers


def test_account_that_pays_nothing_has_always_a_million_left(client: httpx2.Client) -> None:
    answers = [client.post(SYNCHRONOUS, json=WISH) for _ in range(2)]

    assert {answer.headers["x-remaining-credits"] for answer in answers} == {"1000000"}


@pytest.mark.parametrize("path", [SYNCHRONOUS, QUEUED])
def test_account_without_credits_is_told_406(server: Server, path: str) -> None:
    key = server.run("keys", "create", "--account", f"poor{path}", "--credits", "0.001")
    with opened(server, key) as poor:
        answer = poor.post(path, json={**WISH, "duration": 30})

    assert answer.status_code == 406
    assert "credits" in answer.json()["error"]
    assert answer.headers["x-remaining-credits"] == "0.001"


def test_too_many_calls_are_told_429(bandstand: Callable[..., Server]) -> None:
    server = bandstand(engines="fake", stand_in="other", creates_per_minute=2)
    with opened(server) as client:
        answers = [client.post(QUEUED, json=WISH) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "throttled" in answers[-1].json()["error"]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert [answer.headers["x-remaining-credits"] for answer in answers] == ["1000000"] * 3


def test_request_goes_from_queued_to_completed(client: httpx2.Client) -> None:
    accepted = client.post(QUEUED, json={**WISH, "prompt": "a tone work=5"}).json()
    statuses = [accepted["status"]]

    def look() -> str:
        told = client.get(accepted["status_url"])
        assert told.status_code == 200
        if told.json()["status"] != statuses[-1]:
            statuses.append(told.json()["status"])
        return statuses[-1]

    once(look, lambda status: status == "COMPLETED")
    assert statuses == ["QUEUED", "PROCESSING", "COMPLETED"]


def test_failed_request_is_told_under_422(client: httpx2.Client) -> None:
    accepted = client.post(QUEUED, json={**WISH, "prompt": "please fail"}).json()

    told = once(
        lambda: client.get(accepted["status_url"]), lambda answer: answer.status_code != 200
    )

    assert told.status_code == 422
    assert client.get(accepted["response_url"]).status_code == 422
    assert (told.json()["status"], told.json()["error"]) == (
        "FAILED",
        "The fake engine was asked to fail.",
    )


def test_requests_of_others_are_not_there(server: Server, client: httpx2.Client) -> None:
    accepted = client.post(QUEUED, json=WISH).json()
    with opened(server, server.run("keys", "create", "--account", "segmind-other")) as other:
        answers = [other.get(accepted[url]) for url in ("status_url", "response_url")]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_jobs_of_other_apis_are_no_requests(client: httpx2.Client, native: httpx2.Client) -> None:
    job = native.post("/v1/jobs", json={"prompt": "a tone", "model": "fake"}).json()

    assert client.get(f"/v2/requests/{job['id']}").status_code == 404


def test_sound_of_an_api_that_asks_for_a_bearer_is_not_given_without_our_header(
    native: httpx2.Client,
) -> None:
    assert native.post(SYNCHRONOUS, json=WISH).status_code == 401


def said(server: Server, wish: dict[str, Any], *, key: str = KEY, **headers: str) -> socket.socket:
    """A connection on which the whole request was sent, and nothing read."""
    body = json.dumps(wish).encode()
    lines = [
        f"POST {SYNCHRONOUS} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"x-api-key: {key}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    line = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS)
    line.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    return line


@pytest.mark.parametrize("way", ["close", "half"])
def test_caller_who_hangs_up_has_the_job_canceled(
    server: Server, native: httpx2.Client, way: str
) -> None:
    prompt = f"a tone work=600 {way}"
    line = said(server, {**WISH, "prompt": prompt})
    job = newest(native, prompt)

    line.close() if way == "close" else line.shutdown(socket.SHUT_WR)
    job = finished(native, job["id"])
    line.close()

    assert job["status"] == "canceled"


def test_credits_of_a_caller_who_hung_up_are_given_back(server: Server) -> None:
    key = server.run("keys", "create", "--account", "segmind-rude", "--credits", "1")
    with opened(server, key) as rude:

        def left() -> str:
            return rude.get("/v2/requests/any").headers["x-remaining-credits"]

        line = said(server, {**WISH, "prompt": "a tone work=600"}, key=key)
        once(left, lambda told: told != "1")
        line.close()
        assert once(left, lambda told: told == "1")


def test_caller_with_an_idempotency_key_may_come_back(
    server: Server, client: httpx2.Client, native: httpx2.Client
) -> None:
    wish = {**WISH, "prompt": "a tone work=1 later"}
    line = said(server, wish, Idempotency_Key="segmind-once")
    job = newest(native, str(wish["prompt"]))
    line.close()

    answer = client.post(SYNCHRONOUS, json=wish, headers={"Idempotency-Key": "segmind-once"})

    assert soundfile.info(io.BytesIO(answer.content)).frames == 32_000
    assert native.get(f"/v1/jobs/{job['id']}").json()["attempts"] == 1
    assert len([j for j in _jobs(native) if j["prompt"] == wish["prompt"]]) == 1


def test_job_that_somebody_else_cancels_ends_the_wait(
    server: Server, native: httpx2.Client
) -> None:
    prompt = "a tone work=600 called off"
    line = said(server, {**WISH, "prompt": prompt})

    native.post(f"/v1/jobs/{newest(native, prompt)['id']}/cancel")
    answer = read_answer(line).decode()
    line.close()

    assert answer.startswith("HTTP/1.1 504")
    assert '{"error":"The job was canceled."}' in answer


def test_server_that_stops_lets_the_waiting_go(bandstand: Callable[..., Server]) -> None:
    server = bandstand(engines="fake", stand_in="other")
    line = said(server, {**WISH, "prompt": "a tone work=600"})
    with server.client() as native:
        job = newest(native, "a tone work=600")
    server.stop()

    answer = read_answer(line).decode()
    line.close()
    server.start()

    assert answer.startswith("HTTP/1.1 503")
    assert '{"error":"The server is stopping."}' in answer
    with server.client() as native:
        assert native.get(f"/v1/jobs/{job['id']}").json()["status"] == "canceled"


def test_many_wait_at_once(server: Server) -> None:
    lines = [said(server, {**WISH, "seed": seed}) for seed in range(20)]

    answers = [line.recv(65536) for line in lines]
    for line in lines:
        line.close()

    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)


def _jobs(native: httpx2.Client) -> list[dict[str, Any]]:
    return native.get("/v1/jobs?size=100").json()["jobs"]
