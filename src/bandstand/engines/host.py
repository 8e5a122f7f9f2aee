"""Keeps one engine running in a child process and hands jobs to it. Knows no database; sound and pictures stay in the child.

A child that dies, hangs or does not let go of a canceled job is killed; every job inside it hears `EngineDied`, and the
next job starts a new child.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog

from bandstand.audio.tags import Tags
from bandstand.engines import Equipment, Inputs
from bandstand.engines.spool import Pressed
from bandstand.errors import EngineDied, Failed, Unavailable
from bandstand.specs import Spec

BEAT_SECONDS = 1.0
SILENCE_SECONDS_MAX = 20.0  # without a beat the child's own loop is stuck
DROP_SECONDS_MAX = 0.8  # a canceled job still inside after this costs the child its life
DROP_LOOKS = 4
WATCH_SECONDS = 0.25
START_AGAIN_SECONDS = (
    5.0  # a child that did not start is not tried again at once, however many jobs ask
)
T = TypeVar("T")
Outgoing = queue.SimpleQueue[tuple[Any, ...] | None]
LOG = structlog.get_logger("engines")


@dataclass(frozen=True)
class Pcm:
    """A stretch of sound on its way to listeners: 16-bit little-endian, channels interleaved."""

    content: bytes
    rate: int
    channels: int

    @property
    def frames(self) -> int:
        return len(self.content) // (2 * self.channels)


class Listener(Protocol):
    """Who hears what a job reports while it runs."""

    def progress(self, fraction: float) -> None: ...
    def log(self, line: str) -> None: ...
    def audio(self, stretch: Pcm) -> None: ...
    def preview(self, jpeg: bytes) -> None: ...


@dataclass
class Inside:
    """A job that is inside the child."""

    listener: Listener
    done: asyncio.Future[tuple[Pressed, ...]]
    heard_at: float
    is_begun: bool = False


class Host:
    """One engine, N jobs at once."""

    def __init__(
        self,
        engine: str,
        equipment: Equipment,
        *,
        hang_seconds: float,
        drop_seconds: float = DROP_SECONDS_MAX,
    ) -> None:
        self.engine = engine
        self._equipment = equipment
        self.slots = 1
        self.restarts = 0
        self._hang_seconds = hang_seconds
        self._drop_seconds = drop_seconds
        self._inside: dict[str, Inside] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._outgoing: Outgoing = queue.SimpleQueue()
        self._ready: asyncio.Future[int] | None = None
        # Seconds, by a clock that stands still while this process does: what the child said meanwhile is not read yet.
        self._awake = 0.0
        self._beat_at = 0.0
        self._killed_because = ""
        self._broken: tuple[float, Unavailable] | None = None
        self._gone = asyncio.Event()
        self._gone.set()
        self._starting = asyncio.Lock()
        self._gate = Gate()
        self._watching: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        ready = self._ready
        has_answered = ready is not None and ready.done() and ready.exception() is None
        return self._connection is not None and not self._killed_because and has_answered

    async def start(self) -> None:
        """Start the child and wait until its engine is ready.

        raises  Unavailable with the engine's own words when it cannot start
        """
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        async with self._starting:
            if self._connection is None or self._killed_because:
                self._ready = await self._spawn()
            assert self._ready is not None, "a child that was spawned is going to answer"
            try:
                # Shielded: whoever waits here may be canceled, and the child still starts for the others.
                self.slots = await asyncio.shield(self._ready)
            except Unavailable as error:
                self._broken = time.monotonic(), error
                raise

    async def stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
        process = self._process
        if process is None:
            return
        with contextlib.suppress(EngineDied):
            self._send("stop")
        try:
            await asyncio.to_thread(process.wait, 3.0)
        except subprocess.TimeoutExpired:
            self.kill("it did not stop")
            await asyncio.to_thread(process.wait)

    def kill(self, why: str, job: str | None = None) -> None:
        """End the child; what is inside hears `EngineDied` as soon as the pipe closes.

        why  told to the clients of all jobs inside, so it names no job
        """
        if self._process is not None and self._process.poll() is None:
            LOG.warning("engine killed", engine=self.engine, why=why, job=job)
            self._killed_because = why
            self._process.kill()

    async def make(
        self,
        job: str,
        spec: Spec,
        inputs: Inputs,
        *,
        tags: Tags,
        folder: Path,
        listener: Listener,
        alone: bool = False,
    ) -> tuple[Pressed, ...]:
        """Let the engine make it; the finished files lie in `folder`.

        alone   with no other job in the engine: a job that may have killed it must not do so to others
        raises  Failed when the job cannot succeed, EngineDied when the child ended with the job inside,
                Unavailable when there is no starting it
        """
        async with self._gate.enter(alone=alone):
            await self.start()
            done = asyncio.get_running_loop().create_future()
            inside = Inside(listener, _awaited_or_not(done), self._awake)
            self._inside[job] = inside
            try:
                self._send("make", job, spec, inputs, tags, folder)
                return await asyncio.shield(inside.done)
            except asyncio.CancelledError:
                await self._drop(job, inside)
                raise
            finally:
                self._inside.pop(job, None)

    async def _drop(self, job: str, inside: Inside) -> None:
        with contextlib.suppress(EngineDied):
            self._send("drop", job)
        for _ in range(
            DROP_LOOKS
        ):  # not in one wait, which a stop of this whole process would use up
            done, _ = await asyncio.wait([inside.done], timeout=self._drop_seconds / DROP_LOOKS)
            if done:
                return
        self.kill("it did not let go of a canceled job", job)

    async def _spawn(self) -> asyncio.Future[int]:
        """A new child. raises Unavailable for a moment after one that did not start

        return  its slots, once it is ready
        """
        if self._broken is not None and time.monotonic() - self._broken[0] < START_AGAIN_SECONDS:
            raise self._broken[1]
        await self._gone.wait()  # of a child that was killed, until its jobs have heard of it
        self._gone.clear()
        self._killed_because = ""
        ours, theirs = Pipe()
        self._process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own module; a fork takes no time
            [sys.executable, "-m", "bandstand.engines.child", self.engine, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        theirs.close()
        ours.send(self._equipment)
        self._connection, self._outgoing = ours, queue.SimpleQueue()
        self._beat_at = self._awake
        loop = asyncio.get_running_loop()
        heard, spoken = (ours, self._process, loop), (ours, self._outgoing)
        threading.Thread(target=self._listen, args=heard, daemon=True).start()
        threading.Thread(target=_speak, args=spoken, daemon=True).start()
        return _awaited_or_not(loop.create_future())

    def _listen(
        self,
        connection: Connection,
        process: subprocess.Popen[bytes],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """In a thread, until the child's end of the pipe closes."""
        with contextlib.suppress(
            RuntimeError
        ):  # the loop may be closed already when the program ends
            while True:
                try:
                    message = connection.recv()
                except (EOFError, OSError):
                    loop.call_soon_threadsafe(self._lost, connection)
                    process.wait()  # or it stays in the system's table as a zombie
                    return
                loop.call_soon_threadsafe(self._hear, *message)

    def _lost(self, connection: Connection) -> None:
        if connection is not self._connection:
            return
        self._connection = None
        self._outgoing.put(None)
        self._gone.set()
        why = f": {self._killed_because}" if self._killed_because else ""
        died = EngineDied(
            f"The engine {self.engine!r} ended while it was working on this job{why}."
        )
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(Unavailable(f"The engine {self.engine!r} does not start."))
        for inside in self._inside.values():
            if not inside.done.done():
                inside.done.set_exception(died)
        if self._inside:
            self.restarts += 1
            LOG.warning("engine ended", engine=self.engine, jobs=list(self._inside))

    def _hear(self, name: str, *details: Any) -> None:
        self._beat_at = self._awake
        if name == "ready" and self._ready is not None:
            self._ready.set_result(details[0])
        elif name == "broken" and self._ready is not None:
            self._ready.set_exception(
                Unavailable(f"The engine {self.engine!r} does not start: {details[0]}")
            )
        elif details and details[0] in self._inside:
            self._hear_of(self._inside[details[0]], name, *details[1:])

    def _hear_of(self, inside: Inside, name: str, *details: Any) -> None:
        inside.heard_at = self._awake
        if name == "begun":
            inside.is_begun = True
        elif name in {"progress", "log", "audio", "preview"}:
            getattr(inside.listener, name)(*details)
        elif not inside.done.done():
            if name == "made":
                inside.done.set_result(details[0])
            elif name == "failed":
                inside.done.set_exception(Failed(details[0]))
            elif (
                name == "dropped"
            ):  # whoever canceled it does not ask; anybody else's job was stopped with the engine
                inside.done.set_exception(EngineDied())

    def _send(self, *message: Any) -> None:
        """Returns at once; messages arrive in the order in which they were sent. raises EngineDied when there is no child."""
        if self._connection is None:
            raise EngineDied
        self._outgoing.put(message)

    async def _watch(self) -> None:
        """Kill a child that no longer beats, or that has said nothing of a job for too long."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(WATCH_SECONDS)
            self._awake += min(time.monotonic() - before, 2 * WATCH_SECONDS)
            if not self.is_up:
                continue
            if self._awake - self._beat_at > SILENCE_SECONDS_MAX:
                self.kill("it no longer answered")
            for job, inside in self._inside.items():
                if inside.is_begun and self._awake - inside.heard_at > self._hang_seconds:
                    self.kill(f"it reported nothing for {self._hang_seconds:g} s", job)


def _speak(connection: Connection, outgoing: Outgoing) -> None:
    """In a thread, until the child is known to be gone: minutes of sound are written as fast as the child reads, not at once."""
    with connection:
        while (message := outgoing.get()) is not None:
            # It has just ended: `_listen` is about to hear that, and tells whoever is inside.
            with contextlib.suppress(OSError):
                connection.send(message)


def _awaited_or_not(future: asyncio.Future[T]) -> asyncio.Future[T]:
    """Nobody warns of its failure when whoever asked has gone."""
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return future


class Gate:
    """Lets many in together, or one alone. Whoever wants to be alone waits at most for those who are inside."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._count = 0
        self._alone_waiting = 0
        self._is_taken_alone = False

    @contextlib.asynccontextmanager
    async def enter(self, *, alone: bool) -> AsyncGenerator[None]:
        await (self._enter_alone() if alone else self._enter_together())
        try:
            yield
        finally:
            await asyncio.shield(self._leave(alone=alone))

    async def _enter_together(self) -> None:
        async with self._changed:
            await self._changed.wait_for(
                lambda: not self._is_taken_alone and not self._alone_waiting
            )
            self._count += 1

    async def _enter_alone(self) -> None:
        async with self._changed:
            self._alone_waiting += 1
            try:
                await self._changed.wait_for(lambda: self._count == 0)
                self._is_taken_alone = True
                self._count = 1
            finally:
                self._alone_waiting -= 1
                self._changed.notify_all()

    async def _leave(self, *, alone: bool) -> None:
        async with self._changed:
            self._count -= 1
            if alone:
                self._is_taken_alone = False
            self._changed.notify_all()
