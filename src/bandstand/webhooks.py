"""Sends webhooks: signed exactly as sent, tried again on a ladder, never redirected, each try visible in its row.

Standard Webhooks 1.0: `webhook-id` is the same at every try, `webhook-timestamp` is the time of the try, and
`webhook-signature` is `v1,` and the base64 HMAC-SHA256 over `id.timestamp.body`; two of them while a secret is rotated.
2xx is success, 410 ends it, everything else and silence is tried again; only the last word on a job has more than one try.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter
from standardwebhooks import Webhook

from bandstand.errors import Failed, NotFound, Unavailable
from bandstand.fetch import POST_SECONDS, Fetcher
from bandstand.jobs import Job
from bandstand.store import accounts, deliveries, jobs
from bandstand.store.database import Database
from bandstand.store.deliveries import DELIVERED, FAILED, Delivery

LADDER_SECONDS = (5.0, 30.0, 120.0, 600.0, 3600.0, 3 * 3600.0, 6 * 3600.0, 12 * 3600.0, 24 * 3600.0)
JITTER = 0.2
LEASE_SECONDS = POST_SECONDS + 5.0
TICK_SECONDS = 0.5
AT_ONCE = 16
GONE = 410
LOG = structlog.get_logger("webhooks")
SENT = Counter("bandstand_webhooks", "Tries to deliver a webhook.", ["outcome"])

Render = Callable[[Job], Awaitable[bytes]]


class Webhooks:
    """The sender. Several may run, in several processes.

    render  the body for a job, in the words of the API that asked for it
    """

    def __init__(self, database: Database, fetcher: Fetcher, render: Render) -> None:
        self._database = database
        self._fetcher = fetcher
        self._render = render
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        while True:
            try:
                claimed = await self._database.write(
                    deliveries.claim,
                    lease_seconds=LEASE_SECONDS,
                    limit=AT_ONCE - len(self._sending),
                )
            except Unavailable:
                claimed = []
            for delivery in claimed:
                task = asyncio.create_task(self._send(delivery))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
            await asyncio.sleep(TICK_SECONDS if not claimed else 0.02)

    async def _send(self, delivery: Delivery) -> None:
        """One try. What goes wrong with our own database is repaired by the lease."""
        try:
            status, answer = await self._post(delivery)
            if status == "again":
                pause = LADDER_SECONDS[min(delivery.attempts, len(LADDER_SECONDS)) - 1]
                due = time.time() + pause * random.uniform(1 - JITTER, 1 + JITTER)
                await self._database.write(deliveries.postpone, delivery.id, due, answer)
            else:
                await self._database.write(deliveries.settle, delivery.id, status, answer)
        except Unavailable as error:
            LOG.warning("webhook must wait", delivery=delivery.id, reason=error.message)
            return
        SENT.labels(status).inc()
        LOG.info("webhook tried", delivery=delivery.id, outcome=status, answer=answer)

    async def _post(self, delivery: Delivery) -> tuple[str, str]:
        """The outcome ("delivered", "failed" or "again") and what the receiver said."""
        job = await self._database.read(jobs.find, delivery.job)
        if job is None:
            return FAILED, "the job is gone"
        body = await self._render(job)
        headers = await self._headers(delivery, job, body)
        try:
            answer = await self._fetcher.post(delivery.url, body, headers)
        except Failed as error:
            return self._again(delivery), error.message
        said = f"{answer.status} {answer.body[:200].decode('utf-8', 'replace')}".strip()
        if 200 <= answer.status < 300:
            return DELIVERED, said
        return (FAILED if answer.status == GONE else self._again(delivery)), said

    @staticmethod
    def _again(delivery: Delivery) -> str:
        return "again" if delivery.attempts < delivery.tries_max else FAILED

    async def _headers(self, delivery: Delivery, job: Job, body: bytes) -> dict[str, str]:
        now = dt.datetime.now(dt.UTC)
        secrets = await self._database.write(accounts.webhook_secrets, job.account)
        signatures = [Webhook(secret).sign(delivery.id, now, body.decode()) for secret in secrets]
        return {
            "Content-Type": "application/json",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


async def send_again(database: Database, delivery_id: str) -> None:
    """raises NotFound when there is no settled delivery of that id"""
    if not await database.write(deliveries.send_again, delivery_id):
        raise NotFound(f"There is no settled delivery {delivery_id!r}.")
