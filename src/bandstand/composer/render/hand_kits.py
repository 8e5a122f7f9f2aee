"""Drums played with hands and sticks all over the world. Data only; the sound is in `drums.py`.

Each is one drum, or a few, with four strokes: the deep one in the middle, the open tone near the edge, the sharp slap,
and a touch of the fingers between them. They lie on all the General MIDI keys, so that any groove can be played on any
drum: what is low in the groove is low on the drum. Pitches and decays as they are known of the instruments.
"""

from __future__ import annotations

from dataclasses import replace

from bandstand.composer.render.drums import Hit

_TONIC, _FIFTHS = (0,), (0, 7)
_SKIN = ((1.59, 0.4, 0.14), (2.14, 0.22, 0.09), (2.65, 0.14, 0.06))
"""(ratio, level, seconds) of a round skin's next modes."""

Kit = dict[int, Hit]


def _strokes(low: Hit, tone: Hit, slap: Hit, touch: Hit) -> Kit:
    """Four strokes over all keys a groove may use."""
    return {
        **dict.fromkeys((35, 36, 41, 43, 64, 66), low),
        **dict.fromkeys((38, 40, 45, 47, 61, 63, 65, 68), tone),
        **dict.fromkeys((37, 39, 48, 50, 60, 62, 67, 46, 49, 52, 55, 57), slap),
        **dict.fromkeys((42, 44, 51, 53, 54, 56, 59, 69, 70, 73, 75, 76, 77, 81), touch),
    }


# cajon: a box of plywood; the front plate thumps in the middle and buzzes on wires at its edge
_BOX = Hit(
    level=1.35, tone=72.0, tone_level=1.0, tone_seconds=0.24, sweep=0.35, sweep_seconds=0.03, tuned=_FIFTHS,
    overtones=((1.9, 0.3, 0.1), (3.4, 0.15, 0.05)), noise=0.22, noise_seconds=0.05, low=250.0, high=2200.0, click=0.2,
)  # fmt: skip
_BOX_EDGE = Hit(
    level=0.95, tone=210.0, tone_level=0.4, tone_seconds=0.09, overtones=((2.3, 0.5, 0.05),), tuned=_FIFTHS,
    noise=0.85, noise_seconds=0.13, low=1100.0, high=7500.0, click=0.5, wide=0.15,
)  # fmt: skip
CAJON = _strokes(
    _BOX,
    replace(_BOX_EDGE, level=0.75, noise=0.6, noise_seconds=0.1, low=700.0, high=5500.0),
    _BOX_EDGE,
    replace(_BOX_EDGE, level=0.36, noise_seconds=0.05, tone_level=0.2, high=6000.0, pan=0.1),
)

# djembe: a goblet with a thin tight skin; three sounds and nothing between them
_GOBLET = Hit(
    level=1.3, tone=73.0, tone_level=1.0, tone_seconds=0.4, sweep=0.45, sweep_seconds=0.03, tuned=_FIFTHS,
    noise=0.12, noise_seconds=0.03, low=300.0, high=3000.0,
)  # fmt: skip
_GOBLET_TONE = Hit(
    level=1.0, tone=330.0, tone_level=0.8, tone_seconds=0.19, tuned=_FIFTHS, overtones=_SKIN, noise=0.2,
    noise_seconds=0.025, low=800.0, high=6000.0, click=0.2,
)  # fmt: skip
DJEMBE = _strokes(
    _GOBLET,
    _GOBLET_TONE,
    replace(
        _GOBLET_TONE, tone=690.0, tone_level=0.45, tone_seconds=0.11, noise=0.75, noise_seconds=0.06, low=1800.0,
        high=11000.0, click=0.6, overtones=((1.7, 0.6, 0.08), (2.6, 0.5, 0.06)),
    ),
    replace(_GOBLET_TONE, level=0.4, tone_seconds=0.06, noise_seconds=0.02),
)  # fmt: skip

# congas: tumba, conga, quinto
_CONGA = Hit(
    level=1.0, tone=196.0, tone_level=0.85, tone_seconds=0.42, sweep=0.12, sweep_seconds=0.02, tuned=_FIFTHS,
    overtones=_SKIN, noise=0.14, noise_seconds=0.025, low=900.0, high=6000.0, click=0.15, pan=-0.15,
)  # fmt: skip
_CONGA_SLAP = replace(
    _CONGA, level=0.9, tone=420.0, tone_level=0.35, tone_seconds=0.09, noise=0.8, noise_seconds=0.05, low=1500.0,
    high=9500.0, click=0.6,
)  # fmt: skip
CONGAS = _strokes(
    replace(_CONGA, tone=104.0, tone_seconds=0.5, level=1.15, pan=0.25),
    _CONGA,
    _CONGA_SLAP,
    replace(_CONGA, level=0.38, tone_seconds=0.08, noise=0.3, noise_seconds=0.03),
) | {
    62: _CONGA_SLAP,
    63: replace(_CONGA, tone=220.0),
    64: replace(_CONGA, tone=165.0, tone_seconds=0.5, pan=0.25),
    36: replace(_CONGA, tone=104.0, tone_seconds=0.5, level=1.15, pan=0.25),
}

# bongos: the small macho and the larger hembra, between the knees
_BONGO = Hit(
    level=0.9, tone=392.0, tone_level=0.75, tone_seconds=0.17, tuned=_FIFTHS, overtones=_SKIN, noise=0.25,
    noise_seconds=0.02, low=1500.0, high=9000.0, click=0.35, pan=0.2,
)  # fmt: skip
_HEMBRA = replace(_BONGO, tone=262.0, tone_seconds=0.24, pan=-0.1)
BONGOS = _strokes(
    _HEMBRA,
    _BONGO,
    replace(_BONGO, tone=560.0, noise=0.7, noise_seconds=0.04, click=0.7),
    replace(_BONGO, level=0.42, tone_seconds=0.06, click=0.2),
) | {60: _BONGO, 61: _HEMBRA, 63: replace(_HEMBRA, level=0.8), 64: _HEMBRA}

# frame drum (daf, bendir, tar): a wide thin skin with rings or a snare behind it
_FRAME = Hit(
    level=1.2, tone=87.0, tone_level=1.0, tone_seconds=0.65, sweep=0.2, sweep_seconds=0.04, tuned=_FIFTHS,
    overtones=((1.59, 0.45, 0.35), (2.3, 0.2, 0.2)), noise=0.1, noise_seconds=0.2, low=2500.0, high=7000.0,
)  # fmt: skip
_FRAME_RIM = Hit(
    level=0.8, tone=540.0, tone_level=0.35, tone_seconds=0.12, tuned=_FIFTHS, overtones=((1.5, 0.6, 0.1), (2.4, 0.5, 0.08)),
    noise=0.4, noise_seconds=0.12, low=3000.0, high=10000.0, click=0.4, metal=0.12, metal_seconds=0.2, metal_low=4500.0,
)  # fmt: skip
FRAME_DRUM = _strokes(
    _FRAME,
    replace(_FRAME, tone=131.0, level=0.9, tone_seconds=0.4),
    _FRAME_RIM,
    replace(_FRAME_RIM, level=0.4, tone_seconds=0.05, noise_seconds=0.06, metal_seconds=0.1),
)

# bodhran: struck with both ends of a stick, the other hand under the skin bends it
_BODHRAN = Hit(
    level=1.3, tone=78.0, tone_level=1.0, tone_seconds=0.3, sweep=0.25, sweep_seconds=0.03, bend=0.1, tuned=_FIFTHS,
    overtones=((1.59, 0.5, 0.16), (2.14, 0.25, 0.1)), noise=0.2, noise_seconds=0.02, low=400.0, high=3500.0, click=0.25,
)  # fmt: skip
BODHRAN = _strokes(
    _BODHRAN,
    replace(_BODHRAN, tone=117.0, level=1.0, tone_seconds=0.2),
    replace(_BODHRAN, tone=165.0, level=0.85, tone_seconds=0.12, noise=0.5, high=6000.0, click=0.6),
    replace(_BODHRAN, tone=104.0, level=0.5, tone_seconds=0.1, bend=0.0),
)

# dhol: bass skin with a curved stick, treble skin with a thin one
_DHOL = Hit(
    level=1.4, tone=65.0, tone_level=1.0, tone_seconds=0.42, sweep=0.7, sweep_seconds=0.035, bend=0.12, tuned=_TONIC,
    overtones=((2.02, 0.3, 0.2),), noise=0.15, noise_seconds=0.04, low=300.0, high=2500.0, drive=0.25, pan=-0.15,
)  # fmt: skip
_DHOL_STICK = Hit(
    level=0.9, tone=415.0, tone_level=0.5, tone_seconds=0.1, tuned=_FIFTHS, overtones=((1.7, 0.7, 0.08), (2.5, 0.5, 0.06)),
    noise=0.6, noise_seconds=0.05, low=1800.0, high=11000.0, click=0.9, pan=0.2,
)  # fmt: skip
DHOL = _strokes(
    _DHOL,
    replace(_DHOL_STICK, tone=330.0, noise_seconds=0.07),
    _DHOL_STICK,
    replace(_DHOL_STICK, level=0.5, tone_seconds=0.05, noise_seconds=0.025),
)

# taiko: the great drum, a middle one, the small tight one, and sticks on the rim
_ODAIKO = Hit(
    level=1.6, tone=58.0, tone_level=1.0, tone_seconds=1.3, sweep=0.55, sweep_seconds=0.045, tuned=_FIFTHS,
    overtones=((1.59, 0.5, 0.6), (2.14, 0.3, 0.4), (2.9, 0.2, 0.25)), noise=0.45, noise_seconds=0.16, low=120.0,
    high=1600.0, click=0.4, drive=0.35, wide=0.6,
)  # fmt: skip
_SHIME = Hit(
    level=0.85, tone=392.0, tone_level=0.6, tone_seconds=0.16, tuned=_FIFTHS, overtones=((1.6, 0.6, 0.12), (2.2, 0.4, 0.08)),
    noise=0.5, noise_seconds=0.05, low=1200.0, high=9000.0, click=0.7, pan=0.35, wide=0.3,
)  # fmt: skip
_FUCHI = Hit(
    level=0.6, tone=920.0, tone_level=0.7, tone_seconds=0.07, overtones=((2.3, 0.5, 0.05), (3.9, 0.3, 0.03)), noise=0.3,
    noise_seconds=0.02, low=2500.0, high=10000.0, click=0.6, pan=-0.25,
)  # fmt: skip
TAIKO = _strokes(
    _ODAIKO,
    replace(_ODAIKO, level=1.2, tone=98.0, tone_seconds=0.7, noise_seconds=0.1, high=3000.0, pan=-0.3),
    _SHIME,
    _FUCHI,
) | {
    47: replace(_ODAIKO, level=1.2, tone=117.0, tone_seconds=0.6, noise_seconds=0.1, high=3000.0, pan=0.3),
    50: replace(_ODAIKO, level=1.0, tone=156.0, tone_seconds=0.45, noise_seconds=0.08, high=4000.0, pan=0.1),
    49: replace(_ODAIKO, level=1.9, tone_seconds=1.8),
    51: replace(_SHIME, level=0.6),
}  # fmt: skip

# samba bateria: surdos below, caixa, repinique and tamborim above, chocalho and agogo around
_SURDO = Hit(
    level=1.5, tone=62.0, tone_level=1.0, tone_seconds=0.65, sweep=0.3, sweep_seconds=0.04, tuned=_TONIC,
    overtones=((1.59, 0.3, 0.3), (2.14, 0.12, 0.2)), noise=0.12, noise_seconds=0.04, low=150.0, high=1500.0,
)  # fmt: skip
_CAIXA = Hit(
    level=0.75, tone=262.0, tone_level=0.3, tone_seconds=0.09, tuned=_FIFTHS, noise=1.0, noise_seconds=0.15, low=1600.0,
    high=11500.0, click=0.4, wide=0.3, pan=-0.25,
)  # fmt: skip
_TAMBORIM = Hit(
    level=0.6, tone=760.0, tone_level=0.5, tone_seconds=0.09, overtones=((1.6, 0.6, 0.06),), noise=0.6,
    noise_seconds=0.035, low=2200.0, high=12000.0, click=0.8, pan=0.4,
)  # fmt: skip
_REPINIQUE = Hit(
    level=0.85, tone=311.0, tone_level=0.7, tone_seconds=0.16, tuned=_FIFTHS, overtones=_SKIN, noise=0.35,
    noise_seconds=0.04, low=1200.0, high=9000.0, click=0.5, pan=-0.1,
)  # fmt: skip
_CHOCALHO = Hit(
    level=0.42, noise=0.9, noise_seconds=0.06, low=5500.0, high=14000.0, swish=0.014, metal=0.25, metal_seconds=0.05,
    metal_low=6500.0, pan=0.35, wide=0.4,
)  # fmt: skip
_AGOGO = Hit(
    level=0.42, tone=740.0, tone_level=0.6, tone_seconds=0.28, overtones=((2.68, 0.5, 0.2), (4.1, 0.2, 0.1)),
    tuned=_FIFTHS, click=0.3, pan=-0.45,
)  # fmt: skip
SURDO_KIT: Kit = {
    **dict.fromkeys((35, 36, 41, 64), _SURDO),
    **dict.fromkeys((43, 45, 66), replace(_SURDO, level=1.25, tone=93.0, tone_seconds=0.35, tuned=_FIFTHS)),
    **dict.fromkeys((38, 40), _CAIXA),
    37: replace(_CAIXA, level=0.4, noise_seconds=0.06),
    **dict.fromkeys((39, 60, 61, 65), _TAMBORIM),
    **dict.fromkeys((47, 48, 50, 62, 63), _REPINIQUE),
    **dict.fromkeys((42, 44, 46, 69, 70), _CHOCALHO),
    **dict.fromkeys((56, 67, 76), replace(_AGOGO, tone=988.0)),
    **dict.fromkeys((53, 68, 77), _AGOGO),
}  # fmt: skip
