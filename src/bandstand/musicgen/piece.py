"""What to make, what came out, and who listens meanwhile: the words in which this room is spoken to. No torch."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bandstand.audio.clip import Clip
from bandstand.errors import Canceled
from bandstand.musicgen.sizes import FRAME_RATE


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How codes are drawn; meanings in `sampling.draw` and `sampling.guide`."""

    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 0.0
    guidance: float = 3.0


@dataclass(frozen=True)
class Section:
    """From `start` seconds on, `text` is what is played."""

    start: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Piece:
    """
    seconds    of the whole result, continued sound included
    seed       0 to 2^63 - 1
    melody     follow this tune; melody models only, and not when something is continued
    continues  go on from this sound; it stands, decoded anew, at the beginning of the result
    multiband  let MultiBand Diffusion make sound of the codes
    sections   later texts; before the first of them, `text` holds
    owner      whose it is: owners take turns at the slots
    """

    text: str
    seconds: float
    seed: int
    sampling: Sampling = field(default_factory=Sampling)
    melody: Clip | None = None
    continues: Clip | None = None
    multiband: bool = False
    sections: tuple[Section, ...] = ()
    owner: str = ""

    @property
    def frames(self) -> int:
        """As many as hold all of it. The 1e-6 forgives what a length in seconds loses as a binary fraction."""
        return max(1, math.ceil(self.seconds * FRAME_RATE - 1e-6))

    @property
    def cuts(self) -> tuple[int, ...]:
        """Frames at which another text begins."""
        return tuple(round(section.start * FRAME_RATE) for section in self.sections)

    def text_at(self, frame: int) -> str:
        begun = [s for s, cut in zip(self.sections, self.cuts, strict=True) if cut <= frame]
        return max(begun, key=lambda section: section.start).text if begun else self.text


class Listener(Protocol):
    """Hears how it goes, in the thread that makes the piece."""

    def progress(self, fraction: float) -> None: ...
    def log(self, line: str) -> None: ...
    def audio(self, stretch: Clip) -> None: ...


class Brake:
    """Calls a piece off from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_pulled = False
        self._on_pull: Callable[[], None] = lambda: None

    def pull(self) -> None:
        with self._lock:
            self._is_pulled = True
            self._on_pull()

    def when_pulled(self, act: Callable[[], None]) -> None:
        """At once when it is pulled already; only the last act counts."""
        with self._lock:
            self._on_pull = act
            if self._is_pulled:
                act()

    def check(self) -> None:
        """raises  Canceled when it is pulled"""
        if self._is_pulled:
            raise Canceled
