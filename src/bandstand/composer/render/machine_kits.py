"""Drum machines and what was made of them: 909, trap, industrial. Data only; the sound is in `drums.py`."""

from __future__ import annotations

from dataclasses import replace

from bandstand.composer.render.drums import Hit

_TONIC, _FIFTHS = (0,), (0, 7)

_HAT_909 = Hit(
    level=0.46, noise=0.35, noise_seconds=0.06, low=7500.0, high=15500.0, metal=0.65, metal_seconds=0.075,
    metal_tone=440.0, metal_low=6200.0, click=0.12, pan=0.12, wide=0.15, drive=0.15,
)  # fmt: skip
MACHINE_909: dict[int, Hit] = {
    36: Hit(level=1.75, tone=52.0, tone_level=1.0, tone_seconds=0.42, sweep=2.3, sweep_seconds=0.032, tuned=_TONIC,
            noise=0.14, noise_seconds=0.012, low=1500.0, high=9000.0, click=0.75, drive=0.5),
    37: Hit(level=0.6, tone=1670.0, tone_level=0.5, tone_seconds=0.035, overtones=((0.55, 0.8, 0.03), (2.1, 0.4, 0.02)),
            click=0.6),
    38: Hit(level=1.0, tone=185.0, tone_level=0.6, tone_seconds=0.12, sweep=0.9, sweep_seconds=0.018, tuned=_FIFTHS,
            overtones=((1.78, 0.6, 0.09),), noise=0.8, noise_seconds=0.26, low=1600.0, high=10500.0, click=0.3,
            wide=0.2, drive=0.3),
    39: Hit(level=0.85, noise=1.0, noise_seconds=0.24, low=1000.0, high=7500.0, claps=4, wide=0.5, drive=0.2),
    42: _HAT_909,
    44: replace(_HAT_909, level=0.34, noise_seconds=0.04, metal_seconds=0.05),
    46: replace(_HAT_909, noise_seconds=0.42, metal_seconds=0.5),
    49: Hit(level=0.62, noise=0.5, noise_seconds=1.6, low=3000.0, high=14000.0, metal=0.7, metal_seconds=1.5,
            metal_tone=515.0, metal_low=3800.0, wide=0.6),
    51: Hit(level=0.46, noise=0.2, noise_seconds=0.7, low=5000.0, high=14000.0, metal=0.8, metal_seconds=1.0,
            metal_tone=620.0, metal_low=4800.0, click=0.15, wide=0.3, pan=0.2),
    45: Hit(level=1.2, tone=82.0, tone_level=1.0, tone_seconds=0.42, sweep=1.0, sweep_seconds=0.05, tuned=_FIFTHS,
            noise=0.1, noise_seconds=0.02, low=800.0, high=5000.0, drive=0.25),
    47: Hit(level=1.1, tone=123.0, tone_level=1.0, tone_seconds=0.36, sweep=1.0, sweep_seconds=0.045, tuned=_FIFTHS,
            noise=0.1, noise_seconds=0.02, low=800.0, high=5000.0, drive=0.25),
    50: Hit(level=1.0, tone=165.0, tone_level=1.0, tone_seconds=0.3, sweep=1.0, sweep_seconds=0.04, tuned=_FIFTHS,
            noise=0.1, noise_seconds=0.02, low=800.0, high=5000.0, drive=0.25),
}  # fmt: skip

_HAT_TRAP = Hit(
    level=0.38, noise=0.5, noise_seconds=0.032, low=9000.0, high=15500.0, metal=0.6, metal_seconds=0.035,
    metal_tone=540.0, metal_low=8000.0, click=0.2, pan=0.15, wide=0.1,
)  # fmt: skip
TRAP: dict[int, Hit] = {
    36: Hit(level=1.7, tone=46.0, tone_level=1.0, tone_seconds=0.95, sweep=1.9, sweep_seconds=0.016, tuned=_TONIC,
            overtones=((2.0, 0.14, 0.5), (3.0, 0.07, 0.3)), click=0.6, drive=0.6),
    37: Hit(level=0.55, tone=1720.0, tone_level=0.7, tone_seconds=0.04, overtones=((1.5, 0.5, 0.03),), click=0.4),
    38: Hit(level=1.05, tone=215.0, tone_level=0.5, tone_seconds=0.09, sweep=0.6, tuned=_FIFTHS, noise=1.0,
            noise_seconds=0.16, low=1700.0, high=13000.0, claps=2, click=0.4, wide=0.45, drive=0.4),
    39: Hit(level=0.9, noise=1.0, noise_seconds=0.2, low=1100.0, high=10000.0, claps=4, wide=0.7, drive=0.25),
    42: _HAT_TRAP,
    44: replace(_HAT_TRAP, level=0.28),
    46: replace(_HAT_TRAP, level=0.42, noise_seconds=0.25, metal_seconds=0.3, wide=0.3),
    49: Hit(level=0.5, noise=0.9, noise_seconds=1.8, low=4000.0, high=15000.0, metal=0.3, metal_seconds=1.2,
            metal_low=5000.0, wide=0.9),
    56: Hit(level=0.45, tone=587.0, tone_level=0.6, tone_seconds=0.25, overtones=((1.48, 0.9, 0.25),), tuned=_FIFTHS),
}  # fmt: skip

INDUSTRIAL: dict[int, Hit] = {
    36: Hit(level=1.6, tone=50.0, tone_level=1.0, tone_seconds=0.38, sweep=2.8, sweep_seconds=0.03, tuned=_TONIC,
            noise=0.5, noise_seconds=0.09, low=300.0, high=5000.0, click=0.9, drive=1.0),
    37: Hit(level=0.5, metal=0.9, metal_seconds=0.09, metal_tone=730.0, metal_low=2000.0, click=0.7, drive=0.5),
    38: Hit(level=0.95, tone=165.0, tone_level=0.5, tone_seconds=0.14, tuned=_FIFTHS, noise=1.0, noise_seconds=0.3,
            low=600.0, high=9000.0, metal=0.5, metal_seconds=0.35, metal_tone=260.0, metal_low=900.0, wide=0.5,
            drive=0.9),
    39: Hit(level=0.7, noise=1.0, noise_seconds=0.22, low=700.0, high=6000.0, claps=3, wide=0.6, drive=0.8),
    42: Hit(level=0.4, noise=0.5, noise_seconds=0.05, low=4500.0, high=12000.0, metal=0.8, metal_seconds=0.06,
            metal_tone=610.0, metal_low=4000.0, drive=0.6, pan=0.2),
    46: Hit(level=0.42, noise=0.5, noise_seconds=0.3, low=4000.0, high=12000.0, metal=0.9, metal_seconds=0.4,
            metal_tone=610.0, metal_low=3500.0, drive=0.6, wide=0.4, pan=0.2),
    45: Hit(level=1.1, tone=73.0, tone_level=0.8, tone_seconds=0.4, sweep=0.8, tuned=_FIFTHS, metal=0.4,
            metal_seconds=0.5, metal_tone=190.0, metal_low=500.0, drive=0.8, pan=-0.3),
    47: Hit(level=1.0, tone=110.0, tone_level=0.7, tone_seconds=0.35, sweep=0.8, tuned=_FIFTHS, metal=0.4,
            metal_seconds=0.5, metal_tone=240.0, metal_low=700.0, drive=0.8),
    50: Hit(level=0.9, tone=147.0, tone_level=0.6, tone_seconds=0.3, sweep=0.8, tuned=_FIFTHS, metal=0.5,
            metal_seconds=0.5, metal_tone=330.0, metal_low=900.0, drive=0.8, pan=0.3),
    49: Hit(level=0.7, noise=0.6, noise_seconds=1.4, low=1800.0, high=11000.0, metal=0.9, metal_seconds=1.6,
            metal_tone=230.0, metal_low=1500.0, wide=0.9, drive=0.5),
    51: Hit(level=0.5, metal=1.0, metal_seconds=0.8, metal_tone=390.0, metal_low=1800.0, click=0.5, drive=0.4),
    76: Hit(level=0.5, metal=1.0, metal_seconds=0.4, metal_tone=820.0, metal_low=2200.0, click=0.6, pan=-0.4),
}  # fmt: skip
