"""Rests of the whole band: filled when they would be heard as silence, and only then."""

import pytest

from bandstand.composer.compose.holes import fill_holes
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import make_plan
from bandstand.composer.prompt.parse import parse
from bandstand.composer.score import Role


@pytest.fixture
def plan():
    return make_plan(parse("pop, 120 bpm"), 8.0, 1)


def test_last_stroke_is_repeated_softer_through_a_hole(plan):
    piano = [(0.0, 1.0, 60, 0.8), (8.0, 1.0, 60, 0.8)]

    fill_holes([(Voice(Role.COMP, "piano"), piano), (Voice(Role.LEAD, "flute"), [])], plan)

    louds = [loud for start, _, _, loud in piano if start < 8.0]
    assert len(louds) > 3
    assert louds == sorted(louds, reverse=True)


def test_last_held_note_is_held_on_through_a_hole(plan):
    violin = [(0.0, 1.0, 69, 0.8), (8.0, 1.0, 69, 0.8)]

    fill_holes([(Voice(Role.LEAD, "violin"), violin)], plan)

    assert [start for start, *_ in violin] == [0.0, 8.0]
    assert 6.0 < violin[0][1] < 8.0


def test_rest_of_one_player_stays_while_another_holds_a_note(plan):
    piano = [(0.0, 1.0, 60, 0.8), (8.0, 1.0, 60, 0.8)]
    strings = [(0.0, 8.0, 64, 0.6), (8.0, 8.0, 65, 0.6)]
    before = list(piano)

    fill_holes([(Voice(Role.COMP, "piano"), piano), (Voice(Role.PAD, "strings"), strings)], plan)

    assert [event for event in piano if event[0] <= 8.0] == before
