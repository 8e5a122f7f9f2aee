"""3, 4: the key as it is heard, and the notes as they are written."""

from __future__ import annotations

from bandstand.composer import theory
from bandstand.composer.score import Note, Score
from battery import kinds
from battery.checks import Bound, Check
from battery.take import Take

BLUE_NOTES = (3, 6, 10)  # semitones above the tonic
IN_SCALE, IN_JAZZ = Bound(low=0.95), Bound(low=0.88)


def key_mark(take: Take) -> float:
    """MIREX weights: 1 exact, 0.5 a fifth off, 0.3 the relative, 0.2 the parallel key."""
    meant = (take.score.key.tonic, theory.family(take.score.key.mode))
    return mirex(take.key, meant)


def mirex(heard: tuple[int, str], meant: tuple[int, str]) -> float:
    """Source: the scoring of MIREX's audio key detection."""
    if heard == meant:
        return 1.0
    apart = (heard[0] - meant[0]) % 12
    if heard[1] == meant[1]:
        return 0.5 if apart in {5, 7} else 0.0
    if apart == 0:
        return 0.2
    return 0.3 if apart == (9 if meant[1] == "major" else 3) else 0.0


def in_scale(take: Take) -> float | None:
    """Share of the notes that belong to the key. In minor the leading note does, over a chord that has it; in the blues
    the blue notes do.
    """
    score = take.score
    notes = [note for part in take.pitched for note in part.notes]
    if not notes:
        return None
    scale = theory.scale(score.key)
    if take.style in kinds.BLUES:
        scale |= {(score.key.tonic + step) % 12 for step in BLUE_NOTES}
    leading = (score.key.tonic + 11) % 12
    raised = score.key.mode in {"minor", "dorian", "phrygian"}
    right = sum(
        note.pitch % 12 in scale
        or (raised and note.pitch % 12 == leading and leading in chord_notes(score, note))
        for note in notes
    )
    return right / len(notes)


def chord_notes(score: Score, note: Note) -> frozenset[int]:
    """Pitch classes of the chord in the middle of a note's first eighth: a note played early belongs to the beat."""
    at = note.start + min(0.25, 0.5 * note.length)
    sounding = [chord for chord in score.chords if chord.start <= at < chord.start + chord.length]
    return frozenset(sounding[-1].notes) if sounding else frozenset()


CHECKS = (
    Check("3", "key heard, MIREX mark", Bound(low=1.0), key_mark, share=0.85, mean=Bound(low=0.9)),
    Check(
        "4",
        "notes in the scale",
        IN_SCALE,
        in_scale,
        bound_for=lambda take: IN_JAZZ if take.style in kinds.JAZZ else IN_SCALE,
        share=1.0,
    ),
)
