"""Keys, scales and chords: what a degree of a mode is. Knows no style, no metre and no chance.

Degrees count from 1 and are diatonic: the mode decides whether a chord is major or minor. Pitch classes are
0..11, 0 = C.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from bandstand.composer.score import Key, Metre

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "phrygian dominant": (0, 1, 4, 5, 7, 8, 10),
    "double harmonic": (0, 1, 4, 5, 7, 8, 11),
    "hungarian minor": (0, 2, 3, 6, 7, 8, 11),
    "ukrainian dorian": (0, 2, 3, 6, 7, 9, 10),
    "lydian dominant": (0, 2, 4, 6, 7, 9, 10),
    "todi": (0, 1, 3, 6, 7, 8, 11),
    "marwa": (0, 1, 4, 6, 7, 9, 11),
    "purvi": (0, 1, 4, 6, 7, 8, 11),
}
"""Semitones above the tonic. The double harmonic is the raga Bhairav's scale; the last three have only Indian names."""

NATURALS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}

MAJOR_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MINOR_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")

FLAT_MAJORS = frozenset({1, 3, 5, 8, 10})
FLAT_MINORS = frozenset({0, 2, 3, 5, 7, 10})

QUALITIES: dict[tuple[int, ...], str] = {
    (0, 7): "5",
    (0, 4, 7): "",
    (0, 3, 7): "m",
    (0, 3, 6): "dim",
    (0, 4, 8): "aug",
    (0, 2, 7): "sus2",
    (0, 5, 7): "sus4",
    (0, 4, 7, 11): "maj7",
    (0, 4, 7, 10): "7",
    (0, 3, 7, 10): "m7",
    (0, 3, 7, 11): "m(maj7)",
    (0, 3, 6, 10): "m7b5",
    (0, 3, 6, 9): "dim7",
    (0, 4, 8, 11): "maj7#5",
    (0, 2, 4, 7): "add9",
    (0, 2, 3, 7): "m(add9)",
    (0, 2, 4, 7, 11): "maj9",
    (0, 2, 4, 7, 10): "9",
    (0, 2, 3, 7, 10): "m9",
    (0, 3, 7, 9): "m6",
    (0, 4, 6): "(b5)",
    (0, 6): "(b5)",
    (0, 8): "(#5)",
    (0, 4, 6, 10): "7b5",
    (0, 2, 4, 8): "aug(add9)",
    (0, 2, 4, 8, 11): "maj9#5",
    (0, 2, 3, 7, 11): "m9(maj7)",
}
"""Semitones above the root, sorted, and how musicians write them."""

METRES = (
    "2/2",
    "2/4",
    "3/4",
    "4/4",
    "5/4",
    "6/4",
    "7/4",
    "3/8",
    "5/8",
    "6/8",
    "7/8",
    "9/8",
    "12/8",
)


def metre(written: str) -> Metre:
    beats, unit = (int(number) for number in written.split("/"))
    return Metre(written, beats * 4.0 / unit)


def pulse(bar: Metre) -> float:
    """Length of what the foot taps, in quarter notes: a dotted quarter in 6/8, 9/8 and 12/8."""
    return 1.5 if bar.written in {"6/8", "9/8", "12/8"} else 1.0


def family(mode: str) -> str:
    """Say "major" or "minor", by the third above the tonic."""
    return "minor" if 3 in MODES[mode] else "major"


def key_name(key: Key) -> str:
    return f"{tonic_name(key)} {key.mode}"


def tonic_name(key: Key) -> str:
    names = MINOR_NAMES if family(key.mode) == "minor" else MAJOR_NAMES
    return names[key.tonic]


def scale(key: Key) -> frozenset[int]:
    return frozenset((key.tonic + step) % 12 for step in MODES[key.mode])


def note_name(pitch_class: int, key: Key) -> str:
    """A pitch class as it is spelled in this key."""
    flat = key.tonic in (FLAT_MINORS if family(key.mode) == "minor" else FLAT_MAJORS)
    return (FLAT_NAMES if flat else SHARP_NAMES)[pitch_class]


@lru_cache(maxsize=4096)
def chord(key: Key, degree: int, colour: str) -> tuple[int, tuple[int, ...], str]:
    """The chord on a degree.

    colour  "power", "triad", "add9", "seventh", "ninth" or "dominant" (major triad with a minor seventh,
            on whatever degree: the blues)
    return  root, pitch classes with the root first, name
    """
    steps = MODES[key.mode]
    if degree != 1 and _above(steps, degree, 4) == 6:
        degree = (degree + 4) % 7 + 1  # a diminished triad gives way to the chord a third below
    root = (key.tonic + steps[degree - 1]) % 12
    blue = colour == "dominant" and family(key.mode) == "major"
    intervals = (0, 4, 7, 10) if blue else _intervals(steps, degree, colour)
    notes = tuple((root + interval) % 12 for interval in intervals)
    return root, notes, chord_name(notes, key)


def chord_name(notes: Sequence[int], key: Key, bass: int | None = None) -> str:
    """Pitch classes, the root first, as musicians write them: "G#m7", "C/E".

    bass  the lowest one, where it is not the root
    """
    root = notes[0]
    intervals = tuple(sorted({(note - root) % 12 for note in notes}))
    name = note_name(root, key) + QUALITIES.get(intervals, "")
    return name if bass in {None, root} else f"{name}/{note_name(bass or 0, key)}"


def _intervals(steps: tuple[int, ...], degree: int, colour: str) -> tuple[int, ...]:
    third, fifth, seventh, ninth = (_above(steps, degree, up) for up in (2, 4, 6, 8))
    if colour == "power":
        return (0, fifth)
    chosen = [0, third, fifth]
    if colour in {"seventh", "ninth", "dominant"}:
        chosen.append(seventh)
    # A minor ninth grinds against the root, a major one against a minor third: such degrees stay without.
    if colour in {"add9", "ninth"} and ninth == 2 and third == 4:
        chosen.append(ninth)
    return tuple(chosen)


def _above(steps: tuple[int, ...], degree: int, up: int) -> int:
    """Semitones from a degree to the one `up` scale steps above it, within an octave."""
    return (steps[(degree - 1 + up) % 7] - steps[degree - 1]) % 12
