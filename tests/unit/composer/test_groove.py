"""What a drummer does besides keeping a groove: accents, answers, fills; and the bass that goes with him."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from pieces import planned, styled

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event, write_chart
from bandstand.composer.compose.drive import driven
from bandstand.composer.compose.fills import fill_begins, swelling
from bandstand.composer.compose.hands import STEADY_KEYS
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.plan.style import style_names
from bandstand.composer.score import Role

KIT = Voice(Role.DRUMS, "acoustic-kit")
HANDS = Voice(Role.PERCUSSION, "hand-percussion")
KINDS = ("pop", "rock", "funk", "soul", "lofi", "hip-hop", "folk", "country")
CYMBALS = STEADY_KEYS | {KEYS["crash"]}
some_styles = pytest.mark.parametrize("name", KINDS)


def chart(plan: Plan) -> tuple[Bar, ...]:
    return write_chart(plan, np.random.default_rng(plan.seed))


def drummed(plan: Plan, voice: Voice = KIT) -> list[Event]:
    return groove.drum(chart(plan), plan, voice, np.random.default_rng(plan.seed))


def in_bar(events: list[Event], bar: Bar) -> set[tuple[float, int]]:
    return {(e[0] - bar.start, e[2]) for e in events if bar.start <= e[0] < bar.start + bar.beats}


@some_styles
def test_a_hat_is_struck_softer_beside_the_beat(name):
    for seed in range(3):
        hats = [e for e in drummed(planned(name, seed=seed)) if e[2] == KEYS["hat"]]
        on = [e[3] for e in hats if e[0] % 1.0 == 0.0]
        beside = [e[3] for e in hats if e[0] % 0.5 != 0.0]

        if on and beside:
            assert np.mean(beside) < np.mean(on)


@pytest.mark.parametrize("name", style_names())
def test_two_hats_are_open_or_closed(name):
    events = drummed(planned(name))
    closed = {e[0] for e in events if e[2] == KEYS["hat"]}
    opened = {e[0] for e in events if e[2] == KEYS["open"]}

    assert not closed & opened


def test_an_open_hat_is_left_to_ring_however_wild_it_gets():
    lines = {"open": "..x...x...x...x.", "hat": "x.x.x.x.x.x.x.x."}

    wild = driven(lines, 1.0, 4)

    assert wild["open"] == lines["open"]
    assert wild["hat"] == "x" * 16


def test_a_calm_drummer_hints_at_what_he_leaves_out():
    calm = driven({"kick": "X..x....X.x.....", "snare": "....X..o....X..o"}, -0.5, 4)

    assert calm == {"kick": "X..o....X.x.....", "snare": "....X..o....X..o"}


@pytest.mark.parametrize("name", ["pop", "rock", "country", "soul"])
def test_the_second_bar_is_the_first_and_an_answer(name):
    plan = planned(name, seconds=60, seed=3)
    events = [e for e in drummed(plan) if e[3] > groove.GHOST]
    book = groove.open_book(plan, KIT)
    answers = 0
    for first, second in pairwise(chart(plan)):
        main = book.main(first)
        long = any(len(line) > 16 for line in main.lines.values())
        if first.place % 4 == 0 and not second.is_last and first.section.energy >= 0.5 and not long:
            asked, heard = (
                {(at, key) for at, key in in_bar(events, bar) if key not in CYMBALS}
                for bar in (first, second)
            )
            answers += len(heard - asked)
            assert asked <= heard

    assert answers


def test_who_plays_sixteenths_without_end_takes_a_breath():
    plan = planned("bossa-nova", seconds=60)
    bars = chart(plan)
    both = [drummed(plan), drummed(plan, HANDS)]
    full = [
        len({at for events in both for at, key in in_bar(events, bar) if key in STEADY_KEYS})
        for bar in bars
        if not bar.is_last and bar.section.energy >= 0.5
    ]

    assert max(full) == 16
    assert min(full) < 16


@pytest.mark.parametrize("metre", ["4/4", "3/4", "6/8", "7/8", "5/4"])
def test_a_fill_begins_with_a_beat(metre):
    plan = replace(planned("rock", seconds=90), metre=theory.metre(metre))
    pulse = theory.pulse(plan.metre)
    begins = {fill_begins(bar, plan, Role.DRUMS, turns=True) for bar in chart(plan)}

    assert plan.metre.beats in begins
    assert len(begins) > 1
    assert all(0 <= at <= plan.metre.beats for at in begins)
    assert all(at % pulse == 0 for at in begins - {plan.metre.beats})


def test_hands_beside_a_kit_keep_time_but_before_a_chorus():
    plan = planned("funk", seconds=120)
    bars = chart(plan)
    following = {bar.index: after.section.name for bar, after in pairwise(bars)}
    filled = [
        bar
        for bar in bars
        if bar.section.energy >= 0.5
        and fill_begins(bar, plan, Role.PERCUSSION, turns=True) < bar.beats
    ]

    assert filled
    assert all(following[bar.index] == "b" != bar.section.name for bar in filled)


def test_one_drum_for_all_plays_the_groove_of_a_kit():
    low = {e[2] for e in drummed(planned("folk"), Voice(Role.DRUMS, "cajon"))}

    assert KEYS["kick"] in low


def test_the_bass_is_struck_with_a_kick_that_does_more_than_count():
    together = []
    for name in ("funk", "hip-hop", "lofi", "soul", "downtempo"):
        for seed in range(2):
            score = styled(name, 20.0, seed)
            low = {part.role: part.notes for part in score.parts}
            kicks = {
                round(4 * n.start - 0.15)
                for n in low[Role.DRUMS]
                if n.pitch == KEYS["kick"] and n.velocity > groove.GHOST
            }
            notes = {round(4 * n.start - 0.15) for n in low[Role.BASS]}
            together.append(len(kicks & notes) / len(kicks))

    assert np.mean(together) >= 0.65


def lateness(name: str, key: int) -> float:
    """Seconds by which the strokes of a drum come after the sixteenth that they are written for, on average."""
    late = []
    for seed in range(3):
        score = styled(name, 20.0, seed)
        drums = next(part for part in score.parts if part.role is Role.DRUMS)
        steps = [4 * note.start for note in drums.notes if note.pitch == key]
        late += [score.seconds_at((step - round(step)) / 4) for step in steps]
    return float(np.mean(late))


def test_a_backbeat_lays_back_or_pushes_as_its_style_does():
    soul, punk = (lateness(name, KEYS["snare"]) for name in ("soul", "punk"))

    assert 0.006 < soul < 0.02
    assert -0.012 < punk < -0.002
    assert abs(lateness("soul", KEYS["kick"])) < 0.003


@some_styles
def test_who_crashes_keeps_no_time_meanwhile(name):
    events = drummed(planned(name, seconds=60))
    crashes = {e[0] for e in events if e[2] == KEYS["crash"]}
    others = {e[0] for e in events if e[2] in {KEYS["hat"], KEYS["ride"], KEYS["open"]}}

    assert crashes
    assert not crashes & others


def test_a_fill_grows_into_what_it_leads_to():
    strokes = [(0.25 * n, 0.2, KEYS["snare"], 0.7) for n in range(16)]

    loud = [event[3] for event in swelling(strokes, 2.0, 4.0)]

    assert len(loud) == 8
    assert loud == sorted(loud)
    assert loud[0] < 0.7 < loud[-1]


def test_nobody_rides_on_a_crash_in_a_calm_piece():
    calm = driven({"kick": "X.......X.......", "crash": "X...X...X...X..."}, -0.5, 4)

    assert "crash" not in calm
    assert calm["ride"] == "X...X...X...X..."


def test_a_calm_drummer_opens_up_in_the_chorus():
    hat = {"hat": "x.x.x.x.x.x.x.x."}

    verse, chorus = driven(hat, -0.8, 4, verse=True), driven(hat, -0.8, 4)

    assert verse["hat"] == "x...x...x...x..."
    assert chorus == hat


def test_a_wild_chorus_gets_a_tambourine_where_nobody_else_shakes_one():
    calm, wild = (
        {e[2] for e in drummed(replace(planned("rock", seconds=60), drive=drive))}
        for drive in (0.0, 1.0)
    )

    assert KEYS["tambourine"] in wild - calm


def test_a_slow_shuffle_keeps_its_triplets():
    hat = {"hat": "x.x.x.x.x.x."}

    assert driven(hat, -0.8, 6, verse=True) == hat
