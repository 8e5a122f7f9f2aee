"""A canary: one key is used in every way, right and wrong, and then it is looked for wherever anything was written or told."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import sqlalchemy as sa
from apis import APIS, MODELSLAB_MUSIC, NATIVE, REPLICATE, Api
from receiver import Receiver
from servers import Server, finished

from bandstand.store.database import open_database

Made = Callable[..., Server]


def test_key_is_found_nowhere_after_it_was_used_in_every_way(bandstand: Made, database_url: str):
    with Receiver() as receiver:
        server = bandstand(
            database_url=database_url,
            engines="fake",
            stand_in="other",
            allowed_private_hosts="127.0.0.1",
            log_level="debug",
            log_json=True,
        )
        key = server.run("keys", "create", "--name", "canary")
        canary = key.split("_", 2)[2]
        answers = [answer for api in APIS for answer in use(api, server, key)]
        answers += misuse(server, key, receiver.url)
        receiver.wait(2)
        with server.client(None) as client:
            answers += [client.get(path) for path in ("/metrics", "/openapi.json", "/readyz")]
        server.stop()

    assert 200 in {answer.status_code for answer in answers}
    assert not [answer.request.url.path for answer in answers if answer.status_code >= 500]
    told = {
        "answers": "\n".join(f"{answer.headers}\n{answer.text}" for answer in answers),
        "webhooks": "\n".join(f"{each.headers}\n{each.body!r}" for each in receiver.messages),
        "log": server.log,
        "database": all_rows(database_url),
        "files": "\n".join(
            f"{path} {path.read_bytes()!r}"
            for path in server.folder.rglob("*")
            if path.is_file() and path.name != "log"
        ),
    }
    assert all(told.values()), "there is something to look into"
    assert key.split("_")[1] in told["database"], "what is not secret is found"
    assert [place for place, text in told.items() if canary in text] == []


def test_secret_of_an_accounts_own_bucket_is_kept_and_shown_nowhere(bandstand: Made):
    """One that does not answer: what it says to that might repeat what it was asked with."""
    secret, name = "canary-of-the-bucket", "canary-who-may-write"
    address = f"s3://theirs/all?endpoint=http://127.0.0.1:9&region=a&key={name}&secret={secret}"
    with Receiver() as receiver:
        server = bandstand(
            engines="fake",
            stand_in="other",
            allowed_private_hosts="127.0.0.1",
            log_level="debug",
            log_json=True,
        )
        shown = [server.run("keys", "bucket", "first", address)]
        wishes = [NATIVE.changed(("webhook",), {"url": receiver.url}), NATIVE.wish]
        with server.client() as client:
            jobs = [client.post("/v1/jobs", json=dict(wish)).json()["id"] for wish in wishes]
            finals = [finished(client, job) for job in jobs]
            told = [client.get(f"/v1/jobs/{job}/events").text for job in jobs]
            told += [client.get(path).text for path in ("/v1/jobs", "/v1/account", "/metrics")]
        receiver.wait()
        shown += [server.run("keys", "list"), server.run("config", "show")]
        shown += [server.run("doctor"), *(server.run("jobs", "show", job) for job in jobs)]
        shown.append(server.run("keys", "bucket", "first"))
        server.stop()

    places = {
        "answers": repr(finals) + "".join(told),
        "webhooks": "".join(repr(each.body) for each in receiver.messages),
        "commands": "".join(shown),
        "log": server.log,
    }
    assert "no copy in own bucket" in places["log"], "it was tried"
    assert all(places.values())
    assert [place for place, text in places.items() if secret in text or name in text] == []


def use(api: Api, server: Server, key: str) -> list[httpx2.Response]:
    """Rightly, then with each mistake that an answer or a log line might repeat."""
    job = api.create(server, key=key)
    name = str(job.json()[api.id])
    asked = [
        api.ask(server, method, path.format(id=name), key=key) for method, path in api.of_a_job
    ]
    listed = [api.ask(server, "GET", path, key=key) for path in api.of_mine]
    wrong_value = api.ask(server, "POST", api.path, api.changed(api.prompt, {"key": key}), key=key)
    unknown_field = api.ask(server, "POST", api.path, {**api.wish, "authorization": key}, key=key)
    unknown_job = api.ask(server, *_of_one(api, key), key=key)
    wrong_method = api.ask(server, "PUT", api.path, {"key": key}, key=key)
    nearly = api.create(server, key=key + "x")
    with server.client(None) as client:
        in_query = client.post(f"{api.path}?key={key}&api_key={key}", json=dict(api.wish))
        no_json = client.post(
            api.path, content=f'{{"key": "{key}", '.encode(), headers={"x-api-key": key}
        )
        no_object = client.post(api.path, json=[key], headers={"Authorization": f"Bearer {key}"})
        cookie = client.post(api.path, json=dict(api.wish), headers={"Cookie": f"key={key}"})
    once = api.create(server, key=key, idempotency_key=name)
    wrong = [wrong_value, unknown_field, unknown_job, wrong_method, nearly]
    return [job, *asked, *listed, *wrong, in_query, no_json, no_object, cookie, once]


def _of_one(api: Api, name: str) -> tuple[str, str]:
    method, path = api.of_a_job[0]
    return method, path.format(id=name)


def misuse(server: Server, key: str, url: str) -> list[httpx2.Response]:
    """What clients are known to do, and webhooks of a job that was asked for with it."""
    with_client = REPLICATE.changed(("input", "auth"), key) | {"webhook": url}
    hooked = NATIVE.changed(("webhook",), {"url": url})
    labs = MODELSLAB_MUSIC.changed(("webhook",), url) | {"track_id": "7"}
    return [
        # replicate-js 1.4.0 passes itself, key included, when it turns files into data URIs
        REPLICATE.ask(server, "POST", REPLICATE.path, with_client, key=key),
        NATIVE.ask(server, "POST", NATIVE.path, hooked, key=key),
        MODELSLAB_MUSIC.ask(server, "POST", MODELSLAB_MUSIC.path, labs, key=key),
    ]


def all_rows(url: str) -> str:
    """Everything in every table of every schema, those of the queue included, as text."""
    database = open_database(url)
    try:
        with database.engine.connect() as connection:
            seen = sa.inspect(connection)
            schemas = [name for name in seen.get_schema_names() if name != "information_schema"]
            names = [(schema, name) for schema in schemas for name in seen.get_table_names(schema)]
            return "\n".join(
                repr(row)
                for schema, name in names
                for row in connection.execute(sa.text(f'SELECT * FROM "{schema}"."{name}"'))
            )
    finally:
        database.close()
