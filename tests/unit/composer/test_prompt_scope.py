"""How far a negation reaches."""

from __future__ import annotations

import pytest

from bandstand.composer.prompt.parse import parse

NO_PIANO = [
    "without piano",
    "no piano",
    "no loud piano",
    "not a piano in sight",
    "please don't use any piano",
    "minus the piano",
    "rock -piano",
    "rock --no piano",
    "w/o piano",
    "piano-free",
    "flute instead of piano",
    "flute rather than a piano",
    "avoid piano",
    "no flute/piano",
    "neither flute nor piano",
    "no drums, flute or piano",
    "no drums, flute, or piano",
    "everything except piano",
    "ohne Klavier",
    "senza pianoforte",
    "no squeaky piano",
]
PIANO = [
    "no drums, piano",
    "no drums, soft piano",
    "no drums but piano",
    "no drums and lots of piano",
    "no drums and a piano",
    "no drums, just piano",
    "without drums, with flute and piano",
    "not too fast piano",
    "no flute except for piano",
    "not only piano",
    "no doubt: piano",
    "nothing but piano",
    "no singing over the piano",
    "- piano\n- flute",
    "no drums or bass. Piano and flute",
]


@pytest.mark.parametrize("prompt", NO_PIANO)
def test_a_negation_reaches_the_piano(prompt):
    intent = parse(prompt)

    assert "piano" in intent.excluded
    assert "piano" not in intent.instruments


@pytest.mark.parametrize("prompt", PIANO)
def test_a_negation_ends_before_the_piano(prompt):
    assert "piano" in parse(prompt).instruments


def test_a_no_holds_through_a_list():
    intent = parse("pop without any piano or drums, but with flute")

    assert {"piano", "drums", "acoustic-kit"} <= intent.excluded
    assert intent.instruments == ("flute",)


def test_what_comes_later_is_not_excluded():
    assert parse("no drums until the drop").excluded == frozenset()


def test_no_drums_are_no_hand_drums_either():
    excluded = parse("no drums").excluded

    assert {"congas", "taiko", "tabla", "909-kit"} <= excluded
    assert "hand-percussion" not in excluded


@pytest.mark.parametrize(
    ("prompt", "name", "excluded"),
    [
        ("no percussion except a tambourine", "hand-percussion", "congas"),
        ("no synths besides a warm pad", "warm-pad", "lead-synth"),
        ("guitar but no electric guitar", "guitar", "clean-guitar"),
        ("no guitars, only ukulele", "ukulele", "nylon-guitar"),
    ],
)
def test_one_of_a_kind_may_stay(prompt, name, excluded):
    intent = parse(prompt)

    assert name in intent.instruments
    assert excluded in intent.excluded


def test_a_mood_that_is_not_wanted_turns_round():
    assert (parse("not sad").valence or 0) > 0
    assert (parse("not too aggressive").energy or 0) < 0


def test_a_style_that_is_not_wanted_is_excluded():
    assert parse("no jazz").excluded_genres == {"jazz"}


@pytest.mark.parametrize(
    "prompt", ["trap drums, no hats", "house without kick", "no cymbals, drums"]
)
def test_a_drum_that_is_not_wanted_leaves_the_others(prompt):
    intent = parse(prompt)

    assert "no-drums" not in intent.flags
    assert "cannot be left out" in intent.conflicts[0]


@pytest.mark.parametrize(
    "prompt",
    ["please no strings", "I don't want anything with strings", "keine Streicher", "pas de cordes"],
)
def test_strings_that_are_not_wanted_stay_away(prompt):
    assert "strings" in parse(prompt).excluded


def test_what_is_nothing_slow_is_no_slow_music():
    assert (parse("nothing slow").pace or 0) > 0
