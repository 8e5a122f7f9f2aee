"""The engine's process: `python -m bandstand.engines.child NAME FD`. Started by `host.py`, never by a person.

It knows no database and no network. The first thing it hears is its equipment. Messages are tuples, first their name:

    in   make JOB SPEC INPUTS TAGS FOLDER · drop JOB · stop
    out  ready SLOTS · broken TEXT · beat · begun JOB · progress JOB FRACTION · log JOB LINE · audio JOB PCM · preview JOB JPEG
         made JOB FILES · failed JOB TEXT · dropped JOB
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import traceback
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from bandstand.audio.clip import Clip
from bandstand.audio.tags import Tags
from bandstand.engines import Artist, Engine, Inputs, open_engine
from bandstand.engines.host import BEAT_SECONDS, Pcm
from bandstand.engines.press import press, put_pictures
from bandstand.engines.spool import Pressed
from bandstand.errors import BandstandError
from bandstand.specs import ImageSpec, Spec


class Child:
    """One engine and the jobs inside it."""

    def __init__(self, engine: Engine | Artist, connection: Connection) -> None:
        self._engine = engine
        self._connection = connection
        self._sending = threading.Lock()
        self._slots = asyncio.Semaphore(engine.slots)
        self._inside: dict[str, asyncio.Task[None]] = {}
        self._stopped = asyncio.Event()

    def send(self, *message: Any) -> None:
        with self._sending:
            self._connection.send(message)

    async def serve(self) -> None:
        beating = asyncio.create_task(self._beat())
        try:
            await self._engine.start()
        except Exception as error:  # noqa: BLE001 - whatever it was, whoever waits for the engine must hear it
            traceback.print_exc()
            self.send("broken", f"{type(error).__name__}: {error}")
            return
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(loop,), daemon=True).start()
        self.send("ready", self._engine.slots)
        await self._stopped.wait()
        for task in self._inside.values():
            task.cancel()
        await asyncio.gather(*self._inside.values(), return_exceptions=True)
        await self._engine.stop()
        beating.cancel()

    async def _beat(self) -> None:
        while True:
            self.send("beat")
            await asyncio.sleep(BEAT_SECONDS)

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread. When the parent is gone there is nobody to work for: end at once, whatever is under way."""
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                os._exit(0)
            loop.call_soon_threadsafe(self._hear, *message)

    def _hear(self, name: str, *details: Any) -> None:
        if name == "make":
            making = self._inside[details[0]] = asyncio.create_task(self._make(*details))
            making.add_done_callback(partial(self._over, details[0]))
        elif name == "drop" and details[0] in self._inside:
            self._inside[details[0]].cancel()
        elif name == "stop":
            self._stopped.set()

    async def _make(self, job: str, spec: Spec, inputs: Inputs, tags: Tags, folder: Path) -> None:
        try:
            async with self._slots:
                self.send("begun", job)
                files = await self._finished(job, spec, inputs, tags, folder)
            self.send("made", job, files)
        except BandstandError as error:
            self.send("failed", job, error.message)
        except Exception as error:  # noqa: BLE001 - the job fails, the engine lives; the traceback goes to the log
            traceback.print_exc()
            self.send("failed", job, f"The engine failed: {type(error).__name__}: {error}")

    async def _finished(
        self, job: str, spec: Spec, inputs: Inputs, tags: Tags, folder: Path
    ) -> tuple[Pressed, ...]:
        told = Told(self, job)
        if isinstance(spec, ImageSpec):
            assert isinstance(self._engine, Artist), "the catalog knows which engines draw"
            drawn = await self._engine.draw(spec, inputs, told)
            return await asyncio.to_thread(put_pictures, drawn, folder)
        assert isinstance(self._engine, Engine), "the catalog knows which engines play"
        made = await self._engine.make(spec, inputs, told)
        return await asyncio.to_thread(press, made, spec, tags, folder)

    def _over(self, job: str, making: asyncio.Task[None]) -> None:
        """Not in `_make`: a job that is dropped before its first step never gets there."""
        del self._inside[job]
        if making.cancelled():
            self.send("dropped", job)


class Told:
    """The engine's `Report`, sent to the parent."""

    def __init__(self, child: Child, job: str) -> None:
        self._child = child
        self._job = job

    def progress(self, fraction: float) -> None:
        self._child.send("progress", self._job, fraction)

    def log(self, line: str) -> None:
        self._child.send("log", self._job, line)

    def audio(self, stretch: Clip) -> None:
        samples = np.clip(stretch.samples.T * 32767.0, -32768, 32767).round().astype("<i2")
        self._child.send("audio", self._job, Pcm(samples.tobytes(), stretch.rate, stretch.channels))

    def preview(self, jpeg: bytes) -> None:
        self._child.send("preview", self._job, jpeg)


async def _run(name: str, descriptor: int) -> None:
    connection = Connection(descriptor)
    await Child(open_engine(name, connection.recv()), connection).serve()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to hear
    asyncio.run(_run(sys.argv[1], int(sys.argv[2])))
