"""Decoding a stranger's file in a process of its own, with little memory, little time and nothing else.

`python -m bandstand.audio.apart SECONDS_MAX` reads the file on stdin and writes the clip on stdout: rate, channels, then float32
samples. Started by `decode_apart`, never by a person.
"""

from __future__ import annotations

import resource
import struct
import subprocess
import sys

import numpy as np

from bandstand.audio.clip import Clip
from bandstand.audio.codecs import Undecodable, decode

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20
WALL_SECONDS = 30.0
HEAD = struct.Struct("<IIQ")
REFUSED = 65


def decode_apart(content: bytes, *, seconds_max: float) -> Clip:
    """Like `codecs.decode`; a crash, too much memory or too much time is `Undecodable` as well."""
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "bandstand.audio.apart", str(seconds_max)],
            input=content,
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
            env={"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": ":".join(sys.path)},
        )
    except subprocess.TimeoutExpired:
        raise Undecodable("it took too long to read") from None
    if done.returncode == REFUSED:
        raise Undecodable(done.stderr.decode())
    if done.returncode != 0:
        raise Undecodable("it broke its reader")
    rate, channels, length = HEAD.unpack_from(done.stdout)
    samples = np.frombuffer(done.stdout, np.float32, offset=HEAD.size).reshape(channels, length)
    return Clip(samples, rate)


def main(seconds_max: float) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        clip = decode(sys.stdin.buffer.read(), seconds_max=seconds_max)
    except Undecodable as error:
        sys.stderr.write(str(error))
        return REFUSED
    channels, length = clip.samples.shape
    sys.stdout.buffer.write(HEAD.pack(clip.rate, channels, length))
    sys.stdout.buffer.write(np.ascontiguousarray(clip.samples).tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
