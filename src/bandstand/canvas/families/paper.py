"""Cut paper, and leaves and flowers. The variant is the layout."""

from __future__ import annotations

import math

import numpy as np

from bandstand.canvas import shapes
from bandstand.canvas.brief import Brief
from bandstand.canvas.palette import Field
from bandstand.canvas.sheet import Sheet, smooth, wander


def draw_cutouts(sheet: Sheet, brief: Brief) -> None:
    """Sheets of paper with holes, one upon the other, each throwing a shadow into the deep."""
    (_cave, _algae, _waves, _cave)[brief.variant](sheet, brief)


def _cave(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    up = brief.variant == 3
    sheet.paint(palette.mix(0.06 if up else 0.97))
    x, y = dice.uniform(-0.2, 0.2), dice.uniform(-0.2, 0.2)
    sheet.draw(shapes.disc(x, y, 0.16), palette.accent(0))
    turn = np.arctan2(sheet.y - y, sheet.x - x)
    away = np.hypot(sheet.x - x, sheet.y - y)
    lobes, phase = dice.integers(2, 5), dice.uniform(0, 6.3, 2)
    for number in range(7):
        phase = phase + dice.uniform(-0.55, 0.55, 2)
        wave = np.sin(turn * lobes + np.float32(phase[0])) * 0.075
        wave = wave + np.sin(turn * (lobes + 3) + np.float32(phase[1])) * 0.03
        rim = (np.float32(0.24 + 0.135 * number) + wave * np.float32(0.6 + 0.12 * number)) - away
        place = 0.86 - 0.8 * number / 6
        _sheet_of_paper(sheet, brief, rim, palette.mix(1 - place if up else place))


def _sheet_of_paper(sheet: Sheet, brief: Brief, distance: Field, colour: Field) -> None:
    """Paper where the distance is negative, its shadow beside it, its edge catching light."""
    cover = sheet.edge(distance)
    drop = 0.035
    shade = smooth(drop * 1.6, -drop, distance)
    sheet.paint(brief.palette.mix(0.0), shade * np.float32(0.42))
    sheet.paint(colour, cover)
    rim = np.exp(-np.maximum(-distance, 0) / np.float32(0.012)) * cover
    sheet.paint(np.ones((3, 1, 1), np.float32), rim * np.float32(0.14))


def _waves(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    sheet.paint(palette.mix(0.97))
    x = dice.uniform(-0.4, 0.4)
    sun = np.hypot(sheet.x - np.float32(x), sheet.y + np.float32(sheet.bottom * 0.35)) - np.float32(
        0.3
    )
    _sheet_of_paper(sheet, brief, sun, palette.accent(0))
    for number in range(7):
        level = sheet.bottom * (-0.22 + 1.1 * number / 6)
        line = np.float32(level) + wander(dice, sheet.x, 1.3, 2, 0.3) * np.float32(0.22)
        slope = np.gradient(line[0], sheet.pixel).astype(np.float32)[None]
        distance = (line - sheet.y) / np.sqrt(1 + slope * slope)
        colour = palette.accent(1) if number == 3 else palette.mix(0.85 - 0.8 * number / 6)
        _sheet_of_paper(sheet, brief, distance, colour)


def _algae(sheet: Sheet, brief: Brief) -> None:
    """Blocks of plain colour, on each a frond cut with scissors."""
    dice, palette = brief.dice, brief.palette
    grounds = [palette.mix(0.97), *palette.loud, palette.mix(0.1)]
    columns, rows = max(round(sheet.right * 2), 1), max(round(sheet.bottom * 2), 1)
    wide, high = 2 * sheet.right / columns, 2 * sheet.bottom / rows
    before = -1
    for row in range(rows):
        for column in range(columns):
            ground, front = (int(n) for n in dice.choice(len(grounds), 2, replace=False))
            if ground == before:
                ground, front = front, ground
            before = ground
            if abs(float(grounds[ground].mean() - grounds[front].mean())) < 0.16:
                front = 0 if float(grounds[ground].mean()) < 0.5 else len(grounds) - 1
            x, y = -sheet.right + (column + 0.5) * wide, -sheet.bottom + (row + 0.5) * high
            sheet.draw(shapes.box(x, y, wide / 2, high / 2), grounds[ground])
            _frond(sheet, brief, x, y, min(wide, high) * 0.46, grounds[front])


def _frond(sheet: Sheet, brief: Brief, x: float, y: float, size: float, colour: Field) -> None:
    dice, turn = brief.dice, brief.dice.uniform(-0.7, 0.7)
    cosine, sine = math.cos(turn), math.sin(turn)
    arms = int(dice.integers(3, 5))
    part = sheet.part(x - size * 1.1, y - size * 1.1, x + size * 1.1, y + size * 1.1)
    u = ((part.x - x) * cosine + (part.y - y) * sine) / np.float32(size)
    v = ((part.y - y) * cosine - (part.x - x) * sine) / np.float32(size)
    u = u + 0.12 * np.sin(v * 3 + np.float32(dice.uniform(0, 6)))
    best = np.hypot(u, np.maximum(np.abs(v) - 0.72, 0)) - np.float32(0.11)
    for arm in range(arms):
        level = -0.62 + 1.2 * arm / (arms - 1)
        reach = dice.uniform(0.46, 0.62) * (1 - 0.3 * abs(level))
        bend = v - np.float32(level) + (np.abs(u) ** 1.5) * np.float32(0.62)
        thick = 0.075 + 0.055 * smooth(0.1, 0.6, np.abs(u))
        limb = np.hypot(np.maximum(np.abs(u) - np.float32(reach), 0), bend) - thick
        both = np.clip(0.5 + 0.5 * (limb - best) / 0.16, 0, 1)
        best = limb + (best - limb) * both * 1.0 - 0.16 * both * (1 - both)
        best = best.astype(np.float32)
    sheet.paint(colour, sheet.edge(best * np.float32(size * 0.8)), part=part)


def draw_leaves(sheet: Sheet, brief: Brief) -> None:
    """Branches that grow in from the edges, flowers, or one large plant."""
    dice, palette = brief.dice, brief.palette
    light = brief.variant in {1, 2}
    sheet.paint(palette.mix(0.96 if light else 0.05))
    if brief.variant != 2:
        size = dice.uniform(0.42, 0.58)
        sheet.draw(
            shapes.disc(dice.uniform(-0.15, 0.15), dice.uniform(-0.15, 0.1), size),
            palette.accent(0),
        )
    greens = [0.12, 0.3, 0.45, 0.6, 0.36] if light else [0.22, 0.38, 0.55, 0.72, 0.9]
    if brief.variant == 3:
        _bouquet(sheet, brief, greens)
        return
    count = 5 if brief.variant == 2 else 8
    for number in range(count):
        turn = 2 * math.pi * (number + dice.uniform(-0.25, 0.25)) / count + 0.4
        x, y = 1.12 * sheet.right * math.cos(turn), 1.12 * sheet.bottom * math.sin(turn)
        if brief.variant == 2:
            x, y = sheet.right * (-0.8 + 1.6 * number / (count - 1)), sheet.bottom * 1.05
            turn = math.pi / 2 + dice.uniform(-0.2, 0.2)
        heading = turn + math.pi + dice.uniform(-0.45, 0.45)
        long = dice.uniform(0.55, 0.85) * (2.1 if brief.variant == 2 else 1)
        colour = palette.accent(1) if number == 3 else palette.mix(greens[number % 5])
        _branch(sheet, brief, (x, y, heading, long), colour)


def _branch(
    sheet: Sheet, brief: Brief, stem: tuple[float, float, float, float], colour: Field
) -> None:
    """Leaves in pairs along a stem that bends, and one at its end."""
    dice, (x, y, turn, long) = brief.dice, stem
    pairs = int(dice.integers(6, 10))
    bend, size = dice.uniform(-0.9, 0.9) / pairs, 1.9 * long / pairs * dice.uniform(0.9, 1.3)
    slim, spread = dice.uniform(0.28, 0.44), dice.uniform(0.65, 1.0)
    step = long / pairs
    vein = brief.palette.mix(0.97 if float(colour.mean()) < 0.5 else 0.05)
    for number in range(pairs):
        after_x, after_y = x + math.cos(turn) * step, y + math.sin(turn) * step
        sheet.draw(shapes.line(x, y, after_x, after_y, 0.013), colour)
        x, y, turn = after_x, after_y, turn + bend
        grown = size * math.sin(math.pi * (0.22 + 0.68 * (number + 1) / pairs))
        for side in (-1, 1):
            _leaf(sheet, (x, y, grown, slim, turn + side * spread), colour, vein)
    _leaf(sheet, (x, y, size * 0.7, slim, turn), colour, vein)


def _leaf(
    sheet: Sheet, leaf: tuple[float, float, float, float, float], colour: Field, vein: Field
) -> None:
    x, y, long, slim, turn = leaf
    sheet.draw(shapes.leaf(x, y, long, long * slim, turn), colour)
    tip = 0.8 * long
    rib = shapes.line(x, y, x + math.cos(turn) * tip, y + math.sin(turn) * tip, 0.006)
    sheet.draw(rib, vein, opacity=0.35)


def _bouquet(sheet: Sheet, brief: Brief, greens: list[float]) -> None:
    dice, palette = brief.dice, brief.palette
    root = sheet.bottom * 1.05
    for number in range(9):
        x = dice.uniform(-0.8, 0.8) * sheet.right
        y = -sheet.bottom * dice.uniform(-0.35, 0.62)
        lean = math.atan2(y - root, x * 0.7)
        green = palette.mix(greens[number % 4])
        sheet.draw(shapes.line(x * 0.3, root, x, y, 0.014), green)
        for part in (0.3, 0.5, 0.68):
            stem_x, stem_y = x * 0.3 + x * 0.7 * part, root + (y - root) * part
            side = float(dice.choice([-1, 1]))
            _leaf(sheet, (stem_x, stem_y, 0.3, 0.34, lean + side * 0.7), green, palette.mix(0.95))
        _flower(sheet, brief, x, y, dice.uniform(0.13, 0.26))


def _flower(sheet: Sheet, brief: Brief, x: float, y: float, size: float) -> None:
    dice, palette = brief.dice, brief.palette
    petals, begin = int(dice.choice([5, 6, 8, 12])), dice.uniform(0, 6.3)
    tones = [palette.accent(0), palette.mix(0.96), palette.accent(1), palette.mix(0.7)]
    tone = tones[int(dice.integers(4))]
    for number in range(petals):
        turn = begin + 2 * math.pi * number / petals
        shade = tone * np.float32(1 if number % 2 else 0.9)
        sheet.draw(shapes.leaf(x, y, size, size * min(3.4 / petals, 0.62), turn), shade)
    sheet.draw(shapes.disc(x, y, size * 0.24), palette.mix(0.1))
    sheet.draw(shapes.disc(x, y, size * 0.13), palette.accent(0))
