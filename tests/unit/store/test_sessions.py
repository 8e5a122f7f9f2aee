"""Logins and sessions as rows: who is let in, once, and for how long."""

from __future__ import annotations

import asyncio
import time

import pytest
import sqlalchemy as sa
from orders import new_account

from bandstand.store import accounts, sessions
from bandstand.store.database import Database
from bandstand.store.tables import logins
from bandstand.store.tables import sessions as table


def entered(database: Database, account: str, seconds: float = 60.0) -> str:
    """The token of a new session."""
    login = database.write_now(sessions.create_login, account)
    session = database.write_now(sessions.use_login, login, seconds)
    assert session
    return session


def test_session_is_of_the_account_of_its_login(database: Database):
    account = new_account(database)
    new_account(database)

    found = database.read_now(sessions.account_in, entered(database, account))

    assert found
    assert found.id == account


async def test_login_that_many_use_at_once_lets_one_in(database: Database):
    login = await database.write(sessions.create_login, new_account(database))

    used = await asyncio.gather(
        *(database.write(sessions.use_login, login, 60.0) for _ in range(20))
    )

    assert len([session for session in used if session]) == 1


def test_login_is_no_session_and_a_session_no_login_and_neither_a_key(database: Database):
    account = new_account(database)
    login, session = database.write_now(sessions.create_login, account), entered(database, account)

    assert database.read_now(sessions.account_in, login) is None
    assert database.write_now(sessions.use_login, session, 60.0) is None
    for token in (login, session):
        assert database.read_now(accounts.open_with, token) is None


def test_looking_at_a_login_leaves_it_good(database: Database):
    login = database.write_now(sessions.create_login, new_account(database))

    for _ in range(3):
        assert database.read_now(sessions.waiting_login, login)
    assert database.write_now(sessions.use_login, login, 60.0)


def test_login_works_for_ten_minutes(database: Database):
    login = database.write_now(sessions.create_login, new_account(database))
    left = database.read_now(lambda connection: connection.scalar(sa.select(logins.c.expires_at)))
    assert left == pytest.approx(time.time() + 600, abs=60)

    database.write_now(lambda connection: connection.execute(logins.update().values(expires_at=0)))

    assert database.read_now(sessions.waiting_login, login) is None
    assert database.write_now(sessions.use_login, login, 60.0) is None


def test_session_is_over_when_its_time_is(database: Database):
    session = entered(database, new_account(database), seconds=0.0)

    assert database.read_now(sessions.account_in, session) is None


def test_ended_session_opens_nothing_and_others_go_on(database: Database):
    account = new_account(database)
    ended, other = entered(database, account), entered(database, account)

    database.write_now(sessions.end, ended)

    assert database.read_now(sessions.account_in, ended) is None
    assert database.read_now(sessions.account_in, other)


def test_nobody_ends_a_session_whose_secret_they_do_not_know(database: Database):
    session = entered(database, new_account(database))

    database.write_now(sessions.end, session[:13] + "A" * 43)

    assert database.read_now(sessions.account_in, session)


def test_token_that_differs_in_one_letter_opens_nothing(database: Database):
    session = entered(database, new_account(database))

    for place in (0, 14, len(session) - 1):
        letter = "0" if session[place] != "0" else "1"
        changed = session[:place] + letter + session[place + 1 :]
        assert database.read_now(sessions.account_in, changed) is None


@pytest.mark.parametrize("text", ["", ".", "\0", "\ud800", "0" * 12 + "." + "é" * 43, "x" * 10_000])
def test_text_that_no_token_looks_like_opens_nothing(database: Database, text: str):
    assert database.read_now(sessions.account_in, text) is None
    assert database.read_now(sessions.waiting_login, text) is None


def test_what_has_expired_is_removed_when_something_new_is_made(database: Database):
    account = new_account(database)
    entered(database, account, seconds=0.0)
    entered(database, account)

    rows = database.read_now(
        lambda connection: connection.scalar(sa.select(sa.func.count()).select_from(table))
    )

    assert rows == 1
