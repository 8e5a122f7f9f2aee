"""The form of a piece: laws of how bars become sections, whatever the length and the words."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandstand.composer import theory
from bandstand.composer.plan import form
from bandstand.composer.plan.style import style_names

WORDS = (
    *("intro", "no-intro", "build", "no-build", "drop", "no-drop", "breakdown", "bridge", "solo"),
    *("outro", "stop-time", "hook", "crescendo", "key-change", "half-time"),
)
KINDS = ("pop", "house", "jazz", "lofi", "ambient")
SECTIONS = {"breakdown": "break"}


@given(
    seconds=st.floats(0.5, 600),
    bpm=st.floats(40, 240),
    written=st.sampled_from(theory.METRES),
    section_bars=st.sampled_from([8, 12]),
    kind=st.sampled_from(KINDS),
    asked=st.frozensets(st.sampled_from(WORDS), max_size=4),
    loops=st.booleans(),
)
def test_the_sections_fill_the_bars_and_the_bars_fit_the_time(
    seconds, bpm, written, section_bars, kind, asked, loops
):
    metre = theory.metre(written)
    bars = form.whole_bars(seconds, bpm, metre)
    wish = form.Wish(style=kind, section_bars=section_bars, asked=asked, loops=loops)
    sections = form.sections(bars, seconds, wish)

    assert bars * metre.beats * 60 / bpm < seconds
    assert sum(section.bars for section in sections) == bars
    assert all(0.0 <= section.energy <= 1.0 for section in sections)
    assert all(
        section.first_bar + section.bars == following.first_bar
        for section, following in itertools.pairwise(sections)
    )


def test_a_short_piece_has_no_intro():
    assert form.sections(8, 19.9)[0].name == "a"


@pytest.mark.parametrize("name", style_names())
@pytest.mark.parametrize("word", ["build", "drop", "breakdown", "bridge", "solo", "intro", "outro"])
def test_a_section_that_is_asked_for_is_there(name, word):
    wish = form.Wish(style=name, asked=frozenset({word}))
    names = [section.name for section in form.sections(16, 30, wish)]

    assert SECTIONS.get(word, word) in names


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("word", ["build", "drop", "breakdown", "bridge", "solo", "intro"])
def test_a_section_that_is_not_wanted_is_not_there(kind, word):
    wish = form.Wish(style=kind, asked=frozenset({f"no-{word}"}))
    names = {section.name for section in form.sections(120, 240, wish)}

    assert SECTIONS.get(word, word) not in names


@pytest.mark.parametrize("seconds", [90, 180, 600])
@pytest.mark.parametrize("kind", KINDS)
def test_a_long_piece_is_more_than_verse_and_chorus(kind, seconds):
    sections = form.sections(seconds // 2, seconds, form.Wish(style=kind))
    ways = {(section.name, section.traits) for section in sections}

    assert len(ways) >= (5 if seconds < 180 else 7)


@pytest.mark.parametrize("kind", KINDS)
def test_no_section_of_a_long_piece_is_longer_than_twelve_bars(kind):
    for bars in range(40, 400):
        sections = form.sections(bars, 2.0 * bars, form.Wish(style=kind))

        assert max(section.bars for section in sections) <= 12


@pytest.mark.parametrize("seconds", [20, 25, 30, 45, 60])
@pytest.mark.parametrize("bpm", [50, 90, 140])
def test_an_intro_is_over_within_five_seconds(seconds, bpm):
    bars = form.whole_bars(seconds, bpm, theory.metre("4/4"))
    first = form.sections(bars, seconds)[0]

    assert first.name != "intro" or first.bars * 240 / bpm <= 5.5


def test_the_last_chorus_of_a_long_song_rises():
    sections = form.sections(150, 300, form.Wish(style="pop", lifts=True))

    assert sections[-1].lift > 0
    assert sections[0].lift == 0


def test_a_crescendo_grows():
    wish = form.Wish(style="pop", asked=frozenset({"crescendo"}))
    plain, grown = (form.sections(16, 30, w) for w in (form.Wish(style="pop"), wish))

    assert grown[0].energy < plain[0].energy
    assert grown[-1].energy >= plain[-1].energy


def test_a_drop_comes_after_a_build():
    for bars in range(12, 80):
        wish = form.Wish(style="pop", asked=frozenset({"drop"}))
        names = [section.name for section in form.sections(bars, 2.0 * bars, wish)]

        assert names.index("build") == names.index("drop") - 1
