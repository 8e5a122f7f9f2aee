"""Sends webhooks: signed exactly as sent, tried again on a ladder, never redirected, each try visible in its row.

Standard Webhooks 1.0: `webhook-id` is the same at every try, `webhook-timestamp` is the time of the try, and
`webhook-signature` is `v1,` and the base64 HMAC-SHA256 over `id.timestamp.body`; two of them while a secret is rotated.
2xx is success, 410 ends it, everything else and silence is tried again; only the last word on a job has more than one try.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import prometheus_client
import structlog
from standardwebhooks import Webhook

from bandstand.errors import Failed, Unavailable
from bandstand.fetch import POST_SECONDS, Fetcher
from bandstand.jobs import HookEvent, Job, Status
from bandstand.store import accounts, deliveries, jobs
from bandstand.store.database import Database
from bandstand.store.deliveries import DELIVERED, FAILED, Delivery

AGAIN = "again"
GONE = 410
JITTER = 0.2
LEASE_SECONDS = POST_SECONDS + 5.0
TICK_SECONDS = 0.25
AT_ONCE = 64
AT_ONCE_ACCOUNT = 16
ANSWER_CHARACTERS = 200
UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
LOG = structlog.get_logger("webhooks")
TRIES = prometheus_client.Counter("bandstand_webhooks", "Tries to deliver a webhook.", ["outcome"])

Render = Callable[[Job], Awaitable[bytes]]


class Webhooks:
    """The sender. Several may run, in several processes.

    render  the body for a job, in the words of the API that asked for it
    pauses  seconds between tries, 20 % more or less; one try more than there are pauses
    """

    def __init__(
        self, database: Database, fetcher: Fetcher, render: Render, *, pauses: Sequence[float]
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._render = render
        self._pauses = pauses
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def run(self) -> None:
        """Until it is canceled; what was under way then comes due again when its lease is over."""
        try:
            while True:
                try:
                    await self.send_due()
                except Unavailable as error:
                    LOG.warning("webhooks must wait", reason=error.message)
                await asyncio.sleep(TICK_SECONDS)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def send_due(self) -> None:
        """Begin a try of what is due, as far as there is room; no account takes all of it."""
        per_account = Counter(self._under_way.values())
        busy = [account for account, count in per_account.items() if count >= AT_ONCE_ACCOUNT]
        room = AT_ONCE - per_account.total()
        if room == 0:
            return
        for delivery in await self._database.read(deliveries.due, limit=room, besides=busy):
            if per_account[delivery.account] < AT_ONCE_ACCOUNT and await self._database.write(
                deliveries.claim, delivery, lease_seconds=LEASE_SECONDS
            ):
                per_account[delivery.account] += 1
                task = asyncio.create_task(self._send(delivery, delivery.attempts + 1))
                self._under_way[task] = delivery.account
                task.add_done_callback(self._under_way.pop)

    async def _send(self, delivery: Delivery, attempt: int) -> None:
        """One try. What goes wrong with our own database is repaired by the lease."""
        try:
            outcome, answer = await self._try(delivery)
            pause = self._pause_after(delivery, attempt)
            if outcome == AGAIN and pause is not None:
                await self._database.write(
                    deliveries.postpone, delivery.id, attempt, time.time() + pause, answer
                )
            else:
                outcome = FAILED if outcome == AGAIN else outcome
                await self._database.write(deliveries.settle, delivery.id, attempt, outcome, answer)
        except Unavailable as error:
            LOG.warning("webhook must wait", delivery=delivery.id, reason=error.message)
            return
        TRIES.labels(outcome).inc()
        LOG.info("webhook tried", delivery=delivery.id, attempt=attempt, outcome=outcome)

    def _pause_after(self, delivery: Delivery, attempt: int) -> float | None:
        """Seconds until the next try; None when that was the last one."""
        if delivery.event is not HookEvent.COMPLETED or attempt > len(self._pauses):
            return None
        return self._pauses[attempt - 1] * random.uniform(1 - JITTER, 1 + JITTER)

    async def _try(self, delivery: Delivery) -> tuple[str, str]:
        """DELIVERED, FAILED or AGAIN, and what the receiver said."""
        job = await self._database.read(jobs.find, delivery.job)
        if job is None:
            return FAILED, "the job is gone"
        try:
            body = await self._render(_as_of(delivery.event, job))
            headers = await self._headers(delivery, body)
            answer = await self._fetcher.post(delivery.url, body, headers)
        except Failed as error:
            return AGAIN, error.message
        except Unavailable:
            raise
        except Exception:  # the sender's door: a message that breaks us must not end the loop that sends all others
            LOG.exception("webhook broke", delivery=delivery.id)
            return AGAIN, "the server failed at this message"
        text = answer.body[:ANSWER_CHARACTERS].decode("utf-8", "replace")
        said = UNREADABLE.sub(" ", f"{answer.status} {text}").strip()
        if 200 <= answer.status < 300:
            return DELIVERED, said
        return (FAILED if answer.status == GONE else AGAIN), said

    async def _headers(self, delivery: Delivery, body: bytes) -> dict[str, str]:
        now = dt.datetime.now(dt.UTC)
        secrets = await self._database.write(accounts.webhook_secrets, delivery.account)
        signatures = [Webhook(secret).sign(delivery.id, now, body.decode()) for secret in secrets]
        return {
            "Content-Type": "application/json",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def _as_of(event: HookEvent, job: Job) -> Job:
    """The job as it stood at the event, however late that is told: only the last word shows an end, so nobody hears of it twice."""
    if event is HookEvent.COMPLETED or not job.status.is_final:
        return job
    return dataclasses.replace(
        job,
        status=Status.RUNNING,
        outputs=job.outputs if event is HookEvent.OUTPUT else (),
        error=None,
        times=dataclasses.replace(job.times, finished=None),
    )
