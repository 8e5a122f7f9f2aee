"""Who runs next: which waiting track gets the next free slot, and whose cache is filled before the next step. No torch.

Owners take turns: a free slot goes to the one with the fewest tracks running, then to whoever waited longest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bandstand.musicgen.cache import Slots

T = TypeVar("T")


@dataclass(eq=False)
class Seat(Generic[T]):
    """A track's place. slot: None while it waits; is_filling: its cache is not complete yet"""

    track: T
    owner: str
    slot: int | None = None
    is_filling: bool = field(default=True)


class Scheduler(Generic[T]):
    """Tracks that wait, and tracks that have a slot."""

    def __init__(self, slots: int) -> None:
        self._slots = Slots(slots)
        self._waiting: list[Seat[T]] = []
        self._running: list[Seat[T]] = []

    @property
    def is_idle(self) -> bool:
        return not self._waiting and not self._running

    @property
    def seats(self) -> tuple[Seat[T], ...]:
        return (*self._waiting, *self._running)

    @property
    def playing(self) -> tuple[Seat[T], ...]:
        """Those that take part in the next step."""
        return tuple(seat for seat in self._running if not seat.is_filling)

    @property
    def filling(self) -> Seat[T] | None:
        """The one whose cache is filled a little before the next step, so that the others do not wait long for it."""
        return next((seat for seat in self._running if seat.is_filling), None)

    def add(self, track: T, owner: str) -> Seat[T]:
        seat = Seat(track, owner)
        self._waiting.append(seat)
        return seat

    def admit(self) -> Seat[T] | None:
        """Give the next free slot away; None when there is none, or nobody wants it."""
        if not self._slots or not self._waiting:
            return None
        running = [seat.owner for seat in self._running]
        seat = min(self._waiting, key=lambda seat: running.count(seat.owner))
        self._waiting.remove(seat)
        self._running.append(seat)
        seat.slot = self._slots.take()
        return seat

    def leave(self, seat: Seat[T]) -> None:
        """The track is done, or was dropped; harmless when it left before."""
        if seat in self._waiting:
            self._waiting.remove(seat)
        elif seat in self._running and seat.slot is not None:
            self._running.remove(seat)
            self._slots.give_back(seat.slot)
