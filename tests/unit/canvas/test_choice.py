"""Which palette, family and variant a prompt gets: what asks for them, and what rules them out."""

import tomllib
from pathlib import Path

import pytest

from bandstand import composer
from bandstand.canvas import FAMILIES, PALETTES
from bandstand.canvas.choice import Choice, choose
from bandstand.errors import Invalid

STYLES = sorted((Path(composer.__file__).parent / "plan" / "styles").glob("*.toml"))
COLOURS = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"]
SEEDS = range(40)


def chosen(prompt: str, **wishes: str) -> list[Choice]:
    return [choose(prompt, seed=seed, **wishes) for seed in SEEDS]


def reached(prompt: str, **wishes: str) -> set[str]:
    return {choice.family for choice in chosen(prompt, **wishes)}


@pytest.mark.parametrize("style", STYLES, ids=lambda file: file.stem)
def test_every_style_of_the_composer_reaches_three_families(style: Path) -> None:
    title = tomllib.loads(style.read_text())["title"]

    assert len(reached(title)) >= 3
    assert all(choice.words for choice in chosen(title))


@pytest.mark.parametrize("style", STYLES, ids=lambda file: file.stem)
def test_every_style_of_the_composer_reaches_two_palettes_by_its_own_name(style: Path) -> None:
    named = style.stem.replace("-", " ")

    assert len({choice.palette.name for choice in chosen(named)}) >= 2


def test_every_family_and_palette_is_reached_without_words() -> None:
    found = [choose(prompt, seed=seed) for prompt in ("", "xyzzy") for seed in range(200)]

    assert {choice.family for choice in found} == set(FAMILIES)
    assert {choice.palette.name for choice in found} == set(PALETTES)


def test_neighbouring_seeds_take_different_families() -> None:
    four = [choose("synthwave", seed=seed).family for seed in range(70, 74)]

    assert len(set(four)) == 4


def test_neighbouring_seeds_of_one_family_take_different_variants() -> None:
    four = [choose("synthwave", seed=seed, family="sun").variant for seed in range(70, 74)]

    assert len(set(four)) == 4


def test_a_thing_that_is_named_weighs_more_than_the_genre() -> None:
    assert reached("techno in the desert, dunes") >= {"dunes"}
    assert reached("a planet") == {"planet"}


def test_a_time_of_day_sets_the_sky() -> None:
    assert {choice.variant for choice in chosen("hills at night")} == {3}


def test_a_colour_is_mixed_into_a_palette() -> None:
    palettes = {choice.palette.name for choice in chosen("techno, crimson and navy")}

    assert palettes == {"red and blue"}


def test_a_named_palette_wins_over_the_words() -> None:
    assert {c.palette.name for c in chosen("red metal", palette="mint")} == {"mint"}


@pytest.mark.parametrize("colour", COLOURS)
def test_no_palette_has_a_colour_that_was_ruled_out(colour: str) -> None:
    for choice in chosen("jazz", negative=f"no {colour}"):
        assert colour not in choice.palette.hues


def test_a_colour_that_was_ruled_out_is_not_mixed() -> None:
    palettes = {c.palette.name for c in chosen("red and blue", negative="red")}

    assert palettes == {"blue"}


def test_things_that_were_ruled_out_are_not_drawn() -> None:
    assert reached("beach at sunset", negative="sun") & {"sun", "sea", "hills", "dunes"} == set()


def test_names_of_palettes_and_families_rule_out() -> None:
    found = chosen("synthwave", negative="miami, planet")

    assert "miami" not in {choice.palette.name for choice in found}
    assert "planet" not in {choice.family for choice in found}


def test_a_denial_inside_the_prompt_counts() -> None:
    assert "city" in reached("lo-fi")
    assert "city" not in reached("lo-fi without rain")


def test_ruling_out_everything_rules_out_nothing() -> None:
    everything = " ".join([*FAMILIES, *PALETTES])

    assert reached("jazz", negative=everything) == reached("jazz")


def test_music_favours_families_that_draw_it() -> None:
    heard = {choose("", seed=seed, has_music=True).family for seed in SEEDS}

    assert heard == {"rings", "ridges", "waveform"}


@pytest.mark.parametrize("field", ["palette", "family"])
def test_an_unknown_name_is_told_with_those_there_are(field: str) -> None:
    with pytest.raises(Invalid, match=r"there is no .*; there are: ") as caught:
        choose("jazz", seed=1, **{field: "nonsense"})

    assert caught.value.problems[0].field == field


def test_rows_name_only_what_exists() -> None:
    folder = Path(choose.__code__.co_filename).parent
    words = tomllib.loads((folder / "words.toml").read_text())
    rows = [
        row for kind in ("genre", "mood", "instrument", "scene") for row in words[kind].values()
    ]

    assert {name for row in rows for name in row["palettes"]} == set(PALETTES)
    assert {name for row in rows for name in row["families"]} == set(FAMILIES)
    assert set(tomllib.loads((folder / "families.toml").read_text())) == set(FAMILIES)
