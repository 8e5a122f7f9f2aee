"""The cover of a track, from the sound to the finished files."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandstand.audio.clip import Clip
from bandstand.audio.tags import Tags
from bandstand.engines import Made
from bandstand.engines.cover import cover_of, loudness
from bandstand.engines.press import press
from bandstand.specs import Encoding, MusicSpec

TAGS = Tags(prompt="tone", seed=1, model="fake", engine="fake", licence="none", software="tests")
RATE = 32000
SPEC = MusicSpec(prompt="synthwave at night", seed=5)


def swelling() -> Clip:
    times = np.arange(RATE) / RATE
    return Clip((0.5 * times * np.sin(2 * np.pi * 440 * times))[np.newaxis].astype("f4"), RATE)


def test_a_cover_is_a_square_jpeg_that_says_it_was_drawn() -> None:
    cover = cover_of(swelling(), SPEC)

    assert isinstance(cover.content, bytes)
    image = Image.open(io.BytesIO(cover.content))
    assert (image.format, image.size) == ("JPEG", (512, 512))
    assert cover.about["software"] == "Bandstand canvas (drawn, not diffused)"
    json.dumps(dict(cover.about))


def test_the_same_track_has_the_same_cover() -> None:
    assert cover_of(swelling(), SPEC) == cover_of(swelling(), SPEC)


def test_loudness_follows_the_sound() -> None:
    heard = loudness(swelling())

    assert len(heard) == 480
    assert heard[-1] > heard[240] > heard[10]


@pytest.mark.parametrize("length", [1, 7, 481])
def test_a_very_short_track_has_a_cover_too(length: int) -> None:
    assert cover_of(Clip(np.zeros((2, length), np.float32), RATE), SPEC).content


@pytest.mark.ffprobe
@pytest.mark.skipif(not shutil.which("ffprobe"), reason="ffprobe is not installed")
@pytest.mark.parametrize("encoding", [Encoding.MP3, Encoding.FLAC, Encoding.OGG])
def test_a_pressed_track_carries_its_cover(encoding: Encoding, tmp_path: Path) -> None:
    made = Made(clip=swelling(), extras=(cover_of(swelling(), SPEC),))
    spec = MusicSpec(prompt=SPEC.prompt, seed=5, encoding=encoding)

    track, cover = press(made, spec, TAGS, tmp_path / "job")

    assert (cover.name, cover.kind, cover.media_type) == ("cover.jpg", "cover", "image/jpeg")
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json"]
    told = subprocess.run(
        [*command, tmp_path / "job" / track.name], capture_output=True, check=True
    )
    pictures = [s for s in json.loads(told.stdout)["streams"] if s["codec_type"] == "video"]
    assert [(s["width"], s["disposition"]["attached_pic"]) for s in pictures] == [(512, 1)]
