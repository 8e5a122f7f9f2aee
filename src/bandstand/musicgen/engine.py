"""One decoder and the tracks that share it: submit(), drop(), and one loop in a thread of its own. Knows no text and no sound.

Tracks join and leave between two steps; a dropped one is gone before the next.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from bandstand.musicgen.runner import Runner, Track
from bandstand.musicgen.scheduler import Scheduler, Seat

NEWS_FRAMES = 25  # half a second: how often a track's new codes are read back and told


class Dropped(Exception):
    """The track was dropped before it was complete."""


class Stopped(Exception):
    """The engine was stopped."""


@dataclass(eq=False)
class Playing:
    """A track and who listens to it; the listener is called in the engine's thread and must not wait.

    hear  gets int64 [K, t], the frames after those it has heard, or the error that ended the track
    """

    track: Track
    owner: str
    hear: Callable[[Tensor | Exception], None]
    heard: int = 0


class Engine:
    """Runs until `stop`."""

    def __init__(self, runner: Runner, *, slots: int) -> None:
        self._runner = runner
        self._scheduler: Scheduler[Playing] = Scheduler(slots)
        self._asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._asking = (
            threading.Lock()
        )  # so that nothing is asked of an engine that has just stopped
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="musicgen", daemon=True)
        self._thread.start()

    def submit(
        self, track: Track, hear: Callable[[Tensor | Exception], None], *, owner: str = ""
    ) -> Playing:
        """Let the track be decoded as soon as a slot is free. An engine that was stopped answers at once."""
        playing = Playing(track, owner, hear, heard=track.prompt.shape[1])
        with self._asking:
            if self._is_stopped:
                hear(Stopped())
            else:
                self._asked.put(lambda: self._add(playing))
        return playing

    def drop(self, playing: Playing) -> None:
        """End the track before the next step; harmless when it has ended."""
        self._asked.put(lambda: self._end(playing, Dropped()))

    def stop(self) -> None:
        """End all tracks and the thread; harmless when it has stopped."""
        with self._asking:
            self._is_stopped = True
        self._asked.put(lambda: None)  # it may be waiting
        self._thread.join()

    def _run(self) -> None:
        while self._listened():
            while (seat := self._scheduler.admit()) is not None:
                self._guarded(seat, self._join)
            if (seat := self._scheduler.filling) is not None:
                self._guarded(seat, self._fill)
            if self._scheduler.playing:
                self._step()

    def _listened(self) -> bool:
        """Do what was asked meanwhile; waits when there is nothing to decode. return: go on"""
        while (self._scheduler.is_idle and not self._is_stopped) or not self._asked.empty():
            self._asked.get()()
        if self._is_stopped:
            for seat in self._scheduler.seats:
                self._leave(seat, Stopped())
        return not self._is_stopped

    def _add(self, playing: Playing) -> None:
        self._scheduler.add(playing, playing.owner)

    def _guarded(self, seat: Seat[Playing], act: Callable[[Seat[Playing]], None]) -> None:
        """A track that cannot be begun ends alone."""
        try:
            act(seat)
        except Exception as error:  # noqa: BLE001 - whatever it was, whoever waits for the track hears it
            self._leave(seat, error)

    def _join(self, seat: Seat[Playing]) -> None:
        assert seat.slot is not None, "an admitted track has a slot"
        self._runner.join(seat.slot, seat.track.track)

    def _fill(self, seat: Seat[Playing]) -> None:
        assert seat.slot is not None, "a filling track has a slot"
        seat.is_filling = not self._runner.fill(seat.slot)

    def _step(self) -> None:
        seats = self._scheduler.playing
        try:
            self._runner.step()
            for seat in seats:
                self._tell(seat)
        except Exception as error:  # noqa: BLE001 - a step belongs to all of them
            for seat in seats:
                self._leave(seat, error)

    def _tell(self, seat: Seat[Playing]) -> None:
        assert seat.slot is not None, "a playing track has a slot"
        playing, there = seat.track, self._runner.frames(seat.slot)
        is_done = self._runner.is_done(seat.slot)
        if is_done or there - playing.heard >= NEWS_FRAMES:
            codes = self._runner.codes(seat.slot, playing.heard, there)
            playing.heard = there
            if is_done:
                self._leave(seat, None)
            playing.hear(codes)

    def _end(self, playing: Playing, why: Exception) -> None:
        for seat in self._scheduler.seats:
            if seat.track is playing:
                self._leave(seat, why)

    def _leave(self, seat: Seat[Playing], why: Exception | None) -> None:
        if seat.slot is not None:
            self._runner.leave(seat.slot)
        self._scheduler.leave(seat)
        if why is not None:
            seat.track.hear(why)
