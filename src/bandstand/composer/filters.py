"""Second-order filters: the usual designs and one loop that runs a chain of them over stereo blocks.

Not for filters that sweep while they sound. Designs: R. Bristow-Johnson, "Audio EQ Cookbook" (W3C note, 2021).
S sections, N samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.jit import kernel

Section = tuple[float, float, float, float, float]  # b0 b1 b2 a1 a2, a0 = 1
Stereo = NDArray[np.float32]


@kernel
def run_sections(
    sound: NDArray[np.float32], sections: NDArray[np.float64], memory: NDArray[np.float64]
) -> None:
    """Filter in place (transposed direct form II). Bells of 0 dB that ring no more cost nothing.

    sound     float32 [2, N]
    sections  float64 [S, 5]
    memory    float64 [S, 4]  two values for the left, two for the right; carried from block to block
    """
    for s in range(sections.shape[0]):
        b0, b1, b2 = sections[s, 0], sections[s, 1], sections[s, 2]
        a1, a2 = sections[s, 3], sections[s, 4]
        p, q, u, v = memory[s, 0], memory[s, 1], memory[s, 2], memory[s, 3]
        if b0 == 1.0 and b1 == a1 and b2 == a2 and max(abs(p), abs(q), abs(u), abs(v)) < 1e-6:
            continue
        for n in range(sound.shape[1]):
            x = sound[0, n]
            y = b0 * x + p
            p = b1 * x - a1 * y + q
            q = b2 * x - a2 * y
            sound[0, n] = y
            x = sound[1, n]
            y = b0 * x + u
            u = b1 * x - a1 * y + v
            v = b2 * x - a2 * y
            sound[1, n] = y
        memory[s, 0], memory[s, 1], memory[s, 2], memory[s, 3] = p, q, u, v


class Filter:
    """A chain of sections with its memory; blocks go through it one after another."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = np.array(sections, dtype=np.float64).reshape(-1, 5)
        self._memory = np.zeros((len(sections), 4))

    def turn(self, sections: Sequence[Section]) -> None:
        """Others of the same number from the next block on, which go on with the same memory."""
        self._sections = np.array(sections, dtype=np.float64).reshape(self._sections.shape)

    def run(self, sound: Stereo) -> Stereo:
        """Filter a block in place and return it."""
        run_sections(sound, self._sections, self._memory)
        return sound


def _normal(b0: float, b1: float, b2: float, a0: float, a1: float, a2: float) -> Section:
    return (b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0)


def _angle(frequency: float, rate: int) -> float:
    return 2.0 * math.pi * min(frequency, 0.47 * rate) / rate


def low_pass(frequency: float, rate: int, q: float = math.sqrt(0.5)) -> Section:
    w = _angle(frequency, rate)
    c, alpha = math.cos(w), math.sin(w) / (2.0 * q)
    return _normal((1 - c) / 2, 1 - c, (1 - c) / 2, 1 + alpha, -2 * c, 1 - alpha)


def high_pass(frequency: float, rate: int, q: float = math.sqrt(0.5)) -> Section:
    w = _angle(frequency, rate)
    c, alpha = math.cos(w), math.sin(w) / (2.0 * q)
    return _normal((1 + c) / 2, -1 - c, (1 + c) / 2, 1 + alpha, -2 * c, 1 - alpha)


def peak(frequency: float, rate: int, gain: float, q: float = 1.0) -> Section:
    """gain in dB at the frequency, 0 dB far from it."""
    w, a = _angle(frequency, rate), 10.0 ** (gain / 40.0)
    c, alpha = math.cos(w), math.sin(w) / (2.0 * q)
    return _normal(1 + alpha * a, -2 * c, 1 - alpha * a, 1 + alpha / a, -2 * c, 1 - alpha / a)


def low_shelf(frequency: float, rate: int, gain: float) -> Section:
    """gain in dB below the frequency, 0 dB above it."""
    w, a = _angle(frequency, rate), 10.0 ** (gain / 40.0)
    c, beta = math.cos(w), math.sin(w) * math.sqrt(2.0 * a)
    return _normal(
        a * ((a + 1) - (a - 1) * c + beta),
        2 * a * ((a - 1) - (a + 1) * c),
        a * ((a + 1) - (a - 1) * c - beta),
        (a + 1) + (a - 1) * c + beta,
        -2 * ((a - 1) + (a + 1) * c),
        (a + 1) + (a - 1) * c - beta,
    )


def tilt(slope: float, rate: int) -> list[Section]:
    """Turn the whole spectrum around 1 kHz by `slope` dB per octave, 60 Hz to 8 kHz.

    A first-order shelf moves at most 6 dB per octave in one place, so the turn is spread over shelves two
    octaves apart; each rises by two octaves' worth of slope around its centre.
    """
    sections: list[Section] = []
    for centre in (88.0, 354.0, 1414.0, 5657.0):
        if centre > 0.4 * rate:
            continue
        root = 10.0 ** (slope * 2.0 / 40.0)
        k = math.tan(math.pi * centre / rate)
        # (s*root + 1/root) / (s + 1) with the bilinear transform: 1/root below the centre, root above it
        b0, b1 = root + k / root, k / root - root
        sections.append(_normal(b0, b1, 0.0, 1 + k, k - 1, 0.0))
    return sections


def response(
    sections: Sequence[Section], hertz: NDArray[np.float64], rate: int
) -> NDArray[np.float64]:
    """How much of each frequency passes a chain of sections, linear."""
    z = np.exp(-2j * math.pi * hertz / rate)
    passed = np.ones_like(hertz)
    for b0, b1, b2, a1, a2 in sections:
        passed *= np.abs((b0 + b1 * z + b2 * z * z) / (1.0 + a1 * z + a2 * z * z))
    return passed
