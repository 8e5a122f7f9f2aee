"""Instrument name -> how it is made. Data first; `voice_of` and `amp_of` turn it into something that plays.

Every name of `instruments.INSTRUMENTS` is here or is a kit of `kits.py`. Numbers were set by measuring spectra and
decays, and by what is known of the instruments; nobody's samples are behind them.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.render.amp import Amp
from bandstand.composer.render.drums import beat_drum
from bandstand.composer.render.kits import KITS, hit_of
from bandstand.composer.render.plucked import Plucked, pluck
from bandstand.composer.render.rings import RingVoice
from bandstand.composer.render.struck import Struck, strike
from bandstand.composer.render.waves import Wave, WaveVoice

Patch = Wave | Struck | Plucked

_GUITAR_BOX = ((105.0, 4.0, 2.0), (210.0, 3.0, 2.5), (420.0, 1.5, 2.0), (2600.0, 1.5, 1.0))
_FIDDLE = ((290.0, 4.0, 70.0), (480.0, 4.0, 110.0), (1000.0, 2.0, 260.0), (2700.0, 7.0, 900.0))
_AH = ((700.0, 13.0, 140.0), (1120.0, 10.0, 160.0), (2650.0, 9.0, 300.0), (3400.0, 5.0, 400.0))
_OO = ((380.0, 12.0, 120.0), (860.0, 8.0, 160.0), (2500.0, 5.0, 300.0))

_BASS_STRING = Plucked(
    seconds=5.0, per_octave=0.3, high=0.35, place=0.24, bright=-5.0, release=0.06
)
_ELECTRIC_STRING = Plucked(
    seconds=9.0, per_octave=0.3, high=1.6, place=0.15, bright=-3.5, strings=2, chorus=5.0, spread=1.0
)  # fmt: skip
_BOWED = Wave(
    tilt=-1.0, formants=_FIDDLE, attack=0.07, release=0.14, rest=5.2, follow=0.6, touch=1.6,
    vibrato=5.6, depth=13.0, delay=0.28, scoop=-0.18, breath=0.035, chiff=1.5, spread=0.1,
)  # fmt: skip
_BRASS = Wave(
    tilt=-1.2, formants=((1250.0, 5.0, 500.0),), attack=0.035, decay=0.25, sustain=0.82, release=0.09, rest=1.9,
    follow=2.3, touch=2.6, strike=0.7, strike_seconds=0.06, vibrato=5.2, depth=9.0, delay=0.45, scoop=-0.35,
    breath=0.012, chiff=2.0,
)  # fmt: skip

PATCHES: dict[str, Patch] = {
    # keys
    "piano": Struck(
        tilt=-7.0, soft_tilt=-6.5, seconds=7.0, per_octave=0.75, damping=0.75, place=0.125, stiffness=0.00035,
        chorus=0.9, thump=0.5, thump_hertz=700.0, spread=0.35, release=0.16,
    ),
    "electric-piano": Struck(
        ratios=(1.0, 2.0, 3.0, 4.0, 5.0, 7.1, 15.3), levels=(0.0, -13.0, -19.0, -27.0, -32.0, -26.0, -34.0),
        soft_tilt=-7.0, seconds=4.5, per_octave=0.45, damping=0.9, thump=0.16, spread=0.18, release=0.14,
    ),
    "harpsichord": Plucked(
        seconds=3.5, per_octave=0.5, high=1.4, place=0.11, bright=-0.5, soft=-0.8, strings=2, chorus=2.5,
        spread=0.4, click=0.5, release=0.07,
    ),
    # mallets
    "music-box": Struck(
        ratios=(1.0, 2.0, 4.1, 6.27), levels=(0.0, -12.0, -17.0, -22.0), seconds=2.8, per_octave=0.4,
        damping=0.5, thump=0.2, thump_hertz=3500.0, spread=0.3, release=1.2,
    ),
    "vibraphone": Struck(
        ratios=(1.0, 4.0, 9.9), levels=(0.0, -15.0, -28.0), soft_tilt=-4.0, seconds=6.0, per_octave=0.4,
        damping=0.75, thump=0.12, spread=0.25, release=0.5,
    ),
    "marimba": Struck(
        ratios=(1.0, 3.93, 9.4), levels=(0.0, -14.0, -24.0), soft_tilt=-4.0, seconds=1.1, per_octave=0.7,
        damping=0.9, thump=0.4, thump_hertz=900.0, spread=0.2, release=0.4,
    ),
    "xylophone": Struck(
        ratios=(1.0, 3.0, 6.1, 9.8), levels=(0.0, -7.0, -14.0, -20.0), soft_tilt=-3.0, seconds=0.75,
        per_octave=0.5, damping=0.5, thump=0.6, thump_hertz=2500.0, spread=0.2, release=0.4,
    ),
    "bells": Struck(
        ratios=(1.0, 2.0, 2.76, 5.4, 8.9), levels=(0.0, -17.0, -11.0, -15.0, -21.0), soft_tilt=-3.0,
        seconds=6.0, per_octave=0.3, damping=0.5, thump=0.2, thump_hertz=4000.0, spread=0.4, release=2.0,
    ),
    "steel-drum": Struck(
        ratios=(1.0, 2.0, 3.0, 4.0, 5.02, 6.1), levels=(0.0, -4.0, -13.0, -12.0, -20.0, -22.0), soft_tilt=-4.0,
        seconds=1.7, per_octave=0.3, damping=0.35, chorus=3.0, swell=0.5, thump=0.4, thump_hertz=1500.0,
        spread=0.3, release=0.4,
    ),
    "kalimba": Struck(
        ratios=(1.0, 2.0, 5.9, 8.8), levels=(0.0, -22.0, -17.0, -25.0), soft_tilt=-4.0, seconds=1.9,
        per_octave=0.4, damping=0.7, thump=0.6, thump_hertz=1200.0, spread=0.25, release=0.5,
    ),
    # organ
    "organ": Wave(
        shape=(1.0, 0.75, 0.6, 0.35, 0.0, 0.22, 0.0, 0.2), attack=0.006, release=0.05, rest=6.0, touch=0.5,
        strike=0.6, strike_seconds=0.03, players=2, detune=2.0, spread=0.5, breath=0.01, chiff=6.0,
    ),
    "church-organ": Wave(
        shape=(1.0, 0.8, 0.35, 0.6, 0.15, 0.25, 0.05, 0.4, 0.0, 0.1, 0.0, 0.12, 0.0, 0.0, 0.0, 0.15),
        attack=0.05, release=0.3, rest=6.0, touch=0.2, players=3, detune=5.0, spread=0.8, breath=0.02, chiff=2.0,
    ),
    "accordion": Wave(
        shape="pulse", tilt=-1.0, formants=((1100.0, 4.0, 500.0),), attack=0.04, release=0.06, rest=5.0,
        follow=0.8, players=2, detune=7.0, spread=0.35,
    ),
    "harmonica": Wave(
        shape="pulse", formants=((1800.0, 6.0, 700.0),), attack=0.05, release=0.07, rest=4.2, follow=1.2,
        touch=1.5, vibrato=5.0, depth=9.0, delay=0.3, scoop=-0.5, breath=0.03, chiff=1.0,
    ),
    # plucked
    "nylon-guitar": Plucked(
        seconds=3.4, high=0.42, place=0.3, bright=-5.0, body=_GUITAR_BOX, click=0.15, release=0.1,
    ),
    "steel-guitar": Plucked(
        seconds=5.0, high=1.1, place=0.18, bright=-2.6, body=_GUITAR_BOX, click=0.35, release=0.1,
    ),
    "clean-guitar": Plucked(
        seconds=6.0, high=0.9, place=0.13, bright=-3.2, body=((2200.0, 4.0, 0.9), (180.0, 2.0, 1.0)),
        strings=2, chorus=5.0, spread=0.7, click=0.2, release=0.08,
    ),
    "muted-guitar": Plucked(
        seconds=0.5, high=0.12, place=0.12, bright=-3.5, body=((900.0, 3.0, 1.0),), click=0.5, release=0.04,
    ),
    "overdriven-guitar": _ELECTRIC_STRING,
    "distorted-guitar": _ELECTRIC_STRING,
    "harp": Plucked(
        seconds=4.5, per_octave=0.6, high=0.7, place=0.42, bright=-4.0, soft=-3.0, body=((240.0, 3.0, 1.5),),
        release=1.0, strings=2, chorus=1.5, spread=0.4,
    ),
    "banjo": Plucked(
        seconds=1.1, high=0.5, place=0.09, bright=-0.5, body=((650.0, 6.0, 1.5), (1400.0, 4.0, 1.2)), click=0.9,
    ),
    "mandolin": Plucked(
        seconds=1.8, high=0.8, place=0.12, bright=-1.0, strings=2, chorus=6.0, spread=0.4,
        body=((430.0, 4.0, 2.0), (3000.0, 3.0, 1.0)), click=0.6,
    ),
    "ukulele": Plucked(
        seconds=1.5, high=0.3, place=0.28, bright=-4.0, body=((330.0, 5.0, 2.0), (700.0, 3.0, 1.5)), click=0.3,
    ),
    "sitar": Struck(
        tilt=-2.5, soft_tilt=-3.0, seconds=4.0, per_octave=0.5, damping=0.3, place=0.07, swell=0.85, thump=0.5,
        thump_hertz=2500.0, chorus=1.5, spread=0.35, release=0.6, hush=((5, -15.0), (10, -9.0)),
    ),
    "koto": Plucked(
        seconds=2.6, high=0.75, place=0.1, bright=-1.8, body=((520.0, 4.0, 1.5), (1300.0, 2.0, 1.0)), click=0.6,
        release=0.3,
    ),
    # the third of the drone would turn every minor raga into major: its 5th and 10th partial are hushed
    "tanpura": Struck(
        tilt=-3.0, soft_tilt=-2.0, seconds=6.5, per_octave=0.4, damping=0.25, swell=0.9, chorus=1.2,
        spread=0.4, release=1.5, hush=((5, -22.0), (10, -16.0), (20, -12.0), (7, -8.0), (14, -8.0)),
    ),
    # bass
    "acoustic-bass": Plucked(
        seconds=2.6, per_octave=0.3, high=0.22, place=0.32, bright=-5.5, body=((98.0, 4.0, 1.5), (700.0, 2.0, 1.0)),
        click=0.3, release=0.07,
    ),
    "electric-bass": _BASS_STRING,
    "slap-bass": Plucked(
        seconds=4.0, per_octave=0.3, high=1.0, place=0.08, bright=-2.5, body=((80.0, 3.0, 1.0), (3200.0, 4.0, 0.9)),
        click=1.2, release=0.05,
    ),
    "synth-bass": Wave(
        shape="saw", resonance=0.35, attack=0.003, decay=0.25, sustain=0.75, release=0.06, rest=2.2, strike=2.8,
        strike_seconds=0.16, touch=2.0, players=1,
    ),
    "sub-bass": Wave(
        shape=(1.0, 0.45, 0.25, 0.12, 0.06), attack=0.005, decay=0.5, sustain=0.85, release=0.07, rest=3.0, strike=2.5,
        strike_seconds=0.06, scoop=4.0, scoop_seconds=0.008,
    ),
    # bowed
    "violin": _BOWED,
    "viola": Wave(
        tilt=-1.6, formants=((220.0, 4.0, 70.0), (420.0, 4.0, 100.0), (900.0, 3.0, 250.0), (2000.0, 5.0, 700.0)),
        attack=0.08, release=0.15, rest=4.9, follow=0.6, touch=1.6, vibrato=5.3, depth=12.0, delay=0.3,
        scoop=-0.15, breath=0.03, chiff=1.5,
    ),
    "cello": Wave(
        tilt=-1.8, formants=((180.0, 3.0, 60.0), (320.0, 4.0, 90.0), (620.0, 3.0, 180.0), (1500.0, 4.0, 600.0)),
        attack=0.09, release=0.18, rest=4.8, follow=0.6, touch=1.6, vibrato=5.0, depth=12.0, delay=0.32,
        scoop=-0.12, breath=0.025, chiff=1.5,
    ),
    "strings": Wave(
        tilt=-1.8, formants=((420.0, 3.0, 200.0), (2200.0, 3.0, 1000.0)), attack=0.16, release=0.35, rest=4.6,
        follow=0.7, touch=1.2, players=4, detune=9.0, spread=0.9, vibrato=5.4, depth=5.0, delay=0.2, breath=0.012,
    ),
    # voices
    "choir": Wave(
        tilt=-2.0, formants=_AH, attack=0.18, release=0.4, rest=5.0, follow=0.5, touch=0.8, players=4, detune=9.0,
        spread=0.9, vibrato=5.1, depth=8.0, delay=0.2, breath=0.03,
    ),
    "voice": Wave(
        tilt=-2.0, formants=_OO, attack=0.07, release=0.16, rest=5.0, follow=0.6, vibrato=5.4, depth=16.0,
        delay=0.35, scoop=-0.6, scoop_seconds=0.07, breath=0.03, chiff=0.5, players=2, detune=4.0, spread=0.25,
    ),
    # brass
    "trumpet": _BRASS,
    "trombone": Wave(
        tilt=-1.4, formants=((600.0, 4.0, 250.0),), attack=0.05, decay=0.3, sustain=0.85, release=0.1, rest=2.2,
        follow=2.3, touch=2.4, strike=0.5, strike_seconds=0.07, vibrato=4.8, depth=7.0, delay=0.5, scoop=-0.4,
        breath=0.012, chiff=2.0,
    ),
    "horn": Wave(
        tilt=-3.0, formants=((450.0, 4.0, 200.0),), attack=0.07, decay=0.3, sustain=0.9, release=0.14, rest=2.0,
        follow=1.9, touch=2.0, scoop=-0.2, breath=0.01,
    ),
    "brass": Wave(
        tilt=-1.0, formants=((1000.0, 3.0, 500.0),), attack=0.03, decay=0.25, sustain=0.8, release=0.1, rest=2.2,
        follow=2.5, touch=2.0, strike=0.8, strike_seconds=0.07, players=3, detune=9.0, spread=0.7, scoop=-0.2,
    ),
    # wind
    "saxophone": Wave(
        shape="pulse", tilt=-1.0, formants=((550.0, 4.0, 250.0), (1500.0, 4.0, 500.0)), attack=0.035, decay=0.3,
        sustain=0.88, release=0.08, rest=3.6, follow=1.4, touch=2.2, strike=0.4, strike_seconds=0.06, vibrato=5.2,
        depth=13.0, delay=0.35, scoop=-0.6, scoop_seconds=0.04, breath=0.05, chiff=1.2,
    ),
    "oboe": Wave(
        shape="pulse", formants=((1050.0, 8.0, 300.0), (2800.0, 6.0, 600.0)), attack=0.045, release=0.07,
        rest=5.0, follow=0.5, vibrato=5.2, depth=9.0, delay=0.35, scoop=-0.15, breath=0.015,
    ),
    "clarinet": Wave(
        shape=(1.0, 0.05, 0.55, 0.07, 0.35, 0.1, 0.2, 0.12, 0.12, 0.08, 0.06), attack=0.05, release=0.07, rest=4.0,
        follow=1.2, touch=1.6, scoop=-0.1, breath=0.025, chiff=0.5,
    ),
    "flute": Wave(
        shape=(1.0, 0.42, 0.2, 0.08, 0.04, 0.02), attack=0.06, release=0.1, rest=3.0, follow=1.2, touch=1.6,
        vibrato=5.1, depth=9.0, delay=0.3, scoop=-0.1, breath=0.11, chiff=2.5,
    ),
    "whistle": Wave(
        shape=(1.0, 0.12, 0.06), attack=0.03, release=0.06, rest=4.0, vibrato=5.6, depth=10.0, delay=0.25,
        scoop=-0.4, breath=0.07, chiff=2.0,
    ),
    # synth
    "lead-synth": Wave(
        resonance=0.25, attack=0.006, decay=0.4, sustain=0.8, release=0.14, rest=4.3, strike=1.5, touch=1.8,
        strike_seconds=0.25, players=3, detune=10.0, spread=0.6, vibrato=5.5, depth=7.0, delay=0.4,
    ),
    "square-lead": Wave(
        shape="square", attack=0.004, decay=0.2, sustain=0.75, release=0.05, rest=6.0, vibrato=6.0, depth=9.0,
        delay=0.25,
    ),
    "pulse-synth": Wave(
        shape="pulse", attack=0.003, decay=0.15, sustain=0.6, release=0.05, rest=6.0, touch=0.5,
    ),
    "pad-synth": Wave(
        tilt=-0.5, resonance=0.15, attack=0.3, release=0.7, rest=3.6, follow=1.0, players=4, detune=11.0,
        spread=1.0, vibrato=0.4, depth=3.0, delay=0.0,
    ),
    "warm-pad": Wave(
        shape="triangle", tilt=2.0, attack=0.35, release=0.8, rest=2.6, follow=0.8, players=4, detune=9.0,
        spread=1.0, vibrato=0.3, depth=3.0, delay=0.0,
    ),
    "pluck-synth": Wave(
        resonance=0.4, attack=0.002, decay=0.22, sustain=0.0, release=0.25, rest=0.8, strike=5.0,
        strike_seconds=0.13, touch=2.0, players=2, detune=9.0, spread=0.7,
    ),
}  # fmt: skip

PATCHES |= {
    "upright-piano": PATCHES["piano"],
    "honky-tonk-piano": PATCHES["piano"],
    "wurlitzer": PATCHES["electric-piano"],
    "clavinet": PATCHES["harpsichord"],
    "celesta": PATCHES["music-box"],
    "glockenspiel": PATCHES["bells"],
    "fm-bells": PATCHES["bells"],
    "dulcimer": PATCHES["harpsichord"],
    "santoor": PATCHES["harpsichord"],
    "hang": PATCHES["steel-drum"],
    "timpani": PATCHES["marimba"],
    "bandoneon": PATCHES["accordion"],
    "melodica": PATCHES["harmonica"],
    "twelve-string-guitar": PATCHES["steel-guitar"],
    "guzheng": PATCHES["koto"],
    "shamisen": PATCHES["banjo"],
    "oud": PATCHES["nylon-guitar"],
    "sarod": PATCHES["sitar"],
    "fretless-bass": PATCHES["acoustic-bass"],
    "picked-bass": PATCHES["electric-bass"],
    "acid-bass": PATCHES["synth-bass"],
    "reese-bass": PATCHES["synth-bass"],
    "tremolo-strings": PATCHES["strings"],
    "pizzicato-strings": PATCHES["harp"],
    "fiddle": PATCHES["violin"],
    "erhu": PATCHES["violin"],
    "choir-synth": PATCHES["choir"],
    "voice-synth": PATCHES["voice"],
    "theremin": PATCHES["whistle"],
    "muted-trumpet": PATCHES["trumpet"],
    "tuba": PATCHES["trombone"],
    "brass-synth": PATCHES["lead-synth"],
    "orchestra-hit": PATCHES["brass"],
    "soprano-saxophone": PATCHES["saxophone"],
    "tenor-saxophone": PATCHES["saxophone"],
    "baritone-saxophone": PATCHES["saxophone"],
    "english-horn": PATCHES["oboe"],
    "bassoon": PATCHES["oboe"],
    "duduk": PATCHES["clarinet"],
    "bagpipe": PATCHES["oboe"],
    "piccolo": PATCHES["whistle"],
    "recorder": PATCHES["flute"],
    "pan-flute": PATCHES["flute"],
    "shakuhachi": PATCHES["flute"],
    "ney": PATCHES["flute"],
    "bansuri": PATCHES["flute"],
    "supersaw": PATCHES["lead-synth"],
}

_AMPS: dict[str, tuple[float, float]] = {
    "overdriven-guitar": (5.0, 3.0),
    "distorted-guitar": (22.0, 5.5),
}


class Voice(Protocol):
    """Whatever plays notes into a block; kept by one part, so that it may remember rings."""

    def tail(self, hold: int, pitch: int) -> int: ...

    def play(
        self,
        out: NDArray[np.float32],
        at: int,
        hold: int,
        *,
        pitch: int,
        velocity: float,
        bend: float,
        seed: int,
    ) -> None: ...


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


def amp_of(instrument: str, rate: int) -> Amp | None:
    """The amplifier an instrument plays through; None for the others."""
    if instrument not in _AMPS:
        return None
    gain, presence = _AMPS[instrument]
    return Amp(rate, gain=gain, presence=presence)


def _struck_voice(patch: Struck, rate: int, seed: int) -> RingVoice:
    def make(pitch: int, strength: float, samples: int) -> NDArray[np.float32]:
        return strike(patch, pitch=pitch, strength=strength, samples=samples, rate=rate, seed=seed)

    return RingVoice(make, patch.seconds_at, rate, release=patch.release)


def _plucked_voice(patch: Plucked, rate: int, seed: int) -> RingVoice:
    def make(pitch: int, strength: float, samples: int) -> NDArray[np.float32]:
        return pluck(patch, pitch=pitch, strength=strength, samples=samples, rate=rate, seed=seed)

    return RingVoice(make, patch.seconds_at, rate, release=patch.release)


def _kit_voice(kit: str, rate: int, *, tonic: int, seed: int) -> RingVoice:
    def seconds_at(key: int) -> float:
        return hit_of(kit, key).seconds

    def make(key: int, strength: float, samples: int) -> NDArray[np.float32]:
        whole = max(samples, int(seconds_at(key) * rate))  # its noise depends on its length
        hit = hit_of(kit, key)
        return beat_drum(
            hit, strength=strength, samples=whole, rate=rate, tonic=tonic, seed=seed + key
        )

    return RingVoice(make, seconds_at, rate, release=0.04, loudness=1.5)
