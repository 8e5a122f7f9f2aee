"""Decoding a stranger's file in a process of its own, which has given up all else (`confined.py`). This is the side that asks.

Not only for sound: `ask_apart` asks any such process.

What the other side says is checked, too: whoever took it over may say anything.
"""

from __future__ import annotations

import contextlib
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO, TypeVar

import numpy as np

from bandstand.audio.clip import Clip
from bandstand.audio.kinds import Undecodable

WALL_SECONDS = 30.0
RATE_MAX = 48000  # what is above it nobody needs and much to carry
HEAD = struct.Struct("<IIQ")  # rate, channels, length; float32 samples follow
REFUSED = 65
REASON_CHARACTERS_MAX = 200
BROKEN = "it broke its reader"
T = TypeVar("T")


def decode_apart(content: bytes, *, seconds_max: float, wall_seconds: float = WALL_SECONDS) -> Clip:
    """Like `codecs.decode`, at 48 kHz or less; a crash, too much memory or too much time is `Undecodable` as well."""
    return ask_apart(
        "bandstand.audio.confined",
        [str(seconds_max)],
        content,
        lambda stream: _read_clip(stream, seconds_max),
        wall_seconds=wall_seconds,
    )


def ask_apart(
    module: str,
    arguments: Sequence[str],
    content: bytes,
    read: Callable[[IO[bytes]], T | None],
    *,
    wall_seconds: float = WALL_SECONDS,
) -> T:
    """What a process makes of a stranger's file.

    module  of ours, which gets the file on stdin; it ends with REFUSED and a reason on stderr when it does not take it
    read    makes something of its stdout; None when that is not what was expected
    raises  Undecodable; a crash, too much memory or too much time is that as well
    """
    with subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": ":".join(filter(None, sys.path))},
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        killing = threading.Timer(wall_seconds, child.kill)
        killing.start()
        try:
            # It reads all before it writes anything, so neither waits for the other.
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(content)
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
            made = read(child.stdout)
            reason = child.stderr.read()
            status = child.wait()
        finally:
            is_late = not killing.is_alive()
            killing.cancel()
            child.kill()
    if status == REFUSED:
        raise Undecodable(_printable(reason))
    if status != 0 or made is None:
        raise Undecodable("it took too long to read" if is_late else BROKEN)
    return made


def _read_clip(stream: IO[bytes], seconds_max: float) -> Clip | None:
    """None when what comes is no clip, or more than was allowed."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    rate, channels, length = HEAD.unpack(head)
    if not 0 < rate <= RATE_MAX or channels not in {1, 2} or length > seconds_max * rate + 1:
        return None
    # Straight into its place: a clip of two minutes is 46 MB.
    samples = np.empty((channels, length), np.float32)
    count = stream.readinto(samples.data.cast("B"))  # pyright: ignore[reportAttributeAccessIssue] - of BufferedReader
    return Clip(samples, rate) if count == samples.nbytes else None


def _printable(reason: bytes) -> str:
    text = reason.decode("utf-8", "replace")[:REASON_CHARACTERS_MAX]
    return "".join(character if character.isprintable() else " " for character in text)
