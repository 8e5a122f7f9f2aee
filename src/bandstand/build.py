"""The one place where the parts are joined to a server, a worker, or both."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

import structlog
from fastapi import FastAPI
from sqlalchemy import Connection

from bandstand.blobs import Blobs, open_blobs
from bandstand.bulletin import Bulletin
from bandstand.catalog import COMPOSER
from bandstand.desk import Desk
from bandstand.dialects import all_dialects
from bandstand.engines.host import Host
from bandstand.engines.offer import engines_of, equipment_of, open_catalog
from bandstand.errors import Unavailable
from bandstand.fetch import Fetcher
from bandstand.gate import Gate
from bandstand.jobs import Job
from bandstand.library import Library
from bandstand.links import Signer
from bandstand.liveness import FileLocks, Liveness, PostgresLocks
from bandstand.runner import DurableRunner
from bandstand.service import Service
from bandstand.settings import Role, Settings
from bandstand.sources import Sources
from bandstand.store import accounts
from bandstand.store.database import Database, SqliteDatabase
from bandstand.store.migrate import take_turns
from bandstand.store.open import open_store
from bandstand.sweep import Keep, Sweep
from bandstand.web.app import build_app
from bandstand.web.playground import Rooms
from bandstand.webhooks import Webhooks
from bandstand.welcome import make_example
from bandstand.work import Work

START_AGAIN_SECONDS = 10.0
FIRST = "first"
LOG = structlog.get_logger("build")


@dataclass(frozen=True)
class Bandstand:
    """A joined server.

    new_key  of the first account when that was just made
    """

    app: FastAPI
    service: Service
    database: Database
    new_key: str | None


def build(settings: Settings, *, with_example: bool = False) -> Bandstand:
    """Everything the role needs. Blocking; nothing runs before the application's lifespan begins.

    with_example  whether the first account gets an example when it has no jobs yet
    """
    database = open_store(settings)
    new_key = database.write_now(_first_account, settings)
    blobs = open_blobs(settings.blobs)
    bulletin = Bulletin(database)
    runner = DurableRunner(database, bulletin, poll_seconds=settings.poll_seconds)
    fetcher = Fetcher(settings.allowed_private_hosts, settings.url)
    gate = Gate(settings, database)
    service = Service(
        settings,
        database,
        blobs,
        bulletin,
        runner,
        open_catalog(settings),
        Signer(database.write_now(accounts.secret_named, "links")),
        gate,
        fetcher,
    )
    library = Library(database, blobs)
    rooms = Rooms(gate, library, Desk(database))

    async def welcome() -> None:
        account = await database.read(accounts.find_account, FIRST)
        if with_example and account is not None and COMPOSER.engine in engines_of(settings):
            await make_example(service, library, account)

    machinery = Machinery(settings, database, blobs, bulletin, runner, fetcher, service, welcome)
    app = build_app(service, rooms, running=machinery.running, is_ready=machinery.check)
    return Bandstand(app, service, database, new_key)


class Machinery:
    """What runs beside the requests."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        blobs: Blobs,
        bulletin: Bulletin,
        runner: DurableRunner,
        fetcher: Fetcher,
        service: Service,
        welcome: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._welcome = welcome
        self._database = database
        self._runner = runner
        engines = [] if settings.role is Role.API else engines_of(settings)
        equipment = equipment_of(settings)
        self._hosts = {
            name: Host(name, equipment, hang_seconds=settings.hang_seconds) for name in engines
        }
        spool = settings.data / "spool"
        sources = Sources(database, blobs, fetcher, settings.url)
        self._work = Work(
            database, blobs, bulletin, runner, sources, service.catalog, self._hosts, spool
        )
        self._sweep = Sweep(database, blobs, runner, _keep(settings), spool=spool)
        self._webhooks = Webhooks(
            database, fetcher, _renderer(service), pauses=settings.webhook_pauses
        )
        self._liveness = Liveness(
            self._locks(), runner.executor, grace_seconds=settings.grace_seconds
        )
        self._is_working = False

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Requests are answered from the first moment on; jobs wait until the engines are warm."""
        await asyncio.to_thread(self._runner.prepare, {})
        await self._welcome()
        works = (self._work_for_ever(), self._webhooks.run()) if self._hosts else ()
        beside = [asyncio.create_task(work) for work in works]
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            self._liveness.stop_looking()
            await self._runner.stop(self._settings.drain_seconds)
            self._work.stop()
            await asyncio.gather(*(host.stop() for host in self._hosts.values()))
            await asyncio.to_thread(self._liveness.stop)
            self._database.close()

    async def _work_for_ever(self) -> None:
        await asyncio.gather(*(_start(host) for host in self._hosts.values()))
        slots = {name: host.slots for name, host in self._hosts.items()}
        await asyncio.to_thread(self._runner.prepare, slots)
        # The sign of life first: whoever holds jobs without it is taken for dead.
        await asyncio.to_thread(self._liveness.start)
        self._runner.start(self._work.perform, list(slots))
        self._is_working = True
        await self._sweep.run()

    async def check(self) -> None:
        """raises Unavailable when the database does not answer or an engine is down"""
        await self._database.read(accounts.count_accounts)
        for host in self._hosts.values():
            if not host.is_up:
                raise Unavailable(f"The engine {host.engine!r} is not running.")
        if self._hosts and not self._is_working:
            raise Unavailable("The worker is starting.")

    def _locks(self) -> FileLocks | PostgresLocks:
        if isinstance(self._database, SqliteDatabase):
            return FileLocks(self._settings.data / "locks")
        return PostgresLocks(self._settings.database_direct)


def _keep(settings: Settings) -> dict[str, Keep]:
    return {
        dialect.name: Keep(settings.keep_seconds or dialect.keep_seconds, dialect.keeps_record)
        for dialect in all_dialects()
    }


def _renderer(service: Service) -> Callable[[Job], Awaitable[bytes]]:
    """The body of a webhook: the very picture that a client gets when it asks."""
    pictures = {dialect.name: dialect.picture for dialect in all_dialects()}

    async def render(job: Job) -> bytes:
        return json.dumps(await pictures[job.origin](service, job)).encode()

    return render


async def _start(host: Host) -> None:
    """Until it works: what keeps an engine from starting may be mended meanwhile."""
    while True:
        try:
            await host.start()
        except Unavailable as error:
            LOG.error("engine does not start, trying again", reason=error.message)  # noqa: TRY400
            await asyncio.sleep(START_AGAIN_SECONDS)
        else:
            return


def _first_account(connection: Connection, settings: Settings) -> str | None:
    """Make the first account, or see that a preset key works. Returns a key that was just drawn."""
    take_turns(connection)
    preset = settings.api_key.get_secret_value() if settings.api_key else None
    account = accounts.find_account(connection, FIRST)
    if account is None:
        account_id = accounts.create_account(connection, FIRST, metered=False)
        key = accounts.create_key(connection, account_id, FIRST, preset=preset)
        return None if preset else key
    if preset:
        accounts.create_key(connection, account.id, "preset", preset=preset)
    return None
