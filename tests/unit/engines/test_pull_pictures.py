"""Pulling diffusion weights from a hub on loopback and from folders: what is chosen, what is refused, under which licence."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from hub import Hub, running_hub
from tiny_files import save_peft, save_single
from tiny_pictures import tiny_pictures, tiny_pipeline, write_tokenizer

from bandstand.catalog import MODELS
from bandstand.engines import hub as hub_module
from bandstand.engines.checkpoints import InstalledDiffuser, InstalledLora, find_diffuser, find_lora
from bandstand.engines.choose import are_pictures, choose_files
from bandstand.engines.companions import COMPANIONS, companion
from bandstand.engines.hub import HubOrigin
from bandstand.engines.manifests import Manifest
from bandstand.engines.offer import engines_of, open_catalog
from bandstand.engines.pull import (
    Aim,
    FolderOrigin,
    Origin,
    aim_at,
    carry_out,
    licence_of,
    prepare,
)
from bandstand.engines.weights import (
    broken_models,
    installed_diffusers,
    installed_loras,
    installed_models,
    look_at_any,
    remove,
)
from bandstand.errors import Invalid, Unavailable
from bandstand.settings import Settings, StandIn
from bandstand.specs import ImageSpec

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
OWN = "somebody/pictures"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Generator[Hub]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(hub_module, "PAUSE_SECONDS", 0.01)
    with running_hub() as hub:
        yield hub


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def cluttered(tmp_path: Path) -> Path:
    """A repository as they are: both kinds of numbers, pickles, files of other programs, a page."""
    folder = shutil.copytree(tiny_pictures("sd-1"), tmp_path / "cluttered")
    for file in list(folder.rglob("*.safetensors")):
        shutil.copy(file, file.with_name(f"{file.stem}.fp16.safetensors"))
        file.with_suffix(".bin").write_bytes(b"pickle")
        file.with_suffix(".msgpack").write_bytes(b"flax")
    (folder / "README.md").write_text("a page")
    (folder / "all-in-one.safetensors").write_bytes(b"also here")
    (folder / "old.ckpt").write_bytes(b"pickle")
    return folder


def finish(aim: Aim, origin: Origin, models: Path, licence: str | None = None) -> Manifest:
    planned = prepare(aim, origin, models, licence_of(aim, origin, licence))
    return carry_out(planned, acknowledged_at=1.0, told=lambda _: None)


def pulled(hub: Hub, models: Path, source: str = OWN, *, file: str | None = None) -> Manifest:
    aim = aim_at(source, None, file)
    assert aim.repository is not None
    return finish(aim, HubOrigin(aim.repository, endpoint=hub.url, choose=aim.choose), models)


def taken(source: Path, models: Path, name: str | None = None) -> Manifest:
    aim = aim_at(str(source), name)
    assert aim.folder is not None
    return finish(aim, FolderOrigin(aim.folder, choose=aim.choose), models)


class TestFromTheHub:
    def test_folder_is_installed_with_half_the_bytes_and_no_pickle(
        self, hub: Hub, models: Path, cluttered: Path
    ):
        commit = hub.add(OWN, cluttered, licence="creativeml-openrail-m")

        manifest = pulled(hub, models)

        names = set(manifest.files)
        assert "unet/diffusion_pytorch_model.fp16.safetensors" in names
        assert "tokenizer/tokenizer.json" in names
        assert not any(name.endswith((".bin", ".ckpt", ".md", ".msgpack")) for name in names)
        assert "unet/diffusion_pytorch_model.safetensors" not in names
        assert "all-in-one.safetensors" not in names
        assert (manifest.layout, manifest.base, manifest.revision) == ("diffusers", "sd-1", commit)
        assert find_diffuser(models, "pictures").licence == "creativeml-openrail-m"

    def test_pull_that_broke_off_goes_on(self, hub: Hub, models: Path, cluttered: Path):
        hub.add(OWN, cluttered)
        hub.cut_after = [60_000, 60_000]

        pulled(hub, models)

        assert any(asked == "bytes=60000-" for _, asked in hub.fetched)
        assert isinstance(look_at_any(models / "pictures", "pictures"), InstalledDiffuser)

    def test_model_of_the_catalog_is_known_by_name(self, hub: Hub, models: Path):
        known = MODELS["sd-1.5"]
        assert known.weights is not None
        hub.add(known.weights, tiny_pictures("sd-1"))

        manifest = pulled(hub, models, "sd-1.5")

        assert manifest.licence == known.licence
        assert [model.name for model in installed_diffusers(models)] == ["sd-1.5"]
        assert installed_models(models) == ()

    def test_other_family_under_a_known_name_is_not_kept(self, hub: Hub, models: Path):
        assert MODELS["sdxl"].weights is not None
        hub.add(MODELS["sdxl"].weights, tiny_pictures("sd-1"))

        with pytest.raises(Invalid, match="like sd-1, and should one like sdxl"):
            pulled(hub, models, "sdxl")

        assert installed_diffusers(models) == broken_models(models) == ()

    def test_repository_with_pickles_alone_is_refused(
        self, hub: Hub, models: Path, cluttered: Path
    ):
        for file in cluttered.rglob("*.safetensors"):
            file.unlink()
        hub.add(OWN, cluttered)

        with pytest.raises(Invalid, match="are never loaded"):
            pulled(hub, models)

        assert hub.fetched == []

    def test_lora_is_installed_as_one(self, hub: Hub, models: Path, tmp_path: Path):
        (tmp_path / "lora").mkdir()
        save_peft(tiny_pipeline("sd-1").unet, tmp_path / "lora" / "style.safetensors")
        hub.add(OWN, tmp_path / "lora", licence="mit")

        manifest = pulled(hub, models)

        assert manifest.layout == "lora"
        assert isinstance(look_at_any(models / "pictures", "pictures"), InstalledLora)
        assert find_lora(models, "pictures").name == "style.safetensors"
        assert [found.name for found in installed_loras(models)] == ["pictures"]

    def test_one_file_of_several_must_be_named(self, hub: Hub, models: Path, tmp_path: Path):
        (tmp_path / "files").mkdir()
        for name in ("one", "two"):
            save_peft(tiny_pipeline("sd-1").unet, tmp_path / "files" / f"{name}.safetensors")
        hub.add(OWN, tmp_path / "files")

        with pytest.raises(Invalid, match=r"--file: one\.safetensors, two\.safetensors"):
            pulled(hub, models)
        manifest = pulled(hub, models, file="two.safetensors")

        assert list(manifest.files) == ["two.safetensors"]

    def test_of_a_companion_only_what_is_needed_comes(self, hub: Hub, models: Path, tmp_path: Path):
        folder = write_tokenizer(tmp_path / "clip")
        (folder / "model.safetensors").write_bytes(b"large, and not wanted")
        hub.add(COMPANIONS["clip-tokenizer"].repository, folder)

        manifest = pulled(hub, models, "clip-tokenizer")

        assert set(manifest.files) == {"vocab.json", "merges.txt"}
        assert companion(models, "clip-tokenizer") == models / "clip-tokenizer"


class TestFromAFolder:
    def test_single_file_is_called_as_it_is_called(self, models: Path, tmp_path: Path):
        file = tmp_path / "My Model (v2).safetensors"
        save_single(tiny_pipeline("sd-1"), "sd-1", file)

        manifest = taken(file, models)

        assert (manifest.name, manifest.layout) == ("My-Model-v2", "single file")
        assert find_diffuser(models, "My-Model-v2").lacks == ("clip-tokenizer",)

    def test_pickled_checkpoint_is_refused(self, models: Path, tmp_path: Path):
        (tmp_path / "old.ckpt").write_bytes(b"pickle")

        with pytest.raises(Invalid, match="never loaded"):
            taken(tmp_path / "old.ckpt", models)

    def test_folder_is_copied_and_removed_whole(self, models: Path):
        taken(tiny_pictures("sdxl"), models, "mine")
        there = find_diffuser(models, "mine").bytes

        assert remove(models, "mine") == there
        assert not (models / "mine").exists()

    def test_file_that_got_lost_breaks_the_model_alone(self, models: Path):
        taken(tiny_pictures("sd-1"), models, "mine")
        (models / "mine" / "vae" / "config.json").unlink()

        (broken,) = broken_models(models)

        assert (broken.name, broken.problem) == ("mine", "vae/config.json: it is missing")


class TestLicence:
    def test_page_of_a_picture_model_is_believed(self, hub: Hub, models: Path):
        hub.add(OWN, tiny_pictures("sd-1"), licence="mit")

        assert pulled(hub, models).licence == "mit"

    def test_page_that_tells_none_leaves_it_unknown(self, hub: Hub, models: Path):
        hub.add(OWN, tiny_pictures("sd-1"))

        assert pulled(hub, models).licence == "unknown"

    def test_page_that_allows_less_than_the_catalog_is_believed(self):
        aim = aim_at("sd-1.5")

        assert aim.licence(None, "cc-by-nc-4.0", is_pictures=True) == "cc-by-nc-4.0"
        assert aim.licence(None, "mit", is_pictures=True) == MODELS["sd-1.5"].licence


class TestOffer:
    def test_installed_model_is_offered_with_its_size_and_schedulers(self, models: Path):
        taken(tiny_pictures("sd-1", few_step=True), models, "mine")
        settings = Settings(models=models, stand_in=StandIn.ERROR)

        catalog = open_catalog(settings)

        row = catalog.find("mine")
        assert engines_of(settings) == ["composer", "canvas", "diffusion"]
        assert (row.engine, row.side, row.steps) == ("diffusion", 64, 4)
        assert "dpm++-2m-karras" in row.choices["scheduler"]
        assert catalog.choose(ImageSpec(prompt="a bird", model="mine")) is row

    def test_single_file_without_its_tokenizer_is_not_offered(self, models: Path, tmp_path: Path):
        file = save_single(tiny_pipeline("sd-1"), "sd-1", tmp_path / "mine.safetensors")
        taken(file, models)

        catalog = open_catalog(Settings(models=models, stand_in=StandIn.ERROR))

        with pytest.raises(Unavailable, match="bandstand models pull clip-tokenizer"):
            catalog.choose(ImageSpec(prompt="a bird", model="mine"))

    def test_unknown_licence_is_no_commercial_one(self, models: Path):
        taken(tiny_pictures("sd-1"), models, "mine")
        settings = Settings(models=models, stand_in=StandIn.ERROR, commercial_only=True)

        with pytest.raises(Unavailable, match="unknown, does not allow commercial use"):
            open_catalog(settings).choose(ImageSpec(prompt="a bird", model="mine"))


class TestChoice:
    def test_music_and_pictures_are_told_apart_by_names(self):
        assert are_pictures(["model_index.json", "unet/config.json"])
        assert are_pictures(["style.safetensors"])
        assert not are_pictures(["config.json", "model.safetensors"])
        assert not are_pictures(["state_dict.bin"])

    def test_no_name_leads_outside(self):
        there = [
            "model_index.json",
            "safety_checker/../../model.safetensors",
            "tokenizer/../../evil.json",
        ]
        there += ["tokenizer/vocab.json", "scheduler//etc/passwd.json"]

        assert choose_files(there, "there") == ["model_index.json", "tokenizer/vocab.json"]

    def test_autoencoder_beside_a_model_is_not_meant(self):
        assert choose_files(["model-vae.safetensors", "dream.safetensors"], "") == [
            "dream.safetensors"
        ]

    def test_shards_of_a_part_come_with_their_index(self):
        stem = "unet/diffusion_pytorch_model"
        shards = [f"{stem}-0000{n}-of-00002.safetensors" for n in (1, 2)]
        there = ["model_index.json", "unet/config.json", f"{stem}.safetensors.index.json", *shards]

        assert set(choose_files(there, "")) == set(there)
