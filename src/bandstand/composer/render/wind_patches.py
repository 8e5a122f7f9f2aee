"""Brass and reeds and flutes: everything that is blown. Data only.

What makes them players and not organs: a note that swells is brighter, a soft one darker; the lip scoops into the
pitch; the vibrato comes late, and on a flute it is loudness before it is pitch; no two notes begin alike.
"""

from __future__ import annotations

from dataclasses import replace

from bandstand.composer.render.waves import Wave

_BRASS = Wave(
    tilt=4.0, formants=((1250.0, 3.0, 500.0), (2500.0, 2.0, 900.0)), attack=0.03, decay=0.22, sustain=0.84,
    release=0.085, rest=0.9, follow=1.5, touch=3.2, strike=0.7, strike_seconds=0.05, vibrato=5.2, depth=10.0,
    delay=0.4, scoop=-0.4, scoop_seconds=0.035, breath=0.014, chiff=3.0, shake=0.1, wander=3.0, swell=0.3,
    fall=14.0, glide=0.018,
)  # fmt: skip
_SAX = Wave(
    tilt=-1.5, formants=((520.0, 3.0, 240.0), (1450.0, 5.0, 400.0), (2200.0, 8.0, 600.0)),
    attack=0.03, decay=0.3, sustain=0.88, release=0.075, rest=1.7, follow=1.5, touch=2.8, strike=0.5,
    strike_seconds=0.06, vibrato=5.1, depth=15.0, delay=0.32, scoop=-0.7, scoop_seconds=0.045, breath=0.05,
    chiff=1.6, shake=0.15, wander=4.0, swell=0.3, fall=8.0, glide=0.022,
)  # fmt: skip
_OBOE = Wave(
    tilt=1.5, formants=((1400.0, 9.0, 420.0), (2900.0, 5.0, 600.0)), attack=0.04, release=0.065, rest=1.7,
    follow=0.8, touch=1.6, vibrato=5.2, depth=9.0, delay=0.32, scoop=-0.15, breath=0.015, chiff=1.0, shake=0.12,
    wander=2.0, swell=0.25,
)  # fmt: skip
_FLUTE = Wave(
    shape=(1.0, 0.42, 0.2, 0.08, 0.04, 0.02), attack=0.055, release=0.09, rest=1.4, follow=1.0, touch=2.4,
    vibrato=5.1, depth=8.0, delay=0.28, scoop=-0.12, breath=0.075, chiff=2.8, shake=0.3, wander=2.5, swell=0.25,
)  # fmt: skip

BLOWN: dict[str, Wave] = {
    "trumpet": _BRASS,
    "muted-trumpet": replace(
        _BRASS, tilt=4.0, formants=((1900.0, 12.0, 500.0), (3400.0, 9.0, 900.0), (500.0, -9.0, 400.0)), rest=2.0,
        follow=1.6, touch=2.0, strike=0.4, breath=0.03, depth=7.0,
    ),
    "trombone": replace(
        _BRASS, tilt=3.2, formants=((560.0, 7.0, 240.0), (1500.0, 2.0, 600.0)), attack=0.045, decay=0.3,
        sustain=0.86, release=0.1, rest=1.0, follow=1.7, touch=2.8, strike=0.6, strike_seconds=0.07, vibrato=4.8, depth=8.0,
        delay=0.45, scoop=-0.5, fall=10.0, glide=0.045,
    ),
    "horn": replace(
        _BRASS, tilt=2.0, formants=((450.0, 5.0, 200.0),), attack=0.065, decay=0.3, sustain=0.9, release=0.14,
        rest=0.2, follow=1.1, touch=2.4, strike=0.3, vibrato=0.0, depth=0.0, scoop=-0.25, breath=0.01, chiff=1.0,
        fall=0.0, swell=0.4,
    ),
    "tuba": replace(
        _BRASS, tilt=1.5, formants=((260.0, 4.0, 140.0),), attack=0.05, decay=0.25, sustain=0.88, release=0.1,
        rest=0.7, follow=1.4, touch=2.4, strike=0.5, vibrato=0.0, depth=0.0, scoop=-0.3, fall=0.0, swell=0.15,
    ),
    "brass": replace(
        _BRASS, tilt=3.0, formants=((1000.0, 3.0, 500.0), (2200.0, 2.0, 800.0)), attack=0.028, sustain=0.8,
        release=0.1, rest=1.1, follow=1.7, strike=0.9, players=4, detune=9.0, spread=0.8, depth=5.0, scoop=-0.3,
        wander=4.0, fall=18.0,
    ),
    "saxophone": _SAX,
    "soprano-saxophone": replace(
        _SAX, formants=((900.0, 5.0, 320.0), (2100.0, 5.0, 600.0)), attack=0.035, depth=12.0, breath=0.035,
        scoop=-0.4,
    ),
    "tenor-saxophone": replace(
        _SAX, tilt=-1.3, formants=((420.0, 5.0, 200.0), (1150.0, 6.0, 380.0), (2400.0, 3.0, 700.0)), depth=18.0,
        breath=0.075, scoop=-0.9, scoop_seconds=0.055,
    ),
    "baritone-saxophone": replace(
        _SAX, tilt=-1.4, formants=((300.0, 4.0, 160.0), (820.0, 6.0, 300.0), (1800.0, 3.0, 600.0)), depth=10.0,
        breath=0.06, strike=0.9, rest=2.0,
    ),
    "oboe": _OBOE,
    "english-horn": replace(
        _OBOE, tilt=0.5, formants=((940.0, 9.0, 280.0), (1900.0, 4.0, 500.0)), attack=0.05, depth=10.0,
    ),
    "bassoon": replace(
        _OBOE, tilt=0.0, formants=((480.0, 9.0, 180.0), (1150.0, 5.0, 350.0)), attack=0.045, depth=7.0,
        rest=2.6, breath=0.012,
    ),
    "duduk": replace(
        _OBOE, tilt=-1.0, formants=((480.0, 7.0, 200.0), (1250.0, 4.0, 350.0)), attack=0.09, release=0.14,
        vibrato=4.7, depth=20.0, delay=0.4, scoop=-0.8, scoop_seconds=0.09, breath=0.05, shake=0.25, glide=0.07,
        swell=0.4, wander=4.0,
    ),
    "bagpipe": replace(
        _OBOE, tilt=1.0, formants=((1000.0, 6.0, 300.0), (2400.0, 8.0, 700.0)), attack=0.012, release=0.03,
        rest=5.6, follow=0.0, touch=0.0, vibrato=0.0, depth=0.0, swell=0.0, players=2, detune=3.0, spread=0.2,
        glide=0.006, wander=1.5,
    ),
    "clarinet": Wave(
        shape=(1.0, 0.03, 0.45, 0.06, 0.6, 0.3, 0.34, 0.3, 0.16, 0.1, 0.06), attack=0.045, release=0.065,
        rest=1.2, follow=1.3, touch=2.8, scoop=-0.1, breath=0.025, chiff=0.8, wander=2.0, swell=0.3,
        vibrato=4.8, depth=3.0, delay=0.5, shake=0.1,
    ),
    "flute": _FLUTE,
    "piccolo": replace(
        _FLUTE, shape=(1.0, 0.3, 0.1, 0.04), attack=0.03, release=0.06, breath=0.05, chiff=3.0, rest=2.0,
    ),
    "recorder": replace(
        _FLUTE, shape=(1.0, 0.1, 0.28, 0.05, 0.1, 0.02), attack=0.022, release=0.05, vibrato=4.6, depth=3.0,
        shake=0.15, breath=0.05, chiff=4.0, swell=0.0, wander=1.5,
    ),
    "pan-flute": replace(
        _FLUTE, shape=(1.0, 0.06, 0.22, 0.03, 0.06), attack=0.04, release=0.12, breath=0.3, chiff=4.5, depth=10.0,
        shake=0.4, scoop=-0.35,
    ),
    "shakuhachi": replace(
        _FLUTE, shape=(1.0, 0.5, 0.16, 0.1, 0.05), attack=0.08, release=0.12, breath=0.34, chiff=3.5, vibrato=4.3,
        depth=24.0, delay=0.5, shake=0.5, scoop=-1.2, scoop_seconds=0.1, swell=0.5, wander=6.0, glide=0.06,
    ),
    "ney": replace(
        _FLUTE, shape=(1.0, 0.75, 0.5, 0.22, 0.14, 0.08), attack=0.07, release=0.1, breath=0.26, chiff=2.5,
        vibrato=4.8, depth=18.0, shake=0.35, scoop=-0.5, scoop_seconds=0.07, wander=5.0, glide=0.05,
    ),
    "bansuri": replace(
        _FLUTE, shape=(1.0, 0.6, 0.3, 0.16, 0.08, 0.04), attack=0.06, breath=0.16, vibrato=4.6, depth=16.0,
        delay=0.45, shake=0.3, scoop=-0.8, scoop_seconds=0.08, wander=4.0, glide=0.09, swell=0.35,
    ),
    "whistle": Wave(
        shape=(1.0, 0.12, 0.06), attack=0.025, release=0.05, rest=4.0, vibrato=5.6, depth=10.0, delay=0.25,
        scoop=-0.4, breath=0.07, chiff=2.5, shake=0.2, wander=3.0, glide=0.015,
    ),
}  # fmt: skip
