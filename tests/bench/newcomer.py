"""The way of somebody new: clone, `scripts/set-up`, and the first sound, each in a folder where nothing was before.

Once with an empty cache of packages and once with the one that the first filled. The clone is one of this disk, so the line to
wherever the repository lies is not in it; the line to the package registry is, in the empty case. Beside each time stands that of
the processors alone, which says more where others work on the same machine.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from bench.figures import Row

REPOSITORY = Path(__file__).parents[2]
PIECE = ("scripts/start", "lo-fi rain, 80 bpm", "-s", "8", "--seed", "7", "--no-play", "-o")
FIRST_SOUND_SECONDS_MAX = 10.0
BASE_MEGABYTES_MAX = 150.0


class Took(NamedTuple):
    """Seconds: by the clock, and of the processors."""

    wall: float
    processors: float

    @property
    def computing(self) -> str:
        return f"{self.processors:.1f} s of the processors"


def measure(folder: Path) -> Iterator[Row]:
    for cache in ("empty", "warm"):
        yield from _walked(folder / cache, folder / "packages", f"{cache} package cache")


def _walked(home: Path, packages: Path, when: str) -> Iterator[Row]:
    home.mkdir()
    clone, around = home / "bandstand", _environment(home, packages)
    cloned = _timed(home, around, "git", "clone", "--quiet", str(REPOSITORY), str(clone))
    installed = _timed(clone, around, "scripts/set-up")
    first = _timed(clone, around, *PIECE, "first.wav")
    second = _timed(clone, around, *PIECE, "second.wav")
    is_same = (clone / "first.wav").read_bytes() == (clone / "second.wav").read_bytes()
    for what, took in (("clone", cloned), ("set-up", installed)):
        yield Row(what=f"{what}, {when}", figure=took.wall, unit="s", correct=took.computing)
    same = "both pieces the same" if is_same else "**pieces differ**"
    yield Row(
        what=f"first piece of 8 s, {when}, beside the second",
        figure=first.wall,
        unit="s",
        floor=second.wall,
        aim="once installed under 10 s",
        reached=first.wall < FIRST_SOUND_SECONDS_MAX,
        correct=f"{first.computing}, the second {second.computing}; {same}",
    )
    whole = Took(*map(sum, zip(cloned, installed, first, strict=True)))
    yield Row(
        what=f"clone to first sound, {when}",
        figure=whole.wall,
        unit="s",
        correct=whole.computing,
    )
    size = _megabytes(clone / ".venv")
    yield Row(
        what="what the base install takes on disk",
        figure=size,
        unit="MB",
        aim="under 150 MB",
        reached=size < BASE_MEGABYTES_MAX,
    )


def _environment(home: Path, packages: Path) -> Mapping[str, str]:
    """Of somebody who never was here: no settings, no compiled sound, no packages but in the folder that is named."""
    around = {name: text for name, text in os.environ.items() if not name.startswith("BANDSTAND_")}
    return around | {"XDG_CACHE_HOME": str(home / "cache"), "PIP_CACHE_DIR": str(packages)}


def _timed(folder: Path, around: Mapping[str, str], *command: str) -> Took:
    begun, computed = perf_counter(), _computed()
    done = subprocess.run(
        command, cwd=folder, env=dict(around), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Took(perf_counter() - begun, _computed() - computed)


def _computed() -> float:
    """What the processes that this one started and that have ended took of the processors, in seconds."""
    times = os.times()
    return times.children_user + times.children_system


def _megabytes(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6
