"""Melodies for tests, drawn from a seed: plucked notes of seven partials, and the simplest ones by name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bandstand.audio.clip import Clip


def tune(seconds: float, *, rate: int = 32000, seed: int = 0, noise: float = 0.0) -> Clip:
    """Notes of the tempered scale from two octaves below middle C to three above it; noise: its deviation."""
    chance = np.random.default_rng(seed)
    sound = chance.normal(0.0, noise, round(seconds * rate)) if noise else _nothing(seconds, rate)
    start = 0.0
    while start < seconds:
        length, key = chance.uniform(0.1, 0.6), chance.integers(36, 96)
        note = sound[int(start * rate) : int((start + length) * rate)]
        time = np.arange(len(note)) / rate
        for partial in range(1, 8):
            hertz = 440.0 * 2 ** ((key - 69) / 12) * partial
            level = chance.uniform(0.2, 1.0) / partial
            note += level * np.sin(2 * np.pi * hertz * time) * np.exp(-3.0 * time)
        start += length * chance.uniform(0.5, 1.0)
    return Clip((sound / np.abs(sound).max()).astype(np.float32)[None], rate)


def tone(hertz: float, seconds: float, *, rate: int = 32000) -> Clip:
    time = np.arange(round(seconds * rate)) / rate
    return Clip(np.sin(2 * np.pi * hertz * time).astype(np.float32)[None], rate)


def silence(seconds: float, *, rate: int = 32000) -> Clip:
    return Clip(_nothing(seconds, rate).astype(np.float32)[None], rate)


def _nothing(seconds: float, rate: int) -> NDArray[np.float64]:
    return np.zeros(round(seconds * rate))
