"""Flat geometry: tiles, bands and posters. The variant is the layout."""

from __future__ import annotations

import math

import numpy as np

from bandstand.canvas import shapes
from bandstand.canvas.brief import Brief
from bandstand.canvas.palette import Field
from bandstand.canvas.sheet import Part, Shape, Sheet, smooth


def draw_tiles(sheet: Sheet, brief: Brief) -> None:
    """Squares with quarter discs, arches, dots and stripes."""
    dice = brief.dice
    count = (3, 4, 5, 4)[brief.variant]
    size = 2 / count
    tones = [brief.ground(0.0), brief.ground(1.0), *brief.palette.loud]
    weights = np.array([1.2, 1.6, 1.5, 1.0, 1.2, 0.9, 0.8])
    half_x, half_y = math.ceil(sheet.right / size) + 1, math.ceil(sheet.bottom / size) + 1
    odd = 0.5 if count % 2 else 0.0
    for row in range(-half_y, half_y):
        for column in range(-half_x, half_x):
            back, front, third = dice.choice(7, 3, replace=False, p=weights / weights.sum())
            x, y = (column + odd) * size, (row + odd) * size
            what, turn = int(dice.integers(len(MOTIFS))), int(dice.integers(4))
            part = sheet.part(x, y, x + size, y + size)
            if part.x.size and part.y.size:
                tile = _Tile(sheet, part, (x, y, size), turn)
                tile.fill(tones[back], tile.inside)
                MOTIFS[what](tile, tones[front], tones[third])


class _Tile:
    """One square; u and v run from 0 to 1 across it after it was turned by quarters."""

    def __init__(
        self, sheet: Sheet, part: Part, square: tuple[float, float, float], turn: int
    ) -> None:
        x, y, self.size = square
        self.sheet, self.part = sheet, part
        u, v = (part.x - np.float32(x)) / self.size, (part.y - np.float32(y)) / self.size
        self.inside = sheet.edge(
            (np.maximum(np.abs(u - 0.5), np.abs(v - 0.5)) - 0.5) * self.size - sheet.pixel
        )
        self.u, self.v = [(u, v), (v, 1 - u), (1 - u, 1 - v), (1 - v, u)][turn]

    def fill(self, colour: Field, cover: Field) -> None:
        self.sheet.paint(colour, cover, part=self.part)

    def shape(self, colour: Field, distance: Field) -> None:
        self.fill(colour, self.sheet.edge(distance * np.float32(self.size)) * self.inside)


def _quarter(tile: _Tile, front: Field, third: Field) -> None:
    away = np.hypot(tile.u, tile.v)
    tile.shape(front, away - 1)
    tile.shape(third, away - 0.5)


def _half(tile: _Tile, front: Field, third: Field) -> None:
    away = np.hypot(tile.u - 0.5, tile.v)
    tile.shape(front, away - 0.5)
    tile.shape(third, away - 0.2)


def _petal(tile: _Tile, front: Field, _: Field) -> None:
    tile.shape(front, np.maximum(np.hypot(tile.u, tile.v), np.hypot(tile.u - 1, tile.v - 1)) - 1)


def _rainbow(tile: _Tile, front: Field, third: Field) -> None:
    away = np.hypot(tile.u, tile.v)
    for reach, tone in ((1.0, front), (0.76, third), (0.52, front), (0.28, third)):
        tile.shape(tone, away - reach)


def _dot(tile: _Tile, front: Field, third: Field) -> None:
    away = np.hypot(tile.u - 0.5, tile.v - 0.5)
    tile.shape(front, away - 0.4)
    tile.shape(third, away - 0.16)


def _stripes(tile: _Tile, front: Field, _: Field) -> None:
    tile.shape(front, (np.abs(tile.u * 3 - np.round(tile.u * 3)) - 0.25) / 3 + 0 * tile.v)


def _corner(tile: _Tile, front: Field, _: Field) -> None:
    tile.shape(front, (tile.u + tile.v - 1) / math.sqrt(2))


def _arch(tile: _Tile, front: Field, third: Field) -> None:
    """A door: half a disc upon a square."""
    for reach, tone in ((0.44, front), (0.24, third)):
        away = np.hypot(tile.u - 0.5, np.minimum(tile.v - 0.5, 0))
        tile.shape(tone, away - reach)


MOTIFS = (_quarter, _half, _petal, _rainbow, _dot, _stripes, _corner, _arch, _quarter, _half)


def draw_bands(sheet: Sheet, brief: Brief) -> None:
    """Broad stripes of many colours that run together around a bend, as on sleeves and vans of the seventies."""
    sheet.paint(brief.ground(0.97) if brief.variant != 1 else brief.palette.mix(0.02))
    (_road, _arches, _scales, _rollers)[brief.variant](sheet, brief)


def _tones(brief: Brief) -> list[Field]:
    palette = brief.palette
    return [
        palette.mix(0.12),
        palette.mix(0.42),
        palette.accent(0),
        palette.mix(0.74),
        palette.accent(1),
    ]


def _stack(sheet: Sheet, distance: Field, width: float, tones: list[Field]) -> None:
    """Stripes side by side; the first is outermost. distance: from the middle line of them all"""
    for number, tone in enumerate(tones):
        reach = width * (len(tones) / 2 - number)
        cover = sheet.edge(-distance - np.float32(reach)) * sheet.edge(
            distance + np.float32(reach - width)
        )
        sheet.paint(tone, cover)


def _road(sheet: Sheet, brief: Brief) -> None:
    """In from one edge, around a bend, out at another; and a second one across it."""
    dice, tones = brief.dice, _tones(brief)
    side_x, side_y = (float(side) for side in dice.choice([-1, 1], 2))
    for number in range(2):
        width = dice.uniform(0.1, 0.14)
        x = sheet.x * np.float32(side_x) - np.float32(dice.uniform(-0.45, 0.05))
        y = sheet.y * np.float32(side_y) - np.float32(dice.uniform(-0.45, 0.05))
        radius = np.float32(width * 2.5 + dice.uniform(0.05, 0.25))
        corner = np.hypot(np.maximum(x, 0), np.maximum(y, 0)) + np.minimum(np.maximum(x, y), 0)
        _stack(sheet, corner - radius, width, tones[::-1] if number else tones)
        side_x, side_y = -side_x, -side_y


def _arches(sheet: Sheet, brief: Brief) -> None:
    """Rainbows that stand before one another."""
    dice = brief.dice
    tones = [brief.palette.mix(0.95), *_tones(brief)[1:], brief.palette.mix(0.2)]
    places = [(-0.75, 0.1, 1.15), (0.8, 0.35, 0.95), (-0.2, 0.8, 0.85)]
    for shift_x, shift_y, radius in places:
        x = shift_x * sheet.right + dice.uniform(-0.15, 0.15)
        y = shift_y * sheet.bottom + dice.uniform(0.0, 0.2)
        width = radius / (len(tones) + 1.6)
        for number, tone in enumerate(tones):
            reach = radius - number * width
            sheet.draw(_doorway(x, y, reach, sheet.bottom), tone)
        sheet.draw(
            _doorway(x, y, radius - len(tones) * width, sheet.bottom), brief.palette.mix(0.02)
        )


def _doorway(x: float, y: float, radius: float, bottom: float) -> Shape:
    return Shape(
        lambda px, py: np.hypot(px - x, np.minimum(py - y, 0)) - np.float32(radius),
        (x - radius, y - radius, x + radius, bottom + 0.1),
    )


def _scales(sheet: Sheet, brief: Brief) -> None:
    """Fans in rows, each hiding the feet of the ones behind."""
    dice = brief.dice
    tones = _tones(brief)
    radius = 2 / int(dice.choice([5, 6, 7]))
    rows = math.ceil(2 * sheet.bottom / (radius / 2)) + 3
    columns = math.ceil(sheet.right / radius) + 1
    for row in range(rows):
        y = -sheet.bottom + row * radius / 2
        for column in range(-columns, columns + 1):
            x = (2 * column + row % 2) * radius
            first = int(dice.integers(5)) if dice.random() < 0.35 else row % 5
            for number in range(4):
                tone = tones[(first + number) % 5] if number % 2 == 0 else brief.ground(0.97)
                sheet.draw(shapes.disc(x, y, radius * (0.98 - 0.24 * number)), tone)


def _rollers(sheet: Sheet, brief: Brief) -> None:
    """Waves rolling in rows, light and dark by turns."""
    dice, palette = brief.dice, brief.palette
    count = 13
    sway, pace, shift = dice.uniform(0.09, 0.16), dice.uniform(2.2, 3.4), dice.uniform(0, 6)
    for number in range(count):
        level = -sheet.bottom * 0.72 + 2 * sheet.bottom * number / count
        bend = np.sin(sheet.x * np.float32(pace) + np.float32(shift + number * 0.42))
        more = np.sin(sheet.x * np.float32(pace * 0.43) - np.float32(shift))
        line = np.float32(level) + (bend + 0.7 * more) * np.float32(sway)
        place = 0.92 - 0.88 * number / (count - 1)
        colour = palette.accent(number // 4) if number % 4 == 2 else palette.mix(place)
        sheet.below(line - 0.02, palette.mix(0.0), opacity=0.16, soft=0.09)
        sheet.below(line, colour)


def draw_poster(sheet: Sheet, brief: Brief) -> None:
    """Few large forms on plain ground."""
    sheet.paint(brief.ground(0.02))
    (_split_disc, _dots, _sliced, _overlap)[brief.variant](sheet, brief)


def _split_disc(sheet: Sheet, brief: Brief) -> None:
    """A disc cut into strips, and every strip pushed aside."""
    dice, palette = brief.dice, brief.palette
    radius, turn = dice.uniform(0.62, 0.74), float(dice.choice([0.0, -0.6, 0.6, math.pi / 2]))
    cuts = int(dice.choice([2, 3, 5, 7]))
    along = sheet.x * np.float32(math.cos(turn)) + sheet.y * np.float32(math.sin(turn))
    across = sheet.y * np.float32(math.cos(turn)) - sheet.x * np.float32(math.sin(turn))
    for number in range(cuts):
        low, high = -radius + 2 * radius * number / cuts, -radius + 2 * radius * (number + 1) / cuts
        push = np.float32(dice.uniform(-0.34, 0.34))
        strip = np.maximum(np.float32(low) - across, across - np.float32(high))
        shape = np.maximum(np.hypot(along - push, across) - np.float32(radius), strip)
        sheet.paint(
            palette.loud[number % 3] if cuts < 5 else palette.accent(number % 2), sheet.edge(shape)
        )


def _dots(sheet: Sheet, brief: Brief) -> None:
    """A ball printed in dots."""
    dice, palette = brief.dice, brief.palette
    sheet.paint(palette.accent(0))
    pitch, turn = 2 / float(dice.choice([26, 34, 42])), dice.uniform(0.2, 0.9)
    cosine, sine = np.float32(math.cos(turn)), np.float32(math.sin(turn))
    u, v = (sheet.x * cosine + sheet.y * sine) / pitch, (sheet.y * cosine - sheet.x * sine) / pitch
    near_u, near_v = np.round(u), np.round(v)
    x = (near_u * cosine - near_v * sine) * np.float32(pitch)
    y = (near_v * cosine + near_u * sine) * np.float32(pitch)
    radius = np.float32(0.74)
    away = np.hypot(x, y) / radius
    height = np.sqrt(np.maximum(1 - away * away, 0))
    light = (-0.55 * x - 0.6 * y) / radius + 0.55 * height
    dark = np.where(away < 1, 1 - np.clip(light, 0.22, 1), 0.16 * smooth(1.5, 0.9, away))
    reach = np.sqrt(np.maximum(dark, 0)) * np.float32(0.68 * pitch)
    cell = np.hypot(u - near_u, v - near_v) * np.float32(pitch)
    sheet.paint(palette.mix(0.02), sheet.edge(cell - reach) * (reach > sheet.pixel * 0.3))


def _sliced(sheet: Sheet, brief: Brief) -> None:
    """A sun over stairs, arches or a slope: an imagined place with long shadows."""
    dice, palette = brief.dice, brief.palette
    sheet.paint(
        palette.mix(0.55 + 0.4 * np.clip((sheet.y + sheet.bottom) / (2 * sheet.bottom), 0, 1))
    )
    side = float(dice.choice([-1, 1]))
    sheet.draw(shapes.disc(-side * 0.35, -0.35, dice.uniform(0.26, 0.4)), palette.accent(0))
    floor = sheet.bottom * 0.62
    steps, edge = int(dice.integers(5, 9)), sheet.right + 0.1
    wide, high = 1.35 / steps, 1.15 / steps
    for number in range(steps):
        x0, y0 = side * (-0.35 + number * wide), floor - number * high
        wall = shapes.box(
            (x0 + side * edge) / 2,
            (y0 + sheet.bottom) / 2,
            abs(side * edge - x0) / 2,
            (sheet.bottom - y0) / 2,
        )
        sheet.draw(wall, palette.mix(0.34 if number % 2 else 0.26))
        sheet.draw(
            shapes.box(
                (x0 + side * edge) / 2, y0 - high * 0.12, abs(side * edge - x0) / 2, high * 0.12
            ),
            palette.mix(0.86),
        )
    sheet.draw(
        shapes.box(0, (floor + sheet.bottom) / 2 + 0.05, sheet.right, (sheet.bottom - floor) / 2),
        palette.mix(0.16),
    )
    x = -side * sheet.right * 0.62
    for reach, tone in ((0.3, palette.mix(0.92)), (0.22, palette.mix(0.1))):
        sheet.draw(_doorway(x, floor - 0.35, reach, floor + 0.0), tone)
    sheet.draw(
        shapes.disc(side * 0.62 * min(sheet.right, 1.2), floor - steps * high - 0.16, 0.1),
        palette.accent(1),
    )


def _overlap(sheet: Sheet, brief: Brief) -> None:
    """Transparent discs over one another, as inks print over inks."""
    dice, palette = brief.dice, brief.palette
    sheet.paint(palette.mix(0.98))
    tones = (palette.accent(0), palette.mix(0.5), palette.accent(1), palette.mix(0.3))
    begin = dice.uniform(0, 6.3)
    for number, tone in enumerate(tones):
        turn, away = begin + number * 1.6 + dice.uniform(-0.3, 0.3), dice.uniform(0.26, 0.42)
        x, y, size = away * math.cos(turn), away * math.sin(turn), dice.uniform(0.34, 0.56)
        form = shapes.disc(x, y, size)
        if number == 2:
            form = shapes.box(x, y, size * 0.8, size * 0.8, turn=dice.uniform(0, 1.5))
        sheet.draw(form, tone, how="multiply", opacity=0.95)
    for number in range(7):
        y = sheet.bottom * 0.8 + 0.02 * number
        sheet.draw(shapes.box(0, y, 0.5 - 0.05 * number, 0.0035), palette.mix(0.05))
