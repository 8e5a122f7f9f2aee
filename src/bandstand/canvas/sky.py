"""Skies for the families that have one: colours by the time of day, stars, sun or moon, clouds."""

from __future__ import annotations

import math

import numpy as np

from bandstand.canvas import shapes
from bandstand.canvas.brief import DAWN, DAY, DUSK, NIGHT, Brief
from bandstand.canvas.palette import Field
from bandstand.canvas.sheet import Sheet, smooth

# Places of the ramp at the zenith and at the horizon.
HEIGHTS = {DAWN: (0.55, 1.0), DAY: (0.72, 0.98), DUSK: (0.1, 0.82), NIGHT: (0.0, 0.36)}


def paint(sheet: Sheet, brief: Brief, horizon: float) -> None:
    """The whole sheet, from the zenith to the horizon and on beyond it."""
    zenith, low = HEIGHTS[brief.variant]
    down = np.clip((sheet.y + sheet.bottom) / (horizon + sheet.bottom), 0, 1)
    sheet.paint(brief.palette.mix(zenith + (low - zenith) * down**1.25))
    if brief.variant == NIGHT:
        stars(sheet, brief, 150, until=horizon)


def stars(sheet: Sheet, brief: Brief, count: int, *, until: float | None = None) -> None:
    """Few are bright, and none is below `until`."""
    dice, light = brief.dice, brief.palette.mix(1.0)
    until = sheet.bottom if until is None else until
    for number in range(round(count * sheet.right * sheet.bottom)):
        x = dice.uniform(-sheet.right, sheet.right)
        y = dice.uniform(-sheet.bottom, until)
        bright = float(dice.random() ** 4)
        size = 0.0025 + 0.006 * bright
        fade = float(np.clip((until - y) * 3, 0, 1))
        sheet.draw(shapes.disc(x, y, size), light, opacity=(0.3 + 0.7 * bright) * fade, soft=size)
        if number % 40 == 0:
            sheet.glow(x, y, 0.02, light, 0.5 * fade)


def body(sheet: Sheet, brief: Brief, x: float, y: float, radius: float) -> None:
    """The sun, or by night the moon: a disc and the light around it."""
    palette = brief.palette
    if brief.variant == NIGHT:
        sheet.glow(x, y, radius * 2.2, palette.mix(0.7), 0.35)
        moon = shapes.disc(x, y, radius)
        if brief.dice.random() < 0.5:
            shift = radius * 0.45
            moon = shapes.without(moon, shapes.disc(x + shift, y - shift * 0.5, radius * 0.92))
        sheet.draw(moon, palette.mix(0.96))
        return
    colour = palette.mix(1.0) if brief.variant == DAWN else palette.accent(0)
    sheet.glow(x, y, radius * 1.9, palette.mix(0.9), 0.55 if brief.variant == DUSK else 0.3)
    sheet.draw(shapes.disc(x, y, radius), colour)


def clouds(sheet: Sheet, brief: Brief, horizon: float, strength: float = 0.5) -> None:
    """Long streaks, denser towards the horizon."""
    noise = sheet.cloud(brief.dice, 7, 4, stretch=5)
    high = smooth(-sheet.bottom, horizon, sheet.y) * smooth(horizon + 0.15, horizon - 0.1, sheet.y)
    light = 0.5 if brief.variant == NIGHT else 1.0
    sheet.paint(brief.palette.mix(light), smooth(0.52, 0.85, noise) * high * np.float32(strength))


def birds(sheet: Sheet, brief: Brief, x: float, y: float, count: int, colour: Field) -> None:
    """A few far away: two short curves each."""
    outlines: list[Field] = []
    for _ in range(count):
        size = brief.dice.uniform(0.02, 0.04)
        left = x + brief.dice.uniform(-0.3, 0.3)
        top = y + brief.dice.uniform(-0.12, 0.12)
        for side in (-1, 1):
            along = np.linspace(0, 1, 8)
            rise = np.sin(along * math.pi * 0.8) * 0.45
            outlines.append(np.stack([left + side * along * size, top - rise * size], axis=1))
    sheet.paint(colour, sheet.stencil(outlines, width=0.006))
