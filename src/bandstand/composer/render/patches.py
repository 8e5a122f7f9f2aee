"""Instrument name -> how it is made. The data stands in the `*_patches.py` beside this file; `voice_of` and `chain_of` turn it into something that plays.

Every name of `instruments.INSTRUMENTS` is here or is a kit of `kits.py`. Nobody's samples are behind the sounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.render.amp import Amp, Body, Chain, Rig
from bandstand.composer.render.bowed_patches import BOWED
from bandstand.composer.render.drums import beat_drum
from bandstand.composer.render.kits import KITS, MACHINES, hit_of
from bandstand.composer.render.perform import Sounding
from bandstand.composer.render.plucked import Plucked, pluck
from bandstand.composer.render.plucked_patches import PLUCKED
from bandstand.composer.render.rings import RingVoice
from bandstand.composer.render.struck import Struck, strike
from bandstand.composer.render.struck_patches import STRUCK
from bandstand.composer.render.synth_patches import SYNTHS
from bandstand.composer.render.waves import Wave, WaveVoice
from bandstand.composer.render.wind_patches import BLOWN

Patch = Wave | Struck | Plucked

PATCHES: Mapping[str, Patch] = {**STRUCK, **PLUCKED, **BOWED, **BLOWN, **SYNTHS}

_AMPS: Mapping[str, Rig] = {
    "overdriven-guitar": Rig(gain=7.0, presence=2.0, tight=95.0),
    "distorted-guitar": Rig(gain=30.0, presence=3.5, tight=130.0),
}
_VIOLIN_BOX = (
    (275.0, 5.0, 9.0), (395.0, -4.0, 6.0), (460.0, 6.0, 11.0), (550.0, 6.0, 11.0), (700.0, -5.0, 7.0),
    (880.0, 4.0, 9.0), (1180.0, 4.0, 9.0), (1500.0, -5.0, 7.0), (2450.0, 5.0, 3.0), (3300.0, 3.0, 5.0),
)  # fmt: skip
_BODIES: Mapping[str, tuple[tuple[float, float, float], ...]] = {
    "violin": _VIOLIN_BOX,
    "fiddle": _VIOLIN_BOX,
    "viola": tuple((0.8 * hertz, gain, q) for hertz, gain, q in _VIOLIN_BOX),
    "cello": tuple((0.41 * hertz, gain, q) for hertz, gain, q in _VIOLIN_BOX),
    "erhu": (
        (450.0, 5.0, 8.0),
        (780.0, 7.0, 7.0),
        (1250.0, -6.0, 6.0),
        (1900.0, 5.0, 7.0),
        (2900.0, 4.0, 5.0),
    ),
    "trumpet": ((1150.0, 2.5, 3.0), (2300.0, 3.0, 2.0), (5000.0, -3.0, 1.0)),
    "trombone": ((520.0, 2.5, 3.0), (1200.0, 2.0, 2.0)),
    "saxophone": ((640.0, 3.0, 6.0), (1050.0, -4.0, 5.0), (1600.0, 3.0, 6.0), (3300.0, 2.0, 3.0)),
    "tenor-saxophone": (
        (480.0, 3.0, 6.0),
        (860.0, -4.0, 5.0),
        (1300.0, 3.0, 6.0),
        (2700.0, 2.0, 3.0),
    ),
    "clarinet": ((1500.0, 3.0, 3.0), (3000.0, -3.0, 2.0)),
}
"""Resonances of the body, for instruments whose vibrato is heard in them: (Hz, dB, q)."""


_HANDS = 8.0
"""Cents by which two strokes of a drummer differ, and the like in brightness."""


class Voice(Protocol):
    """Whatever plays notes into a block; kept by one part, so that it may remember rings."""

    def tail(self, note: Sounding) -> int: ...

    def play(self, out: NDArray[np.float32], at: int, note: Sounding) -> None: ...


def voice_of(instrument: str, rate: int, *, tonic: int, seed: int) -> Voice:
    """The voice of an instrument at one rate; tonic: the pitch class its drums are tuned to."""
    if instrument in KITS:
        return _kit_voice(instrument, rate, tonic=tonic, seed=seed)
    patch = PATCHES[instrument]
    if isinstance(patch, Wave):
        return WaveVoice(patch, rate)
    if isinstance(patch, Struck):
        return _struck_voice(patch, rate, seed)
    return _plucked_voice(patch, rate, seed)


def chain_of(instrument: str, rate: int, *, sampled: bool = False) -> Chain | None:
    """What the whole part of an instrument is played through; samples bring their own box and amplifier."""
    if sampled:
        return None
    if instrument in _AMPS:
        return Amp(rate, _AMPS[instrument])
    if instrument in _BODIES:
        return Body(rate, _BODIES[instrument])
    return None


def _struck_voice(patch: Struck, rate: int, seed: int) -> RingVoice:
    def make(pitch: int, strength: float, samples: int, muted: bool) -> NDArray[np.float32]:  # noqa: FBT001
        del muted
        return strike(patch, pitch=pitch, strength=strength, samples=samples, rate=rate, seed=seed)

    return RingVoice(make, patch.seconds_at, rate, release=patch.release)


def _plucked_voice(patch: Plucked, rate: int, seed: int) -> RingVoice:
    def make(pitch: int, strength: float, samples: int, muted: bool) -> NDArray[np.float32]:  # noqa: FBT001
        return pluck(
            patch,
            pitch=pitch,
            strength=strength,
            samples=samples,
            rate=rate,
            seed=seed,
            muted=muted,
        )

    return RingVoice(
        make,
        patch.seconds_at,
        rate,
        release=patch.release,
        human=patch.human,
        doubled=patch.doubled,
        palm=patch.palm,
    )


def _kit_voice(kit: str, rate: int, *, tonic: int, seed: int) -> RingVoice:
    def seconds_at(key: int) -> float:
        return hit_of(kit, key).seconds

    def make(key: int, strength: float, samples: int, muted: bool) -> NDArray[np.float32]:  # noqa: FBT001
        del muted
        whole = max(samples, int(seconds_at(key) * rate))  # its noise depends on its length
        hit = hit_of(kit, key)
        return beat_drum(
            hit, strength=strength, samples=whole, rate=rate, tonic=tonic, seed=seed + key
        )

    human = 0.0 if kit in MACHINES else _HANDS
    return RingVoice(make, seconds_at, rate, release=0.04, loudness=1.5, human=human)
