"""The instruments there are: names, General MIDI programs, ranges. How each sounds is in `render/patches.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument.

    program   General MIDI program 0..127; ignored on kits
    low, high MIDI notes of its comfortable range
    family    what it is made of: "keys", "mallet", "organ", "plucked", "bass", "bowed", "brass", "wind", "voice",
              "synth", "kit"; the renderer chooses its model of sound by name first, by family otherwise
    sustained whether a note sounds as long as it is held
    """

    program: int
    low: int
    high: int
    family: str
    sustained: bool = False


INSTRUMENTS: dict[str, Instrument] = {
    "piano": Instrument(0, 36, 96, "keys"),
    "electric-piano": Instrument(4, 40, 88, "keys"),
    "harpsichord": Instrument(6, 41, 89, "keys"),
    "music-box": Instrument(10, 60, 100, "mallet"),
    "vibraphone": Instrument(11, 53, 89, "mallet"),
    "marimba": Instrument(12, 45, 96, "mallet"),
    "xylophone": Instrument(13, 65, 100, "mallet"),
    "bells": Instrument(14, 60, 96, "mallet"),
    "steel-drum": Instrument(114, 52, 84, "mallet"),
    "organ": Instrument(16, 36, 96, "organ", sustained=True),
    "church-organ": Instrument(19, 36, 96, "organ", sustained=True),
    "accordion": Instrument(21, 53, 89, "organ", sustained=True),
    "harmonica": Instrument(22, 60, 84, "organ", sustained=True),
    "nylon-guitar": Instrument(24, 40, 84, "plucked"),
    "steel-guitar": Instrument(25, 40, 84, "plucked"),
    "clean-guitar": Instrument(27, 40, 86, "plucked"),
    "muted-guitar": Instrument(28, 40, 76, "plucked"),
    "overdriven-guitar": Instrument(29, 40, 86, "plucked", sustained=True),
    "distorted-guitar": Instrument(30, 40, 84, "plucked", sustained=True),
    "harp": Instrument(46, 36, 96, "plucked"),
    "banjo": Instrument(105, 48, 81, "plucked"),
    "mandolin": Instrument(25, 55, 88, "plucked"),
    "ukulele": Instrument(24, 60, 84, "plucked"),
    "sitar": Instrument(104, 48, 80, "plucked"),
    "koto": Instrument(107, 48, 84, "plucked"),
    "kalimba": Instrument(108, 55, 88, "mallet"),
    "tanpura": Instrument(104, 36, 67, "plucked", sustained=True),
    "acoustic-bass": Instrument(32, 28, 55, "bass"),
    "electric-bass": Instrument(33, 28, 55, "bass"),
    "slap-bass": Instrument(36, 28, 55, "bass"),
    "synth-bass": Instrument(38, 26, 55, "bass", sustained=True),
    "sub-bass": Instrument(39, 24, 48, "bass", sustained=True),
    "violin": Instrument(40, 55, 96, "bowed", sustained=True),
    "viola": Instrument(41, 48, 84, "bowed", sustained=True),
    "cello": Instrument(42, 36, 76, "bowed", sustained=True),
    "strings": Instrument(48, 36, 88, "bowed", sustained=True),
    "choir": Instrument(52, 48, 80, "voice", sustained=True),
    "voice": Instrument(53, 52, 80, "voice", sustained=True),
    "trumpet": Instrument(56, 55, 84, "brass", sustained=True),
    "trombone": Instrument(57, 40, 72, "brass", sustained=True),
    "horn": Instrument(60, 41, 77, "brass", sustained=True),
    "brass": Instrument(61, 41, 81, "brass", sustained=True),
    "saxophone": Instrument(66, 49, 80, "wind", sustained=True),
    "oboe": Instrument(68, 58, 88, "wind", sustained=True),
    "clarinet": Instrument(71, 50, 88, "wind", sustained=True),
    "flute": Instrument(73, 60, 94, "wind", sustained=True),
    "whistle": Instrument(78, 62, 96, "wind", sustained=True),
    "lead-synth": Instrument(81, 48, 92, "synth", sustained=True),
    "square-lead": Instrument(80, 48, 92, "synth", sustained=True),
    "pulse-synth": Instrument(80, 36, 96, "synth", sustained=True),
    "pad-synth": Instrument(89, 36, 88, "synth", sustained=True),
    "warm-pad": Instrument(90, 36, 88, "synth", sustained=True),
    "pluck-synth": Instrument(87, 48, 92, "synth"),
    "acoustic-kit": Instrument(0, 35, 81, "kit"),
    "brush-kit": Instrument(40, 35, 81, "kit"),
    "electronic-kit": Instrument(24, 35, 81, "kit"),
    "808-kit": Instrument(25, 35, 81, "kit"),
    "lofi-kit": Instrument(8, 35, 81, "kit"),
    "chip-kit": Instrument(25, 35, 81, "kit"),
    "orchestral-kit": Instrument(48, 35, 81, "kit"),
    "hand-percussion": Instrument(0, 35, 81, "kit"),
    "tabla": Instrument(0, 35, 81, "kit"),
}

KEYS: dict[str, int] = {
    "kick": 36,
    "rim": 37,
    "snare": 38,
    "clap": 39,
    "tom-low": 45,
    "tom-mid": 47,
    "tom-high": 50,
    "hat": 42,
    "pedal": 44,
    "open": 46,
    "ride": 51,
    "crash": 49,
    "splash": 55,
    "tambourine": 54,
    "cowbell": 56,
    "bongo-high": 60,
    "bongo-low": 61,
    "conga-mute": 62,
    "conga-high": 63,
    "conga-low": 64,
    "timbale": 65,
    "cabasa": 69,
    "shaker": 70,
    "guiro": 73,
    "clave": 75,
    "woodblock": 76,
    "triangle": 81,
    # Strokes of the tabla, on the General MIDI keys that come nearest: dha = ge + na, dhin = ge + tin.
    "ge": 64,  # open stroke of the left, bass drum, with a bend
    "ka": 62,  # its flat, unpitched slap
    "na": 60,  # rim of the right drum, ringing on the tonic
    "tin": 61,  # softer, from the middle of the skin
    "tun": 63,  # open right drum
    "te": 76,  # short, unpitched
}
"""What the grooves call the percussion keys. A tabla answers to its six strokes only."""
