"""Brush and ink, and colours that run into each other. The variant is the layout."""

from __future__ import annotations

import math

import numpy as np

from bandstand.canvas import shapes
from bandstand.canvas.brief import Brief
from bandstand.canvas.palette import Field
from bandstand.canvas.sheet import Sheet, smooth, wander


def draw_ink(sheet: Sheet, brief: Brief) -> None:
    """Brush and ink on paper: a circle in one breath, mountains in mist, bamboo, or broad strokes of colour."""
    palette = brief.palette
    paper = sheet.cloud(brief.dice, 30, 3)
    dark = brief.variant == 3
    sheet.paint(palette.mix((0.03 if dark else 0.965) + 0.03 * (paper - 0.5)))
    (_circle, _mist, _bamboo, _strokes)[brief.variant](sheet, brief)


def _circle(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    radius, begin = 0.6, dice.uniform(0, 6.3)
    away = np.hypot(sheet.x, sheet.y * np.float32(1.04))
    along = ((np.arctan2(sheet.y, sheet.x) + np.float32(begin)) % (2 * math.pi)) / np.float32(
        2 * math.pi
    )
    ends = smooth(0.0, 0.03, along) * smooth(0.97, 0.9, along)
    wide = 0.05 + 0.075 * smooth(1.0, 0.1, along) + 0.012 * wander(dice, along, 9, 3)
    drift = 0.03 * wander(dice, along, 2, 2) + 0.05 * along
    across = (away - np.float32(radius) - drift) / wide
    _dry(sheet, brief, along * 3.8, across, ends, palette.mix(0.04))
    sheet.draw(shapes.disc(0.42 * sheet.right, 0.62 * sheet.bottom, 0.085), palette.accent(0))


def _dry(
    sheet: Sheet, brief: Brief, along: Field, across: Field, ends: Field, colour: Field
) -> None:
    """Ink as bristles leave it: full at first, then in streaks. across: -1..1 from one side of the stroke to the other"""
    dice = brief.dice
    bristle = wander(dice, across, 17, 2, 0.7)
    patchy = wander(dice, across * 3 + wander(dice, along, 2.2, 2) * 0.8, 4, 2)
    worn = along / np.maximum(np.float32(along.max()), np.float32(0.1))
    full = smooth(-0.25, 0.3, bristle + 0.5 * patchy + 0.95 - 1.5 * worn)
    inside = smooth(1.05, 0.9, np.abs(across) + 0.07 * bristle)
    sheet.paint(colour, full * inside * ends)


def _stroke(
    sheet: Sheet,
    brief: Brief,
    ends: tuple[float, float, float, float],
    wide: float,
    colour: Field,
    wet: float = 1.0,
) -> None:
    """One pull of a dry brush from a point to another, a little bent."""
    x0, y0, x1, y1 = ends
    length = math.hypot(x1 - x0, y1 - y0)
    cosine, sine = (x1 - x0) / length, (y1 - y0) / length
    reach = wide * 1.6
    part = sheet.part(
        min(x0, x1) - reach, min(y0, y1) - reach, max(x0, x1) + reach, max(y0, y1) + reach
    )
    if not (part.x.size and part.y.size):
        return
    dx, dy = part.x - x0, part.y - y0
    along = (dx * cosine + dy * sine) / np.float32(length)
    bend = wander(brief.dice, along, 1.1, 2) * np.float32(wide * 0.3)
    across = (dy * cosine - dx * sine - bend) / np.float32(wide)
    bristle = wander(brief.dice, across, 15, 2, 0.7)
    patchy = wander(brief.dice, across * 3 + wander(brief.dice, along, 3, 2), 4, 2)
    full = smooth(-0.25, 0.3, bristle + 0.5 * patchy + wet - 1.5 * along)
    inside = smooth(1.03, 0.92, np.abs(across) + 0.06 * bristle)
    tips = smooth(0.0, 0.025, along + 0.02 * bristle) * smooth(1.0, 0.93, along + 0.05 * bristle)
    sheet.paint(colour, full * inside * tips, part=part)


def _mist(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    x = dice.uniform(-0.4, 0.4)
    sheet.draw(shapes.disc(x, -sheet.bottom * 0.5, dice.uniform(0.13, 0.22)), palette.accent(0))
    for number in range(5):
        near = number / 4
        level = sheet.bottom * (-0.1 + 0.85 * near)
        peaks = np.abs(wander(dice, sheet.x, 1.3, 5, 0.5)) ** 1.2
        line = np.float32(level + 0.1) - peaks * np.float32(0.75 * (1 - 0.4 * near))
        wash = np.exp(-np.maximum(sheet.y - line, 0) / np.float32(0.16 + 0.1 * near))
        grain = 0.75 + 0.25 * sheet.cloud(dice, 9, 3)
        sheet.paint(palette.mix(0.5 - 0.46 * near), sheet.edge(line - sheet.y) * wash * grain)
    for number in range(3):
        y = sheet.bottom * (0.86 + 0.04 * number)
        sheet.draw(
            shapes.leaf(-0.3 + 0.1 * number, y, 0.5, 0.008, 0), palette.mix(0.1), opacity=0.6
        )


def _bamboo(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    sun = dice.uniform(-0.3, 0.3)
    sheet.draw(shapes.disc(sun, -sheet.bottom * 0.25, dice.uniform(0.3, 0.42)), palette.accent(0))
    for number in range(4):
        place = (0.62, 0.42, 0.16, 0.04)[number]
        x, lean = dice.uniform(-0.75, 0.75) * sheet.right, dice.uniform(-0.16, 0.16)
        y, wide = sheet.bottom + 0.1, 0.022 + 0.012 * number
        while y > -sheet.bottom - 0.2:
            high = dice.uniform(0.3, 0.46)
            ends = (x, y - 0.012, x + lean * high, y - high + 0.012)
            _stroke(sheet, brief, ends, wide, palette.mix(place), 1.9)
            x, y = x + lean * high, y - high
            side = float(dice.choice([-1, 1]))
            for _ in range(int(dice.integers(0, 5))):
                turn = math.pi / 2 - side * dice.uniform(0.3, 1.35)
                blade = shapes.leaf(x, y, dice.uniform(0.2, 0.38), 0.05, turn)
                sheet.draw(blade, palette.mix(place), opacity=0.92)


def _strokes(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    tones = [
        palette.mix(0.3),
        palette.accent(1),
        palette.mix(0.62),
        palette.mix(0.95),
        palette.accent(0),
    ]
    for number, tone in enumerate(tones):
        y = sheet.bottom * (-0.62 + 0.31 * number) + dice.uniform(-0.06, 0.06)
        side = 1 if number % 2 else -1
        tilt = dice.uniform(-0.12, 0.12)
        reach = sheet.right * dice.uniform(0.75, 0.92)
        _stroke(
            sheet,
            brief,
            (-side * reach, y - tilt, side * reach, y + tilt),
            dice.uniform(0.13, 0.21),
            tone,
        )


def draw_bloom(sheet: Sheet, brief: Brief) -> None:
    """Colours that run into each other. The variant: mist, an aura, reeded glass, a horizon of light."""
    (_blend, _aura, _reeds, _horizon)[brief.variant](sheet, brief)


def _spots(sheet: Sheet, brief: Brief, x: Field, y: Field) -> Field:
    """Large spots of colour, mixed by nearness. return: float32 [3, H, W]"""
    dice, palette = brief.dice, brief.palette
    tones = [
        palette.mix(0.1),
        palette.accent(0),
        palette.mix(0.5),
        palette.accent(1),
        palette.mix(0.75),
        palette.mix(0.3),
    ]
    total = np.zeros((sheet.height, sheet.width), np.float32)
    rgb = np.zeros_like(sheet.rgb)
    for tone in tones:
        spot_x, spot_y = dice.uniform(-1, 1) * sheet.right, dice.uniform(-1, 1) * sheet.bottom
        near = np.exp(-((x - spot_x) ** 2 + (y - spot_y) ** 2) * np.float32(dice.uniform(2.4, 5.0)))
        near = near + np.float32(0.004)
        total += near
        for channel in range(3):
            rgb[channel] += near * tone[channel]
    return rgb / total


def _blend(sheet: Sheet, brief: Brief) -> None:
    dice = brief.dice
    bend_x = sheet.x + 0.22 * wander(dice, sheet.y, 1.2, 2)
    bend_y = sheet.y + 0.22 * wander(dice, sheet.x, 1.2, 2)
    sheet.paint(_spots(sheet, brief, bend_x, bend_y))
    size = dice.uniform(0.3, 0.5)
    x, y = dice.uniform(-0.3, 0.3), dice.uniform(-0.3, 0.3)
    away = np.hypot(sheet.x - x, sheet.y - y)
    lit = smooth(-size, size, sheet.y - np.float32(y) + 0.5 * (sheet.x - np.float32(x)))
    sheet.paint(brief.palette.mix(0.98), sheet.edge(away - np.float32(size)) * (1 - 0.92 * lit))


def _aura(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    y = sheet.bottom * dice.uniform(-0.15, 0.15)
    away = np.hypot(sheet.x, (sheet.y - y) * np.float32(dice.uniform(0.8, 1.1)))
    away = away + 0.05 * wander(dice, np.arctan2(np.abs(sheet.x), sheet.y), 1.2, 2)
    sheet.paint(palette.mix(0.05))
    layers = ((1.15, 0.3), (0.95, 0.5), (0.78, -1), (0.56, 0.85), (0.36, -2), (0.2, 0.98))
    for reach, place in layers:
        colour = palette.mix(place) if place >= 0 else palette.accent(-int(place) - 1)
        sheet.paint(colour, smooth(reach, reach - 0.36, away))


def _reeds(sheet: Sheet, brief: Brief) -> None:
    """What is behind, seen through glass that is ribbed from top to bottom."""
    dice, palette = brief.dice, brief.palette
    count = float(dice.choice([12, 16, 22]))
    place = (sheet.x / np.float32(sheet.right) + 1) / 2 * np.float32(count * sheet.right)
    rib = place % 1 - 0.5
    x = sheet.x + rib * np.float32(0.62)
    y = sheet.y + 0.1 * rib * rib
    spots = _spots(sheet, brief, x + 0 * y, y + 0 * x)
    sheet.paint(spots)
    away = np.hypot(
        x - np.float32(dice.uniform(-0.2, 0.2)), y - np.float32(dice.uniform(-0.2, 0.2))
    )
    sheet.paint(palette.mix(0.97), smooth(0.56, 0.3, away) * np.float32(0.9))
    sheet.paint(palette.mix(0.0), smooth(0.28, 0.5, rib) * np.float32(0.38) * np.ones_like(sheet.y))
    sheet.paint(palette.mix(1.0), smooth(-0.4, -0.5, rib) * np.float32(0.3) * np.ones_like(sheet.y))


def _horizon(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    level = sheet.bottom * dice.uniform(-0.05, 0.25)
    bow = np.float32(level) + sheet.x * sheet.x * np.float32(0.16)
    away = sheet.y - bow
    sheet.paint(
        palette.mix(0.75 * np.exp(-np.abs(away) / np.where(away < 0, 0.5, 0.16)) * (away < 2))
    )
    line = np.exp(-np.abs(away) / 0.03) * smooth(sheet.right, 0.1, np.abs(sheet.x))
    sheet.paint(
        palette.accent(0),
        np.exp(-np.maximum(-away, 0) / 0.22) * (away < 0) * np.float32(0.55),
        how="screen",
    )
    sheet.paint(palette.mix(1.0), line)
    sheet.glow(0, level, 0.32, palette.accent(1), 0.6)
    sheet.below(bow + 0.012, palette.mix(0.01), soft=0.02)
