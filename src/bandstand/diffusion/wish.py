"""What somebody wants drawn, what came of it, and how they watch and stop it. No torch."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from bandstand.errors import Canceled

Pixels = NDArray[np.uint8]
"""uint8 [height, width, 3], sRGB"""
Safety = Literal["off", "blur", "refuse"]


@dataclass(frozen=True)
class Adapter:
    """A LoRA's file, and how much of it: 1 is as it was trained."""

    file: Path
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Wish:
    """
    negative   what must not be in them
    width, height  pixels, multiples of 8, before `upscale`
    seeds      of each picture; a picture depends on its own alone
    steps      from noise to picture; an init picture takes a part of them
    guidance   how closely the words are followed; at 1 and below they are not weighed against anything
    scheduler  a name in `ways.WAYS`; None: as the checkpoint was taught
    init       a picture to begin with, of any size; its middle is taken
    strength   of the change to `init`: 0 next to nothing, 1 all
    """

    prompt: str
    width: int
    height: int
    seeds: tuple[int, ...]
    steps: int
    negative: str = ""
    guidance: float = 7.0
    scheduler: str | None = None
    init: Pixels | None = None
    strength: float = 0.75
    adapters: tuple[Adapter, ...] = ()
    upscale: int = 1
    safety: Safety = "off"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One that was drawn.

    guidance, steps  as they were taken, which a model may have bounded
    is_blurred       the safety checker found it unfit
    settings         more about how it was made, for its file: sampler, schedule, upscaler
    """

    pixels: Pixels
    seed: int
    steps: int
    guidance: float
    is_blurred: bool = False
    settings: dict[str, str] = field(default_factory=dict[str, str])


class Watcher(Protocol):
    """Is told, in the thread that draws."""

    def progress(self, fraction: float) -> None: ...
    def log(self, line: str) -> None: ...
    def preview(self, jpeg: bytes) -> None: ...


class Brake:
    """Stops a drawing from another thread; it stands within one step."""

    def __init__(self) -> None:
        self._pulled = threading.Event()

    def pull(self) -> None:
        self._pulled.set()

    def check(self) -> None:
        """raises  Canceled when it was pulled"""
        if self._pulled.is_set():
            raise Canceled
