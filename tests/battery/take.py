"""One piece, composed and played once; what several checks need is measured once, when it is first asked for."""

from __future__ import annotations

import hashlib
import math
from functools import cached_property

import numpy as np
from unit.composer import hearing

from bandstand.composer import theory
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.piece import compose
from bandstand.composer.score import Note, Role
from battery import ears, smf

SWUNG = 0.3
"""Of a sixteenth: what is swung comes up to two thirds of it late, and hands miss by a tenth."""


class Take:
    """A prompt, played: `score` and `intent` at once, `sound` and the rest on demand."""

    def __init__(self, prompt, seed, seconds, rate=32000, piece=None, sound=None):
        self.prompt, self.seed, self.seconds, self.rate = prompt, seed, seconds, rate
        self.piece = piece or compose(prompt, seconds=seconds, seed=seed, rate=rate)
        self.score = self.piece.score
        self.intent = self.piece.intent
        if sound is not None:
            self.sound = sound

    @property
    def style(self) -> str:
        return self.score.style

    @cached_property
    def sound(self):
        """float32 [2, N]."""
        return np.concatenate([stretch.clip.samples for stretch in self.piece.play()], axis=1)

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.sound.tobytes()).hexdigest()

    @cached_property
    def tempo(self) -> float:
        return hearing.refined_tempo(self.sound, self.rate)

    @cached_property
    def harmonic(self):
        """Chroma [12, frames] of what is no drum, and the frames per second."""
        return hearing.harmonic_chroma(self.sound, self.rate)

    @cached_property
    def key(self):
        """(tonic, "major" or "minor"), as heard."""
        return hearing.key_of_chroma(self.harmonic[0])

    @cached_property
    def onsets(self):
        """Seconds, as heard."""
        return ears.onsets(self.sound, self.rate)

    @cached_property
    def halves(self):
        return ears.half_seconds(self.sound, self.rate)

    @cached_property
    def thirds(self):
        return ears.third_octaves(self.sound, self.rate)

    @property
    def beats(self):
        """Seconds of the beats, as written."""
        return np.arange(0.0, self.score.seconds, self.score.seconds_at(1.0))

    @cached_property
    def beat_chroma(self):
        """[beats, 12]"""
        return ears.by_beat(*self.harmonic, self.beats)

    @cached_property
    def beat_timbre(self):
        """[beats, 14]"""
        return ears.by_beat(*ears.timbre(self.sound, self.rate), self.beats)

    @cached_property
    def traits(self):
        """What tells this piece from others: its sound, and its tempo as heard, which may be half or twice what is
        meant: the same point of a circle.
        """
        angle = 2.0 * np.pi * np.log2(self.tempo)
        return [*ears.traits(self.sound, self.rate), float(np.cos(angle)), float(np.sin(angle))]

    @cached_property
    def midi(self) -> smf.File:
        return smf.read(self.piece.midi())

    @cached_property
    def stem_levels(self) -> list[float]:
        """LU by which each part alone is over the whole mix, the room included; both before the master."""
        blocks = zip(*self.piece.stems(), strict=True)
        stems = [np.concatenate(of_one, axis=1) for of_one in blocks]
        whole = ears.loudness(np.sum(stems, axis=0), self.rate)
        parts = stems[: len(self.score.parts)]
        return [ears.loudness(stem, self.rate) - whole for stem in parts]

    @property
    def pitched(self):
        """Parts that play notes and no drums."""
        return [part for part in self.score.parts if INSTRUMENTS[part.instrument].family != "kit"]

    @property
    def struck(self):
        """Drums and percussion."""
        return [part for part in self.score.parts if INSTRUMENTS[part.instrument].family == "kit"]

    @cached_property
    def tune(self):
        """The notes of the lead, one at a time: the highest of those that begin together."""
        leads = [part for part in self.score.parts if part.role is Role.LEAD]
        if not leads:
            return []
        line = []
        for note in max(leads, key=lambda part: len(part.notes)).notes:
            if line and note.start - line[-1].start < 0.06:
                line[-1] = max(line[-1], note, key=lambda one: one.pitch)
            else:
                line.append(note)
        return line

    def place(self, note: Note) -> tuple[int, int]:
        """Bar and sixteenth for which a note was written, before it was swung and played."""
        return divmod(math.floor(4.0 * note.start + SWUNG), round(4 * self.bar))

    @property
    def bar(self) -> float:
        """Beats."""
        return self.score.metre.beats

    @property
    def pulse(self) -> float:
        """Beats between two taps of the foot."""
        return theory.pulse(self.score.metre)
