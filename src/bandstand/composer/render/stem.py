"""One part as sound, block by block; the same samples however it is cut into blocks.

A note is rendered whole when its first sample comes due and added to what is still sounding, so notes are always
added in the same order. Not for levels, effects or the room: that is `mix/`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.render.patches import Voice, chain_of, voice_of
from bandstand.composer.render.perform import Sounding, perform
from bandstand.composer.score import Score
from bandstand.composer.soundfonts.sampler import SoundSet


class Player:
    """A part with its instrument in hand: what it will play, and rings it has already rendered.

    sounds  samples to play from where they are the better source; None: everything is our own synthesis
    """

    def __init__(
        self, score: Score, part_index: int, rate: int, sounds: SoundSet | None = None
    ) -> None:
        self.part = score.parts[part_index]
        self.rate = rate
        self.notes: tuple[Sounding, ...] = perform(score, part_index, rate)
        name, tonic, seed = self.part.instrument, score.key.tonic, score.seed % 65521 + part_index
        sampled = sounds.voice_of(name, rate, tonic=tonic, seed=seed) if sounds else None
        self.sampled = sampled is not None
        self.voice: Voice = sampled or voice_of(name, rate, tonic=tonic, seed=seed)
        if sampled:
            self.notes = sampled.choked(self.notes)

    def starts_in(self, start: int, stop: int) -> int:
        """How many notes begin in a stretch of samples."""
        return sum(start <= note.at < stop for note in self.notes)


class Stem:
    """The sound of a player from one sample on; two threads must not use one player at once."""

    def __init__(self, player: Player, start: int = 0) -> None:
        self._player = player
        self._chain = chain_of(player.part.instrument, player.rate, sampled=player.sampled)
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
                self._add(note.from_sample(start))

    def _add(self, note: Sounding) -> None:
        at = note.at - self._position
        needed = at + self._player.voice.tail(note)
        if needed > self._sounding.shape[1]:
            longer = np.zeros((2, needed + self._player.rate // 2), dtype=np.float32)
            longer[:, : self._sounding.shape[1]] = self._sounding
            self._sounding = longer
        self._player.voice.play(self._sounding, at, note)

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
        return self._chain.run(out) if self._chain else out
