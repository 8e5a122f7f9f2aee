"""Who plays when: players come and go where sections do, and short pieces go round one loop of chords."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pieces import planned

from bandstand.composer import chance
from bandstand.composer.compose.chart import by_section
from bandstand.composer.compose.draft import sketch
from bandstand.composer.compose.harmony import harmonise
from bandstand.composer.plan.form import PHRASE, ROUND, place_in_round
from bandstand.composer.score import Section


@pytest.mark.parametrize("name", ["pop", "jazz", "house", "salsa", "lofi", "klezmer", "folk"])
def test_nobody_comes_in_or_stops_within_a_phrase(name):
    for seed in range(3):
        sketched = sketch(planned(name, seed=seed), 0)
        for section in by_section(sketched.chart):
            if len(section) <= PHRASE and section[0].section.name != "build":
                places = {bar.index for bar in section}
                for bars in sketched.given:
                    played = {bar.index for bar in bars} & places

                    assert played in (set(), places)


@pytest.mark.parametrize("name", ["rock", "disco", "ska", "punk", "klezmer", "house", "trance"])
def test_a_chorus_brings_somebody(name):
    for seed in range(4):
        sketched = sketch(planned(name, 45.0, seed), 0)
        first = next(bar for bar in sketched.chart if bar.is_peak)
        before = sketched.chart[first.index - 1]
        new = [
            bars
            for bars in sketched.given
            if first.index in {bar.index for bar in bars}
            and before.index not in {bar.index for bar in bars}
        ]

        assert new


@given(bars=st.integers(1, 12), place=st.integers(0, 11))
def test_an_intro_ends_on_the_end_of_the_loop(bars, place):
    intro = Section("intro", 0, bars, 0.4)

    assert place_in_round(intro, bars - 1) == -1
    assert place_in_round(Section("a", 0, bars, 0.6), place) == place


def test_a_chorus_has_chords_of_its_own_only_where_they_can_come_again():
    short, long = (
        {ROUND in section.traits for section in planned("pop", seconds).sections}
        for seconds in (25.0, 120.0)
    )

    assert short == {True}
    assert long == {False}


@pytest.mark.parametrize("name", ["pop", "synthwave", "reggae", "house"])
def test_in_a_round_most_bars_come_again_after_the_loop(name):
    plan = planned(name, 30.0, 3)
    roots = [bar[0].root for bar in harmonise(plan, chance.stage(3, chance.HARMONY))]
    alike = [
        sum(a == b for a, b in zip(roots, roots[lag:], strict=False)) / (len(roots) - lag)
        for lag in range(1, 1 + len(roots) // 2)
    ]

    assert max(alike) >= 0.5
