"""Facts of jazz that its players keep."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from bands import band, chart, part

from bandstand.composer.compose.idioms.swing import shell
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.score import Chord, Role

BASS, PIANO, GUITAR, HORN = (
    Voice(Role.BASS, "acoustic-bass"),
    Voice(Role.COMP, "piano"),
    Voice(Role.COMP, "clean-guitar"),
    Voice(Role.LEAD, "saxophone"),
)
DRUMS = Voice(Role.DRUMS, "jazz-kit")


def names(mode, seed):
    bars = chart(band("swing", mode=mode, seed=seed))
    return [chord.name for bar in bars for chord in bar.chords]


@pytest.mark.parametrize(
    ("mode", "two", "five"), [("major", "Em7", "A7"), ("minor", "Em7b5", "A7")]
)
def test_the_changes_speak_two_five(mode, two, five):
    for seed in range(6):
        heard = names(mode, seed)

        assert (two, five) in pairwise(heard)


def test_the_bass_walks_one_note_a_beat():
    plan = band("swing", mode="major", seconds=60)
    loud = [bar for bar in chart(plan) if bar.intensity >= 0.55]

    notes = part(plan, BASS, bars=loud)

    assert len(notes) == sum(bar.beats for bar in loud)


def test_the_bass_has_the_root_where_a_chord_begins():
    plan = band("swing", mode="major")
    at = {start: pitch for start, _, pitch, _ in part(plan, BASS)}

    for bar in chart(plan):
        assert at[bar.start] % 12 == bar.chords[0].root


def test_the_bass_steps_into_most_new_chords():
    steps: list[int] = []
    for seed in range(6):
        plan = band("swing", mode="minor", seed=seed)
        line = part(plan, BASS, seed=seed)
        pitch_at = {start: pitch for start, _, pitch, _ in line}
        before = {b[0]: a[2] for a, b in pairwise(line)}
        for earlier, later in pairwise(chart(plan)):
            if earlier.chords[-1].name != later.chords[0].name:
                steps.append(abs(pitch_at[later.start] - before[later.start]))

    assert np.mean([step <= 2 for step in steps]) >= 0.5


def test_rootless_voicings_have_third_and_seventh_and_no_root():
    chord = Chord(0.0, 4.0, 2, (2, 5, 9, 0), "Dm7")

    notes = {pitch % 12 for pitch in shell(chord, PIANO, 4)}

    assert {5, 0} <= notes
    assert 2 not in notes


def test_a_guitar_keeps_time_with_shells():
    plan = band("swing", mode="major")
    bar = next(bar for bar in chart(plan) if bar.intensity > 0.6)

    strums = part(plan, GUITAR, bars=[bar])

    assert sorted({start - bar.start for start, *_ in strums}) == [0.0, 1.0, 2.0, 3.0]


def test_the_foot_closes_the_hat_on_two_and_four():
    plan = band("swing")
    feet = {start % 4 for start, _, key, _ in part(plan, DRUMS) if key == KEYS["pedal"]}

    assert feet == {1.0, 3.0}


def test_lines_run_in_eighths_and_lean_on_the_chord():
    plan = band("swing", mode="major", seconds=60)
    bars = chart(plan)
    notes = part(plan, HORN)
    beats = [note for note in notes if note[0] % 1 == 0]
    chords = [bars[int(n[0] // 4)].chord_at(n[0] % 4).notes for n in beats]

    assert all((note[0] * 2) % 1 == 0 for note in notes)
    assert np.mean([n[2] % 12 in c for n, c in zip(beats, chords, strict=True)]) >= 0.75
