"""Shapes as signed distances. Not drawn here; `Sheet.draw` does that. Angles in radians, turning clockwise on the sheet.

source  I. Quilez, "2D distance functions" (iquilezles.org), for the leaf and the box
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bandstand.canvas.palette import Field
from bandstand.canvas.sheet import Shape


def disc(x: float, y: float, radius: float) -> Shape:
    def distance(px: Field, py: Field) -> Field:
        return np.hypot(px - x, py - y) - np.float32(radius)

    return Shape(distance, (x - radius, y - radius, x + radius, y + radius))


def ring(x: float, y: float, radius: float, width: float) -> Shape:
    reach = radius + width / 2

    def distance(px: Field, py: Field) -> Field:
        return np.abs(np.hypot(px - x, py - y) - np.float32(radius)) - np.float32(width / 2)

    return Shape(distance, (x - reach, y - reach, x + reach, y + reach))


def box(
    x: float,
    y: float,
    half_width: float,
    half_height: float,
    *,
    turn: float = 0.0,
    corner: float = 0.0,
) -> Shape:
    reach = math.hypot(half_width, half_height)
    wide, high = (half_width, half_height) if turn == 0 else (reach, reach)
    cosine, sine = math.cos(turn), math.sin(turn)

    def distance(px: Field, py: Field) -> Field:
        dx, dy = px - x, py - y
        if turn != 0:
            dx, dy = dx * cosine + dy * sine, dy * cosine - dx * sine
        across = np.abs(dx) - np.float32(half_width - corner)
        down = np.abs(dy) - np.float32(half_height - corner)
        if corner == 0:
            return np.maximum(across, down)
        outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
        return outside + np.minimum(np.maximum(across, down), 0) - np.float32(corner)

    return Shape(distance, (x - wide, y - high, x + wide, y + high))


def line(x0: float, y0: float, x1: float, y1: float, width: float) -> Shape:
    """A stroke with round ends."""
    half = width / 2
    dx, dy = x1 - x0, y1 - y0
    length = max(dx * dx + dy * dy, 1e-12)

    def distance(px: Field, py: Field) -> Field:
        rx, ry = px - x0, py - y0
        along = np.clip((rx * dx + ry * dy) / np.float32(length), 0, 1)
        return np.hypot(rx - along * dx, ry - along * dy) - np.float32(half)

    bounds = (min(x0, x1) - half, min(y0, y1) - half, max(x0, x1) + half, max(y0, y1) + half)
    return Shape(distance, bounds)


def leaf(x: float, y: float, length: float, width: float, turn: float) -> Shape:
    """Pointed at both ends; begins at (x, y) and points along `turn`. Where two equal circles overlap."""
    half, narrow = length / 2, min(width, 0.98 * length) / 2
    offset = (half * half - narrow * narrow) / (2 * narrow)
    radius = offset + narrow
    cosine, sine = math.cos(turn), math.sin(turn)
    middle_x, middle_y = x + cosine * half, y + sine * half

    def distance(px: Field, py: Field) -> Field:
        dx, dy = px - middle_x, py - middle_y
        along = dx * cosine + dy * sine
        across = np.abs(dy * cosine - dx * sine)
        return np.hypot(along, across + np.float32(offset)) - np.float32(radius)

    wide = half * abs(cosine) + narrow * abs(sine)
    high = half * abs(sine) + narrow * abs(cosine)
    return Shape(distance, (middle_x - wide, middle_y - high, middle_x + wide, middle_y + high))


def wedge(corners: Sequence[tuple[float, float]]) -> Shape:
    """A convex polygon, its corners in clockwise order on the sheet."""

    def distance(px: Field, py: Field) -> Field:
        far: Field = np.full(np.broadcast_shapes(px.shape, py.shape), -1e9, np.float32)
        for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
            length = math.hypot(x1 - x0, y1 - y0)
            normal_x, normal_y = (y1 - y0) / length, -(x1 - x0) / length
            far = np.maximum(far, (px - x0) * normal_x + (py - y0) * normal_y)
        return far

    xs, ys = zip(*corners, strict=True)
    return Shape(distance, (min(xs), min(ys), max(xs), max(ys)))


def both(first: Shape, second: Shape) -> Shape:
    """Where both are."""
    boxes = list(zip(first.bounds, second.bounds, strict=True))
    left, top = max(boxes[0]), max(boxes[1])
    right, bottom = min(boxes[2]), min(boxes[3])
    return Shape(
        lambda x, y: np.maximum(first.distance(x, y), second.distance(x, y)),
        (left, top, max(right, left), max(bottom, top)),
    )


def without(first: Shape, second: Shape) -> Shape:
    """The first where the second is not."""
    return Shape(
        lambda x, y: np.maximum(first.distance(x, y), -second.distance(x, y)), first.bounds
    )
