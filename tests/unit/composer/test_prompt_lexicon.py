"""The words that are known: how many, whether each leads somewhere, and misspellings."""

from __future__ import annotations

import pytest

from bandstand.composer import theory
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.style import style_names
from bandstand.composer.prompt.lexicon import key_words, lexicon, singulars
from bandstand.composer.prompt.parse import parse
from bandstand.composer.prompt.typos import corrected

WORDS = lexicon()
REAL = (
    *(
        "auction",
        "horse",
        "quite",
        "petal",
        "child",
        "organic",
        "wonderful",
        "mountainous",
        "sense",
    ),
    *("sweat", "people", "morning", "window", "children", "yellow", "moment", "letter", "station"),
    *("ration", "picture", "brother", "water", "market", "planet", "system", "letters", "chair"),
    *("shared", "placed", "story", "plant", "stone", "flight", "feature", "topic", "violet"),
)


def phrases(*kinds: str) -> dict[str, set[str]]:
    """Phrase -> the values it has as one of these kinds."""
    found: dict[str, set[str]] = {}
    for words, meanings in WORDS.phrases.items():
        if values := {m.value for m in meanings if m.kind in kinds}:
            found[" ".join(words)] = values
    return found


@pytest.mark.parametrize(("kind", "least"), [("genre", 300), ("mood", 150), ("instrument", 150)])
def test_enough_words_are_known(kind, least):
    assert len(phrases(kind)) >= least


def test_the_lexicon_speaks_of_styles_and_instruments_there_are():
    styles = set().union(*phrases("genre", "flavour", "scene").values())
    members = {name for row in (*WORDS.choices.values(), *WORDS.families.values()) for name in row}
    players = {name for row in WORDS.ensembles.values() for name in row.players}
    known = set(INSTRUMENTS) | set(WORDS.choices)

    assert styles <= set(style_names())
    assert set().union(*phrases("instrument").values()) <= known
    assert {*members, *players, *WORDS.complete, *WORDS.hints} <= known
    assert {*WORDS.hints.values(), *WORDS.signs.values()} <= set(style_names())
    assert {name for row in WORDS.nature.values() for name in row} <= set(style_names())


def test_flags_that_clash_or_turn_round_are_flags():
    flags = set().union(*phrases("flag").values())
    contraries = set(WORDS.contrary.values())

    assert set(WORDS.contrary) <= flags
    assert set(WORDS.clashes) | {n for row in WORDS.clashes.values() for n in row} <= (
        flags | contraries
    )


def test_modes_and_metres_are_those_of_the_theory():
    assert set(key_words()["mode"]) <= set(theory.MODES)
    assert set().union(*phrases("metre").values()) <= set(theory.METRES)


@pytest.mark.parametrize("name", style_names())
def test_a_style_is_reached_by_three_words_and_its_name(name):
    words = [phrase for phrase, values in phrases("genre").items() if values == {name}]

    assert len(words) >= 3
    assert parse(name.replace("-", " ")).genres[0] == name


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_instrument_is_reached_by_its_name(name):
    said = name.replace("-", " ")
    said = said.removesuffix(" kit") + " drums" if INSTRUMENTS[name].family == "kit" else said

    assert (
        name in parse(f"with {said}").instruments
        or name in parse(f"with {name.replace('-', ' ')}").instruments
    )


@pytest.mark.parametrize("kind", ["genre", "instrument", "mood", "flag", "pace", "metre", "era"])
def test_every_phrase_is_understood_as_it_is_meant(kind):
    fields = {"genre": "genres", "instrument": "instruments", "mood": "moods", "flag": "flags"}
    missed = [
        phrase
        for phrase in phrases(kind)
        if getattr(parse(phrase), fields.get(kind, kind)) in {None, (), frozenset()}
        and not {"lead", "featuring", "alone", "no-drums"} & phrases(kind)[phrase]
    ]

    assert missed == []


@pytest.mark.parametrize("kind", ["genre", "mood", "instrument", "pace", "tempo", "metre"])
def test_no_phrase_means_two_things_of_a_kind(kind):
    several = {phrase for phrase, values in phrases(kind).items() if len(values) > 1}

    assert several == set()


def test_words_are_written_as_they_are_looked_up():
    strange = [p for p in phrases("genre", "mood", "instrument") if p != p.lower().strip()]

    assert strange == []


@pytest.mark.parametrize(
    ("prompt", "genre"),
    [
        ("gospel", "gospel"),
        ("punk", "punk"),
        ("samba", "samba"),
        ("trap", "trap"),
        ("dub", "dub"),
        ("disco", "disco"),
        ("trance", "trance"),
        ("ragtime", "ragtime"),
        ("R&B", "soul"),
        ("2-step", "garage"),
        ("K-pop", "pop"),
        ("rock'n'roll", "rock"),
        ("lo-fi", "lofi"),
        ("musica clasica", "classical"),
        ("#HipHop", "hip-hop"),
    ],
)
def test_genre_words_lead_to_their_styles(prompt, genre):
    assert parse(prompt).genres[0] == genre


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("guitare acoustique", "acoustic-guitar"),
        ("Klavier", "piano"),
        ("Geige", "violin"),
        ("guitarra eléctrica", "electric-guitar"),
        ("скрипка", "violin"),
        ("Schlagzeug", "drums"),
        ("violins", "strings"),
        ("pianos", "piano"),
        ("sleigh bells", "bells"),
        ("hurdy-gurdy handpans", "hang"),
    ],
)
def test_plurals_and_foreign_names_are_known(prompt, name):
    assert name in parse(prompt).instruments


@pytest.mark.parametrize(
    ("typo", "word"),
    [
        ("saxohpone", "saxophone"),
        ("marimbba", "marimba"),
        ("trumpett", "trumpet"),
        ("accordian", "accordion"),
        ("mandollin", "mandolin"),
        ("xylaphone", "xylophone"),
        ("orchestrl", "orchestral"),
        ("electrnic", "electronic"),
        ("chillllll", "chill"),
        ("melancholly", "melancholy"),
        ("energettic", "energetic"),
    ],
)
def test_misspelt_words_are_recognised(typo, word):
    assert corrected(typo) == word


@pytest.mark.parametrize("word", REAL)
def test_real_words_are_not_taken_for_misspellings(word):
    meant = None if WORDS.knows(word) else corrected(word)

    assert meant is None


@pytest.mark.parametrize("word", ["glass", "bass", "brass", "chorus", "jazz", "blues"])
def test_a_word_in_s_is_looked_up_as_it_stands_first(word):
    assert singulars(word)[0] == word
