"""Facts of Brazilian, Andalusian, Irish and Nigerian music that their players keep."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from bands import band, chart, part

from bandstand.composer import theory
from bandstand.composer.compose.idioms import afrobeat, celtic, flamenco
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.score import Role

GUITAR, CAVAQUINHO = Voice(Role.COMP, "nylon-guitar"), Voice(Role.COMP, "ukulele")
BASS, FIDDLE = Voice(Role.BASS, "acoustic-bass"), Voice(Role.LEAD, "violin")


def offsets(events, beats):
    return [round(event[0] % beats, 4) for event in events]


def test_the_bossa_guitar_syncopates_over_a_steady_thumb():
    plan = band("bossa", mode="major", bpm=124)
    notes = part(plan, GUITAR)
    thumb = {round(n[0] % 4, 4) for n in notes if n[3] == 0.55}
    fingers = [n for n in notes if n[3] != 0.55]

    assert thumb == {0.0, 2.0}
    assert np.mean([n[0] % 1 != 0 for n in fingers]) >= 0.3


def test_the_bossa_guitar_repeats_after_two_bars():
    plan = band("bossa", mode="major", bpm=124)
    bars = [bar for bar in chart(plan) if bar.section.name == "a"][:4]
    rhythm = [
        {round(n[0] - bar.start, 4) for n in part(plan, CAVAQUINHO, bars=[bar])} for bar in bars
    ]

    assert rhythm[0] == rhythm[2] != rhythm[1]


def test_the_samba_bass_answers_louder_on_the_second_beat():
    plan = band("samba", mode="major", bpm=100)
    notes = part(plan, BASS)
    first = [n[3] for n in notes if n[0] % 2 == 0]
    second = [n[3] for n in notes if n[0] % 2 == 1]

    assert min(second) > max(first) - 0.1
    assert np.mean(second) > np.mean(first)


def test_the_bossa_bass_steps_to_the_fifth_on_the_half_bar():
    plan = band("bossa", mode="major", bpm=124)
    bars = chart(plan)
    at = {n[0]: n[2] for n in part(plan, BASS)}

    for bar in bars:
        assert at[bar.start] % 12 == bar.chords[0].root


@pytest.mark.parametrize(
    ("metre", "bpm", "accents"),
    [
        ("3/4", 180, flamenco.BULERIA),
        ("3/4", 110, flamenco.SOLEA),
        ("6/8", 110, flamenco.BULERIA),
        ("12/8", 110, flamenco.BULERIA),
    ],
)
def test_the_compas_has_twelve_counts_and_five_accents(metre, bpm, accents):
    compas = flamenco.compas_of(band("flamenco", metre=metre, bpm=bpm, mode="phrygian dominant"))

    assert compas.counts == 12
    assert sorted(compas.stressed) == sorted(accents)
    gaps = np.diff([*sorted(accents), min(accents) + 12]).tolist()
    assert sorted(gaps) == [2, 2, 2, 3, 3]


def test_tangos_are_played_in_four():
    assert flamenco.compas_of(band("flamenco", metre="4/4")).counts == 8


def test_palmas_are_loudest_on_the_accents():
    plan = band("flamenco", metre="3/4", bpm=180, mode="phrygian dominant", seconds=60)
    compas = flamenco.compas_of(plan)
    claps = [(n[0], n[3]) for n in part(plan, Voice(Role.DRUMS, "cajon")) if n[2] == KEYS["clap"]]
    on = [loud for start, loud in claps if compas.count_at(start) in compas.stressed]
    off = [loud for start, loud in claps if compas.count_at(start) not in compas.stressed]

    assert min(on) > max(off)


def test_the_phrygian_cadence_falls_a_semitone_to_the_tonic():
    for seed in range(6):
        plan = band("flamenco", mode="phrygian dominant", metre="3/4", seed=seed)
        roots = [(c.root - plan.key.tonic) % 12 for bar in chart(plan) for c in bar.chords]

        assert (1, 0) in itertools.pairwise(roots)


@pytest.mark.parametrize(
    ("metre", "bpm", "per_bar"), [("4/4", 180, 8), ("4/4", 112, 16), ("6/8", 160, 6)]
)
def test_reels_and_jigs_run_almost_without_rest(metre, bpm, per_bar):
    plan = band("celtic", metre=metre, bpm=bpm, mode="major", seconds=60)
    bars = [bar for bar in chart(plan) if bar.section.name in {"a", "b"}]

    notes = part(plan, FIDDLE, bars=bars)

    assert 0.75 <= len(notes) / len(bars) / per_bar <= 1.7


def test_a_part_of_a_reel_comes_twice():
    plan = band("celtic", metre="4/4", bpm=112, mode="major", seconds=90)
    manner = celtic.manner_of(plan)

    assert celtic.is_quick(plan)
    assert len(manner.scheme) * len(manner.rhythms["duple"][0]) == 4

    section = next(s for s in plan.sections if s.bars == 8)
    bars = chart(plan)[section.first_bar : section.first_bar + 8]
    rhythm = [
        tuple(o for o in offsets(part(plan, FIDDLE, bars=bars), 1000) if b.start <= o < b.start + 4)
        for b in bars
    ]
    shifted = [
        tuple(round((o - b.start) * 4) for o in line) for line, b in zip(rhythm, bars, strict=True)
    ]
    common = [
        len(set(x) & set(y)) / len(set(x) | set(y))
        for x, y in zip(shifted[:4], shifted[4:], strict=True)
    ]
    assert np.mean(common) > 0.7


def test_rolls_and_cuts_are_quicker_than_any_written_note():
    plan = band("celtic", metre="4/4", bpm=180, mode="major", seconds=60)
    flicks = [n for n in part(plan, FIDDLE) if n[1] * 60 / plan.bpm < 0.05]

    assert flicks
    assert all(n[2] % 12 in theory.scale(plan.key) for n in flicks)


def test_the_bodhran_is_low_on_the_beat():
    plan = band("celtic", metre="6/8", bpm=160)
    strokes = part(plan, Voice(Role.DRUMS, "bodhran"))

    assert {key for start, _, key, _ in strokes if start % 1.5 == 0} == {KEYS["tom-low"]}


def test_two_afrobeat_guitars_never_strike_together():
    for seed in range(8):
        plan = band("afrobeat", seed=seed)
        first = {n[0] for n in part(plan, Voice(Role.COMP, "clean-guitar", pan=-0.4))}
        second = {n[0] for n in part(plan, Voice(Role.COMP, "muted-guitar", pan=0.4))}

        assert first
        assert second
        assert not first & second


def test_the_bell_of_twelve_has_seven_strokes():
    assert afrobeat.BELL.count("x") == 7
    assert len(afrobeat.BELL) == 12


def test_the_afrobeat_bass_repeats_its_rhythm_every_two_bars():
    plan = band("afrobeat")
    bars = chart(plan)
    rhythm = [tuple(offsets(part(plan, BASS, bars=[bar]), 4)) for bar in bars[:6]]

    assert rhythm[0] == rhythm[2] == rhythm[4]
    assert rhythm[1] == rhythm[3] == rhythm[5]


def test_the_bow_leans_on_the_first_of_three_eighths():
    for rhythm in (bar for phrase in celtic.JIGS for bar in phrase):
        assert {place for place, symbol in enumerate(rhythm) if symbol == "X"} == {0, 6}
