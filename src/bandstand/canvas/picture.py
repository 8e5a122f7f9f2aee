"""From a prompt and a seed to a picture. Not for files; `files.py` writes them.

A picture is drawn, not diffused: the words choose colours and a kind of picture, nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandstand.canvas.brief import Brief
from bandstand.canvas.choice import choose
from bandstand.canvas.families import FAMILIES
from bandstand.canvas.palette import Field
from bandstand.canvas.sheet import Dice, Sheet
from bandstand.errors import Invalid

SIDE_MIN, SIDE_MAX = 64, 2048
GRAIN = 0.03
CONTRAST_MIN = 0.09  # standard deviation of the lightness; below it a picture looks empty
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """pixels   uint8 [H, W, 3], sRGB
    family   what kind of picture; palette its colours, variant which of the kind's four layouts
    words    the words of the prompt that were understood
    """

    pixels: Pixels
    prompt: str
    negative: str
    seed: int
    family: str
    palette: str
    variant: int
    words: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


def render(
    prompt: str,
    *,
    seed: int,
    width: int = 1024,
    height: int = 1024,
    palette: str | None = None,
    family: str | None = None,
    envelope: Sequence[float] | NDArray[np.floating] | None = None,
    negative: str = "",
) -> Picture:
    """Draw a picture; the same arguments give the same bytes.

    width, height    64..2048 pixels each
    palette, family  names out of PALETTES and FAMILIES; None: what suits the prompt
    envelope         how loud the music is, from its beginning to its end; any scale
    negative         words for colours, things, palettes and families that must not appear
    raises           Invalid
    """
    for field, side in (("width", width), ("height", height)):
        if not SIDE_MIN <= side <= SIDE_MAX:
            raise Invalid(field, f"must be {SIDE_MIN} to {SIDE_MAX} pixels, not {side}")
    loudness = None if envelope is None else _levelled(envelope)
    choice = choose(
        prompt,
        seed=seed,
        palette=palette,
        family=family,
        negative=negative,
        has_music=loudness is not None,
    )
    sheet = Sheet(width, height)
    brief = Brief(
        palette=choice.palette, dice=choice.dice, variant=choice.variant, envelope=loudness
    )
    FAMILIES[choice.family](sheet, brief)
    _finish(sheet, choice.dice)
    return Picture(
        pixels=sheet.pixels(),
        prompt=prompt,
        negative=negative,
        seed=seed,
        family=choice.family,
        palette=choice.palette.name,
        variant=choice.variant,
        words=choice.words,
    )


def _levelled(envelope: Sequence[float] | NDArray[np.floating]) -> Field | None:
    """The loudest moment is 1; None when there is nothing to hear."""
    heard = np.nan_to_num(np.asarray(envelope, np.float64).ravel(), posinf=0.0, neginf=0.0)
    heard = np.maximum(heard, 0)
    loudest = float(heard.max(initial=0.0))
    return (heard / loudest).astype(np.float32) if loudest > 0 else None


def _finish(sheet: Sheet, dice: Dice) -> None:
    """What a print has: corners a little darker, grain; and never an empty page."""
    across, down = sheet.x / np.float32(sheet.right), sheet.y / np.float32(sheet.bottom)
    corners = 1 - np.float32(0.055) * (across**2 + down**2) ** 2 / 2
    spread = float(sheet.rgb.mean(axis=0).std())
    stretch = (
        np.float32(min(CONTRAST_MIN / max(spread, 0.01), 3)) if spread < CONTRAST_MIN else None
    )
    grain = dice.integers(0, 256, (sheet.height, sheet.width), np.uint8).astype(np.float32)
    grain = (grain / np.float32(255) - np.float32(0.5)) * np.float32(GRAIN)
    if stretch is not None:
        sheet.rgb += (sheet.rgb - sheet.rgb.mean()) * (stretch - 1)
    sheet.rgb *= corners
    sheet.rgb += grain
