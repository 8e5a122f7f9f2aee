"""Laws of every idiom: what its players return can be played, whatever the metre, tempo and length."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from bands import band, chart, part, voices_of
from hypothesis import given, settings
from hypothesis import strategies as st

from bandstand.composer import theory
from bandstand.composer.compose import compose_score
from bandstand.composer.compose.idioms import IDIOMS, players
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.style import style, style_names
from bandstand.composer.score import Role

CHROMATIC = {
    "swing": 0.8,
    "blues": 0.75,
    "ragtime": 0.8,
    "gospel": 0.8,
    "klezmer": 0.88,
    "tango": 0.88,
}
"""Share of notes in the scale where approach tones and blue notes belong to the language; elsewhere 0.95."""

every_idiom = pytest.mark.parametrize("idiom", sorted(IDIOMS))
bands = st.fixed_dictionaries(
    {
        "seconds": st.one_of(st.floats(0.5, 90), st.floats(90, 600)),
        "bpm": st.floats(40, 240),
        "metre": st.sampled_from(theory.METRES),
        "mode": st.sampled_from(sorted(theory.MODES)),
        "seed": st.integers(0, 2**63),
    }
)


@every_idiom
@settings(max_examples=25, deadline=None)
@given(wanted=bands, data=st.data())
def test_whatever_is_asked_can_be_played(idiom, wanted, data):
    plan = band(idiom, **wanted)
    bars = chart(plan)
    role = data.draw(st.sampled_from(sorted(players(idiom))))
    voice = data.draw(st.sampled_from(voices_of(role)))
    known = INSTRUMENTS[voice.instrument]

    events = players(idiom)[role](bars, plan, voice, np.random.default_rng(wanted["seed"]))

    assert bool(events) == bool(bars)
    assert all(0 < loud <= 1 and length > 0 for _, length, _, loud in events)
    assert all(known.low <= pitch <= known.high for _, _, pitch, _ in events)
    assert [event[0] for event in events] == sorted(event[0] for event in events)
    end = plan.bars * plan.metre.beats
    assert all(start >= 0 and start + length <= end + 0.06 for start, length, _, _ in events)


@every_idiom
def test_players_stay_within_the_bars_they_are_given(idiom):
    for role in players(idiom):
        for voice in voices_of(role):
            plan = band(idiom, seconds=60)
            bars = chart(plan)[5:9]

            events = part(plan, voice, bars=bars)

            assert events
            assert bars[0].start <= events[0][0]
            assert max(start for start, *_ in events) < bars[-1].start + bars[-1].beats


@every_idiom
def test_the_same_dice_give_the_same_notes(idiom):
    for role in players(idiom):
        voice = voices_of(role)[0]
        assert part(band(idiom), voice) == part(band(idiom), voice)


@every_idiom
def test_seeds_play_different_tunes(idiom):
    if Role.LEAD not in players(idiom):
        pytest.skip("sings as everybody does")
    tunes = {
        tuple(
            event[2] for event in part(band(idiom, seed=seed), voices_of(Role.LEAD)[0], seed=seed)
        )
        for seed in range(8)
    }

    assert len(tunes) == 8


@every_idiom
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_notes_belong_to_the_key(idiom, mode):
    inside: list[bool] = []
    for seed in range(3):
        plan = band(idiom, mode=mode, seed=seed)
        for role in players(idiom):
            for voice in voices_of(role):
                if INSTRUMENTS[voice.instrument].family != "kit":
                    scale = theory.scale(plan.key)
                    inside += [event[2] % 12 in scale for event in part(plan, voice, seed=seed)]

    assert not inside or np.mean(inside) >= CHROMATIC.get(idiom, 0.95)


@every_idiom
def test_no_instrument_strikes_one_key_twice_at_once(idiom):
    for role in players(idiom):
        for voice in voices_of(role):
            events = part(band(idiom), voice)
            struck = [(round(start, 4), pitch) for start, _, pitch, _ in events]

            assert len(struck) == len(set(struck)), (role, voice.instrument)


@pytest.mark.parametrize("name", style_names())
def test_every_style_names_an_idiom_that_exists(name):
    assert style(name).idiom is None or style(name).idiom in IDIOMS


@pytest.mark.parametrize("name", [name for name in style_names() if style(name).idiom])
def test_a_style_with_an_idiom_makes_a_whole_piece(name):
    plan = band(style(name).idiom or "", named=name)

    score = compose_score(plan, 3)

    assert len(score.parts) >= 2
    for played in score.parts:
        assert all(a.start <= b.start for a, b in pairwise(played.notes))


def test_who_has_no_idiom_plays_as_everybody_does():
    assert players(None) == {}
    assert players("unheard-of") == {}
