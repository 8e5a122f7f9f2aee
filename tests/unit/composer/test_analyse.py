"""Hearing: what was played is heard. The sounds are drawn here, so that what is in them is known."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from sounds import band, hummed, sung
from tunes import silence, tone

from bandstand.audio.clip import Clip
from bandstand.composer import theory
from bandstand.composer.analyse.heard import ALONE, listen
from bandstand.composer.analyse.spectrum import (
    LOWEST,
    PER_SEMITONE,
    RATE,
    constant_q,
    mono,
)
from bandstand.composer.score import Key

LOOP = ("Am", "F", "C", "G")
FRERE = [57, 59, 61, 57, 61, 62, 64, 62, 61, 59, 57]


@pytest.mark.parametrize("pitch", [40, 57, 69, 81, 93])
def test_tone_is_loudest_in_the_bin_of_its_note(pitch: int):
    hertz = 440.0 * 2.0 ** ((pitch - 69) / 12.0)

    notes = constant_q(mono(tone(hertz, 2.0)))

    middle = notes[len(notes) // 2]
    assert middle.argmax() == (pitch - LOWEST) * PER_SEMITONE
    assert middle.max() == pytest.approx(1.0, abs=0.02)


def test_neighbouring_semitone_does_not_hear_a_tone():
    notes = constant_q(mono(tone(440.0, 2.0)))

    middle = notes[len(notes) // 2]
    place = (69 - LOWEST) * PER_SEMITONE
    assert middle[place + PER_SEMITONE] < 0.01
    assert middle[place - PER_SEMITONE] < 0.01


@pytest.mark.parametrize("bpm", [63.0, 87.3, 104.0, 128.0, 151.0])
def test_tempo_is_heard_to_a_thousandth(bpm: float):
    found = listen(band(LOOP, bpm, bars=10)).pulse

    assert min(abs(found.bpm / bpm / times - 1.0) for times in (0.5, 1, 2)) < 0.001


@pytest.mark.parametrize("late", [0.0, 0.21, 0.77])
def test_bars_are_heard_where_they_begin(late: float):
    bar = 4 * 60.0 / 104.0

    found = listen(band(LOOP, 104.0, bars=10, late=late)).pulse

    off = (found.bar - late + bar / 2) % bar - bar / 2
    assert abs(off) < 0.03


def test_three_beats_in_a_bar_are_told_from_four():
    assert listen(band(LOOP, 120.0, bars=14, beats=3)).pulse.beats == 3
    assert listen(band(LOOP, 120.0, bars=10, beats=4)).pulse.beats == 4


@pytest.mark.parametrize(
    ("shift", "key"), [(0, Key(9, "minor")), (3, Key(0, "minor")), (8, Key(5, "minor"))]
)
def test_key_is_heard_wherever_it_is_moved(shift: int, key: Key):
    assert listen(band(("Am", "F", "G", "Am"), 110.0, bars=8, shift=shift)).key == key


def test_major_is_told_from_its_relative_minor():
    assert listen(band(("C", "F", "G", "C"), 110.0, bars=8)).key == Key(0, "major")


@pytest.mark.parametrize(
    ("loop", "key"),
    [
        (("G", "F", "C", "G"), Key(7, "major")),  # mixolydian, the notes of C major
        (("Dm", "G", "Dm", "C"), Key(2, "minor")),  # dorian, the same notes
    ],
)
def test_tonic_is_where_bass_and_chords_are_at_home(loop: tuple[str, ...], key: Key):
    assert listen(band(loop, 110.0, bars=8)).key == key


def test_sound_that_is_tuned_high_has_the_same_key():
    high = band(("C", "F", "G", "C"), 110.0, bars=8, cents=35.0)

    assert listen(high).key == Key(0, "major")


def test_chords_are_heard_bar_by_bar():
    found = listen(band(LOOP, 104.0, bars=8))

    names = [theory.chord_name(triad.notes, found.key) for triad in found.bars[:8]]
    assert names == [*LOOP, *LOOP]


@pytest.mark.parametrize("plucked", [True, False])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lone_voice_is_written_down(*, seed: int, plucked: bool):
    clip, written = sung(seed, 96.0, plucked=plucked)

    heard = listen(clip)

    assert heard.tune.clarity > ALONE
    assert _agreement(written, heard.tune.notes) > 0.9


def test_half_a_minute_is_heard_in_whatever_rate_it_comes():
    clip, written = sung(5, 96.0, rate=48000)

    assert _agreement(written, listen(clip).tune.notes) > 0.9


def test_hummed_voice_is_all_there_is():
    heard = listen(hummed(FRERE, 90.0))

    assert heard.tune.clarity > ALONE
    assert [note.pitch for note in heard.tune.notes] == FRERE


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tune_is_heard_in_a_band_and_does_not_hop_to_those_who_accompany(seed: int):
    clip, written = sung(seed, 52.0, bars=8, rate=16000)
    # At twice the speed the voice is an octave above the band.
    voice, others = clip.samples, band(LOOP, 104.0, bars=8).samples
    length = min(voice.shape[1], others.shape[1])

    heard = listen(Clip(voice[:, :length] + others[:, :length], 32000)).tune.notes

    assert _agreement(written, heard) > 0.8
    leaps = [abs(one.pitch - other.pitch) > 7 for one, other in pairwise(heard)]
    assert sum(leaps) < 0.2 * len(leaps)


def test_notes_are_told_from_drums_and_noise():
    noise = np.random.default_rng(1).normal(0.0, 0.3, (1, 5 * RATE)).astype(np.float32)
    music = band(LOOP, 104.0, bars=4)
    beats = Clip((noise * (np.arange(5 * RATE) % (RATE // 2) < 900)).astype(np.float32), RATE)

    told = [listen(clip).tonal for clip in (Clip(noise, RATE), beats, silence(3.0), music)]

    assert max(told[:3]) < 0.05
    assert told[3] > 0.25


@pytest.mark.parametrize("seconds", [0.01, 0.3, 1.0])
def test_short_and_silent_sounds_are_heard_as_nothing(seconds: float):
    heard = listen(silence(seconds))

    assert not heard.tune.notes
    assert heard.lufs == -math.inf


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_no_reason_to_fail(seed: int):
    noise = np.random.default_rng(seed).normal(0.0, 0.3, (2, RATE * (1 + seed)))

    heard = listen(Clip(noise.astype(np.float32), RATE))

    assert 40.0 <= heard.pulse.bpm <= 240.0


def _agreement(written, heard) -> float:
    """Share of the sixteenths on which both have the same pitch class; bars may be counted from another."""
    best = 0.0
    for shift in np.arange(-8, 8.25, 0.25):
        agreed = total = 0
        for start, length, pitch in written:
            for at in np.arange(start, start + length, 0.25) + 0.125:
                sounding = [n.pitch for n in heard if n.start <= at + shift < n.start + n.length]
                total += 1
                agreed += bool(sounding) and sounding[0] % 12 == pitch % 12
        best = max(best, agreed / total)
    return best
