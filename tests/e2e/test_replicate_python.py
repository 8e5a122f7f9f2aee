"""Replicate's official Python client drives a running server; only base URL and key are others."""

from __future__ import annotations

import io
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
import replicate
import soundfile
from patience import PATIENCE_SECONDS
from receiver import Receiver
from replicate.exceptions import ModelError, ReplicateError
from replicate.helpers import FileOutput
from replicate.pagination import paginate
from replicate.stream import ServerSentEvent
from replicate.webhook import Webhooks
from replicates import MODEL, VERSION, WISH, sound_of, tone_server, wave
from servers import KEY, Server, fetched

EventType = ServerSentEvent.EventType


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    yield from tone_server(tmp_path_factory.mktemp("replicate-python"))


@pytest.fixture(scope="module")
def client(server: Server) -> Generator[replicate.Client]:
    with official(server.url) as opened:
        yield opened


def be_patient(request: httpx.Request) -> None:
    """It gives a server half a second more than the wait that it asked for, and then runs away."""
    request.extensions["timeout"] = dict.fromkeys(
        ("connect", "read", "write", "pool"), PATIENCE_SECONDS
    )


class official:  # noqa: N801 - reads as what it is at its place: a client, open for a while
    """The client; it has no way of its own to close what it opened."""

    def __init__(self, url: str, key: str = KEY) -> None:
        self._client = replicate.Client(
            api_token=key, base_url=url, event_hooks={"request": [be_patient]}
        )
        self._client.poll_interval = 0.05

    def __enter__(self) -> replicate.Client:
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client._client.close()


@pytest.mark.parametrize("reference", [MODEL, f"{MODEL}:{VERSION}"])
def test_run_gives_the_address_of_the_sound(client: replicate.Client, reference: str) -> None:
    output = client.run(reference, input={**WISH, "model_version": "stereo-large"})

    assert isinstance(output, str)
    assert sound_of(fetched(output).content) == (32000, 32000, 2)


def test_run_without_waiting_asks_until_it_is_done(client: replicate.Client) -> None:
    output = client.run(MODEL, input={**WISH, "prompt": "work=0.5"}, wait=False)

    assert isinstance(output, str)


def test_run_goes_on_asking_when_the_wait_was_too_short(client: replicate.Client) -> None:
    output = client.run(MODEL, input={**WISH, "prompt": "work=2"}, wait=1)

    assert isinstance(output, str)


def test_run_raises_what_the_model_said(client: replicate.Client) -> None:
    with pytest.raises(ModelError, match="asked to fail") as failure:
        client.run(MODEL, input={"prompt": "fail"})

    assert failure.value.prediction.status == "failed"


def test_run_gives_a_file_object_where_the_public_address_is_https(tmp_path: Path) -> None:
    for server in tone_server(tmp_path / "https", public_url="https://music.example"):
        with official(server.url) as client:
            output = client.run(MODEL, input=WISH)

    assert isinstance(output, FileOutput)
    assert output.url.startswith("https://music.example/files/")


@pytest.mark.parametrize("version", [VERSION, MODEL, f"{MODEL}:{VERSION}"])
def test_prediction_is_made_by_any_form_of_the_version(
    client: replicate.Client, version: str
) -> None:
    prediction = client.predictions.create(version=version, input=WISH)
    prediction.wait()

    assert (prediction.status, prediction.error) == ("succeeded", None)
    assert (prediction.model, prediction.version) == (MODEL, VERSION)
    assert prediction.input == WISH


def test_prediction_is_made_by_the_model(client: replicate.Client) -> None:
    prediction = client.models.predictions.create(MODEL, WISH)
    prediction.wait()

    assert prediction.status == "succeeded"


def test_logs_tell_the_seed_and_the_steps(client: replicate.Client) -> None:
    prediction = client.predictions.create(VERSION, {**WISH, "seed": 12})
    prediction.wait()

    assert prediction.logs is not None
    assert prediction.logs.startswith("Using seed 12\n")
    assert prediction.logs.endswith("    53 /     53\r")


def test_metrics_tell_the_times(client: replicate.Client) -> None:
    prediction = client.predictions.create(VERSION, {**WISH, "prompt": "work=0.3"})
    prediction.wait()

    assert prediction.metrics is not None
    assert 0.3 <= prediction.metrics["predict_time"] <= prediction.metrics["total_time"]


def test_canceled_prediction_stays_canceled(client: replicate.Client) -> None:
    prediction = client.predictions.create(VERSION, {**WISH, "prompt": "work=600"})
    prediction.cancel()

    assert prediction.status == "canceled"
    assert client.predictions.cancel(prediction.id).status == "canceled"


def test_finished_prediction_is_not_changed_by_a_cancel(client: replicate.Client) -> None:
    prediction = client.predictions.create(VERSION, WISH)
    prediction.wait()

    assert client.predictions.cancel(prediction.id).status == "succeeded"


def test_pages_lead_on_to_every_prediction(tmp_path: Path) -> None:
    for server in tone_server(tmp_path / "pages"):
        with official(server.url) as client:
            # At once failed, so that there may be more than one page without work.
            made = [client.predictions.create(VERSION, {}).id for _ in range(102)]
            pages = list(paginate(client.predictions.list))
            back = client.predictions.list(pages[1].previous)

    assert [len(page) for page in pages] == [100, 2]
    assert [prediction.id for page in pages for prediction in page] == made[::-1]
    assert [prediction.id for prediction in back] == made[:1:-1]


def test_stream_tells_logs_then_output_then_done(client: replicate.Client) -> None:
    events = list(client.stream(MODEL, input={**WISH, "prompt": "work=0.3", "seed": 5}))

    kinds = [event.event for event in events]
    assert kinds[-2:] == [EventType.OUTPUT, EventType.DONE]
    assert set(kinds[:-2]) == {EventType.LOGS}
    assert events[0].data == "Using seed 5\n"
    assert sound_of(fetched(events[-2].data).content) == (32000, 32000, 2)
    assert events[-1].data == "{}"


def test_stream_raises_what_the_model_said(client: replicate.Client) -> None:
    prediction = client.predictions.create(VERSION, {"prompt": "fail"}, stream=True)

    with pytest.raises(RuntimeError, match="asked to fail"):
        list(prediction.stream())


def test_stream_of_a_canceled_prediction_says_so(client: replicate.Client) -> None:
    prediction = client.predictions.create(VERSION, {"prompt": "work=600"}, stream=True)
    prediction.cancel()

    assert list(prediction.stream())[-1].data == '{"reason": "canceled"}'


def test_file_is_uploaded_listed_shown_and_deleted(client: replicate.Client) -> None:
    content = wave(0.1)
    file = client.files.create(
        io.BytesIO(content), filename="tune.wav", content_type="audio/wav", metadata={"a": [1]}
    )

    assert (file.name, file.content_type, file.size) == ("tune.wav", "audio/wav", len(content))
    assert file.metadata == {"a": [1]}
    assert file.id in {other.id for other in client.files.list()}
    assert client.files.get(file.id).checksums == file.checksums
    assert httpx.get(file.urls["download"]).content == content
    assert client.files.delete(file.id) is True
    with pytest.raises(ReplicateError) as refusal:
        client.files.get(file.id)
    assert refusal.value.status == 404


@pytest.mark.parametrize("strategy", ["url", "base64"])
def test_file_in_the_input_is_continued(client: replicate.Client, strategy: str) -> None:
    output = client.run(
        MODEL,
        input={
            "input_audio": io.BytesIO(wave(0.5)),
            "continuation": True,
            "duration": 2,
            "model_version": "large",
        },
        file_encoding_strategy=strategy,
    )

    content = fetched(output).content
    samples, rate = soundfile.read(io.BytesIO(content))
    assert (len(samples), rate, samples.ndim) == (64000, 32000, 1)
    assert not samples[:15000].any()
    assert samples[17000:].any()


def test_audio_longer_than_the_duration_fails(client: replicate.Client) -> None:
    audio = io.BytesIO(wave(2.0))

    with pytest.raises(ModelError, match="Prompt is longer than audio to generate"):
        client.run(MODEL, input={"input_audio": audio, "continuation": True, "duration": 1})


def test_model_and_its_versions_are_shown(client: replicate.Client) -> None:
    model = client.models.get(MODEL)
    versions = model.versions.list()

    assert (model.owner, model.name, model.visibility) == ("meta", "musicgen", "public")
    assert model.latest_version is not None
    assert model.latest_version.id == VERSION
    assert VERSION in {version.id for version in versions}
    schema = model.versions.get(VERSION).openapi_schema
    assert schema["components"]["schemas"]["Input"]["properties"]["duration"]["default"] == 8


def test_account_is_shown(client: replicate.Client) -> None:
    account = client.accounts.current()

    assert (account.type, account.username) == ("user", "first")


def test_webhook_is_proved_by_the_secret(client: replicate.Client) -> None:
    with Receiver() as receiver:
        prediction = client.predictions.create(
            VERSION, WISH, webhook=receiver.url, webhook_events_filter=["completed"]
        )
        [message] = receiver.wait()
    secret = client.webhooks.default.secret()

    body = message.body.decode()
    Webhooks.validate(headers=dict(message.headers), body=body, secret=secret, tolerance=60)
    assert (message.json["id"], message.json["status"]) == (prediction.id, "succeeded")


def test_wrong_key_is_told_as_the_client_knows_it(server: Server) -> None:
    with official(server.url, "wrong") as client, pytest.raises(ReplicateError) as refusal:
        client.predictions.list()

    assert (refusal.value.title, refusal.value.status) == ("Unauthenticated", 401)


@pytest.mark.parametrize(
    "version", ["0" * 64, "nobody/nothing", f"{MODEL}:{'0' * 64}", MODEL + ":"]
)
def test_unknown_version_is_told_as_the_client_knows_it(
    client: replicate.Client, version: str
) -> None:
    with pytest.raises(ReplicateError) as refusal:
        client.predictions.create(version=version, input=WISH)

    assert (refusal.value.status, refusal.value.title) == (422, "Invalid version or not permitted")
