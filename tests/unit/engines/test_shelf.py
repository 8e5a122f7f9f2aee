"""The shelf of loaded models: memory, turns, idle ones. Its models here are their own names."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bandstand.engines.shelf import Keeping, Shelf
from bandstand.errors import Failed

SIZES = {"small": 2, "medium": 5, "large": 9, "huge": 11}


class Store:
    """Where models come from, and which have been loaded and closed."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.closed: list[str] = []
        self.is_closing = threading.Event()

    def shelf(self, *, unload_seconds: float = 60.0) -> Shelf[str]:
        keeping = Keeping(needs=SIZES.__getitem__, load=self._load, close=self._close)
        return Shelf(keeping, bytes_max=10, unload_seconds=unload_seconds)

    def _load(self, name: str) -> str:
        self.loaded.append(name)
        return name

    def _close(self, name: str) -> None:
        self.closed.append(name)
        self.is_closing.set()


async def test_model_is_loaded_once_for_all_who_hold_it() -> None:
    store = Store()
    shelf = store.shelf()

    async with shelf.hold("small") as first, shelf.hold("small") as second:
        assert first is second

    assert store.loaded == ["small"]


async def test_models_that_fit_stay_loaded_side_by_side() -> None:
    store = Store()
    shelf = store.shelf()

    for name in ("small", "medium", "small", "medium"):
        async with shelf.hold(name):
            pass

    assert store.loaded == ["small", "medium"]


async def test_the_one_unused_for_longest_makes_room() -> None:
    store = Store()
    shelf = store.shelf()
    for name in ("medium", "small", "medium"):
        async with shelf.hold(name):
            await asyncio.sleep(0.001)

    async with shelf.hold("large"):
        assert store.closed == ["small", "medium"]


async def test_model_in_use_is_waited_for() -> None:
    store = Store()
    shelf = store.shelf()
    async with shelf.hold("medium"):
        waiting = asyncio.create_task(held(shelf, "large"))
        await asyncio.sleep(0.05)
        assert store.loaded == ["medium"]

    assert await waiting == "large"
    assert store.closed == ["medium"]


async def test_nobody_who_came_later_passes_the_one_who_waits() -> None:
    store = Store()
    shelf = store.shelf()
    async with shelf.hold("medium"):
        first = asyncio.create_task(held(shelf, "large"))
        await asyncio.sleep(0)
        later = asyncio.create_task(held(shelf, "medium"))
        await asyncio.sleep(0.05)
        assert not later.done()

    await asyncio.gather(first, later)
    assert store.loaded == ["medium", "large", "medium"]


async def test_model_larger_than_all_memory_is_refused_with_both_figures() -> None:
    with pytest.raises(Failed, match=r"'huge' takes 0\.0 GB of memory.*BANDSTAND_MEMORY_GB"):
        await held(Store().shelf(), "huge")


async def test_model_that_does_not_load_leaves_the_shelf_usable() -> None:
    store = Store()
    shelf = store.shelf()

    with pytest.raises(KeyError):
        await held(shelf, "unknown")

    assert await held(shelf, "small") == "small"


async def test_idle_model_is_unloaded() -> None:
    store = Store()
    shelf = store.shelf(unload_seconds=0.05)
    tidying = asyncio.create_task(shelf.tidy())
    await held(shelf, "small")

    assert await asyncio.to_thread(store.is_closing.wait, 5)
    assert shelf.names == ()
    tidying.cancel()


async def test_model_in_use_is_never_idle() -> None:
    store = Store()
    shelf = store.shelf(unload_seconds=0.02)
    tidying = asyncio.create_task(shelf.tidy())

    async with shelf.hold("small"):
        await asyncio.sleep(0.2)
        assert store.closed == []

    tidying.cancel()


async def test_cleared_shelf_holds_nothing() -> None:
    store = Store()
    shelf = store.shelf()
    await held(shelf, "small")
    await held(shelf, "medium")

    await shelf.clear()

    assert sorted(store.closed) == ["medium", "small"]


async def test_shelf_may_be_cleared_while_others_unload() -> None:
    store = Store()
    shelf = store.shelf()
    await held(shelf, "small")
    await held(shelf, "medium")

    await asyncio.gather(shelf.clear(), shelf.clear())

    assert sorted(store.closed) == ["medium", "small"]


async def held(shelf: Shelf[str], name: str) -> str:
    async with shelf.hold(name) as model:
        return model
