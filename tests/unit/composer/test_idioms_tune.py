"""What tunes of all idioms keep: the way along a contour, and periods that ask, answer and come home."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from bands import band, chart
from hypothesis import given, settings
from hypothesis import strategies as st

from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import tune
from bandstand.composer.compose.idioms.ground import with_chords
from bandstand.composer.compose.idioms.way import LEAP, STEP, Slot, Taste, find_way
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Role, Section

C_MAJOR = frozenset({0, 2, 4, 5, 7, 9, 11})
RUNGS = tuple(pitch for pitch in range(60, 85) if pitch % 12 in C_MAJOR)
TRIAD = Chord(0.0, 4.0, 0, (0, 4, 7), "C")
FLUTE = Voice(Role.LEAD, "flute")
MANNER = tune.Manner(rhythms={"duple": (("x-x-x-x-x-x-x-x-", "x-x-x-x-X-------"),)}, leaning=0.0)


def slot(wanted: float, *, strong: bool = False, only: frozenset[int] = frozenset()) -> Slot:
    return Slot(0.0, 0.5, TRIAD, wanted, strong, C_MAJOR, only)


def usual() -> Taste:
    return Taste(strict=1.0, rub=0.9, leaps=1.0)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(55, 90), min_size=1, max_size=12))
def test_a_way_has_one_rung_for_each_slot(contour):
    way = find_way([slot(wanted) for wanted in contour], RUNGS, usual())

    assert len(way) == len(contour)
    assert set(way) <= set(RUNGS)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(62, 82), min_size=2, max_size=12), st.sampled_from(sorted(C_MAJOR)))
def test_a_way_ends_where_it_must(contour, goal):
    slots = [slot(wanted) for wanted in contour[:-1]]
    way = find_way([*slots, slot(contour[-1], only=frozenset({goal}))], RUNGS, usual())

    assert way[-1] % 12 == goal


def test_a_way_turns_back_by_step_after_a_leap_that_its_contour_does_not_follow_up():
    way = find_way([slot(wanted) for wanted in (60, 60, 72, 71, 71)], RUNGS, usual())
    moves = np.diff(way)
    leaps = [n for n, move in enumerate(moves[:-1]) if abs(move) > LEAP]

    assert all(0 < -moves[n + 1] * np.sign(moves[n]) <= STEP for n in leaps)


def test_beats_stand_on_the_chord():
    strict = replace(usual(), strict=3.0)
    way = find_way([slot(62, strong=True), slot(65, strong=True)], RUNGS, strict)

    assert all(pitch % 12 in TRIAD.notes for pitch in way)


def phrases(plan: Plan, bars: list[Bar], seed: int = 0) -> list[list[Event]]:
    """The tune in phrases of two bars."""
    events = tune.sing(bars, plan, FLUTE, np.random.default_rng(seed), MANNER)
    return [
        [event for event in events if bars[n].start <= event[0] < bars[n].start + 8]
        for n in range(0, len(bars), 2)
    ]


def verse(seconds: float = 60.0) -> tuple[Plan, list[Bar]]:
    """Eight bars of one section over one chord."""
    plan = band("celtic", seconds=seconds, mode="major")
    section = Section("a", 0, 8, 0.6)
    bars = [replace(bar, section=section, place=n) for n, bar in enumerate(chart(plan)[:8])]
    tonic = plan.key.tonic
    triad = (tonic, (tonic + 4) % 12, (tonic + 7) % 12)
    chords = [(Chord(bar.start, bar.beats, tonic, triad, ""),) for bar in bars]
    return plan, list(with_chords(bars, chords))


def test_an_answer_begins_as_what_it_answers():
    plan, bars = verse()
    for seed in range(5):
        _, asked, _, answered = phrases(plan, bars, seed)
        half = sum(event[0] < bars[2].start + 4 for event in asked)

        assert [n[2] for n in answered[:half]] == [n[2] for n in asked[:half]]


def test_a_section_ends_at_home_and_asks_elsewhere():
    plan, bars = verse()
    for seed in range(5):
        first, asked, _, answered = phrases(plan, bars, seed)

        assert answered[-1][2] % 12 == plan.key.tonic
        assert all(phrase[-1][2] % 12 != plan.key.tonic for phrase in (first, asked))


def test_a_phrase_that_comes_back_is_sung_note_for_note():
    plan, bars = verse()
    first, _, again, _ = phrases(plan, bars)

    assert [n[2] for n in first] == [n[2] for n in again]


def test_a_phrase_becomes_a_sequence_where_the_chords_bear_it_elsewhere():
    plan, bars = verse()
    tonic = plan.key.tonic
    second = tuple((tonic + step) % 12 for step in (2, 5, 9))
    moved = [
        (Chord(bar.start, bar.beats, second[0], second, ""),) if n in {4, 5} else bar.chords
        for n, bar in enumerate(bars)
    ]
    bars = list(with_chords(bars, moved))
    shapes = []
    for phrase in phrases(plan, bars):
        pitches = [n[2] for n in phrase]
        shapes.append(np.sign(np.diff(pitches)).tolist())

    assert shapes[0] == shapes[2]
