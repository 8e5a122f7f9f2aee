"""Presets, instruments and their zones -> the regions that sound for one key and velocity, with all their settings.

Not for the sound itself (`samples.py`, `playing.py`). A zone of an instrument overrides the defaults, a zone of a
preset is added to that; a first zone that points to nothing is global and stands for what the others leave open.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.soundfonts.reading import INSTRUMENT, SAMPLE, Records, Tables

START, END, LOOP_START, LOOP_END = 0, 1, 2, 3
START_COARSE, END_COARSE, LOOP_START_COARSE, LOOP_END_COARSE = 4, 12, 45, 50
LFO_TO_PITCH, VIBRATO_TO_PITCH, ENVELOPE_TO_PITCH = 5, 6, 7
CUTOFF, RESONANCE, LFO_TO_CUTOFF, ENVELOPE_TO_CUTOFF = 8, 9, 10, 11
LFO_TO_VOLUME, PAN = 13, 17
LFO_DELAY, LFO_RATE, VIBRATO_DELAY, VIBRATO_RATE = 21, 22, 23, 24
SECOND_ENVELOPE, VOLUME_ENVELOPE = 25, 33
"""First of eight: delay, attack, hold, decay, sustain, release, key to hold, key to decay."""

KEYS, VELOCITIES, FIXED_KEY, FIXED_VELOCITY = 43, 44, 46, 47
ATTENUATION, COARSE_TUNE, FINE_TUNE, MODE, SCALE = 48, 51, 52, 54, 56
CLASS, ROOT = 57, 58

_DEFAULTS = {
    CUTOFF: 13500, LFO_DELAY: -12000, VIBRATO_DELAY: -12000, FIXED_KEY: -1, FIXED_VELOCITY: -1, SCALE: 100, ROOT: -1,
    **{first + n: -12000 for first in (SECOND_ENVELOPE, VOLUME_ENVELOPE) for n in (0, 1, 2, 3, 5)},
}  # fmt: skip
_NOT_ADDED = frozenset(
    {
        START, END, LOOP_START, LOOP_END, START_COARSE, END_COARSE, LOOP_START_COARSE, LOOP_END_COARSE, KEYS,
        VELOCITIES, FIXED_KEY, FIXED_VELOCITY, MODE, CLASS, ROOT, INSTRUMENT, SAMPLE,
    }
)  # fmt: skip
"""Generators a preset may not change, or that are dealt with apart."""

REGIONS_MAX = 4096
"""Of one preset; a grand piano of the richest sets has some hundreds."""

_VELOCITY, _KEY = 2, 3
_EMU_SHARE = 0.4
"""Of the attenuation that is written: the synthesizer the format was made for did so, and all sets expect it."""

Modulator = tuple[int, int, int]  # source, target, source of its amount
_USUAL: Mapping[Modulator, int] = {
    (0x0502, ATTENUATION, 0): 960,
    (0x0102, CUTOFF, 0): -2400,
}
"""Of the modulators every file has unless it says otherwise, those that a note alone decides: velocity."""

_CONTROLLERS = {1: 0.0, 7: 100.0, 10: 64.0, 11: 127.0}
"""As on a synthesizer that was just switched on; the others are 0."""


@dataclass(frozen=True)
class Region:
    """What one sample does in one preset.

    sample      row of the table of samples
    settings    generator -> value, defaults included where they are not 0
    modulators  (source, target, source of the amount) -> amount
    """

    sample: int
    keys: tuple[int, int]
    velocities: tuple[int, int]
    settings: Mapping[int, int]
    modulators: Mapping[Modulator, int]

    def sounds(self, key: int, velocity: int) -> bool:
        low, high = self.keys
        soft, hard = self.velocities
        return low <= key <= high and soft <= velocity <= hard

    def get(self, what: int) -> int:
        return self.settings.get(what, 0)

    def at(self, what: int, key: int, velocity: int) -> float:
        """A setting as the modulators leave it for one note."""
        return self.get(what) + sum(
            amount
            * _curve(source, key, velocity)
            * (_curve(scale, key, velocity) if scale else 1.0)
            for (source, target, scale), amount in self.modulators.items()
            if target == what
        )

    def seconds(self, what: int) -> float:
        """A time; at most 100 s."""
        return 2.0 ** (max(min(self.get(what), 8000), -12000) / 1200.0)


def gain_of(region: Region, key: int, velocity: int) -> float:
    """Linear gain by attenuation: the written one, and what the velocity adds."""
    written = region.get(ATTENUATION)
    moved = region.at(ATTENUATION, key, velocity) - written
    centibels = max(_EMU_SHARE * written, 0.0) + max(moved, 0.0)
    return 10.0 ** (-min(centibels, 1440.0) / 200.0)


def _curve(source: int, key: int, velocity: int) -> float:
    """What a source stands at, 0..1 or -1..1."""
    index, controller = source & 0x7F, bool(source & 0x80)
    if controller:
        value = _CONTROLLERS.get(index, 0.0)
    elif index == _VELOCITY:
        value = float(velocity)
    elif index == _KEY:
        value = float(key)
    else:
        value = 127.0 if index == 0 else 0.0
    part = min(value / 127.0, 1.0)
    if source & 0x100:
        part = 1.0 - part
    shape, both_sides = source >> 10, bool(source & 0x200)
    if both_sides:
        turned = 2.0 * part - 1.0
        return math.copysign(_bent(abs(turned), shape), turned)
    return _bent(part, shape)


def _bent(part: float, shape: int) -> float:
    """linear, concave, convex, switch; 96 dB over the whole of a curve."""
    if shape == 1:
        return min(-40.0 / 96.0 * math.log10(max(1.0 - part, 1e-4)), 1.0)
    if shape == 2:
        return max(1.0 + 40.0 / 96.0 * math.log10(max(part, 1e-4)), 0.0)
    if shape == 3:
        return 1.0 if part >= 0.5 else 0.0
    return part


@dataclass(frozen=True)
class _Zone:
    generators: Mapping[int, int]
    modulators: Mapping[Modulator, int]
    target: int | None  # instrument or sample


def _read_zones(
    bags: tuple[int, int], edges: NDArray[np.int64], tables: tuple[Records, Records], pointer: int
) -> Iterator[_Zone]:
    generators, modulators = tables
    for bag in range(*bags):
        (first, first_modulator), (last, last_modulator) = (
            edges[bag].tolist(),
            edges[bag + 1].tolist(),
        )
        found: dict[int, int] = {}
        target: int | None = None
        for what, amount in generators[first:last].tolist():
            if what == pointer:
                target = amount & 0xFFFF
                break
            found[what] = amount
        rows = modulators[first_modulator:last_modulator].tolist()
        moved = {(source, what, scale): amount for source, what, amount, scale, _ in rows}
        yield _Zone(found, moved, target)


def _with_global(zones: Iterator[_Zone]) -> Iterator[_Zone]:
    """The zones that point to something, each filled up from a first one that does not."""
    common: _Zone | None = None
    for index, zone in enumerate(zones):
        if zone.target is None:
            common = zone if index == 0 else common
        elif common is None:
            yield zone
        else:
            yield _Zone(
                {**common.generators, **zone.generators},
                {**common.modulators, **zone.modulators},
                zone.target,
            )


def _range(zone: _Zone, what: int) -> tuple[int, int]:
    packed = zone.generators.get(what)
    return (0, 127) if packed is None else (packed & 0xFF, packed >> 8 & 0xFF)


def _shared(one: tuple[int, int], two: tuple[int, int]) -> tuple[int, int]:
    return max(one[0], two[0]), min(one[1], two[1])


def regions_of(tables: Tables, preset: int) -> tuple[Region, ...]:
    """All regions of a preset, by its row; zones that can never sound are left out."""
    regions: list[Region] = []
    bags = (int(tables.preset_bags[preset]), int(tables.preset_bags[preset + 1]))
    outer = (tables.preset_generators, tables.preset_modulators)
    inner = (tables.instrument_generators, tables.instrument_modulators)
    for upper in _with_global(_read_zones(bags, tables.preset_zones, outer, INSTRUMENT)):
        assert upper.target is not None, "zones without a target were left out"
        edges = tables.instrument_bags
        lower_bags = (int(edges[upper.target]), int(edges[upper.target + 1]))
        for lower in _with_global(_read_zones(lower_bags, tables.instrument_zones, inner, SAMPLE)):
            region = _region(upper, lower)
            if region.keys[0] <= region.keys[1] and region.velocities[0] <= region.velocities[1]:
                regions.append(region)
            if len(regions) == REGIONS_MAX:
                return tuple(regions)
    return tuple(regions)


def _region(upper: _Zone, lower: _Zone) -> Region:
    settings = {**_DEFAULTS, **lower.generators}
    for what, amount in upper.generators.items():
        if what not in _NOT_ADDED:
            settings[what] = settings.get(what, 0) + amount
    modulators = {**_USUAL, **lower.modulators}
    for key, amount in upper.modulators.items():
        modulators[key] = modulators.get(key, 0) + amount
    assert lower.target is not None, "zones without a target were left out"
    return Region(
        lower.target,
        _shared(_range(upper, KEYS), _range(lower, KEYS)),
        _shared(_range(upper, VELOCITIES), _range(lower, VELOCITIES)),
        settings,
        modulators,
    )


def find_preset(tables: Tables, bank: int, program: int) -> int | None:
    """The row of a preset, or None."""
    rows = np.flatnonzero((tables.presets["bank"] == bank) & (tables.presets["program"] == program))
    return int(rows[0]) if len(rows) else None
