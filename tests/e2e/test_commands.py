"""Commands around one piece: sound to start from, many lines, a server elsewhere, keys, files for programs; and how all of them speak."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import tomllib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import typer
from patience import PATIENCE_SECONDS, once
from servers import KEY, Server

from bandstand import cli
from bandstand.cli import openapi
from bandstand.errors import Invalid
from bandstand.settings import Settings

COMMAND = [sys.executable, "-m", "bandstand"]
DONE, FAILED, USAGE, AWAY, QUOTA, INTERRUPTED = 0, 1, 2, 3, 4, 130
# These run until they are stopped, or are made for a terminal's eyes.
NOT_FOR_PROGRAMS = {"serve", "worker", "login"}


class Person:
    """Somebody who types commands in a folder of their own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.settings = {"ENGINES": "fake", **settings}

    def environment(self, **more: str) -> dict[str, str]:
        around = {k: v for k, v in os.environ.items() if not k.startswith("BANDSTAND_")}
        home = {"XDG_CONFIG_HOME": str(self.folder / "config"), "no_proxy": "127.0.0.1"}
        return around | home | {f"BANDSTAND_{k}": v for k, v in self.settings.items()} | more

    def types(
        self, *arguments: str, given: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS * 2,
            check=False,
        )

    def sees(self, *arguments: str, **environment: str) -> str:
        """What comes to the eyes of who types at a terminal, as it is written there."""
        ours, theirs = pty.openpty()
        environment = {"TERM": "xterm-256color", **environment}
        with subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            stdout=theirs,
            stderr=theirs,
        ):
            os.close(theirs)
            return _read_to_end(ours)


def _read_to_end(terminal: int) -> str:
    read = b""
    try:
        while piece := os.read(terminal, 4096):
            read += piece
    except OSError:  # how a terminal says that nobody writes to it any more
        pass
    os.close(terminal)
    return read.decode()


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def beside(running: Server, tmp_path: Path) -> Person:
    """Somebody on the machine of the running server."""
    return Person(tmp_path, DATA=str(running.folder / "data"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Person:
    """Somebody with a key and no engine."""
    return Person(tmp_path, API_KEY=KEY)


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
    person: Person, typed: tuple[str, ...], tried: str
) -> None:
    done = person.types(*typed)

    told = done.stderr.splitlines()
    assert done.returncode in {USAGE, AWAY}
    assert [line for line in told if line.startswith("error: ")]
    assert f"try: {tried}" in told


def test_a_wrong_setting_is_told_with_where_all_are_explained(person: Person) -> None:
    person.settings["PORT"] = "many"

    done = person.types("doctor")

    assert "try: bandstand config init --print" in done.stderr


@pytest.mark.parametrize(("wish", "colours"), [({}, 1), ({"NO_COLOR": "1"}, 0)])
def test_colours_are_left_out_on_request(
    person: Person, wish: dict[str, str], colours: int
) -> None:
    drawn = person.sees("x", "-m", "smal", **wish)

    assert "error:" in drawn
    assert drawn.count("\x1b[31m") == colours


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("bandstand bat", "batch"), ("bandstand 'lo-fi rain' --loud", "--loudness")],
)
def test_a_shell_can_complete_what_is_typed(person: Person, typed: str, offered: str) -> None:
    words = {"_BANDSTAND_COMPLETE": "complete_fish", "_TYPER_COMPLETE_ARGS": typed}

    done = person.types(**words, _TYPER_COMPLETE_FISH_ACTION="get-args")

    assert offered in done.stdout


class TestCover:
    def test_a_cover_lies_beside_the_track_when_it_is_wanted(self, person: Person) -> None:
        person.settings["ENGINES"] = "composer"

        done = person.types("lofi rain", "-s", "1", "-o", "rain.mp3", "--seed", "7", "--cover")

        assert done.stdout == "rain.mp3\n"
        assert {path.name for path in person.folder.iterdir()} == {"rain.mp3", "rain.cover.jpg"}


class TestSound:
    def test_a_tune_is_followed_in_the_style_of_a_prompt(self, person: Person) -> None:
        a_second(person.folder / "tune.wav")

        done = person.types(
            "melody", "tune.wav", "a tone", "-m", "fake", "-s", "2", "-o", "new.wav"
        )

        assert done.returncode == DONE, done.stderr
        assert lasts(person.folder / "new.wav") == 2.0

    def test_a_piece_is_longer_by_what_was_asked_and_begins_as_it_was(self, person: Person) -> None:
        a_second(person.folder / "tune.wav")

        done = person.types("extend", "tune.wav", "--by", "2", "-m", "fake", "-o", "long.wav")

        assert done.returncode == DONE, done.stderr
        assert lasts(person.folder / "long.wav") == 3.0
        assert lasts(person.folder / "tune.wav") == 1.0

    def test_what_is_no_sound_cannot_be_gone_on_from(self, person: Person) -> None:
        (person.folder / "tune.wav").write_text("la la la")

        done = person.types("extend", "tune.wav")

        assert done.returncode == USAGE
        assert "no sound file of a known kind" in done.stderr


class TestBatch:
    def test_each_line_becomes_a_file(self, person: Person) -> None:
        lines = ["calm tone", '{"prompt": "fast tone", "seconds": 2, "out": "fast.flac"}', ""]
        (person.folder / "prompts.jsonl").write_text("\n".join(lines))

        done = person.types("batch", "prompts.jsonl", "-s", "1", "-m", "fake", "-o", "out")

        assert done.returncode == DONE, done.stderr
        assert done.stdout.splitlines() == ["out/001-calm-tone.wav", "out/fast.flac"]
        made = [lasts(person.folder / line) for line in done.stdout.splitlines()]
        assert made == [1.0, 2.0]

    def test_a_line_that_fails_does_not_keep_the_others(self, person: Person) -> None:
        done = person.types("batch", "-", "-s", "1", "-m", "fake", given="fail\na tone\n")

        assert (done.returncode, done.stdout) == (FAILED, "002-a-tone.wav\n")
        assert "line 1: " in done.stderr
        assert "1 of 2 failed" in done.stderr

    def test_what_is_there_is_not_made_again(self, person: Person) -> None:
        (person.folder / "001-a-tone.wav").write_text("mine")

        done = person.types("batch", "-", "-s", "1", "-m", "fake", given="a tone\n")

        assert (done.returncode, done.stdout) == (DONE, "")
        assert (person.folder / "001-a-tone.wav").read_text() == "mine"

    def test_programs_get_a_line_of_json_for_each(self, person: Person) -> None:
        done = person.types("batch", "-", "-s", "1", "-m", "fake", "--json", given="a\nb\n")

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
        self, person: Person, line: str, told: str
    ) -> None:
        done = person.types("batch", "-", given=f"{line}\na tone\n")

        assert done.returncode == USAGE
        assert told in done.stderr
        assert list(person.folder.iterdir()) == []


class TestServerElsewhere:
    def test_a_piece_is_made_there_and_kept_here(self, running: Server, elsewhere: Person) -> None:
        wish = ("a tone", "-m", "fake", "-s", "1", "--seed", "5", "-o", "tone.flac")

        done = elsewhere.types(*wish, "--server", running.url)

        assert (done.returncode, done.stdout) == (DONE, "tone.flac\n"), done.stderr
        assert lasts(elsewhere.folder / "tone.flac") == 1.0
        assert "seed 5" in done.stderr

    def test_a_sound_of_this_machine_is_sent_there_first(
        self, running: Server, elsewhere: Person
    ) -> None:
        a_second(elsewhere.folder / "tune.wav")
        where = ("--server", running.url, "-m", "fake", "-o", "long.wav")

        done = elsewhere.types("extend", "tune.wav", "--by", "1", *where)

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
        person = Person(tmp_path, **settings)

        done = person.types(prompt, "-m", "fake", "-s", "1", "--server", running.url)

        assert done.returncode == code
        assert told in done.stderr

    def test_no_credit_has_a_code_of_its_own(
        self, running: Server, beside: Person, tmp_path: Path
    ) -> None:
        key = beside.types("keys", "create", "--account", "bo", "--credits", "0").stdout.strip()

        done = Person(tmp_path, API_KEY=key).types("a tone", "-m", "fake", "--server", running.url)

        assert done.returncode == QUOTA

    def test_ctrl_c_calls_the_job_off_there(self, running: Server, elsewhere: Person) -> None:
        wish = ("a tone work=30", "-m", "fake", "-s", "1", "--server", running.url)
        with running.client() as client:
            before = len(client.get("/v1/jobs").json()["jobs"])
            typed = subprocess.Popen(
                [*COMMAND, *wish], cwd=elsewhere.folder, env=elsewhere.environment()
            )

            def newest() -> dict[str, Any]:
                jobs = client.get("/v1/jobs").json()["jobs"]
                return jobs[0] if len(jobs) > before else {}

            job = once(newest, lambda job: job and job["status"] == "running")
            typed.send_signal(signal.SIGINT)

            assert typed.wait(timeout=PATIENCE_SECONDS) == INTERRUPTED
            assert client.get(f"/v1/jobs/{job['id']}").json()["status"] == "canceled"
        assert list(elsewhere.folder.iterdir()) == []


class TestRotate:
    def test_a_new_key_takes_the_place_of_the_old_one(
        self, running: Server, beside: Person
    ) -> None:
        old = beside.types("keys", "create", "--name", "mine", "--scope", "read").stdout.strip()

        new = beside.types("keys", "rotate", old.split("_")[1]).stdout.strip()

        assert [_status(running, key) for key in (old, new)] == [401, 200]
        listed = json.loads(beside.types("keys", "list", "--json").stdout)
        (found,) = [key for key in listed if key["id"] == new.split("_")[1]]
        assert (found["name"], found["scopes"]) == ("mine", ["read"])

    def test_the_old_one_may_work_for_a_while(self, running: Server, beside: Person) -> None:
        old = beside.types("keys", "create").stdout.strip()

        new = beside.types("keys", "rotate", old.split("_")[1], "--overlap", "1h").stdout.strip()

        assert [_status(running, key) for key in (old, new)] == [200, 200]

    def test_a_key_that_ended_cannot_be_rotated(self, beside: Person) -> None:
        old = beside.types("keys", "create").stdout.split("_")[1]
        beside.types("keys", "revoke", old)

        assert beside.types("keys", "rotate", old).returncode == USAGE


def _status(server: Server, key: str) -> int:
    with server.client(key) as client:
        return client.get("/v1/jobs").status_code


class TestFiles:
    def test_a_file_of_settings_tells_every_one_with_its_default(self, person: Person) -> None:
        person.types("config", "init")

        lines = (person.folder / "bandstand.toml").read_text().splitlines()
        defaults = [line[1:] for line in lines if line.startswith("#") and " = " in line]
        told = tomllib.loads("\n".join(defaults))
        assert set(told) == set(Settings.model_fields)
        known = {name: value for name, value in told.items() if value != "…"}
        assert Settings(**known) == Settings()

    def test_a_file_of_settings_is_never_overwritten(self, person: Person) -> None:
        (person.folder / "bandstand.toml").write_text("port = 9001\n")

        done = person.types("config", "init")

        assert done.returncode == USAGE
        assert (person.folder / "bandstand.toml").read_text() == "port = 9001\n"

    def test_the_description_of_one_api_is_a_part_of_what_a_server_tells(
        self, running: Server, person: Person
    ) -> None:
        described = json.loads(person.types("openapi", "--api", "segmind").stdout)

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
