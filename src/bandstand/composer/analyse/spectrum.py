"""Spectra over time: where sound rises, and which notes sound. Interprets nothing.

T frames of HOP samples at RATE; frame n is centred on sample n * HOP.

Source: the constant-Q transform is made as Velasco, Holighaus, Dörfler and Grill do it ("Constructing an invertible
constant-Q transform with non-stationary Gabor frames", DAFx 2011): one Fourier transform of the whole sound, a window
around each note's frequency, and each window back to time at the frame rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandstand.audio.clip import Clip
from bandstand.audio.resample import resample, to_channels

Numbers = NDArray[np.float32]

RATE = 22050  # Hz
HOP = 256
FRAME_RATE = RATE / HOP
PER_OCTAVE = 36
PER_SEMITONE = PER_OCTAVE // 12
LOWEST = 28  # the note that the constant-Q bins begin with: E1
OCTAVES = 7

_WINDOW = 1024
_BANDS = 40
_BAND_EDGES = (30.0, 10000.0)  # Hz
_LOW_BAND = (20.0, 170.0)  # Hz: kick and bass
_LOG_GAIN = 300.0
_BLOCK = 2048  # frames
_EARLY = 0.011
"""Seconds by which a rise shows before its sound: the window sees it coming. Measured on clicks."""
_WIDTH = 0.036
"""Half width of a note's window as a share of its frequency: its neighbour, 0.059 away, is outside."""
_WIDTH_LEAST = 5.0  # Hz; narrower ones ring for too long


def mono(clip: Clip) -> Numbers:
    """Float32 [N] at RATE."""
    return resample(to_channels(clip, 1), RATE).samples[0]


@dataclass(frozen=True)
class Rises:
    """How much louder it gets at each frame: float32 [T], of everything and of the low band alone."""

    all: Numbers
    low: Numbers


def rises(sound: Numbers) -> Rises:
    """Where notes and strokes begin."""
    frames = len(sound) // HOP + 1
    shift = round(_EARLY * RATE)
    padded = np.pad(sound, (_WINDOW // 2 + shift, _WINDOW))
    window = np.hanning(_WINDOW).astype(np.float32)
    hertz = np.arange(_WINDOW // 2 + 1, dtype=np.float64) * (RATE / _WINDOW)
    bands, low = _band_weights(hertz), (hertz >= _LOW_BAND[0]) & (hertz <= _LOW_BAND[1])
    every = np.empty((frames, _BANDS), np.float32)
    lows = np.empty((frames, int(low.sum())), np.float32)
    views = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP]
    for start in range(0, frames, _BLOCK):
        block = views[start : min(start + _BLOCK, frames)]
        power = np.abs(np.fft.rfft(block * window, axis=1))
        stop = start + len(block)
        every[start:stop] = np.log1p(_LOG_GAIN / _WINDOW * (power @ bands))
        lows[start:stop] = np.log1p(_LOG_GAIN / _WINDOW * power[:, low])
    return Rises(_flux(every), _flux(lows))


def _band_weights(hertz: NDArray[np.float64]) -> Numbers:
    """Float32 [bins, bands]: neighbouring triangles, evenly spaced in octaves above 500 Hz and in Hz below."""
    low, high = (float(np.arcsinh(edge / 500.0)) for edge in _BAND_EDGES)
    edges = 500.0 * np.sinh(np.linspace(low, high, _BANDS + 2))
    rising = (hertz[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz[:, None]) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rising, falling), 0.0, None).astype(np.float32)


def _flux(levels: Numbers) -> Numbers:
    """Mean rise against two frames before, without the slow change of the whole."""
    grown = np.maximum(levels[2:] - levels[:-2], 0.0).mean(axis=1)
    grown = np.concatenate([np.zeros(1, np.float32), grown, np.zeros(1, np.float32)])
    grown = grown[: len(levels)]
    size = min(len(grown), round(0.8 * FRAME_RATE)) | 1
    usual = np.convolve(np.pad(grown, size // 2, mode="edge"), np.full(size, 1.0 / size), "valid")
    return np.maximum(grown - usual[: len(grown)], 0.0).astype(np.float32)


def constant_q(sound: Numbers, tuning: float = 0.0) -> Numbers:
    """Amplitude of every third of a semitone over time.

    tuning  semitones by which the sound stands above 440 Hz
    return  float32 [T, OCTAVES * PER_OCTAVE]; bin b is the note LOWEST + b / PER_SEMITONE
    """
    frames = len(sound) // HOP + 1
    count = _smooth(
        frames + round(FRAME_RATE)
    )  # a second of silence: what rings must not come round
    spectrum = np.fft.rfft(sound, count * HOP)
    notes = LOWEST + tuning + np.arange(OCTAVES * PER_OCTAVE) / PER_SEMITONE
    found = np.empty((len(notes), frames), np.float32)
    per_hertz = count * HOP / RATE
    for number, note in enumerate(notes):
        hertz = 440.0 * 2.0 ** ((note - 69.0) / 12.0)
        middle, half = hertz * per_hertz, max(_WIDTH * hertz, _WIDTH_LEAST) * per_hertz
        first, last = int(np.ceil(middle - half)), min(int(middle + half), len(spectrum) - 1)
        place = np.arange(first, last + 1)
        shape = 0.5 + 0.5 * np.cos(np.pi * (place - middle) / half)
        # Windows wider than the frame rate fold, which is what taking every HOP-th sample does.
        folded = np.zeros(count, np.complex64)
        np.add.at(folded, place % count, spectrum[first : last + 1] * shape)
        found[number] = np.abs(np.fft.ifft(folded)[:frames]) * (2.0 / HOP)
    return found.T


def _smooth(number: int) -> int:
    """The next number with no prime above 5, which is quick to transform."""
    while True:
        rest = number
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return number
        number += 1
