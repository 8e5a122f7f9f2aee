"""Small scores made by hand, for tests of the sound that should not depend on how music is composed."""

from __future__ import annotations

import random

from bandstand.composer.score import Key, Metre, Mix, Note, Part, Role, Score, Section


def score_of(*parts, seconds=4.0, bpm=120.0, tonic=9, mode="minor", mix=None, seed=1):
    """A score of the given parts; its bars follow from its length."""
    bars = int(seconds * bpm / 240.0)
    return Score(
        title="test",
        style="test",
        seed=seed,
        seconds=seconds,
        bpm=bpm,
        key=Key(tonic, mode),
        metre=Metre("4/4", 4.0),
        bars=bars,
        sections=(Section("a", 0, bars, 0.7),) if bars else (),
        chords=(),
        parts=parts,
        mix=mix or Mix(),
    )


def one_note(instrument, pitch, *, length=2.0, velocity=0.7, role=Role.COMP):
    """A score with nothing but one note at its beginning; a beat is half a second."""
    note = Note(0.0, 2.0 * length, pitch, velocity)
    return score_of(Part(role, instrument, (note,)), seconds=length + 1.0)


def band(
    *, seconds=12.0, bpm=120.0, tonic=8, kit="electronic-kit", lead="lead-synth", mix=None, seed=5
):
    """Six players over four chords in minor, with an intro that is thinner than the rest."""
    chance = random.Random(seed)
    scale, roots = (0, 2, 3, 5, 7, 8, 10), (0, 5, 6, 0)
    bars = int(seconds * bpm / 240.0)

    def degree(step, octave):
        return tonic + 12 * octave + 12 * (step // 7) + scale[step % 7]

    tune, chords, pad, bass, drums, shaker = [], [], [], [], [], []
    for bar in range(bars):
        at, root = 4.0 * bar, roots[bar % 4]
        triad = [degree(root + step, 4) for step in (0, 2, 4)]
        pad += [Note(at, 4.0, pitch, 0.6) for pitch in triad]
        chords += [Note(at + q, 0.9, pitch, 0.6) for q in (0.0, 1.5, 3.0) for pitch in triad]
        bass += [Note(at + q, 0.45, degree(root, 2) - 12, 0.8) for q in (0.0, 1.0, 1.5, 2.0, 3.0)]
        drums += [Note(at + q, 0.25, 36, 0.9) for q in range(4)]
        if bar > 0:
            tune += [
                Note(at + q, 0.9, degree(chance.choice((0, 2, 4, 7)), 5), 0.8) for q in range(4)
            ]
            drums += [Note(at + q, 0.25, 38, 0.85) for q in (1, 3)]
            shaker += [Note(at + q / 2.0, 0.25, 70, 0.4) for q in range(8)]
    parts = (
        Part(Role.LEAD, lead, tuple(tune)),
        Part(Role.COMP, "piano", tuple(chords), pan=-0.2),
        Part(Role.PAD, "pad-synth", tuple(pad)),
        Part(Role.BASS, "synth-bass", tuple(bass)),
        Part(Role.DRUMS, kit, tuple(sorted(drums, key=lambda note: note.start))),
        Part(Role.PERCUSSION, "hand-percussion", tuple(shaker)),
    )
    return score_of(
        *parts,
        seconds=seconds,
        bpm=bpm,
        tonic=tonic,
        mix=mix or Mix(sidechain=0.4, delay=0.2),
        seed=seed,
    )
