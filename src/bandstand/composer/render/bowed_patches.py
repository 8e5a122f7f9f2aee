"""Bowed strings, voices, organs and free reeds: what is held with the arm, the throat or a bellows. Data only.

The formants here are broad; the narrow resonances of a violin's box are a filter over the whole part (`patches.py`),
so that a vibrato moves through them.
"""

from __future__ import annotations

from dataclasses import replace

from bandstand.composer.render.waves import Wave

_AH = ((700.0, 13.0, 140.0), (1120.0, 10.0, 160.0), (2650.0, 9.0, 300.0), (3400.0, 5.0, 400.0))
_OO = ((380.0, 12.0, 120.0), (860.0, 8.0, 160.0), (2500.0, 5.0, 300.0))
_EH = ((560.0, 11.0, 130.0), (1750.0, 10.0, 220.0), (2500.0, 8.0, 300.0), (3500.0, 5.0, 400.0))

_VIOLIN = Wave(
    tilt=0.3, formants=((480.0, 2.0, 200.0), (3300.0, 5.0, 1500.0)), attack=0.06, release=0.13, rest=3.3,
    follow=0.9, touch=2.4, strike=-0.8, strike_seconds=0.05, vibrato=5.6, depth=15.0, delay=0.22, scoop=-0.15,
    breath=0.04, chiff=3.0, shake=0.22, wander=3.0, swell=0.35, glide=0.035,
)  # fmt: skip
_SECTION = Wave(
    tilt=-0.5, formants=((640.0, 4.0, 260.0), (2300.0, 4.0, 1000.0)), attack=0.15, release=0.32, rest=3.2,
    follow=0.9, touch=2.0, players=5, detune=9.0, spread=0.9, vibrato=5.4, depth=5.0, delay=0.2, breath=0.014,
    shake=0.12, wander=5.0, swell=0.3, glide=0.05,
)  # fmt: skip

BOWED: dict[str, Wave] = {
    "violin": _VIOLIN,
    "viola": replace(
        _VIOLIN, tilt=-0.5, formants=((380.0, 3.0, 160.0), (2200.0, 5.0, 900.0)), attack=0.07, rest=3.2,
        vibrato=5.3, depth=13.0, delay=0.26,
    ),
    "cello": replace(
        _VIOLIN, tilt=-0.6, formants=((600.0, 3.0, 240.0), (1600.0, 4.0, 700.0)), attack=0.08, release=0.17,
        rest=3.3, vibrato=5.0, depth=14.0, delay=0.28, breath=0.03, glide=0.045,
    ),
    "fiddle": replace(
        _VIOLIN, tilt=0.6, attack=0.028, release=0.07, rest=3.8, strike=0.4, depth=6.0, delay=0.4, scoop=-0.5,
        scoop_seconds=0.04, breath=0.055, chiff=4.0, swell=0.15, glide=0.015,
    ),
    "erhu": replace(
        _VIOLIN, tilt=-0.8, formants=((900.0, 9.0, 220.0), (2300.0, 7.0, 500.0)), attack=0.07, vibrato=5.9,
        depth=24.0, delay=0.18, scoop=-0.7, scoop_seconds=0.08, breath=0.05, glide=0.075, shake=0.25, swell=0.4,
    ),
    "strings": _SECTION,
    "tremolo-strings": replace(
        _SECTION, attack=0.06, release=0.2, tremor=11.5, tremor_depth=0.6, depth=0.0, breath=0.025, wander=9.0,
        rest=3.6, swell=0.45,
    ),
    # voices
    "choir": Wave(
        tilt=-2.0, formants=_AH, attack=0.17, release=0.38, rest=4.9, follow=0.6, touch=1.0, players=5, detune=9.0,
        spread=0.9, vibrato=5.1, depth=8.0, delay=0.2, breath=0.03, shake=0.15, wander=6.0, swell=0.3, glide=0.06,
    ),
    "voice": Wave(
        tilt=-2.0, formants=_OO, attack=0.065, release=0.15, rest=5.0, follow=0.7, vibrato=5.4, depth=18.0,
        delay=0.32, scoop=-0.7, scoop_seconds=0.07, breath=0.035, chiff=0.8, shake=0.12, wander=5.0, swell=0.3,
        glide=0.06,
    ),
    "choir-synth": Wave(
        shape="pulse", tilt=-1.5, formants=_AH, attack=0.25, release=0.6, rest=4.6, players=4, detune=12.0,
        spread=1.0, vibrato=4.6, depth=4.0, breath=0.05, wander=3.0,
    ),
    "voice-synth": Wave(
        shape="saw", tilt=-0.5, formants=_EH, attack=0.02, decay=0.4, sustain=0.8, release=0.18, rest=5.4,
        vibrato=5.0, depth=9.0, delay=0.35, scoop=-1.0, scoop_seconds=0.05, breath=0.04, players=2, detune=6.0,
        spread=0.5, glide=0.05,
    ),
    "theremin": Wave(
        shape=(1.0, 0.32, 0.14, 0.06, 0.03), attack=0.09, release=0.16, rest=4.6, follow=0.5, vibrato=5.8,
        depth=24.0, delay=0.12, scoop=-1.5, scoop_seconds=0.12, shake=0.12, wander=6.0, glide=0.13, swell=0.35,
    ),
    # organs and free reeds
    "organ": Wave(
        shape=(1.0, 0.75, 0.6, 0.35, 0.0, 0.22, 0.0, 0.2), attack=0.006, release=0.05, rest=6.0, touch=0.5,
        strike=0.6, strike_seconds=0.03, players=2, detune=2.0, spread=0.5, breath=0.01, chiff=6.0, wander=0.0,
        vibrato=6.4, depth=5.0, delay=0.0, shake=0.12,
    ),
    "church-organ": Wave(
        shape=(1.0, 0.8, 0.35, 0.6, 0.15, 0.25, 0.05, 0.4, 0.0, 0.1, 0.0, 0.12, 0.0, 0.0, 0.0, 0.15),
        attack=0.05, release=0.3, rest=6.0, touch=0.2, players=3, detune=5.0, spread=0.8, breath=0.02, chiff=2.0,
        wander=0.0,
    ),
    "accordion": Wave(
        shape="pulse", tilt=-1.0, formants=((1100.0, 4.0, 500.0),), attack=0.035, release=0.06, rest=4.9,
        follow=1.0, players=2, detune=7.0, spread=0.35, swell=0.2, wander=0.5,
    ),
    "bandoneon": Wave(
        shape="pulse", tilt=-1.8, formants=((700.0, 6.0, 260.0), (1700.0, 3.0, 600.0)), attack=0.028, decay=0.5,
        sustain=0.8, release=0.05, rest=5.0, follow=1.6, touch=2.0, strike=0.6, strike_seconds=0.08, players=2,
        detune=1.5, spread=0.25, octave=0, swell=0.35, breath=0.012, chiff=3.0, wander=1.0,
    ),
    "melodica": Wave(
        shape="pulse", tilt=-0.6, formants=((1500.0, 7.0, 500.0),), attack=0.03, release=0.05, rest=4.6, follow=1.2,
        touch=1.4, vibrato=4.9, depth=5.0, delay=0.35, shake=0.4, scoop=-0.3, breath=0.05, chiff=2.0, wander=3.0,
    ),
    "harmonica": Wave(
        shape="pulse", formants=((1800.0, 6.0, 700.0),), attack=0.045, release=0.07, rest=4.1, follow=1.4,
        touch=1.6, vibrato=5.0, depth=11.0, delay=0.28, scoop=-0.8, scoop_seconds=0.07, breath=0.035, chiff=1.5,
        shake=0.3, wander=3.0, swell=0.25, glide=0.03,
    ),
}  # fmt: skip
