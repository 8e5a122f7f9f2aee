"""25: whether every instrument is in tune, from single notes at four heights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.render.stem import Player, Stem
from bandstand.composer.score import Key, Metre, Mix, Note, Part, Role, Score
from battery import kinds
from battery.checks import Bound, Check

if TYPE_CHECKING:
    from battery.runner import Setting

RATE = 44100
PITCHES = (45, 57, 69, 81)
SECONDS = 2.5
SETTLED = 0.25  # seconds until a breath or a bow has found its pitch
STRUCK = 0.04  # and a hammer its noise behind it
FARTHEST = 80.0  # cents looked at each side
PARTIALS = 4


def note_sound(instrument: str, pitch: int, rate: int = RATE) -> np.ndarray:
    """float32 [2, N] of one note, dry."""
    part = Part(Role.LEAD, instrument, (Note(0.0, 4.0, pitch, 0.7),))
    score = Score(
        title="",
        style="",
        seed=1,
        seconds=SECONDS,
        bpm=120.0,
        key=Key(9, "minor"),
        metre=Metre("4/4", 4.0),
        bars=1,
        sections=(),
        chords=(),
        parts=(part,),
        mix=Mix(),
    )
    return Stem(Player(score, 0, rate)).block(round(SECONDS * rate))


def cents_off(sound: np.ndarray, pitch: int, rate: int, *, start: float) -> float:
    """Cents by which the harmonics lie over where they should, of the note from `start` seconds on."""
    heard = np.asarray(sound, dtype=np.float64).mean(axis=0)[round(start * rate) : 2 * rate]
    size = 1 << 20
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard)), size))
    cents = np.arange(-FARTHEST, FARTHEST + 0.25, 0.25)
    strength = np.zeros(len(cents))
    for partial in range(1, PARTIALS + 1):
        wanted = partial * 440.0 * 2.0 ** ((pitch - 69 + cents / 100.0) / 12.0)
        places = wanted * size / rate
        amplitude = np.interp(places, np.arange(len(spectrum)), spectrum)
        strength += 0.7**partial * amplitude
    return float(cents[strength.argmax()])


def worst_cents(instrument: str) -> float:
    """Of the heights it can play; those of others are in its MIDI range nowhere."""
    chosen = INSTRUMENTS[instrument]
    pitches = [pitch for pitch in PITCHES if chosen.low <= pitch <= chosen.high]
    start = SETTLED if chosen.sustained else STRUCK
    off = [
        cents_off(note_sound(instrument, pitch), pitch, RATE, start=start)
        for pitch in pitches or [(chosen.low + chosen.high) // 2]
    ]
    return max(off, key=abs)


def single(setting: Setting) -> Iterator[tuple[str, None, float]]:
    for name in INSTRUMENTS:
        if INSTRUMENTS[name].family != "kit" and not _in_unison(name):
            yield name, None, worst_cents(name)


def unison(setting: Setting) -> Iterator[tuple[str, None, float]]:
    for name in INSTRUMENTS:
        if INSTRUMENTS[name].family != "kit" and _in_unison(name):
            yield name, None, worst_cents(name)


def _in_unison(name: str) -> bool:
    return name in kinds.UNISON or INSTRUMENTS[name].family == "synth"


CHECKS = (
    Check("25a", "tuning, cents", Bound(-5, 5), survey=single, share=1.0),
    Check("25b", "tuning of unisons, cents", Bound(-12, 12), survey=unison, share=1.0),
)
