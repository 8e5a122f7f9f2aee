"""Decoding apart: what comes through, what a hostile file can do to the child, and what the child has left to do harm with."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hostile import silence
from patience import PATIENCE_SECONDS

from bandstand.audio import apart
from bandstand.audio.apart import decode_apart
from bandstand.audio.kinds import Undecodable

GROWTH_BYTES_MAX = 100_000_000


def tone(pitch: float, seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    times = np.arange(round(seconds * rate)) / rate
    return np.repeat(0.5 * np.sin(2 * np.pi * pitch * times)[:, np.newaxis], channels, axis=1)


def packed(samples: np.ndarray, rate: int, kind: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def four_hours() -> bytes:
    return silence(4 * 3600, 8000, "FLAC", "PCM_16")


def memory() -> int:
    """Bytes this process has in memory now."""
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def confined(*lines: str) -> str:
    """What a process prints that does this after giving everything up."""
    program = "import os, socket, sys\nfrom bandstand.audio.confined import confine\nconfine()\n"
    attempt = "\n    ".join(lines)
    program += f"try:\n    {attempt}\nexcept OSError as error:\n    print(type(error).__name__)\n"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


@pytest.mark.parametrize("channels", [1, 2])
def test_clip_comes_through_as_it_was(channels: int):
    samples = tone(440, 0.5, 32000, channels).astype(np.float32)

    clip = decode_apart(packed(samples, 32000, subtype="FLOAT"), seconds_max=1.0)

    assert clip.rate == 32000
    np.testing.assert_array_equal(clip.samples, samples.T)


def test_clip_of_many_blocks_comes_through_as_it_was():
    samples = tone(440, 5.0, 32000).astype(np.float32)

    clip = decode_apart(packed(samples, 32000, subtype="FLOAT"), seconds_max=10.0)

    np.testing.assert_array_equal(clip.samples, samples.T)


def test_high_rates_come_down_to_48_khz():
    clip = decode_apart(packed(tone(440, 0.5, 96000), 96000), seconds_max=1.0)

    assert (clip.rate, clip.samples.shape) == (48000, (1, 24000))


def test_reason_of_the_decoder_is_told():
    with pytest.raises(Undecodable, match="longer than 1 seconds"):
        decode_apart(packed(tone(440, 1.5, 8000), 8000), seconds_max=1.0)


def test_empty_file_is_no_sound():
    with pytest.raises(Undecodable, match="known kind"):
        decode_apart(b"", seconds_max=1.0)


def test_large_file_of_another_kind_is_read_away_and_refused():
    with pytest.raises(Undecodable, match="known kind"):
        decode_apart(b"PK\3\4" + bytes(50_000_000), seconds_max=1.0)


def test_bomb_is_stopped_by_its_length_without_filling_the_memory():
    before = memory()

    with pytest.raises(Undecodable, match="longer than 120 seconds"):
        decode_apart(four_hours(), seconds_max=120.0, wall_seconds=PATIENCE_SECONDS)

    assert memory() - before < GROWTH_BYTES_MAX


def test_bomb_that_is_long_enough_for_nobody_to_count_is_stopped_by_memory():
    before = memory()

    with pytest.raises(Undecodable, match="broke its reader"):
        decode_apart(four_hours(), seconds_max=1e6, wall_seconds=PATIENCE_SECONDS)

    assert memory() - before < GROWTH_BYTES_MAX


def test_reader_that_takes_too_long_is_ended():
    with pytest.raises(Undecodable, match="too long to read"):
        decode_apart(four_hours(), seconds_max=1e6, wall_seconds=0.01)


@pytest.mark.parametrize(
    "said",
    [
        apart.HEAD.pack(0, 1, 4) + bytes(16),
        apart.HEAD.pack(192000, 1, 4) + bytes(16),
        apart.HEAD.pack(8000, 0, 4) + bytes(16),
        apart.HEAD.pack(8000, 3, 4) + bytes(48),
        apart.HEAD.pack(8000, 1, 2**40) + bytes(16),
        apart.HEAD.pack(8000, 1, 5) + bytes(16),
        apart.HEAD.pack(8000, 1, 4)[:-1],
        b"",
    ],
)
def test_reader_that_was_taken_over_is_not_believed(said: bytes):
    assert apart._read_clip(io.BytesIO(said), 1.0) is None


def test_text_of_a_reader_that_was_taken_over_is_short_and_harmless():
    told = apart._printable(b"\x1b[2J\r\n\xff" + b"x" * 10_000)

    assert told.isprintable()
    assert len(told) == apart.REASON_CHARACTERS_MAX


def test_reader_opens_no_file():
    assert confined("open('/etc/passwd')", "print('read it')") == "OSError"


def test_reader_opens_no_connection():
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.2)
        address = canary.getsockname()

        assert confined(f"socket.create_connection({address!r})", "print('in')") == "OSError"
        with pytest.raises(TimeoutError):
            canary.accept()


def test_reader_starts_no_process():
    assert confined("os.fork()", "print('two')") == "BlockingIOError"


def test_reader_is_nobody_if_it_was_root():
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")

    assert confined("print(os.getresuid(), os.getgroups())") == "(65534, 65534, 65534) []"


def test_reader_dumps_no_core():
    told = confined("import resource", "print(resource.getrlimit(resource.RLIMIT_CORE))")

    assert told == "(0, 0)"
