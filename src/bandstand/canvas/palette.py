"""Colours: five along a ramp and two accents, mixed as the eye sees them. Not which ones are taken; `choice.py` decides that.

source  B. Ottosson, "A perceptual color space for image processing" (2020): Oklab, where halfway looks halfway.
"""

from __future__ import annotations

import colorsys
import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating]
"""float32; the types of numpy lose the precision on the way through arithmetic."""

# Linear RGB -> the eye's cones, and the cones (cube roots) -> Oklab.
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
STEPS = 512
# Where each colour word begins on the wheel, in degrees of hue; it ends where the next begins.
WHEEL = (
    (0, "red"),
    (16, "orange"),
    (42, "yellow"),
    (68, "green"),
    (165, "cyan"),
    (195, "blue"),
    (255, "purple"),
    (295, "pink"),
    (345, "red"),
)


@dataclass(frozen=True)
class Palette:
    """ramp, accents: sRGB, 0..1, a row per colour; the ramp goes from dark to light."""

    name: str
    ramp: tuple[tuple[float, float, float], ...]
    accents: tuple[tuple[float, float, float], ...]

    @functools.cached_property
    def _table(self) -> Field:
        lab = _to_lab(np.array(self.ramp))
        places = np.linspace(0, len(lab) - 1, STEPS)
        mixed = [np.interp(places, np.arange(len(lab)), lab[:, axis]) for axis in range(3)]
        return _from_lab(np.stack(mixed, axis=1)).T.astype(np.float32)

    def mix(self, place: float | Field) -> Field:
        """The colours at places of the ramp: 0 the darkest, 1 the lightest.

        return  float32 [3, ...]: [3, 1, 1] for one place
        """
        index = np.clip(np.asarray(place) * (STEPS - 1), 0, STEPS - 1).astype(np.intp)
        found = self._table[:, index]
        return found[:, None, None] if found.ndim == 1 else found

    def accent(self, number: int = 0) -> Field:
        colour = self.accents[number % len(self.accents)]
        return np.array(colour, np.float32)[:, None, None]

    @property
    def loud(self) -> list[Field]:
        """The flat colours a designer would fill shapes with, the ground excepted."""
        return [self.accent(0), self.mix(0.5), self.mix(0.75), self.accent(1), self.mix(0.25)]

    @property
    def hues(self) -> set[str]:
        """The colour words somebody would use of it."""
        return {word for colour in (*self.ramp, *self.accents) for word in _named(colour)}


def _named(colour: tuple[float, float, float]) -> list[str]:
    hue, lightness, saturation = colorsys.rgb_to_hls(*colour)
    if lightness < 0.12:
        return ["black"]
    chroma = saturation * (1 - abs(2 * lightness - 1))
    if chroma < 0.12:
        return ["white"] if lightness > 0.85 else ["grey"]
    degrees = hue * 360
    word = [name for begin, name in WHEEL if degrees >= begin][-1]
    brownish = word in {"red", "orange", "yellow"} and lightness < 0.4 and saturation < 0.75
    return [word, "brown"] if brownish else [word]


def _to_lab(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ CONES.T) @ LAB.T


def _from_lab(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.clip((lab @ np.linalg.inv(LAB).T) ** 3 @ np.linalg.inv(CONES).T, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def from_hex(text: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def mixed(name: str, colours: Sequence[tuple[float, float, float]]) -> Palette:
    """A palette for colours somebody asked for: they lie in the middle of it, dark and light are made for them."""
    lab = _to_lab(np.array(colours))
    lab = lab[np.argsort(lab[:, 0])]
    dark, light = lab[0] * (0.22, 0.35, 0.35), lab[-1] * (1, 0.25, 0.25)
    dark[0], light[0] = min(float(dark[0]), 0.18), 0.95
    places = np.linspace(0, len(lab) - 1, 3)
    middle = np.stack(
        [np.interp(places, np.arange(len(lab)), lab[:, axis]) for axis in range(3)], axis=1
    )
    if len(lab) == 1:
        middle[:, 0] = (0.38, 0.58, 0.78)
    ramp = _from_lab(np.stack([dark, *middle, light]))
    first, last = lab[-1].copy(), lab[0].copy()
    first[0], last[0] = max(float(first[0]), 0.72), float(np.clip(last[0], 0.45, 0.65))
    accents = _from_lab(np.stack([first, last]))
    return Palette(name, _rows(ramp), _rows(accents))


def _rows(colours: NDArray[np.float64]) -> tuple[tuple[float, float, float], ...]:
    return tuple((float(r), float(g), float(b)) for r, g, b in colours)


def _read() -> dict[str, Palette]:
    tables = tomllib.loads(Path(__file__).with_name("palettes.toml").read_text())
    return {
        name: Palette(
            name,
            tuple(from_hex(colour) for colour in table["ramp"]),
            tuple(from_hex(colour) for colour in table["accents"]),
        )
        for name, table in tables.items()
    }


PALETTES: Mapping[str, Palette] = _read()
