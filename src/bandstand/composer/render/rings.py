"""Sounds that are struck once and then left alone: rendered once per pitch and strength, laid many times.

It works like a sampler whose samples we make ourselves. Not for sounds that change while they are held (`waves.py`).
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.jit import kernel
from bandstand.composer.render.perform import Sounding

Ring = NDArray[np.float32]

LAYERS = 5
"""Strengths a stroke is rendered in; between them only the level changes."""

BYTES_MAX = 24_000_000
"""Of rings one part keeps; the ones used longest ago go first."""

SECONDS_MAX = 9.0
_HEARD = 4.0  # cents between two strokes below which reading at another speed is not worth its time


@kernel
def lay_ring(
    out: NDArray[np.float32],
    at: int,
    ring: NDArray[np.float32],
    gain: float,
    hold: int,
    release: float,
    length: int,
    manner: NDArray[np.float64],
) -> None:
    """Add a ring to `out` at a level; from `hold` on it fades by the factor `release` per sample.

    out     float32 [2, N]
    ring    float32 [2, M]
    manner  speed of reading, start bend (ratio of speed), its decay per sample, brightness -1..1,
            samples by which left and right are late
    """
    speed, bend, easing, tilt = manner[0], manner[1], manner[2], manner[3]
    if speed == 1.0 and bend == 0.0:
        for c in range(2):
            lag = int(manner[4 + c])
            heard, sound = out[c], ring[c]
            end = min(length - lag, sound.shape[0], heard.shape[0] - at - lag)
            place = at + lag
            for n in range(min(hold, end)):
                last = sound[n - 1] if n > 0 else np.float32(0.0)
                heard[place + n] += gain * (sound[n] + tilt * (sound[n] - last))
            level = gain
            for n in range(min(hold, end), end):
                level *= release
                last = sound[n - 1] if n > 0 else np.float32(0.0)
                heard[place + n] += level * (sound[n] + tilt * (sound[n] - last))
        return
    for c in range(2):
        spot, level, turn, last = 0.0, gain, bend, 0.0
        lag = int(manner[4 + c])
        end = min(length, out.shape[1] - at)
        for n in range(lag, end):
            if n >= hold:
                level *= release
            i = int(spot)
            if i + 2 >= ring.shape[1]:
                break
            part = spot - i
            a = ring[c, i - 1] if i > 0 else 0.0
            b, d, e = ring[c, i], ring[c, i + 1], ring[c, i + 2]
            slope, far = 0.5 * (d - a), 0.5 * (e - b)
            y = b + part * (
                slope
                + part * (3.0 * (d - b) - 2.0 * slope - far + part * (slope + far - 2.0 * (d - b)))
            )
            out[c, at + n] += level * (y + tilt * (y - last))
            last = y
            spot += speed * (1.0 + turn)
            turn *= easing


class RingVoice:
    """Plays what `make(pitch, strength, samples, muted)` renders.

    seconds_at  pitch -> seconds until the ring has died by itself
    release     seconds it rings after the key is up
    loudness    exponent of velocity; the rest of a velocity is brightness
    human       cents, and the like in level, brightness and start, by which no two strokes are the same
    doubled     the right take is a few milliseconds off the left one, differently for every note
    palm        notes shorter than this many seconds are struck muted; 0: none
    """

    def __init__(
        self,
        make: Callable[[int, float, int, bool], Ring],
        seconds_at: Callable[[int], float],
        rate: int,
        *,
        release: float,
        loudness: float = 1.4,
        human: float = 0.0,
        doubled: bool = False,
        palm: float = 0.0,
    ) -> None:
        self._make = make
        self._seconds_at = seconds_at
        self._rate = rate
        self._release = release
        self._loudness = loudness
        self._human = human
        self._doubled = doubled
        self._palm = palm
        self._rings: OrderedDict[tuple[int, int, bool], Ring] = OrderedDict()
        self._bytes = 0

    def _natural(self, pitch: int) -> int:
        return int(min(self._seconds_at(pitch), SECONDS_MAX) * self._rate)

    def tail(self, note: Sounding) -> int:
        """Samples from the start of a note to its last sound."""
        return min(note.hold + int(1.4 * self._release * self._rate), self._natural(note.pitch))

    def _ring(self, pitch: int, layer: int, samples: int, *, muted: bool) -> Ring:
        key = (pitch, layer, muted)
        ring = self._rings.get(key)
        if ring is not None and ring.shape[1] >= samples:
            self._rings.move_to_end(key)
            return ring
        natural, length = self._natural(pitch), int(0.75 * self._rate)
        while length < samples:
            length *= 2
        if ring is not None:
            self._bytes -= ring.nbytes
        ring = self._make(pitch, (layer + 0.7) / LAYERS, max(min(length, natural), samples), muted)
        self._rings[key] = ring
        self._bytes += ring.nbytes
        while self._bytes > BYTES_MAX and len(self._rings) > 1:
            self._bytes -= self._rings.popitem(last=False)[1].nbytes
        return ring

    def play(self, out: Ring, at: int, note: Sounding) -> None:
        """Add a note; a bend is a change of speed, as on a tape."""
        length = self.tail(note)
        layer = min(int(note.velocity * LAYERS), LAYERS - 1)
        release = float(np.exp(-5.0 / (self._release * self._rate)))
        muted = note.hold < self._palm * self._rate
        manner = self._manner(note)
        read = int(length * max(1.0, manner[0])) + 4
        ring = self._ring(note.pitch, layer, read, muted=muted)
        gain = note.velocity**self._loudness
        gain *= 1.0 + 0.03 * min(self._human, 2.0) * math.sin(note.seed % 6283 / 1000.0)
        lay_ring(out, at, ring, gain, note.hold, release, length, manner)

    def _manner(self, note: Sounding) -> NDArray[np.float64]:
        """What is different about this one stroke."""
        manner = np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
        if self._human or self._doubled:
            dice = np.random.default_rng(note.seed).uniform(-1.0, 1.0, 4)
            manner[0] = 2.0 ** (self._human * dice[0] / 1200.0) if self._human > _HEARD else 1.0
            manner[3] = 0.12 * min(self._human, 1.5) * dice[1]
            if self._doubled:
                manner[4:] = (0.004 + 0.004 * dice[2:]) * self._rate
        if note.bend:
            manner[1] = 2.0 ** (note.bend / 12.0) - 1.0
            manner[2] = math.exp(-1.0 / (0.045 * self._rate))
        return manner
