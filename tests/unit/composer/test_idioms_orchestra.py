"""Facts of orchestral music that its players keep."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from bands import band, chart, part

from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.score import Role

CELLO = Voice(Role.BASS, "cello")
TIMPANI = Voice(Role.DRUMS, "orchestral-kit")


def test_an_alberti_bass_goes_low_high_middle_high():
    plan = band("classical", mode="major")
    notes = [n[2] for n in part(plan, Voice(Role.COMP, "piano"), bars=chart(plan)[:1])]
    low, high, middle, again = notes[:4]

    assert low < middle < high == again


def test_a_continuo_moves_by_steps_and_small_thirds():
    moves: list[int] = []
    for seed in range(4):
        plan = band("baroque", mode="major", seed=seed, bpm=90)
        line = [n[2] for n in part(plan, CELLO, seed=seed)]
        moves += [abs(b - a) for a, b in pairwise(line)]

    assert np.mean([move <= 4 for move in moves]) >= 0.6


def test_a_continuo_has_the_root_where_a_chord_begins():
    plan = band("baroque", mode="major", bpm=90)
    at = {n[0]: n[2] for n in part(plan, CELLO)}

    for bar in chart(plan):
        for chord in bar.chords:
            assert at[chord.start] % 12 == chord.root


def test_timpani_roll_louder_and_louder_into_the_next_section():
    plan = band("cinematic", seconds=60)
    last = next(bar for bar in chart(plan) if bar.is_last and bar.section.bars > 1)
    roll = [n[3] for n in part(plan, TIMPANI, bars=[last]) if n[2] == KEYS["tom-low"]]

    assert len(roll) == 2 * last.beats
    assert roll == sorted(roll)


def test_a_section_begins_with_a_stroke():
    plan = band("cinematic", seconds=60)
    strokes = {n[0] for n in part(plan, TIMPANI) if n[2] == KEYS["kick"]}

    assert all(section.first_bar * 4.0 in strokes for section in plan.sections)


def test_an_ostinato_thickens_when_the_music_does():
    plan = band("cinematic", seconds=90)
    bars = chart(plan)
    quiet, loud = min(bars, key=lambda b: b.intensity), max(bars, key=lambda b: b.intensity)
    strings = Voice(Role.COMP, "strings")

    assert len(part(plan, strings, bars=[quiet])) < len(part(plan, strings, bars=[loud]))


def test_choirs_are_divided_over_more_than_an_octave():
    plan = band("cinematic", seconds=60)
    bar = max(chart(plan), key=lambda b: b.intensity)
    pitches = [n[2] for n in part(plan, Voice(Role.PAD, "strings"), bars=[bar])]

    assert max(pitches) - min(pitches) > 12
