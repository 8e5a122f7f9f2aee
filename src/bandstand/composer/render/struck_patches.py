"""Struck instruments: pianos, mallets, bells, zithers and the buzzing strings of India. Data only.

Numbers were set by measuring spectra and decays, and by what is known of the instruments: the partials of bars
(1, 2.76, 5.40 free; 1, 4, 9.9 undercut), of bells, of pans, of kettles.
"""

from __future__ import annotations

from bandstand.composer.render.struck import Struck

STRUCK: dict[str, Struck] = {
    "piano": Struck(
        tilt=-4.8, soft_tilt=-5.5, seconds=7.5, per_octave=0.75, damping=0.62, place=0.125, stiffness=0.00035,
        chorus=0.9, thump=0.5, thump_hertz=700.0, spread=0.35, release=0.16,
    ),
    "electric-piano": Struck(
        ratios=(1.0, 2.0, 3.0, 4.0, 5.0, 7.1, 15.3), levels=(0.0, -13.0, -19.0, -27.0, -32.0, -26.0, -34.0),
        soft_tilt=-7.0, seconds=4.5, per_octave=0.45, damping=0.9, thump=0.16, spread=0.18, release=0.14,
    ),
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
    "sitar": Struck(
        tilt=-2.5, soft_tilt=-3.0, seconds=4.0, per_octave=0.5, damping=0.3, place=0.07, swell=0.85, thump=0.5,
        thump_hertz=2500.0, chorus=1.5, spread=0.35, release=0.6, hush=((5, -15.0), (10, -9.0)),
    ),
    "tanpura": Struck(
        tilt=-3.0, soft_tilt=-2.0, seconds=6.5, per_octave=0.4, damping=0.25, swell=0.9, chorus=1.2,
        spread=0.4, release=1.5, hush=((5, -22.0), (10, -16.0), (20, -12.0), (7, -8.0), (14, -8.0)),
    ),
    # keys
    "upright-piano": Struck(
        tilt=-4.6, soft_tilt=-6.0, seconds=4.8, per_octave=0.75, damping=0.68, place=0.14, stiffness=0.0007,
        chorus=1.6, thump=0.8, thump_hertz=520.0, spread=0.2, release=0.13,
    ),
    "honky-tonk-piano": Struck(
        tilt=-5.0, soft_tilt=-5.0, seconds=4.6, per_octave=0.75, damping=0.7, place=0.12, stiffness=0.0006,
        chorus=11.0, thump=0.7, thump_hertz=900.0, spread=0.3, release=0.13,
    ),
    "wurlitzer": Struck(
        ratios=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0), levels=(0.0, -7.0, -9.0, -16.0, -17.0, -23.0, -25.0, -30.0),
        soft_tilt=-9.0, seconds=3.0, per_octave=0.5, damping=0.7, thump=0.25, thump_hertz=1500.0, spread=0.12,
        release=0.11,
    ),
    "celesta": Struck(
        ratios=(1.0, 2.756, 4.0, 5.404), levels=(0.0, -24.0, -14.0, -30.0), soft_tilt=-4.0, seconds=3.2,
        per_octave=0.45, damping=0.7, thump=0.35, thump_hertz=1800.0, spread=0.3, release=0.35,
    ),
    "glockenspiel": Struck(
        ratios=(1.0, 2.756, 5.404, 8.93), levels=(0.0, -9.0, -15.0, -22.0), soft_tilt=-3.0, seconds=4.2,
        per_octave=0.35, damping=0.6, thump=0.5, thump_hertz=6000.0, spread=0.35, release=1.6,
    ),
    "fm-bells": Struck(
        ratios=(1.0, 1.0014, 3.5, 6.0, 8.5, 11.0), levels=(0.0, -2.0, -7.0, -14.0, -16.0, -22.0), soft_tilt=-4.0,
        seconds=4.0, per_octave=0.3, damping=0.9, spread=0.5, release=1.2,
    ),
    "dulcimer": Struck(
        tilt=-3.5, soft_tilt=-4.0, seconds=3.6, per_octave=0.5, damping=0.55, place=0.1, stiffness=0.0002,
        chorus=4.5, thump=0.9, thump_hertz=2600.0, spread=0.4, release=1.2,
    ),
    "santoor": Struck(
        tilt=-2.2, soft_tilt=-3.0, seconds=2.6, per_octave=0.45, damping=0.4, place=0.06, stiffness=0.0001,
        chorus=3.0, thump=1.1, thump_hertz=4200.0, spread=0.45, release=1.5,
    ),
    "hang": Struck(
        ratios=(1.0, 2.0, 3.0, 4.02, 5.9), levels=(0.0, -5.0, -11.0, -24.0, -28.0), soft_tilt=-5.0, seconds=2.8,
        per_octave=0.3, damping=0.55, chorus=1.2, thump=0.5, thump_hertz=450.0, spread=0.25, release=0.9,
    ),
    "timpani": Struck(
        ratios=(1.0, 1.504, 1.742, 2.0, 2.245, 2.494, 2.8), levels=(0.0, -5.0, -17.0, -8.0, -18.0, -14.0, -20.0),
        soft_tilt=-6.0, seconds=2.4, per_octave=0.4, damping=0.8, thump=1.8, thump_hertz=300.0, spread=0.3,
        release=0.9,
    ),
    "sarod": Struck(
        tilt=-3.0, soft_tilt=-3.5, seconds=2.6, per_octave=0.5, damping=0.5, place=0.09, swell=0.35, thump=1.2,
        thump_hertz=1300.0, chorus=1.2, spread=0.3, release=0.5, hush=((5, -12.0), (10, -8.0)),
    ),
}  # fmt: skip
