"""Things made by hand: cut paper, leaves, brush and ink, and light through coloured glass. The variant is the layout."""

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
    lobes = dice.integers(2, 5)
    for number in range(7):
        phase = dice.uniform(0, 6.3, 2)
        wave = np.sin(turn * lobes + np.float32(phase[0])) * 0.09
        wave = wave + np.sin(turn * (lobes + 3) + np.float32(phase[1])) * 0.05
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
    sun = np.hypot(sheet.x - np.float32(x), sheet.y + np.float32(sheet.bottom * 0.35)) - np.float32(0.3)
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
            x, y = -sheet.right + (column + 0.5) * wide, -sheet.bottom + (row + 0.5) * high
            sheet.draw(shapes.box(x, y, wide / 2, high / 2), grounds[ground])
            _frond(sheet, brief, x, y, min(wide, high) * 0.46, grounds[front])


def _frond(sheet: Sheet, brief: Brief, x: float, y: float, size: float, colour: Field) -> None:
    dice, turn = brief.dice, brief.dice.uniform(-0.7, 0.7)
    cosine, sine = math.cos(turn), math.sin(turn)
    arms = int(dice.integers(3, 6))
    part = sheet.part(x - size * 1.1, y - size * 1.1, x + size * 1.1, y + size * 1.1)
    u = ((part.x - x) * cosine + (part.y - y) * sine) / np.float32(size)
    v = ((part.y - y) * cosine - (part.x - x) * sine) / np.float32(size)
    u = u + 0.12 * np.sin(v * 3 + np.float32(dice.uniform(0, 6)))
    best = np.hypot(u, np.maximum(np.abs(v) - 0.72, 0)) - np.float32(0.14)
    for arm in range(arms):
        level = -0.75 + 1.35 * arm / (arms - 1)
        reach = dice.uniform(0.5, 0.72) * (1 - 0.3 * abs(level))
        bend = v - np.float32(level) + (np.abs(u) ** 1.5) * np.float32(0.62)
        thick = 0.1 + 0.07 * smooth(0.1, 0.6, np.abs(u))
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
        sheet.draw(shapes.disc(dice.uniform(-0.15, 0.15), dice.uniform(-0.15, 0.1), size), palette.accent(0))
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
        long = dice.uniform(0.7, 1.05) * (1.75 if brief.variant == 2 else 1)
        colour = palette.accent(1) if number == 3 else palette.mix(greens[number % 5])
        _branch(sheet, brief, (x, y, heading, long), colour)


def _branch(sheet: Sheet, brief: Brief, stem: tuple[float, float, float, float], colour: Field) -> None:
    """Leaves in pairs along a stem that bends, and one at its end."""
    dice, (x, y, turn, long) = brief.dice, stem
    pairs = int(dice.integers(6, 11))
    bend, size = dice.uniform(-0.9, 0.9) / pairs, long * dice.uniform(0.26, 0.36)
    slim, spread = dice.uniform(0.26, 0.5), dice.uniform(0.6, 1.0)
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
    along = ((np.arctan2(sheet.y, sheet.x) + np.float32(begin)) % (2 * math.pi)) / np.float32(2 * math.pi)
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
    sheet: Sheet, brief: Brief, ends: tuple[float, float, float, float], wide: float, colour: Field
) -> None:
    """One pull of a dry brush from a point to another, a little bent."""
    x0, y0, x1, y1 = ends
    length = math.hypot(x1 - x0, y1 - y0)
    cosine, sine = (x1 - x0) / length, (y1 - y0) / length
    reach = wide * 1.6
    part = sheet.part(min(x0, x1) - reach, min(y0, y1) - reach, max(x0, x1) + reach, max(y0, y1) + reach)
    if not (part.x.size and part.y.size):
        return
    dx, dy = part.x - x0, part.y - y0
    along = (dx * cosine + dy * sine) / np.float32(length)
    bend = wander(brief.dice, along, 1.1, 2) * np.float32(wide * 0.3)
    across = (dy * cosine - dx * sine - bend) / np.float32(wide)
    bristle = wander(brief.dice, across, 15, 2, 0.7)
    patchy = wander(brief.dice, across * 3 + wander(brief.dice, along, 3, 2), 4, 2)
    full = smooth(-0.25, 0.3, bristle + 0.5 * patchy + 1.0 - 1.5 * along)
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
        sheet.draw(shapes.leaf(-0.3 + 0.1 * number, y, 0.5, 0.008, 0), palette.mix(0.1), opacity=0.6)


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
            _stroke(sheet, brief, ends, wide, palette.mix(place))
            x, y = x + lean * high, y - high
            side = float(dice.choice([-1, 1]))
            for _ in range(int(dice.integers(0, 5))):
                turn = math.pi / 2 - side * dice.uniform(0.3, 1.35)
                blade = shapes.leaf(x, y, dice.uniform(0.2, 0.38), 0.05, turn)
                sheet.draw(blade, palette.mix(place), opacity=0.92)


def _strokes(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    tones = [palette.mix(0.3), palette.accent(1), palette.mix(0.62), palette.mix(0.95), palette.accent(0)]
    for number, tone in enumerate(tones):
        y = sheet.bottom * (-0.62 + 0.31 * number) + dice.uniform(-0.06, 0.06)
        side = 1 if number % 2 else -1
        tilt = dice.uniform(-0.12, 0.12)
        reach = sheet.right * dice.uniform(0.75, 0.92)
        _stroke(sheet, brief, (-side * reach, y - tilt, side * reach, y + tilt), dice.uniform(0.13, 0.21), tone)


def draw_bloom(sheet: Sheet, brief: Brief) -> None:
    """Colours that run into each other. The variant: mist, an aura, reeded glass, a horizon of light."""
    (_blend, _aura, _reeds, _horizon)[brief.variant](sheet, brief)


def _spots(sheet: Sheet, brief: Brief, x: Field, y: Field) -> Field:
    """Large spots of colour, mixed by nearness. return: float32 [3, H, W]"""
    dice, palette = brief.dice, brief.palette
    tones = [palette.mix(0.1), palette.accent(0), palette.mix(0.5), palette.accent(1), palette.mix(0.75), palette.mix(0.3)]
    total = np.zeros((sheet.height, sheet.width), np.float32)
    rgb = np.zeros_like(sheet.rgb)
    for tone in tones:
        spot_x, spot_y = dice.uniform(-1, 1) * sheet.right, dice.uniform(-1, 1) * sheet.bottom
        near = np.exp(-((x - spot_x) ** 2 + (y - spot_y) ** 2) * np.float32(dice.uniform(1.6, 3.2)))
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
    away = np.hypot(x - np.float32(dice.uniform(-0.2, 0.2)), y - np.float32(dice.uniform(-0.2, 0.2)))
    sheet.paint(palette.mix(0.97), smooth(0.56, 0.3, away) * np.float32(0.9))
    sheet.paint(palette.mix(0.0), smooth(0.28, 0.5, rib) * np.float32(0.38) * np.ones_like(sheet.y))
    sheet.paint(palette.mix(1.0), smooth(-0.4, -0.5, rib) * np.float32(0.3) * np.ones_like(sheet.y))


def _horizon(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    level = sheet.bottom * dice.uniform(-0.05, 0.25)
    bow = np.float32(level) + sheet.x * sheet.x * np.float32(0.16)
    away = sheet.y - bow
    sheet.paint(palette.mix(0.75 * np.exp(-np.abs(away) / np.where(away < 0, 0.5, 0.16)) * (away < 2)))
    line = np.exp(-np.abs(away) / 0.03) * smooth(sheet.right, 0.1, np.abs(sheet.x))
    sheet.paint(palette.accent(0), np.exp(-np.maximum(-away, 0) / 0.22) * (away < 0) * np.float32(0.55), how="screen")
    sheet.paint(palette.mix(1.0), line)
    sheet.glow(0, level, 0.32, palette.accent(1), 0.6)
    sheet.below(bow + 0.012, palette.mix(0.01), soft=0.02)
