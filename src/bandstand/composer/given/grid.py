"""From played notes back to written ones: the straight grid that `compose/` writes on."""

from __future__ import annotations

from bandstand.composer.score import Note


def straightened(note: Note) -> Note:
    """The note where it is written: on a sixteenth, or on a triplet where that is much nearer."""
    length = max(round(4 * note.length) / 4, 0.25)
    return Note(on_grid(note.start), length, note.pitch, note.velocity)


def on_grid(start: float) -> float:
    """Beats, of the nearest sixteenth or triplet."""
    straight, triplet = round(4 * start) / 4, round(3 * start) / 3
    return triplet if abs(triplet - start) < 0.35 * abs(straight - start) - 0.01 else straight
