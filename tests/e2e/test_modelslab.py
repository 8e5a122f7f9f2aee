"""ModelsLab's API as its own client calls it, the example of its document, and by hand: every attribute, the number to ask for,
the webhook, and the customer's own bucket.

The test tone stands in for MusicGen, so that prompts can steer what happens.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import io
import json
import sqlite3
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import soundfile
from clients import Package, installed
from patience import once
from receiver import Receiver
from servers import KEY, Server, finished
from services import ObjectStore, object_store

from bandstand.blobs import open_blobs

EXAMPLE = Path(__file__).parents[1] / "contract" / "modelslab" / "music_gen.txt"
ROOT = "/api/v1/enterprise/voice"
PITCH = 660.0
SETTINGS = {
    "engines": "fake",
    "stand_in": "other",
    "answer_seconds": 60,
    "allowed_private_hosts": "127.0.0.1",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    running = Server(tmp_path_factory.mktemp("modelslab"), SETTINGS)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> Generator[httpx2.Client]:
    """Without a header: this API takes the key from the body."""
    with server.client(None) as ours:
        yield ours


@pytest.fixture(scope="module")
def store() -> Generator[ObjectStore]:
    with object_store() as running:
        running.make_bucket("theirs")
        yield running


@pytest.fixture(scope="module")
def package() -> Package:
    return installed("modelslab_py==0.2.3", "requests")


def post(client: httpx2.Client, call: str, **body: Any) -> httpx2.Response:
    return client.post(f"{ROOT}/{call}", json={"key": KEY, **body})


def create(client: httpx2.Client, **body: Any) -> dict[str, Any]:
    answer = post(client, "music_gen", **{"prompt": "rock music from the 90s", **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


def fetched(client: httpx2.Client, number: int) -> dict[str, Any]:
    return once(
        lambda: post(client, f"fetch/{number}").json(),
        lambda told: told["status"] != "processing",
    )


def heard(client: httpx2.Client, link: str) -> tuple[np.ndarray, int]:
    answer = client.get(link)
    assert answer.status_code == 200, answer.text
    return soundfile.read(io.BytesIO(answer.content))


def pitch_of(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax()) * rate / len(samples)


def tune() -> bytes:
    file = io.BytesIO()
    samples = 0.5 * np.sin(2 * np.pi * PITCH * np.arange(32000) / 32000)
    soundfile.write(file, samples, 32000, format="WAV")
    return file.getvalue()


def follows(client: httpx2.Client, told: dict[str, Any]) -> bool:
    assert told["status"] == "success", told
    return abs(pitch_of(*heard(client, told["output"][0])) - PITCH) < 5


# The document and the official client.


def example(server: Server) -> str:
    """The document's Python; only the URL and the key are others."""
    program = EXAMPLE.read_text().replace("https://modelslab.com", server.url)
    return program.replace('"key":""', f'"key":"{KEY}"')


def test_example_runs_word_for_word(server, package) -> None:
    told = json.loads(package.run(example(server)))

    # Whether its melody can be fetched is not for us to say.
    assert told["status"] in {"success", "processing", "error"}
    assert isinstance(told["id"], int)


def test_example_with_a_melody_that_can_be_fetched_follows_it(server, client, package) -> None:
    theirs = example(server).split('"init_audio":"')[1].split('"')[0]

    with Receiver(content=tune()) as site:
        told = json.loads(package.run(example(server).replace(theirs, site.url)))

    assert follows(client, told)
    assert told["meta"]["conditioning_melody"] == site.url
    assert heard(client, told["output"][0])[1] == 10000


OFFICIAL = """
    import json, sys, warnings
    warnings.simplefilter("ignore")
    from modelslab_py.core.client import Client
    from modelslab_py.core.apis.audio import Audio
    from modelslab_py.schemas.audio import MusicGenSchema
    root, key, enterprise, wish = sys.argv[1:]
    client = Client(api_key=key)
    client.base_url = root + "/api/"
    audio = Audio(client, enterprise=json.loads(enterprise))
    made = audio.music_gen(MusicGenSchema(**json.loads(wish)))
    # Only of what is finished: between its tries it sleeps a minute.
    again = audio.fetch(str(made["id"])) if made["status"] == "success" else None
    print(json.dumps([made, again]))
"""


@pytest.mark.parametrize("enterprise", ["true", "false"])
def test_official_client_makes_and_fetches(server, client, package, enterprise: str) -> None:
    wish = {
        "prompt": "rock",
        "init_audio": base64.b64encode(tune()).decode(),
        "base64": "true",
        "temp": 1.0,
        "max_new_token": 303,
        "sampling_rate": 16000,
        "output_format": "flac",
        "track_id": "7",
    }

    made, again = package.tell(OFFICIAL, server.url, KEY, enterprise, json.dumps(wish))

    assert follows(client, made)
    assert made["meta"] == again["meta"]
    samples, rate = heard(client, again["output"][0])
    assert (len(samples), rate) == (6 * 16000, 16000)
    assert again["output"][0].partition("?")[0].endswith(".flac")


def test_official_client_raises_what_we_refuse(server, package) -> None:
    with pytest.raises(AssertionError, match="max_new_token"):
        package.run(OFFICIAL, server.url, KEY, "true", '{"prompt": "x", "max_new_token": 1}')


# Every attribute.


@pytest.mark.parametrize("tokens", [None, 256, 1000, 1024, "512", 300.0])
def test_length_is_fifty_tokens_a_second(client, tokens: Any) -> None:
    told = create(client, max_new_token=tokens)

    samples, rate = heard(client, told["output"][0])

    assert samples.shape == (round((int(tokens or 256) - 3) / 50 * rate),)
    assert told["meta"]["max_new_token"] == int(tokens or 256)


@pytest.mark.parametrize("rate", [None, 10000, 10007, 44100, 96000, 192001])
def test_file_has_the_sampling_rate_that_was_asked(client, rate: int | None) -> None:
    told = create(client, sampling_rate=rate)

    assert heard(client, told["output"][0])[1] == told["meta"]["sampling_rate"] == (rate or 32000)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": "x" * 4001}, "prompt"),
        ({"sampling_rate": 9999}, "sampling_rate"),
        ({"sampling_rate": 10**9}, "sampling_rate"),
        ({"sampling_rate": True}, "sampling_rate"),
        ({"sampling_rate": "fast"}, "sampling_rate"),
        ({"sampling_rate": 10000, "output_format": "mp3"}, "sampling_rate"),
        ({"max_new_token": 255}, "max_new_token"),
        ({"max_new_token": 1025}, "max_new_token"),
        ({"max_new_token": 256.5}, "max_new_token"),
        ({"base64": "maybe"}, "base64"),
        ({"temp": [1]}, "temp"),
        ({"track_id": {"a": 1}}, "track_id"),
        ({"track_id": "x" * 1001}, "track_id"),
        ({"output_format": "ogg"}, "output_format"),
        ({"init_audio": 5}, "init_audio"),
        ({"init_audio": "file:///etc/passwd"}, "init_audio"),
        ({"init_audio": "http://169.254.169.254/latest"}, "init_audio"),
        ({"init_audio": "not base64!", "base64": True}, "init_audio"),
        ({"init_audio": "PGh0bWw+", "base64": True}, "init_audio"),
        ({"webhook": "file:///etc/passwd"}, "webhook"),
        ({"webhook": "http://169.254.169.254/"}, "webhook"),
    ],
)
def test_wrong_attribute_is_refused_by_its_name(client, wish: dict[str, Any], field: str) -> None:
    answer = post(client, "music_gen", **{"prompt": "rock", **wish})

    assert answer.status_code == 400
    assert answer.json()["status"] == "error"
    assert field in answer.json()["message"]


@pytest.mark.parametrize(
    ("form", "flag"),
    [
        (lambda text: text, True),
        (lambda text: text, "true"),
        (lambda text: text, 1.0),
        (lambda text: "\n".join(text[at : at + 76] for at in range(0, len(text), 76)), True),
        (lambda text: f"data:audio/wav;base64,{text}", True),
        (lambda text: f"data:audio/wav;base64,{text}", False),
    ],
)
def test_melody_comes_as_base64(client, form: Callable[[str], str], flag: object) -> None:
    told = create(client, init_audio=form(base64.b64encode(tune()).decode()), base64=flag)

    assert follows(client, told)
    assert told["meta"]["conditioning_melody"].startswith("data:")
    assert len(told["meta"]["conditioning_melody"]) < 200


def test_address_stays_an_address_though_it_is_called_base64(client) -> None:
    with Receiver(content=tune()) as site:
        told = create(client, init_audio=site.url, base64=True)

    assert follows(client, told)


def test_melody_is_an_earlier_result(client) -> None:
    first = create(client, init_audio=base64.b64encode(tune()).decode(), base64=True)

    assert follows(client, create(client, init_audio=first["output"][0]))


def test_melody_that_is_no_sound_is_an_error_of_the_piece(client) -> None:
    with Receiver(content=b"<html>") as site:
        told = create(client, init_audio=site.url)

    assert told["status"] == "error"
    assert "cannot be read" in told["message"]


def test_100_mb_of_base64_are_turned_away(client) -> None:
    body = json.dumps({"key": KEY, "prompt": "x", "base64": True, "init_audio": "A" * 100_000_000})

    try:
        answer = client.post(
            f"{ROOT}/music_gen", content=body, headers={"Content-Type": "application/json"}
        )
    except (httpx2.WriteError, httpx2.ReadError):
        return  # it hung up while we still sent

    assert answer.status_code == 413
    assert answer.json()["status"] == "error"


def test_temporary_links_end_sooner(client) -> None:
    def ends(told: dict[str, Any]) -> int:
        return int(told["output"][0].partition("exp=")[2].partition("&")[0])

    lasting, temporary = ends(create(client)), ends(create(client, temp=True))

    assert lasting - time.time() == pytest.approx(86400, abs=60)
    assert temporary - time.time() == pytest.approx(3600, abs=60)


# The number to ask for.


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Generator[httpx2.Client]:
    """It waits for no result before it answers."""
    settings = {**SETTINGS, "answer_seconds": 0}
    running = Server(tmp_path_factory.mktemp("modelslab-impatient"), settings)
    running.start()
    with running.client(None) as ours:
        yield ours
    running.stop()


def test_slow_piece_is_answered_with_a_number_to_ask_for(impatient) -> None:
    told = create(impatient, prompt="work=600")

    assert told["status"] == "processing"
    assert told["output"] == []
    assert told["eta"] >= 1
    assert told["fetch_result"].endswith(f"{ROOT}/fetch/{told['id']}")
    assert impatient.get(told["future_links"][0]).status_code == 404


def test_number_leads_to_the_result(impatient) -> None:
    client, told = impatient, create(impatient)

    assert told["status"] == "processing"
    assert fetched(client, told["id"])["status"] == "success"
    assert client.post(told["fetch_result"], json={"key": KEY}).json()["id"] == told["id"]
    assert heard(client, told["future_links"][0])[1] == 32000


def test_number_of_somebody_else_is_like_one_there_is_not(server, client) -> None:
    stranger = server.run("keys", "create", "--account", "stranger")
    number = create(client)["id"]

    answers = [
        client.post(f"{ROOT}/fetch/{it}", json={"key": stranger}) for it in (number, number + 1)
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize("number", ["0", "-1", "1e3", "x", "9" * 40, "%2e%2e%2f", "１"])
def test_number_that_is_none_is_not_found(client, number: str) -> None:
    answer = post(client, f"fetch/{number}")

    assert answer.status_code == 404
    assert answer.json()["status"] == "error"


def test_job_of_another_api_has_no_number_here(server, client) -> None:
    with server.client() as native:
        wish = {"prompt": "rock", "model": "fake", "seconds": 1}
        job = finished(native, native.post("/v1/jobs", json=wish).json()["id"])
    with contextlib.closing(sqlite3.connect(server.folder / "data" / "bandstand.db")) as rows:
        [number] = rows.execute("SELECT number FROM jobs WHERE id = ?", (job["id"],)).fetchone()

    assert post(client, f"fetch/{number}").status_code == 404


def test_result_is_gone_when_its_time_is_over(
    bandstand: Callable[..., Server],
) -> None:
    server = bandstand(**{**SETTINGS, "keep_seconds": 5})
    with server.client(None) as client:
        told = create(client)
        once(lambda: post(client, f"fetch/{told['id']}"), lambda answer: answer.status_code == 404)

        assert client.get(told["output"][0]).status_code == 404


# The webhook.


@pytest.mark.parametrize("mark", ["my/track\r\n7", 7, None, ""])
def test_webhook_gets_the_result_and_the_mark(client, mark: object) -> None:
    with Receiver() as receiver:
        told = create(client, webhook=receiver.url, track_id=mark)
        [message] = receiver.wait()

    links = {"output", "proxy_links"}
    assert message.json["track_id"] == mark
    assert {name: message.json[name] for name in told.keys() - links} == {
        name: told[name] for name in told.keys() - links
    }
    assert message.json.keys() == told.keys() | {"track_id"}
    assert KEY not in message.body.decode()


def test_webhook_calls_failure_failed(client) -> None:
    with Receiver() as receiver:
        told = create(client, prompt="please fail", webhook=receiver.url)
        [message] = receiver.wait()

    assert told["status"] == "error"
    assert message.json["status"] == "failed"
    assert message.json["message"] == told["message"]


def test_key_of_the_body_is_kept_nowhere(server, client) -> None:
    key = server.run("keys", "create", "--account", "first")
    secret = key.split("_", 2)[2]
    with Receiver() as receiver:
        for wish in ({"prompt": "a"}, {"prompt": "fail"}, {"prompt": ""}, {"max_new_token": key}):
            body = {"key": key, "prompt": "b", "webhook": receiver.url, **wish}
            answer = client.post(f"{ROOT}/music_gen", json=body)
            assert secret not in answer.text
            assert secret not in str(answer.headers)
        messages = receiver.wait(2)
        assert not any(secret in message.body.decode() for message in messages)
    client.post(f"{ROOT}/music_gen", json={"key": f"{key}x", "prompt": "b"})

    files = [file for file in server.folder.rglob("*") if file.is_file()]
    assert files
    assert [file for file in files if secret.encode() in file.read_bytes()] == []


# The customer's own bucket.


def place(server: Server, account: str, url: str) -> str:
    """The account's key, its results being copied to this bucket."""
    key = server.run("keys", "create", "--account", account)
    told = server.run("keys", "bucket", account, url)
    assert "secret" not in told
    return key


def test_result_is_copied_to_the_own_bucket_and_linked_there(server, client, store) -> None:
    key = place(server, "with bucket", store.url("theirs", "music"))

    told = create(client, key=key)
    there, here = client.get(told["output"][0]), client.get(told["proxy_links"][0])

    assert told["output"][0].startswith(f"{store.endpoint}/theirs/music/")
    assert "X-Amz-Expires=604800" in told["output"][0]
    assert told["proxy_links"][0].startswith(server.url)
    assert there.headers["content-type"] == "audio/wav"
    assert hashlib.sha256(there.content).digest() == hashlib.sha256(here.content).digest()


def test_public_bucket_is_linked_by_its_public_address(server, client, store) -> None:
    public = "https://music.example.com/all/"
    key = place(server, "public bucket", f"{store.url('theirs', 'open')}&public={public}")

    link = create(client, key=key)["output"][0]

    assert link.startswith(public)
    copy = open_blobs(store.url("theirs", "open")).get(link.removeprefix(public))
    assert asyncio.run(copy)[:4] == b"RIFF"


def test_bucket_that_takes_nothing_loses_nothing(server, client, store) -> None:
    key = place(server, "broken bucket", store.url("no-such-bucket"))

    told = create(client, key=key)
    told = fetched(client, told["id"]) if told["status"] == "processing" else told

    assert told["status"] == "success"
    assert told["output"][0].startswith(server.url)
    assert "no copy in own bucket" in server.log
    assert "secret=test" not in server.log


def test_bucket_is_shown_without_its_secrets_and_removed(server, store) -> None:
    place(server, "gone bucket", store.url("theirs", "gone"))

    assert server.run("keys", "bucket", "gone bucket") == "s3://theirs/gone"
    assert server.run("keys", "bucket", "gone bucket", "--remove") == "none"
    assert server.run("keys", "bucket", "gone bucket") == "none"
