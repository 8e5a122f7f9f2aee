"""`bandstand generate --model FOLDER`: MusicGen from a folder of weights anywhere, without a server.

The weights are tiny and random, so what is heard is noise; but it is noise of the right length that depends on what it should.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny import tiny_folder

pytestmark = pytest.mark.slow

RATE = 32000
DONE, USAGE, AWAY = 0, 2, 3
PLAIN = ("--loudness", "clip", "--encoding", "wav32f", "--seconds", "2", "--seed", "7")
# A codec hears some frames ahead, and the last codes before a cut are drawn in another window than without it.
BEFORE, AFTER = slice(0, 28_000), slice(34_000, None)
Made = Callable[..., np.ndarray]


def generate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    around = {k: v for k, v in os.environ.items() if not k.startswith("BANDSTAND_")}
    return subprocess.run(
        [sys.executable, "-m", "bandstand", "generate", "lo-fi", *arguments],
        cwd=folder,
        env=around | {"XDG_CONFIG_HOME": str(folder / "config")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def sound_of(file: Path) -> np.ndarray:
    """float32 [channels, samples]"""
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    assert rate == RATE
    return samples.T


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """The sound of a model that can do everything, with these options more."""

    def play(*options: str) -> np.ndarray:
        model = str(tiny_folder("stereo-melody"))
        done = generate(tmp_path, "--model", model, *PLAIN, *options, "-o", "piece.wav")
        assert done.returncode == DONE, done.stderr
        assert done.stdout == "piece.wav\n"
        return sound_of(tmp_path / "piece.wav")

    return play


@pytest.fixture
def tune(tmp_path: Path) -> str:
    """Two seconds, the second a fifth above the first."""
    seconds = np.arange(RATE) / RATE
    notes = [0.3 * np.sin(2 * np.pi * pitch * seconds) for pitch in (440.0, 659.26)]
    soundfile.write(tmp_path / "tune.flac", np.concatenate(notes), RATE)
    return "tune.flac"


@pytest.mark.parametrize(("model", "channels"), [("small", 1), ("stereo-large", 2)])
def test_piece_is_as_long_as_wanted_to_the_sample(
    tmp_path: Path, model: str, channels: int
) -> None:
    folder = str(tiny_folder(model))

    done = generate(tmp_path, "-m", folder, "-s", "1.23456", "-o", "piece.wav")

    assert done.returncode == DONE, done.stderr
    assert sound_of(tmp_path / "piece.wav").shape == (channels, round(1.23456 * RATE))


def test_piece_is_written_as_mp3(tmp_path: Path) -> None:
    folder = str(tiny_folder("small"))

    done = generate(tmp_path, "-m", folder, "-s", "1", "-o", "piece.mp3")

    assert done.returncode == DONE, done.stderr
    assert soundfile.info(tmp_path / "piece.mp3").format == "MP3"
    assert soundfile.info(tmp_path / "piece.mp3").duration == pytest.approx(1.0, abs=0.06)


def test_seed_decides_the_piece(made: Made) -> None:
    first, again, other = made(), made(), made("--seed", "8")

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_stretch_of_a_melody_decides_the_piece(made: Made, tune: str) -> None:
    first, second = (
        made("--melody", tune, "--from", start, "--to", end) for start, end in ("01", "12")
    )

    assert first.shape == second.shape == (2, 2 * RATE)
    assert not np.array_equal(first, second)


def test_what_is_continued_comes_first_and_counts_in_the_length(made: Made, tune: str) -> None:
    first, other = (made("--continue", tune, "--to", "1", "--seed", seed) for seed in "12")

    assert first.shape == (2, 2 * RATE)
    np.testing.assert_allclose(first[:, BEFORE], other[:, BEFORE], atol=1e-4)
    assert not np.allclose(first[:, AFTER], other[:, AFTER], atol=1e-2)


def test_section_changes_the_piece_from_its_start(made: Made) -> None:
    plain, parted = made(), made("--section", "1=strings enter")

    np.testing.assert_allclose(plain[:, BEFORE], parted[:, BEFORE], atol=1e-4)
    assert not np.allclose(plain[:, AFTER], parted[:, AFTER], atol=1e-2)


def test_sampling_decides_the_piece(made: Made) -> None:
    greedy, again = (made("--top-k", "1", "--seed", seed) for seed in "12")

    assert np.array_equal(greedy, again)


def test_folder_that_holds_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    done = generate(tmp_path, "-m", "empty")

    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "empty holds no model" in done.stderr


def test_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    broken = shutil.copytree(tiny_folder("small"), tmp_path / "broken")
    os.truncate(broken / "model.safetensors", 1000)

    done = generate(tmp_path, "-m", "./broken")

    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "cut off" in done.stderr


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (("--melody", "tune.flac"), USAGE, "melody: model"),
        (("--multiband",), AWAY, "models pull multiband-diffusion"),
    ],
)
def test_what_the_model_cannot_do_is_told_before_it_is_loaded(
    tmp_path: Path, tune: str, options: tuple[str, ...], code: int, told: str
) -> None:
    done = generate(tmp_path, "-m", str(tiny_folder("small")), *options)

    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert "loading" not in done.stderr
