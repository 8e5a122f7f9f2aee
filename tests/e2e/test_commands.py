"""Commands around one piece: sound to start from, many lines, a server elsewhere, keys, files for programs; and how all of them speak."""

from __future__ import annotations

import json
import signal
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import typer
from patience import PATIENCE_SECONDS, once
from servers import KEY, Server, status_for
from shell import AWAY, DONE, FAILED, INTERRUPTED, QUOTA, USAGE, Shell

from bandstand import cli
from bandstand.cli import openapi
from bandstand.errors import Invalid
from bandstand.settings import Settings

# These run until they are stopped, or are made for a terminal's eyes.
NOT_FOR_PROGRAMS = {"serve", "worker", "login"}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Shell:
    """Somebody with a key and no engine."""
    return Shell(tmp_path, API_KEY=KEY)


def a_second(file: Path) -> None:
    soundfile.write(file, np.sin(np.arange(32000) * 2 * np.pi * 440 / 32000) * 0.3, 32000)


def lasts(file: Path) -> float:
    return float(soundfile.info(file).duration)


def every_command(command: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    command = command or typer.main.get_command(cli.app)
    if not hasattr(command, "commands"):
        yield " ".join(words), command
        return
    for name, inner in command.commands.items():
        yield from every_command(inner, (*words, name))


COMMANDS = dict(every_command())


@pytest.mark.parametrize("words", sorted(set(COMMANDS) - NOT_FOR_PROGRAMS))
def test_every_command_can_answer_in_json(words: str) -> None:
    assert "--json" in {option for each in COMMANDS[words].params for option in each.opts}


@pytest.mark.parametrize("words", sorted(COMMANDS))
def test_every_command_and_option_is_explained(words: str) -> None:
    assert COMMANDS[words].help
    assert not [each.name for each in COMMANDS[words].params if not each.help]


@pytest.mark.parametrize(
    ("typed", "tried"),
    [
        (("serv",), "bandstand serve"),
        (("x", "-m", "smal"), "bandstand models list"),
        (("a tone", "-s", "0"), "bandstand generate --help"),
        (("keys", "revoke", "nosuchkey"), "bandstand keys list"),
        (("batch", "no.jsonl"), "bandstand batch --help"),
        (("x", "--server", "http://127.0.0.1:9"), "bandstand serve"),
    ],
)
def test_what_went_wrong_is_told_with_what_to_try(
    shell: Shell, typed: tuple[str, ...], tried: str
) -> None:
    done = shell.run(*typed)

    told = done.stderr.splitlines()
    assert done.returncode in {USAGE, AWAY}
    assert [line for line in told if line.startswith("error: ")]
    assert f"try: {tried}" in told


def test_a_wrong_setting_is_told_with_where_all_are_explained(shell: Shell) -> None:
    shell.settings["PORT"] = "many"

    done = shell.run("doctor")

    assert "try: bandstand config init --print" in done.stderr


@pytest.mark.parametrize(("wish", "colours"), [({}, 1), ({"NO_COLOR": "1"}, 0)])
def test_colours_are_left_out_on_request(shell: Shell, wish: dict[str, str], colours: int) -> None:
    _, drawn = shell.see("x", "-m", "smal", **wish)

    assert "error:" in drawn
    assert drawn.count("\x1b[31m") == colours


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("bandstand bat", "batch"), ("bandstand 'lo-fi rain' --loud", "--loudness")],
)
def test_a_shell_can_complete_what_is_typed(shell: Shell, typed: str, offered: str) -> None:
    words = {"_BANDSTAND_COMPLETE": "complete_fish", "_TYPER_COMPLETE_ARGS": typed}

    done = shell.run(**words, _TYPER_COMPLETE_FISH_ACTION="get-args")

    assert offered in done.stdout


class TestCover:
    def test_a_cover_lies_beside_the_track_when_it_is_wanted(self, shell: Shell) -> None:
        shell.settings["ENGINES"] = "composer"

        done = shell.run("lofi rain", "-s", "1", "-o", "rain.mp3", "--seed", "7", "--cover")

        assert done.stdout == "rain.mp3\n"
        assert {path.name for path in shell.folder.iterdir()} == {"rain.mp3", "rain.cover.jpg"}


class TestSound:
    def test_a_tune_is_followed_in_the_style_of_a_prompt(self, shell: Shell) -> None:
        a_second(shell.folder / "tune.wav")

        done = shell.run("melody", "tune.wav", "a tone", "-m", "fake", "-s", "2", "-o", "new.wav")

        assert done.returncode == DONE, done.stderr
        assert lasts(shell.folder / "new.wav") == 2.0

    def test_a_piece_is_longer_by_what_was_asked_and_begins_as_it_was(self, shell: Shell) -> None:
        a_second(shell.folder / "tune.wav")

        done = shell.run("extend", "tune.wav", "--by", "2", "-m", "fake", "-o", "long.wav")

        assert done.returncode == DONE, done.stderr
        assert lasts(shell.folder / "long.wav") == 3.0
        assert lasts(shell.folder / "tune.wav") == 1.0

    def test_what_is_no_sound_cannot_be_gone_on_from(self, shell: Shell) -> None:
        (shell.folder / "tune.wav").write_text("la la la")

        done = shell.run("extend", "tune.wav")

        assert done.returncode == USAGE
        assert "no sound file of a known kind" in done.stderr


class TestBatch:
    def test_each_line_becomes_a_file(self, shell: Shell) -> None:
        lines = ["calm tone", '{"prompt": "fast tone", "seconds": 2, "out": "fast.flac"}', ""]
        (shell.folder / "prompts.jsonl").write_text("\n".join(lines))

        done = shell.run("batch", "prompts.jsonl", "-s", "1", "-m", "fake", "-o", "out")

        assert done.returncode == DONE, done.stderr
        assert done.stdout.splitlines() == ["out/001-calm-tone.wav", "out/fast.flac"]
        made = [lasts(shell.folder / line) for line in done.stdout.splitlines()]
        assert made == [1.0, 2.0]

    def test_a_line_that_fails_does_not_keep_the_others(self, shell: Shell) -> None:
        done = shell.run("batch", "-", "-s", "1", "-m", "fake", given="fail\na tone\n")

        assert (done.returncode, done.stdout) == (FAILED, "002-a-tone.wav\n")
        assert "line 1: " in done.stderr
        assert "1 of 2 failed" in done.stderr

    def test_what_is_there_is_not_made_again(self, shell: Shell) -> None:
        (shell.folder / "001-a-tone.wav").write_text("mine")

        done = shell.run("batch", "-", "-s", "1", "-m", "fake", given="a tone\n")

        assert (done.returncode, done.stdout) == (DONE, "")
        assert (shell.folder / "001-a-tone.wav").read_text() == "mine"

    def test_programs_get_a_line_of_json_for_each(self, shell: Shell) -> None:
        done = shell.run("batch", "-", "-s", "1", "-m", "fake", "--json", given="a\nb\n")

        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert [(each["line"], each["file"]) for each in told] == [
            (1, "001-a.wav"),
            (2, "002-b.wav"),
        ]

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ('{"promt": "x"}', "line 1: there is no 'promt'; did you mean 'prompt'?"),
            ('{"prompt": "x"', "line 1: is not JSON"),
            ('{"prompt": "x", "seconds": "long"}', "line 1: seconds: "),
            ('{"seconds": 3}', "line 1: has no prompt"),
            ('{"prompt": "x", "out": "no/such/x.wav"}', "there is no folder no/such"),
        ],
    )
    def test_a_line_that_cannot_be_read_is_told_before_anything_is_made(
        self, shell: Shell, line: str, told: str
    ) -> None:
        done = shell.run("batch", "-", given=f"{line}\na tone\n")

        assert done.returncode == USAGE
        assert told in done.stderr
        assert list(shell.folder.iterdir()) == []


class TestServerElsewhere:
    def test_a_piece_is_made_there_and_kept_here(self, running: Server, elsewhere: Shell) -> None:
        wish = ("a tone", "-m", "fake", "-s", "1", "--seed", "5", "-o", "tone.flac")

        done = elsewhere.run(*wish, "--server", running.url)

        assert (done.returncode, done.stdout) == (DONE, "tone.flac\n"), done.stderr
        assert lasts(elsewhere.folder / "tone.flac") == 1.0
        assert "seed 5" in done.stderr

    def test_a_sound_of_this_machine_is_sent_there_first(
        self, running: Server, elsewhere: Shell
    ) -> None:
        a_second(elsewhere.folder / "tune.wav")
        where = ("--server", running.url, "-m", "fake", "-o", "long.wav")

        done = elsewhere.run("extend", "tune.wav", "--by", "1", *where)

        assert done.returncode == DONE, done.stderr
        assert lasts(elsewhere.folder / "long.wav") == 2.0

    @pytest.mark.parametrize(
        ("settings", "prompt", "code", "told"),
        [
            ({"API_KEY": "bs_0_wrong"}, "a tone", USAGE, "try: export BANDSTAND_API_KEY"),
            ({"API_KEY": KEY}, "fail", FAILED, "asked to fail"),
        ],
    )
    def test_what_the_server_says_has_the_same_exit_codes(
        self,
        running: Server,
        tmp_path: Path,
        settings: dict[str, str],
        prompt: str,
        code: int,
        told: str,
    ) -> None:
        shell = Shell(tmp_path, **settings)

        done = shell.run(prompt, "-m", "fake", "-s", "1", "--server", running.url)

        assert done.returncode == code
        assert told in done.stderr

    def test_no_credit_has_a_code_of_its_own(
        self, running: Server, beside: Shell, tmp_path: Path
    ) -> None:
        key = beside.run("keys", "create", "--account", "bo", "--credits", "0").stdout.strip()

        done = Shell(tmp_path, API_KEY=key).run("a tone", "-m", "fake", "--server", running.url)

        assert done.returncode == QUOTA

    def test_ctrl_c_calls_the_job_off_there(self, running: Server, elsewhere: Shell) -> None:
        wish = ("a tone work=30", "-m", "fake", "-s", "1", "--server", running.url)
        with running.client() as client:
            before = len(client.get("/v1/jobs").json()["jobs"])
            typed = elsewhere.start(*wish)

            def newest() -> dict[str, Any]:
                jobs = client.get("/v1/jobs").json()["jobs"]
                return jobs[0] if len(jobs) > before else {}

            job = once(newest, lambda job: job and job["status"] == "running")
            typed.send_signal(signal.SIGINT)

            typed.communicate(timeout=PATIENCE_SECONDS)
            assert typed.returncode == INTERRUPTED
            assert client.get(f"/v1/jobs/{job['id']}").json()["status"] == "canceled"
        assert list(elsewhere.folder.iterdir()) == []


class TestRotate:
    def test_a_new_key_takes_the_place_of_the_old_one(self, running: Server, beside: Shell) -> None:
        old = beside.run("keys", "create", "--name", "mine", "--scope", "read").stdout.strip()

        new = beside.run("keys", "rotate", old.split("_")[1]).stdout.strip()

        assert [status_for(running, key) for key in (old, new)] == [401, 200]
        listed = json.loads(beside.run("keys", "list", "--json").stdout)
        (found,) = [key for key in listed if key["id"] == new.split("_")[1]]
        assert (found["name"], found["scopes"]) == ("mine", ["read"])

    def test_the_old_one_may_work_for_a_while(self, running: Server, beside: Shell) -> None:
        old = beside.run("keys", "create").stdout.strip()

        new = beside.run("keys", "rotate", old.split("_")[1], "--overlap", "1h").stdout.strip()

        assert [status_for(running, key) for key in (old, new)] == [200, 200]

    def test_a_key_that_ended_cannot_be_rotated(self, beside: Shell) -> None:
        old = beside.run("keys", "create").stdout.split("_")[1]
        beside.run("keys", "revoke", old)

        assert beside.run("keys", "rotate", old).returncode == USAGE


class TestFiles:
    def test_a_file_of_settings_tells_every_one_with_its_default(self, shell: Shell) -> None:
        shell.run("config", "init")

        lines = (shell.folder / "bandstand.toml").read_text().splitlines()
        defaults = [line[1:] for line in lines if line.startswith("#") and " = " in line]
        told = tomllib.loads("\n".join(defaults))
        assert set(told) == set(Settings.model_fields)
        known = {name: value for name, value in told.items() if value != "…"}
        assert Settings(**known) == Settings()

    def test_a_file_of_settings_is_never_overwritten(self, shell: Shell) -> None:
        (shell.folder / "bandstand.toml").write_text("port = 9001\n")

        done = shell.run("config", "init")

        assert done.returncode == USAGE
        assert (shell.folder / "bandstand.toml").read_text() == "port = 9001\n"

    def test_the_description_of_one_api_is_a_part_of_what_a_server_tells(
        self, running: Server, shell: Shell
    ) -> None:
        described = json.loads(shell.run("openapi", "--api", "segmind").stdout)

        with running.client() as client:
            whole = client.get("/openapi.json").json()
        parts = {
            path: methods
            for path, methods in whole["paths"].items()
            if any("segmind" in route["tags"] for route in methods.values())
        }
        assert described["paths"] == parts
        assert described["components"]["schemas"].items() <= whole["components"]["schemas"].items()

    def test_an_api_that_is_not_there_has_no_description(self) -> None:
        with pytest.raises(Invalid, match="there is none with the name 'sigmund'"):
            openapi.only({"paths": {}}, "sigmund")
