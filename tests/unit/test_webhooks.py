"""The sender of webhooks against receivers that answer, refuse, hang, lead elsewhere or are not there."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from patience import PATIENCE_SECONDS, soon
from receiver import HANG, Message, Receiver
from replicate.webhook import Webhooks as ReplicateWebhooks
from replicate.webhook import WebhookSigningSecret
from services import free_port
from standardwebhooks import Webhook, WebhookVerificationError

from bandstand import fetch
from bandstand.fetch import Fetcher
from bandstand.jobs import EventKind, Hook, HookEvent, Job, Status, Times, new_id, new_number
from bandstand.specs import MusicSpec
from bandstand.store import accounts, deliveries, jobs
from bandstand.store.database import Database
from bandstand.store.deliveries import DELIVERED, FAILED, PENDING, Delivery
from bandstand.store.tables import accounts as accounts_table
from bandstand.webhooks import Webhooks

QUICK = (0.05,) * 9


async def render(job: Job) -> bytes:
    """More than a picture: what could be changed on the way would be changed here."""
    told = {
        "id": job.id,
        "status": job.status,
        "note": "żółć 🎵  \u2028",
        "outputs": len(job.outputs),
    }
    return json.dumps(told, indent=1).encode()


@asynccontextmanager
async def sending(
    database: Database, *, pauses: Sequence[float] = QUICK, senders: int = 1
) -> AsyncGenerator[None]:
    running = [
        asyncio.create_task(
            Webhooks(
                database, Fetcher(["127.0.0.1"], "http://our.own"), render, pauses=pauses
            ).run()
        )
        for _ in range(senders)
    ]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def finished_job(database: Database, url: str, *events: HookEvent, account: str = "ada") -> Job:
    """A job that begins and is finished with news for these events."""
    job = begun_job(database, url, *(events or (HookEvent.COMPLETED,)), account=account)
    database.write_now(jobs.finish, job.id, Status.SUCCEEDED)
    return job


def begun_job(database: Database, url: str, *events: HookEvent, account: str = "ada") -> Job:
    found = database.read_now(accounts.find_account, account)
    owner = (
        found.id if found else database.write_now(accounts.create_account, account, metered=False)
    )
    job = Job(
        id=new_id(),
        account=owner,
        origin="native",
        asked={},
        spec=MusicSpec(prompt="rain", seed=1),
        model="fake",
        engine="fake",
        status=Status.QUEUED,
        progress=0.0,
        outputs=(),
        error=None,
        price=0,
        hook=Hook(url=url, events=frozenset(events)),
        times=Times(created=time.time()),
        attempts=0,
        number=new_number(),
    )
    database.write_now(jobs.insert, job)
    database.write_now(jobs.begin_attempt, job.id)
    return job


def stored(database: Database) -> Delivery:
    (only,) = database.read_now(deliveries.newest, 10)
    return only


async def settled(database: Database) -> Delivery:
    return await soon(lambda: stored(database), lambda delivery: delivery.status != PENDING)


async def got(receiver: Receiver, count: int = 1) -> list[Message]:
    return await asyncio.to_thread(receiver.wait, count)


def secret_of(database: Database) -> str:
    account = database.read_now(accounts.find_account, "ada")
    assert account
    return database.write_now(accounts.webhook_secrets, account.id)[0]


def signature(secret: str, message: Message) -> str:
    """As the standard's text says, without anybody's package."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join(
        [message.id.encode(), message.headers["webhook-timestamp"].encode(), message.body]
    )
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


async def test_message_is_signed_exactly_as_it_is_sent(database: Database):
    with Receiver() as receiver:
        finished_job(database, receiver.url)
        async with sending(database):
            (message,) = await got(receiver)

    secret = secret_of(database)
    assert message.headers["webhook-signature"] == signature(secret, message)
    assert message.headers["content-type"] == "application/json"
    assert Webhook(secret).verify(message.body, dict(message.headers)) == message.json


async def test_replicates_own_client_takes_our_signature(database: Database):
    with Receiver() as receiver:
        finished_job(database, receiver.url)
        async with sending(database):
            (message,) = await got(receiver)

    ReplicateWebhooks.validate(
        headers=dict(message.headers),
        body=message.body.decode(),
        secret=WebhookSigningSecret(key=secret_of(database)),
    )


async def test_receiver_that_fails_three_times_gets_it_at_the_fourth(database: Database):
    with Receiver(answers=(500, 500, 500, 200)) as receiver:
        finished_job(database, receiver.url)
        async with sending(database):
            messages = await got(receiver, 4)
            delivery = await settled(database)

    assert (delivery.status, delivery.attempts, delivery.answer) == (DELIVERED, 4, "200 ok")
    assert {message.id for message in messages} == {delivery.id}
    for message in messages:
        Webhook(secret_of(database)).verify(message.body, dict(message.headers))


async def test_receiver_that_hangs_is_cut_at_the_deadline_and_asked_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fetch, "POST_SECONDS", 0.4)
    with Receiver(answers=(HANG, 200)) as receiver:
        finished_job(database, receiver.url)
        async with sending(database):
            first, second, *_ = await got(receiver, 2)

    assert first.id == second.id


async def test_redirect_is_a_failure_and_not_followed(database: Database):
    with (
        Receiver() as elsewhere,
        Receiver(answers=(302, 307, 301, 308), headers={"Location": elsewhere.url}) as receiver,
    ):
        finished_job(database, receiver.url)
        async with sending(database, pauses=QUICK[:3]):
            delivery = await settled(database)

        assert (delivery.status, delivery.attempts) == (FAILED, 4)
        assert len(receiver.messages) == 4
        assert elsewhere.messages == []


async def test_receiver_that_says_gone_is_not_asked_again(database: Database):
    with Receiver(answers=(410,)) as receiver:
        finished_job(database, receiver.url)
        async with sending(database):
            delivery = await settled(database)
            await asyncio.sleep(0.5)

    assert (delivery.status, delivery.attempts) == (FAILED, 1)
    assert len(receiver.messages) == 1


async def test_receiver_that_is_not_there_is_given_up_on_schedule(database: Database):
    pauses = (0.2, 0.4, 0.8)
    finished_job(database, f"http://127.0.0.1:{free_port()}/hook")
    began = time.monotonic()
    async with sending(database, pauses=pauses):
        delivery = await settled(database)
        took = time.monotonic() - began

    assert (delivery.status, delivery.attempts) == (FAILED, 4)
    assert delivery.answer == fetch.UNREACHABLE
    assert took >= 0.8 * sum(pauses)


async def test_pauses_are_those_of_the_ladder_by_a_fifth(database: Database):
    finished_job(database, "http://127.0.0.1/hook")
    sender = Webhooks(database, Fetcher([], ""), render, pauses=(1.0, 10.0))
    delivery = stored(database)

    for attempt, wanted in enumerate((1.0, 10.0), start=1):
        drawn = [sender._pause_after(delivery, attempt) or 0.0 for _ in range(1000)]
        assert min(drawn) == pytest.approx(0.8 * wanted, rel=0.02)
        assert max(drawn) == pytest.approx(1.2 * wanted, rel=0.02)
    assert sender._pause_after(delivery, 3) is None


async def test_no_try_comes_before_the_pause_is_over(database: Database):
    pauses = (0.3, 0.6, 1.2)
    with Receiver(answers=(503,)) as receiver:
        finished_job(database, receiver.url)
        async with sending(database, pauses=pauses):
            messages = await got(receiver, 4)

    found = [late.at - early.at for early, late in itertools.pairwise(messages)]
    for pause, wanted in zip(found, pauses, strict=True):
        assert pause >= 0.8 * wanted


async def test_only_the_last_word_has_more_than_one_try(database: Database):
    with Receiver(answers=(500,)) as receiver:
        begun_job(database, receiver.url, HookEvent.START)
        async with sending(database):
            delivery = await settled(database)

    assert (delivery.status, delivery.attempts) == (FAILED, 1)


async def test_the_last_word_comes_last_though_the_receiver_is_slow(database: Database):
    with Receiver(slow=0.3) as receiver:
        job = finished_job(database, receiver.url, *HookEvent)
        async with sending(database):
            messages = await got(receiver, 3)
        told = {each.id: each.event for each in database.read_now(deliveries.newest, 10)}

    assert [told[message.id] for message in messages] == ["start", "output", "completed"]
    assert [message.json["status"] for message in messages] == ["running", "running", "succeeded"]
    assert {message.json["id"] for message in messages} == {job.id}


async def test_logs_come_at_most_every_half_second(database: Database):
    with Receiver() as receiver:
        job = begun_job(database, receiver.url, HookEvent.LOGS)
        async with sending(database):
            while len(receiver.messages) < 4:
                news = [(EventKind.LOG, {"line": "la"})]
                await database.write(jobs.report, job.id, attempt=1, fraction=0.5, news=news)
                await asyncio.sleep(0.02)

    told = [each.tried_at for each in database.read_now(deliveries.newest, 100)]
    tried = sorted(at for at in told if at is not None)
    apart = [late - early for early, late in itertools.pairwise(tried)]
    assert min(apart) >= deliveries.APART_SECONDS


async def test_two_senders_send_each_message_once(database: Database):
    with Receiver() as receiver:
        wanted = {finished_job(database, receiver.url).id for _ in range(40)}
        async with sending(database, senders=2):
            await got(receiver, len(wanted))
            await asyncio.sleep(0.6)

    assert sorted(message.json["id"] for message in receiver.messages) == sorted(wanted)


async def test_old_and_new_secret_sign_for_a_day(database: Database):
    old = secret_of_new_account(database)
    new = database.write_now(accounts.rotate_webhook_secret, account_id(database))
    with Receiver() as receiver:
        finished_job(database, receiver.url)
        async with sending(database):
            (during,) = await got(receiver)
            database.write_now(age_secret, accounts.ROTATION_SECONDS + 1)
            finished_job(database, receiver.url)
            after = (await got(receiver, 2))[1]

    assert during.headers["webhook-signature"].split() == [
        signature(new, during),
        signature(old, during),
    ]
    assert after.headers["webhook-signature"] == signature(new, after)


def secret_of_new_account(database: Database) -> str:
    database.write_now(accounts.create_account, "ada", metered=False)
    return secret_of(database)


def account_id(database: Database) -> str:
    found = database.read_now(accounts.find_account, "ada")
    assert found
    return found.id


def age_secret(connection: sa.Connection, seconds: float) -> None:
    drawn_at = accounts_table.c.webhook_secret_at
    connection.execute(accounts_table.update().values(webhook_secret_at=drawn_at - seconds))


async def test_forged_old_and_changed_messages_are_told_apart(database: Database):
    with Receiver() as receiver:
        finished_job(database, receiver.url)
        async with sending(database):
            (message,) = await got(receiver)

    verifier, headers = Webhook(secret_of(database)), dict(message.headers)
    yesterday = str(int(dt.datetime.now(dt.UTC).timestamp()) - 86400)
    verifier.verify(message.body, headers)
    for body, changes in (
        (message.body + b" ", {}),
        (message.body, {"webhook-id": "msg_other"}),
        (message.body, {"webhook-timestamp": yesterday}),
    ):
        with pytest.raises(WebhookVerificationError):
            verifier.verify(body, headers | changes)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(b"another secret").decode()).verify(
            message.body, headers
        )


async def test_whatever_a_receiver_says_is_kept_on_one_line(database: Database):
    said = b"\x00\x1b[31mred\r\nwebhook-id: x\xff" + b"z" * 100_000
    with Receiver(answers=(410,), content=said) as receiver:
        finished_job(database, receiver.url)
        async with sending(database):
            delivery = await settled(database)

    assert delivery.answer
    assert delivery.answer.startswith("410  [31mred webhook-id: x\N{REPLACEMENT CHARACTER}zzz")
    assert len(delivery.answer) < 210


async def test_receivers_that_hang_do_not_hold_up_those_of_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fetch, "POST_SECONDS", 2 * PATIENCE_SECONDS)
    with Receiver(answers=(HANG,)) as hanging, Receiver() as receiver:
        for _ in range(40):
            finished_job(database, hanging.url, account="slow")
        async with sending(database):
            await got(hanging, 10)
            finished_job(database, receiver.url)
            await got(receiver)

    assert len(hanging.messages) <= 16


async def test_webhook_that_cannot_be_drawn_fails_and_is_given_up(database: Database):
    async def broken(_: Job) -> bytes:
        raise KeyError("prompt")

    with Receiver() as receiver:
        finished_job(database, receiver.url)
        sender = Webhooks(database, Fetcher(["127.0.0.1"], ""), broken, pauses=(0.05,))
        running = asyncio.create_task(sender.run())
        delivery = await settled(database)
        running.cancel()

    assert (delivery.status, delivery.attempts) == (FAILED, 2)
    assert receiver.messages == []
