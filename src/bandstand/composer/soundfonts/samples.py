"""The sound of a file's samples: decoded when it is needed, as much as is needed, kept while there is room.

Two threads may ask at once. Not for how a sample is played (`playing.py`).
"""

from __future__ import annotations

import io
import math
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from bandstand.composer.soundfonts.reading import VORBIS, Tables

BYTES_MAX = 80_000_000
"""Of decoded sound; what was used longest ago goes first."""

_SECONDS_MAX = 30.0
_FARTHEST = 60.0  # cents: what is further off is meant so
_FFT = 1 << 16


class Undecodable(Exception):
    """A sample's data is broken, which shows only when it is decoded."""


@dataclass(frozen=True)
class Sample:
    """sound: float32 [N] from its first sample on; loop_start, loop_end within it, equal when there is none."""

    sound: NDArray[np.float32]
    rate: int
    loop_start: int
    loop_end: int


class Samples:
    """The samples of one file."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._kept: OrderedDict[int, Sample] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._cents: dict[tuple[int, float], float] = {}
        self._lengths: dict[int, int] = {}

    def get(self, row: int, seconds: float) -> Sample:
        """At least `seconds` of a sample and the whole of its loop, or all there is.

        raises  Undecodable
        """
        header = self._tables.samples[row]
        wanted = round(min(seconds, _SECONDS_MAX) * int(header["rate"]))
        with self._lock:
            kept = self._kept.get(row)
            if kept is not None and (len(kept.sound) >= wanted or self._is_whole(row, kept)):
                self._kept.move_to_end(row)
                return kept
            sample = self._decoded(row, max(wanted, 2 * len(kept.sound) if kept else 0))
            if kept is not None:
                self._bytes -= kept.sound.nbytes
            self._kept[row] = sample
            self._bytes += sample.sound.nbytes
            while self._bytes > BYTES_MAX and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].sound.nbytes
            return sample

    def pitch_of(self, row: int) -> tuple[int, int]:
        """The key a sample claims to sound at, and the cents by which it says it is to be corrected."""
        header = self._tables.samples[row]
        key = int(header["key"])
        return (key if key <= 127 else 60), int(header["correction"])

    def seconds(self, row: int) -> float:
        """How long a sample is when it is read as it is; 0 when that cannot be told."""
        return self._frames(row) / int(self._tables.samples[row]["rate"])

    def _frames(self, row: int) -> int:
        known = self._lengths.get(row)
        if known is None:
            header = self._tables.samples[row]
            start, end = int(header["start"]), int(header["end"])
            try:
                known = (
                    self._open(start, end).frames if int(header["kind"]) & VORBIS else end - start
                )
            except Undecodable:
                known = 0
            self._lengths[row] = known
        return known

    def _is_whole(self, row: int, sample: Sample) -> bool:
        return sample.loop_end > sample.loop_start or len(sample.sound) >= self._frames(row)

    def _decoded(self, row: int, wanted: int) -> Sample:
        header = self._tables.samples[row]
        start, end, rate = int(header["start"]), int(header["end"]), int(header["rate"])
        loop = (int(header["loop_start"]), int(header["loop_end"]))
        if int(header["kind"]) & VORBIS:
            sound = self._vorbis(start, end, max(wanted, loop[1] + 8))
        else:
            loop = (loop[0] - start, loop[1] - start)
            stop = min(end, start + max(wanted, loop[1] + 8, 0))
            raw = self._tables.sound[2 * start : 2 * stop].tobytes()
            sound = np.frombuffer(raw, dtype="<i2").astype(np.float32) / np.float32(32768.0)
        if not 0 <= loop[0] < loop[1] <= len(sound) or loop[1] - loop[0] < 4:
            loop = (0, 0)
        return Sample(sound, rate, *loop)

    def _open(self, start: int, end: int) -> soundfile.SoundFile:
        try:
            return soundfile.SoundFile(io.BytesIO(self._tables.sound[start:end].tobytes()))
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise Undecodable(str(error)) from None

    def _vorbis(self, start: int, end: int, wanted: int) -> NDArray[np.float32]:
        with self._open(start, end) as file:
            frames = min(wanted, round(_SECONDS_MAX * file.samplerate))
            try:
                sound = file.read(frames, dtype="float32", always_2d=True)
            except (soundfile.SoundFileError, RuntimeError) as error:
                raise Undecodable(str(error)) from None
        if not len(sound):
            raise Undecodable("it is empty")
        return np.ascontiguousarray(sound[:, 0], dtype=np.float32)

    def cents_off(self, row: int, root: float) -> float:
        """How far a sample is from the pitch its header claims, in cents; 0 where that cannot be told.

        root  MIDI note number at which it is played as it is
        """
        known = self._cents.get((row, root))
        if known is None:
            known = _cents_off(self.get(row, 1.2), root)
            self._cents[row, root] = known
        return known


def _cents_off(sample: Sample, root: float) -> float:
    begin = min(int(0.04 * sample.rate), len(sample.sound) // 8)
    piece = sample.sound[begin : begin + _FFT]
    if sample.loop_end > sample.loop_start and len(piece) < sample.rate:
        cycle = sample.sound[sample.loop_start : sample.loop_end]
        piece = np.concatenate(
            [piece[: sample.loop_end - begin], np.tile(cycle, 1 + sample.rate // len(cycle))]
        )
        piece = piece[:_FFT]
    frequency = 440.0 * 2.0 ** ((root - 69.0) / 12.0)
    if len(piece) * frequency < 16.0 * sample.rate or frequency > 0.2 * sample.rate:
        return 0.0
    power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), _FFT)) ** 2
    return _middle(power, frequency * _FFT / sample.rate)


def _middle(power: NDArray[np.float64], place: float) -> float:
    """Cents between a harmonic series' first partials and where its power really is."""
    cents = np.arange(-_FARTHEST, _FARTHEST + 0.5, 1.0)
    bins = np.arange(len(power))
    score = np.zeros(len(cents))
    for k in range(1, 5):
        spots = k * place * 2.0 ** (cents / 1200.0)
        if spots[-1] < len(power) - 2:
            score += np.sqrt(np.interp(spots, bins, power)) / k
    best = int(np.argmax(score))
    certain = score[best] > 1.8 * float(np.median(score)) and 0 < best < len(cents) - 1
    return float(cents[best]) if certain and math.isfinite(score[best]) else 0.0
