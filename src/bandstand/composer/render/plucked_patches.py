"""Plucked instruments: guitars, lutes, harps, zithers, basses. Data only.

What tells them apart is how long a string rings low and high, where and how hard it is plucked, and the box.
"""

from __future__ import annotations

from bandstand.composer.render.plucked import Plucked

_GUITAR_BOX = ((105.0, 4.0, 2.0), (210.0, 3.0, 2.5), (420.0, 1.5, 2.0), (2600.0, 1.5, 1.0))
_BASS_STRING = Plucked(
    seconds=5.0, per_octave=0.3, high=0.35, place=0.24, bright=-5.0, click=0.15, release=0.06,
)  # fmt: skip
_ELECTRIC_STRING = Plucked(
    seconds=9.0, per_octave=0.3, high=1.6, place=0.15, bright=-3.5, strings=2, chorus=6.0, spread=1.0, click=0.3,
    doubled=True, palm=0.16, human=2.0,
)  # fmt: skip

PLUCKED: dict[str, Plucked] = {
    "harpsichord": Plucked(
        seconds=3.5, per_octave=0.5, high=1.4, place=0.11, bright=-0.5, soft=-0.8, strings=2, chorus=2.5,
        spread=0.4, click=0.5, release=0.07,
    ),
    "nylon-guitar": Plucked(
        seconds=4.4, high=0.45, place=0.3, bright=-5.0, body=_GUITAR_BOX, click=0.15, release=0.1,
    ),
    "steel-guitar": Plucked(
        seconds=7.0, high=1.0, place=0.18, bright=-3.4, body=_GUITAR_BOX, click=0.35, release=0.1,
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
    "koto": Plucked(
        seconds=2.6, high=0.75, place=0.1, bright=-1.8, body=((520.0, 4.0, 1.5), (1300.0, 2.0, 1.0)), click=0.6,
        release=0.3,
    ),
    "acoustic-bass": Plucked(
        seconds=2.6, per_octave=0.3, high=0.22, place=0.32, bright=-5.5, body=((98.0, 4.0, 1.5), (700.0, 2.0, 1.0)),
        click=0.3, release=0.07,
    ),
    "electric-bass": _BASS_STRING,
    "slap-bass": Plucked(
        seconds=4.0, per_octave=0.3, high=1.0, place=0.08, bright=-2.5, body=((80.0, 3.0, 1.0), (3200.0, 4.0, 0.9)),
        click=1.2, release=0.05,
    ),
    "clavinet": Plucked(
        seconds=2.2, per_octave=0.4, high=0.9, place=0.06, bright=-1.2, soft=-3.0, click=1.0, human=0.0,
        body=((1500.0, 4.0, 0.9), (240.0, -4.0, 1.0), (3800.0, 3.0, 1.0)), release=0.03,
    ),
    "twelve-string-guitar": Plucked(
        seconds=4.6, high=1.2, place=0.15, bright=-1.6, strings=2, chorus=7.0, spread=0.5, body=_GUITAR_BOX,
        click=0.45, release=0.1, human=2.0,
    ),
    "guzheng": Plucked(
        seconds=4.2, high=1.3, place=0.07, bright=-1.2, soft=-3.0, body=((380.0, 3.0, 1.5), (1900.0, 2.5, 1.0)),
        click=0.7, release=0.8, strings=2, chorus=1.5, spread=0.35,
    ),
    "shamisen": Plucked(
        seconds=0.9, high=0.55, place=0.05, bright=0.0, body=((700.0, 6.0, 1.4), (2300.0, 5.0, 1.2)), click=1.6,
        release=0.06, human=3.0,
    ),
    "oud": Plucked(
        seconds=1.7, high=0.33, place=0.2, bright=-3.2, strings=2, chorus=3.5, spread=0.25,
        body=((140.0, 3.0, 1.5), (320.0, 4.0, 1.8), (850.0, 3.0, 1.2)), click=0.6, release=0.12, human=3.0,
    ),
    "pizzicato-strings": Plucked(
        seconds=0.55, per_octave=0.35, high=0.12, place=0.28, bright=-4.2, strings=2, chorus=9.0, spread=0.8,
        body=((290.0, 4.0, 2.0), (520.0, 3.0, 2.0), (1100.0, 2.0, 1.0)), click=0.35, release=0.12, human=3.0,
    ),
    "fretless-bass": Plucked(
        seconds=4.0, per_octave=0.3, high=0.2, place=0.3, bright=-4.4, body=((240.0, 4.0, 1.2), (720.0, 5.0, 1.5)),
        release=0.09, human=2.0,
    ),
    "picked-bass": Plucked(
        seconds=4.5, per_octave=0.3, high=0.7, place=0.13, bright=-3.0, body=((90.0, 2.0, 1.0), (1500.0, 4.0, 1.0)),
        click=1.0, release=0.05, human=1.0,
    ),
}  # fmt: skip
