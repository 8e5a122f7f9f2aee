"""What a mix sounds like in three figures: slope of its spectrum, share of its low end, width of its sides.

Measured over whole stretches with windowed transforms; not for anything that runs block by block.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.filters import Stereo

THIRDS = 100.0 * 2.0 ** (np.arange(17) / 3.0)  # centres, 100 Hz to 4 kHz
OCTAVES = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)

Power = NDArray[np.float64]


def window(rate: int) -> int:
    """Samples that are transformed at once: about half a second, so that low thirds do not run into each other."""
    return 1 << round(math.log2(0.5 * rate))


def power_spectrum(
    sounds: Sequence[Stereo], rate: int, weights: Sequence[float] = ()
) -> tuple[Power, Power]:
    """Frequencies in Hz and the mean power of both channels together, over all the sounds; some may count for more."""
    size = window(rate)
    shape = np.hanning(size).astype(np.float32)
    total: Power = np.full(size // 2 + 1, 1e-20)
    for sound, weight in zip(sounds, weights or [1.0] * len(sounds), strict=True):
        padded = np.pad(sound, ((0, 0), (0, max(0, size - sound.shape[1]))))
        starts = range(0, padded.shape[1] - size + 1, size * 3 // 4)
        frames = np.stack([padded[:, at : at + size] * shape for at in starts])
        total += weight * np.sum(np.abs(np.fft.rfft(frames, axis=2)) ** 2, axis=(0, 1))
    hertz: Power = np.arange(size // 2 + 1, dtype=np.float64) * (rate / size)
    return hertz, total


def thirds(hertz: Power, power: Power, centres: Power = THIRDS) -> Power:
    """dB of the third-octave bands around some centres in Hz."""
    edge = 2.0 ** (1.0 / 6.0)
    bands = [power[(hertz >= c / edge) & (hertz < c * edge)].sum() + 1e-20 for c in centres]
    return 10.0 * np.log10(np.array(bands))


def moved(hertz: Power, power: Power, gains: Power) -> Power:
    """The power when every third is louder by some dB; what lies outside of them stays."""
    third = np.round(3.0 * np.log2(np.maximum(hertz, 1.0) / THIRDS[0])).astype(int)
    inside = (third >= 0) & (third < len(THIRDS))
    return power * 10.0 ** (0.1 * np.where(inside, gains[third * inside], 0.0))


def slope(hertz: Power, power: Power) -> float:
    """dB per octave of the third-octave levels between 100 Hz and 4 kHz."""
    return float(np.polyfit(np.log2(THIRDS), thirds(hertz, power), 1)[0])


def above_line(hertz: Power, power: Power, centres: Sequence[float]) -> Power:
    """How far, in dB, the octaves around some centres lie above the line through the thirds from 100 Hz to 4 kHz."""
    rise, level = np.polyfit(np.log2(THIRDS), thirds(hertz, power), 1)
    near = 2.0 ** np.array([-1.0 / 3.0, 0.0, 1.0 / 3.0])
    found = [thirds(hertz, power, c * near).mean() - (rise * math.log2(c) + level) for c in centres]
    return np.array(found)


def low_share(hertz: Power, power: Power) -> float:
    """Share 0..1 of the power that lies between 20 and 60 Hz."""
    heard = power[hertz >= 20.0].sum()
    return float(power[(hertz >= 20.0) & (hertz < 60.0)].sum() / heard)


def side_over_mid(sounds: Sequence[Stereo], weights: Sequence[float] = ()) -> float:
    """dB of the difference of the channels against their sum; some sounds may count for more."""
    mid = side = 1e-12
    for sound, weight in zip(sounds, weights or [1.0] * len(sounds), strict=True):
        mid += weight * float(np.sum((sound[0] + sound[1]).astype(np.float64) ** 2))
        side += weight * float(np.sum((sound[0] - sound[1]).astype(np.float64) ** 2))
    return 10.0 * math.log10(side / mid)
