"""Keys and credits: who is let in, and that money is neither made nor lost."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from orders import new_account, one_of, stored_job

from bandstand.errors import NoCredit
from bandstand.jobs import Job, Status
from bandstand.service import cancel_unless_final
from bandstand.store import accounts, jobs
from bandstand.store.accounts import Account
from bandstand.store.database import Database, SqliteDatabase
from bandstand.store.migrate import migrate
from bandstand.store.tables import keys, ledger
from bandstand.work import _settled


def account_named(database: Database, name: str) -> Account:
    found = database.read_now(accounts.find_account, name)
    assert found
    return found


def pay_out(connection: sa.Connection, job: Job) -> bool:
    """What a worker does when the piece is made."""
    return _settled(connection, job, Status.SUCCEEDED, outputs=(), error=None)


def held_job(database: Database, account: str, price: int) -> Job:
    """A job that runs, its price set aside."""
    job = stored_job(database, account, price=price)
    database.write_now(accounts.hold, account, job.id, price)
    begun = database.write_now(jobs.begin_attempt, job.id)
    assert begun
    return begun


def test_new_key_opens_its_account(database: Database):
    account = new_account(database)
    key = database.write_now(accounts.create_key, account, "laptop")

    found = database.read_now(accounts.open_with, key)

    assert found
    assert found.account.id == account


def test_key_that_differs_opens_nothing(database: Database):
    key = database.write_now(accounts.create_key, new_account(database), "")
    prefix, key_id, secret = key.split("_", 2)
    others = [
        "",
        key[:-1],
        key + "x",
        key.swapcase(),
        f"{prefix}_{key_id}_",
        f"{prefix}_{key_id}",
        secret,
        f"{prefix}_000000000000_{secret}",
        "bs_🎵_\x7f",
    ]

    for other in others:
        assert database.read_now(accounts.open_with, other) is None


def test_revoked_key_opens_nothing_and_its_neighbour_does(database: Database):
    account = new_account(database)
    gone, kept = (database.write_now(accounts.create_key, account, "") for _ in range(2))

    assert database.write_now(accounts.revoke_key, gone.split("_")[1])
    assert not database.write_now(accounts.revoke_key, gone.split("_")[1])
    assert database.read_now(accounts.open_with, gone) is None
    assert database.read_now(accounts.open_with, kept)


@pytest.mark.parametrize("text", ["plain", "bs_abc_secret", "r8_something", "with space 🎵"])
def test_preset_key_of_any_form_opens_its_account(database: Database, text: str):
    account = new_account(database)

    for _ in range(2):
        database.write_now(accounts.create_key, account, "preset", preset=text)

    found = database.read_now(accounts.open_with, text)
    assert found
    assert found.account.id == account
    assert database.read_now(accounts.open_with, text + "x") is None


def test_stored_rows_hold_no_secret(database: Database):
    key = database.write_now(accounts.create_key, new_account(database), "laptop")

    with database.engine.connect() as connection:
        row = str(connection.execute(sa.select(keys)).one())

    assert key.split("_", 2)[2] not in row


def test_shared_secret_is_drawn_once(database: Database):
    first = database.write_now(accounts.secret_named, "links")

    assert database.write_now(accounts.secret_named, "links") == first
    assert database.write_now(accounts.secret_named, "other") != first
    assert len(first) == 32


def test_account_that_is_not_metered_pays_nothing(database: Database):
    account = new_account(database)

    job = held_job(database, account, 1000)
    database.write_now(pay_out, job)

    after = account_named(database, account)
    assert (after.metered, after.available, after.held) == (False, 0, 0)


def test_price_is_set_aside_then_taken(database: Database):
    account = new_account(database, credits_given=5000)

    job = held_job(database, account, 2000)
    before = account_named(database, account)
    database.write_now(pay_out, job)

    after = account_named(database, account)
    assert (before.available, before.held) == (3000, 2000)
    assert (after.available, after.held) == (3000, 0)


def test_canceled_job_costs_nothing(database: Database):
    account = new_account(database, credits_given=5000)
    job = held_job(database, account, 2000)

    database.write_now(cancel_unless_final, job)

    after = account_named(database, account)
    assert (after.available, after.held) == (5000, 0)


async def test_balance_for_ten_pays_for_ten_of_a_hundred_at_once(database: Database):
    account = new_account(database, credits_given=10_500)

    async def ask(number: int) -> bool:
        try:
            await database.write(accounts.hold, account, f"job-{number}", 1000)
        except NoCredit:
            return False
        return True

    paid = await asyncio.gather(*map(ask, range(100)))

    after = account_named(database, account)
    assert paid.count(True) == 10
    assert (after.available, after.held) == (500, 10_000)
    assert await database.read(accounts.ledger_sum) == 0


async def test_finish_and_cancel_at_once_charge_or_give_back_but_not_both(database: Database):
    account = new_account(database, credits_given=20_000)
    several = [held_job(database, account, 1000) for _ in range(20)]

    async def settle(job: Job) -> tuple[bool, bool]:
        return await asyncio.gather(  # pyright: ignore[reportReturnType]
            database.write(cancel_unless_final, job), database.write(pay_out, job)
        )

    won = await asyncio.gather(*map(settle, several))

    charged = sum(paid for _, paid in won)
    after = account_named(database, account)
    assert all(sum(pair) == 1 for pair in won)
    assert (after.available, after.held) == (20_000 - 1000 * charged, 0)
    assert await database.read(accounts.ledger_sum) == 0


class Ledger(RuleBasedStateMachine):
    """Any order of grants, holds, captures and releases, against a plain model of two accounts."""

    jobs_held = Bundle("jobs_held")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = SqliteDatabase(Path(self.folder.name) / "ledger.db")
        migrate(self.database)
        self.accounts = [new_account(self.database, name, credits_given=1) for name in "ab"]
        self.model = {account: [1, 0] for account in self.accounts}
        self.open: dict[str, tuple[str, int]] = {}
        self.numbers = itertools.count()

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    @rule(which=st.sampled_from([0, 1]), amount=st.integers(1, 5000))
    def grant(self, which: int, amount: int) -> None:
        account = self.accounts[which]
        self.database.write_now(accounts.grant, account, amount)
        self.model[account][0] += amount

    @rule(target=jobs_held, which=st.sampled_from([0, 1]), price=st.integers(1, 4000))
    def hold(self, which: int, price: int) -> tuple[str, str]:
        account, job = self.accounts[which], f"job-{next(self.numbers)}"
        answer = one_of(
            lambda: self.database.write_now(accounts.hold, account, job, price) or "held", NoCredit
        )
        can_pay = self.model[account][0] >= price
        assert bool(answer) == can_pay
        if can_pay:
            self.model[account][0] -= price
            self.model[account][1] += price
            self.open[job] = (account, price)
        return account, job

    @rule(job=jobs_held)
    def capture(self, job: tuple[str, str]) -> None:
        self.database.write_now(accounts.capture, *job)
        account, price = self.open.pop(job[1], (job[0], 0))
        self.model[account][1] -= price

    @rule(job=jobs_held)
    def release(self, job: tuple[str, str]) -> None:
        self.database.write_now(accounts.release, *job)
        account, price = self.open.pop(job[1], (job[0], 0))
        self.model[account][0] += price
        self.model[account][1] -= price

    @invariant()
    def balances_are_those_of_the_model(self) -> None:
        for account in self.accounts:
            found = account_named(self.database, account)
            assert [found.available, found.held] == self.model[account]

    @invariant()
    def ledger_adds_up_and_settles_each_job_at_most_once(self) -> None:
        assert self.database.read_now(accounts.ledger_sum) == 0
        with self.database.engine.connect() as connection:
            settled = connection.execute(
                sa.select(ledger.c.job, ledger.c.transfer)
                .where(ledger.c.kind.in_(["capture", "release"]))
                .distinct()
            ).all()
        assert max(Counter(row.job for row in settled).values(), default=1) == 1


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
