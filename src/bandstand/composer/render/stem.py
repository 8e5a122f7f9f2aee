"""One part as sound, block by block; the same samples however it is cut into blocks.

A note is rendered whole when its first sample comes due and added to what is still sounding, so notes are always
added in the same order. Not for levels, effects or the room: that is `mix/`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.render.patches import Voice, amp_of, voice_of
from bandstand.composer.render.perform import Sounding, perform
from bandstand.composer.score import Score


class Player:
    """A part with its instrument in hand: what it will play, and rings it has already rendered."""

    def __init__(self, score: Score, part_index: int, rate: int) -> None:
        self.part = score.parts[part_index]
        self.rate = rate
        self.notes: tuple[Sounding, ...] = perform(score, part_index, rate)
        self.voice: Voice = voice_of(
            self.part.instrument, rate, tonic=score.key.tonic, seed=score.seed % 65521 + part_index
        )

    def starts_in(self, start: int, stop: int) -> int:
        """How many notes begin in a stretch of samples."""
        return sum(start <= note.at < stop for note in self.notes)


class Stem:
    """The sound of a player from one sample on; two threads must not use one player at once."""

    def __init__(self, player: Player, start: int = 0) -> None:
        self._player = player
        self._amp = amp_of(player.part.instrument, player.rate)
        self._position = start
        self._sounding = np.zeros((2, 0), dtype=np.float32)  # from self._position on
        self._next = 0
        while self._next < len(player.notes) and player.notes[self._next].at < start:
            self._next += 1
        self._resume(start)

    def _resume(self, start: int) -> None:
        """Take up what is held across the start, so that a stem may begin anywhere."""
        player = self._player
        for note in player.notes[: self._next]:
            left = note.at + note.hold - start
            if player.rate // 4 < left < 900_000_000:
                self._add(Sounding(start, left, note.pitch, note.velocity, 0.0, note.seed))

    def _add(self, note: Sounding) -> None:
        at = note.at - self._position
        needed = at + self._player.voice.tail(note.hold, note.pitch)
        if needed > self._sounding.shape[1]:
            longer = np.zeros((2, needed + self._player.rate // 2), dtype=np.float32)
            longer[:, : self._sounding.shape[1]] = self._sounding
            self._sounding = longer
        self._player.voice.play(
            self._sounding,
            at,
            note.hold,
            pitch=note.pitch,
            velocity=note.velocity,
            bend=note.bend,
            seed=note.seed,
        )

    def block(self, samples: int) -> NDArray[np.float32]:
        """The next stretch: float32 [2, samples]."""
        stop, notes = self._position + samples, self._player.notes
        while self._next < len(notes) and notes[self._next].at < stop:
            self._add(notes[self._next])
            self._next += 1
        out = np.zeros((2, samples), dtype=np.float32)
        ready = min(samples, self._sounding.shape[1])
        out[:, :ready] = self._sounding[:, :ready]
        self._sounding = self._sounding[:, ready:].copy()
        self._position = stop
        return self._amp.run(out) if self._amp else out
