"""What is settled before the first note."""

from __future__ import annotations

import itertools

import pytest

from bandstand.composer import theory
from bandstand.composer.plan.plan import make_plan
from bandstand.composer.plan.style import style
from bandstand.composer.prompt.parse import parse
from bandstand.composer.score import Given, Key, Note, Role

COLOURS = ("power", "triad", "add9", "seventh", "ninth", "dominant")


def players(prompt: str, seed: int = 1) -> dict[Role, list[str]]:
    roles: dict[Role, list[str]] = {}
    for voice in make_plan(parse(prompt), 30, seed).voices:
        roles.setdefault(voice.role, []).append(voice.instrument)
    return roles


@pytest.mark.parametrize("mode", theory.MODES)
def test_every_chord_of_a_mode_has_a_name(mode):
    for degree, colour in itertools.product(range(1, 8), COLOURS):
        root, notes, name = theory.chord(Key(9, mode), degree, colour)

        assert notes[0] == root
        assert name[0] in "ABCDEFG"


@pytest.mark.parametrize("seed", range(5))
def test_what_is_asked_is_met_exactly(seed):
    plan = make_plan(parse("rock, 133.7 bpm, F# dorian, 5/4"), 30, seed)

    assert (plan.bpm, theory.key_name(plan.key), plan.metre.written) == (133.7, "F# dorian", "5/4")


@pytest.mark.parametrize(("words", "low", "high"), [("fast", 0, 1), ("slow", 1, 0)])
def test_tempo_words_move_the_tempo(words, low, high):
    usual = [make_plan(parse("rock"), 30, seed).bpm for seed in range(8)]
    moved = [make_plan(parse(f"{words} rock"), 30, seed).bpm for seed in range(8)]

    assert (min(moved) >= max(usual)) if words == "fast" else (max(moved) <= min(usual))


def test_mid_tempo_lies_in_the_middle_of_the_style_and_smaller_words_move_it_less():
    low, high = style("rock").bpm
    paces = ("slow", "relaxed tempo", "mid tempo", "moderately fast", "fast")
    tempi = [[make_plan(parse(f"{w} rock"), 30, seed).bpm for seed in range(8)] for w in paces]
    means = [sum(row) / len(row) for row in tempi]

    assert means == sorted(means)
    assert all(low <= bpm <= high for row in tempi[1:4] for bpm in row)


def test_a_sad_piece_is_minor_and_a_happy_one_major():
    modes = {
        mood: {make_plan(parse(f"{mood} pop"), 30, s).key.mode for s in range(6)}
        for mood in ("sad", "happy")
    }

    assert modes == {"sad": {"minor"}, "happy": {"major"}}


@pytest.mark.parametrize("seed", range(4))
def test_the_soloist_leads(seed):
    assert players("An electronic music soundtrack with a trumpet solo", seed)[Role.LEAD] == [
        "trumpet"
    ]


def test_the_indian_ensemble_is_itself():
    roles = players("sitar, tabla, flute, Indian classical, fusion, meditative")

    assert roles[Role.LEAD] == ["sitar"]
    assert roles[Role.DRUMS] == ["tabla"]
    assert roles[Role.DRONE] == ["tanpura"]


def test_no_drums_means_no_drummer():
    assert Role.DRUMS not in players("rock, no drums")


def test_an_instrument_asked_alone_plays_alone():
    for prompt in ("just piano", "a solo piano piece"):
        assert {name for names in players(prompt).values() for name in names} == {"piano"}


def test_an_era_ages_the_mix():
    old, new = (make_plan(parse(f"rock {era}"), 30, 1).mix for era in ("from the 1950s", ""))

    assert old.high_cut < new.high_cut


def test_a_variation_keeps_tempo_key_form_and_leader():
    plans = [make_plan(parse("pop"), 30, 7, variation=n) for n in range(4)]

    assert len({(plan.bpm, plan.key, plan.sections, plan.voices[0]) for plan in plans}) == 1


def test_a_variation_may_draw_other_players():
    assert len({make_plan(parse("pop"), 30, 7, variation=n).voices for n in range(6)}) > 1


def test_a_given_key_tempo_and_metre_are_met():
    tune = (Note(0.0, 1.0, 60, 0.7),)
    heard = Given(tune=tune, key=Key(0, "major"), bpm=91.5, metre=theory.metre("3/4"))
    plan = make_plan(parse("pop"), 30, 1, given=heard)

    assert (plan.bpm, plan.key, plan.metre.written) == (91.5, Key(0, "major"), "3/4")


def test_a_given_tune_moves_to_the_key_that_is_asked():
    tune = tuple(Note(float(n), 1.0, pitch, 0.7) for n, pitch in enumerate((60, 64, 67)))
    plan = make_plan(parse("pop in D minor"), 30, 1, given=Given(tune=tune, key=Key(0, "major")))

    assert plan.given is not None
    assert [note.pitch for note in plan.given.tune] == [62, 65, 69]


def test_in_minor_changes_the_mode_of_a_given_tune_and_keeps_its_tonic():
    tune = tuple(Note(float(n), 1.0, pitch, 0.7) for n, pitch in enumerate((60, 64, 67)))
    heard = Given(tune=tune, key=Key(0, "major"))
    plan = make_plan(parse("pop in a minor key"), 30, 1, given=heard)

    assert plan.key == Key(0, "minor")
    assert plan.given is not None
    assert [note.pitch for note in plan.given.tune] == [60, 63, 67]


def test_genres_that_are_not_wanted_are_not_found_by_instrument_or_mood_either():
    for prompt in ("sitar, tabla, no indian classical", "calm and meditative, no ambient"):
        unwanted = parse(prompt).excluded_genres

        assert unwanted
        assert make_plan(parse(prompt), 30, 1).style.name not in unwanted
