"""A create that is repeated with its idempotency key makes one job, in every API."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from apis import APIS, NATIVE, Api
from servers import Server

from bandstand.store import accounts, idempotency
from bandstand.store.database import Database
from bandstand.store.tables import idempotency as rows

each_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)


def create(api: Api, server: Server, once: str, words: str = "tone") -> tuple[int, str]:
    answer = api.create(server, words, idempotency_key=once)
    return answer.status_code, str(answer.json().get(api.id))


@each_api
def test_fifty_at_once_with_one_key_are_one_job(busy_server: Server, api: Api):
    once = uuid.uuid4().hex
    with ThreadPoolExecutor(25) as pool:
        told = list(pool.map(lambda _: create(api, busy_server, once), range(50)))

    assert {status for status, _ in told} <= {200, 201, 202}
    assert len({job for _, job in told}) == 1


@each_api
def test_same_key_with_another_wish_is_refused(busy_server: Server, api: Api):
    once = uuid.uuid4().hex
    _, job = create(api, busy_server, once, "tone one")

    status, _ = create(api, busy_server, once, "tone two")

    assert status == api.invalid
    assert create(api, busy_server, once, "tone one")[1] == job


def test_other_keys_and_other_accounts_make_jobs_of_their_own(busy_server: Server):
    once = uuid.uuid4().hex
    stranger = busy_server.run("keys", "create", "--account", uuid.uuid4().hex)
    mine = NATIVE.create(busy_server, idempotency_key=once).json()["id"]
    theirs = NATIVE.create(busy_server, key=stranger, idempotency_key=once).json()["id"]
    other = NATIVE.create(busy_server, idempotency_key=once + "x").json()["id"]

    assert len({mine, theirs, other}) == 3


def test_refused_create_does_not_use_its_key_up(busy_server: Server):
    once = uuid.uuid4().hex
    poor = busy_server.run("keys", "create", "--account", uuid.uuid4().hex, "--credits", "0")

    statuses = [
        NATIVE.create(busy_server, key=poor, idempotency_key=once).status_code for _ in range(2)
    ]

    assert statuses == [402, 402]


def test_key_of_a_job_that_was_removed_is_told_so(busy_server: Server):
    once = uuid.uuid4().hex
    job = NATIVE.create(busy_server, idempotency_key=once).json()["id"]
    NATIVE.ask(busy_server, "DELETE", f"/v1/jobs/{job}")

    assert NATIVE.create(busy_server, idempotency_key=once).status_code == 409


def test_key_beyond_255_characters_is_refused(busy_server: Server):
    assert NATIVE.create(busy_server, idempotency_key="k" * 255).status_code == 201
    assert NATIVE.create(busy_server, idempotency_key="k" * 256).status_code == 422


def test_keys_are_kept_for_a_day(database: Database):
    account = database.write_now(accounts.create_account, "ada", metered=False)
    for key in ("old", "new"):
        database.write_now(idempotency.remember, account, key, {}, f"job-{key}")
    database.write_now(age, "old", 86400 + 1)
    database.write_now(age, "new", 86400 - 60)

    database.write_now(idempotency.forget_old)

    assert database.read_now(idempotency.job_of, account, "old", {}) is None
    assert database.read_now(idempotency.job_of, account, "new", {}) == "job-new"


def age(connection: sa.Connection, key: str, seconds: float) -> None:
    connection.execute(
        rows.update().where(rows.c.key == key).values(created_at=time.time() - seconds)
    )
