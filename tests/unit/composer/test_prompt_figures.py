"""Keys, tempos, metres and decades as people write them."""

from __future__ import annotations

import pytest

from bandstand.composer import theory
from bandstand.composer.prompt.parse import parse


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("marimba, G# minor, 96 bpm", "G# minor"),
        ("something in F sharp major", "F# major"),
        ("F♯ Major", "F# major"),
        ("Bb", "Bb major"),
        ("jazz in Bb, slow", "Bb major"),
        ("b-flat minor waltz", "Bb minor"),
        ("D dorian", "D dorian"),
        ("Bb mixolydian", "Bb mixolydian"),
        ("a song in A", "A major"),
        ("key of c", "C major"),
        ("key: Eb minor", "Eb minor"),
        ("Am, rock", "A minor"),
        ("C#m", "C# minor"),
        ("Dm7, slow", "D minor"),
        ("C♯ minor", "C# minor"),
        ("E harmonic minor", "E harmonic minor"),
        ("Key: C#, scale: minor", "C# minor"),
        ('{"key": "A minor"}', "A minor"),
        ("c-moll", "C minor"),
        ("H-Moll", "B minor"),
        ("B-Dur", "Bb major"),
        ("fis moll", "F# minor"),
        ("do majeur", "C major"),
        ("sol dièse mineur", "G# minor"),
        ("si bemol mayor", "Bb major"),
        ("la menor", "A minor"),
        ("8A", "A minor"),
        ("camelot 5b", "Eb major"),
        ("1A techno", "G# minor"),
        ("12B", "E major"),
        ("chords: Am F C G", "A minor"),
        ("C - G - Am - F", "C major"),
        ("Dm7 G7 Cmaj7", "C major"),
    ],
)
def test_keys_are_read_in_any_spelling(prompt, name):
    key = parse(prompt).key

    assert key is not None
    assert theory.key_name(key) == name


@pytest.mark.parametrize(
    "prompt",
    [
        "a trumpet",
        "in a forest",
        "a sad b side",
        "I am in a hurry",
        "in a minor key",
        "AM radio",
        "DM me",
        "-14 DB",
        "plan B, vitamin C",
        "a major success",
        "G-funk",
        "the A B C of jazz",
    ],
)
def test_a_lone_letter_is_no_key(prompt):
    assert parse(prompt).key is None


@pytest.mark.parametrize(
    ("prompt", "mode"),
    [
        ("in a minor key", "minor"),
        ("a major scale", "major"),
        ("dorian groove", "dorian"),
        ("maqam hijaz", "phrygian dominant"),
        ("sad, minor", "minor"),
        ("a minor setback", None),
        ("5 min", None),
    ],
)
def test_modes_are_read_without_a_tonic(prompt, mode):
    assert parse(prompt).mode == mode


@pytest.mark.parametrize(
    ("prompt", "bpm"),
    [
        ("96 bpm", 96),
        ("174bpm", 174),
        ("at 90 BPM", 90),
        ("bpm 96", 96),
        ("bpm: 120", 120),
        ("BPM=95.5", 95.5),
        ('{"bpm": 120}', 120),
        ("tempo: 88.5", 88.5),
        ("tempo of around 100", 100),
        ("60 beats per minute", 60),
        ("♩=132", 132),
        ("drum and bass at 174", 174),
        ("liquid dnb, 174", 174),
    ],
)
def test_tempo_is_read_in_any_order(prompt, bpm):
    assert parse(prompt).bpm == bpm


@pytest.mark.parametrize(
    ("prompt", "tempo"),
    [
        ("80-90 bpm", (80, 90)),
        ("between 120 and 130 BPM", (120, 130)),
        ("bpm 100 to 110", (100, 110)),
        ("130–120 bpm", (120, 130)),
        ("adagio", (58, 72)),
        ("prestissimo", (190, 208)),
    ],
)
def test_a_range_of_tempo_is_left_to_the_planner(prompt, tempo):
    intent = parse(prompt)

    assert intent.bpm is None
    assert intent.tempo == tempo


@pytest.mark.parametrize("prompt", ["tempo 3/4", "16 bit", "at 5", "432 hz", "909 drums", "1985"])
def test_other_figures_are_no_tempo(prompt):
    assert parse(prompt).bpm is None


@pytest.mark.parametrize(("prompt", "bpm"), [("3 bpm", 40), ("999 bpm", 240)])
def test_tempo_out_of_reach_is_clamped_and_told(prompt, bpm):
    intent = parse(prompt)

    assert intent.bpm == bpm
    assert intent.conflicts


@pytest.mark.parametrize(
    ("prompt", "sign"),
    [("very slow", -1), ("slow", -1), ("fast", 1), ("breakneck", 1), ("not too fast", -1)],
)
def test_words_say_how_fast(prompt, sign):
    assert (parse(prompt).pace or 0) * sign > 0


def test_a_middling_tempo_is_the_middle_of_the_style():
    assert parse("mid-tempo").pace == 0


@pytest.mark.parametrize(
    ("prompt", "written"),
    [
        ("in 3/4", "3/4"),
        ("6/8 ballad", "6/8"),
        ("5/4", "5/4"),
        ("12/8 blues", "12/8"),
        ("a waltz", "3/4"),
        ("in three", "3/4"),
        ("irish jig", "6/8"),
        ("slip jig", "9/8"),
        ("7 / 8", "7/8"),
        ("3-4 time", "3/4"),
        ("cut time", "2/2"),
        ("odd time signature", "7/8"),
        ("a waltz in 4/4", "4/4"),
    ],
)
def test_metres_are_read(prompt, written):
    metre = parse(prompt).metre

    assert metre is not None
    assert metre.written == written


@pytest.mark.parametrize("prompt", ["beats 24/7", "1/8 notes", "half, 1/2", "17/16"])
def test_a_fraction_that_is_no_metre_is_not_played(prompt):
    assert parse(prompt).metre is None


@pytest.mark.parametrize(
    ("prompt", "era"),
    [
        ("rock from the 90s", "1990s"),
        ("1980s pop", "1980s"),
        ("'60s soul", "1960s"),
        ("mid-70s funk", "1970s"),
        ("sixties soul", "1960s"),
        ("90's eurodance", "1990s"),
        ("early 2000s", "2000s"),
        ("hit of 1985", "1980s"),
        ("the 20s", "1920s"),
        ("30s swing", "1930s"),
        ("1970s motown", "1970s"),
        ("30s loop", None),
        ("lasting 20s", None),
        ("808s", None),
        ("1750", None),
    ],
)
def test_decades_are_read(prompt, era):
    assert parse(prompt).era == era


@pytest.mark.parametrize("written", ["30 seconds", "2-minute", "2:30", "16 bars", "30s"])
def test_a_length_is_listed_as_ignored(written):
    assert written in parse(f"{written}, piano").ignored


@pytest.mark.parametrize(
    ("prompt", "decade"),
    [
        ("chanson des années 60", "1960s"),
        ("rock de los años 90", "1990s"),
        ("Synthpop der 80er Jahre", "1980s"),
        ("rock and roll, 1958, fast", "1950s"),
    ],
)
def test_decades_of_other_languages_are_read(prompt, decade):
    assert parse(prompt).era == decade


def test_sixty_seconds_of_an_advert_are_no_decade():
    assert parse("60s spot for a car").era is None
    assert parse("a 60s song").era == "1960s"


@pytest.mark.parametrize("unit", ["ppm", "bmp", "Schläge pro Minute", "battements par minute"])
def test_beats_per_minute_are_read_in_other_languages(unit):
    assert parse(f"rock, 110 {unit}").bpm == 110.0


def test_metre_that_a_style_brings_along_gives_way_to_a_figure():
    intent = parse("math rock in 5/4")

    assert intent.metre is not None
    assert intent.metre.written == "5/4"
    assert not intent.conflicts
