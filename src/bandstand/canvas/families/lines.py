"""Lines that follow a wind, and lines of a map. The variant is the layout."""

from __future__ import annotations

import math

import numpy as np

from bandstand.canvas import shapes
from bandstand.canvas.brief import Brief
from bandstand.canvas.palette import Field
from bandstand.canvas.sheet import Sheet, smooth


def draw_flow(sheet: Sheet, brief: Brief) -> None:
    """Lines that follow one wind. The variant: fine or broad, on the whole sheet or in a disc."""
    dice, palette = brief.dice, brief.palette
    broad = brief.variant in {1, 2}
    count, steps, stride = (420, 46, 0.03) if not broad else (230, 34, 0.035)
    sheet.paint(brief.ground(0.04))
    places = dice.uniform(-1.15, 1.15, (count, 2)) * (sheet.right, sheet.bottom)
    wind = _Wind(dice)
    path = [places]
    for _ in range(steps):
        turn = wind.at(path[-1])
        path.append(path[-1] + stride * np.stack([np.cos(turn), np.sin(turn)], axis=1))
    lines = np.stack(path, axis=1).astype(np.float32)  # [count, steps, 2]
    disc = sheet.edge(np.hypot(sheet.x, sheet.y) - np.float32(0.82)) if brief.variant >= 2 else 1.0
    tones = [brief.ground(0.9), *palette.loud[:4]]
    order = np.argsort(lines[:, 0] @ dice.normal(size=2) + dice.normal(0, 0.25, count))
    for number in range(10):
        own = lines[order[number * count // 10 : (number + 1) * count // 10]]
        width = (0.034 if broad else 0.008) * dice.uniform(0.5, 1.5)
        cover = sheet.stencil(own, width=width)
        if broad:
            shadow = sheet.blurred(cover, 0.05) * np.float32(0.4)
            sheet.paint(palette.mix(0.0), shadow * disc, how="over")
        sheet.paint(tones[number % 5], cover * disc)
    if brief.variant == 0:
        sun = shapes.disc(dice.uniform(-0.4, 0.4), dice.uniform(-0.4, 0.4), dice.uniform(0.18, 0.3))
        sheet.draw(sun, palette.accent(0))


class _Wind:
    """A direction everywhere: few slow waves on one another."""

    def __init__(self, dice: np.random.Generator) -> None:
        self.waves = dice.normal(0, 1.3, (4, 2))
        self.phases = dice.uniform(0, 6.3, 4)
        self.turn = dice.uniform(0, 6.3)

    def at(self, places: np.ndarray) -> np.ndarray:
        return self.turn + 0.95 * np.sin(places @ self.waves.T + self.phases).sum(axis=1)


def _heights(sheet: Sheet, brief: Brief) -> Field:
    """Smooth land that lies in no direction more than in another: slow waves, bent by others. About 0..1"""
    dice, total = brief.dice, np.zeros((sheet.height, sheet.width), np.float32)
    bend_x = sheet.x + 0.16 * np.sin(sheet.y * np.float32(2.3) + np.float32(dice.uniform(0, 6)))
    bend_y = sheet.y + 0.16 * np.sin(sheet.x * np.float32(2.1) + np.float32(dice.uniform(0, 6)))
    for number in range(6):
        turn, pace = dice.uniform(0, 2 * math.pi), dice.uniform(1.6, 3.6)
        phase = np.float32(dice.uniform(0, 2 * math.pi))
        across, down = np.float32(math.cos(turn) * pace), np.float32(math.sin(turn) * pace)
        total += np.sin(bend_x * across + bend_y * down + phase) * np.float32(1 - 0.1 * number)
    return np.float32(0.5) + total * np.float32(0.13)


def draw_contours(sheet: Sheet, brief: Brief) -> None:
    """A map of heights; every fifth line is stronger. The variant: ink on paper or light on dark, filled or not."""
    dice, palette = brief.dice, brief.palette
    field = _heights(sheet, brief)
    down, across = np.gradient(field, sheet.pixel)
    slope = np.hypot(down, across).astype(np.float32) + 1e-3
    levels = int(dice.choice([18, 24, 30])) if brief.variant < 2 else 9
    place = field * levels
    if brief.variant >= 2:
        for step in range(levels):
            part = step / (levels - 1)
            away = (np.float32(0.16 + 0.68 * part) - field) / slope
            tone = palette.mix(part if brief.variant == 2 else 1 - part)
            sheet.paint(palette.mix(0.0), smooth(0.07, -0.03, away) * np.float32(0.3))
            sheet.paint(palette.accent(0) if step == levels // 2 else tone, sheet.edge(away))
        return
    sheet.paint(brief.ground(0.04))
    level = np.float32(round(0.6 * levels) / levels)
    sheet.paint(palette.accent(0), sheet.edge((level - field) / slope))
    line = np.abs(place - np.round(place)) / (levels * slope)
    strong = (np.round(place) % 5 == 0).astype(np.float32)
    sheet.paint(brief.ground(0.9), sheet.edge(line - (0.0025 + 0.0045 * strong)))
