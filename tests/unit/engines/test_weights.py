"""The folder of weights: what lies there is told, whole or broken, and nothing in it can break whoever looks."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import loaded_tiny, save_tiny, tiny_tokenizer

from bandstand.catalog import MODELS
from bandstand.engines.companions import companion
from bandstand.engines.manifests import MANIFEST, Manifest, read_manifest, write_manifest
from bandstand.engines.pull import FolderOrigin, aim_at, carry_out, prepare
from bandstand.engines.weights import (
    broken_models,
    find_model,
    installed_models,
    remove,
    weights_of,
)
from bandstand.errors import Conflict, Invalid, NotFound
from bandstand.musicgen.checkpoints import read_checkpoint, write_audiocraft


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint of each kind, in folders named as the models they stand for."""
    folder = tmp_path_factory.mktemp("kinds")
    for name in ("small", "melody", "stereo-small", "stereo-melody"):
        save_tiny(folder / name, name)
    return folder


@pytest.fixture
def models(kinds: Path, tmp_path: Path) -> Path:
    """A models' folder with `small` in it, laid there by hand."""
    shutil.copytree(kinds / "small", tmp_path / "models" / "small")
    return tmp_path / "models"


def pulled(folder: Path, models: Path, name: str, *, linked: bool = False) -> Manifest:
    aim = aim_at(str(folder), name)
    origin = FolderOrigin(folder, linked=linked)
    planned = prepare(aim, origin, models, aim.licence(None))
    return carry_out(planned, acknowledged_at=1.0, told=lambda _: None)


def test_folder_that_is_not_there_holds_nothing(tmp_path: Path):
    assert installed_models(tmp_path / "none") == ()
    assert broken_models(tmp_path / "none") == ()


def test_folder_laid_there_by_hand_is_a_model_under_metas_licence(models: Path):
    (found,) = installed_models(models)

    assert (found.name, found.manifest, found.licence) == ("small", None, "CC-BY-NC-4.0")
    assert found.bytes == sum(path.stat().st_size for path in (models / "small").iterdir())


@pytest.mark.parametrize("name", ["small", "melody", "stereo-small", "stereo-melody"])
def test_what_a_model_can_do_is_read_from_its_weights(kinds: Path, tmp_path: Path, name: str):
    (tmp_path / "tune").symlink_to(kinds / name)

    found = find_model(tmp_path, "tune")

    assert found.channels == MODELS[name].channels
    assert found.abilities == MODELS[name].abilities


def test_parameters_are_those_of_the_decoder_and_its_conditions(kinds: Path):
    model = loaded_tiny("small")
    theirs = [*model.decoder.parameters(), *model.enc_to_dec_proj.parameters()]

    assert find_model(kinds, "small").parameters == sum(tensor.numel() for tensor in theirs)


def test_kind_that_contradicts_the_name_is_broken(kinds: Path, tmp_path: Path):
    shutil.copytree(kinds / "stereo-small", tmp_path / "melody")

    (broken,) = broken_models(tmp_path)

    assert "stereo text" in broken.problem
    assert "mono melody" in broken.problem


def test_built_in_names_are_taken(kinds: Path, tmp_path: Path):
    shutil.copytree(kinds / "small", tmp_path / "composer")

    (broken,) = broken_models(tmp_path)

    assert "taken" in broken.problem
    with pytest.raises(Invalid, match="--name"):
        aim_at(str(kinds / "small"), "composer")


def test_file_that_was_cut_after_the_pull_is_told(kinds: Path, tmp_path: Path):
    pulled(kinds / "small", tmp_path, "small")
    weights = tmp_path / "small" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])

    (broken,) = broken_models(tmp_path)

    assert "model.safetensors" in broken.problem
    assert installed_models(tmp_path) == ()


def test_file_that_went_missing_after_the_pull_is_told(kinds: Path, tmp_path: Path):
    pulled(kinds / "small", tmp_path, "small")
    (tmp_path / "small" / "tokenizer.json").unlink()

    (broken,) = broken_models(tmp_path)

    assert "tokenizer.json: it is missing" in broken.problem


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["config.json", "bandstand.json", "model.safetensors"]),
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["decoder", "hidden_size", "files", "name", "model_type"]),
                    inner,
                )
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_no_folder_breaks_whoever_looks(models: Path, file: str, content: bytes):
    kept = (models / "small" / file).read_bytes() if (models / "small" / file).exists() else None
    (models / "small" / file).write_bytes(content)

    found = [*installed_models(models), *broken_models(models)]

    assert [one.name for one in found] == ["small"]
    if kept is None:
        (models / "small" / file).unlink()
    else:
        (models / "small" / file).write_bytes(kept)


def test_half_pulled_models_are_not_listed(kinds: Path, tmp_path: Path):
    shutil.copytree(kinds / "small", tmp_path / ".partial" / "small")

    assert installed_models(tmp_path) == ()
    assert broken_models(tmp_path) == ()


def test_manifest_comes_back_as_it_was_written(kinds: Path, tmp_path: Path):
    written = pulled(kinds / "small", tmp_path, "mine")

    assert read_manifest(tmp_path / "mine") == written
    assert written.layout == "huggingface"
    assert written.source == str(kinds / "small")


def test_model_that_is_not_here_is_not_found(models: Path):
    with pytest.raises(NotFound):
        find_model(models, "large")


@pytest.mark.parametrize("name", ["..", "a/b", ".partial", "", "/etc"])
def test_names_that_lead_elsewhere_are_refused(models: Path, name: str):
    with pytest.raises(Invalid):
        find_model(models, name)
    with pytest.raises(Invalid):
        remove(models, name)


def test_weights_of_a_model_name_the_companions_that_are_there(models: Path):
    assert weights_of(models, "small").multiband is None
    (models / "multiband-diffusion").mkdir()
    assert companion(models, "multiband-diffusion") is None

    (models / "multiband-diffusion" / "mbd_musicgen_32khz.th").write_bytes(b"bands")

    found = weights_of(models, "small")
    assert found.folder == models / "small"
    assert found.multiband == models / "multiband-diffusion" / "mbd_musicgen_32khz.th"
    assert (found.text, found.codec) == (None, None)


def test_model_in_audiocrafts_layout_plays_with_its_companion(kinds: Path, tmp_path: Path):
    write_audiocraft(read_checkpoint(kinds / "small"), tmp_path / "craft")
    assert find_model(tmp_path, "craft").lacks == ("t5-base",)
    with pytest.raises(Invalid, match="bandstand models pull t5-base"):
        weights_of(tmp_path, "craft")
    loaded_tiny("small").text_encoder.save_pretrained(tmp_path / "text")
    tiny_tokenizer().save_pretrained(tmp_path / "text")

    manifest = pulled(tmp_path / "text", tmp_path, "t5-base")

    assert (manifest.layout, manifest.licence) == ("companion", "Apache-2.0")
    found = weights_of(tmp_path, "craft")
    assert read_checkpoint(found.folder, text_folder=found.text, codec_folder=found.codec)
    assert [model.name for model in installed_models(tmp_path)] == ["craft"]


class TestRemove:
    def test_room_is_freed_and_told(self, models: Path):
        size = installed_models(models)[0].bytes

        assert remove(models, "small") == size
        assert not list((models / ".partial").iterdir())
        assert not (models / "small").exists()

    def test_linked_files_stay_where_they_are(self, kinds: Path, tmp_path: Path):
        pulled(kinds / "small", tmp_path, "linked", linked=True)
        assert [model.name for model in installed_models(tmp_path)] == ["linked"]

        freed = remove(tmp_path, "linked")

        assert freed < 10_000
        assert (kinds / "small" / "model.safetensors").exists()

    def test_linked_folder_loses_only_its_link(self, kinds: Path, tmp_path: Path):
        (tmp_path / "small").symlink_to(kinds / "small")
        assert find_model(tmp_path, "small")

        assert remove(tmp_path, "small") == 0

        assert (kinds / "small" / "config.json").exists()
        assert not (tmp_path / "small").is_symlink()

    def test_folder_of_somebody_else_is_left_alone(self, tmp_path: Path):
        (tmp_path / "diary").mkdir()
        (tmp_path / "diary" / "monday.txt").write_text("mine")

        with pytest.raises(Conflict):
            remove(tmp_path, "diary")

        assert (tmp_path / "diary" / "monday.txt").exists()

    def test_broken_model_that_was_pulled_can_be_removed(self, kinds: Path, tmp_path: Path):
        manifest = pulled(kinds / "small", tmp_path, "small")
        write_manifest(tmp_path / "small", dataclasses.replace(manifest, licence="MIT"))
        (tmp_path / "small" / "config.json").write_text("{")

        remove(tmp_path, "small")

        assert broken_models(tmp_path) == ()

    def test_what_a_broken_pull_left_can_be_removed(self, tmp_path: Path):
        partial = tmp_path / ".partial" / "small"
        partial.mkdir(parents=True)
        (partial / "model.safetensors.part").write_bytes(bytes(1000))

        assert remove(tmp_path, "small") == 1000
        assert not partial.exists()

    def test_what_is_not_there_is_told(self, tmp_path: Path):
        with pytest.raises(NotFound):
            remove(tmp_path, "small")


def test_unreadable_manifest_is_told(models: Path):
    (models / "small" / MANIFEST).write_text('{"name": 1}')

    (broken,) = broken_models(models)

    assert MANIFEST in broken.problem
