"""Going on from given sound: what was given stays as it is, and what follows belongs to it."""

from __future__ import annotations

import numpy as np
import pytest
from hearing import refined_tempo
from sounds import band
from tunes import silence

from bandstand.audio.clip import Clip, join
from bandstand.audio.loudness import integrated_loudness, true_peak
from bandstand.composer.given.continuation import Continuation, continue_from
from bandstand.composer.given.sound import NOTHING
from bandstand.composer.score import Key

RATE = 32000
BPM, LATE = 104.0, 0.3
BAR = 4 * 60.0 / BPM
GIVEN = band(("Am", "F", "C", "G"), BPM, bars=5, late=LATE, rate=RATE)


@pytest.fixture(scope="module")
def whole() -> tuple[Continuation, Clip]:
    return played(continue_from("pop band", GIVEN, seconds=22.0, seed=3, rate=RATE))


def played(piece: Continuation) -> tuple[Continuation, Clip]:
    return piece, join([stretch.clip for stretch in piece.play()])


def test_given_sound_stands_bit_by_bit_until_the_join(whole):
    piece, clip = whole

    assert piece.join >= GIVEN.samples.shape[1] - 0.0601 * RATE
    for channel in clip.samples:
        assert np.array_equal(channel[: piece.join], GIVEN.samples[0, : piece.join])


def test_length_counts_what_was_given(whole):
    assert whole[1].samples.shape == (2, 22 * RATE)


def test_tempo_is_kept(whole):
    piece, clip = whole

    assert refined_tempo(clip.samples[:, piece.join :], RATE, BPM) == pytest.approx(BPM, rel=0.005)


def test_bars_go_on_where_they_were(whole):
    off = (whole[0].start / RATE - LATE + BAR / 2) % BAR - BAR / 2

    assert abs(off) < 0.04


def test_key_and_chords_go_on(whole):
    score = whole[0].score
    bars_done = round((whole[0].start / RATE - LATE) / BAR)

    assert score.key in {Key(9, "minor"), Key(0, "major")}
    due = [(9, 5, 0, 7)[(bars_done + n) % 4] for n in range(4)]
    assert [chord.root for chord in score.chords if chord.start % 4 == 0][:4] == due


def test_loudness_does_not_step(whole):
    piece, clip = whole
    after = Clip(np.ascontiguousarray(clip.samples[:, GIVEN.samples.shape[1] :]), RATE)
    before = Clip(np.ascontiguousarray(clip.samples[:, : piece.join]), RATE)

    assert abs(integrated_loudness(after) - integrated_loudness(before)) <= 1.0


def test_nothing_clicks_at_the_join(whole):
    piece, clip = whole
    jumps = np.abs(np.diff(clip.samples.mean(axis=0), 3))
    around = round(0.012 * RATE)

    for place in (piece.join, GIVEN.samples.shape[1]):
        usual = np.percentile(jumps[place - around : place + around], 98)
        assert jumps[place - 5 : place + 4].max() <= 1.5 * usual


def test_stems_are_silent_until_the_join():
    piece = continue_from("pop band", GIVEN, seconds=14.0, seed=3, rate=RATE)

    blocks = [np.stack(block) for block in piece.stems()]

    stems = np.concatenate(blocks, axis=2)
    assert stems.shape[2] == 14 * RATE
    assert not stems[:, :, : piece.join].any()
    assert stems[:, :, piece.join :].any()


def test_loud_sound_is_gone_on_with_as_loud_and_without_clipping():
    loud = Clip(np.tanh(12.0 * GIVEN.samples) * np.float32(0.95), RATE)

    piece, clip = played(continue_from("rock band", loud, seconds=18.0, seed=3, rate=RATE))

    after = Clip(np.ascontiguousarray(clip.samples[:, loud.samples.shape[1] :]), RATE)
    assert true_peak(after) <= -1.0
    wanted = min(integrated_loudness(Clip(clip.samples[:, : piece.join].copy(), RATE)), -6.0)
    assert abs(integrated_loudness(after) - wanted) <= 1.5


@pytest.mark.parametrize("seconds", [0.02, 0.3, 1.0])
def test_short_and_silent_sounds_are_gone_on_from(seconds: float):
    given = silence(seconds, rate=RATE)

    piece, clip = played(continue_from("piano", given, seconds=seconds + 2.0, seed=1, rate=RATE))

    assert clip.samples.shape[1] == piece.total
    assert np.isfinite(clip.samples).all()


def test_moment_after_a_long_sound_is_made():
    piece, clip = played(
        continue_from("piano", GIVEN, seconds=GIVEN.seconds + 0.5, seed=1, rate=RATE)
    )

    assert np.array_equal(clip.samples[0, : piece.join], GIVEN.samples[0, : piece.join])
    assert clip.samples.shape[1] == piece.total


def test_another_tempo_begins_at_the_join_and_is_told():
    piece = continue_from("techno, 140 bpm, loop", GIVEN, seconds=16.0, seed=1, rate=RATE)

    assert piece.score.bpm == 140.0
    told = " ".join(piece.describe()["conflicts"])
    assert "140" in told
    assert "loop" in told


def test_tempo_that_is_asked_for_and_heard_is_the_one_that_is_heard():
    piece = continue_from("techno, 104 bpm", GIVEN, seconds=16.0, seed=1, rate=RATE)

    assert piece.score.bpm == pytest.approx(104.0, rel=1e-3)
    assert not piece.describe()["conflicts"]


def test_nothing_is_taken_from_noise_but_its_loudness():
    noise = np.random.default_rng(1).normal(0.0, 0.02, (1, 4 * RATE)).astype(np.float32)

    piece = continue_from(
        "rock, 123 bpm, D major", Clip(noise, RATE), seconds=8.0, seed=1, rate=RATE
    )

    assert (piece.score.bpm, piece.score.key) == (123.0, Key(2, "major"))
    assert piece.describe()["conflicts"] == [NOTHING]


def test_key_that_is_asked_for_begins_at_the_join_and_is_told():
    piece = continue_from("rock in E major", GIVEN, seconds=16.0, seed=1, rate=RATE)

    assert piece.score.key == Key(4, "major")
    assert "E major" in " ".join(piece.describe()["conflicts"])
