"""31: how fast, on this machine and as busy as it is; `scripts/bench composer` puts floors beside it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bandstand.composer.piece import compose, warm_up
from battery.checks import Bound, Check

if TYPE_CHECKING:
    from battery.runner import Setting

SECONDS, RATE = 30.0, 44100
PROMPTS = (
    "lo-fi music with a soothing melody",
    "rock music from the 90s",
    "marimba, percussion, bass, tropical house, G# minor, 96 bpm",
    "epic orchestral film music, 140 bpm",
    "slow ambient pads in C major",
    "drum and bass, 174 bpm",
)
PEAK = """
from pathlib import Path
from bandstand.composer.piece import compose
for stretch in compose("epic orchestral film music", seconds=600.0, seed=1, rate=44100).play():
    pass
told = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
print(float(told["VmHWM"].split()[0]) / 1024.0)
"""
"""Asks Linux and not getrusage: that remembers the most of whoever started the process, too."""


def timed(prompt: str) -> tuple[float, float]:
    """Seconds to the first stretch and to the end, composing included."""
    began = time.perf_counter()
    first = 0.0
    for _ in compose(prompt, seconds=SECONDS, seed=1, rate=RATE).play():
        first = first or time.perf_counter() - began
    return first, time.perf_counter() - began


def times_real(setting: Setting) -> Iterator[tuple[str, None, float]]:
    warm_up()
    timed(PROMPTS[0])
    for prompt in PROMPTS:
        yield prompt, None, SECONDS / timed(prompt)[1]


def first_stretch(setting: Setting) -> Iterator[tuple[str, None, float]]:
    warm_up()
    for prompt in PROMPTS:
        yield prompt, None, timed(prompt)[0]


def peak_memory(setting: Setting) -> Iterator[tuple[str, None, float]]:
    """MB at most of a process that makes ten minutes of music."""
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    yield "600 s of film music", None, float(done.stdout)


CHECKS = (
    Check("31a", "times real time, 30 s", Bound(low=20), survey=times_real, share=1.0),
    Check("31b", "first stretch, s", Bound(high=0.5), survey=first_stretch, share=1.0),
    Check("31c", "memory at 600 s, MB", Bound(high=700), survey=peak_memory, share=1.0),
)
