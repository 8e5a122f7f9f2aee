"""The drum kits: General MIDI percussion keys -> what each drum is made of. Data only; the sound is in `drums.py`.

A kit is the base kit with what it does differently; a key nobody defines sounds as a near relative.
"""

from __future__ import annotations

from dataclasses import replace

from bandstand.composer.render.drums import Hit
from bandstand.composer.render.hand_kits import (
    BODHRAN,
    BONGOS,
    CAJON,
    CONGAS,
    DHOL,
    DJEMBE,
    FRAME_DRUM,
    SURDO_KIT,
    TAIKO,
)
from bandstand.composer.render.machine_kits import INDUSTRIAL, MACHINE_909, TRAP

_FIFTHS, _TONIC = (0, 7), (0,)

_KICK = Hit(
    level=1.5,
    tone=62.0,
    tone_level=1.0,
    tone_seconds=0.34,
    sweep=1.9,
    sweep_seconds=0.018,
    tuned=_TONIC,
    noise=0.10,
    noise_seconds=0.03,
    low=900.0,
    high=4500.0,
    click=0.35,
    drive=0.25,
)
_SNARE = Hit(
    level=1.0,
    tone=185.0,
    tone_level=0.55,
    tone_seconds=0.16,
    sweep=0.5,
    sweep_seconds=0.012,
    tuned=_FIFTHS,
    overtones=((1.59, 0.45, 0.12), (2.14, 0.2, 0.08)),
    noise=0.85,
    noise_seconds=0.24,
    low=900.0,
    high=9500.0,
    click=0.2,
    wide=0.25,
    drive=0.15,
)
_CLOSED = Hit(
    level=0.50,
    noise=0.55,
    noise_seconds=0.075,
    low=7000.0,
    high=14000.0,
    metal=0.35,
    metal_seconds=0.07,
    metal_low=6500.0,
    pan=0.25,
    wide=0.3,
)
_OPEN = replace(_CLOSED, noise_seconds=0.55, metal_seconds=0.65)
_CRASH = Hit(
    level=0.75,
    noise=0.8,
    noise_seconds=2.2,
    low=2600.0,
    high=13000.0,
    metal=0.4,
    metal_seconds=1.8,
    metal_tone=410.0,
    metal_low=3500.0,
    pan=-0.35,
    wide=0.9,
)
_RIDE = Hit(
    level=0.42,
    tone=3050.0,
    tone_level=0.16,
    tone_seconds=0.5,
    overtones=((1.47, 0.6, 0.7),),
    noise=0.35,
    noise_seconds=0.9,
    low=5000.0,
    high=12000.0,
    metal=0.5,
    metal_seconds=1.1,
    metal_tone=520.0,
    metal_low=4500.0,
    pan=0.4,
    wide=0.6,
)
_TOM = Hit(
    level=1.2,
    tone=98.0,
    tone_level=1.0,
    tone_seconds=0.5,
    sweep=0.6,
    sweep_seconds=0.04,
    tuned=_FIFTHS,
    overtones=((1.59, 0.25, 0.25), (2.3, 0.12, 0.14)),
    noise=0.16,
    noise_seconds=0.06,
    low=500.0,
    high=5000.0,
)
_CONGA = Hit(
    level=0.9,
    tone=220.0,
    tone_level=0.8,
    tone_seconds=0.32,
    sweep=0.2,
    sweep_seconds=0.02,
    tuned=_FIFTHS,
    overtones=((1.83, 0.25, 0.12), (2.71, 0.12, 0.07)),
    noise=0.14,
    noise_seconds=0.025,
    low=1200.0,
    high=7000.0,
    pan=-0.3,
)
_WOOD = Hit(
    level=0.6,
    tone=1150.0,
    tone_level=0.8,
    tone_seconds=0.07,
    overtones=((2.52, 0.4, 0.04), (4.2, 0.15, 0.02)),
    noise=0.08,
    noise_seconds=0.01,
    low=2500.0,
    high=9000.0,
    pan=0.3,
)
_SHAKER = Hit(
    level=0.42,
    noise=0.8,
    noise_seconds=0.07,
    low=5200.0,
    high=13000.0,
    swish=0.02,
    pan=0.45,
    wide=0.2,
)

BASE: dict[int, Hit] = {
    36: _KICK,
    37: Hit(level=0.6, tone=820.0, tone_level=0.6, tone_seconds=0.05, overtones=((2.1, 0.6, 0.04),),
            noise=0.3, noise_seconds=0.03, low=1500.0, high=9000.0, pan=-0.1),
    38: _SNARE,
    39: Hit(level=0.8, noise=0.9, noise_seconds=0.18, low=950.0, high=6500.0, claps=3, wide=0.35),
    41: replace(_TOM, tone=73.0, pan=0.4),
    42: _CLOSED,
    43: replace(_TOM, tone=87.0, pan=0.3),
    44: replace(_CLOSED, level=0.32, noise_seconds=0.05),
    45: replace(_TOM, tone=110.0, pan=0.1),
    46: _OPEN,
    47: replace(_TOM, tone=131.0, pan=-0.1),
    48: replace(_TOM, tone=155.0, pan=-0.25),
    49: _CRASH,
    50: replace(_TOM, tone=185.0, pan=-0.4),
    51: _RIDE,
    52: replace(_CRASH, noise_seconds=1.2, metal_tone=310.0, metal=0.7),
    53: replace(_RIDE, tone=1480.0, tone_level=0.4, noise=0.15),
    54: replace(_SHAKER, level=0.5, metal=0.6, metal_seconds=0.16, metal_tone=900.0, noise_seconds=0.1),
    55: replace(_CRASH, level=0.6, noise_seconds=0.9, metal_seconds=0.7, pan=0.1),
    56: Hit(level=0.5, tone=562.0, tone_level=0.6, tone_seconds=0.22,
            overtones=((1.504, 0.8, 0.2), (2.6, 0.4, 0.1)), pan=0.3),
    57: replace(_CRASH, metal_tone=370.0, pan=0.35),
    58: replace(_WOOD, tone=1900.0, noise=0.5, noise_seconds=0.4),
    60: replace(_CONGA, tone=415.0, tone_seconds=0.18, pan=0.3),
    61: replace(_CONGA, tone=311.0, tone_seconds=0.2, pan=0.3),
    62: replace(_CONGA, tone=233.0, tone_seconds=0.09, noise=0.3),
    63: replace(_CONGA, tone=233.0),
    64: replace(_CONGA, tone=175.0, tone_seconds=0.4),
    65: replace(_CONGA, tone=349.0, noise=0.3, noise_seconds=0.08, pan=0.4),
    66: replace(_CONGA, tone=261.0, noise=0.3, noise_seconds=0.08, pan=0.4),
    67: Hit(level=0.45, tone=1040.0, tone_level=0.6, tone_seconds=0.3, overtones=((2.68, 0.4, 0.2),), tuned=_FIFTHS, pan=-0.4),
    68: Hit(level=0.45, tone=780.0, tone_level=0.6, tone_seconds=0.3, overtones=((2.68, 0.4, 0.2),), tuned=_FIFTHS, pan=-0.4),
    69: replace(_SHAKER, noise_seconds=0.05, swish=0.012),
    70: replace(_SHAKER, noise_seconds=0.04, swish=0.008, low=6500.0),
    75: replace(_WOOD, tone=2500.0, tone_seconds=0.06),
    76: _WOOD,
    77: replace(_WOOD, tone=820.0),
    80: Hit(level=0.3, tone=4300.0, tone_level=0.5, tone_seconds=0.15, overtones=((1.37, 0.6, 0.15), (1.83, 0.5, 0.1)), pan=-0.5),
    81: Hit(level=0.3, tone=4300.0, tone_level=0.5, tone_seconds=1.4, overtones=((1.37, 0.6, 1.6), (1.83, 0.5, 1.1)), pan=-0.5),
}  # fmt: skip

_BRUSH: dict[int, Hit] = {
    36: replace(_KICK, level=1.1, sweep=1.0, tone_seconds=0.3, click=0.1, noise=0.05, drive=0.0),
    38: Hit(level=0.75, tone=190.0, tone_level=0.25, tone_seconds=0.1, tuned=_FIFTHS, noise=0.8,
            noise_seconds=0.22, low=1500.0, high=8500.0, swish=0.012, wide=0.5),
    42: replace(_CLOSED, level=0.38, noise_seconds=0.06, high=11000.0),
    51: replace(_RIDE, level=0.5, tone_level=0.2, metal=0.35),
}  # fmt: skip

_JAZZ: dict[int, Hit] = {
    36: replace(_KICK, level=1.15, tone=78.0, sweep=0.7, tone_seconds=0.4, overtones=((1.59, 0.2, 0.2),), click=0.15,
                noise=0.06, drive=0.05),
    38: replace(_SNARE, level=0.9, tone=208.0, tone_seconds=0.14, noise=0.75, noise_seconds=0.28, low=1300.0,
                high=11000.0, drive=0.0),
    42: replace(_CLOSED, level=0.42, noise_seconds=0.06, metal=0.45, metal_seconds=0.08),
    44: replace(_CLOSED, level=0.36, noise_seconds=0.07, low=5500.0),
    45: replace(_TOM, tone=117.0, tone_seconds=0.55, pan=0.3),
    47: replace(_TOM, tone=147.0, tone_seconds=0.5),
    50: replace(_TOM, tone=196.0, tone_seconds=0.4, pan=-0.3),
    51: replace(_RIDE, level=0.52, tone=3400.0, tone_level=0.28, tone_seconds=0.35, noise=0.28, noise_seconds=1.6,
                metal=0.4, metal_seconds=1.5, click=0.25),
    53: replace(_RIDE, tone=1720.0, tone_level=0.5, tone_seconds=0.9, noise=0.12, click=0.2),
}  # fmt: skip

_ELECTRONIC: dict[int, Hit] = {
    36: Hit(level=1.7, tone=57.0, tone_level=1.0, tone_seconds=0.32, sweep=2.6, sweep_seconds=0.022,
            tuned=_TONIC, click=0.5, noise=0.06, noise_seconds=0.015, low=2000.0, high=8000.0, drive=0.45),
    38: Hit(level=0.95, tone=208.0, tone_level=0.45, tone_seconds=0.13, sweep=0.7, tuned=_FIFTHS,
            noise=0.95, noise_seconds=0.2, low=1200.0, high=11000.0, wide=0.4, drive=0.3),
    42: Hit(level=0.45, noise=0.8, noise_seconds=0.055, low=8000.0, high=15000.0, metal=0.2, metal_seconds=0.04, wide=0.2, pan=0.15),
    46: Hit(level=0.45, noise=0.8, noise_seconds=0.32, low=7500.0, high=15000.0, metal=0.25, metal_seconds=0.28, wide=0.4, pan=0.15),
}  # fmt: skip

_808: dict[int, Hit] = {
    36: Hit(level=1.6, tone=49.0, tone_level=1.0, tone_seconds=0.75, sweep=1.4, sweep_seconds=0.02,
            tuned=_TONIC, click=0.25, drive=0.35),
    37: replace(_WOOD, tone=1700.0, level=0.5),
    38: Hit(level=0.9, tone=180.0, tone_level=0.7, tone_seconds=0.14, overtones=((1.83, 0.5, 0.08),), tuned=_FIFTHS,
            noise=0.6, noise_seconds=0.17, low=1800.0, high=9000.0, wide=0.2),
    42: Hit(level=0.4, noise=0.15, noise_seconds=0.04, low=8000.0, metal=0.8, metal_seconds=0.06, metal_low=7000.0, pan=0.15),
    46: Hit(level=0.4, noise=0.15, noise_seconds=0.3, low=8000.0, metal=0.8, metal_seconds=0.45, metal_low=7000.0, pan=0.15),
    56: Hit(level=0.5, tone=540.0, tone_level=0.6, tone_seconds=0.3, overtones=((1.48, 0.9, 0.3), (3.0, 0.3, 0.1)), pan=0.3),
}  # fmt: skip

_LOFI: dict[int, Hit] = {
    36: replace(_KICK, level=1.6, sweep=1.2, tone_seconds=0.26, click=0.15, noise=0.05, high=2500.0, drive=0.5),
    38: replace(_SNARE, level=0.85, noise_seconds=0.17, high=4800.0, drive=0.5),
    42: replace(_CLOSED, level=0.42, noise_seconds=0.05, low=5000.0, high=8000.0),
    46: replace(_OPEN, level=0.4, noise_seconds=0.28, metal_seconds=0.25, low=4500.0, high=8000.0),
}  # fmt: skip

_CHIP: dict[int, Hit] = {
    36: Hit(level=1.5, tone=55.0, tone_level=1.0, tone_seconds=0.16, sweep=3.0, sweep_seconds=0.03, tuned=_TONIC,
            overtones=((3.0, 0.3, 0.1), (5.0, 0.15, 0.08)), drive=0.7),
    38: Hit(level=0.9, noise=1.0, noise_seconds=0.14, low=300.0, high=7000.0, drive=0.8),
    42: Hit(level=0.4, noise=0.9, noise_seconds=0.03, low=6000.0, drive=0.6),
    46: Hit(level=0.4, noise=0.9, noise_seconds=0.15, low=5000.0, drive=0.6),
    49: Hit(level=0.6, noise=1.0, noise_seconds=0.8, low=2000.0, drive=0.6),
}  # fmt: skip

_ORCHESTRAL: dict[int, Hit] = {
    36: Hit(level=1.7, tone=52.0, tone_level=1.0, tone_seconds=1.1, sweep=0.5, sweep_seconds=0.05, tuned=_TONIC,
            overtones=((1.5, 0.5, 0.8), (1.99, 0.35, 0.6)), noise=0.12, noise_seconds=0.08, low=150.0, high=1500.0),
    38: replace(_SNARE, noise_seconds=0.3, tone_level=0.35),
    41: replace(_TOM, tone=65.0, tone_seconds=1.0),
    43: replace(_TOM, tone=87.0, tone_seconds=0.9),
    49: replace(_CRASH, noise_seconds=3.0, metal_seconds=2.6),
}  # fmt: skip

_DAYAN = Hit(
    level=0.8, tone=311.0, tone_level=0.7, tone_seconds=0.55, tuned=_TONIC,
    overtones=((2.0, 0.5, 0.4), (3.0, 0.35, 0.25), (4.0, 0.2, 0.15)), noise=0.12, noise_seconds=0.02,
    low=2000.0, high=8000.0, pan=0.2,
)  # fmt: skip
_BAYAN = Hit(
    level=1.3, tone=82.0, tone_level=1.0, tone_seconds=0.5, tuned=_TONIC, bend=0.17, sweep=0.3,
    overtones=((2.02, 0.25, 0.2),), noise=0.10, noise_seconds=0.03, low=300.0, high=2500.0, pan=-0.15,
)  # fmt: skip
_KE = replace(
    _BAYAN, level=0.7, tone_level=0.2, tone_seconds=0.06, noise=0.6, noise_seconds=0.05, bend=0.0
)
_TE = replace(
    _DAYAN,
    level=0.6,
    tone_level=0.12,
    tone_seconds=0.06,
    noise=0.6,
    noise_seconds=0.045,
    high=5000.0,
)
_TUN = replace(_DAYAN, tone=156.0, tone_level=0.9, tone_seconds=0.8, noise=0.06)
_TIN = replace(
    _DAYAN, level=0.65, tone_seconds=0.4, overtones=((2.0, 0.2, 0.2), (3.0, 0.1, 0.1)), noise=0.05
)
# The six strokes of `instruments.KEYS`; what a western groove plays becomes the stroke that comes nearest.
_TABLA: dict[int, Hit] = {
    **dict.fromkeys((64, 35, 36, 41, 43, 45, 66), _BAYAN),
    **dict.fromkeys((62, 37, 39, 68, 77), _KE),
    **dict.fromkeys((60, 38, 40, 50, 65, 67), _DAYAN),
    **dict.fromkeys((61, 48), _TIN),
    **dict.fromkeys((63, 47), _TUN),
    **dict.fromkeys((76, 42, 44, 46, 54, 69, 70, 75), _TE),
}

KITS: dict[str, dict[int, Hit]] = {
    "acoustic-kit": BASE,
    "brush-kit": BASE | _BRUSH,
    "electronic-kit": BASE | _ELECTRONIC,
    "808-kit": BASE | _808,
    "lofi-kit": BASE | _LOFI,
    "chip-kit": BASE | _CHIP,
    "orchestral-kit": BASE | _ORCHESTRAL,
    "hand-percussion": BASE,
    "tabla": BASE | _TABLA,
    "jazz-kit": BASE | _JAZZ,
    "909-kit": BASE | _ELECTRONIC | MACHINE_909,
    "trap-kit": BASE | _808 | TRAP,
    "industrial-kit": BASE | _ELECTRONIC | INDUSTRIAL,
    "congas": BASE | CONGAS,
    "bongos": BASE | BONGOS,
    "cajon": BASE | CAJON,
    "djembe": BASE | DJEMBE,
    "frame-drum": BASE | FRAME_DRUM,
    "bodhran": BASE | BODHRAN,
    "dhol": BASE | DHOL,
    "surdo-kit": BASE | SURDO_KIT,
    "taiko": BASE | TAIKO,
}

MACHINES = frozenset(
    {"electronic-kit", "808-kit", "909-kit", "trap-kit", "industrial-kit", "chip-kit", "lofi-kit"}
)
"""Kits whose strokes are all the same, and that stand in no room."""

_RELATIVES = {35: 36, 40: 38, 59: 51, 71: 80, 72: 81, 73: 58, 74: 69, 78: 63, 79: 64}


def hit_of(kit: str, key: int) -> Hit:
    """What a key of a kit is made of; an unknown key clicks like a wood block."""
    drums = KITS[kit]
    return drums.get(key) or drums.get(_RELATIVES.get(key, 76)) or _WOOD
