"""Synthesizers: leads, basses, pads, plucks and hits. Data only."""

from __future__ import annotations

from bandstand.composer.render.waves import Wave

SYNTHS: dict[str, Wave] = {
    "synth-bass": Wave(
        shape="saw", resonance=0.35, attack=0.003, decay=0.25, sustain=0.75, release=0.06, rest=2.2, strike=2.8,
        strike_seconds=0.16, touch=2.0, players=1,
    ),
    "sub-bass": Wave(
        shape=(1.0, 0.45, 0.25, 0.12, 0.06), attack=0.005, decay=0.5, sustain=0.85, release=0.07, rest=3.0, strike=2.5,
        strike_seconds=0.06, scoop=4.0, scoop_seconds=0.008,
    ),
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
    "supersaw": Wave(
        tilt=0.5, attack=0.006, decay=0.5, sustain=0.85, release=0.2, rest=5.8, touch=0.8, strike=0.6, players=7,
        detune=11.5, spread=1.0, wander=1.0,
    ),
    "brass-synth": Wave(
        resonance=0.12, attack=0.035, decay=0.3, sustain=0.75, release=0.16, rest=2.3, follow=2.6, touch=1.8,
        strike=1.0, strike_seconds=0.12, players=3, detune=9.0, spread=0.7, scoop=-0.2, wander=1.0,
    ),
    "orchestra-hit": Wave(
        tilt=0.3, attack=0.004, decay=0.13, sustain=0.05, release=0.12, rest=3.0, touch=1.0, strike=3.0,
        strike_seconds=0.12, players=6, detune=8.0, spread=0.9, breath=0.05, chiff=3.0, scoop=0.25, scoop_seconds=0.03,
    ),
    "acid-bass": Wave(
        shape="saw", resonance=1.0, attack=0.003, decay=0.2, sustain=0.7, release=0.035, rest=1.2, strike=4.4,
        strike_seconds=0.11, touch=4.0, glide=0.06, wander=0.0,
    ),
    "reese-bass": Wave(
        shape="saw", tilt=-1.0, attack=0.008, decay=0.4, sustain=0.9, release=0.08, rest=3.3, touch=1.2, players=3,
        detune=11.0, spread=0.5, vibrato=0.35, depth=2.0, delay=0.0, wander=2.0,
    ),
}  # fmt: skip
