"""Contact sheets of the canvas: many small covers on one picture, for people to look at. Called by scripts/contact-sheet.

No test: whether a cover is beautiful is for eyes. What can be measured of it stands in tests/unit/canvas.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from bandstand.canvas import FAMILIES, PALETTES, Picture, render

STYLES = Path(__file__).parents[1] / "src/bandstand/composer/plan/styles"
SIDE, GAP, SEEDS, ROWS = 192, 4, 4, 14


def main(arguments: Sequence[str]) -> int:
    if not arguments:
        sys.stderr.write("scripts/contact-sheet FILE.png [families|genres|PROMPT]\n")
        return 2
    what = " ".join(arguments[1:]) or "families"
    rows = {"families": families, "genres": genres}.get(what, lambda: seeds(what))
    pasted(list(rows())).save(arguments[0])
    return 0


def families() -> Iterator[list[Picture]]:
    """Each family in palettes that move on, so that every palette is seen somewhere."""
    palettes = list(PALETTES)
    for row, family in enumerate(FAMILIES):
        yield [
            render(
                family,
                seed=seed,
                width=SIDE,
                height=SIDE,
                family=family,
                palette=palettes[(SEEDS * row + seed) % len(palettes)],
            )
            for seed in range(SEEDS)
        ]


def genres() -> Iterator[list[Picture]]:
    for file in sorted(STYLES.glob("*.toml")):
        yield next(seeds(tomllib.loads(file.read_text())["title"]))


def seeds(prompt: str) -> Iterator[list[Picture]]:
    yield [render(prompt, seed=seed, width=SIDE, height=SIDE) for seed in range(SEEDS)]


def pasted(rows: Sequence[Sequence[Picture]]) -> Image.Image:
    """Rows below one another; after ROWS of them, beside them."""
    step = SIDE + GAP
    bands = -(-len(rows) // ROWS)
    high = min(len(rows), ROWS)
    sheet = Image.new("RGB", (bands * (SEEDS * step + 4 * GAP), high * step), (24, 24, 26))
    for number, row in enumerate(rows):
        band, line = divmod(number, ROWS)
        for column, picture in enumerate(row):
            place = (band * (SEEDS * step + 4 * GAP) + column * step, line * step)
            sheet.paste(Image.fromarray(picture.pixels), place)
    return sheet


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
