"""Twenty pictures as they were: a change of a family, a palette or a library that anybody could see is noticed here.

After a wanted change: .venv/bin/python tests/unit/canvas/test_golden.py writes golden.json anew; look at the contact sheet first.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from bandstand.canvas import render

GOLDEN = Path(__file__).with_name("golden.json")
PROMPTS = ("synthwave", "calm piano", "bossa nova, green", "dark techno", "")
SEEDS = range(4)
SIDE, CELLS = 64, 4
LEVELS = 2  # of 255: other releases of numpy and Pillow may round otherwise


def seen(prompt: str, seed: int) -> list[list[int]]:
    """The mean colours of 4 x 4 fields."""
    pixels = render(prompt, seed=seed, width=SIDE, height=SIDE).pixels.astype(float)
    cell = SIDE // CELLS
    fields = pixels.reshape(CELLS, cell, CELLS, cell, 3).mean(axis=(1, 3))
    return np.rint(fields).astype(int).reshape(-1, 3).tolist()


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_picture_looks_as_it_did(prompt: str, seed: int) -> None:
    golden = json.loads(GOLDEN.read_text())[f"{prompt}|{seed}"]

    assert np.abs(np.subtract(seen(prompt, seed), golden)).max() <= LEVELS


if __name__ == "__main__":
    pictures = {f"{prompt}|{seed}": seen(prompt, seed) for prompt in PROMPTS for seed in SEEDS}
    rows = (f"{json.dumps(name)}: {json.dumps(fields)}" for name, fields in pictures.items())
    GOLDEN.write_text("{\n" + ",\n".join(rows) + "\n}\n")
