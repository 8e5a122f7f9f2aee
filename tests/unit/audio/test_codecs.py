"""Files: what goes in comes out, the same bytes each time, and strangers are let in with care."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import struct
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bandstand.audio.clip import Clip
from bandstand.audio.codecs import FORMATS, Undecodable, decode, encode
from bandstand.audio.ogg import checksum
from bandstand.audio.tags import Tags, id3_header, id3_length

HALF_A_STEP = {"wav": 2.0**-16, "wav24": 2.0**-24, "wav32f": 0.0, "flac": 2.0**-16}
TAGS = Tags(
    prompt='Ein Walzer — "langsam",\n舞曲 🎻 in drei Vierteln',
    seed=20261120,
    model="stereo-melody-large",
    engine="composer",
    licence="CC BY-NC 4.0",
    software="Bandstand 0.1.0",
)


def chord(length: int, rate: int = 32000, channels: int = 2) -> Clip:
    time = np.arange(length) / rate
    notes = [sum(np.sin(2 * np.pi * f * k * time) for k in (1, 2, 3)) for f in (220, 330)]
    return Clip((0.2 * np.stack(notes[:channels])).astype(np.float32), rate)


def encoded(clip: Clip, encoding: str, tags: Tags | None = None) -> bytes:
    file = io.BytesIO()
    encode(clip, encoding, file, tags)
    return file.getvalue()


def written(container: str, subtype: str, channels: int = 2, rate: int = 32000) -> bytes:
    """A file as somebody else's program would write it."""
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", samplerate=rate, channels=channels, format=container, subtype=subtype
    ) as sound:
        sound.write(np.zeros((3200, channels), np.int16))
    return file.getvalue()


@pytest.mark.parametrize("encoding", FORMATS)
@given(
    length=st.integers(1, 20000), rate=st.sampled_from([8000, 32000, 48000]), stereo=st.booleans()
)
@example(length=1, rate=8000, stereo=False)
@example(length=65536, rate=32000, stereo=True)
@example(length=65537, rate=44100, stereo=True)
@settings(max_examples=12, deadline=None)
def test_decoded_is_exactly_as_long_as_encoded(
    encoding: str, length: int, rate: int, *, stereo: bool
):
    clip = chord(length, rate, 2 if stereo else 1)

    again = decode(encoded(clip, encoding))

    assert again.samples.shape == clip.samples.shape
    assert again.rate == rate


@pytest.mark.parametrize("encoding", HALF_A_STEP)
def test_decoded_differs_by_half_a_step_at_most(encoding: str):
    noise = np.random.default_rng(3).uniform(-1, 1 - 2.0**-15, (2, 70001)).astype(np.float32)

    again = decode(encoded(Clip(noise, 44100), encoding))

    assert np.abs(again.samples - noise).max() <= HALF_A_STEP[encoding]


@pytest.mark.parametrize(("encoding", "decibels"), [("mp3", -40), ("ogg", -30)])
def test_lossy_sound_is_the_sound_and_in_its_place(encoding: str, decibels: float):
    clip = chord(64000)

    error = decode(encoded(clip, encoding)).samples - clip.samples

    ratio = np.square(error).mean() / np.square(clip.samples).mean()
    assert 10 * np.log10(ratio) < decibels


def test_same_clip_gives_the_same_bytes_at_another_time():
    first = {encoding: encoded(chord(32000), encoding, TAGS) for encoding in FORMATS}
    time.sleep(1.1)  # libsndfile's stamps count seconds

    assert {encoding: encoded(chord(32000), encoding, TAGS) for encoding in FORMATS} == first


def test_streams_of_different_prompts_have_different_serials():
    other = Tags(**{**vars(TAGS), "prompt": "something else"})

    first, second = (encoded(chord(8000), "ogg", tags) for tags in (TAGS, other))

    assert first[14:18] != second[14:18]


def test_checksum_of_a_page_is_what_the_ogg_library_computes():
    page = bytearray(written("OGG", "VORBIS")[:58])
    theirs = bytes(page[22:26])
    page[22:26] = bytes(4)

    assert checksum(page) == theirs


@pytest.mark.parametrize("encoding", ["wav", "wav24", "mp3", "flac", "ogg"])
def test_samples_beyond_full_scale_are_clipped(encoding: str):
    loud = chord(32000).samples * 40
    clipped = loud.clip(-1.0, 1.0)

    assert encoded(Clip(loud, 32000), encoding) == encoded(Clip(clipped, 32000), encoding)


def test_float_keeps_samples_beyond_full_scale():
    loud = Clip(np.full((1, 100), 3.5, np.float32), 32000)

    assert np.array_equal(decode(encoded(loud, "wav32f")).samples, loud.samples)


@pytest.mark.parametrize("encoding", FORMATS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused_before_a_file_is_made(
    encoding: str, bad: float, tmp_path: Path
):
    clip = chord(70000)
    clip.samples[1, -1] = bad

    with pytest.raises(ValueError, match="finite"):
        encode(clip, encoding, tmp_path / "file")

    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize(
    ("clip", "encoding", "problem"),
    [
        (chord(100, rate=44000), "mp3", "cannot hold 44000 Hz"),
        (chord(100), "midi", "unknown encoding"),
        (Clip(np.zeros((1, 0), np.float32), 32000), "wav", "empty"),
    ],
)
def test_what_cannot_be_written_is_refused(clip: Clip, encoding: str, problem: str):
    with pytest.raises(ValueError, match=problem):
        encoded(clip, encoding)


def test_path_and_open_file_get_the_same_bytes(tmp_path: Path):
    encode(chord(3200), "flac", str(tmp_path / "a.flac"), TAGS)

    assert (tmp_path / "a.flac").read_bytes() == encoded(chord(3200), "flac", TAGS)


@pytest.mark.ffprobe
@pytest.mark.skipif(not shutil.which("ffprobe"), reason="ffprobe is not installed")
@pytest.mark.parametrize("encoding", FORMATS)
def test_ffprobe_reads_all_that_the_file_says_about_itself(encoding: str, tmp_path: Path):
    path = tmp_path / f"song.{FORMATS[encoding].extension}"
    encode(chord(32000), encoding, path, TAGS)

    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", path]
    seen = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    stream, form = seen["streams"][0].get("tags", {}), seen["format"].get("tags", {})
    told = {name.lower(): text for name, text in (stream | form).items()}

    assert told["title"] == TAGS.title
    assert json.loads(told["comment"]) == vars(TAGS)
    assert told.get("software", told.get("encoder", "")).startswith("Bandstand 0.1.0")
    assert told["copyright"] == "CC BY-NC 4.0"


@pytest.mark.ffprobe
@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
@pytest.mark.parametrize("encoding", FORMATS)
def test_ffmpeg_hears_as_many_samples_and_complains_of_nothing(encoding: str, tmp_path: Path):
    path = tmp_path / "song"
    # Long enough for two Ogg pages: where the first is the last, ffmpeg 5 drops the end of mono sound.
    encode(chord(200_001, channels=1), encoding, path, TAGS)

    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-"]
    heard = subprocess.run(command, check=True, capture_output=True)

    assert len(heard.stdout) == 4 * 200_001
    assert heard.stderr == b""


@given(st.text())
def test_title_is_one_line_of_at_most_80_letters(prompt: str):
    title = Tags(**{**vars(TAGS), "prompt": prompt}).title

    assert len(title) <= 80
    assert title.isprintable()


@given(st.text(max_size=5000))
@settings(max_examples=30)
def test_id3_tag_is_as_long_as_it_says(prompt: str):
    header = id3_header(Tags(**{**vars(TAGS), "prompt": prompt}))

    assert id3_length(header[:10]) == len(header)


@pytest.mark.parametrize("encoding", FORMATS)
def test_prompt_with_a_lone_surrogate_can_be_written(encoding: str):
    odd = Tags(**{**vars(TAGS), "prompt": "\ud800 broken \0 prompt"})

    assert decode(encoded(chord(3200), encoding, odd)).samples.shape == (2, 3200)


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_32"),
        ("WAV", "DOUBLE"),
        ("WAVEX", "PCM_24"),
        ("WAVEX", "FLOAT"),
        ("FLAC", "PCM_24"),
        ("OGG", "VORBIS"),
        ("MP3", "MPEG_LAYER_III"),
    ],
)
def test_plain_files_of_others_are_read(container: str, subtype: str):
    assert decode(written(container, subtype)).samples.shape == (2, 3200)


def test_opus_is_read():
    assert decode(written("OGG", "OPUS", rate=48000)).samples.shape == (2, 3200)


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        ("WAV", "IMA_ADPCM"),
        ("WAV", "MS_ADPCM"),
        ("WAV", "ULAW"),
        ("WAV", "GSM610"),
        ("AIFF", "PCM_16"),
        ("AU", "PCM_16"),
        ("PAF", "PCM_16"),
        ("MAT5", "PCM_16"),
        ("W64", "PCM_16"),
        ("RF64", "PCM_16"),
        ("CAF", "PCM_16"),
        ("NIST", "PCM_16"),
    ],
)
def test_other_containers_and_codecs_are_refused(container: str, subtype: str):
    channels = 1 if subtype == "GSM610" else 2

    with pytest.raises(Undecodable):
        decode(written(container, subtype, channels, 8000))


@pytest.mark.parametrize("container", ["AIFF", "AU", "FLAC", "WAV"])
def test_id3_tag_hides_no_other_container(container: str):
    with pytest.raises(Undecodable, match="known kind"):
        decode(id3_header(TAGS) + written(container, "PCM_16"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"<html>",
        b"PK\3\4" + bytes(99),
        b"#EXTM3U\nhttp://127.0.0.1/",
        b"ID3\4\0\0\x7f\x7f\x7f\x7f",
        b"OggS\0" + bytes(22) + b"\xff",
        b"fLaC" + bytes(999),
        b"\xff\xfb\x90\x44",
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 0, 8000, 0, 0, 16),
        b"RIFF\xff\xff\xff\xffWAVEJUNK\xff\xff\xff\xff",
    ],
)
def test_what_is_no_sound_is_refused(content: bytes):
    with pytest.raises(Undecodable):
        decode(content)


@given(st.binary(max_size=300), st.sampled_from(["wav", "flac", "ogg", "mp3"]), st.data())
@settings(max_examples=60, deadline=None)
def test_damage_is_refused_or_survived(junk: bytes, encoding: str, data: st.DataObject):
    whole = encoded(chord(2000), encoding)
    at = data.draw(st.integers(0, len(whole) - 1))

    try:
        clip = decode(whole[:at] + junk + whole[at + len(junk) :])
    except Undecodable:
        return
    assert np.isfinite(clip.samples).all()


@pytest.mark.parametrize(
    ("encoding", "lost"), [("wav", 1), ("wav32f", 1), ("flac", 8192), ("ogg", 16384)]
)
def test_of_a_file_that_breaks_off_the_whole_part_is_read(encoding: str, lost: int):
    clip = chord(100_000)
    whole = encoded(clip, encoding)

    length = decode(whole[:-1]).samples.shape[1]

    assert clip.samples.shape[1] - lost <= length < clip.samples.shape[1]


@pytest.mark.parametrize("encoding", ["flac", "ogg", "mp3"])
def test_hours_of_silence_stop_at_the_limit(encoding: str):
    bomb = encoded(Clip(np.zeros((1, 8000 * 300), np.float32), 8000), encoding)

    with pytest.raises(Undecodable, match="longer than 120 seconds"):
        decode(bomb)


@pytest.mark.parametrize("channels", [1, 2])
def test_sound_of_many_blocks_is_read_as_it_was(channels: int):
    samples = np.random.default_rng(1).uniform(-1, 1, (channels, 200_000)).astype(np.float32)
    file = io.BytesIO()
    encode(Clip(samples, 32000), "wav32f", file)

    np.testing.assert_array_equal(decode(file.getvalue()).samples, samples)


def test_exactly_the_limit_is_let_in():
    whole = encoded(chord(32000), "wav")

    assert decode(whole, seconds_max=1.0).seconds == 1.0
    with pytest.raises(Undecodable, match="longer than"):
        decode(whole, seconds_max=0.5)


def test_channels_are_what_was_asked_for():
    stereo = encoded(chord(3200), "wav")

    assert decode(stereo, channels=1).channels == 1
    assert decode(encoded(decode(stereo, channels=1), "wav"), channels=2).channels == 2


def test_six_channels_are_refused():
    with pytest.raises(Undecodable, match="6 channels"):
        decode(written("WAV", "PCM_16", channels=6))


def test_rate_of_a_gigahertz_is_refused():
    whole = bytearray(encoded(chord(3200), "wav"))
    whole[24:28] = struct.pack("<I", 1_000_000_000)

    with pytest.raises(Undecodable, match="Hz"):
        decode(bytes(whole))


def test_float_file_with_nan_is_refused():
    whole = bytearray(encoded(chord(3200), "wav32f"))
    whole[-4:] = struct.pack("<f", np.nan)

    with pytest.raises(Undecodable, match="finite"):
        decode(bytes(whole))


def test_wav_that_claims_four_gigabytes_gives_what_it_has():
    whole = bytearray(encoded(chord(3200), "wav"))
    whole[4:8] = whole[40:44] = b"\xff\xff\xff\xff"

    assert decode(bytes(whole)).samples.shape == (2, 3200)


def test_file_on_disk_is_read_like_its_bytes(tmp_path: Path):
    encode(chord(3200), "ogg", tmp_path / "a.ogg", TAGS)

    from_disk = decode(tmp_path / "a.ogg").samples
    from_memory = decode((tmp_path / "a.ogg").read_bytes()).samples

    assert hashlib.sha256(from_disk).digest() == hashlib.sha256(from_memory).digest()
