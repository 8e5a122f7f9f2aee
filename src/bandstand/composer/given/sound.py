"""What was heard in given sound, as music to compose around. Hears nothing itself: that is `analyse/`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bandstand.composer import theory
from bandstand.composer.analyse.harmony import Triad
from bandstand.composer.analyse.heard import ALONE, Hearing
from bandstand.composer.score import Chord, Given, Key, Metre, Note

TONAL = 0.16
"""What is less tonal is speech, noise or drums: there are no notes in it to follow."""
STEADY = 0.5  # clarity of a pulse that is followed without notes
FEWEST = 3  # notes that make a tune
NOTHING = "No notes are heard in the given audio: the prompt alone decides."
BEAT = "No notes are heard in the given audio, only a beat, whose tempo is kept."
CHORDS = "No tune is heard in the given audio; its key, tempo and chords are kept."


def given_of(hearing: Hearing) -> Given:
    """The tune and its chords; when it is all there is to hear, only the tune, from the bar on in which it begins."""
    metre = metre_of(hearing)
    if hearing.tonal < TONAL and hearing.pulse.clarity < STEADY:
        return Given(told=(NOTHING,))
    if hearing.tonal < TONAL:
        return Given(bpm=hearing.pulse.bpm, metre=metre, told=(BEAT,))
    notes = hearing.tune.notes
    sings = len(notes) >= FEWEST
    alone = sings and hearing.tune.clarity > ALONE
    first = int(notes[0].start // metre.beats) if sings else 0
    first = first if alone else min(0, first)
    # A pickup before the first barline belongs to a bar that was not heard as one.
    bars = [hearing.bars[max(0, place)] for place in range(first, len(hearing.bars))]
    return Given(
        tune=_moved_tune(hearing, first * metre.beats) if sings else (),
        chords=() if alone else chords_of(bars, hearing.key, metre),
        key=hearing.key,
        bpm=hearing.pulse.bpm,
        metre=metre,
        told=() if sings else (CHORDS,),
    )


def _moved_tune(hearing: Hearing, start: float) -> tuple[Note, ...]:
    return tuple(
        Note(note.start - start, note.length, note.pitch, 0.5 + 0.4 * note.loudness)
        for note in hearing.tune.notes
    )


def metre_of(hearing: Hearing) -> Metre:
    return theory.metre(f"{hearing.pulse.beats}/4")


def chords_of(bars: Sequence[Triad], key: Key, metre: Metre) -> tuple[tuple[Chord, ...], ...]:
    """A chord for each bar."""
    return tuple(
        (
            Chord(
                start=place * metre.beats,
                length=metre.beats,
                root=triad.root,
                notes=triad.notes,
                name=theory.chord_name(triad.notes, key),
            ),
        )
        for place, triad in enumerate(bars)
    )


def told(hearing: Hearing) -> dict[str, Any]:
    """What was heard, for people."""
    return {
        "bpm": round(hearing.pulse.bpm, 2),
        "key": theory.key_name(hearing.key),
        "metre": metre_of(hearing).written,
        "notes": len(hearing.tune.notes),
        "clarity": round(hearing.tune.clarity, 2),
        "bar": round(hearing.pulse.bar, 3),
        "lufs": round(hearing.lufs, 1) if hearing.lufs > -100.0 else None,
    }
