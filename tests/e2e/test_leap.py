"""Leap's music API as its own clients call it: both versions of leap-python-sdk, the examples of its document, and by hand.

The test tone stands in for MusicGen, so that prompts can steer what happens.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import soundfile
from clients import installed
from patience import once
from receiver import Receiver
from servers import KEY, Server, finished

EXAMPLES = Path(__file__).parents[1] / "contract" / "leap"
WISH = {"prompt": "a trumpet solo", "mode": "melody", "duration": 2}
VERSIONS = ["1.0.0", "1.1.4"]
# The later version says the same with other words.
CALLS = {
    "1.0.0": ("create_audio", "find_all_audio", "find_one_audio"),
    "1.1.4": ("generate", "list_all", "find_one"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    settings = {
        "engines": "fake",
        "stand_in": "other",
        "allowed_private_hosts": "127.0.0.1",
    }
    running = Server(tmp_path_factory.mktemp("leap"), settings)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> Generator[httpx2.Client]:
    with server.client() as opened:
        yield opened


@pytest.fixture
def stranger(server: Server) -> Generator[httpx2.Client]:
    """Somebody without a key."""
    with server.client(None) as opened:
        yield opened


def create(client: httpx2.Client, **changes: object) -> dict[str, Any]:
    answer = client.post("/api/v1/music", json={**WISH, **changes})
    assert answer.status_code == 200, answer.text
    return answer.json()


def settled(client: httpx2.Client, music: dict[str, Any]) -> dict[str, Any]:
    return once(
        lambda: client.get(f"/api/v1/music/{music['id']}").json(),
        lambda told: told["state"] not in {"queued", "processing"},
    )


def example(name: str, server: Server, version: str) -> str:
    """An example of the document: only host and token are others, and for the later version the names of the calls."""
    program = (EXAMPLES / f"{name}.txt").read_text()
    program = program.replace("https://api.tryleap.ai", server.url)
    program = program.replace("YOUR_BEARER_TOKEN", KEY)
    if version == "1.1.4":
        program = program.replace("leap.generate_music.", "leap.music.")
        for earlier, later in zip(CALLS["1.0.0"], CALLS["1.1.4"], strict=True):
            program = program.replace(f".{earlier}(", f".{later}(")
    return program


@pytest.mark.parametrize("version", VERSIONS)
def test_example_that_creates_runs_word_for_word(server: Server, version: str) -> None:
    package = installed(f"leap-python-sdk=={version}")

    told = package.run(example("create_audio", server, version))

    assert "An electronic music soundtrack with a trumpet solo" in told
    assert "\n200\n" in told
    assert "Exception" not in told


@pytest.mark.parametrize("version", VERSIONS)
def test_example_that_lists_runs_word_for_word(
    server: Server, client: httpx2.Client, version: str
) -> None:
    music = create(client)
    package = installed(f"leap-python-sdk=={version}")

    told = package.run(example("find_all_audio", server, version))

    assert music["id"] in told
    assert "Exception" not in told


@pytest.mark.parametrize("version", VERSIONS)
def test_example_that_asks_for_one_runs_word_for_word(
    server: Server, client: httpx2.Client, version: str
) -> None:
    music = settled(client, create(client))
    package = installed(f"leap-python-sdk=={version}")
    program = example("find_one_audio", server, version)

    told = package.run(program.replace("inferenceId_example", music["id"]))

    assert f"{server.url}/files/{music['id']}/track.wav" in told
    assert "Exception" not in told


@pytest.mark.parametrize("version", VERSIONS)
def test_example_with_its_own_id_prints_the_error_it_expects(server: Server, version: str) -> None:
    package = installed(f"leap-python-sdk=={version}")

    told = package.run(example("find_one_audio", server, version))

    assert "Exception when calling GenerateMusicApi.find_one_audio" in told
    assert "\n404\n" in told


FROM_WISH_TO_SOUND = """
    import json, sys, time
    from leap import Leap

    host, key, version, create, list_all, find_one = sys.argv[1:]
    leap = Leap(host=host, access_token=key)
    music = leap.generate_music if version == "1.0.0" else leap.music
    made = getattr(music, create)(prompt="a trumpet solo", mode="music", duration=2.5)
    state = made.body["state"]
    while str(state) not in ("finished", "failed"):
        time.sleep(0.05)
        one = getattr(music, find_one)(inference_id=made.body["id"])
        state = one.body["state"]
    listed = [str(entry["id"]) for entry in getattr(music, list_all)().body]
    print(json.dumps({
        "id": str(made.body["id"]), "status": made.status, "state": str(state),
        "media_uri": str(one.body["media_uri"]), "listed": listed,
        "created": [str(one.body["createdAt"]), str(one.body["created_at"])],
    }))
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_official_client_comes_from_a_wish_to_its_sound(
    server: Server, stranger: httpx2.Client, version: str
) -> None:
    package = installed(f"leap-python-sdk=={version}")

    told = package.tell(FROM_WISH_TO_SOUND, server.url, KEY, version, *CALLS[version])

    assert (told["status"], told["state"]) == (200, "finished")
    assert told["id"] in told["listed"]
    assert told["created"][0] == told["created"][1]
    sound = soundfile.info(io.BytesIO(stranger.get(told["media_uri"]).content))
    assert (sound.frames, sound.samplerate, sound.channels) == (80_000, 32_000, 1)


def test_composer_speaks_as_the_hosted_model_does(sqlite_server: Server) -> None:
    with sqlite_server.client() as client:
        music = settled(client, create(client))
        sound = soundfile.info(io.BytesIO(client.get(music["media_uri"]).content))

    assert (sound.frames, sound.samplerate, sound.channels) == (64_000, 32_000, 1)


@pytest.mark.parametrize("version", VERSIONS)
def test_official_client_reads_our_errors(server: Server, version: str) -> None:
    package = installed(f"leap-python-sdk=={version}")
    program = """
        import json, sys
        from leap import ApiException, Leap

        leap = Leap(host=sys.argv[1], access_token="nobody")
        try:
            music = leap.generate_music.find_all_audio if sys.argv[2] == "1.0.0" else leap.music.list_all
            music()
        except ApiException as error:
            print(json.dumps([error.status, error.body]))
    """

    status, body = package.tell(program, server.url, version)

    assert status == 401
    assert body == {
        "statusCode": 401,
        "message": "No valid API key was given.",
        "error": "Unauthorized",
    }


def test_unfinished_music_has_no_address_at_all(client: httpx2.Client) -> None:
    music = create(client, prompt="a tone work=5")

    assert set(music) == {"id", "createdAt", "created_at", "prompt", "state"}
    assert music["state"] == "queued"


def test_finished_music_has_its_address_in_both_spellings(client: httpx2.Client) -> None:
    music = settled(client, create(client))

    assert music["state"] == "finished"
    assert music["media_uri"] == music["mediaUri"]
    assert music["createdAt"] == music["created_at"]


def test_music_being_made_is_processing(client: httpx2.Client) -> None:
    music = create(client, prompt="a tone work=600")

    state = once(
        lambda: client.get(f"/api/v1/music/{music['id']}").json()["state"],
        lambda state: state != "queued",
    )
    client.post(f"/v1/jobs/{music['id']}/cancel")

    assert state == "processing"


def test_failed_music_tells_why(client: httpx2.Client) -> None:
    music = settled(client, create(client, prompt="please fail"))

    assert music["state"] == "failed"
    assert music["error"] == "The fake engine was asked to fail."
    assert "media_uri" not in music


def test_canceled_music_has_failed(client: httpx2.Client) -> None:
    music = create(client, prompt="a tone work=600")

    client.post(f"/v1/jobs/{music['id']}/cancel")

    assert settled(client, music)["state"] == "failed"


@pytest.mark.parametrize(("mode", "model"), [("melody", "melody-large"), ("music", "large")])
def test_mode_chooses_the_model(client: httpx2.Client, mode: str, model: str) -> None:
    music = create(client, mode=mode)

    assert finished(client, music["id"])["model"] == model


def test_list_holds_only_music_of_this_api_newest_first(client: httpx2.Client) -> None:
    native = client.post("/v1/jobs", json={"prompt": "a tone", "model": "fake"}).json()
    earlier, later = create(client), create(client)

    listed = [music["id"] for music in client.get("/api/v1/music").json()]

    assert listed.index(later["id"]) < listed.index(earlier["id"])
    assert native["id"] not in listed


def test_one_is_told_without_a_key(client: httpx2.Client, stranger: httpx2.Client) -> None:
    music = create(client)

    assert stranger.get(f"/api/v1/music/{music['id']}").json()["id"] == music["id"]


def test_key_that_is_sent_all_the_same_must_be_right(server: Server, client: httpx2.Client) -> None:
    music = create(client)
    with server.client("bs_000000000000_wrong") as wrong:
        answer = wrong.get(f"/api/v1/music/{music['id']}")

    assert answer.status_code == 401


def test_music_of_another_account_is_not_there(server: Server, client: httpx2.Client) -> None:
    music = create(client)
    with server.client(server.run("keys", "create", "--account", "leap-other")) as other:
        one, listed = other.get(f"/api/v1/music/{music['id']}"), other.get("/api/v1/music")

    assert one.status_code == 404
    assert listed.json() == []


def test_jobs_of_other_apis_are_not_told_without_a_key(
    client: httpx2.Client, stranger: httpx2.Client
) -> None:
    native = client.post("/v1/jobs", json={"prompt": "a tone", "model": "fake"}).json()

    assert stranger.get(f"/api/v1/music/{native['id']}").status_code == 404


def test_operator_can_demand_a_key(bandstand: Callable[..., Server]) -> None:
    server = bandstand(engines="fake", stand_in="other", leap_keyless="false")
    with server.client() as client, server.client(None) as stranger:
        path = f"/api/v1/music/{create(client)['id']}"

        assert stranger.get(path).status_code == 401
        assert client.get(path).status_code == 200


def test_strangers_may_not_ask_without_end(bandstand: Callable[..., Server]) -> None:
    server = bandstand(engines="fake", stand_in="other", reads_per_minute=3)
    with server.client(None) as stranger:
        answers = [stranger.get("/api/v1/music/" + "a" * 26) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    assert answers[-1].json()["error"] == "Too Many Requests"
    assert int(answers[-1].headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", None),
        ("prompt", ""),
        ("prompt", 7),
        ("mode", "noise"),
        ("mode", None),
        ("duration", 0),
        ("duration", -1),
        ("duration", 30.5),
        ("duration", "8"),
        ("duration", True),
        ("duration", None),
        ("webhookUrl", "ftp://example.com/"),
        ("webhookUrl", "http://169.254.169.254/"),
    ],
)
def test_wrong_field_is_named_under_400(client: httpx2.Client, field: str, value: object) -> None:
    answer = client.post("/api/v1/music", json={**WISH, field: value})

    assert answer.status_code == 400
    body = answer.json()
    assert (body["statusCode"], body["error"]) == (400, "Bad Request")
    assert field in body["message"][0]


@pytest.mark.parametrize("field", WISH)
def test_all_three_fields_are_required(client: httpx2.Client, field: str) -> None:
    answer = client.post("/api/v1/music", json={k: v for k, v in WISH.items() if k != field})

    assert answer.status_code == 400
    assert field in answer.json()["message"][0]


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", "/api/v1/music", b"{", 400),
        ("POST", "/api/v1/music", b"[]", 400),
        ("DELETE", "/api/v1/music", b"", 405),
        ("PUT", "/api/v1/music/any", b"", 405),
        ("GET", "/api/v1/music/any/more", b"", 404),
        ("GET", "/api/v1/music/..%2f..%2fetc%2fpasswd", b"", 404),
        ("GET", "/api/v1/music/" + "a" * 26, b"", 404),
    ],
)
def test_errors_of_the_framework_have_leaps_shape(
    client: httpx2.Client, method: str, path: str, content: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.request(method, path, content=content, headers=headers)

    assert answer.status_code == status
    assert answer.json()["statusCode"] == status
    assert set(answer.json()) == {"statusCode", "message", "error"}


def test_account_without_credits_is_told_402(server: Server) -> None:
    key = server.run("keys", "create", "--account", "leap-poor", "--credits", "0.001")
    with server.client(key) as poor:
        answer = poor.post("/api/v1/music", json=WISH)

    assert answer.status_code == 402
    assert answer.json()["error"] == "Payment Required"


def test_what_nobody_knows_changes_nothing(client: httpx2.Client) -> None:
    music = create(client, state="finished", id="mine", media_uri="http://example.com/")

    assert music["state"] == "queued"
    assert music["id"] != "mine"
    assert "media_uri" not in music


def test_same_idempotency_key_makes_one_job(client: httpx2.Client) -> None:
    headers = {"Idempotency-Key": "leap-once"}
    ids = {client.post("/api/v1/music", json=WISH, headers=headers).json()["id"] for _ in range(3)}

    assert len(ids) == 1


@pytest.mark.parametrize("field", ["webhookUrl", "webhook_url"])
def test_webhook_brings_the_finished_music(client: httpx2.Client, field: str) -> None:
    with Receiver() as receiver:
        music = create(client, **{field: receiver.url})
        told = receiver.wait()[0].json

    now = settled(client, music)
    assert told["state"] == "finished"
    assert told["media_uri"].startswith(now["media_uri"].partition("?")[0])
    assert set(told) == set(now)
