"""Everything that is heard in given sound, in one picture: `listen`. About a second for half a minute."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bandstand.audio.clip import Clip
from bandstand.audio.loudness import integrated_loudness
from bandstand.composer.analyse.harmony import Triad, shares_of, triads_of, unit
from bandstand.composer.analyse.key import (
    BASS_BINS,
    chroma_of,
    harmonic,
    key_of_band,
    key_of_classes,
    slowed,
    tuning_of,
)
from bandstand.composer.analyse.pulse import Pulse, find_pulse
from bandstand.composer.analyse.spectrum import FRAME_RATE, Numbers, constant_q, mono, rises
from bandstand.composer.analyse.tune import ALONE, Tune, classes_of, find_tune, find_voice
from bandstand.composer.score import Key

SHORTEST = 0.5  # seconds in which anything can be heard
_EVERY = 4


@dataclass(frozen=True, slots=True)
class Hearing:
    """
    seconds   of the sound
    key       and how much clearer it is than the next best: 0..3
    bars      a triad for each bar from `pulse.bar` on; the last may be incomplete
    lufs      -inf for silence
    tonal     0..1, how much of it is notes: of music more than a quarter, of speech a tenth, of drums and noise nothing
    """

    seconds: float
    pulse: Pulse
    key: Key
    key_margin: float
    bars: tuple[Triad, ...]
    tune: Tune
    lufs: float
    tonal: float


def listen(clip: Clip, *, bpm: float | None = None) -> Hearing:
    """bpm: the tempo, when it is known about."""
    sound = mono(clip)
    if clip.seconds < SHORTEST:
        sound = np.pad(sound, (0, round(SHORTEST * 2 * 22050)))
    notes = constant_q(sound)
    tuning = tuning_of(notes)
    if abs(tuning) > 0.04:
        notes = constant_q(sound, tuning)
    held = harmonic(notes)
    voice = find_voice(notes)
    alone = voice.clarity > ALONE
    begins = voice.begins() if alone else None
    chroma = chroma_of(held)
    pulse = find_pulse(rises(sound), np.repeat(chroma, _EVERY, axis=0), begins=begins, bpm=bpm)
    bars, bass = _bars(held, pulse)
    if alone:
        key, margin = key_of_classes(classes_of(voice))
    else:
        key, margin = key_of_band(_mean(chroma), _mean(unit(bass)), shares_of(bars, bass))
    return Hearing(
        seconds=clip.seconds,
        pulse=pulse,
        key=key,
        key_margin=margin,
        bars=tuple(triads_of(bars, bass, key)),
        tune=find_tune(voice, pulse),
        lufs=integrated_loudness(clip),
        tonal=_tonal(held, notes),
    )


def _tonal(held: Numbers, notes: Numbers) -> float:
    """The share of the power that is held."""
    every = float(np.square(slowed(notes)).sum())
    return float(np.square(held).sum()) / every if every > 0.0 else 0.0


def _bars(held: Numbers, pulse: Pulse) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Float64 [bars, 12] twice: all notes of each bar, and the low ones."""
    length = pulse.bar_seconds
    edges = np.arange(pulse.bar, len(held) * _EVERY / FRAME_RATE - 0.5 * pulse.period, length)
    frames = np.rint(np.append(edges, edges[-1:] + length) * FRAME_RATE / _EVERY).astype(np.int64)
    return _means(chroma_of(held), frames), _means(chroma_of(held, high=BASS_BINS), frames)


def _means(chroma: Numbers, frames: NDArray[np.int64]) -> NDArray[np.float64]:
    rows = [chroma[a:b].mean(axis=0) for a, b in pairwise(frames) if a < b]
    return np.array(rows, np.float64).reshape(-1, 12)


def _mean(rows: NDArray[Any]) -> NDArray[np.float64]:
    return rows.astype(np.float64).mean(axis=0) if len(rows) else np.zeros(12)
