"""The catalog: who makes a piece when the model asked for is not here."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandstand.catalog import (
    CANVAS,
    COMPOSER,
    FAKE,
    FOREIGN_NAMES,
    MODELS,
    Ability,
    Catalog,
    model_named,
    price_of,
)
from bandstand.errors import Invalid, Unavailable
from bandstand.settings import StandIn
from bandstand.specs import Encoding, ImageSpec, Kind, MusicSpec, Section, Source, Span

TUNE = Span(source=Source(uri="https://example.org/a.wav"))
PARTS = (Section(start=4.0, prompt="snow"),)
BARE = Catalog()


def asking(model: str, **more: object) -> MusicSpec:
    return MusicSpec(prompt="rain", model=model, **more)  # pyright: ignore[reportArgumentType]


def drawing(model: str, **more: object) -> ImageSpec:
    return ImageSpec(prompt="rain", model=model, **more)  # pyright: ignore[reportArgumentType]


def test_every_foreign_name_means_a_model_of_ours():
    assert {row.model for row in FOREIGN_NAMES} <= set(MODELS)
    for row in FOREIGN_NAMES:
        assert model_named(row.dialect, row.name) == row.model
    assert model_named("replicate", "music_gen") is None


def test_every_model_tells_its_licence_and_its_price():
    for name, model in MODELS.items():
        assert model.name == name
        assert model.licence
        assert model.price > 0
        assert model.channels in ({1, 2} if model.kind is Kind.MUSIC else {0})


def test_composer_stands_in_for_a_model_without_weights():
    assert BARE.choose(asking("stereo-melody-large")) is COMPOSER


def test_installed_model_makes_its_own_pieces():
    catalog = Catalog(frozenset({"composer", "large"}))

    assert catalog.choose(asking("large")).name == "large"


def test_other_installed_model_stands_in_when_that_is_set():
    catalog = Catalog(frozenset({"composer", "small", "medium"}), StandIn.OTHER)

    assert catalog.choose(asking("large")).name == "medium"


def test_other_engine_stands_in_for_what_the_own_one_cannot_do():
    catalog = Catalog(frozenset({"composer", "small", "fake"}), StandIn.OTHER)

    assert catalog.choose(asking("melody", sections=PARTS, melody=TUNE)) is FAKE
    assert catalog.choose(asking("melody")).name == "small"


def test_nothing_stands_in_when_that_is_set():
    with pytest.raises(Unavailable, match="large"):
        Catalog(stand_in=StandIn.ERROR).choose(asking("large"))


def test_composer_stands_in_where_sound_is_given():
    assert BARE.choose(asking("melody", melody=TUNE)) is COMPOSER
    assert BARE.choose(asking("large", continues=TUNE)) is COMPOSER


def test_composer_does_not_stand_in_for_what_it_cannot_do():
    with pytest.raises(Unavailable):
        BARE.choose(asking("large", sections=PARTS))


def test_composer_loses_nothing_by_multiband_diffusion():
    assert BARE.choose(asking("large", multiband=True)) is COMPOSER


@pytest.mark.parametrize("name", ["small", "melody", "stereo-large", "stereo-melody"])
def test_every_musicgen_continues_follows_sections_and_knows_multiband(name: str):
    able = {Ability.CONTINUATION, Ability.SECTIONS, Ability.MULTIBAND}

    assert MODELS[name].abilities - {Ability.MELODY} == able


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("melody", asking("large", melody=TUNE)),
        ("multiband", asking("composer", multiband=True)),
        ("sections", asking("composer", sections=PARTS)),
        ("score", asking("large", score=TUNE.source)),
        ("variation", asking("large", variation=1)),
        ("stems", asking("large", stems=Encoding.FLAC)),
    ],
)
def test_what_the_model_asked_for_cannot_do_is_refused_by_field(field: str, wanted: MusicSpec):
    with pytest.raises(Invalid) as caught:
        BARE.choose(wanted)

    assert caught.value.problems[0].field == field


def test_misspelt_model_is_answered_with_the_nearest():
    with pytest.raises(Invalid, match="did you mean 'composer'"):
        BARE.find("composr")


def test_test_tone_is_offered_only_where_it_is_installed():
    with pytest.raises(Invalid):
        BARE.find("fake")

    assert FAKE not in BARE.rows()
    assert Catalog(frozenset({"fake"})).find("fake") is FAKE


@given(st.floats(0.5, 600.0))
def test_price_counts_whole_seconds_begun(seconds: float):
    piece = MusicSpec(prompt="rain", seconds=seconds)

    assert price_of(MODELS["large"], piece) == MODELS["large"].price * math.ceil(seconds)


def test_pictures_cost_by_their_number():
    assert price_of(CANVAS, ImageSpec(prompt="rain", count=3)) == 3 * CANVAS.price


def test_canvas_stands_in_for_a_model_that_draws():
    assert BARE.choose(drawing("sdxl")) is CANVAS


def test_other_model_that_draws_stands_in_when_that_is_set():
    catalog = Catalog(frozenset({"composer", "large", "canvas", "sd-1.5"}), StandIn.OTHER)

    assert catalog.choose(drawing("sdxl")).name == "sd-1.5"


def test_canvas_does_not_stand_in_for_what_it_cannot_do():
    with pytest.raises(Unavailable, match="bandstand models pull sdxl"):
        BARE.choose(drawing("sdxl", init=TUNE.source))


def test_canvas_loses_nothing_by_a_scheduler():
    assert BARE.choose(drawing("sdxl", scheduler="ddim")) is CANVAS


@pytest.mark.parametrize(("name", "side"), [("sdxl", 1024), ("sd-2.1", 768), ("sd-1.5", 512)])
def test_size_left_out_is_the_one_the_model_likes(name: str, side: int):
    spec = BARE.complete(drawing(name, width=64))

    assert isinstance(spec, ImageSpec)
    assert (spec.width, spec.height) == (64, side)


def test_model_made_for_few_steps_takes_no_more():
    spec = BARE.complete(drawing("sdxl-turbo", steps=50))

    assert isinstance(spec, ImageSpec)
    assert (spec.steps, spec.guidance) == (4, 1.0)


def test_model_of_the_other_kind_is_refused():
    with pytest.raises(Invalid, match="makes pictures, not music"):
        BARE.choose(asking("canvas"))
    with pytest.raises(Invalid, match="makes music, not pictures"):
        BARE.choose(drawing("composer"))


def test_name_that_a_field_may_not_have_is_refused():
    canvas = dataclasses.replace(CANVAS, choices={"family": ("sun",)})
    catalog = Catalog(models={CANVAS.name: canvas})

    assert catalog.choose(drawing("canvas", family="sun")) is canvas
    with pytest.raises(Invalid, match="'moon' is none of: sun"):
        catalog.choose(drawing("canvas", family="moon"))
