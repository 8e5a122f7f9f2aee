"""A cover inside a file of sound: players find it, and the sound stays what it was."""

import base64
import io
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bandstand.audio.clip import Clip
from bandstand.audio.codecs import encode
from bandstand.audio.ogg import checksum, with_vorbis_comment
from bandstand.audio.tags import Cover, Tags, picture_block
from bandstand.canvas import render, to_file

RATE = 44100
FORMATS = ["mp3", "flac", "ogg"]
LENGTHS = [0, 1, 200, 254, 255, 256, 65_000, 65_025, 65_026, 200_000, 510_000]


TAGS = Tags(prompt="tone", seed=1, model="fake", engine="fake", licence="none", software="tests")


@pytest.fixture(scope="module")
def cover() -> Cover:
    drawn = render("tone", seed=1, width=128, height=96)
    return Cover(jpeg=to_file(drawn, "jpeg"), width=128, height=96)


def clip() -> Clip:
    times = np.arange(RATE) / RATE
    return Clip((0.3 * np.sin(2 * np.pi * 440 * times))[np.newaxis].astype(np.float32), RATE)


def encoded(form: str, cover: Cover | None) -> bytes:
    file = io.BytesIO()
    encode(clip(), form, file, TAGS, cover=cover)
    return file.getvalue()


def pages(stream: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(stream):
        segments = stream[at + 26]
        end = at + 27 + segments + sum(stream[at + 27 : at + 27 + segments])
        found.append(stream[at:end])
        at = end
    return found


def vorbis() -> bytes:
    file = io.BytesIO()
    soundfile.write(file, clip().samples[0], RATE, format="OGG", subtype="VORBIS")
    return file.getvalue()


@pytest.mark.ffprobe
@pytest.mark.skipif(not shutil.which("ffprobe"), reason="ffprobe is not installed")
@pytest.mark.parametrize("form", FORMATS)
def test_ffprobe_sees_the_cover(form: str, cover: Cover, tmp_path: Path) -> None:
    path = tmp_path / f"track.{form}"
    path.write_bytes(encoded(form, cover))
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", path]
    told = subprocess.run(command, capture_output=True, text=True, check=True)

    assert told.stderr == ""
    sound, picture = json.loads(told.stdout)["streams"]
    assert sound["codec_type"] == "audio"
    assert picture["disposition"]["attached_pic"] == 1
    assert picture["codec_name"] == "mjpeg"
    assert (picture["width"], picture["height"]) == (128, 96)


@pytest.mark.parametrize("form", ["mp3", "flac"])
def test_the_picture_stands_in_the_file_as_it_was(form: str, cover: Cover) -> None:
    assert cover.jpeg in encoded(form, cover)


@pytest.mark.parametrize("form", FORMATS)
def test_the_sound_is_the_same_with_a_cover(form: str, cover: Cover) -> None:
    bare, _ = soundfile.read(io.BytesIO(encoded(form, None)))
    dressed, _ = soundfile.read(io.BytesIO(encoded(form, cover)))

    assert np.array_equal(bare, dressed)


@pytest.mark.parametrize("form", FORMATS)
def test_the_words_stay_beside_the_cover(form: str, cover: Cover) -> None:
    file = encoded(form, cover)

    assert b"tests" in file
    if form != "mp3":  # libsndfile does not read ID3v2
        assert soundfile.SoundFile(io.BytesIO(file)).title == "tone"


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_cover_gives_the_same_bytes(form: str, cover: Cover) -> None:
    assert encoded(form, cover) == encoded(form, cover)


def test_a_wave_file_stays_without(cover: Cover) -> None:
    assert encoded("wav", cover) == encoded("wav", None)


def test_a_picture_block_says_how_large_it_is(cover: Cover) -> None:
    block = picture_block(cover)

    assert block.endswith(len(cover.jpeg).to_bytes(4, "big") + cover.jpeg)
    assert block[:8] == (3).to_bytes(4, "big") + len("image/jpeg").to_bytes(4, "big")


def test_vorbis_carries_the_block_in_base64(cover: Cover) -> None:
    body = b"".join(page[27 + page[26] :] for page in pages(encoded("ogg", cover)))

    assert b"METADATA_BLOCK_PICTURE=" + base64.b64encode(picture_block(cover)) in body


@pytest.mark.parametrize("length", LENGTHS)
def test_a_comment_of_any_length_fits_into_a_stream(length: int) -> None:
    bare = vorbis()
    said = b"X=" + b"y" * length

    laid = pages(with_vorbis_comment(bare, said))

    assert said in b"".join(page[27 + page[26] :] for page in laid)
    assert [int.from_bytes(page[18:22], "little") for page in laid] == list(range(len(laid)))
    assert laid[-1][26:] == pages(bare)[-1][26:]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_stream_with_a_long_comment_is_read(length: int) -> None:
    bare = vorbis()
    laid = [bytearray(page) for page in pages(with_vorbis_comment(bare, b"X=" + b"y" * length))]
    for page in laid:
        page[22:26] = bytes(4)
        page[22:26] = checksum(page)

    assert np.array_equal(
        soundfile.read(io.BytesIO(b"".join(laid)))[0], soundfile.read(io.BytesIO(bare))[0]
    )
