"""Who gets a slot, and when: turns between owners, order within one, free slots given again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bandstand.musicgen.cache import Slots
from bandstand.musicgen.scheduler import Scheduler, Seat


def admitted(scheduler: Scheduler[str]) -> list[str]:
    seats = iter(scheduler.admit, None)
    return [seat.track for seat in seats if seat is not None]


def test_tracks_of_one_owner_are_admitted_in_order() -> None:
    scheduler: Scheduler[str] = Scheduler(2)
    for track in ("first", "second", "third"):
        scheduler.add(track, "somebody")

    assert admitted(scheduler) == ["first", "second"]


def test_owner_with_fewer_running_tracks_goes_first() -> None:
    scheduler: Scheduler[str] = Scheduler(3)
    for track in ("busy 1", "busy 2", "busy 3"):
        scheduler.add(track, "busy")
    scheduler.add("patient 1", "patient")

    assert admitted(scheduler) == ["busy 1", "patient 1", "busy 2"]


def test_slot_of_a_track_that_leaves_is_given_again() -> None:
    scheduler: Scheduler[str] = Scheduler(1)
    first, second = scheduler.add("first", ""), scheduler.add("second", "")
    scheduler.admit()

    scheduler.leave(first)
    scheduler.admit()

    assert (first.slot, second.slot) == (0, 0)


def test_waiting_track_that_leaves_takes_no_slot() -> None:
    scheduler: Scheduler[str] = Scheduler(1)
    first, second = scheduler.add("first", ""), scheduler.add("second", "")

    scheduler.leave(first)

    assert scheduler.admit() is second


def test_leaving_twice_does_no_harm() -> None:
    scheduler: Scheduler[str] = Scheduler(1)
    seat = scheduler.add("only", "")
    scheduler.admit()

    scheduler.leave(seat)
    scheduler.leave(seat)

    assert scheduler.is_idle


def test_track_plays_when_its_cache_is_filled() -> None:
    scheduler: Scheduler[str] = Scheduler(2)
    seat = scheduler.add("only", "")
    scheduler.admit()
    assert scheduler.filling is seat
    assert scheduler.playing == ()

    seat.is_filling = False

    assert scheduler.filling is None
    assert scheduler.playing == (seat,)


def test_seats_are_told_apart_though_their_tracks_are_alike() -> None:
    assert Seat("same", "") != Seat("same", "")


def test_lowest_free_slot_is_taken() -> None:
    slots = Slots(3)
    taken = [slots.take() for _ in range(3)]

    slots.give_back(2)
    slots.give_back(0)

    assert taken == [0, 1, 2]
    assert slots.take() == 0


def test_slot_that_nobody_has_cannot_be_given_back() -> None:
    with pytest.raises(KeyError):
        Slots(1).give_back(0)


def test_scheduler_needs_no_torch() -> None:
    code = "import sys, bandstand.musicgen.scheduler, bandstand.musicgen.windows; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
