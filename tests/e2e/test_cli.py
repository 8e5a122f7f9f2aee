"""The `bandstand` command as people and scripts call it: what goes where, which exit code, what is left behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from patience import PATIENCE_SECONDS, once
from servers import KEY, START_SECONDS_MAX, Server, finished, status_for
from shell import AWAY, DONE, FAILED, INTERRUPTED, QUOTA, USAGE, Shell

from bandstand import errors
from bandstand.cli.say import failing

PIECE = ("a tone", "--model", "fake", "--seconds", "1")


def problem(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that tells what was wrong; what to do about it may follow."""
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return line


class TestGenerate:
    def test_a_bare_prompt_makes_a_piece(self, shell: Shell) -> None:
        done = shell.run(*PIECE)

        assert done.returncode == DONE
        assert shell.files() == {"bandstand.wav"}

    def test_only_the_path_goes_to_stdout(self, shell: Shell) -> None:
        done = shell.run("generate", *PIECE, "-o", "tone.wav", "--seed", "7")

        assert done.stdout == "tone.wav\n"
        assert "seed 7" in done.stderr

    def test_what_is_there_already_is_not_overwritten_unasked(self, shell: Shell) -> None:
        (shell.folder / "bandstand.wav").write_text("mine")

        done = shell.run(*PIECE)

        assert done.stdout == "bandstand-2.wav\n"
        assert (shell.folder / "bandstand.wav").read_text() == "mine"

    def test_progress_is_drawn_on_a_terminal(self, shell: Shell) -> None:
        told, drawn = shell.see("a tone work=0.5", "--model", "fake")

        assert "composing" in drawn
        assert told == "bandstand.wav\n"

    @pytest.mark.ffprobe
    @pytest.mark.parametrize(
        ("arguments", "codec"),
        [
            (("-o", "tone.wav"), "pcm_s16le"),
            (("-o", "tone.wav", "--encoding", "wav24"), "pcm_s24le"),
            (("-o", "tone.wav", "--encoding", "wav32f"), "pcm_f32le"),
            (("-o", "tone.mp3"), "mp3"),
            (("-o", "tone.flac"), "flac"),
            (("-o", "tone.ogg"), "vorbis"),
        ],
    )
    def test_the_ending_chooses_the_format(
        self, shell: Shell, arguments: tuple[str, ...], codec: str
    ) -> None:
        done = shell.run(*PIECE, *arguments)

        probed = _probe(shell.folder / done.stdout.strip())
        assert probed["streams"][0]["codec_name"] == codec
        assert float(probed["format"]["duration"]) == pytest.approx(1.0, abs=0.06)

    def test_json_tells_all_about_the_piece(self, shell: Shell) -> None:
        done = shell.run(*PIECE, "--seed", "5", "--json")

        told = json.loads(done.stdout)
        assert told["file"] == "bandstand.wav"
        assert told["seed"] == 5
        assert told["files"][0]["about"]["seconds"] == 1.0

    def test_the_same_seed_makes_the_same_file(self, shell: Shell) -> None:
        for name in ("one.wav", "two.wav"):
            shell.run(*PIECE, "--seed", "11", "-o", name)

        one, two = ((shell.folder / name).read_bytes() for name in ("one.wav", "two.wav"))
        assert one == two

    def test_the_composer_makes_midi_and_plan_beside_the_track(self, shell: Shell) -> None:
        shell.settings["ENGINES"] = "composer"

        done = shell.run("calm piano, 90 bpm", "-s", "2", "-o", "calm.wav", "--extras", "--json")

        assert shell.files() == {
            *("calm.wav", "calm.score.mid", "calm.plan.json", "calm.cover.jpg")
        }
        about = json.loads(done.stdout)["files"][0]["about"]
        assert (about["bpm"], about["seconds"]) == (90.0, 2.0)

    def test_a_stretch_of_a_melody_is_followed(self, shell: Shell) -> None:
        _write_tune(shell.folder / "tune.flac", 660.0, 880.0)
        given = ("--melody", "tune.flac", "--from", "1", "--to", "2")

        done = shell.run("generate", *PIECE, *given, "-o", "tone.wav")

        assert done.returncode == DONE, done.stderr
        assert _pitches(shell.folder / "tone.wav") == [pytest.approx(880.0, abs=2)]

    def test_what_is_continued_comes_first(self, shell: Shell) -> None:
        _write_tune(shell.folder / "tune.wav", 660.0, 880.0)
        given = ("--continue", "tune.wav", "--from", "1", "--seconds", "2", "--seed", "0")

        done = shell.run("generate", *PIECE, *given, "-o", "tone.wav")

        assert done.returncode == DONE, done.stderr
        pitches = [pytest.approx(880.0, abs=2), pytest.approx(220.0, abs=2)]
        assert _pitches(shell.folder / "tone.wav") == pitches

    def test_sections_may_be_given_in_any_order(self, shell: Shell) -> None:
        sections = ("--section", "2=sun", "--section", "1=snow = rain", "-s", "3", "--seed", "0")

        done = shell.run("generate", *PIECE, *sections, "-o", "tone.wav")

        assert done.returncode == DONE, done.stderr
        pitches = [pytest.approx(220.0 * 2 ** (n / 12), abs=2) for n in range(3)]
        assert _pitches(shell.folder / "tone.wav") == pitches

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            (("--melody", "tune.wav", "--from", "2"), "the given audio is empty"),
            (("--melody", "tune.wav", "--from", "-1"), "melody: must start at 0 or later"),
            (("--continue", "tune.wav"), "continue: lasts 2 seconds"),
            (("--melody", "long.wav"), "melody: long.wav: the sound is longer than 120 seconds"),
        ],
    )
    def test_sound_that_cannot_be_used_is_told_in_one_line(
        self, shell: Shell, given: tuple[str, ...], told: str
    ) -> None:
        _write_tune(shell.folder / "tune.wav", 660.0, 880.0)
        soundfile.write(shell.folder / "long.wav", np.zeros(8000 * 121), 8000)

        done = shell.run("generate", *PIECE, *given)

        assert (done.returncode, done.stdout) == (USAGE, "")
        assert told in problem(done)

    def test_who_stands_in_is_told(self, shell: Shell) -> None:
        shell.settings |= {"ENGINES": "fake", "STAND_IN": "other"}

        done = shell.run("generate", "a tone", "--model", "large", "--seconds", "1")

        assert "fake plays instead" in done.stderr

    @pytest.mark.parametrize(
        ("engine", "prompt"), [("fake", "a tone work=30"), ("composer", "slow ambient pads")]
    )
    def test_ctrl_c_leaves_nothing_behind(self, shell: Shell, engine: str, prompt: str) -> None:
        shell.settings["ENGINES"] = engine
        running = shell.start(prompt, "--model", engine, "-s", "600")
        once(lambda: any(name.startswith(".bandstand-") for name in shell.files()))
        time.sleep(0.5)

        running.send_signal(signal.SIGINT)

        running.communicate(timeout=PATIENCE_SECONDS)
        assert running.returncode == INTERRUPTED
        assert shell.files() == set()

    @pytest.mark.parametrize(
        ("arguments", "code", "told"),
        [
            (("fail", "-m", "fake"), FAILED, "asked to fail"),
            (("", "-m", "fake"), USAGE, "prompt: is empty"),
            ((*PIECE, "-s", "0"), USAGE, "seconds: must be between"),
            ((*PIECE, "-o", "tone.xyz"), USAGE, "encoding: 'xyz' is none of"),
            ((*PIECE, "-o", "nowhere/tone.wav"), USAGE, "there is no folder nowhere"),
            ((*PIECE, "-o", "/proc/tone.wav"), AWAY, "Cannot write /proc/tone.wav"),
            (("x", "-m", "smal"), USAGE, "did you mean 'small'"),
            (("x", "-m", "large"), AWAY, "'large' has no weights here"),
            (("x", "-m", "./nowhere"), USAGE, "there is no folder nowhere"),
            ((*PIECE, "--melody", "no.wav"), USAGE, "melody: no.wav: No such file"),
            ((*PIECE, "--melody", "/proc"), USAGE, "melody: /proc: Is a directory"),
            ((*PIECE, "--melody", "/dev/zero"), USAGE, "larger than 50 MB"),
            ((*PIECE, "--melody", "/proc/version"), USAGE, "no sound file of a known kind"),
            ((*PIECE, "--melody", "http://127.0.0.1/"), USAGE, "melody: "),
            ((*PIECE, "--continue", "http://h:22/"), USAGE, "continue: "),
            ((*PIECE, "--melody", "a", "--continue", "b"), USAGE, "melody: cannot be combined"),
            ((*PIECE, "--from", "1"), USAGE, "no --melody and no --continue"),
            ((*PIECE, "--section", "snow"), USAGE, "'snow' is not SECONDS=PROMPT"),
            ((*PIECE, "--section", "x=snow"), USAGE, "'x=snow' is not SECONDS=PROMPT"),
            ((*PIECE, "--section", "1=snow"), USAGE, "sections.0.start: must lie"),
            ((*PIECE, "--multiband"), USAGE, "multiband: model 'fake' cannot do this"),
            ((*PIECE, "--temperature", "nan"), USAGE, "temperature: must be a finite number"),
        ],
    )
    def test_trouble_is_told_in_one_line(
        self, shell: Shell, arguments: tuple[str, ...], code: int, told: str
    ) -> None:
        done = shell.run("generate", *arguments)

        assert (done.returncode, done.stdout) == (code, "")
        assert told in problem(done)
        assert shell.files() == set()


class TestUsage:
    def test_a_misspelt_command_is_not_taken_for_a_prompt(self, shell: Shell) -> None:
        done = shell.run("serv")

        assert done.returncode == USAGE
        assert "did you mean 'serve'" in done.stderr

    def test_an_unknown_option_is_refused(self, shell: Shell) -> None:
        assert shell.run("doctor", "--colour").returncode == USAGE

    def test_the_version_is_told(self, shell: Shell) -> None:
        assert shell.run("--version").stdout.startswith("bandstand 0.")

    @pytest.mark.parametrize("place", ["environment", ".env", "bandstand.toml"])
    def test_a_misspelt_setting_is_refused_with_the_nearest_name(
        self, shell: Shell, place: str
    ) -> None:
        if place == "environment":
            shell.settings["PROT"] = "1"
        elif place == ".env":
            (shell.folder / place).write_text("BANDSTAND_PROT=1\n")
        else:
            (shell.folder / place).write_text("prot = 1\n")

        done = shell.run("config", "show")

        assert done.returncode == USAGE
        assert "BANDSTAND_PORT?" in done.stderr

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (errors.Failed, FAILED),
            (errors.NotFound, USAGE),
            (errors.Misconfigured, USAGE),
            (errors.Unavailable, AWAY),
            (errors.NoCredit, QUOTA),
            (errors.TooMany, QUOTA),
            (errors.Canceled, INTERRUPTED),
            (KeyboardInterrupt, INTERRUPTED),
        ],
    )
    def test_each_kind_of_error_has_its_exit_code(
        self, error: type[BaseException], code: int
    ) -> None:
        with pytest.raises(SystemExit) as ended, failing():
            raise error

        assert ended.value.code == code


class TestServe:
    def test_the_whole_network_needs_a_key_first(self, shell: Shell) -> None:
        done = shell.run("serve", "--host", "0.0.0.0", "--port", "0")

        assert done.returncode == USAGE
        assert "set BANDSTAND_API_KEY first" in done.stderr

    def test_a_taken_port_is_told(self, shell: Shell) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = shell.run("serve", "--port", str(taken.getsockname()[1]))

        assert done.returncode == AWAY
        assert "Cannot listen on 127.0.0.1" in done.stderr

    def test_the_first_key_is_shown_once(self, shell: Shell) -> None:
        first, second = (_start_and_stop(shell) for _ in range(2))

        assert "First API key" in first
        assert "First API key" not in second
        assert "http://127.0.0.1:" in second


class TestJobs:
    def test_list_tells_newest_first(self, running: Server, beside: Shell) -> None:
        older, newer = (_submit(running, f"tone {name}") for name in ("one", "two"))

        rows = [row.split("\t") for row in beside.run("jobs", "list").stdout.splitlines()]

        assert [row[0] for row in rows[:2]] == [newer, older]
        assert rows[0][-1] == "tone two"

    def test_show_tells_all_about_one(self, running: Server, beside: Shell) -> None:
        job = _submit(running, "a tone to look at")

        told = json.loads(beside.run("jobs", "show", job).stdout)

        assert told["id"] == job
        assert told["spec"]["prompt"] == "a tone to look at"

    def test_cancel_stops_a_running_job(self, running: Server, beside: Shell) -> None:
        job = _submit(running, "a tone work=30")

        done = beside.run("jobs", "cancel", job)

        assert done.stdout == "canceled\n"
        with running.client() as client:
            assert finished(client, job)["status"] == "canceled"

    @pytest.mark.parametrize(
        ("prompt", "code", "status"), [("a tone", DONE, "succeeded"), ("fail", FAILED, "failed")]
    )
    def test_watch_ends_with_the_job(
        self, running: Server, beside: Shell, prompt: str, code: int, status: str
    ) -> None:
        job = _submit(running, prompt)

        done = beside.run("jobs", "watch", job)

        assert done.returncode == code
        lines = done.stdout.splitlines()
        assert "queued" in lines[0]
        assert status in lines[-1]

    @pytest.mark.parametrize("command", ["show", "cancel", "watch"])
    def test_an_unknown_job_is_told(self, beside: Shell, command: str) -> None:
        done = beside.run("jobs", command, "nosuchjob")

        assert done.returncode == USAGE
        assert "There is no job 'nosuchjob'" in done.stderr


class TestKeys:
    def test_a_new_key_works_until_it_is_revoked(self, running: Server, beside: Shell) -> None:
        key = beside.run("keys", "create", "--account", "bo").stdout.strip()
        before = status_for(running, key)
        revoked = beside.run("keys", "revoke", key.split("_")[1])
        after = status_for(running, key)

        assert (before, revoked.stdout, after) == (200, "revoked\n", 401)

    def test_list_never_shows_a_whole_key(self, beside: Shell) -> None:
        key = json.loads(beside.run("keys", "create", "--name", "mine", "--json").stdout)["key"]

        listed = beside.run("keys", "list").stdout

        assert "mine" in listed
        assert key.split("_")[2] not in listed

    def test_credits_can_be_used_up(self, running: Server, beside: Shell) -> None:
        key = beside.run("keys", "create", "--account", "poor", "--credits", "0").stdout.strip()

        with running.client(key) as client:
            body = {"prompt": "a tone", "model": "fake"}
            assert client.post("/v1/jobs", json=body).status_code == 402

    def test_revoking_an_unknown_key_is_told(self, beside: Shell) -> None:
        assert beside.run("keys", "revoke", "nosuchkey").returncode == USAGE


class TestModels:
    def test_list_tells_what_can_run_here(self, shell: Shell) -> None:
        shell.settings["ENGINES"] = "composer"

        rows = json.loads(shell.run("models", "list", "--json").stdout)

        assert {row["name"] for row in rows if row["installed"]} == {"composer"}

    def test_show_tells_the_licence(self, shell: Shell) -> None:
        told = json.loads(shell.run("models", "show", "stereo-large").stdout)

        assert told["licence"] == "CC-BY-NC-4.0"

    def test_an_unknown_model_is_told_with_the_nearest(self, shell: Shell) -> None:
        done = shell.run("models", "show", "fakes")

        assert done.returncode == USAGE
        assert "did you mean 'fake'" in done.stderr


class TestDoctor:
    def test_a_sound_machine_is_left_as_it_was(self, shell: Shell) -> None:
        done = shell.run("doctor")

        assert done.returncode == DONE
        assert shell.files() == set()

    def test_it_looks_at_everything_that_a_server_needs(self, beside: Shell) -> None:
        findings = json.loads(beside.run("doctor", "--json").stdout)

        looked_at = {finding["what"] for finding in findings}
        expected = {"Python", "machine", "torch", "codecs", "player", "data folder", "database"}
        assert looked_at >= {*expected, "engine fake", "files"}
        assert not any(finding["is_broken"] for finding in findings)

    def test_a_database_that_is_away_is_told_with_what_to_do(self, shell: Shell) -> None:
        shell.settings["DATABASE_URL"] = "postgresql://me:hush@127.0.0.1:1/none"

        done = shell.run("doctor", "--json")

        broken = [finding for finding in json.loads(done.stdout) if finding["is_broken"]]
        assert done.returncode == FAILED
        assert [finding["what"] for finding in broken] == ["database"]
        assert "BANDSTAND_DATABASE_URL" in broken[0]["remedy"]
        assert "hush" not in done.stdout + done.stderr


class TestConfig:
    @pytest.mark.parametrize("form", ["--origin", "--json"])
    def test_secrets_are_never_shown(self, shell: Shell, form: str) -> None:
        shell.settings |= {
            "API_KEY": KEY,
            "DATABASE_URL": "postgresql://me:hush1@db/music",
            "BLOBS_URL": "s3://bucket/all?key=me&secret=hush2",
        }

        done = shell.run("config", "show", form)

        assert done.returncode == DONE
        assert not [word for word in (KEY, "hush1", "hush2") if word in done.stdout]

    def test_each_value_says_where_it_came_from(self, shell: Shell) -> None:
        (shell.folder / "bandstand.toml").write_text("port = 9001\n")
        (shell.folder / ".env").write_text("BANDSTAND_ROLE=api\n")

        rows = shell.run("config", "show", "--origin").stdout.splitlines()

        told = {name: (value, origin) for name, value, origin in (r.split("\t") for r in rows)}
        assert told["BANDSTAND_ENGINES"] == ("fake", "environment")
        assert told["BANDSTAND_ROLE"] == ("api", ".env")
        assert told["BANDSTAND_PORT"] == ("9001", "bandstand.toml")
        assert told["BANDSTAND_HOST"] == ("127.0.0.1", "default")


def _submit(server: Server, prompt: str) -> str:
    with server.client() as client:
        body = {"prompt": prompt, "model": "fake", "seconds": 1}
        answer = client.post("/v1/jobs", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def _start_and_stop(shell: Shell) -> str:
    """What a server says on stderr from its start to its end."""
    with shell.start("serve", "--port", "0") as running:
        assert running.stderr is not None
        try:
            said = running.stderr.readline()
            port = int(said.rpartition(":")[2].split()[0])
            once(lambda: _listens(port), seconds=START_SECONDS_MAX)
            running.send_signal(signal.SIGTERM)
            # Not communicate(): it does not give what lies in the buffer behind the line that was read.
            return said + running.stderr.read()
        except BaseException:
            running.kill()
            raise


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _probe(file: Path) -> dict[str, Any]:
    asked = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(file)]
    return json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)


def _write_tune(file: Path, *pitches: float) -> None:
    """A second of each."""
    seconds = np.arange(32000) / 32000
    tones = [0.5 * np.sin(2 * np.pi * pitch * seconds) for pitch in pitches]
    soundfile.write(file, np.concatenate(tones), 32000)


def _pitches(file: Path) -> list[float]:
    """Hz, of each second."""
    samples, rate = soundfile.read(file)
    return [
        float(np.abs(np.fft.rfft(second * np.hanning(rate))).argmax())
        for second in np.split(samples, len(samples) // rate)
    ]
