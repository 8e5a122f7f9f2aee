"""From made sound to finished files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bandstand.audio.clip import Clip
from bandstand.audio.tags import Tags
from bandstand.engines import Extra, Made
from bandstand.engines.press import press
from bandstand.engines.spool import read_manifest
from bandstand.specs import Encoding, MusicSpec

TAGS = Tags(prompt="tone", seed=1, model="fake", engine="fake", licence="none", software="tests")
RATE = 32000


def tone(*, level: float = 0.3) -> Clip:
    times = np.arange(RATE) / RATE
    return Clip((level * np.sin(2 * np.pi * 440 * times))[np.newaxis].astype(np.float32), RATE)


@pytest.mark.parametrize("encoding", list(Encoding))
def test_every_encoding_is_as_long_as_the_piece(encoding: Encoding, tmp_path: Path) -> None:
    spec = MusicSpec(prompt="tone", encoding=encoding)
    (track,) = press(Made(clip=tone()), spec, TAGS, tmp_path / "job")

    sound = soundfile.info(tmp_path / "job" / track.name)
    assert (sound.frames, sound.samplerate) == (RATE, RATE)


def test_the_track_has_the_rate_that_was_asked_for(tmp_path: Path) -> None:
    spec = MusicSpec(prompt="tone", sample_rate=48000)
    (track,) = press(Made(clip=tone()), spec, TAGS, tmp_path / "job")

    assert soundfile.info(tmp_path / "job" / track.name).samplerate == 48000
    assert track.about["rate"] == 48000


def test_extras_lie_beside_the_track(tmp_path: Path) -> None:
    extra = Extra(name="score.mid", kind="midi", media_type="audio/midi", content=b"MThd")
    files = press(
        Made(clip=tone(), extras=(extra,)), MusicSpec(prompt="tone"), TAGS, tmp_path / "job"
    )

    assert [file.kind for file in files] == ["audio", "midi"]
    assert (tmp_path / "job" / "score.mid").read_bytes() == b"MThd"


def test_the_folder_tells_what_press_told(tmp_path: Path) -> None:
    files = press(Made(clip=tone()), MusicSpec(prompt="tone"), TAGS, tmp_path / "job")

    assert read_manifest(tmp_path / "job") == files


def test_silence_has_no_loudness_and_is_valid_json(tmp_path: Path) -> None:
    (track,) = press(Made(clip=tone(level=0.0)), MusicSpec(prompt="rest"), TAGS, tmp_path / "job")

    assert track.about["lufs"] is None
    json.dumps(dict(track.about), allow_nan=False)


def test_sound_that_is_no_number_leaves_nothing_behind(tmp_path: Path) -> None:
    clip = Clip(np.full((1, RATE), np.nan, np.float32), RATE)

    with pytest.raises(ValueError, match=r".+"):
        press(Made(clip=clip), MusicSpec(prompt="tone"), TAGS, tmp_path / "job")
    assert list(tmp_path.iterdir()) == []


def test_extra_that_lies_in_a_file_is_taken_from_there(tmp_path: Path) -> None:
    made_in = tmp_path / "engine"
    made_in.mkdir()
    (made_in / "stems.zip").write_bytes(b"PK")
    extra = Extra(
        name="stems.zip",
        kind="stems",
        media_type="application/zip",
        content=made_in / "stems.zip",
        about={"gain": 0.0},
    )

    made = Made(clip=tone(), extras=(extra,))
    files = press(made, MusicSpec(prompt="tone"), TAGS, tmp_path / "job")

    assert files[1].about == {"gain": 0.0}
    assert (tmp_path / "job" / "stems.zip").read_bytes() == b"PK"
    assert not made_in.exists()


def test_sound_that_has_its_level_is_not_levelled(tmp_path: Path) -> None:
    clip = Clip((np.rint(tone().samples * 2**15) / 2**15).astype(np.float32), RATE)

    press(Made(clip=clip, is_levelled=True), MusicSpec(prompt="tone"), TAGS, tmp_path / "job")

    found, _ = soundfile.read(tmp_path / "job" / "track.wav", dtype="float32")
    assert np.array_equal(found, clip.samples[0])
