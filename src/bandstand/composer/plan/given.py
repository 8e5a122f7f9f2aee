"""Moves given music into the key of a piece. Not for finding it in sound; that is `analyse/`."""

from __future__ import annotations

from dataclasses import replace

from bandstand.composer import theory
from bandstand.composer.score import Chord, Given, Key


def moved(given: Given, key: Key) -> Given:
    """The same music in another key: degree by degree where the modes differ, to the nearest octave."""
    if given.key is None or given.key == key:
        return replace(given, key=key)
    source = given.key
    return replace(
        given,
        key=key,
        tune=tuple(replace(note, pitch=_pitch(note.pitch, source, key)) for note in given.tune),
        chords=tuple(tuple(_chord(chord, source, key) for chord in bar) for bar in given.chords),
    )


def _pitch(pitch: int, source: Key, key: Key) -> int:
    wanted = _pitch_class(pitch, source, key)
    shift = (key.tonic - source.tonic + 5) % 12 - 5
    # The octave is the one in which the tonic moves least, a changed third stays beside it.
    return pitch + shift + (wanted - pitch - shift + 5) % 12 - 5


def _pitch_class(pitch: int, source: Key, key: Key) -> int:
    above = (pitch - source.tonic) % 12
    steps = theory.MODES[source.mode]
    if above in steps:
        above = theory.MODES[key.mode][steps.index(above)]
    return (key.tonic + above) % 12


def _chord(chord: Chord, source: Key, key: Key) -> Chord:
    root, *others = (_pitch_class(note, source, key) for note in chord.notes)
    notes = (root, *others)
    return replace(chord, root=root, notes=notes, name=theory.chord_name(notes, key))
