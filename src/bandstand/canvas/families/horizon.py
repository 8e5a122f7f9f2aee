"""The retro sun over its grid, and the sea at four times of day. The variant is the time of day."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bandstand.canvas import shapes, sky
from bandstand.canvas.brief import DAY, NIGHT, Brief
from bandstand.canvas.palette import Field
from bandstand.canvas.sheet import Sheet, smooth, wander


def draw_sun(sheet: Sheet, brief: Brief) -> None:
    dice = brief.dice
    horizon = sheet.bottom * dice.uniform(0.2, 0.42)
    radius, x = dice.uniform(0.46, 0.66), dice.choice([0.0, 0.0, -0.28, 0.28])
    y = horizon - radius * dice.uniform(0.45, 0.85)
    sky.paint(sheet, brief, horizon)
    if brief.variant != DAY:
        sky.stars(sheet, brief, 60, until=horizon)
    _striped_sun(sheet, brief, x, y, radius)
    if dice.random() < 0.65:
        _mountains(sheet, brief, horizon)
    if dice.random() < 0.6:
        _grid(sheet, brief, horizon)
    else:
        _mirror(sheet, brief, horizon, x, radius)
    if dice.random() < 0.55:
        side = -1 if x > 0 else 1
        _palm(sheet, brief, side * (sheet.right - 0.3), sheet.bottom + 0.05, dice.uniform(1.0, 1.4))
        _palm(sheet, brief, side * (sheet.right - 0.02), sheet.bottom + 0.1, dice.uniform(0.8, 1.1))


def _striped_sun(sheet: Sheet, brief: Brief, x: float, y: float, radius: float) -> None:
    palette = brief.palette
    sheet.glow(x, y, radius * 1.7, palette.mix(0.6), 0.5)
    part = sheet.part(x - radius, y - radius, x + radius, y + radius)
    down = (part.y - (y - radius)) / np.float32(2 * radius)
    place = (down - 0.42) * 13
    gap = np.float32(0.08) + np.clip(down - 0.42, 0, 1) * np.float32(0.72)
    stripe = (np.abs(place - np.round(place)) - gap / 2) * np.float32(radius * 2 / 13)
    open_ = np.where(down > 0.42, sheet.edge(-stripe), 1).astype(np.float32)
    cover = sheet.edge(np.hypot(part.x - x, part.y - y) - np.float32(radius)) * open_
    light, low = palette.mix(1.0), palette.accent(1)
    sheet.paint(light + (low - light) * smooth(0.1, 1.0, down), cover, part=part)


def _mountains(sheet: Sheet, brief: Brief, horizon: float) -> None:
    for tone, height in ((0.3, 0.3), (0.16, 0.2)):
        aside = np.float32(0.35) + smooth(0.1, 0.8, np.abs(sheet.x))
        peaks = np.abs(wander(brief.dice, sheet.x, 2.2, 5, 0.45))
        place = tone if brief.variant != NIGHT else tone * 0.5
        sheet.below(horizon - peaks * aside * np.float32(height * 1.5), brief.palette.mix(place))


def _grid(sheet: Sheet, brief: Brief, horizon: float) -> None:
    palette = brief.palette
    part = sheet.part(-sheet.right, horizon, sheet.right, sheet.bottom)
    depth = np.maximum(part.y - np.float32(horizon), np.float32(1e-4))
    sheet.paint(
        palette.mix(0.02 + 0.16 * smooth(0, 0.9, depth)), sheet.edge(-part.y + horizon), part=part
    )
    across = part.x / depth * np.float32(0.75)
    upright = np.abs(across - np.round(across)) * depth / np.float32(0.75)
    away = np.float32(0.55) / depth + np.float32(brief.dice.random())
    level = np.abs(away - np.round(away)) * depth * depth / np.float32(0.55)
    near = np.minimum(upright, level)
    width = 0.006 + 0.008 * depth
    fade = smooth(0, 0.22, depth)
    colour = palette.accent(0)
    sheet.paint(
        colour, np.exp(-near / (width * 3)) * fade * np.float32(0.35), part=part, how="screen"
    )
    sheet.paint(colour, sheet.edge(near - width / 2) * fade, part=part)
    sheet.draw(shapes.box(0, horizon, sheet.right, 0.006), palette.mix(0.95))


def _mirror(sheet: Sheet, brief: Brief, horizon: float, x: float, radius: float) -> None:
    palette = brief.palette
    part = sheet.part(-sheet.right, horizon, sheet.right, sheet.bottom)
    depth = part.y - np.float32(horizon)
    water = palette.mix(0.28 - 0.26 * smooth(0, 0.8, depth))
    sheet.paint(water, sheet.edge(-depth), part=part)
    _glints(sheet, brief, horizon, x, radius * 0.85, palette.accent(1))
    _glints(sheet, brief, horizon, x, radius * 0.5, palette.mix(1.0))


def _glints(
    sheet: Sheet, brief: Brief, horizon: float, x: float, spread: float, colour: Field
) -> None:
    """Light on water: short flat strokes, wider and farther apart towards the shore."""
    dice, y = brief.dice, horizon + 0.012
    while y < sheet.bottom:
        depth = (y - horizon) / max(sheet.bottom - horizon, 0.1)
        for _ in range(2):
            half = spread * dice.uniform(0.12, 0.55) * (1 - 0.45 * depth)
            middle = x + dice.normal() * spread * 0.32 * (0.5 + depth)
            thick = 0.0035 + 0.011 * depth
            stroke = shapes.leaf(middle - half, y, 2 * half, 2.6 * thick, 0.0)
            sheet.draw(stroke, colour, opacity=0.9 - 0.5 * depth)
        y += 0.014 + 0.045 * depth * dice.uniform(0.6, 1.4)


def _palm(sheet: Sheet, brief: Brief, x: float, y: float, height: float) -> None:
    dice, along = brief.dice, np.linspace(0, 1, 24)
    lean = dice.uniform(-0.25, 0.25)
    trunk = np.stack([x + lean * along**2, y - height * along], axis=1)
    width = (0.034 - 0.016 * along)[:, None] * (1, 0)
    outlines: list[NDArray[np.float64]] = [np.concatenate([trunk - width, (trunk + width)[::-1]])]
    for turn in np.linspace(-math.pi * 1.08, math.pi * 0.08, 9):
        outlines.extend(_frond(trunk[-1], turn + dice.uniform(-0.1, 0.1), dice.uniform(0.36, 0.5)))
    sheet.paint(brief.palette.mix(0.0), sheet.stencil(outlines))


def _frond(root: NDArray[np.float64], turn: float, length: float) -> list[NDArray[np.float64]]:
    """A curved rib with narrow blades hanging from it on both sides."""
    along = np.linspace(0, 1, 26)
    rib_x = root[0] + math.cos(turn) * length * along
    rib_y = (
        root[1] + math.sin(turn) * length * along * (1 - 0.3 * along) + 0.42 * length * along**2.2
    )
    rib = np.stack([rib_x, rib_y], axis=1)
    blades = [np.concatenate([rib, np.add(rib, (0, 0.014))[::-1]])]
    heading = np.gradient(rib, axis=0)
    heading /= np.linalg.norm(heading, axis=1, keepdims=True)
    for number in range(2, 26):
        size = length * 0.3 * math.sin(math.pi * (0.12 + 0.85 * along[number])) ** 0.7
        ahead = heading[number]
        for side in (-1, 1):
            out = ahead * 0.75 + side * np.array([-ahead[1], ahead[0]]) * 0.75 + (0, 0.55)
            tip = rib[number] + out / np.linalg.norm(out) * size
            blades.append(np.stack([rib[number] - ahead * 0.014, tip, rib[number] + ahead * 0.014]))
    return blades


def draw_sea(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    horizon = sheet.bottom * dice.uniform(-0.12, 0.22)
    x = dice.uniform(-0.5, 0.5) * sheet.right
    radius = dice.uniform(0.13, 0.3)
    up = radius * dice.uniform(-0.1, 0.4) if brief.variant != DAY else radius * 2.2
    sky.paint(sheet, brief, horizon)
    sky.clouds(sheet, brief, horizon, 0.45)
    sky.body(sheet, brief, x, horizon - up, radius)
    if dice.random() < 0.6:
        side = -1 if x > 0 else 1
        island = smooth(0.2, 1.3, sheet.x * side / np.float32(sheet.right)) * np.float32(0.3)
        ridge = island * (0.7 + 0.3 * wander(dice, sheet.x, 4, 4))
        sheet.below(horizon + 0.01 - ridge, palette.mix(_water(brief, 0.25)), opacity=0.8)
    _sea(sheet, brief, horizon)
    _glints(sheet, brief, horizon, x, radius * 1.25, palette.mix(0.98))
    _swell(sheet, brief, horizon)
    if dice.random() < 0.5:
        _sail(sheet, brief, -math.copysign(dice.uniform(0.2, 0.6), x), horizon)
    if brief.variant != NIGHT:
        sky.birds(sheet, brief, -x, horizon - 0.5, 5, palette.mix(0.15))


def _water(brief: Brief, place: float) -> float:
    return place * 0.45 if brief.variant == NIGHT else place


def _sea(sheet: Sheet, brief: Brief, horizon: float) -> None:
    part = sheet.part(-sheet.right, horizon, sheet.right, sheet.bottom)
    down = np.clip((part.y - horizon) / (sheet.bottom - horizon), 0, 1)
    high = _water(brief, 0.72 if brief.variant == DAY else 0.52)
    sheet.paint(
        brief.palette.mix(high * (1 - 0.75 * down**0.7)), sheet.edge(horizon - part.y), part=part
    )


def _swell(sheet: Sheet, brief: Brief, horizon: float) -> None:
    """Waves that come nearer, each with light on its crest."""
    palette, dice = brief.palette, brief.dice
    for number in range(5):
        near = (number + 1) / 5
        level = horizon + (sheet.bottom - horizon) * (0.3 + 0.62 * near**1.2)
        long = wander(dice, sheet.x, 1.6 - 0.5 * near, 3, 0.4)
        line = np.float32(level) + long * np.float32(0.05 + 0.07 * near)
        depth = np.clip((sheet.y - line) / np.float32(0.45), 0, 1)
        sheet.below(line, palette.mix(_water(brief, 0.42 * (1 - near) + 0.12) * (1 - 0.55 * depth)))
        crest = sheet.edge(np.abs(sheet.y - line - 0.006) - 0.0035 * near)
        shine = smooth(-0.2, 0.7, wander(dice, sheet.x, 3, 2))
        sheet.paint(palette.mix(0.9), crest * shine * np.float32(0.55))


def _sail(sheet: Sheet, brief: Brief, x: float, horizon: float) -> None:
    size = brief.dice.uniform(0.1, 0.16)
    mast, deck = horizon - size * 1.5, horizon + 0.01
    light, dark = brief.palette.mix(0.96), brief.palette.mix(0.05)
    sheet.draw(shapes.wedge([(x, mast), (x + size * 0.7, deck), (x, deck)]), light)
    sheet.draw(
        shapes.wedge([(x - 0.02, mast + 0.05), (x - 0.02, deck), (x - size * 0.42, deck)]), light
    )
    hull = [(x - size * 0.6, deck), (x + size * 0.8, deck), (x + size * 0.55, deck + size * 0.2)]
    sheet.draw(shapes.wedge([*hull, (x - size * 0.45, deck + size * 0.2)]), dark)
