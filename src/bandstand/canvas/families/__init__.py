"""All families by name: one kind of picture each. What they show, and which music they suit, stands in the .toml files beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bandstand.canvas.brief import Brief
from bandstand.canvas.families import (
    brush,
    facets,
    horizon,
    land,
    lines,
    night,
    paper,
    poster,
    sound,
)
from bandstand.canvas.sheet import Sheet

Family = Callable[[Sheet, Brief], None]

FAMILIES: Mapping[str, Family] = {
    "sun": horizon.draw_sun,
    "sea": horizon.draw_sea,
    "hills": land.draw_hills,
    "dunes": land.draw_dunes,
    "aurora": land.draw_aurora,
    "city": night.draw_city,
    "planet": night.draw_planet,
    "tiles": poster.draw_tiles,
    "bands": poster.draw_bands,
    "poster": poster.draw_poster,
    "shards": facets.draw_shards,
    "mandala": facets.draw_mandala,
    "rings": sound.draw_rings,
    "ridges": sound.draw_ridges,
    "waveform": sound.draw_waveform,
    "flow": lines.draw_flow,
    "contours": lines.draw_contours,
    "cutouts": paper.draw_cutouts,
    "leaves": paper.draw_leaves,
    "ink": brush.draw_ink,
    "bloom": brush.draw_bloom,
}
