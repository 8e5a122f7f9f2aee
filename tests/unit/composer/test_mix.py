"""Stems -> mix -> master: laws of the filters, the meter, the limiter and the room."""

from dataclasses import replace

import numpy as np
import pyloudnorm
import pytest
import soxr
from scores import band, score_of

from bandstand.composer.filters import Filter, high_pass, low_pass, peak, response, tilt
from bandstand.composer.mix.aging import Aging
from bandstand.composer.mix.channel import Ducker
from bandstand.composer.mix.colour import Colour
from bandstand.composer.mix.desk import Desk, Sheet, fade_out, widen
from bandstand.composer.mix.evener import Evener, third_bells
from bandstand.composer.mix.excerpts import Expected, excerpts, rung_out
from bandstand.composer.mix.forecast import Forecast
from bandstand.composer.mix.limiter import Limiter
from bandstand.composer.mix.loudness import Meter
from bandstand.composer.mix.ride import Ride
from bandstand.composer.mix.space import Echo, Reverb
from bandstand.composer.mix.spectrum import THIRDS, side_over_mid
from bandstand.composer.score import Note, Part, Role, Section

RATE = 44100
CUTS = (1, 700, 13, 20000, 4096, 19290)


def noise(seconds=1.0, level=0.2, seed=3):
    chance = np.random.default_rng(seed)
    return (level * chance.standard_normal((2, round(seconds * RATE)))).astype(np.float32)


def in_pieces(sound):
    at = 0
    for length in CUTS:
        yield sound[:, at : at + length].copy()
        at += length


MAKERS = {
    "filter": lambda: Filter([high_pass(90.0, RATE), peak(900.0, RATE, 4.0), *tilt(-2.0, RATE)]),
    "reverb": lambda: Reverb(RATE, 1.5),
    "echo": lambda: Echo(RATE, 0.11),
    "aging": lambda: Aging(RATE, 0.7, 11),
    "limiter": lambda: Limiter(RATE, -6.0),
}


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_block_by_block_gives_the_samples_of_at_once(name):
    sound = noise(sum(CUTS) / RATE)

    at_once = MAKERS[name]().run(sound.copy())
    machine = MAKERS[name]()
    in_blocks = np.concatenate([machine.run(block) for block in in_pieces(sound)], axis=1)

    assert np.array_equal(at_once, in_blocks)


def test_desk_gives_the_same_samples_in_any_blocks():
    score = band(seconds=4.0)
    sheet = Sheet(gains=(0.0,) * len(score.parts), slope=-1.0, side=2.0)
    stems = [noise(sum(CUTS) / RATE, seed=seed) for seed in range(len(score.parts))]

    whole = Desk(score, RATE, sheet)
    at_once = whole.shape(whole.blend([stem.copy() for stem in stems], sum(CUTS)))
    desk = Desk(score, RATE, sheet)
    blocks = zip(*(in_pieces(stem) for stem in stems), strict=True)
    in_blocks = [desk.shape(desk.blend(parts, parts[0].shape[1])) for parts in blocks]

    assert np.array_equal(at_once, np.concatenate(in_blocks, axis=1))


@pytest.mark.parametrize("rate", [32000, 44100, 48000])
def test_meter_agrees_with_pyloudnorm(rate):
    chance = np.random.default_rng(1)
    sound = (0.1 * chance.standard_normal((2, 5 * rate))).astype(np.float32)
    sound[:, 2 * rate : 3 * rate] *= 0.01
    meter = Meter(rate)

    for start in range(0, 5 * rate, 7919):
        meter.feed(sound[:, start : start + 7919])

    theirs = pyloudnorm.Meter(rate).integrated_loudness(sound.T.astype(np.float64))
    assert meter.integrated() == pytest.approx(theirs, abs=0.15)


@pytest.mark.parametrize("level", [0.3, 1.5, 8.0])
def test_limiter_never_overshoots_between_samples(level):
    sound = Filter([low_pass(15000.0, RATE)] * 3).run(noise(2.0, level))

    limited = Limiter(RATE, -2.0).run(sound)

    between = soxr.resample(limited.T, RATE, 8 * RATE, quality="VHQ")
    assert 20.0 * np.log10(np.abs(between).max()) <= -1.75


def test_limiter_leaves_quiet_sound_alone_but_late():
    sound = noise(0.5, 0.05)
    limiter = Limiter(RATE, -2.0)

    limited = limiter.run(sound)

    assert np.array_equal(limited[:, limiter.latency :], sound[:, : -limiter.latency])


@pytest.mark.parametrize("slope", [-3.0, -1.0, 2.0])
def test_tilt_turns_the_spectrum_evenly(slope):
    hertz = 125.0 * 2.0 ** np.arange(6)

    levels = 20.0 * np.log10(response(tilt(slope, RATE), hertz, RATE))

    assert np.diff(levels) == pytest.approx(np.full(5, slope), abs=0.45)


def test_reverb_dies_in_the_asked_time():
    impulse = np.zeros((2, 3 * RATE), dtype=np.float32)
    impulse[:, 0] = 1.0

    tail = Filter([low_pass(400.0, RATE)]).run(Reverb(RATE, 1.5).run(impulse))

    energy = np.cumsum((tail.astype(np.float64) ** 2).sum(axis=0)[::-1])[::-1]
    decay = 10.0 * np.log10(energy / energy[0])
    seconds = 2.0 * (np.argmax(decay < -35.0) - np.argmax(decay < -5.0)) / RATE
    assert seconds == pytest.approx(1.5, rel=0.2)


def test_ducker_follows_the_kick_and_lets_go():
    ducker = Ducker(band(seconds=4.0, bpm=120.0), RATE)

    curve = ducker.curve(0, RATE)

    assert curve[0] == 0.0
    assert curve[round(0.006 * RATE)] > 0.9
    assert curve[round(0.45 * RATE)] < 0.05


def test_ducker_does_not_depend_on_blocks():
    ducker = Ducker(band(seconds=4.0), RATE)

    halves = [ducker.curve(0, 30011), ducker.curve(30011, 30011)]

    assert np.array_equal(ducker.curve(0, 60022), np.concatenate(halves))


def test_widening_moves_the_sides_by_its_decibels():
    sound = noise(0.5)
    before = side_over_mid([sound])

    assert side_over_mid([widen(sound, -6.0)]) == pytest.approx(before - 6.0, abs=0.01)


def test_fade_ends_in_silence_and_spares_the_rest():
    sound = np.ones((2, 1000), dtype=np.float32)

    faded = fade_out(sound, 0, 1000, RATE)

    assert (faded[:, :959] == 1.0).all()
    assert faded[0, -1] < 0.01


def test_forecast_is_louder_where_more_is_played():
    forecast = Forecast(band(seconds=12.0))

    assert forecast.power(3.0, 4.0) > 1.2 * forecast.power(0.0, 1.0)


def test_forecast_has_the_sections_of_the_fader():
    score = band(seconds=16.0)
    quiet, full = Section("a", 0, 4, 0.2), Section("b", 4, 4, 0.9)

    forecast = Forecast(replace(score, sections=(quiet, full)))

    assert forecast.power(5.0, 8.0) > 3.0 * forecast.power(1.0, 3.0)


def test_bars_listened_to_are_none_in_which_the_band_stands_still():
    score = band(seconds=128.0)
    still = {62, 63}
    parts = tuple(
        replace(part, notes=tuple(n for n in part.notes if int(n.start // 4) not in still))
        for part in score.parts
    )
    score = replace(score, parts=parts)

    found = excerpts(score, Forecast(score), RATE)

    assert all(e.stop <= 62 * 2 * RATE for e in found if e.section == "a")


def test_expected_loudness_follows_the_forecast_within_a_section():
    score = band(seconds=32.0)

    expected = Expected(score, Forecast(score), {"a": 1.0}, np.zeros(0))

    assert expected.power(8.0, 10.0) > expected.power(0.0, 2.0)


def test_thirds_without_notes_in_the_excerpt_are_expected_where_notes_come():
    low, high = Note(0.0, 4.0, 45, 0.7), Note(8.0, 4.0, 55, 0.7)
    score = score_of(Part(Role.COMP, "strings", (low, high)), seconds=8.0)
    heard = np.array([-20.0, -60.0, -60.0, -23.0, -60.0, -25.0, -27.0] + [-30.0] * 10)

    levels = Colour(score).expected([(0.0, 4.0)], heard)

    assert levels[np.abs(THIRDS - 196.0).argmin()] > levels[np.abs(THIRDS - 159.0).argmin()] + 6.0


def test_all_of_the_piece_is_expected_as_it_was_heard():
    score = band(seconds=8.0)
    heard = np.linspace(-20.0, -40.0, len(THIRDS))

    levels = Colour(score).expected([(0.0, 16.0)], heard)

    assert levels == pytest.approx(heard, abs=0.1)


def test_excerpt_holds_the_first_stroke_of_its_bar_though_it_comes_early():
    score = band(seconds=32.0)
    early = tuple(
        replace(p, notes=tuple(replace(n, start=max(0.0, n.start - 0.04)) for n in p.notes))
        for p in score.parts
    )
    score = replace(score, parts=early)
    strokes = {round(score.seconds_at(note.start) * RATE) for note in score.parts[4].notes}

    found = excerpts(score, Forecast(score), RATE)

    bars = [at for at in strokes if any(e.start <= at < e.start + 0.1 * RATE for e in found)]
    assert len(bars) >= len([e for e in found if e.section != "ending"])


def test_last_chord_goes_on_dying_away_where_it_was_no_longer_heard():
    heard = np.exp(-0.1 * np.arange(30))

    whole = rung_out(heard, 60)

    assert (whole[:30] == heard).all()
    assert (np.diff(whole[30:]) < 0.0).all()
    assert whole[30] <= heard[22]


def test_step_between_thirds_that_the_rehearsal_did_not_tell_is_levelled_while_the_piece_plays():
    score = score_of(Part(Role.COMP, "strings", (Note(0.0, 64.0, 45, 0.7),)), seconds=32.0)
    flat = np.zeros(len(THIRDS))
    evener = Evener(score, RATE, Colour(score), flat, [(0.0, 4.0)], flat)
    dull = Filter([low_pass(1600.0, RATE)] * 3)

    for _ in range(20):
        evener.heard(dull.run(noise()))

    assert evener.gains[-1] > 1.0
    assert evener.gains[:8] == pytest.approx(0.0)


def test_bells_of_no_gain_change_no_sample():
    sound = noise()

    assert np.array_equal(Filter(third_bells(np.zeros(17), RATE)).run(sound.copy()), sound)


def test_bell_that_is_turned_to_nothing_rings_out():
    machine = Filter(third_bells(np.full(17, 6.0), RATE))
    machine.run(noise())
    machine.turn(third_bells(np.zeros(17), RATE))

    rest = machine.run(np.zeros((2, RATE), dtype=np.float32))

    assert np.abs(rest[:, :400]).max() > 0.0
    assert np.abs(rest[:, -400:]).max() < 1e-5


def test_section_that_came_out_louder_is_followed_by_less_of_its_kind_only():
    expected = [(RATE, 0.04, "a")] * 12 + [(RATE, 0.04, "b")] * 12
    ride = Ride(expected, RATE)

    for _ in range(12):
        ride.heard(noise(level=0.2))

    assert ride.trim < -0.5
