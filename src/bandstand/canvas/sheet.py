"""The sheet a picture is drawn on, and what can be done to it. Not what is drawn; that is a family's.

The short side of the sheet is 2 long, the middle is (0, 0), y goes down; so a drawing is the same at any size. Shapes are
signed distances (negative inside), and an edge is as soft as one pixel: no stairs, no supersampling. Outlines with many
corners are filled by Pillow on a finer sheet.

H, W pixels high and wide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from bandstand.canvas.palette import Field

How = Literal["over", "multiply", "screen"]
Dice = np.random.Generator
FINE_MAX = 6144  # pixels of the longer side of the finer sheet


@dataclass(frozen=True)
class Shape:
    """A signed distance, and the box outside of which there is nothing of it: left, top, right, bottom."""

    distance: Callable[[Field, Field], Field]
    bounds: tuple[float, float, float, float]


@dataclass(frozen=True)
class Part:
    """A rectangle of the sheet with its coordinates: x float32 [1, W], y float32 [H, 1]."""

    rows: slice
    columns: slice
    x: Field
    y: Field


class Sheet:
    """rgb: float32 [3, H, W], 0..1."""

    def __init__(self, width: int, height: int) -> None:
        short = min(width, height)
        self.width, self.height = width, height
        self.pixel = 2 / short
        self.right, self.bottom = width / short, height / short
        self.x = ((np.arange(width) + 0.5) * self.pixel - self.right).astype(np.float32)[None, :]
        self.y = ((np.arange(height) + 0.5) * self.pixel - self.bottom).astype(np.float32)[:, None]
        self.rgb: Field = np.zeros((3, height, width), np.float32)
        self.whole = Part(slice(0, height), slice(0, width), self.x, self.y)

    def part(self, left: float, top: float, right: float, bottom: float) -> Part:
        """The pixels inside these bounds; may be none."""
        first, last = self._index(left, self.right), self._index(right, self.right) + 2
        upper, lower = self._index(top, self.bottom), self._index(bottom, self.bottom) + 2
        columns = slice(max(first - 1, 0), min(max(last, 0), self.width))
        rows = slice(max(upper - 1, 0), min(max(lower, 0), self.height))
        return Part(rows, columns, self.x[:, columns], self.y[rows])

    def _index(self, place: float, half: float) -> int:
        return int(np.floor((place + half) / self.pixel))

    def edge(self, distance: Field, *, soft: float = 0.0) -> Field:
        """How much of each pixel is inside; `soft` is the width of the edge where it is more than a pixel."""
        return np.clip(0.5 - distance / np.float32(max(self.pixel, soft)), 0, 1)

    def paint(
        self,
        colour: Field,
        coverage: Field | float = 1.0,
        *,
        part: Part | None = None,
        how: How = "over",
    ) -> None:
        """colour: [3, ...] and coverage: 0..1, both as large as the part or to be spread over it."""
        part = part or self.whole
        cover = np.asarray(coverage, np.float32)
        for number, tone in enumerate(colour):
            below = self.rgb[number, part.rows, part.columns]
            if how == "over":
                below += (tone - below) * cover
            elif how == "multiply":
                below *= 1 + (tone - 1) * cover
            else:
                below += tone * (1 - below) * cover

    def draw(
        self,
        shape: Shape,
        colour: Field,
        *,
        opacity: float = 1.0,
        soft: float = 0.0,
        how: How = "over",
    ) -> None:
        left, top, right, bottom = shape.bounds
        part = self.part(left - soft, top - soft, right + soft, bottom + soft)
        if part.x.size and part.y.size:
            cover = self.edge(shape.distance(part.x, part.y), soft=soft)
            self.paint(colour, cover * np.float32(opacity), part=part, how=how)

    def below(self, line: Field, colour: Field, *, opacity: float = 1.0, soft: float = 0.0) -> None:
        """Everything under a line across the sheet. line: float32 [1, W], its y at each x."""
        part = self.part(-self.right, float(line.min()) - soft, self.right, self.bottom)
        if part.y.size:
            if colour.ndim == 3 and colour.shape[1] == self.height:
                colour = colour[:, part.rows]
            slope = np.gradient(line[0], self.pixel).astype(np.float32)[None, :]
            steep = np.sqrt(1 + slope * slope)
            cover = self.edge((line - part.y) / steep, soft=soft)
            self.paint(colour, cover * np.float32(opacity), part=part)

    def glow(self, x: float, y: float, radius: float, colour: Field, strength: float = 1.0) -> None:
        """Light around a point; it has faded at three radii."""
        part = self.part(x - 3 * radius, y - 3 * radius, x + 3 * radius, y + 3 * radius)
        if part.x.size and part.y.size:
            across = np.exp(-(((part.x - x) / radius) ** 2))
            down = np.exp(-(((part.y - y) / radius) ** 2))
            self.paint(colour, across * down * np.float32(strength), part=part, how="screen")

    def stencil(self, outlines: Iterable[ArrayLike], *, width: float = 0.0) -> Field:
        """How much of each pixel the outlines cover. float32 [H, W]

        outlines  [N, 2], x and y of the corners
        width     0 fills them; else they are lines of this width, with round ends
        """
        fine = self._fineness()
        image = Image.new("L", (self.width * fine, self.height * fine))
        pen = ImageDraw.Draw(image)
        thick = max(round(width / self.pixel * fine), 1)
        for outline in outlines:
            corners = self._fine_places(outline, fine)
            if width:
                pen.line(corners, fill=255, width=thick, joint="curve")
                for x, y in (corners[0], corners[-1]):
                    reach = thick / 2
                    pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)
            else:
                pen.polygon(corners, fill=255)
        return np.asarray(image.reduce(fine), np.float32) / np.float32(255)

    def mosaic(self, outlines: Sequence[ArrayLike], colours: Sequence[Field]) -> None:
        """Fill the sheet with outlines of their own colours, the later over the earlier; what none covers stays as it was."""
        fine = min(self._fineness(), 3)
        size = (self.width * fine, self.height * fine)
        image = Image.fromarray(self.pixels()).resize(size, Image.Resampling.NEAREST)
        pen = ImageDraw.Draw(image)
        for outline, colour in zip(outlines, colours, strict=True):
            red, green, blue = (round(float(tone) * 255) for tone in np.clip(colour, 0, 1).flat)
            pen.polygon(self._fine_places(outline, fine), fill=(red, green, blue))
        drawn = np.asarray(image.reduce(fine), np.float32) / np.float32(255)
        self.rgb = np.ascontiguousarray(drawn.transpose(2, 0, 1))

    def _fineness(self) -> int:
        return int(np.clip(FINE_MAX // max(self.width, self.height), 2, 4))

    def _fine_places(self, outline: ArrayLike, fine: int) -> list[tuple[float, float]]:
        middle = np.array([self.right, self.bottom])
        places = (np.asarray(outline, np.float64) + middle) / self.pixel * fine
        return [(float(x), float(y)) for x, y in places - 0.5]

    def blurred(self, field: Field, radius: float) -> Field:
        """A field [H, W] with its edges made soft, by going to a coarse sheet and back."""
        cells = (max(int(self.right * 3 / radius), 2), max(int(self.bottom * 3 / radius), 2))
        if cells[0] >= self.width or cells[1] >= self.height:
            return field
        image = Image.fromarray(field)
        coarse = image.resize(cells, Image.Resampling.BICUBIC)
        soft = coarse.resize(image.size, Image.Resampling.BICUBIC)
        return np.clip(np.asarray(soft, np.float32), 0, 1)

    def cloud(self, dice: Dice, cells: float, octaves: int = 4, *, stretch: float = 1.0) -> Field:
        """Noise with `cells` bumps along the short side and finer ones on them. float32 [H, W], about 0..1."""
        total = np.zeros((self.height, self.width), np.float32)
        for octave in range(octaves):
            scale = cells * 2**octave / 2
            across = max(round(scale * self.right / stretch), 1) + 1
            down = max(round(scale * self.bottom), 1) + 1
            lattice = Image.fromarray(dice.random((down, across), np.float32))
            fine = lattice.resize((self.width, self.height), Image.Resampling.BICUBIC)
            total += np.asarray(fine, np.float32) * np.float32(0.5**octave)
        return (total / np.float32(2 - 0.5 ** (octaves - 1)) - 0.5) * np.float32(1.6) + 0.5

    def pixels(self) -> NDArray[np.uint8]:
        """uint8 [H, W, 3]"""
        levels = np.clip(self.rgb, 0, 1) * np.float32(255) + np.float32(0.5)
        return np.ascontiguousarray(levels.astype(np.uint8).transpose(1, 2, 0))


def wander(dice: Dice, x: Field, cells: float, octaves: int = 4, gain: float = 0.5) -> Field:
    """A line that goes up and down: about `cells` bumps per unit of x, finer ones on them. As x, -1..1."""
    total = np.zeros_like(x)
    size = np.float32(0)
    for octave in range(octaves):
        heights = dice.uniform(-1, 1, 512).astype(np.float32)
        place = x * np.float32(cells * 2**octave) + np.float32(dice.uniform(100, 400))
        cell = np.floor(place)
        along = place - cell
        along = along * along * (3 - 2 * along)
        index = cell.astype(np.intp)
        left, right = heights[index % 512], heights[(index + 1) % 512]
        total += (left + (right - left) * along) * np.float32(gain**octave)
        size += np.float32(gain**octave)
    return total / size


def smooth(low: float, high: float, value: Field) -> Field:
    """0 below `low`, 1 above `high`, an S between; falls instead when `low` is the greater."""
    place = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return place * place * (3 - 2 * place)
