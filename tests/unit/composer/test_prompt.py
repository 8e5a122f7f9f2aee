"""What a prompt is taken to mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandstand.composer import theory
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.style import style_names
from bandstand.composer.prompt.lexicon import lexicon
from bandstand.composer.prompt.parse import parse


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    intent = parse(text)

    assert intent.prompt == text
    assert intent.bpm is None or 40 <= intent.bpm <= 240


@pytest.mark.parametrize(
    "prompt", ["", "😀🎹" * 100, "qwertz uiop " * 420, "bpm " * 1250, "a/b//c \0"]
)
def test_nonsense_asks_for_nothing(prompt):
    intent = parse(prompt)

    assert (intent.genres, intent.instruments, intent.key, intent.bpm) == ((), (), None, None)


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("marimba, G# minor, 96 bpm", "G# minor"),
        ("something in F sharp major", "F# major"),
        ("Bb", "Bb major"),
        ("jazz in Bb, slow", "Bb major"),
        ("b-flat minor waltz", "Bb minor"),
        ("D dorian", "D dorian"),
        ("a song in A", "A major"),
        ("key of c", "C major"),
        ("key: Eb minor", "Eb minor"),
        ("Am, rock", "A minor"),
        ("c-moll", "C minor"),
        ("C♯ minor", "C# minor"),
        ("E harmonic minor", "E harmonic minor"),
    ],
)
def test_keys_are_read_in_any_spelling(prompt, name):
    key = parse(prompt).key

    assert key is not None
    assert theory.key_name(key) == name


@pytest.mark.parametrize(
    "prompt", ["a trumpet", "in a forest", "a sad b side", "I am in a hurry", "in a minor key"]
)
def test_a_lone_letter_is_no_key(prompt):
    assert parse(prompt).key is None


@pytest.mark.parametrize(
    ("prompt", "bpm"),
    [
        ("96 bpm", 96),
        ("174bpm", 174),
        ("bpm 96", 96),
        ("tempo: 88.5", 88.5),
        ("120-130 bpm", 125),
        ("60 beats per minute", 60),
    ],
)
def test_tempo_is_read_in_any_order(prompt, bpm):
    assert parse(prompt).bpm == bpm


@pytest.mark.parametrize(("prompt", "bpm"), [("3 bpm", 40), ("999 bpm", 240)])
def test_tempo_out_of_reach_is_clamped_and_told(prompt, bpm):
    intent = parse(prompt)

    assert intent.bpm == bpm
    assert intent.conflicts


@pytest.mark.parametrize(
    ("prompt", "written"),
    [
        ("in 3/4", "3/4"),
        ("6/8 ballad", "6/8"),
        ("a waltz", "3/4"),
        ("irish jig", "6/8"),
        ("7 / 8", "7/8"),
    ],
)
def test_metres_are_read(prompt, written):
    metre = parse(prompt).metre

    assert metre is not None
    assert metre.written == written


def test_a_fraction_that_is_no_metre_is_ignored():
    intent = parse("beats 24/7")

    assert intent.metre is None
    assert "24/7" in intent.ignored


@pytest.mark.parametrize(
    "prompt", ["drum and bass 174 bpm", "drum & bass", "drum'n'bass dnb", "D&B"]
)
def test_drum_and_bass_is_a_style_and_no_instruments(prompt):
    intent = parse(prompt)

    assert intent.genres == ("drum-and-bass",)
    assert intent.instruments == ()


def test_genres_keep_their_order():
    assert parse("An electronic music soundtrack with a trumpet solo").genres == (
        "electronic",
        "cinematic",
    )


@pytest.mark.parametrize("prompt", ["a trumpet solo", "solo trumpet", "piano, featuring a trumpet"])
def test_the_soloist_is_named_before_or_after(prompt):
    assert parse(prompt).solo == "trumpet"


def test_a_no_holds_through_a_list():
    intent = parse("pop without any piano or drums, but with flute")

    assert intent.excluded == {"piano", "drums"}
    assert intent.instruments == ("flute",)


def test_an_exclusion_wins_over_a_wish_and_is_told():
    intent = parse("piano ballad, no piano")

    assert intent.instruments == ()
    assert intent.conflicts


@pytest.mark.parametrize(
    ("typo", "name"),
    [("saxaphone", "saxophone"), ("marimbas", "marimba"), ("trumpett", "trumpet")],
)
def test_misspelt_instruments_are_recognised(typo, name):
    assert parse(f"a {typo}").instruments == (name,)


@pytest.mark.parametrize(
    ("prompt", "era"),
    [("rock from the 90s", "1990s"), ("1980s pop", "1980s"), ("sixties soul", "1960s")],
)
def test_decades_are_read(prompt, era):
    assert parse(prompt).era == era


def test_moods_say_how_bright_and_how_lively():
    calm, wild = parse("calm sad"), parse("energetic happy")

    assert calm.energy is not None
    assert wild.energy is not None
    assert calm.energy < 0 < wild.energy
    assert (calm.valence or 0) < 0 < (wild.valence or 0)


def test_contradictions_are_told():
    intent = parse("slow fast, A minor, C major, happy and depressing, 90 bpm, 100 bpm")

    assert len(intent.conflicts) == 4
    assert intent.bpm == 90


def test_words_it_does_not_know_are_listed():
    intent = parse("piano with flubberwocks")

    assert intent.understood == ("piano",)
    assert intent.ignored == ("flubberwocks",)


def test_the_lexicon_speaks_of_styles_and_instruments_there_are():
    words = lexicon()
    meanings = {meaning for found in words.phrases.values() for meaning in found}

    assert {m.value for m in meanings if m.kind == "genre"} <= set(style_names())
    assert {m.value for m in meanings if m.kind == "instrument"} <= set(INSTRUMENTS) | set(
        words.choices
    )
    assert {name for names in words.choices.values() for name in names} <= set(INSTRUMENTS)
    assert set(words.hints.values()) <= set(style_names())
    assert set(INSTRUMENTS) <= {m.value for m in meanings}
