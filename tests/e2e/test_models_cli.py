"""`bandstand models` as people call it, with a hub on loopback, broken connections, killed pulls and disks that are full."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hub import Hub, running_hub
from patience import once
from tiny import save_tiny
from tiny_files import save_peft, save_single
from tiny_pictures import tiny_pipeline

COMMAND = (sys.executable, "-m", "bandstand")
DONE, FAILED, USAGE, AWAY = 0, 1, 2, 3
SMALL = "facebook/musicgen-small"


@dataclass
class Shell:
    """A folder to call commands in, with the models in `data/models`."""

    folder: Path
    environment: dict[str, str]

    @property
    def models(self) -> Path:
        return self.folder / "data" / "models"

    def run(self, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
        """before: what a shell does first, such as setting a limit."""
        command = ["bash", "-c", f'{before}exec "$@"', "bash", *COMMAND, *arguments]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def run_at_terminal(self, answer: str, *arguments: str) -> int:
        """The exit code, after the question was answered."""
        ours, theirs = pty.openpty()
        running = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        os.write(ours, f"{answer}\n".encode())
        running.communicate(timeout=150)
        os.close(ours)
        os.close(theirs)
        return running.returncode

    def listed(self) -> dict[str, Any]:
        rows = json.loads(self.run("models", "list", "--json").stdout)
        return {row["name"]: row for row in rows}

    def shown(self, name: str) -> dict[str, Any]:
        return json.loads(self.run("models", "show", name).stdout)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("checkpoint") / "tiny", "small")


@pytest.fixture
def hub(checkpoint: Path) -> Generator[Hub]:
    with running_hub() as hub:
        hub.add(SMALL, checkpoint)
        yield hub


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    around = {name: text for name, text in os.environ.items() if not name.startswith("BANDSTAND_")}
    own = {"XDG_CONFIG_HOME": "config", "HF_HOME": str(tmp_path / "hf"), "no_proxy": "127.0.0.1"}
    return Shell(tmp_path, around | own | {"HF_ENDPOINT": "http://127.0.0.1:9"})


@pytest.fixture
def online(shell: Shell, hub: Hub) -> Shell:
    shell.environment["HF_ENDPOINT"] = hub.url
    return shell


@pytest.fixture
def installed(shell: Shell, checkpoint: Path) -> Shell:
    shutil.copytree(checkpoint, shell.models / "small")
    return shell


class TestPull:
    def test_model_of_the_ten_comes_from_the_hub(self, online: Shell, hub: Hub) -> None:
        done = online.run("models", "pull", "small", "--accept-licence")

        assert done.returncode == DONE, done.stderr
        assert done.stdout == f"{online.models / 'small'}\n"
        shown = online.shown("small")
        assert (shown["source"], shown["installed"]) == (SMALL, True)
        assert shown["revision"] == next(iter(hub.repositories[SMALL]))
        assert shown["licence"] == "CC-BY-NC-4.0"

    def test_licence_is_told_in_words_and_nothing_comes_without_taking_note(
        self, online: Shell, hub: Hub
    ) -> None:
        done = online.run("models", "pull", "small")

        assert done.returncode == USAGE
        assert "CC-BY-NC-4.0" in done.stderr
        assert "not for commercial use" in done.stderr
        assert "--accept-licence" in done.stderr
        assert not any("/resolve/" in path for path, _ in hub.requests)
        assert not online.models.exists()

    @pytest.mark.parametrize(("answer", "code"), [("y", DONE), ("n", FAILED)])
    def test_somebody_at_a_terminal_is_asked(self, online: Shell, answer: str, code: int) -> None:
        assert online.run_at_terminal(answer, "models", "pull", "small") == code

        assert (online.models / "small").exists() is (code == DONE)

    def test_second_pull_changes_nothing(self, online: Shell, hub: Hub) -> None:
        online.run("models", "pull", "small", "--accept-licence")
        hub.requests = []

        done = online.run("models", "pull", "small", "--accept-licence", "--json")

        assert done.returncode == DONE
        assert "here already" in done.stderr
        assert json.loads(done.stdout)["name"] == "small"
        assert hub.requests == []

    def test_killed_pull_goes_on_where_it_stopped(self, online: Shell, hub: Hub) -> None:
        hub.stalls_after = 60_000
        running = subprocess.Popen(
            [*COMMAND, "models", "pull", "small", "--accept-licence"],
            cwd=online.folder,
            env=online.environment,
            stderr=subprocess.DEVNULL,
        )
        part = online.models / ".partial" / "small" / "model.safetensors.part"
        once(lambda: part.exists() and part.stat().st_size == 60_000)
        running.kill()
        running.wait()
        assert not online.listed()["small"]["installed"]
        hub.stalls_after, hub.requests = None, []

        done = online.run("models", "pull", "small", "--accept-licence")

        assert done.returncode == DONE, done.stderr
        assert "already there" in done.stderr
        assert ("model.safetensors", "bytes=60000-") in hub.fetched
        assert online.listed()["small"]["installed"]

    def test_two_pulls_of_one_model_do_not_meet(self, online: Shell, hub: Hub) -> None:
        hub.stalls_after = 60_000
        pull = ("models", "pull", "small", "--accept-licence")
        running = subprocess.Popen(
            [*COMMAND, *pull],
            cwd=online.folder,
            env=online.environment,
            stderr=subprocess.DEVNULL,
        )
        once(lambda: bool(hub.fetched))

        done = online.run(*pull)

        running.kill()
        running.wait()
        assert done.returncode == USAGE
        assert "another process" in done.stderr

    @pytest.mark.parametrize("reason", ["nobody listens", "HF_HUB_OFFLINE"])
    def test_without_a_network_one_sentence_is_told(self, shell: Shell, reason: str) -> None:
        if reason == "HF_HUB_OFFLINE":
            shell.environment["HF_HUB_OFFLINE"] = "1"

        done = shell.run("models", "pull", "small", "--accept-licence")

        assert done.returncode == AWAY
        assert done.stderr.count("\n") == 1
        assert "cannot be reached" in done.stderr
        assert "bandstand models pull FOLDER" in done.stderr

    def test_disk_that_is_full_is_told_and_what_came_is_kept(self, online: Shell, hub: Hub) -> None:
        done = online.run("models", "pull", "small", "--accept-licence", before="ulimit -f 100; ")

        assert done.returncode == AWAY
        assert "make room" in done.stderr
        assert "Traceback" not in done.stderr
        assert not online.listed()["small"]["installed"]
        hub.requests = []
        assert online.run("models", "pull", "small", "--accept-licence").returncode == DONE
        assert ("model.safetensors", "bytes=102400-") in hub.fetched

    def test_folder_is_copied(self, shell: Shell, checkpoint: Path) -> None:
        done = shell.run(
            "models", "pull", str(checkpoint), "--name", "my-tune", "--accept-licence", "--json"
        )

        assert json.loads(done.stdout)["source"] == str(checkpoint)
        assert "continuation" in shell.shown("my-tune")["abilities"]

    def test_folder_is_linked_when_that_is_asked(self, shell: Shell, checkpoint: Path) -> None:
        shell.run("models", "pull", str(checkpoint), "--name", "mine", "--link", "--accept-licence")

        assert (shell.models / "mine" / "model.safetensors").resolve().parent == checkpoint
        assert shell.listed()["mine"]["installed"]


class TestPictures:
    def test_single_file_and_lora_are_pulled_listed_and_removed(
        self, shell: Shell, tmp_path: Path
    ) -> None:
        pipeline = tiny_pipeline("sd-1")
        model = save_single(pipeline, "sd-1", tmp_path / "dream.safetensors")
        lora = save_peft(pipeline.unet, tmp_path / "style.safetensors")

        done = shell.run("models", "pull", str(model), "--accept-licence")
        shell.run("models", "pull", str(lora), "--licence", "MIT", "--accept-licence")

        assert done.returncode == DONE, done.stderr
        assert "licence unknown" in done.stderr
        assert "bandstand models pull clip-tokenizer" in done.stderr
        rows = shell.listed()
        assert (rows["dream"]["kind"], rows["dream"]["side"]) == ("image", 512)
        assert "clip-tokenizer" in rows["dream"]["absence"]
        assert (rows["style"]["kind"], rows["style"]["licence"]) == ("lora", "MIT")
        assert "style\tyes" in shell.run("models", "list").stdout
        shown = shell.shown("dream")
        assert (shown["layout"], shown["base"]) == ("single file", "sd-1")
        assert list(shown["files"]) == ["dream.safetensors"]
        assert shell.run("models", "rm", "style", "--yes").returncode == DONE
        assert "style" not in shell.listed()


class TestCommercialOnly:
    def test_metas_weights_are_refused_before_anything_is_asked(
        self, online: Shell, hub: Hub
    ) -> None:
        done = online.run("models", "pull", "small", "--accept-licence", "--commercial-only")

        assert done.returncode == USAGE
        assert "CC-BY-NC-4.0 does not allow commercial use" in done.stderr
        assert hub.requests == []

    def test_setting_refuses_what_is_here_already(self, installed: Shell) -> None:
        installed.environment["BANDSTAND_COMMERCIAL_ONLY"] = "true"

        row = installed.listed()["small"]

        assert row["installed"] is False
        assert "commercial" in row["absence"]
        assert row["played_by"] == "composer"

    def test_own_weights_are_accepted_under_their_own_licence(
        self, shell: Shell, checkpoint: Path
    ) -> None:
        shell.environment["BANDSTAND_COMMERCIAL_ONLY"] = "true"

        done = shell.run(
            *("models", "pull", str(checkpoint), "--name", "own", "--licence", "MIT"),
            "--accept-licence",
        )

        assert done.returncode == DONE, done.stderr
        assert shell.listed()["own"]["installed"]


class TestListAndShow:
    def test_each_model_tells_whether_it_is_here_and_who_plays_it(self, installed: Shell) -> None:
        rows = installed.listed()

        assert rows["small"]["bytes"] > 1000
        assert rows["small"]["played_by"] == "small"
        assert rows["large"]["bytes"] is None
        assert rows["large"]["played_by"] == "composer"

    def test_rows_are_for_other_programs_too(self, installed: Shell) -> None:
        lines = installed.run("models", "list").stdout.splitlines()

        small = next(line for line in lines if line.startswith("small\t")).split("\t")
        assert small[1] == "yes"
        assert small[2].endswith("MB")
        assert small[-2:] == ["CC-BY-NC-4.0", "small"]

    def test_sizes_and_files_are_shown(self, installed: Shell) -> None:
        shown = installed.shown("small")

        assert shown["sizes"]["width"] == 32
        assert shown["folder"] == str(installed.models / "small")
        assert "model.safetensors" in shown["files"]

    def test_broken_folder_is_told_and_breaks_nothing(self, installed: Shell) -> None:
        weights = installed.models / "small" / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:1000])

        done = installed.run("models", "list")

        assert done.returncode == DONE
        assert "model.safetensors" in done.stderr
        assert "model.safetensors" in installed.shown("small")["problem"]

    def test_doctor_tells_of_whole_and_broken_models(
        self, installed: Shell, checkpoint: Path
    ) -> None:
        shutil.copytree(checkpoint, installed.models / "tune")
        (installed.models / "tune" / "config.json").write_text("{")

        done = installed.run("doctor", "--json")

        found = {finding["what"]: finding for finding in json.loads(done.stdout)}
        assert "1 installed" in found["models folder"]["state"]
        assert "CC-BY-NC-4.0" in found["model small"]["state"]
        assert "config.json" in found["model tune"]["state"]
        assert found["model tune"]["is_broken"]
        assert done.returncode == FAILED


class TestRemove:
    def test_nobody_to_ask_removes_nothing(self, installed: Shell) -> None:
        done = installed.run("models", "rm", "small")

        assert done.returncode == USAGE
        assert "--yes" in done.stderr
        assert (installed.models / "small").exists()

    def test_somebody_who_says_yes_gets_the_room(self, installed: Shell) -> None:
        assert installed.run_at_terminal("y", "models", "rm", "small") == DONE

        assert not (installed.models / "small").exists()

    def test_yes_may_be_said_before(self, installed: Shell) -> None:
        done = installed.run("models", "rm", "small", "--yes")

        assert "MB freed" in done.stdout
        assert not installed.listed()["small"]["installed"]

    @pytest.mark.parametrize("name", ["../data", "..", "/tmp"])
    def test_nothing_outside_is_ever_removed(self, installed: Shell, name: str) -> None:
        done = installed.run("models", "rm", name, "--yes")

        assert done.returncode == USAGE
        assert installed.models.exists()


class TestConvert:
    @pytest.mark.parametrize("dtype", ["float16", "float32"])
    def test_numbers_can_be_narrower(self, installed: Shell, dtype: str) -> None:
        done = installed.run(
            *("models", "convert", "small", "out", "--to", "huggingface", "--dtype", dtype)
        )

        assert done.returncode == DONE, done.stderr
        before = (installed.models / "small" / "model.safetensors").stat().st_size
        after = (installed.folder / "out" / "model.safetensors").stat().st_size
        assert (after < 0.8 * before) is (dtype == "float16")

    def test_what_was_converted_can_be_pulled(self, installed: Shell) -> None:
        converted = installed.run("models", "convert", "small", "out", "--to", "huggingface")
        assert converted.returncode == DONE, converted.stderr

        done = installed.run("models", "pull", "./out", "--accept-licence")

        assert done.returncode == DONE, done.stderr
        assert installed.listed()["out"]["licence"] == "CC-BY-NC-4.0"

    def test_layout_that_lacks_companions_names_the_commands_that_bring_them(
        self, installed: Shell
    ) -> None:
        converted = installed.run("models", "convert", "small", "craft", "--to", "audiocraft")
        assert converted.returncode == DONE, converted.stderr

        installed.run("models", "pull", "./craft", "--accept-licence")

        assert "bandstand models pull t5-base" in installed.listed()["craft"]["absence"]

    def test_folder_that_is_there_is_not_written_over(self, installed: Shell) -> None:
        (installed.folder / "out").mkdir()

        done = installed.run("models", "convert", "small", "out", "--to", "huggingface")

        assert done.returncode == USAGE
        assert not list((installed.folder / "out").iterdir())
