"""Prompt or score -> finished sound: length, loudness, peaks, width, tempo, key, and that it can be stopped."""

import functools
import hashlib
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soxr
from battery.key import mirex
from hearing import key_of, refined_tempo
from scores import band, score_of

from bandstand.composer.filters import Filter, low_pass, run_sections
from bandstand.composer.mix.aging import waver
from bandstand.composer.mix.limiter import limit
from bandstand.composer.mix.space import bounce, reverberate
from bandstand.composer.mix.spectrum import low_share, power_spectrum, side_over_mid, slope
from bandstand.composer.piece import compose, render, warm_up
from bandstand.composer.render.amp import convolve, overdrive
from bandstand.composer.render.plucked import pluck_string
from bandstand.composer.render.rings import lay_ring
from bandstand.composer.render.struck import ring_partials
from bandstand.composer.render.waves import sing
from bandstand.composer.score import Mix, Note, Part, Role
from bandstand.composer.soundfonts.playing import play_sample
from bandstand.composer.theory import MODES

RATE = 32000
HERE = Path(__file__).parent
PROMPTS = (
    "sitar, tabla, flute, Indian classical, fusion, meditative, G# minor, 96 bpm",
    "marimba, percussion, bass, tropical house, melodic riff, G# minor, 96 bpm",
    "An electronic music soundtrack with a trumpet solo",
    "rock music from the 90s",
    "lo-fi music with a soothing melody",
)
SEEDS = (0, 1, 2)
LOOPS = (
    bounce,
    convolve,
    lay_ring,
    limit,
    overdrive,
    play_sample,
    pluck_string,
    reverberate,
    ring_partials,
    run_sections,
    sing,
    waver,
)


def sound_of(score, rate=RATE):
    return np.concatenate([stretch.clip.samples for stretch in render(score, rate)], axis=1)


LOFI = Mix(tilt=-1.0, dust=0.6, high_cut=9000.0, drive=0.4, width=0.4)
SCORES = {
    "electronic": lambda: band(seconds=24.0),
    "short": lambda: band(seconds=5.0),
    "lo-fi": lambda: band(seconds=12.0, bpm=80.0, kit="lofi-kit", lead="vibraphone", mix=LOFI),
    "trumpet": lambda: band(
        seconds=18.0, bpm=140.0, kit="acoustic-kit", lead="trumpet", mix=Mix(drive=0.5)
    ),
}


@functools.cache
def played(name):
    return sound_of(SCORES[name]())


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.5, 7.9999, 11.0])
@pytest.mark.parametrize("rate", [32000, 44100])
def test_length_is_exact(seconds, rate):
    sound = sound_of(band(seconds=seconds), rate)

    assert sound.shape == (2, round(seconds * rate))
    assert sound.dtype == np.float32


@pytest.mark.parametrize("name", SCORES)
def test_loudness_is_on_target(name):
    loudness = pyloudnorm.Meter(RATE).integrated_loudness(played(name).T.astype(np.float64))

    assert loudness == pytest.approx(-14.0, abs=0.4)


@pytest.mark.parametrize("seconds", [1.0, 2.5])
@pytest.mark.parametrize("prompt", ["metal lullaby, 60 bpm, C major", "a pop loop in 5/4"])
def test_short_piece_is_exactly_as_loud_as_wanted_and_level(prompt, seconds):
    piece = compose(prompt, seconds=seconds, seed=3, rate=RATE)
    sound = np.concatenate([stretch.clip.samples for stretch in piece.play()], axis=1)

    loudness = pyloudnorm.Meter(RATE).integrated_loudness(sound.T.astype(np.float64))

    assert loudness == pytest.approx(-14.0, abs=0.1)
    assert np.abs(sound.astype(np.float64).mean(axis=1)).max() < 5e-4


@pytest.mark.parametrize("name", SCORES)
def test_true_peak_stays_below_the_ceiling(name):
    between = soxr.resample(played(name).T, RATE, 8 * RATE, quality="VHQ")

    assert 20.0 * np.log10(np.abs(between).max()) <= -1.6


@pytest.mark.parametrize("name", SCORES)
def test_there_is_no_offset(name):
    assert np.abs(played(name).astype(np.float64).mean(axis=1)).max() < 1e-3


@pytest.mark.parametrize("name", SCORES)
def test_spectrum_falls_like_a_record(name):
    hertz, power = power_spectrum([played(name)], RATE)

    assert -4.0 <= slope(hertz, power) <= -1.5
    assert 10.0 * np.log10(low_share(hertz, power)) <= -6.0


@pytest.mark.parametrize("name", SCORES)
def test_width_is_that_of_a_record(name):
    assert -14.0 <= side_over_mid([played(name)]) <= -6.0


@pytest.mark.parametrize("name", SCORES)
def test_bass_is_mono(name):
    low = Filter([low_pass(80.0, RATE)] * 4).run(played(name).copy())

    assert side_over_mid([low]) < -25.0


@pytest.mark.parametrize("name", SCORES)
def test_nothing_is_silent_before_the_last_second(name):
    sound = played(name)[:, :-RATE]
    halves = sound[:, : sound.shape[1] // (RATE // 2) * (RATE // 2)].reshape(2, -1, RATE // 2)

    assert (20.0 * np.log10(np.sqrt((halves**2).mean(axis=(0, 2)))) > -50.0).all()


def test_it_ends_in_silence():
    assert np.abs(played("electronic")[:, -20:]).max() < 1e-3


def test_two_processes_make_the_same_bytes():
    code = (
        f"import sys, hashlib; sys.path.insert(0, {str(HERE)!r})\n"
        "from scores import band; from bandstand.composer.piece import render\n"
        "h = hashlib.sha256()\n"
        f"for s in render(band(seconds=5.0), {RATE}): h.update(s.clip.samples.tobytes('F'))\n"
        "print(h.hexdigest())"
    )

    theirs = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert theirs.stdout.strip() == hashlib.sha256(played("short").tobytes("F")).hexdigest()


def test_another_seed_sounds_different():
    assert not np.array_equal(
        sound_of(band(seconds=3.0, seed=1)), sound_of(band(seconds=3.0, seed=2))
    )


def test_fractions_rise_to_one():
    fractions = [stretch.fraction for stretch in render(band(seconds=6.0), RATE)]

    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert len(fractions) >= 3


def test_closing_early_stops_the_work():
    before = threading.active_count()
    stretches = render(band(seconds=300.0), RATE)
    next(stretches)

    start = time.perf_counter()
    stretches.close()

    assert time.perf_counter() - start < 1.0
    assert threading.active_count() == before


@pytest.mark.parametrize(
    "parts",
    [(), (Part(Role.LEAD, "flute", ()),), (Part(Role.LEAD, "flute", (Note(0.0, 1.0, 72, 0.0),)),)],
)
def test_score_without_sound_is_silence_of_its_length(parts):
    sound = sound_of(score_of(*parts, seconds=2.0))

    assert sound.shape == (2, 2 * RATE)
    assert np.abs(sound).max() == 0.0


@functools.cache
def asked(prompt, seed):
    piece = compose(prompt, seconds=15.0, seed=seed, rate=RATE)
    return piece, np.concatenate([stretch.clip.samples for stretch in piece.play()], axis=1)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("prompt", PROMPTS)
def test_pulse_is_heard_at_the_tempo_of_the_score(prompt, seed):
    piece, sound = asked(prompt, seed)

    heard = refined_tempo(sound, RATE)

    bpm = piece.score.bpm
    assert min(abs(heard / (bpm * times) - 1.0) for times in (0.5, 1.0, 2.0)) <= 0.005


def test_keys_are_heard_as_written():
    marks: list[float] = []
    for piece, sound in (asked(prompt, seed) for prompt in PROMPTS for seed in SEEDS):
        key = piece.score.key
        third = "major" if 4 in MODES[key.mode] else "minor"
        marks.append(mirex(key_of(sound, RATE), (key.tonic, third)))

    assert np.mean(np.array(marks) == 1.0) >= 0.85
    assert np.mean(marks) >= 0.9


@pytest.mark.parametrize("seconds", [2.0, 8.0])
def test_a_loop_goes_over_into_its_beginning(seconds):
    piece = compose("funk loop", seconds=seconds, seed=3, rate=RATE)
    sound = np.concatenate([stretch.clip.samples for stretch in piece.play()], axis=1)

    around = np.concatenate([sound[:, -RATE // 10 :], sound[:, : RATE // 10]], axis=1)
    bends = np.abs(np.diff(around, n=3)).max(axis=0)

    assert sound.shape == (2, round(seconds * RATE))
    assert bends[RATE // 10 - 4 : RATE // 10 + 2].max() <= np.quantile(bends, 0.99)
    assert np.sqrt((sound[:, -RATE // 20 :] ** 2).mean()) > 0.003


def test_loop_that_cannot_be_is_told():
    piece = compose("house loop, 124 bpm", seconds=10.0, seed=1)

    assert any("9.677 s" in sentence for sentence in piece.describe()["conflicts"])


def test_piece_tells_what_it_is():
    piece = compose("waltz for piano in D minor", seconds=5.0, seed=1)

    assert piece.midi().startswith(b"MThd")
    assert piece.describe()["key"].startswith("D")


def test_reading_prompts_needs_no_compiler():
    code = "import sys, bandstand.composer.prompt.parse; print('numba' in sys.modules)"

    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "False"


def test_warm_up_leaves_nothing_to_compile():
    warm_up()

    compiled = [len(loop.overloads) for loop in LOOPS]
    sound_of(band(seconds=3.0, lead="distorted-guitar", kit="lofi-kit", mix=LOFI))

    assert all(compiled)
    assert [len(loop.overloads) for loop in LOOPS] == compiled
