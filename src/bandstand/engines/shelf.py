"""The models that are loaded: as many as their memory allows, the one unused for longest makes room, and idle ones go.

Knows nothing of what a model is: whoever opens the shelf says how one is loaded, what it takes and how it is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bandstand.errors import Failed

M = TypeVar("M")


@dataclass(frozen=True)
class Keeping(Generic[M]):
    """How to deal with models of a kind; `load` and `close` are called in threads.

    needs  bytes that a model is going to take, by name
    """

    needs: Callable[[str], int]
    load: Callable[[str], M]
    close: Callable[[M], None]


@dataclass(eq=False)
class Loaded(Generic[M]):
    model: M
    bytes: int
    users: int = 0
    left_at: float = field(default_factory=time.monotonic)


class Shelf(Generic[M]):
    """Whoever wants a model that is not loaded waits for the memory in turn; nobody who came later passes."""

    def __init__(self, keeping: Keeping[M], *, bytes_max: int, unload_seconds: float) -> None:
        self._keeping = keeping
        self._bytes_max = bytes_max
        self._unload_seconds = unload_seconds
        self._loaded: dict[str, Loaded[M]] = {}
        self._turn = asyncio.Lock()
        self._given_back = asyncio.Event()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._loaded)

    @contextlib.asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[M]:
        """The model, loaded; it stays so until it is given back.

        raises  Failed when it is larger than all the memory there is for models; whatever loading it raises
        """
        async with self._turn:
            loaded = self._loaded.get(name) or await self._load(name)
            loaded.users += 1
        try:
            yield loaded.model
        finally:
            loaded.users -= 1
            loaded.left_at = time.monotonic()
            self._given_back.set()

    async def tidy(self) -> None:
        """Unload what nobody has used for long, for ever."""
        while True:
            await asyncio.sleep(min(10.0, self._unload_seconds / 4))
            async with self._turn:
                for name, loaded in list(self._loaded.items()):
                    idle = time.monotonic() - loaded.left_at
                    if not loaded.users and idle >= self._unload_seconds:
                        await self._unload(name)

    async def clear(self) -> None:
        """Unload everything, used or not."""
        while self._loaded:  # others unload, too, while one of them is being closed
            await self._unload(next(iter(self._loaded)))

    async def _load(self, name: str) -> Loaded[M]:
        needed = await asyncio.to_thread(self._keeping.needs, name)
        if needed > self._bytes_max:
            raise Failed(
                f"Model {name!r} takes {_gb(needed)} of memory; for models there are {_gb(self._bytes_max)}"
                " (BANDSTAND_MEMORY_GB)."
            )
        await self._make_room(self._bytes_max - needed)
        model = await asyncio.to_thread(self._keeping.load, name)
        self._loaded[name] = Loaded(model, needed)
        return self._loaded[name]

    async def _make_room(self, bytes_max: int) -> None:
        """Until what is loaded takes no more than this. Waits for those that are in use."""
        while sum(loaded.bytes for loaded in self._loaded.values()) > bytes_max:
            unused = {n: loaded.left_at for n, loaded in self._loaded.items() if not loaded.users}
            if unused:
                await self._unload(min(unused, key=unused.__getitem__))
            else:
                self._given_back.clear()
                await self._given_back.wait()

    async def _unload(self, name: str) -> None:
        await asyncio.to_thread(self._keeping.close, self._loaded.pop(name).model)


def _gb(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
