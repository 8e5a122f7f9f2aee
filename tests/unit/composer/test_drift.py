"""Tempo that moves, and sound that comes out of nothing: only where a prompt asks for it."""

from __future__ import annotations

import io
from itertools import pairwise

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandstand.composer.piece import compose, render
from bandstand.composer.score import Drift, Score

RATE = 8000


def beats_of(score: Score) -> list[float]:
    """Seconds between the beats of the whole bars."""
    count = round(score.bars * score.metre.beats)
    return [b - a for a, b in pairwise(score.seconds_at(float(beat)) for beat in range(count + 1))]


@given(
    start=st.floats(0.0, 50.0),
    beats=st.floats(1.0, 100.0),
    times=st.floats(0.5, 2.0),
    beat=st.floats(0.0, 200.0),
)
def test_beat_is_found_again_at_its_time(start: float, beats: float, times: float, beat: float):
    drift = Drift(start, beats, times)

    assert drift.drifted(drift.steady(beat)) == pytest.approx(beat, abs=1e-6)


def test_piece_that_speeds_up_begins_in_the_tempo_asked_for_and_is_exactly_as_long():
    piece = compose("pop, 100 bpm, accelerando", seconds=12.0, seed=1, rate=RATE)

    lengths = beats_of(piece.score)
    samples = sum(stretch.clip.samples.shape[1] for stretch in piece.play())

    assert lengths[0] == pytest.approx(0.6, rel=0.02)
    assert all(later < before for before, later in pairwise(lengths))
    assert samples == 12 * RATE


def test_last_bars_slow_down_and_leave_the_last_chord_room():
    score = compose("pop, 100 bpm, ritardando", seconds=20.0, seed=1, rate=RATE).score

    lengths = beats_of(score)

    assert lengths[0] == pytest.approx(0.6)
    assert lengths[-1] > 1.3 * lengths[0]
    assert score.seconds_at(score.bars * score.metre.beats) < 20.0 - 1.0


@pytest.mark.parametrize("prompt", ["rock, 120 bpm", "rock loop, 120 bpm, accelerando"])
def test_tempo_stays_where_nobody_asks_and_in_loops(prompt: str):
    assert compose(prompt, seconds=12.0, seed=1, rate=RATE).score.drift is None


@pytest.mark.parametrize("word", ["accelerando", "ritardando"])
def test_midi_file_drifts_with_the_piece(word: str):
    piece = compose(f"pop, 100 bpm, {word}", seconds=20.0, seed=1, rate=RATE)
    played = sorted(
        piece.score.seconds_at(note.start) for part in piece.score.parts for note in part.notes
    )

    now, struck = 0.0, list[float]()
    for message in mido.MidiFile(file=io.BytesIO(piece.midi())):
        now += message.time
        if message.type == "note_on" and message.velocity > 0:
            struck.append(now)

    assert np.abs(np.array(struck) - np.array(played)).max() < 0.02


def test_piece_that_fades_in_comes_out_of_nothing():
    piece = compose("pop, fade in", seconds=12.0, seed=1, rate=RATE)

    sound = np.concatenate([stretch.clip.samples for stretch in render(piece.score, RATE)], axis=1)
    loud = [float(np.square(second).mean()) for second in np.split(sound, 12, axis=1)]

    assert abs(float(sound[0, 0])) < 1e-6
    assert loud[0] < 0.1 * loud[2]


def test_fade_may_cut_the_last_bar_short():
    piece = compose("techno, 130 bpm, fade out", seconds=30.0, seed=1, rate=RATE)

    assert sum(stretch.clip.samples.shape[1] for stretch in piece.play()) == 30 * RATE
