"""A city in the rain, and a planet among stars."""

from __future__ import annotations

import math

import numpy as np

from bandstand.canvas import shapes, sky
from bandstand.canvas.brief import DAY, NIGHT, Brief
from bandstand.canvas.families.land import lake
from bandstand.canvas.palette import Field
from bandstand.canvas.sheet import Shape, Sheet, smooth, wander


def draw_city(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    street = sheet.bottom * dice.uniform(0.42, 0.72)
    sky.paint(sheet, brief, street)
    sky.clouds(sheet, brief, street, 0.35)
    x = dice.uniform(-0.6, 0.6) * sheet.right
    sky.body(sheet, brief, x, -sheet.bottom * dice.uniform(0.3, 0.6), dice.uniform(0.12, 0.3))
    far = 0.6 if brief.variant == DAY else 0.32
    for number in range(4):
        near = number / 3
        tall = (1.15 - 0.25 * near) * min(sheet.bottom, 1.5)
        _block(sheet, brief, street, tall, far * (1 - near) + 0.03, lit=0.06 + 0.2 * near)
        if number < 3:
            haze = smooth(street - tall, street, sheet.y) * np.float32(0.22)
            sheet.paint(palette.mix(0.6 if brief.variant != NIGHT else 0.3), haze)
    _bokeh(sheet, brief, street)
    lake(sheet, brief, street)
    if dice.random() < 0.75:
        _rain(sheet, brief)


def _block(
    sheet: Sheet, brief: Brief, street: float, tall: float, place: float, *, lit: float
) -> None:
    dice, palette = brief.dice, brief.palette
    x = -sheet.right - dice.uniform(0, 0.2)
    while x < sheet.right:
        wide = dice.uniform(0.12, 0.34)
        high = tall * dice.uniform(0.35, 1.0) * (0.55 + 0.45 * dice.random() ** 2)
        roof = street - high
        sheet.draw(
            shapes.box(x + wide / 2, (roof + street) / 2, wide / 2, high / 2), palette.mix(place)
        )
        _roof(sheet, brief, x, wide, roof, place)
        _windows(sheet, brief, (x, roof, wide, high), lit)
        x += wide * dice.uniform(0.85, 1.15)


def _roof(sheet: Sheet, brief: Brief, x: float, wide: float, roof: float, place: float) -> None:
    colour, what = brief.palette.mix(place), brief.dice.integers(5)
    if what == 0:
        mast = shapes.line(x + wide / 2, roof - 0.16, x + wide / 2, roof, 0.008)
        sheet.draw(mast, colour)
        sheet.glow(x + wide / 2, roof - 0.16, 0.015, brief.palette.accent(1), 0.9)
    elif what == 1:
        sheet.draw(shapes.box(x + wide / 2, roof - 0.03, wide / 4, 0.035), colour)
    elif what == 2:
        gable = [(x, roof), (x + wide / 2, roof - wide * 0.4), (x + wide, roof)]
        sheet.draw(shapes.wedge(gable), colour)


def _windows(
    sheet: Sheet, brief: Brief, house: tuple[float, float, float, float], lit: float
) -> None:
    """Rows of panes; which of them are lit is one throw for the whole house."""
    dice, (x, roof, wide, high) = brief.dice, house
    pitch_x, pitch_y = dice.uniform(0.035, 0.055), dice.uniform(0.045, 0.075)
    part = sheet.part(x + 0.015, roof + 0.03, x + wide - 0.015, roof + high)
    if not (part.x.size and part.y.size):
        return
    column, row = (part.x - x - 0.015) / pitch_x, (part.y - roof - 0.03) / pitch_y
    on = (dice.random((64, 16)) < lit).astype(np.float32) * dice.uniform(0.5, 1, (64, 16))
    bright = on[row.astype(np.intp) % 64, column.astype(np.intp) % 16].astype(np.float32)
    across = (np.abs(column % 1 - 0.5) - 0.3) * np.float32(pitch_x)
    down = (np.abs(row % 1 - 0.5) - 0.32) * np.float32(pitch_y)
    inside = sheet.edge(np.maximum(across, down))
    colour = brief.palette.accent(0) if dice.random() < 0.6 else brief.palette.mix(0.93)
    sheet.paint(colour, inside * bright * np.float32(0.9), part=part)


def _bokeh(sheet: Sheet, brief: Brief, street: float) -> None:
    """Lamps and cars out of focus."""
    dice, palette = brief.dice, brief.palette
    tones = (palette.accent(0), palette.accent(1), palette.mix(0.9), palette.mix(0.7))
    for _ in range(15):
        x, size = dice.uniform(-sheet.right, sheet.right), dice.uniform(0.015, 0.06)
        y = street - abs(dice.normal()) * 0.14
        colour = tones[dice.integers(4)]
        sheet.glow(x, y, size * 1.8, colour, 0.25)
        sheet.draw(shapes.disc(x, y, size), colour, opacity=0.4, soft=size * 0.15, how="screen")


def _rain(sheet: Sheet, brief: Brief) -> None:
    dice, slant = brief.dice, brief.dice.uniform(-0.22, -0.05)
    for opacity, count, long in ((0.22, 130, 0.09), (0.34, 45, 0.16)):
        drops: list[Field] = []
        for _ in range(round(count * sheet.right * sheet.bottom)):
            x = dice.uniform(-sheet.right, sheet.right) * 1.1
            y = dice.uniform(-sheet.bottom, sheet.bottom)
            size = long * dice.uniform(0.5, 1.2)
            drops.append(np.array([(x, y), (x + slant * size, y + size)], np.float32))
        sheet.paint(
            brief.palette.mix(0.95), sheet.stencil(drops, width=0.004) * np.float32(opacity)
        )


def draw_planet(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    sheet.paint(palette.mix(0.0))
    _nebula(sheet, brief)
    sky.stars(sheet, brief, 230)
    if brief.variant == 0:
        _ringed(sheet, brief, dice.uniform(-0.2, 0.2), dice.uniform(-0.15, 0.15), 0.46)
    elif brief.variant == 1:
        _globe(sheet, brief, 0.15, sheet.bottom + 0.75, 1.55)
        _globe(sheet, brief, dice.uniform(-0.5, 0.5), -sheet.bottom * 0.4, 0.16)
    elif brief.variant == 2:
        _eclipse(sheet, brief)
    else:
        _globe(sheet, brief, -0.55, 0.3, 0.75)
        _ringed(sheet, brief, sheet.right * 0.5, -sheet.bottom * 0.45, 0.17)
        _globe(sheet, brief, 0.42, 0.55, 0.07)


def _nebula(sheet: Sheet, brief: Brief) -> None:
    palette = brief.palette
    veil = smooth(0.4, 0.95, sheet.cloud(brief.dice, 2.2, 5))
    fine = sheet.cloud(brief.dice, 3.2, 4)
    sheet.paint(palette.mix(0.34), veil * np.float32(0.85))
    sheet.paint(palette.mix(0.6), veil * smooth(0.5, 0.9, fine) * np.float32(0.7), how="screen")


def _globe(sheet: Sheet, brief: Brief, x: float, y: float, radius: float) -> None:
    """A ball with weather on it, lit from one side."""
    dice, palette = brief.dice, brief.palette
    part = sheet.part(x - radius, y - radius, x + radius, y + radius)
    if not (part.x.size and part.y.size):
        return
    across, down = (part.x - x) / np.float32(radius), (part.y - y) / np.float32(radius)
    tilt = np.float32(dice.uniform(-0.5, 0.5))
    height = np.sqrt(np.maximum(1 - across * across - down * down, 0))
    latitude = down + across * tilt
    weather = 0.03 * np.sin(across * 9 + latitude * 14) * (1 + np.sin(latitude * 23))
    bands = 0.5 + 0.36 * wander(dice, latitude + weather, 5, 3, 0.6)
    turn = dice.uniform(3.5, 4.4)
    light = across * np.float32(math.cos(turn)) + down * np.float32(math.sin(turn))
    shade = smooth(-0.75, 0.85, light * 0.95 + height * 0.5)
    cover = sheet.edge(np.hypot(part.x - x, part.y - y) - np.float32(radius))
    sheet.glow(x, y, radius * 0.95, palette.mix(0.55), 0.35)
    sheet.paint(
        palette.mix(np.clip(bands * 0.9 + 0.1, 0, 1) * (0.1 + 0.9 * shade)), cover, part=part
    )
    rim = (1 - height) ** 4 * smooth(0.0, 0.9, light)
    sheet.paint(palette.mix(1.0), cover * rim * np.float32(0.7), part=part, how="screen")


def _ringed(sheet: Sheet, brief: Brief, x: float, y: float, radius: float) -> None:
    tilt, flat = brief.dice.uniform(-0.5, 0.5), brief.dice.uniform(0.2, 0.34)
    seed = int(brief.dice.integers(2**31))
    _rings(sheet, brief, (x, y, radius, tilt, flat), seed, front=False)
    _globe(sheet, brief, x, y, radius)
    _rings(sheet, brief, (x, y, radius, tilt, flat), seed, front=True)


def _rings(
    sheet: Sheet,
    brief: Brief,
    planet: tuple[float, float, float, float, float],
    seed: int,
    *,
    front: bool,
) -> None:
    x, y, radius, tilt, flat = planet
    reach = radius * 2.15
    part = sheet.part(x - reach, y - reach, x + reach, y + reach)
    dx, dy = part.x - x, part.y - y
    along = dx * np.float32(math.cos(tilt)) + dy * np.float32(math.sin(tilt))
    across = (dy * np.float32(math.cos(tilt)) - dx * np.float32(math.sin(tilt))) / np.float32(flat)
    away = np.hypot(along, across) / np.float32(radius)
    grooves = 0.62 + 0.38 * wander(np.random.Generator(np.random.PCG64(seed)), away, 14, 2, 0.8)
    inside = smooth(1.28, 1.33, away) * smooth(2.1, 2.04, away)
    half = sheet.edge(-across if front else across)
    sheet.paint(brief.palette.mix(0.45 + 0.5 * grooves), inside * grooves * half, part=part)


def _eclipse(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    y, radius = -sheet.bottom * 0.08, dice.uniform(0.42, 0.52)
    for reach, strength, tone in ((1.6, 0.5, 0.45), (1.15, 0.8, 0.75), (0.95, 0.9, 1.0)):
        sheet.glow(0, y, radius * reach, palette.mix(tone), strength)
    turn = np.arctan2(sheet.y - y, sheet.x)
    away = np.hypot(sheet.x, sheet.y - y) - np.float32(radius)
    rays = smooth(0.1, 0.9, wander(dice, np.abs(turn), 8, 3))
    sheet.paint(palette.mix(0.95), np.exp(-np.maximum(away, 0) / 0.22) * rays * 0.5, how="screen")
    sheet.draw(shapes.disc(0, y, radius), palette.mix(0.0))
    edge = Shape(
        lambda px, py: np.abs(np.hypot(px, py - y) - radius) - 0.004, (-1, y - 1, 1, y + 1)
    )
    sheet.draw(edge, palette.mix(1.0))
    sheet.glow(radius * 0.7, y - radius * 0.7, 0.09, palette.mix(1.0), 1.0)
