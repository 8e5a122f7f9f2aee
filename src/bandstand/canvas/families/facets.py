"""Crystals and rosettes. The variant is the layout."""

from __future__ import annotations

import math

import numpy as np

from bandstand.canvas import shapes
from bandstand.canvas.brief import Brief
from bandstand.canvas.palette import Field
from bandstand.canvas.sheet import Sheet, smooth


def draw_shards(sheet: Sheet, brief: Brief) -> None:
    """Facets of glass or stone. The variant: a field of them, a burst, a gem, crossing beams."""
    sheet.paint(brief.ground(0.05))
    (_facets, _burst, _gem, _beams)[brief.variant](sheet, brief)


def _facets(sheet: Sheet, brief: Brief) -> None:
    dice, palette = brief.dice, brief.palette
    step = 2 / int(dice.choice([6, 8, 10]))
    columns, rows = math.ceil(sheet.right / step) + 2, math.ceil(sheet.bottom / step) + 2
    xs, ys = np.meshgrid(np.arange(-columns, columns + 1) * step, np.arange(-rows, rows + 1) * step)
    points = np.stack([xs, ys], axis=2) + dice.uniform(-0.38, 0.38, (*xs.shape, 2)) * step
    bend = dice.normal(0, 1.4, (3, 2))
    high = np.sin(points @ bend.T + dice.uniform(0, 6, 3)).sum(axis=2) + dice.normal(
        0, 0.35, xs.shape
    )
    corners = np.concatenate([points, high[..., None]], axis=2)
    outlines: list[np.ndarray] = []
    places: list[float] = []
    for row in range(2 * rows):
        for column in range(2 * columns):
            a, b = corners[row, column], corners[row, column + 1]
            c, d = corners[row + 1, column], corners[row + 1, column + 1]
            for face in ((a, b, c), (b, d, c)) if (row + column) % 2 else ((a, b, d), (a, d, c)):
                flat = np.stack(face)
                lean = np.cross(flat[1] - flat[0], flat[2] - flat[0])
                light = float(lean @ (-0.5, -0.7, 0.35) / np.linalg.norm(lean))
                height = float(flat[:, 2].mean())
                outlines.append(flat[:, :2])
                places.append(height / 3 + 0.7 * light)
    low, high = np.quantile(places, (0.03, 0.97))
    tones = np.clip((np.array(places) - low) / (high - low), 0, 1) * 0.92 + 0.04
    bright = dice.random(len(places)) < 0.025
    sheet.mosaic(
        outlines,
        [
            palette.accent(0) if b else palette.mix(float(t))
            for b, t in zip(bright, tones, strict=True)
        ],
    )


def _burst(sheet: Sheet, brief: Brief) -> None:
    """Splinters that fly from one point."""
    dice, palette = brief.dice, brief.palette
    x, y = dice.uniform(-0.3, 0.3), dice.uniform(-0.3, 0.3)
    sheet.glow(x, y, 0.8, palette.mix(0.6), 0.5)
    outlines: list[np.ndarray] = []
    colours: list[Field] = []
    for _ in range(150):
        turn, away = dice.uniform(0, 2 * math.pi), 0.12 + 1.5 * dice.random() ** 0.8
        long, wide = away * dice.uniform(0.15, 0.55), (0.015 + 0.09 * away) * dice.uniform(0.3, 1.2)
        ahead = np.array([math.cos(turn), math.sin(turn)])
        aside = np.array([-ahead[1], ahead[0]])
        root = np.array([x, y]) + ahead * away
        bend = dice.uniform(-0.5, 0.5)
        tip, tail = root + ahead * long, root - ahead * long * 0.4
        outlines += [
            np.stack([tail, root + aside * wide, tip]),
            np.stack([tail, root - aside * wide, tip]),
        ]
        tone = palette.mix(0.25 + 0.75 * float(dice.random()))
        if dice.random() < 0.2:
            tone = palette.accent(int(dice.integers(2)))
        colours += [tone * np.float32(0.98), tone * np.float32(0.62 + 0.2 * bend)]
    sheet.mosaic(outlines, colours)


def _gem(sheet: Sheet, brief: Brief) -> None:
    """One cut stone in the middle."""
    dice, palette = brief.dice, brief.palette
    sheet.glow(0, 0, 0.75, palette.mix(0.55), 0.45)
    sides = int(dice.choice([7, 8, 9, 10]))
    turns = np.linspace(0, 2 * math.pi, sides, endpoint=False) + dice.uniform(0, 1)
    turns = turns + dice.uniform(-0.16, 0.16, sides)
    outer = (
        np.stack([np.cos(turns), np.sin(turns)], axis=1)
        * dice.uniform(0.66, 0.86, (sides, 1))
        * (0.86, 1)
    )
    middle = turns + math.pi / sides
    inner = np.stack([np.cos(middle), np.sin(middle)], axis=1) * dice.uniform(0.3, 0.44, (sides, 1))
    heart = dice.uniform(-0.1, 0.1, 2)
    outlines: list[np.ndarray] = []
    colours: list[Field] = []
    for number in range(sides):
        after = (number + 1) % sides
        faces = [
            (outer[number], outer[after], inner[number]),
            (inner[number - 1], outer[number], inner[number]),
            (inner[number], inner[after], heart),
        ]
        for depth, face in enumerate(faces):
            centre = np.mean(face, axis=0)
            light = float(centre @ (-0.55, -0.8)) + 0.16 * depth + dice.uniform(-0.14, 0.14)
            outlines.append(np.stack(face))
            colours.append(palette.mix(float(np.clip(0.52 + 0.6 * light, 0.06, 1))))
    sheet.mosaic(outlines, colours)
    sheet.glow(-0.3, -0.42, 0.1, palette.mix(1.0), 0.6)


def _beams(sheet: Sheet, brief: Brief) -> None:
    """Sheets of light that cross."""
    dice, palette = brief.dice, brief.palette
    sheet.paint(palette.mix(0.02 + 0.14 * smooth(-sheet.bottom, sheet.bottom, sheet.y)))
    tones = (palette.accent(0), palette.mix(0.55), palette.accent(1), palette.mix(0.75))
    for number in range(9):
        turn, shift = (
            dice.uniform(-0.9, 0.9) + (math.pi / 2) * (number % 2),
            dice.uniform(-0.7, 0.7),
        )
        across = (
            sheet.x * np.float32(math.sin(turn))
            - sheet.y * np.float32(math.cos(turn))
            - np.float32(shift)
        )
        along = sheet.x * np.float32(math.cos(turn)) + sheet.y * np.float32(math.sin(turn))
        wide = np.float32(dice.uniform(0.12, 0.42)) * (1 + 0.5 * along)
        fade = np.clip(1 - across / np.maximum(wide, 0.01), 0, 1) * sheet.edge(-across)
        sheet.paint(tones[number % 4], fade * np.float32(0.8) * (wide > 0), how="screen")


def draw_mandala(sheet: Sheet, brief: Brief) -> None:
    """A rosette: rings of petals from the rim inwards. The variant: printed dark or light, with many petals or few."""
    dice = brief.dice
    sheet.paint(brief.ground(0.02))
    away, turn = np.hypot(sheet.x, sheet.y), np.arctan2(sheet.x, -sheet.y)
    fold = int(dice.choice([6, 8])) if brief.variant < 2 else int(dice.choice([10, 12, 16]))
    sheet.paint(brief.ground(0.2), smooth(1.35, 0.2, away) * np.float32(0.75))
    tones = [*brief.palette.loud, brief.ground(0.92)]
    reach, number = 0.95, 0
    while reach > 0.14:
        depth = reach * dice.uniform(0.2, 0.34)
        times = fold * (2 if reach > 0.6 and dice.random() < 0.5 else 1)
        shift = 0.5 * (number % 2)
        folded = ((turn / np.float32(2 * math.pi) * times + shift) % 1 - 0.5) * np.float32(
            2 * math.pi / times
        )
        x, y = away * np.sin(folded), away * np.cos(folded)
        tone = tones[(number + brief.variant) % 6]
        KINDS[int(dice.integers(len(KINDS)))](
            sheet, (x, y), (reach, depth, times), tone, brief.ground(0.04)
        )
        reach -= depth * dice.uniform(0.62, 0.85)
        number += 1
    for size, tone in (
        (reach, tones[number % 6]),
        (reach * 0.6, brief.ground(0.04)),
        (reach * 0.35, tones[0]),
    ):
        sheet.draw(shapes.disc(0, 0, size), tone)


def _petals(
    sheet: Sheet,
    place: tuple[Field, Field],
    ring: tuple[float, float, int],
    tone: Field,
    back: Field,
) -> None:
    (x, y), (reach, depth, times) = place, ring
    half = min(math.pi * reach / times * 0.92, depth * 0.6)
    offset = (depth * depth - half * half) / (2 * half)
    radius = offset + half
    for grow, colour in ((0.018, back), (0.0, tone), (-half * 0.5, back), (-half * 0.72, tone)):
        lens = np.hypot(y - np.float32(reach - depth), np.abs(x) + np.float32(offset)) - np.float32(
            radius + grow
        )
        sheet.paint(colour, sheet.edge(lens))


def _beads(
    sheet: Sheet,
    place: tuple[Field, Field],
    ring: tuple[float, float, int],
    tone: Field,
    back: Field,
) -> None:
    (x, y), (reach, depth, times) = place, ring
    size = min(math.pi * reach / times * 0.6, depth * 0.3)
    bead = np.hypot(x, y - np.float32(reach - size)) - np.float32(size)
    for grow, colour in ((0.0, tone), (-size * 0.45, back)):
        sheet.paint(colour, sheet.edge(bead - np.float32(grow)))
    away = np.hypot(x, y)
    sheet.paint(
        tone, sheet.edge(np.abs(away - np.float32(reach - depth * 0.8)) - np.float32(0.006))
    )


def _spikes(
    sheet: Sheet,
    place: tuple[Field, Field],
    ring: tuple[float, float, int],
    tone: Field,
    back: Field,
) -> None:
    (x, y), (reach, depth, times) = place, ring
    half = math.pi * (reach - depth) / times
    slope = half / depth
    edge = (np.abs(x) - (np.float32(reach) - y) * np.float32(slope)) / np.float32(
        math.hypot(1, slope)
    )
    inner = np.float32(reach - depth) - y
    for grow, colour in ((0.016, back), (0.0, tone), (-half * 0.4, back)):
        sheet.paint(colour, sheet.edge(np.maximum(edge, inner) - np.float32(grow)))


def _scallops(
    sheet: Sheet,
    place: tuple[Field, Field],
    ring: tuple[float, float, int],
    tone: Field,
    back: Field,
) -> None:
    (x, y), (reach, depth, times) = place, ring
    size = min(math.pi * reach / times, depth)
    lobe = np.hypot(x, y - np.float32(reach - size)) - np.float32(size)
    for grow, colour in ((0.014, back), (0.0, tone), (-0.2 * size, back), (-0.32 * size, tone)):
        disc = np.hypot(x, y) - np.float32(reach - size + grow)
        sheet.paint(colour, sheet.edge(np.minimum(lobe - np.float32(grow), disc)))


KINDS = (_petals, _petals, _beads, _spikes, _scallops)
