"""Laws that hold for whatever is drawn: the same bytes, any size, never empty, never the same four times."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from bandstand.canvas import FAMILIES, PALETTES, Picture, render
from bandstand.errors import Invalid

HOSTILE = ["", " ", "\x00\x1b[31m", "🎷🌧️🏙️", "a" * 5000, "нет \u202e звука", "\ud800", "%s{}${x}"]
PROMPTS = ["synthwave sunset", "sad piano in the rain", "techno", "", "bossa nova on the beach"]


def small(prompt: str = "", *, seed: int = 7, side: int = 64, **more: object) -> Picture:
    return render(prompt, seed=seed, width=side, height=side, **more)


def lightness(picture: Picture) -> np.ndarray:
    return picture.pixels.astype(float).mean(axis=2) / 255


def apart(first: Picture, second: Picture) -> float:
    """Mean difference of two pictures, 0..1."""
    return float(np.abs(first.pixels.astype(int) - second.pixels.astype(int)).mean() / 255)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("width", "height"), [(64, 64), (300, 500), (400, 64)])
def test_every_family_is_drawn_in_every_variant_and_shape(
    family: str, width: int, height: int
) -> None:
    for seed in range(4):
        picture = render("", seed=seed, width=width, height=height, family=family)

        assert picture.pixels.shape == (height, width, 3)
        assert picture.pixels.dtype == np.uint8
        assert picture.family == family


@pytest.mark.parametrize("palette", PALETTES)
def test_every_palette_makes_a_picture_with_contrast(palette: str) -> None:
    for family in FAMILIES:
        picture = small(palette, palette=palette, family=family)

        assert picture.palette == palette
        assert lightness(picture).std() > 0.05


@pytest.mark.parametrize("family", FAMILIES)
def test_no_picture_is_nearly_blank(family: str) -> None:
    for seed in range(8):
        light = (lightness(small(seed=seed, side=128, family=family)) * 31).astype(int)
        shares = np.bincount(light.ravel()) / light.size
        entropy = -sum(share * np.log2(share) for share in shares if share > 0)

        assert entropy > 1.2


@pytest.mark.parametrize("family", FAMILIES)
def test_one_seed_gives_the_same_bytes_again(family: str) -> None:
    first, again = (small("x", seed=3, family=family) for _ in range(2))

    assert first.pixels.tobytes() == again.pixels.tobytes()


def test_another_process_draws_the_same_bytes() -> None:
    program = (
        "import hashlib; from bandstand.canvas import render; "
        "print(hashlib.sha256(render('jazz', seed=5, width=96, height=96).pixels).hexdigest())"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for salt in ("1", "2")
    ]

    assert told[0] == told[1] != ""


@pytest.mark.parametrize("prompt", PROMPTS)
def test_four_seeds_of_a_prompt_differ_visibly(prompt: str) -> None:
    four = [small(prompt, seed=seed, side=96) for seed in range(4)]

    assert min(apart(*pair) for pair in itertools.combinations(four, 2)) > 0.08


@pytest.mark.parametrize("family", FAMILIES)
def test_four_seeds_of_a_family_differ_visibly(family: str) -> None:
    four = [small("x", seed=seed, side=96, family=family) for seed in range(4)]

    assert min(apart(*pair) for pair in itertools.combinations(four, 2)) > 0.08


@pytest.mark.parametrize("family", FAMILIES)
def test_a_larger_picture_is_the_same_picture(family: str) -> None:
    for seed in range(4):
        little, large = (small("x", seed=seed, side=side, family=family) for side in (256, 512))
        reduced = np.asarray(Image.fromarray(large.pixels).reduce(2)).astype(int)

        assert np.abs(reduced - little.pixels).mean() / 255 < 0.04


@pytest.mark.parametrize("prompt", HOSTILE, ids=ascii)
def test_any_prompt_makes_a_picture(prompt: str) -> None:
    assert small(prompt, negative=prompt).pixels.shape == (64, 64, 3)


@pytest.mark.parametrize("seed", [0, -1, 2**31, 2**63, 10**30])
def test_any_whole_number_is_a_seed(seed: int) -> None:
    assert small("jazz", seed=seed).seed == seed


@pytest.mark.parametrize(
    ("field", "sides"), [("width", (63, 64)), ("width", (2049, 64)), ("height", (64, 0))]
)
def test_a_size_out_of_range_is_refused(field: str, sides: tuple[int, int]) -> None:
    with pytest.raises(Invalid, match="must be 64 to 2048") as caught:
        render("", seed=1, width=sides[0], height=sides[1])

    assert caught.value.problems[0].field == field


@pytest.mark.parametrize("family", ["rings", "ridges", "waveform"])
def test_a_picture_of_music_follows_its_loudness(family: str) -> None:
    rising, falling = np.linspace(0.05, 1, 200), np.linspace(1, 0.05, 200)
    for seed in range(4):
        first = small("x", seed=seed, family=family, envelope=rising)
        second = small("x", seed=seed, family=family, envelope=falling)

        assert apart(first, second) > 0.003


def test_the_scale_of_the_loudness_does_not_matter() -> None:
    heard = np.abs(np.sin(np.arange(300)))
    first = small("x", family="waveform", envelope=heard)
    second = small("x", family="waveform", envelope=heard * 4)

    assert first.pixels.tobytes() == second.pixels.tobytes()


@pytest.mark.parametrize("envelope", [[], [0.0] * 9, [float("nan")] * 9, [float("inf"), 1.0]])
def test_silence_and_nonsense_are_no_music_but_still_a_picture(envelope: list[float]) -> None:
    for family in ("rings", "ridges", "waveform"):
        assert lightness(small("x", family=family, envelope=envelope)).std() > 0.05
