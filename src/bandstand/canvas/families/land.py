"""Hills with trees, dunes, and the northern lights over a forest. The variant is the time of day; the lights need the night."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bandstand.canvas import shapes, sky
from bandstand.canvas.brief import DAWN, DAY, DUSK, NIGHT, Brief
from bandstand.canvas.palette import Field
from bandstand.canvas.sheet import Sheet, smooth, wander

LAYERS = 6


def draw_hills(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    far, near = {DAWN: (0.86, 0.12), DAY: (0.74, 0.06), DUSK: (0.66, 0.0), NIGHT: (0.34, 0.0)}[
        brief.variant
    ]
    horizon = sheet.bottom * 0.25
    sky.paint(sheet, brief, horizon)
    sky.clouds(sheet, brief, horizon, 0.4)
    x = dice.uniform(-0.55, 0.55) * sheet.right
    sky.body(sheet, brief, x, -sheet.bottom * dice.uniform(0.15, 0.55), dice.uniform(0.12, 0.34))
    jagged = dice.uniform(0.35, 0.58)
    top = -sheet.bottom * dice.uniform(0.0, 0.22)
    for number in range(LAYERS):
        nearness = number / (LAYERS - 1)
        level = top + (sheet.bottom * 0.86 - top) * nearness**0.9
        rough = jagged * (1 - 0.35 * nearness)
        line = np.float32(level) + wander(
            dice, sheet.x, 1.1 + 0.5 * (1 - nearness), 5, rough
        ) * np.float32(0.22)
        place = far + (near - far) * nearness**0.75
        mist = np.clip((sheet.y - line) / np.float32(0.5), 0, 1) * np.float32(0.2 * (1 - nearness))
        sheet.below(line, palette.mix(np.broadcast_to(place + mist, (sheet.height, sheet.width))))
        if nearness > 0.55:
            _pines(sheet, brief, line, place, 0.06 + 0.2 * nearness**2)
    if brief.variant != NIGHT:
        sky.birds(sheet, brief, -x * 0.6, -sheet.bottom * 0.4, 6, palette.mix(0.1))


def _pines(sheet: Sheet, brief: Brief, line: Field, place: float, height: float) -> None:
    dice = brief.dice
    outlines: list[NDArray[np.float64]] = []
    x = -sheet.right
    crowd = dice.uniform(-1, 1)
    while x < sheet.right:
        x += height * dice.uniform(0.16, 0.5) * (1.6 if math.sin(x * 3 + crowd * 5) > 0.2 else 0.7)
        column = int(np.clip((x + sheet.right) / sheet.pixel, 0, sheet.width - 1))
        root = float(line[0, column]) + 0.02
        outlines.append(pine(x, root, height * dice.uniform(0.45, 1.0)))
    sheet.paint(brief.palette.mix(place), sheet.stencil(outlines))


def pine(x: float, root: float, height: float) -> NDArray[np.float64]:
    """A tree as its outline: branches that step outwards on the way down."""
    steps = 6
    right: list[tuple[float, float]] = [(0.0, -1.0)]
    for step in range(steps):
        low = (step + 1) / steps
        right += [(0.24 * low, -1 + 0.9 * low), (0.11 * low, -1 + 0.9 * low - 0.02)]
    right += [(0.03, -0.12), (0.03, 0.05)]
    half = np.array(right)
    outline = np.concatenate([half, (half * (-1, 1))[::-1]])
    return outline * height + (x, root)


def draw_dunes(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    horizon = -sheet.bottom * dice.uniform(0.0, 0.2)
    sky.paint(sheet, brief, horizon + 0.2)
    x = dice.uniform(0.15, 0.6) * dice.choice([-1, 1])
    sky.body(sheet, brief, x, horizon - dice.uniform(0.1, 0.45), dice.uniform(0.16, 0.34))
    dim = 0.5 if brief.variant == NIGHT else 1.0
    for number in range(5):
        near = number / 4
        level = horizon + (sheet.bottom * 0.82 - horizon) * near
        crest = 1 - np.abs(wander(dice, sheet.x, 0.55, 2, 0.22)) * np.float32(1.5)
        line = np.float32(level) - crest * np.float32(0.24 + 0.14 * near)
        lit = (0.82 - 0.28 * near) * dim
        depth = np.clip((sheet.y - line) / np.float32(0.7), 0, 1)
        sheet.below(line, palette.mix(lit - 0.25 * depth * dim))
        _shade(sheet, brief, line, (0.28 - 0.2 * near) * dim)
    if dice.random() < 0.6 and brief.variant != NIGHT:
        sky.birds(sheet, brief, -x, horizon - 0.35, 4, palette.mix(0.1))


def _shade(sheet: Sheet, brief: Brief, line: Field, place: float) -> None:
    """The side of a dune that lies away from the light: from the crest down a line that winds on."""
    dice = brief.dice
    foot = float(sheet.x[0, int(line[0].argmin())])
    slant = dice.uniform(0.5, 1.1) * dice.choice([-1, 1])
    wind = (
        np.float32(foot)
        + (sheet.y - line) * np.float32(slant)
        + 0.14 * wander(dice, sheet.y, 1.3, 2)
    )
    side = (sheet.x - wind) * np.float32(math.copysign(0.8, slant))
    fade = smooth(1.1, 0.0, sheet.y - line) * smooth(1.5, 0.2, -side)
    cover = sheet.edge(side) * sheet.edge(line - sheet.y) * fade
    sheet.paint(brief.palette.mix(place), cover * np.float32(0.85))


def draw_aurora(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    down = (sheet.y + sheet.bottom) / np.float32(2 * sheet.bottom)
    sheet.paint(palette.mix(0.02 + 0.26 * down**1.4))
    sky.stars(sheet, brief, 170, until=sheet.bottom * 0.6)
    tones = (palette.accent(1), palette.mix(0.62), palette.accent(0))
    for number in range(3):
        colour = tones[(number + brief.variant) % 3]
        _curtain(sheet, brief, -sheet.bottom * 0.32 + 0.2 * number, colour)
    shore = sheet.bottom * (0.55 if brief.variant % 2 else 0.8)
    for place, lift, tall in ((0.14, 0.16, 0.0), (0.05, 0.06, 0.2), (0.0, 0.0, 0.34)):
        line = np.float32(shore - lift) + 0.07 * wander(dice, sheet.x, 1.7, 4)
        sheet.below(line, palette.mix(place))
        if tall:
            _pines(sheet, brief, line, place, tall)
    if brief.variant % 2:
        lake(sheet, brief, shore + 0.08)


def _curtain(sheet: Sheet, brief: Brief, level: float, colour: Field) -> None:
    dice = brief.dice
    hem = np.float32(level) + 0.5 * wander(dice, sheet.x, 0.8, 3, 0.45)
    rays = 0.55 + 0.45 * wander(dice, sheet.x, 14, 3, 0.7)
    bright = smooth(-0.7, 0.8, wander(dice, sheet.x, 1.1, 2)) * rays
    up = hem - sheet.y
    tall = 0.42 + 0.25 * wander(dice, sheet.x, 2.5, 2)
    light = smooth(-0.2, 0.06, up) * np.exp(-np.maximum(up, 0) / np.maximum(tall, 0.15))
    sheet.paint(colour, np.clip(light * bright * np.float32(1.5), 0, 1), how="screen")


def lake(sheet: Sheet, brief: Brief, shore: float) -> None:
    """Everything above the shore once more, upside down, rippled and darker."""
    part = sheet.part(-sheet.right, shore, sheet.right, sheet.bottom)
    rows = np.arange(sheet.height)[part.rows]
    depth = (part.y[:, 0] - shore).astype(np.float32)
    ripple = wander(brief.dice, part.y[:, 0] / (0.25 + part.y[:, 0] - shore), 38, 2) * depth * 0.12
    first = int(rows[0]) if rows.size else 0
    source = np.clip(
        2 * first - rows - (ripple / sheet.pixel).astype(np.intp), 0, max(first - 1, 0)
    )
    above = sheet.rgb[:, source].copy()
    dark = brief.palette.mix(0.0)
    sheet.paint(above * 0.72 + dark * 0.28, 1.0, part=part)
    for _ in range(24):
        y = shore + (sheet.bottom - shore) * float(brief.dice.random()) ** 1.5
        x, half = brief.dice.uniform(-sheet.right, sheet.right), brief.dice.uniform(0.1, 0.5)
        sheet.draw(
            shapes.leaf(x - half, y, 2 * half, 0.008, 0.0), brief.palette.mix(0.8), opacity=0.18
        )
