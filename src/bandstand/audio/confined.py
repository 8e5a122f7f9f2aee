"""The process that decodes a stranger's file: `python -m bandstand.audio.confined SECONDS_MAX`, started by `apart.py` only.

The file comes on stdin and the clip goes out on stdout. Before it looks at the first byte it gives up what it could do harm with:
it can open no file and no connection, write no file, start no process, has little memory and time, and is nobody if it was root.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys

import numpy as np

from bandstand.audio.apart import HEAD, RATE_MAX, REFUSED
from bandstand.audio.codecs import decode
from bandstand.audio.kinds import Undecodable
from bandstand.audio.resample import resample

NOBODY = 65534
LIMITS = {
    resource.RLIMIT_AS: 768 << 20,
    resource.RLIMIT_CPU: 20,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_NOFILE: 0,
    resource.RLIMIT_NPROC: 0,
    resource.RLIMIT_CORE: 0,
}


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
