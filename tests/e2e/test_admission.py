"""Who is let in, how often, and what it costs: in every API, on each kind of database."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor

import pytest
from apis import APIS, NATIVE, Api
from behind import new_key, store
from patience import once
from servers import KEY, Server, finished

from bandstand.store import accounts
from bandstand.store.accounts import Account, Scope

each_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
Made = Callable[..., Server]


def account_named(server: Server, name: str) -> Account:
    with store(server) as database:
        assert database.read_now(accounts.ledger_sum) == 0
        found = database.read_now(accounts.find_account, name)
    assert found
    return found


@each_api
def test_of_a_hundred_at_once_ten_are_paid_for(busy_server: Server, api: Api):
    name = uuid.uuid4().hex
    key = new_key(busy_server, name, credits_given=10 * api.price)

    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda _: api.create(busy_server, "work=0.5", key=key), range(100)))

    told = Counter(answer.status_code for answer in answers)
    assert told[api.no_credit] == 90
    assert sum(told[status] for status in (200, 201, 202)) == 10
    _until_nothing_is_held(busy_server, name)
    assert account_named(busy_server, name).available == 0


def _until_nothing_is_held(server: Server, name: str) -> None:
    once(lambda: account_named(server, name), lambda account: not account.held)


def test_failed_and_canceled_jobs_cost_nothing(busy_server: Server):
    name = uuid.uuid4().hex
    key = new_key(busy_server, name, credits_given=5)
    with busy_server.client(key) as client:
        failed = NATIVE.created(busy_server, "fail", key=key)
        finished(client, failed)
        called_off = NATIVE.created(busy_server, "work=600", key=key)
        client.post(f"/v1/jobs/{called_off}/cancel")

    after = account_named(busy_server, name)
    assert (after.available, after.held) == (5, 0)


@each_api
def test_key_that_is_wrong_missing_or_elsewhere_is_told_401(busy_server: Server, api: Api):
    path, body = api.path, api.steered("tone")
    with busy_server.client(None) as client:
        answers = [
            client.post(path, json=body),
            client.post(f"{path}?key={KEY}&api_key={KEY}&token={KEY}", json=body),
            client.post(path, json=body, headers={"Authorization": "Bearer"}),
            client.post(path, json=body, headers={"Authorization": f"Basic {KEY}"}),
            client.post(path, json=body, headers={"Cookie": f"key={KEY}"}),
        ]
    answers += [
        api.create(busy_server, key=wrong)
        for wrong in (KEY + "x", KEY[:-1], KEY.swapcase(), "bs__", "bs_x_", "a\\b'--", "x" * 5000)
    ]

    assert [answer.status_code for answer in answers] == [401] * len(answers)
    assert len({answer.text for answer in answers}) == 1, "nobody learns what was wrong with it"


@each_api
def test_revoked_key_opens_nothing_from_then_on(busy_server: Server, api: Api):
    key = new_key(busy_server)
    assert api.create(busy_server, key=key).status_code < 300
    with store(busy_server) as database:
        database.write_now(accounts.revoke_key, key.split("_")[1])

    assert api.create(busy_server, key=key).status_code == 401


@each_api
def test_key_opens_nothing_once_it_has_expired(busy_server: Server, api: Api):
    key = new_key(busy_server, expires_at=time.time() - 0.1)
    lasting = new_key(busy_server, expires_at=time.time() + 600)

    assert api.create(busy_server, key=key).status_code == 401
    assert api.create(busy_server, key=lasting).status_code < 300


@each_api
def test_key_for_reading_makes_nothing(busy_server: Server, api: Api):
    name = uuid.uuid4().hex
    reader, writer = (
        new_key(busy_server, name, scopes=(Scope.READ,)),
        new_key(busy_server, name),
    )
    job = api.created(busy_server, key=writer)
    method, path = api.of_a_job[0]

    assert api.create(busy_server, key=reader).status_code == 403
    assert api.ask(busy_server, method, path.format(id=job), key=reader).status_code == 200


def test_key_for_writing_reads_nothing(busy_server: Server):
    key = new_key(busy_server, scopes=(Scope.WRITE,))
    job = NATIVE.created(busy_server, key=key)

    assert NATIVE.ask(busy_server, "GET", f"/v1/jobs/{job}", key=key).status_code == 403


def test_secret_of_webhooks_is_not_shown_to_a_key_for_reading(busy_server: Server):
    name, secret = uuid.uuid4().hex, "/v1/webhooks/default/secret"
    reader, writer = (
        new_key(busy_server, name, scopes=(scope,)) for scope in (Scope.READ, Scope.WRITE)
    )
    refused = NATIVE.ask(busy_server, "GET", secret, key=reader)
    told = NATIVE.ask(busy_server, "GET", secret, key=writer)

    assert refused.status_code == 403
    assert told.json()["key"].startswith("whsec_")
    assert told.json()["key"] not in refused.text


@each_api
def test_who_has_no_key_learns_nothing_of_bodies(busy_server: Server, api: Api):
    right, wrong, empty = (
        api.ask(busy_server, "POST", api.path, body, key="nobody")
        for body in (api.wish, api.changed(api.prompt, 7), {})
    )

    assert [answer.status_code for answer in (right, wrong, empty)] == [401] * 3
    assert right.text == wrong.text == empty.text


@each_api
def test_wrong_method_is_told_the_right_ones(busy_server: Server, api: Api):
    answer = api.ask(busy_server, "PATCH", api.path)

    assert answer.status_code == 405
    allowed = answer.headers["allow"].split(", ")
    assert "POST" in allowed
    assert ("GET" in allowed) == (api.path in api.of_mine)


def test_keys_of_one_account_see_the_same_jobs(busy_server: Server):
    name = uuid.uuid4().hex
    first, second = new_key(busy_server, name), new_key(busy_server, name)
    job = NATIVE.created(busy_server, key=first)

    assert NATIVE.ask(busy_server, "GET", f"/v1/jobs/{job}", key=second).status_code == 200


def test_command_makes_keys_with_scope_and_end(bandstand: Made):
    server = bandstand()
    reader = server.run("keys", "create", "--scope", "read", "--expires", "1h")
    ended = server.run("keys", "create", "--expires", "0s")

    assert NATIVE.create(server, key=reader).status_code == 403
    assert NATIVE.ask(server, "GET", "/v1/jobs", key=reader).status_code == 200
    assert NATIVE.ask(server, "GET", "/v1/jobs", key=ended).status_code == 401
    listed = server.run("keys", "list")
    assert "\tread" in listed
    assert "works until" in listed
    assert "expired" in listed


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Few requests a minute."""
    limits = {"creates_per_minute": 4, "reads_per_minute": 6, "failed_keys_per_minute": 5}
    settings = {"engines": "fake", "stand_in": "other", **limits}
    running = Server(tmp_path_factory.mktemp("strict"), settings)
    running.start()
    yield running
    running.stop()


@each_api
def test_too_many_creates_are_told_429_and_when_to_come_back(strict: Server, api: Api):
    key, other = new_key(strict, "busy"), new_key(strict, "busy")
    answers = [api.create(strict, key=key) for _ in range(6)]

    assert [answer.status_code < 300 for answer in answers] == [True] * 4 + [False] * 2
    assert {answer.status_code for answer in answers[4:]} == {429}
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert api.create(strict, key=other).status_code < 300, "each key counts for itself"


def test_reads_are_counted_apart_from_creates(strict: Server):
    key = new_key(strict)
    statuses = [NATIVE.ask(strict, "GET", "/v1/jobs", key=key).status_code for _ in range(7)]

    assert statuses == [200] * 6 + [429]
    assert NATIVE.create(strict, key=key).status_code == 201


def test_wrong_keys_are_counted_by_address_and_right_ones_still_work(strict: Server):
    statuses = [NATIVE.create(strict, key="wrong").status_code for _ in range(8)]

    assert statuses[-1] == 429
    assert set(statuses) == {401, 429}
    assert NATIVE.ask(strict, "GET", "/v1/jobs", key=new_key(strict)).status_code == 200
