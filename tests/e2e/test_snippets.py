"""The programs that the page writes are run as they stand: what is shown works. Bodies that need a foreign package go to their dialect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from servers import KEY, Server

from bandstand.dialects import modelslab, segmind
from bandstand.dialects.leap import wishes as leap_pictures
from bandstand.dialects.replicate.inputs import Input
from bandstand.dialects.replicate.pictures import PictureInput
from bandstand.specs import Kind
from bandstand.web.playground import foreign
from bandstand.web.playground.snippets import snippets

PROMPT = 'It\'s a "quoted" $HOME `date` \\ tune,\nin two lines'
WISH = {"prompt": PROMPT, "seconds": 2.0, "seed": 7}
RICH = {
    **WISH,
    "model": "stereo-melody-large",
    "melody": {"source": "https://music.example/a.wav", "start": 1.5, "end": 3.0},
    "loudness": "peak",
    "encoding": "mp3",
    "temperature": 0.9,
    "top_k": 100,
    "guidance": 3.5,
    "webhook": {"url": "https://music.example/hook"},
}
PICTURE = {"prompt": PROMPT, "width": 256, "height": 256, "count": 2, "seed": 3}


def written(kind: Kind, wish: Mapping[str, Any], server: str) -> dict[str, str]:
    texts = {snippet.name: snippet.text for snippet in snippets(kind, wish, server)}
    return {name: text for name, text in texts.items() if text is not None}


def run(command: list[str], folder: Path) -> str:
    given = {**os.environ, "BANDSTAND_KEY": KEY, "no_proxy": "*"}
    done = subprocess.run(
        command, cwd=folder, env=given, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_curl_asks_and_listens(busy_sqlite_server: Server, tmp_path: Path) -> None:
    ask, follow = written(Kind.MUSIC, WISH, busy_sqlite_server.url)["curl"].split("\n\n")

    job = json.loads(run(["sh", "-c", ask], tmp_path))
    run(["sh", "-c", follow.replace("/ID/", f"/{job['id']}/")], tmp_path)

    assert (job["prompt"], job["seconds"], job["seed"]) == (PROMPT, 2, 7)
    assert (tmp_path / "track.wav").read_bytes().startswith(b"RIFF")


def test_python_makes_and_keeps_the_track(busy_sqlite_server: Server, tmp_path: Path) -> None:
    program = written(Kind.MUSIC, WISH, busy_sqlite_server.url)["Python"]

    run([sys.executable, "-c", program], tmp_path)

    assert (tmp_path / "track.wav").read_bytes().startswith(b"RIFF")


def test_replicate_client_prints_the_address(busy_sqlite_server: Server, tmp_path: Path) -> None:
    program = written(Kind.MUSIC, WISH, busy_sqlite_server.url)["Replicate"]

    assert "/files/" in run([sys.executable, "-c", program], tmp_path)


def test_modelslab_takes_the_spliced_key(busy_sqlite_server: Server, tmp_path: Path) -> None:
    command = written(Kind.MUSIC, WISH, busy_sqlite_server.url)["ModelsLab"]

    answer = json.loads(run(["sh", "-c", command], tmp_path))

    assert answer["status"] in {"success", "processing"}


def test_segmind_answers_the_sound_itself(busy_sqlite_server: Server, tmp_path: Path) -> None:
    run(["sh", "-c", written(Kind.MUSIC, WISH, busy_sqlite_server.url)["Segmind"]], tmp_path)

    assert (tmp_path / "track.wav").read_bytes().startswith(b"RIFF")


@pytest.mark.parametrize("wish", [WISH, RICH], ids=["plain", "rich"])
def test_every_body_is_one_that_its_dialect_takes(wish: dict[str, Any]) -> None:
    replicate, _ = foreign.replicate_input(wish)
    modelslab_body, _ = foreign.modelslab_body(wish)
    segmind_body, _ = foreign.segmind_body(wish)

    assert set(replicate) <= set(Input.model_validate(replicate).model_fields_set)
    assert modelslab.Wish.model_validate({**modelslab_body, "key": "k"}).prompt == PROMPT
    assert segmind.Wish.model_validate(segmind_body).seed == 7


def test_picture_is_one_that_replicate_takes() -> None:
    body, _ = foreign.replicate_picture(PICTURE)

    given = PictureInput.model_validate(body)

    assert (given.num_outputs, given.seed, given.width) == (2, 3, 256)


def test_picture_is_one_that_leap_takes() -> None:
    _, body, _ = foreign.leap_picture(PICTURE)

    wish = leap_pictures.Wish.model_validate(body)

    assert (wish.number_of_images, wish.seed, wish.width) == (2, 3, 256)


def test_what_an_api_cannot_say_is_told() -> None:
    _, notes = foreign.segmind_body({**WISH, "seconds": 90, "stems": "wav", "seed": 10_000})

    told = " ".join(notes)
    assert "stems" in told
    assert "30 seconds" in told
    assert "9999" in told


def test_no_key_is_ever_written() -> None:
    for kind, wish in ((Kind.MUSIC, RICH), (Kind.IMAGE, PICTURE)):
        for text in written(kind, wish, "http://127.0.0.1:8046").values():
            assert "bs_" not in text
