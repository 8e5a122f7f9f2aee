"""What makes sound and pictures, seen from outside: the `Engine` and `Artist` protocols and how one is opened by name.

Engines run in a child process (`host.py` starts it, `child.py` is it). Nothing here imports one before it is opened.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from bandstand.audio.clip import Clip
from bandstand.errors import Misconfigured
from bandstand.specs import ImageSpec, MusicSpec

MODULES: Mapping[str, str] = {
    "canvas": "bandstand.engines.canvas",
    "composer": "bandstand.engines.composer",
    "diffusion": "bandstand.engines.diffusion",
    "fake": "bandstand.engines.fake",
    "musicgen": "bandstand.engines.musicgen",
}


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """What an engine may use on this machine; meanings in `settings.py`.

    elsewhere  folders of models that do not lie in the models' folder, by name
    """

    models: Path
    device: str = "auto"
    precision: str = "auto"
    tracks: int | None = None
    memory_gb: float | None = None
    unload_seconds: float = 600.0
    soundfont: Path | None = None
    elsewhere: Mapping[str, Path] = field(default_factory=dict[str, Path])


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What is given, sound already decoded and cut, and what an engine must know of the job.

    score    a file of notes as it came: of an admitted kind and size, but a stranger's
    picture  to start from: a plain RGB PNG, upright, no side longer than 2048, whatever it came as
    account  whose job it is: owners take turns
    attempt  which run of the job this is (1, 2, 3)
    """

    melody: Clip | None = None
    continues: Clip | None = None
    score: bytes | None = None
    picture: bytes | None = None
    account: str = ""
    attempt: int = 1


@dataclass(frozen=True, kw_only=True)
class Extra:
    """A picture, or something besides the sound: the MIDI file, the plan, the stems.

    content  or a file in a folder of its own, which is taken from there, the folder with it
    about    facts worth telling, JSON-able
    """

    name: str
    kind: str
    media_type: str
    content: bytes | Path
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True)
class Made:
    """What came out.

    about        facts worth telling, JSON-able: bpm, key, what was understood ...
    is_levelled  its loudness is that of given sound which stands in it bit by bit, and stays as it is
    """

    clip: Clip
    extras: tuple[Extra, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])
    is_levelled: bool = False


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Finished pictures.

    pictures  files of the kind "image", "image-1.png" and so on; about: seed, width, height, software ...
    about     facts worth telling of all of them, JSON-able
    """

    pictures: tuple[Extra, ...]
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Report(Protocol):
    """What an engine tells while it works."""

    def progress(self, fraction: float) -> None: ...
    def log(self, line: str) -> None: ...
    def audio(self, stretch: Clip) -> None: ...
    def preview(self, jpeg: bytes) -> None: ...


@runtime_checkable
class Engine(Protocol):
    """Makes music; lives in the child process.

    slots  jobs it takes at once
    """

    name: str
    slots: int

    async def start(self) -> None:
        """Load, warm up."""
        ...

    async def make(self, spec: MusicSpec, inputs: Inputs, report: Report) -> Made:
        """Canceling the task frees the slot.

        raises  Failed with a text for the client when this job cannot succeed
        """
        ...

    async def stop(self) -> None: ...


@runtime_checkable
class Artist(Protocol):
    """Makes pictures; else like an `Engine`."""

    name: str
    slots: int

    async def start(self) -> None: ...

    async def draw(self, spec: ImageSpec, inputs: Inputs, report: Report) -> Drawn:
        """Canceling the task frees the slot.

        spec    its size, steps and seed are filled in
        raises  Failed with a text for the client when this job cannot succeed
        """
        ...

    async def stop(self) -> None: ...


def open_engine(name: str, equipment: Equipment) -> Engine | Artist:
    """The only late import of the project: each engine brings its own heavy libraries.

    raises  Misconfigured when there is none of that name
    """
    if name not in MODULES:
        raise Misconfigured(f"there is no engine {name!r}; there are: {', '.join(MODULES)}")
    return importlib.import_module(MODULES[name]).open_engine(equipment)
