"""Which slot of the static key/value cache is whose. A track has bounded length, so a slot is all of it: no pages. No torch."""

from __future__ import annotations

import heapq


class Slots:
    """Gives out the lowest free slot, so that few tracks lie close together at the front."""

    def __init__(self, count: int) -> None:
        self._free = list(range(count))
        self._taken: set[int] = set()

    def __len__(self) -> int:
        return len(self._free)

    def take(self) -> int:
        """raises  IndexError when none is free"""
        slot = heapq.heappop(self._free)
        self._taken.add(slot)
        return slot

    def give_back(self, slot: int) -> None:
        """raises  KeyError when it is not taken"""
        self._taken.remove(slot)
        heapq.heappush(self._free, slot)
