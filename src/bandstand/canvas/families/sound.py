"""Pictures of the music itself: rings, ridges and waves whose heights are the loudness of the track. The variant is the layout."""

from __future__ import annotations

import math

import numpy as np

from bandstand.canvas import shapes
from bandstand.canvas.brief import Brief
from bandstand.canvas.palette import Field
from bandstand.canvas.sheet import Part, Sheet, smooth, wander

TURN = np.float32(2 * math.pi)


def draw_rings(sheet: Sheet, brief: Brief) -> None:
    _backdrop(sheet, brief)
    (_bars_around, _record, _growth, _sunflower)[brief.variant](sheet, brief)


def _backdrop(sheet: Sheet, brief: Brief) -> None:
    """The ground, a little lighter around the middle."""
    away = np.hypot(sheet.x / np.float32(sheet.right), sheet.y / np.float32(sheet.bottom))
    sheet.paint(brief.ground(0.06), 1.0)
    sheet.paint(brief.ground(0.24), smooth(1.2, 0.0, away) * np.float32(0.8))


def _around(part: Part) -> tuple[Field, Field]:
    """How far from the middle, and which part of a turn from the top, clockwise: 0..1."""
    away = np.hypot(part.x, part.y)
    turn = np.arctan2(part.x, -part.y) / TURN
    return away, turn % 1


def _bars_around(sheet: Sheet, brief: Brief) -> None:
    """A bar for each moment, once around the clock."""
    dice, palette = brief.dice, brief.palette
    count = int(dice.choice([72, 96, 120]))
    inner = dice.uniform(0.3, 0.4)
    loud = brief.loudness(count) ** 1.7
    part = sheet.part(-1, -1, 1, 1)
    away, turn = _around(part)
    place = turn * np.float32(count)
    index = place.astype(np.intp) % count
    outer = np.float32(inner + 0.03) + loud[index] * np.float32(0.9 - inner)
    half = np.float32(math.pi * inner / count * 0.62)
    across = (place % 1 - np.float32(0.5)) * TURN / np.float32(count) * away
    along = np.clip(away, inner, outer)
    bar = np.hypot(across, away - along) - half
    tint = np.clip((away - inner) / (0.9 - inner), 0, 1)
    light, low = palette.accent(0), palette.mix(0.62)
    sheet.paint(low + (light - low) * tint, sheet.edge(bar), part=part)
    sheet.draw(shapes.ring(0, 0, inner - 0.07, 0.006), palette.mix(0.85))
    sheet.draw(shapes.disc(0, 0, inner - 0.13), palette.accent(1))
    sheet.draw(shapes.disc(0, 0, 0.035), brief.ground(0.06))


def _record(sheet: Sheet, brief: Brief) -> None:
    """A record whose grooves are the track from the rim to the label."""
    dice, palette = brief.dice, brief.palette
    shift = dice.uniform(-0.35, 0.35)
    x, y, radius, label = shift, dice.uniform(-0.2, 0.2), 0.88, 0.3
    sheet.draw(shapes.disc(x + 0.03, y + 0.05, radius), palette.mix(0.0), opacity=0.45, soft=0.14)
    part = sheet.part(x - radius, y - radius, x + radius, y + radius)
    dx, dy = part.x - np.float32(x), part.y - np.float32(y)
    away, turn = np.hypot(dx, dy), np.arctan2(dy, dx)
    loud = brief.loudness(46)
    groove = (radius - 0.03 - away) / np.float32(radius - label - 0.06) * 46
    index = np.clip(groove, 0, 45).astype(np.intp)
    step = np.float32((radius - label) / 46)
    line = sheet.edge((np.abs(groove % 1 - 0.5) - 0.1 - 0.34 * loud[index]) * step)
    shine = np.abs(np.cos(turn - np.float32(dice.uniform(0, 3)))) ** 14
    vinyl = 0.05 + 0.16 * line * (0.3 + loud[index]) + 0.4 * shine * (0.35 + 0.65 * line)
    cover = sheet.edge(away - np.float32(radius))
    sheet.paint(palette.mix(vinyl), cover, part=part)
    sheet.draw(shapes.disc(x, y, label), palette.accent(0))
    half = shapes.both(shapes.disc(x, y, label), shapes.box(x, y + label, label, label))
    sheet.draw(half, palette.accent(1))
    sheet.draw(shapes.ring(x, y, label * 0.62, 0.008), palette.mix(0.95))
    sheet.draw(shapes.disc(x, y, 0.032), brief.ground(0.06))


def _growth(sheet: Sheet, brief: Brief) -> None:
    """Closed lines around one another, like the rings of a tree: each is bent by the loudness of its time."""
    dice, palette = brief.dice, brief.palette
    count = 34
    loud = brief.loudness(count)
    away, turn = _around(sheet.whole)
    x, y = np.cos(turn * TURN), np.sin(turn * TURN)
    phase = dice.uniform(0, 50, 4)
    bend = 0.5 * np.sin(x * 2.1 + phase[0]) + 0.5 * np.sin(y * 2.7 + phase[1])
    fine = np.sin(x * 5.3 + phase[2] + np.sin(y * 4.1 + phase[3]))
    bulge = (bend * 0.11 + fine * 0.035) * smooth(0.1, 0.9, away)
    level = (away + bulge) / np.float32(0.98) * count
    index = np.clip(level, 0, count - 1).astype(np.intp)
    wide = 0.08 + 0.8 * loud[index]
    line = (np.abs(level % 1 - 0.5) - wide / 2) * np.float32(0.98 / count)
    inside = sheet.edge((level - count) * np.float32(0.98 / count))
    tone = palette.mix(0.5 + 0.5 * index.astype(np.float32) / count)
    warm = smooth(0.75, 1.0, loud)[index]
    tone = tone + (palette.accent(0) - tone) * warm
    sheet.paint(tone, sheet.edge(line) * inside)
    sheet.draw(shapes.disc(0, 0, 0.03), palette.accent(1))


def _sunflower(sheet: Sheet, brief: Brief) -> None:
    """Seeds on a spiral, from the middle to the rim; loud ones are large."""
    palette, count = brief.palette, 420
    loud = brief.loudness(count)
    first, last = palette.accent(0), palette.accent(1)
    for number in range(count):
        part = math.sqrt((number + 0.5) / count)
        turn = number * math.pi * (3 - math.sqrt(5))
        x, y = 0.9 * part * math.cos(turn), 0.9 * part * math.sin(turn)
        size = 0.008 + 0.042 * float(loud[number]) * (0.55 + 0.45 * part)
        sheet.draw(shapes.disc(x, y, size), first + (last - first) * np.float32(part))


def draw_ridges(sheet: Sheet, brief: Brief) -> None:
    """Lines behind one another, a stretch of the track on each; the nearer hide the farther."""
    dice, palette = brief.dice, brief.palette
    count = int(dice.choice([34, 44, 54]))
    ground = brief.ground(0.03)
    sheet.paint(ground)
    if brief.variant >= 2:
        y, radius = -sheet.bottom * 0.36, dice.uniform(0.44, 0.56)
        tone = palette.accent(0)
        sheet.glow(0, y, radius * 1.3, tone, 0.35 if brief.variant == 2 else 0.0)
        sheet.draw(shapes.disc(0, y, radius), tone)
    loud = brief.loudness(count * 8)
    half = 0.72 * sheet.right if brief.variant < 2 else sheet.right * 1.1
    top = (-0.5 if brief.variant < 2 else -0.12) * sheet.bottom
    bottom = (0.74 if brief.variant < 2 else 1.02) * sheet.bottom
    hump = np.exp(-((sheet.x / np.float32(0.46 * half)) ** 2) * 1.5)
    for number in range(count):
        part = number / (count - 1)
        stretch = loud[number * 8 : number * 8 + 8]
        strong = float(stretch.mean())
        peaks = np.interp(sheet.x[0], np.linspace(-half, half, 8), stretch)[None].astype(np.float32)
        rough = np.abs(wander(dice, sheet.x, 5.5, 4, 0.55)) * (0.35 + peaks)
        rise = hump * rough * np.float32(1.15 * (0.15 + strong)) + 0.008 * rough
        line = np.float32(top + (bottom - top) * part) - rise
        if brief.variant < 2:
            colour = brief.ground(0.97)
        else:
            colour = (
                palette.mix(0.35 + 0.6 * part)
                if brief.variant == 2
                else palette.mix(0.5 * (1 - part))
            )
        _ridge(sheet, line, ground, colour, half)


def _ridge(sheet: Sheet, line: Field, ground: Field, colour: Field, half: float) -> None:
    top, low = float(line.min()) - 0.03, float(line.max()) + 0.03
    part = sheet.part(-half, top, half, low)
    seen = line[:, part.columns]
    steep = np.sqrt(1 + np.gradient(seen[0], sheet.pixel).astype(np.float32) ** 2)[None]
    distance = (part.y - seen) / steep
    inside = sheet.edge(np.abs(part.x) - np.float32(half))
    sheet.paint(ground, sheet.edge(-distance) * inside, part=part)
    sheet.paint(colour, sheet.edge(np.abs(distance) - np.float32(0.0045)) * inside, part=part)


def draw_waveform(sheet: Sheet, brief: Brief) -> None:
    """The whole track from left to right, as players draw it, but as a poster."""
    _backdrop(sheet, brief)
    (_mirrored, _strata, _disc_of_bars, _columns)[brief.variant](sheet, brief)


def _bars(sheet: Sheet, brief: Brief, count: int, half: float, tall: float) -> Field:
    """Round-ended bars around the middle line. return: coverage of the whole sheet"""
    loud = brief.loudness(count) ** 1.5
    place = (sheet.x / np.float32(half) + 1) / 2 * count
    index = np.clip(place, 0, count - 1).astype(np.intp)
    pitch = np.float32(2 * half / count)
    across = (place - index - 0.5) * pitch
    high = np.maximum(loud[index] * np.float32(tall), pitch * np.float32(0.3))
    round_ = pitch * np.float32(0.3)
    along = np.maximum(np.abs(sheet.y) - high + round_, 0)
    return sheet.edge(np.hypot(across, along) - round_)


def _mirrored(sheet: Sheet, brief: Brief) -> None:
    palette = brief.palette
    cover = _bars(
        sheet, brief, int(brief.dice.choice([28, 36, 48])), 0.8 * sheet.right, 0.72 * sheet.bottom
    )
    tint = smooth(-sheet.right, sheet.right, sheet.x)
    first, last = palette.accent(0), palette.accent(1)
    colour = first + (last - first) * tint
    sheet.paint(colour, sheet.blurred(cover, 0.12) * np.float32(0.35), how="screen")
    sheet.paint(colour, cover)


def _strata(sheet: Sheet, brief: Brief) -> None:
    """Silhouettes of the loudness in the colours of the ramp, each a little softer than the one behind."""
    palette, dice = brief.palette, brief.dice
    loud = brief.loudness(40)
    places = np.linspace(-sheet.right, sheet.right, 40)
    for number in range(8):
        part = number / 7
        kernel = np.hanning(5 + 2 * number)
        shape = np.convolve(np.roll(loud, number * 3), kernel / kernel.sum(), mode="same")
        fine = np.interp(sheet.x[0], places, shape)[None].astype(np.float32)
        fine = sheet_smooth(fine) + 0.03 * wander(dice, sheet.x, 2, 2)
        base = sheet.bottom * (-0.15 + 1.05 * part)
        sheet.below(
            np.float32(base) - fine * np.float32(0.75 * (1 - 0.45 * part)),
            palette.mix(0.9 - 0.85 * part),
        )


def sheet_smooth(line: Field) -> Field:
    """A line [1, W] without its corners."""
    width = max(line.shape[1] // 16, 1)
    padded = np.pad(line[0], (width, width), mode="edge").astype(np.float64)
    total = np.cumsum(np.concatenate([[0.0], padded]))
    mean = (total[2 * width :] - total[: -2 * width]) / (2 * width)
    return mean[: line.shape[1]].astype(np.float32)[None]


def _disc_of_bars(sheet: Sheet, brief: Brief) -> None:
    """A disc that is whole above and falls into bars below."""
    palette, dice = brief.palette, brief.dice
    radius = dice.uniform(0.66, 0.78)
    cover = _bars(sheet, brief, 26, radius, 1.2)
    upper = sheet.edge(sheet.y - 0.0)
    inside = sheet.edge(np.hypot(sheet.x, sheet.y) - np.float32(radius))
    tint = (sheet.y + radius) / np.float32(2 * radius)
    light, low = palette.accent(0), palette.mix(0.5)
    colour = light + (low - light) * np.clip(tint, 0, 1)
    sheet.glow(0, 0, radius * 1.1, palette.mix(0.5), 0.3)
    sheet.paint(colour, inside * np.maximum(upper, cover))


def _columns(sheet: Sheet, brief: Brief) -> None:
    """Columns that stand on the lower edge, each in steps."""
    palette, count = brief.palette, 12
    loud = brief.loudness(count)
    pitch = 2 * sheet.right / count
    sheet.paint(palette.mix(0.03))
    for number, height in enumerate(loud):
        x = -sheet.right + (number + 0.5) * pitch
        steps = max(round(float(height) * 15), 1)
        for step in range(steps):
            y = sheet.bottom * (0.94 - 0.11 * step)
            colour = palette.accent(0) if step >= 9 else palette.mix(0.2 + 0.06 * step)
            if step == steps - 1:
                colour = palette.accent(1)
            sheet.draw(shapes.box(x, y, pitch * 0.38, sheet.bottom * 0.038, corner=0.012), colour)
