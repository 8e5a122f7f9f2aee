"""`bandstand image`: pictures from the command line, without a server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

SMALL = ("--width", "64", "--height", "64")


def bandstand(*words: str, folder: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "bandstand", "image", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done


def test_picture_lies_where_it_was_asked_for(tmp_path: Path):
    told = bandstand("neon night", *SMALL, "--out", "night.webp", folder=tmp_path).stdout

    assert told == "night.webp\n"
    with Image.open(tmp_path / "night.webp") as picture:
        assert (picture.format, picture.size) == ("WEBP", (64, 64))


def test_several_pictures_get_numbers_and_tell_their_seeds(tmp_path: Path):
    told = bandstand("rain", *SMALL, "-n", "2", "--seed", "7", "--json", folder=tmp_path).stdout

    files = json.loads(told)["files"]
    assert [file["about"]["seed"] for file in files] == [7, 8]
    assert [(tmp_path / file["file"]).is_file() for file in files] == [True, True]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--width", "513"), "must be a multiple of 8, and 513 is not"),
        (("--count", "5"), "must be between 1 and 4, not 5"),
        (("--out", "night.gif"), "does not end in one of: png"),
        (("--model", "composer"), "makes music, not pictures"),
    ],
)
def test_wish_that_cannot_be_is_wrong_usage(tmp_path: Path, words: tuple[str, ...], why: str):
    assert why in " ".join(bandstand("rain", *words, folder=tmp_path, code=2).stderr.split())


def test_stand_in_says_that_it_is_one(tmp_path: Path):
    told = bandstand("rain", *SMALL, "--model", "sdxl", folder=tmp_path).stderr

    assert "canvas draws instead" in told
