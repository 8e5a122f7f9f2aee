"""Webhooks from the wish to the receiver: what a client must say to get them, and what an operator sees of them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Generator

import pytest
from apis import NATIVE
from patience import once
from receiver import HANG, Receiver
from servers import KEY, Server
from standardwebhooks import Webhook

Made = Callable[..., Server]


@pytest.fixture
def receiver() -> Generator[Receiver]:
    with Receiver() as opened:
        yield opened


def create(server: Server, url: str, *events: str, words: str = "tone", key: str = KEY) -> str:
    webhook = {"url": url, "events": list(events)} if events else {"url": url}
    wish = NATIVE.changed(("webhook",), webhook) | {"prompt": words}
    answer = NATIVE.ask(server, "POST", NATIVE.path, wish, key=key)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def delivery_of(server: Server, job: str) -> dict[str, object] | None:
    """The only one there is, if there is one yet."""
    answer = NATIVE.ask(server, "GET", "/v1/deliveries?size=100")
    found = [each for each in answer.json()["deliveries"] if each["job"] == job]
    return found[0] if found else None


def in_status(server: Server, job: str, *statuses: str) -> dict[str, object]:
    found = once(
        lambda: delivery_of(server, job),
        lambda delivery: delivery is not None and delivery["status"] in statuses,
    )
    assert found
    return found


def settled(server: Server, job: str) -> dict[str, object]:
    return in_status(server, job, "delivered", "failed")


def test_webhook_is_what_a_client_gets_when_it_asks(busy_server: Server, receiver: Receiver):
    job = create(busy_server, receiver.url)
    (message,) = receiver.wait()

    asked = NATIVE.ask(busy_server, "GET", f"/v1/jobs/{job}").json()
    sent = message.json
    del asked["jobs_ahead"]
    for told in (asked, sent):
        for output in told["outputs"]:
            output["url"] = output["url"].partition("?")[0]  # the rest tells when it was asked for
    assert sent == asked


def test_every_event_is_told_once_and_in_order(busy_server: Server, receiver: Receiver):
    create(busy_server, receiver.url, "start", "output", "logs", "completed")

    receiver.wait(only=lambda message: message.json["status"] == "succeeded")

    told = [(each.json["status"], bool(each.json["outputs"])) for each in receiver.messages]
    assert told[0] == ("running", False)
    assert told[-2:] == [("running", True), ("succeeded", True)]
    assert len({message.id for message in receiver.messages}) == len(receiver.messages)


def test_failed_and_canceled_jobs_are_told_too(busy_server: Server, receiver: Receiver):
    create(busy_server, receiver.url, words="fail")
    (failed,) = receiver.wait()
    job = create(busy_server, receiver.url, words="work=600")
    NATIVE.ask(busy_server, "POST", f"/v1/jobs/{job}/cancel")
    canceled = receiver.wait(2)[1]

    assert (failed.json["status"], failed.json["error"]) == (
        "failed",
        "The fake engine was asked to fail.",
    )
    assert canceled.json["status"] == "canceled"


def test_receiver_that_was_away_gets_it_at_the_fourth_try(busy_server: Server):
    with Receiver(answers=(500, 503, 404, 204), content=b"") as receiver:
        job = create(busy_server, receiver.url)
        messages = receiver.wait(4)
        delivery = settled(busy_server, job)

    assert {message.id for message in messages} == {delivery["id"]}
    assert (delivery["status"], delivery["attempts"]) == ("delivered", 4)
    assert delivery["next_try_at"] is None


def test_tries_go_on_under_the_same_id_after_the_server_was_killed(bandstand: Made):
    with Receiver(answers=(500, 200)) as receiver:
        server = bandstand(allowed_private_hosts="127.0.0.1", webhook_pauses="2")
        job = create(server, receiver.url)
        receiver.wait(1)
        in_status(server, job, "pending")
        server.kill()
        server.start()

        first, second = receiver.wait(2)

        assert first.id == second.id
        assert settled(server, job)["attempts"] == 2


def test_delivery_that_was_given_up_is_sent_again_on_request(busy_server: Server):
    with Receiver(answers=(500,) * 4 + (200,)) as receiver:
        job = create(busy_server, receiver.url)
        given_up = settled(busy_server, job)
        path = f"/v1/deliveries/{given_up['id']}/send-again"
        again = NATIVE.ask(busy_server, "POST", path)
        receiver.wait(5)
        at_last = settled(busy_server, job)

    assert (given_up["status"], given_up["attempts"]) == ("failed", 4)
    assert (again.status_code, again.json()["status"]) == (200, "pending")
    assert (at_last["status"], at_last["attempts"]) == ("delivered", 1)
    assert len({message.id for message in receiver.messages}) == 1


def test_delivery_under_way_is_not_begun_twice(busy_server: Server):
    with Receiver(answers=(HANG,)) as receiver:
        job = create(busy_server, receiver.url)
        receiver.wait(1)
        path = f"/v1/deliveries/{in_status(busy_server, job, 'pending')['id']}/send-again"

        assert NATIVE.ask(busy_server, "POST", path).status_code == 409


def test_deliveries_of_somebody_else_are_not_there(busy_server: Server, receiver: Receiver):
    job = create(busy_server, receiver.url)
    delivery = settled(busy_server, job)["id"]
    stranger = busy_server.run("keys", "create", "--account", uuid.uuid4().hex)
    path = f"/v1/deliveries/{delivery}/send-again"

    listed = NATIVE.ask(busy_server, "GET", "/v1/deliveries", key=stranger).json()
    foreign = NATIVE.ask(busy_server, "POST", path, key=stranger)
    unknown = NATIVE.ask(busy_server, "POST", "/v1/deliveries/msg_0/send-again", key=stranger)

    assert listed == {"deliveries": []}
    assert (foreign.status_code, foreign.text) == (unknown.status_code, unknown.text)
    assert foreign.status_code == 404
    assert len(receiver.messages) == 1


def test_commands_show_send_again_and_rotate(busy_server: Server, receiver: Receiver):
    name = uuid.uuid4().hex
    key = busy_server.run("keys", "create", "--account", name)
    secret = busy_server.run("webhooks", "secret", "--account", name)
    create(busy_server, receiver.url, key=key)
    (message,) = receiver.wait()
    Webhook(secret).verify(message.body, dict(message.headers))
    fresh = busy_server.run("webhooks", "rotate", "--account", name)

    _until_listed(busy_server, name, "delivered")
    busy_server.run("webhooks", "send-again", message.id)
    again = receiver.wait(2)[1]

    assert fresh != secret
    assert again.id == message.id
    for either in (secret, fresh):
        Webhook(either).verify(again.body, dict(again.headers))


def _until_listed(server: Server, account: str, status: str) -> None:
    once(
        lambda: json.loads(server.run("webhooks", "list", "--account", account, "--json")),
        lambda listed: [each["status"] for each in listed] == [status],
    )


@pytest.mark.parametrize(
    "webhook",
    [
        {"url": "http://169.254.169.254/latest/meta-data"},
        {"url": "http://[fd00:ec2::254]/"},
        {"url": "https://user:word@example.org/"},
        {"url": "ftp://example.org/"},
        {"url": "https://example.org/" + "x" * 2048},
        {"url": "https://example.org/", "events": []},
        {"url": "https://example.org/", "events": ["done"]},
        {"url": "https://example.org/", "secret": "mine"},
        {"events": ["start"]},
        "https://example.org/",
    ],
    ids=lambda webhook: str(webhook)[:50],
)
def test_webhook_that_cannot_be_sent_is_refused_at_once(busy_server: Server, webhook: object):
    answer = NATIVE.ask(busy_server, "POST", NATIVE.path, NATIVE.changed(("webhook",), webhook))

    assert answer.status_code == 422
    assert answer.json()["error"]["fields"][0]["field"].startswith("webhook")
