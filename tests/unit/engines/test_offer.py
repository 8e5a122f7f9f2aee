"""What this installation offers: the engines that run, the models they can play, and the reason for each that they cannot."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tiny import save_tiny

from bandstand.catalog import MODELS, Catalog
from bandstand.engines.offer import engines_of, open_catalog
from bandstand.engines.pull import FolderOrigin, aim_at, carry_out, prepare
from bandstand.errors import Misconfigured, Unavailable
from bandstand.settings import Role, Settings, StandIn
from bandstand.specs import MusicSpec

BUILT_IN = ["composer", "canvas"]


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kinds")
    save_tiny(folder / "small", "small")
    save_tiny(folder / "my-tune", "stereo-melody")
    return folder


@pytest.fixture
def models(kinds: Path, tmp_path: Path) -> Path:
    shutil.copytree(kinds, tmp_path / "models")
    return tmp_path / "models"


def given(models: Path, **more: Any) -> Settings:
    return Settings(models=models, stand_in=StandIn.ERROR, **more)


def why_not(catalog: Catalog, model: str, **more: Any) -> str:
    with pytest.raises(Unavailable) as caught:
        catalog.choose(MusicSpec(prompt="rain", model=model, **more))
    return caught.value.message


def test_built_in_engines_run_where_no_weights_are(tmp_path: Path):
    assert engines_of(given(tmp_path)) == BUILT_IN


def test_musicgen_runs_too_where_weights_are(models: Path):
    assert engines_of(given(models)) == [*BUILT_IN, "musicgen"]


def test_engines_that_are_named_run_and_no_others(models: Path):
    assert engines_of(given(models, engines=["composer"])) == ["composer"]
    assert engines_of(given(models, engines=["fake", "auto"])) == ["fake", *BUILT_IN, "musicgen"]


def test_engine_that_does_not_exist_is_refused(models: Path):
    with pytest.raises(Misconfigured, match="'banjo'"):
        engines_of(given(models, engines=["banjo"]))


def test_process_that_only_answers_offers_what_others_play(models: Path):
    catalog = open_catalog(given(models, role=Role.API))

    assert catalog.installed == {*BUILT_IN, "small", "my-tune"}


def test_models_with_weights_are_installed(models: Path):
    catalog = open_catalog(given(models))

    assert catalog.choose(MusicSpec(prompt="rain", model="small")).name == "small"


def test_tuned_model_is_a_row_of_its_own(models: Path):
    tune = open_catalog(given(models)).find("my-tune")

    assert (tune.engine, tune.channels) == ("musicgen", 2)
    assert tune.abilities == MODELS["stereo-melody"].abilities
    assert tune.price == MODELS["stereo-large"].price
    assert tune.licence == "CC-BY-NC-4.0"


def test_missing_weights_are_answered_with_the_command_that_installs_them(models: Path):
    assert why_not(open_catalog(given(models)), "large") == (
        "Model 'large' has no weights here; install them with: bandstand models pull large"
    )


def test_weights_whose_engine_is_not_run_are_told_so(models: Path):
    catalog = open_catalog(given(models, engines=["composer"]))

    assert "BANDSTAND_ENGINES" in why_not(catalog, "small")
    assert catalog.installed == {"composer"}


def test_broken_weights_are_told_with_what_is_wrong(models: Path):
    (models / "small" / "config.json").write_text("{")

    catalog = open_catalog(given(models))

    assert "config.json" in why_not(catalog, "small")
    assert "my-tune" in catalog.installed


def test_multiband_without_its_weights_is_answered_with_the_command(models: Path):
    reason = why_not(open_catalog(given(models)), "small", multiband=True)

    assert "bandstand models pull multiband-diffusion" in reason


def test_multiband_is_offered_once_its_weights_are_here(models: Path):
    (models / "multiband-diffusion").mkdir()
    (models / "multiband-diffusion" / "mbd_musicgen_32khz.th").write_bytes(b"bands")

    chosen = open_catalog(given(models)).choose(
        MusicSpec(prompt="rain", model="small", multiband=True)
    )

    assert chosen.name == "small"


def test_canvas_says_which_families_and_palettes_it_has(tmp_path: Path):
    choices = open_catalog(given(tmp_path)).find("canvas").choices

    assert {"sun", "rings"} <= set(choices["family"])
    assert len(choices["palette"]) > 8


class TestCommercialOnly:
    def test_weights_that_forbid_commerce_are_not_played(self, models: Path):
        catalog = open_catalog(given(models, commercial_only=True))

        assert catalog.installed == {*BUILT_IN}
        assert "CC-BY-NC-4.0" in why_not(catalog, "small")

    def test_weights_that_allow_it_are(self, kinds: Path, tmp_path: Path):
        aim = aim_at(str(kinds / "my-tune"))
        planned = prepare(aim, FolderOrigin(kinds / "my-tune"), tmp_path, "Apache-2.0")
        carry_out(planned, acknowledged_at=1.0, told=lambda _: None)

        catalog = open_catalog(given(tmp_path, commercial_only=True))

        assert catalog.installed == {*BUILT_IN, "my-tune"}
        assert catalog.find("my-tune").licence == "Apache-2.0"

    def test_composer_plays_for_them(self, models: Path):
        settings = Settings(models=models, commercial_only=True)

        assert (
            open_catalog(settings).choose(MusicSpec(prompt="rain", model="small")).name
            == "composer"
        )
