"""The account on the page, and what a visitor brings along: balance, use, keys, uploads, the form's schema."""

from __future__ import annotations

import io
import time
from collections.abc import Generator
from typing import Any
from urllib.parse import quote

import httpx2
import numpy as np
import pytest
import soundfile
from newcomers import new_account
from patience import once
from servers import FINAL, Server
from visitors import browser, visitor

RATE = 16000


@pytest.fixture
def account(server: Server) -> str:
    return new_account(server)


@pytest.fixture
def person(server: Server, account: str) -> Generator[httpx2.Client]:
    with visitor(server, account) as opened:
        yield opened


@pytest.fixture(scope="module")
def guest(sqlite_server: Server) -> Generator[httpx2.Client]:
    """Somebody on SQLite only: for what no database has a part in."""
    with visitor(sqlite_server, new_account(sqlite_server)) as opened:
        yield opened


@pytest.fixture
def payer(server: Server) -> Generator[httpx2.Client]:
    """Somebody with ten credits."""
    with visitor(server, new_account(server, credit=10_000)) as opened:
        yield opened


def made(person: httpx2.Client, **wish: Any) -> dict[str, Any]:
    asked = {"prompt": "rain", "model": "fake", "seconds": 2, **wish}
    job = person.post("/app/v1/jobs", json=asked).json()
    return once(
        lambda: person.get(f"/app/v1/jobs/{job['id']}").json(), lambda now: now["status"] in FINAL
    )


def tone(seconds: float, container: str = "WAV") -> bytes:
    wave = 0.5 * np.sin(np.arange(round(seconds * RATE)) * 0.05)
    file = io.BytesIO()
    soundfile.write(file, wave.astype(np.float32), RATE, format=container)
    return file.getvalue()


def upload(person: httpx2.Client, content: bytes, name: str = "a tune.wav") -> httpx2.Response:
    return person.post("/app/uploads", content=content, headers={"X-File-Name": quote(name)})


def test_account_that_is_not_metered_has_no_balance(person: httpx2.Client, account: str):
    assert person.get("/app/account").json() == {"name": account, "credits": None, "held": 0}


def test_balance_goes_down_with_what_is_made(payer: httpx2.Client):
    price = made(payer)["credits"]

    assert price > 0
    assert payer.get("/app/account").json()["credits"] == pytest.approx(10 - price)


def test_usage_adds_up_what_was_made_and_paid(payer: httpx2.Client):
    price = sum(made(payer)["credits"] for _ in range(2))

    use = payer.get("/app/usage?days=3").json()

    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert len(use["days"]) == 3
    assert use["days"][-1] == {"day": today, "jobs": 2, "seconds": 4.0, "credits": price}
    assert use["by_model"] == [{"model": "fake", "jobs": 2, "seconds": 4.0, "credits": price}]


def test_what_was_removed_stays_paid(payer: httpx2.Client):
    job = made(payer)
    payer.delete(f"/app/v1/jobs/{job['id']}")

    use = payer.get("/app/usage").json()

    assert use["by_model"] == [
        {"model": "removed", "jobs": 0, "seconds": 0.0, "credits": job["credits"]}
    ]


def test_key_is_shown_once_and_opens_the_same_account(server: Server, person: httpx2.Client):
    job = made(person)["id"]
    made_key = person.post("/app/keys", json={"name": "laptop", "scopes": ["read"], "days": 7})

    with server.client(made_key.json()["key"]) as client:
        read, wrote = client.get(f"/v1/jobs/{job}"), client.delete(f"/v1/jobs/{job}")
    listed = person.get("/app/keys")

    assert made_key.status_code == 201
    assert (read.status_code, wrote.status_code) == (200, 403)
    (shown,) = listed.json()["keys"]
    assert (shown["id"], shown["name"], shown["scopes"], shown["works"]) == (
        made_key.json()["id"],
        "laptop",
        ["read"],
        True,
    )
    assert shown["expires_at"] is not None
    assert made_key.json()["key"].split("_", 2)[2] not in listed.text


def test_revoked_key_opens_nothing(server: Server, person: httpx2.Client):
    key = person.post("/app/keys", json={}).json()

    assert person.delete(f"/app/keys/{key['id']}").status_code == 204
    with server.client(key["key"]) as client:
        assert client.get("/v1/jobs").status_code == 401
    assert person.delete(f"/app/keys/{key['id']}").status_code == 404


def test_keys_of_strangers_are_neither_seen_nor_revoked(server: Server, person: httpx2.Client):
    key = person.post("/app/keys", json={}).json()

    with visitor(server, new_account(server)) as other:
        assert other.get("/app/keys").json() == {"keys": []}
        assert other.delete(f"/app/keys/{key['id']}").status_code == 404
    with server.client(key["key"]) as client:
        assert client.get("/v1/jobs").status_code == 200


def test_key_that_cannot_be_is_not_made(person: httpx2.Client):
    wishes: list[dict[str, Any]] = [
        {"scopes": []},
        {"scopes": ["admin"]},
        {"days": 0},
        {"days": 10**9},
        {"name": "x" * 101},
        {"account": "first"},
    ]
    statuses = [person.post("/app/keys", json=wish).status_code for wish in wishes]

    assert statuses == [422] * len(wishes)
    assert person.get("/app/keys").json() == {"keys": []}


def test_name_of_a_key_may_be_any_text(person: httpx2.Client):
    person.post("/app/keys", json={"name": "<b>\0 \u202e key\n"})

    assert person.get("/app/keys").json()["keys"][0]["name"] == "<b>  key"


def test_uploaded_sound_is_drawn_and_can_be_followed(guest: httpx2.Client):
    answer = upload(guest, tone(2.5), "Süß & <laut>.wav")

    told = answer.json()
    assert answer.status_code == 201
    assert told["name"] == "Süß & <laut>.wav"
    assert told["seconds"] == pytest.approx(2.5, abs=0.01)
    assert len(told["peaks"]) == 800
    assert max(told["peaks"]) == pytest.approx(0.5, abs=0.02)
    assert made(guest, melody=told["url"])["status"] == "succeeded"


def test_uploaded_sound_of_a_stranger_cannot_be_used(server: Server, person: httpx2.Client):
    url = upload(person, tone(1)).json()["url"]

    with visitor(server, new_account(server)) as other:
        assert made(other, melody=url)["status"] == "failed"


def test_notes_and_pictures_are_kept_without_an_outline(guest: httpx2.Client):
    told = upload(guest, b'{"tempo": 90}', "plan.json").json()

    assert (told["seconds"], told["peaks"]) == (None, [])


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"<svg/>", b"PK\x03\x04zip", b"#EXTM3U\nfile:///etc/passwd", tone(0.5)[:40]],
    ids=range(6),
)
def test_what_no_model_takes_is_not_kept(guest: httpx2.Client, content: bytes):
    answer = upload(guest, content)

    assert answer.status_code == 422
    assert answer.json()["error"]["fields"][0]["field"] == "file"


def test_sound_that_is_too_long_is_not_kept(guest: httpx2.Client):
    assert upload(guest, tone(121, "FLAC")).status_code == 422


def test_upload_is_larger_than_other_bodies_and_has_its_own_limit(sqlite_server: Server):
    with visitor(sqlite_server) as person:
        usual = person.post("/app/keys", content=b" " * 2_000_000)
        large = upload(person, b"x" * 2_000_000)
        too_large = upload(person, b"x" * 50_000_001)

    assert [answer.status_code for answer in (usual, large, too_large)] == [413, 422, 413]


def test_form_is_told_what_may_be_asked(guest: httpx2.Client):
    schema = guest.get("/app/schema").json()

    assert {"prompt", "seconds", "melody", "continues"} <= set(schema["music"]["properties"])
    assert {"prompt", "width", "steps"} <= set(schema["image"]["properties"])
    assert "composer" in {model["name"] for model in schema["models"]}
    assert all(len(example) > 10 for example in schema["examples"])


def test_example_prompts_are_understood_to_the_last_word():
    """The composer's own words would be a poor advertisement if it did not know them."""
    from bandstand.composer.prompt.parse import parse
    from bandstand.web.playground.form import EXAMPLES

    assert [example for example in EXAMPLES if parse(example).ignored] == []


def test_native_api_behind_the_cookie_is_the_whole_of_it(
    sqlite_server: Server, guest: httpx2.Client
):
    with browser(sqlite_server) as anybody:
        paths = anybody.get("/openapi.json").json()["paths"]
    native = [path for path, methods in paths.items() if _tags(methods) == {"native"}]

    answers = [guest.options(f"/app{path.format(job_id='x', delivery_id='x')}") for path in native]

    assert len(native) > 5
    assert {answer.status_code for answer in answers} == {405}


def _tags(methods: dict[str, Any]) -> set[str]:
    return {tag for call in methods.values() for tag in call["tags"]}
