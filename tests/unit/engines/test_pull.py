"""Pulling weights: from a folder, and from a hub on loopback that breaks off, lies and ignores what it is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hub import LARGE_BYTES, Hub, running_hub
from tiny import save_tiny

from bandstand.engines import hub as hub_module
from bandstand.engines.choose import choose_files
from bandstand.engines.hub import HubOrigin
from bandstand.engines.pull import (
    Aim,
    FolderOrigin,
    Pull,
    aim_at,
    carry_out,
    prepare,
    refuse_unless_commercial,
    shown_bytes,
)
from bandstand.engines.weights import PARTIAL, Manifest, broken_models, installed_models
from bandstand.errors import Conflict, Failed, Invalid, NotFound, Unavailable

OWN = "somebody/tiny-tune"


@pytest.fixture(scope="module")
def tune(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("tune") / "tiny-tune", "small", shard="600KB")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Generator[Hub]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(hub_module, "PAUSE_SECONDS", 0.01)
    with running_hub() as hub:
        yield hub


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def pull(hub: Hub, models: Path, *, name: str | None = None, revision: str | None = None) -> Any:
    """As the command does: what an earlier try began is gone on with."""
    aim = aim_at(OWN, name)
    origin = HubOrigin(OWN, revision or aim.pinned(models), endpoint=hub.url)
    return finish(prepare(aim, origin, models, aim.licence(None, origin.licence)))


def finish(planned: Pull) -> tuple[Manifest, int]:
    """What was installed, and the bytes that were told."""
    told: list[int] = []
    return carry_out(planned, acknowledged_at=1.0, told=told.append), sum(told)


def pulled_folder(folder: Path, models: Path, *, name: str | None = None) -> Manifest:
    aim = aim_at(str(folder), name)
    return finish(prepare(aim, FolderOrigin(folder), models, aim.licence(None)))[0]


class TestAim:
    def test_the_ten_are_known_by_name(self):
        assert aim_at("melody-large") == Aim("melody-large", "facebook/musicgen-melody-large", None)

    def test_companions_are_known_by_name(self):
        assert aim_at("encodec").repository == "facebook/encodec_32khz"
        assert aim_at("google-t5/t5-base").name == "t5-base"

    def test_repository_of_meta_gets_the_short_name(self):
        assert aim_at("facebook/musicgen-large").name == "large"

    def test_folder_is_called_as_it_is_called(self, tune: Path):
        assert aim_at(str(tune)) == Aim("tiny-tune", None, tune)

    def test_what_is_neither_is_not_found(self):
        with pytest.raises(NotFound, match="stereo-melody-large"):
            aim_at("huge")


class TestLicence:
    def test_weights_are_metas_unless_somebody_knows_better(self):
        assert aim_at(OWN).licence(None) == "CC-BY-NC-4.0"
        assert aim_at(OWN).licence("MIT") == "MIT"

    def test_page_that_allows_more_than_meta_is_not_believed(self):
        assert aim_at(OWN).licence(None, "mit") == "CC-BY-NC-4.0"

    def test_page_that_allows_less_is_believed(self):
        assert aim_at(OWN).licence(None, "cc-by-nc-nd-4.0") == "cc-by-nc-nd-4.0"

    def test_companions_have_their_own(self):
        assert aim_at("t5-base").licence("anything") == "Apache-2.0"

    def test_only_what_is_known_to_allow_commerce_does(self):
        refuse_unless_commercial("Apache-2.0")
        for licence in ("CC-BY-NC-4.0", "who knows"):
            with pytest.raises(Invalid, match="commercial"):
                refuse_unless_commercial(licence)


class TestChoice:
    def test_safetensors_come_before_pickles(self):
        there = ["README.md", "pytorch_model.bin", "state_dict.bin", "model.safetensors"]

        assert choose_files([*there, "config.json"], "") == ["config.json", "model.safetensors"]

    def test_shards_come_with_their_index(self):
        index, shards = (
            "model.safetensors.index.json",
            ["model-1-of-2.safetensors", "model-2-of-2.safetensors"],
        )

        assert choose_files([*shards, index], "") == [index, *shards]

    def test_audiocraft_is_taken_when_there_is_nothing_else(self):
        there = ["state_dict.bin", "compression_state_dict.bin", "README.md"]

        assert choose_files(there, "") == there[:2]

    def test_repository_without_weights_is_refused(self):
        with pytest.raises(Invalid, match="no weights"):
            choose_files(["config.json", "pytorch_model.bin"], "there")

    def test_names_with_folders_in_them_are_never_taken(self):
        with pytest.raises(Invalid):
            choose_files(["../model.safetensors", "a/state_dict.bin"], "there")


class TestFromTheHub:
    def test_model_is_installed_with_commit_and_checksums(self, hub: Hub, models: Path, tune: Path):
        commit = hub.add(OWN, tune, licence="mit")

        manifest, told = pull(hub, models)

        (found,) = installed_models(models)
        assert found.manifest == manifest
        assert (manifest.name, manifest.source, manifest.revision) == ("tiny-tune", OWN, commit)
        assert told == sum(entry.bytes for entry in manifest.files.values())
        for name, entry in manifest.files.items():
            content = (models / "tiny-tune" / name).read_bytes()
            assert content == (tune / name).read_bytes()
            assert entry.sha256 == hashlib.sha256(content).hexdigest()
        assert not list((models / PARTIAL).iterdir())

    def test_download_that_breaks_goes_on_by_itself(self, hub: Hub, models: Path, tune: Path):
        hub.add(OWN, tune)
        hub.cut_after = [5000, 7000]

        manifest, told = pull(hub, models)

        assert {asked for _, asked in hub.fetched} >= {None, "bytes=5000-", "bytes=12000-"}
        assert told == sum(entry.bytes for entry in manifest.files.values())

    def test_pull_that_was_broken_off_goes_on_where_it_stopped(
        self, hub: Hub, models: Path, tune: Path
    ):
        hub.add(OWN, tune)
        hub.cut_after = [6000, *[0] * 10]
        with pytest.raises(Unavailable, match="go on"):
            pull(hub, models)
        assert installed_models(models) == broken_models(models) == ()
        hub.cut_after, hub.requests = [], []

        manifest, told = pull(hub, models)

        first = next(name for name, _ in hub.fetched)
        assert hub.fetched[0] == (first, "bytes=6000-")
        assert told == sum(entry.bytes for entry in manifest.files.values())
        assert len(installed_models(models)) == 1

    def test_pull_goes_on_at_the_commit_it_began_at(self, hub: Hub, models: Path, tune: Path):
        first = hub.add(OWN, tune)
        hub.cut_after = [6000, *[0] * 10]
        with pytest.raises(Unavailable):
            pull(hub, models)
        hub.add(OWN, tune)
        hub.cut_after = []

        manifest, _ = pull(hub, models)

        assert manifest.revision == first

    def test_other_revision_begins_anew(self, hub: Hub, models: Path, tune: Path):
        hub.add(OWN, tune)
        hub.cut_after = [6000, *[0] * 10]
        with pytest.raises(Unavailable):
            pull(hub, models)
        second = hub.add(OWN, tune)
        hub.cut_after, hub.requests = [], []

        manifest, _ = pull(hub, models, revision=second)

        assert manifest.revision == second
        assert {asked for _, asked in hub.fetched} == {None}

    def test_server_that_ignores_ranges_is_believed(self, hub: Hub, models: Path, tune: Path):
        hub.add(OWN, tune)
        hub.cut_after, hub.ignores_ranges = [6000], True

        manifest, told = pull(hub, models)

        assert told == sum(entry.bytes for entry in manifest.files.values())
        assert len(installed_models(models)) == 1

    @pytest.mark.parametrize("file", ["config.json", "model-00001-of-{shards:05d}.safetensors"])
    def test_wrong_content_is_thrown_away(self, hub: Hub, models: Path, tune: Path, file: str):
        hub.add(OWN, tune)
        file = file.format(shards=len(list(tune.glob("*.safetensors"))))
        hub.lies = {file}

        with pytest.raises(Failed, match=f"{file} does not have the checksum"):
            pull(hub, models)

        assert installed_models(models) == ()
        assert not list((models / PARTIAL / "tiny-tune").glob(f"{file}*"))
        hub.lies = set()
        assert pull(hub, models)

    def test_hub_that_is_not_there_is_told_in_a_sentence(self, hub: Hub, models: Path):
        hub.url = "http://127.0.0.1:9"

        with pytest.raises(Unavailable, match="cannot be reached") as caught:
            pull(hub, models)

        assert "\n" not in caught.value.message

    def test_repository_that_is_not_there_is_told(self, hub: Hub, models: Path):
        with pytest.raises(NotFound, match=OWN):
            pull(hub, models)

    def test_revision_that_is_not_there_is_told(self, hub: Hub, models: Path, tune: Path):
        hub.add(OWN, tune)

        with pytest.raises(NotFound, match="'v9'"):
            pull(hub, models, revision="v9")

    def test_weights_that_cannot_be_used_are_not_installed(
        self, hub: Hub, models: Path, tmp_path: Path
    ):
        (tmp_path / "bad").mkdir()
        (tmp_path / "bad" / "model.safetensors").write_bytes(bytes(LARGE_BYTES))
        (tmp_path / "bad" / "config.json").write_text("{}")
        hub.add(OWN, tmp_path / "bad")

        with pytest.raises(Invalid, match="not installed"):
            pull(hub, models)

        assert installed_models(models) == broken_models(models) == ()
        assert not list((models / PARTIAL).iterdir())


class TestFromAFolder:
    def test_files_are_copied(self, models: Path, tune: Path):
        manifest = pulled_folder(tune, models, name="mine")

        assert (manifest.name, manifest.revision) == ("mine", None)
        assert not (models / "mine" / "config.json").is_symlink()
        assert [model.name for model in installed_models(models)] == ["mine"]

    def test_licence_that_was_written_down_goes_along(
        self, models: Path, tune: Path, tmp_path: Path
    ):
        aim = aim_at(str(tune), "first")
        finish(prepare(aim, FolderOrigin(tune), models, "Apache-2.0"))

        assert FolderOrigin(models / "first").licence == "Apache-2.0"

    def test_name_that_is_taken_is_refused(self, models: Path, tune: Path):
        pulled_folder(tune, models, name="mine")

        with pytest.raises(Conflict, match="models rm mine"):
            pulled_folder(tune, models, name="mine")

    def test_folder_without_weights_is_refused(self, tmp_path: Path):
        with pytest.raises(Invalid, match="no weights"):
            FolderOrigin(tmp_path)


class TestRoom:
    def test_too_little_room_is_told_before_anything_is_fetched(
        self, hub: Hub, models: Path, tune: Path
    ):
        hub.add(OWN, tune)
        origin = HubOrigin(OWN, endpoint=hub.url)
        origin.files = [*origin.files, *_huge()]

        with pytest.raises(Unavailable, match=r"1000000\.\d\d GB more.* are free"):
            prepare(aim_at(OWN), origin, models, "MIT")

        assert hub.fetched == []
        assert not models.exists()


def _huge() -> list[Any]:
    from bandstand.engines.pull import File

    return [File(name="model.safetensors", bytes=10**15)]


@pytest.mark.parametrize(
    ("count", "shown"),
    [(812, "812 B"), (3300, "3.3 kB"), (587_000_000, "587.0 MB"), (6_600_000_000, "6.60 GB")],
)
def test_bytes_are_shown_with_the_unit_that_suits(count: int, shown: str):
    assert shown_bytes(count) == shown
