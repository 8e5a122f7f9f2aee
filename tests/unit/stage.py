"""What surrounds the work on a job, real but for the engine: that one plays by a script."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bandstand.blobs import Blobs, open_blobs
from bandstand.bulletin import Bulletin
from bandstand.catalog import Catalog
from bandstand.engines import spool
from bandstand.fetch import Fetcher
from bandstand.jobs import Event, Job, Status, Times, new_id, new_number
from bandstand.runner import DurableRunner
from bandstand.sources import Sources
from bandstand.specs import MusicSpec
from bandstand.store import accounts, jobs
from bandstand.store.database import Database
from bandstand.work import Work

PRICE = 5
CATALOG = Catalog(frozenset({"fake", "composer"}))
QUEUED = Job(
    id="",
    account="",
    origin="native",
    asked={"prompt": "rain"},
    spec=MusicSpec(prompt="rain", model="fake", seed=1),
    model="fake",
    engine="fake",
    status=Status.QUEUED,
    progress=0.0,
    outputs=(),
    error=None,
    price=PRICE,
    hook=None,
    times=Times(created=1_700_000_000.0),
    attempts=0,
    number=0,
)


class ScriptedHost:
    """An engine that does, run by run, what its script says; after its end it makes a track.

    script  an error to raise, or something to await before the track is made
    """

    def __init__(self, *script: Exception | Callable[..., Awaitable[object]]) -> None:
        self.script = list(script)
        self.runs: list[tuple[int, bool]] = []  # (attempt, alone)
        self.specs: list[MusicSpec] = []

    async def make(
        self,
        job: str,
        spec: MusicSpec,
        inputs: Any,
        *,
        folder: Path,
        listener: Any,
        alone: bool,
        tags: Any,
    ) -> tuple[spool.Pressed, ...]:
        self.runs.append((inputs.attempt, alone))
        self.specs.append(spec)
        act = self.script.pop(0) if self.script else None
        if isinstance(act, Exception):
            raise act
        if act is not None:
            await act(listener)
        return await asyncio.to_thread(finish_track, folder)


def finish_track(folder: Path) -> tuple[spool.Pressed, ...]:
    gathered = spool.aside(folder)
    (gathered / "track.wav").write_bytes(b"sound")
    track = spool.pressed(gathered / "track.wav", kind="audio", media_type="audio/wav", about={})
    return spool.finish(gathered, folder, [track])


class Stage:
    """A database with one metered account, a folder for files, and the work in between."""

    def __init__(self, database: Database, folder: Path, *script: Any) -> None:
        self.database = database
        self.blobs: Blobs = open_blobs(str(folder / "blobs"))
        self.bulletin = Bulletin(database)
        self.runner = DurableRunner(database, self.bulletin, poll_seconds=0.05)
        self.host = ScriptedHost(*script)
        self.spool = folder / "spool"
        self.account = database.write_now(self._open_account)
        self.work = self.work_with(self.blobs)

    def work_with(self, blobs: Any) -> Work:
        hosts: Any = {"fake": self.host}
        sources = Sources(self.database, blobs, Fetcher([], "https://here"), "https://here")
        return Work(
            self.database, blobs, self.bulletin, self.runner, sources, CATALOG, hosts, self.spool
        )

    def queued(self, **changes: Any) -> str:
        """The id of an accepted job that no workflow runs."""
        job = dataclasses.replace(
            QUEUED, id=new_id(), number=new_number(), account=self.account, **changes
        )

        def accept(connection: sa.Connection) -> None:
            jobs.insert(connection, job)
            accounts.hold(connection, job.account, job.id, job.price)

        self.database.write_now(accept)
        return job.id

    def job(self, job_id: str) -> Job:
        found = self.database.read_now(jobs.find, job_id)
        assert found is not None
        return found

    def events(self, job_id: str) -> list[Event]:
        return self.database.read_now(jobs.events_after, job_id, 0)

    def credits(self) -> tuple[int, int]:
        """(available, held) of the account, that began with 100."""
        account = self.database.read_now(accounts.find_account, "ada")
        assert account is not None
        return account.available, account.held

    @staticmethod
    def _open_account(connection: sa.Connection) -> str:
        account = accounts.create_account(connection, "ada", metered=True)
        accounts.grant(connection, account, 100)
        return account
