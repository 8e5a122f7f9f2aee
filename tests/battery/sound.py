"""7, 9 to 15: length, loudness, peaks, silence, tone, width, dynamics."""

from __future__ import annotations

import numpy as np

from battery import ears, kinds
from battery.checks import Bound, Check
from battery.take import Take

LUFS, SILENT = -14.0, -50.0
TILT, DARK_TILT = Bound(-4.0, -1.5), Bound(-5.0, -1.5)
STEP, DRONE_STEP = Bound(high=9.0), Bound(high=15.0)
SUB, BASS_SUB = Bound(high=-6.0), Bound()
GATED = 0.5
"""Seconds that the standard's first gating block needs, and a little."""


def length_error(take: Take) -> float:
    """Samples too many or too few."""
    return float(abs(take.sound.shape[1] - round(take.seconds * take.rate)))


def loudness_error(take: Take) -> float | None:
    if take.seconds < GATED:
        return None
    return ears.loudness(take.sound, take.rate) - LUFS


def true_peak(take: Take) -> float:
    return ears.true_peak(take.sound, take.rate)


def clipped(take: Take) -> float:
    """Samples at full scale, or not finite."""
    return float((~(np.abs(take.sound) < 1.0)).sum())


def offset(take: Take) -> float:
    return float(np.abs(take.sound.mean(axis=1, dtype=np.float64)).max())


def silences(take: Take) -> float:
    """Half seconds under -50 dBFS outside the last second."""
    last = int((take.sound.shape[1] - take.rate) // (take.rate // 2))
    return float((take.halves[: max(0, last)] < SILENT).sum())


def tilt(take: Take) -> float:
    return ears.slope(take.thirds)


def steepest(take: Take) -> float:
    """Largest difference between neighbouring thirds, dB."""
    return float(np.abs(np.diff(take.thirds)).max())


def sub_bass(take: Take) -> float:
    return float(ears.band_levels(take.sound, take.rate)[0])


def side(take: Take) -> float:
    middle, sides = ears.mid_side(take.sound)
    return ears.level(sides) - ears.level(middle)


def correlation(take: Take) -> float:
    return float(np.corrcoef(take.sound.astype(np.float64))[0, 1])


def mono_loss(take: Take) -> float:
    """dB lost when both channels come out of one loudspeaker."""
    return ears.level(take.sound) - ears.level(take.sound.mean(axis=0))


def low_side(take: Take) -> float:
    """Sides against the middle under 120 Hz, dB."""
    middle, sides = ears.mid_side(ears.low_passed(take.sound, take.rate, 110.0))
    return ears.level(sides) - ears.level(middle)


def dynamics(take: Take) -> float | None:
    heard = take.halves[:-2]
    return float(np.percentile(heard, 95) - np.percentile(heard, 10)) if len(heard) > 8 else None


def growth(take: Take) -> float | None:
    """LU by which the loudest b section is louder than the intro."""
    spans = {"intro": [], "b": []}
    for section in take.score.sections:
        if section.name in spans:
            start, stop = (
                round(take.score.seconds_at(bar * take.bar) * take.rate)
                for bar in (section.first_bar, section.first_bar + section.bars)
            )
            spans[section.name].append(ears.level(take.sound[:, start:stop]))
    return max(spans["b"]) - max(spans["intro"]) if spans["b"] and spans["intro"] else None


CHECKS = (
    Check("7", "length, samples off", Bound(0, 0), length_error, share=1.0),
    Check("9", "loudness off -14 LUFS", Bound(-0.5, 0.5), loudness_error, share=1.0),
    Check("10a", "true peak, dBTP", Bound(high=-1.0), true_peak, share=1.0),
    Check("10b", "samples clipped", Bound(0, 0), clipped, share=1.0),
    Check("11a", "DC", Bound(high=1e-3), offset, share=1.0),
    Check("11b", "silent half seconds", Bound(0, 0), silences, share=1.0),
    Check(
        "12a",
        "spectral tilt, dB/octave",
        TILT,
        tilt,
        bound_for=lambda take: DARK_TILT if take.style in kinds.DARK else TILT,
    ),
    Check(
        "12b",
        "steepest step of thirds, dB",
        STEP,
        steepest,
        bound_for=lambda take: DRONE_STEP if take.style in kinds.DRONES else STEP,
    ),
    Check(
        "13",
        "20 to 60 Hz, dB of the whole",
        SUB,
        sub_bass,
        bound_for=lambda take: BASS_SUB if take.style in kinds.BASS else SUB,
    ),
    Check("14a", "side over mid, dB", Bound(-14.0, -6.0), side),
    Check("14b", "left-right correlation", Bound(0.3, 0.95), correlation),
    Check("14c", "mono loss, dB", Bound(high=3.0), mono_loss, share=1.0),
    Check("14d", "side over mid under 120 Hz, dB", Bound(high=-20.0), low_side, share=1.0),
    Check("15a", "dynamics p95 - p10, dB", Bound(3.0, 15.0), dynamics),
    Check("15b", "section b over intro, dB", Bound(low=0.0), growth),
)
