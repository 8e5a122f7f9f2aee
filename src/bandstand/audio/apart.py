"""Decoding a stranger's file in a process of its own, with little memory, little time and nothing else.

`python -m bandstand.audio.apart SECONDS_MAX` reads the file on stdin and writes the clip on stdout: rate, channels, length, then
float32 samples. Started by `decode_apart`, never by a person. Before it looks at the first byte it gives up what it could do harm
with: it can open no file and no connection, write no file, start no process, and is nobody if it was root. What it says is
checked, too, for whoever took it over may say anything.
"""

from __future__ import annotations

import contextlib
import os
import resource
import struct
import subprocess
import sys
import threading
from typing import IO

import numpy as np

from bandstand.audio.clip import Clip
from bandstand.audio.codecs import Undecodable, decode
from bandstand.audio.resample import resample

MEMORY_BYTES = 768 << 20
CPU_SECONDS = 20
WALL_SECONDS = 30.0
RATE_MAX = 48000  # what is above it nobody needs and much to carry
NOBODY = 65534
HEAD = struct.Struct("<IIQ")
REFUSED = 65
REASON_CHARACTERS_MAX = 200
BROKEN = "it broke its reader"
LIMITS = {
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_CPU: CPU_SECONDS,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_NOFILE: 0,
    resource.RLIMIT_NPROC: 0,
    resource.RLIMIT_CORE: 0,
}


def decode_apart(content: bytes, *, seconds_max: float, wall_seconds: float = WALL_SECONDS) -> Clip:
    """Like `codecs.decode`, at 48 kHz or less; a crash, too much memory or too much time is `Undecodable` as well."""
    with subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "bandstand.audio.apart", str(seconds_max)],
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
            clip = _read_clip(child.stdout, seconds_max)
            reason = child.stderr.read()
            status = child.wait()
        finally:
            is_late = not killing.is_alive()
            killing.cancel()
            child.kill()
    if status == REFUSED:
        raise Undecodable(_printable(reason))
    if status != 0 or clip is None:
        raise Undecodable("it took too long to read" if is_late else BROKEN)
    return clip


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


def confine() -> None:
    """Give up, for this process and for ever, all that decoding does not need."""
    if os.geteuid() == 0:
        # Root in a container may not even be allowed to be somebody else.
        with contextlib.suppress(PermissionError):
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    for what, most in LIMITS.items():
        resource.setrlimit(what, (most, most))


def main(seconds_max: float) -> int:
    confine()
    try:
        clip = decode(sys.stdin.buffer.read(), seconds_max=seconds_max)
    except Undecodable as error:
        sys.stderr.write(str(error))
        return REFUSED
    if clip.rate > RATE_MAX:
        clip = resample(clip, RATE_MAX)
    sys.stdout.buffer.write(HEAD.pack(clip.rate, *clip.samples.shape))
    sys.stdout.buffer.write(np.ascontiguousarray(clip.samples).data)
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
