"""What was given and made is kept as long as each API promises, and then it is gone, with its links."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from apis import APIS, REPLICATE, Api
from behind import store
from patience import once
from servers import KEY, Server

from bandstand.dialects import all_dialects
from bandstand.store.tables import events, files, jobs

PROMISED_SECONDS = {
    "replicate": 3600.0,
    "leap": 30 * 86400.0,
    "modelslab": 86400.0,
    "segmind": 3600.0,
    "native": 30 * 86400.0,
}
each_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Keeps what it made for six seconds."""
    settings = {"engines": "fake", "stand_in": "other", "keep_seconds": 6}
    running = Server(tmp_path_factory.mktemp("forgetful"), settings)
    running.start()
    yield running
    running.stop()


def test_each_api_keeps_what_it_promises():
    assert {each.name: each.keep_seconds for each in all_dialects()} == PROMISED_SECONDS


def ask(api: Api, server: Server, job: str) -> httpx2.Response:
    method, path = api.of_a_job[0]
    return api.ask(server, method, path.format(id=job))


def links_in(told: object) -> list[str]:
    """Every link to a result, wherever it stands in an answer."""
    if isinstance(told, dict):
        return [link for value in told.values() for link in links_in(value)]
    if isinstance(told, list):
        return [link for value in told for link in links_in(value)]
    return [told] if isinstance(told, str) and "/files/" in told and ".wav?" in told else []


@each_api
def test_result_is_gone_when_its_time_is_over(forgetful: Server, api: Api):
    job = api.created(forgetful, "tone for a while")
    link = once(lambda: links_in(ask(api, forgetful, job).json()))[0]
    with forgetful.client(None) as client:
        assert client.get(link).status_code == 200

        once(lambda: client.get(link).status_code == 404)
        once(lambda: ask(api, forgetful, job).status_code == 404 or api is REPLICATE)

    assert "tone for a while" not in ask(api, forgetful, job).text


def test_replicates_record_outlives_what_was_given_and_made(forgetful: Server):
    job = REPLICATE.created(forgetful, "tone to be forgotten")
    once(lambda: ask(REPLICATE, forgetful, job).json()["data_removed"])

    told = ask(REPLICATE, forgetful, job).json()

    assert (told["status"], told["output"], told["input"], told["logs"]) == (
        "succeeded",
        None,
        {},
        "",
    )
    with store(forgetful) as database:
        assert not database.read_now(stored_words, "to be forgotten")


def test_nothing_is_left_on_the_disk(forgetful: Server):
    """Of all that other tests here made, too."""
    for api in APIS:
        api.created(forgetful)
    blobs = forgetful.folder / "data" / "blobs"

    once(lambda: _files_below(blobs))
    once(lambda: not _files_below(blobs))


def _files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def stored_words(connection: sa.Connection, words: str) -> bool:
    rows = [
        *connection.execute(sa.select(jobs.c.asked, jobs.c.spec)).all(),
        *connection.execute(sa.select(events.c.detail)).all(),
    ]
    return any(words in str(row) for row in rows)


def test_uploaded_file_is_gone_after_a_day(busy_server: Server):
    with busy_server.client(KEY) as client:
        sent = client.post("/v1/files", files={"content": ("a.wav", b"RIFF", "audio/wav")})
        file = sent.json()["id"]
        blob = busy_server.folder / "data" / "blobs" / "files" / file / "content"
        assert client.get(f"/v1/files/{file}").status_code == 200
        assert blob.exists()
        with store(busy_server) as database:
            expires_at = database.write_now(age, file)

        assert 86400 - 60 < expires_at - time.time() <= 86400
        assert client.get(f"/v1/files/{file}").status_code == 404
        assert file not in client.get("/v1/files").text
        once(lambda: not blob.exists())


def age(connection: sa.Connection, file: str) -> float:
    """A day passes for this file; when it was to expire."""
    row = connection.execute(sa.select(files.c.expires_at).where(files.c.id == file)).one()
    connection.execute(files.update().where(files.c.id == file).values(expires_at=time.time() - 1))
    return row.expires_at
