"""What a client may ask, without HTTP and without anybody who runs the jobs."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from orders import new_account
from patience import PATIENCE_SECONDS

from bandstand import service as module
from bandstand.blobs import open_blobs
from bandstand.bulletin import Bulletin
from bandstand.catalog import Catalog
from bandstand.errors import (
    Invalid,
    NoCredit,
    NotFound,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from bandstand.fetch import Fetcher
from bandstand.gate import Gate
from bandstand.jobs import Artifact, Event, Job, Order, Status, new_id
from bandstand.links import Signer
from bandstand.service import Account, Scope, Service
from bandstand.settings import load_settings
from bandstand.specs import MusicSpec
from bandstand.store import accounts, jobs
from bandstand.store.database import Database

ORDER = Order(spec=MusicSpec(prompt="rain", model="fake", seconds=4), origin="native", asked={})


class PaperRunner:
    """Runs nothing; writes down what it was asked. broken: refuses to take jobs."""

    def __init__(self, bulletin: Bulletin) -> None:
        self.submitted: list[str] = []
        self.canceled: list[str] = []
        self.broken = False
        self._bulletin = bulletin

    def submit(self, connection: sa.Connection, job: Job) -> None:
        if self.broken:
            raise Unavailable
        self.submitted.append(job.id)

    async def cancel(self, job_id: str) -> None:
        self.canceled.append(job_id)

    async def emit(self, job_id: str, **news: Any) -> bool:
        raise AssertionError("nothing runs here")

    def events(self, job_id: str, after: int) -> AsyncIterator[Event]:
        return self._bulletin.events(job_id, after)


class Desk:
    """A service and what stands behind it."""

    def __init__(self, database: Database, folder: Path, **settings: Any) -> None:
        self.database = database
        self.bulletin = Bulletin(database)
        self.runner = PaperRunner(self.bulletin)
        loaded = load_settings(data=folder, public_url="https://here", **settings)
        self.service = Service(
            loaded,
            database,
            open_blobs(str(folder / "blobs")),
            self.bulletin,
            self.runner,
            Catalog(frozenset({"fake"})),
            Signer(b"a secret of more than sixteen bytes"),
            Gate(loaded, database),
            Fetcher([], loaded.url),
        )

    def account(self, name: str = "ada", credits_given: int = 0) -> Account:
        account_id = new_account(self.database, name, credits_given=credits_given)
        found = self.database.read_now(accounts.find_account, account_id)
        assert found
        return found

    def stored(self) -> int:
        return len(self.database.read_now(jobs.newest, 1000))


@pytest.fixture
def database(emptied_database: Database) -> Database:
    return emptied_database


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path)


def asking(**changes: Any) -> Order:
    return dataclasses.replace(ORDER, spec=dataclasses.replace(ORDER.spec, **changes))


async def test_accepted_job_is_on_disk_and_handed_to_the_runner(desk: Desk):
    account = desk.account()

    job = await desk.service.submit(account, ORDER)

    assert await desk.service.get(account, job.id) == job
    assert desk.runner.submitted == [job.id]
    assert (job.status, job.price, job.engine) == (Status.QUEUED, 4, "fake")


async def test_seed_is_drawn_once_and_kept(desk: Desk):
    account = desk.account()

    drawn = [await desk.service.submit(account, ORDER) for _ in range(2)]
    given = await desk.service.submit(account, asking(seed=0))

    assert drawn[0].spec.seed != drawn[1].spec.seed
    assert (await desk.service.get(account, drawn[0].id)).spec.seed == drawn[0].spec.seed
    assert given.spec.seed == 0


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        (Invalid, {"prompt": ""}),
        (Invalid, {"seconds": 0.1}),
        (Invalid, {"model": "nosuch"}),
        (Unavailable, {"model": "large"}),
        (NoCredit, {"seconds": 11}),
    ],
)
async def test_refused_order_leaves_nothing(desk: Desk, error: type[Exception], changes: Any):
    account = desk.account(credits_given=10)

    with pytest.raises(error):
        await desk.service.submit(account, asking(**changes))

    assert desk.stored() == 0
    assert desk.runner.submitted == []


async def test_runner_that_takes_nothing_leaves_no_job_and_no_hold(desk: Desk):
    account = desk.account(credits_given=10)
    desk.runner.broken = True

    with pytest.raises(Unavailable):
        await desk.service.submit(account, ORDER)

    after = desk.database.read_now(accounts.find_account, account.id)
    assert after
    assert (desk.stored(), after.available, after.held) == (0, 10, 0)


async def test_disk_that_is_nearly_full_takes_no_job(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "FREE_BYTES_MIN", 10**18)

    with pytest.raises(Unavailable, match="free space"):
        await desk.service.submit(desk.account(), ORDER)

    assert desk.stored() == 0


async def test_limit_of_an_account_is_not_the_limit_of_others(database: Database, tmp_path: Path):
    desk = Desk(database, tmp_path, jobs_max_account=2, jobs_max_total=3)
    ada, bob = desk.account("ada"), desk.account("bob")
    first = await desk.service.submit(ada, ORDER)
    await desk.service.submit(ada, ORDER)

    with pytest.raises(TooMany):
        await desk.service.submit(ada, ORDER)
    await desk.service.submit(bob, ORDER)
    with pytest.raises(TooMany):
        await desk.service.submit(bob, ORDER)
    await desk.service.cancel(ada, first.id)
    await desk.service.submit(bob, ORDER)

    assert desk.stored() == 4


async def test_hundred_at_once_with_credit_for_ten_are_ten_jobs(desk: Desk):
    account = desk.account(credits_given=43)

    answers = await asyncio.gather(
        *(desk.service.submit(account, ORDER) for _ in range(100)), return_exceptions=True
    )

    assert desk.stored() == 10
    assert sum(isinstance(answer, NoCredit) for answer in answers) == 90
    assert desk.database.read_now(accounts.ledger_sum) == 0


async def test_key_leads_to_its_account(desk: Desk):
    account = desk.account()
    key = desk.database.write_now(accounts.create_key, account.id, "")

    assert await desk.service.admit(key, Scope.READ, caller="here") == account
    for wrong in (None, "", key + "x"):
        with pytest.raises(Unauthenticated):
            await desk.service.admit(wrong, Scope.READ, caller="here")


async def test_job_of_somebody_else_is_like_one_that_does_not_exist(desk: Desk):
    ada, bob = desk.account("ada"), desk.account("bob")
    job = await desk.service.submit(ada, ORDER)

    for job_id in (job.id, new_id(), "", "\x00", "x" * 10_000):
        for ask in (desk.service.get, desk.service.cancel, desk.service.delete):
            with pytest.raises(NotFound):
                await ask(bob, job_id)
    page = await desk.service.page(bob, origin=None, cursor=None, size=9)
    assert page.jobs == []
    assert (await desk.service.get(ada, job.id)).status is Status.QUEUED


async def test_cancel_gives_the_credits_back_once(desk: Desk):
    account = desk.account(credits_given=10)
    job = await desk.service.submit(account, ORDER)

    answers = await asyncio.gather(*(desk.service.cancel(account, job.id) for _ in range(5)))

    after = desk.database.read_now(accounts.find_account, account.id)
    assert after
    assert {answer.status for answer in answers} == {Status.CANCELED}
    assert (after.available, after.held) == (10, 0)
    assert desk.runner.canceled == [job.id]


async def test_deleted_job_takes_its_files_along(desk: Desk):
    account = desk.account()
    job, kept = [await desk.service.submit(account, ORDER) for _ in range(2)]
    for one in (job, kept):
        await desk.service.blobs.put(f"jobs/{one.id}/track.wav", b"sound")

    await desk.service.delete(account, job.id)

    assert await desk.service.blobs.list("jobs") == [f"jobs/{kept.id}/track.wav"]
    with pytest.raises(NotFound):
        await desk.service.get(account, job.id)


async def test_waiting_ends_with_the_job(desk: Desk):
    account = desk.account()
    job = await desk.service.submit(account, ORDER)
    waiting = asyncio.create_task(desk.service.wait(job, 10 * PATIENCE_SECONDS))
    await asyncio.sleep(0.05)

    await desk.service.cancel(account, job.id)

    assert (await asyncio.wait_for(waiting, PATIENCE_SECONDS)).status is Status.CANCELED


async def test_waiting_ends_with_its_time(desk: Desk):
    job = await desk.service.submit(desk.account(), ORDER)

    began = time.monotonic()
    waited = await desk.service.wait(job, 0.2)

    assert waited.status is Status.QUEUED
    assert time.monotonic() - began > 0.19


async def test_waiting_for_a_job_that_is_deleted_ends_as_not_found(desk: Desk):
    account = desk.account()
    job = await desk.service.submit(account, ORDER)
    await desk.service.delete(account, job.id)

    with pytest.raises(NotFound):
        await desk.service.wait(job, 5)


async def test_link_opens_its_own_path_only(desk: Desk):
    job = await desk.service.submit(desk.account(), ORDER)
    track = Artifact(
        name="track.wav", kind="audio", media_type="audio/wav", key="", bytes=1, sha256="", about={}
    )

    url = urlsplit(desk.service.link(job, track))

    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (url.netloc, url.path) == ("here", f"/files/{job.id}/track.wav")
    assert desk.service.is_signed(url.path, query["exp"], query["sig"])
    assert not desk.service.is_signed(url.path + "x", query["exp"], query["sig"])


async def test_place_in_the_queue_is_known_while_it_matters(desk: Desk):
    account = desk.account()
    first, second = [await desk.service.submit(account, ORDER) for _ in range(2)]

    places = [await desk.service.position(job) for job in (first, second)]
    canceled = await desk.service.cancel(account, first.id)

    assert places == [0, 1]
    assert await desk.service.position(canceled) is None
