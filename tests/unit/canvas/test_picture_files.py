"""Pictures as files: read back what was written, by the ways other tools read it."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from bandstand.canvas import SOFTWARE, Format, Picture, render, to_file

FORMATS: list[Format] = ["png", "jpeg", "webp"]
EXIF, COMMENT, PROGRAM = 0x8769, 0x9286, 0x0131


@pytest.fixture(scope="module")
def picture() -> Picture:
    return render("jazz, café ☕, at night", seed=42, width=96, height=64, negative="no red")


def opened(file: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(file))
    image.load()
    return image


def comment(image: Image.Image) -> str:
    said = image.getexif().get_ifd(EXIF)[COMMENT]
    assert said.startswith(b"UNICODE\0")
    return said[8:].decode("utf-16-be")


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_is_what_it_says_and_of_the_size(form: Format, picture: Picture) -> None:
    image = opened(to_file(picture, form))

    assert image.format == form.upper()
    assert image.size == (96, 64)
    assert image.mode == "RGB"


def test_a_png_holds_every_pixel(picture: Picture) -> None:
    assert (np.asarray(opened(to_file(picture, "png"))) == picture.pixels).all()


@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_a_lossy_file_looks_like_the_picture(form: Format, picture: Picture) -> None:
    read = np.asarray(opened(to_file(picture, form))).astype(int)

    assert np.abs(read - picture.pixels).mean() < 8


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_picture_gives_the_same_file(form: Format, picture: Picture) -> None:
    assert to_file(picture, form) == to_file(picture, form)


def test_a_png_tells_its_making_as_diffusion_tools_do(picture: Picture) -> None:
    lines = opened(to_file(picture, "png")).text["parameters"].split("\n")

    assert lines[0] == picture.prompt
    assert lines[1] == "Negative prompt: no red"
    settings = dict(re.findall(r"(\w[\w ]+): ([^,]+)(?:, |$)", lines[2]))
    assert settings["Seed"] == "42"
    assert settings["Size"] == "96x64"
    assert settings["Steps"] == "0"
    assert settings["Family"] == picture.family


def test_a_png_tells_all_of_it_as_json(picture: Picture) -> None:
    told = json.loads(opened(to_file(picture, "png", {"title": "Blå"})).text["bandstand"])

    assert told["prompt"] == picture.prompt
    assert (told["seed"], told["family"], told["palette"]) == (42, picture.family, picture.palette)
    assert told["text"] == {"title": "Blå"}


@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_a_lossy_file_tells_its_making_in_exif(form: Format, picture: Picture) -> None:
    said = comment(opened(to_file(picture, form, {"title": "Blå"})))

    assert said.startswith(picture.prompt)
    assert "Seed: 42" in said
    assert said.endswith("title: Blå")


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_says_that_it_was_drawn(form: Format, picture: Picture) -> None:
    image = opened(to_file(picture, form, describe=False))

    said = image.text["Software"] if form == "png" else image.getexif()[PROGRAM]
    assert said == SOFTWARE
    assert "drawn, not diffused" in said


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_of_the_prompt_is_written_when_that_is_wished(
    form: Format, picture: Picture
) -> None:
    file = to_file(picture, form, describe=False)

    assert b"jazz" not in file
    assert "jazz".encode("utf-16-be") not in file


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("prompt", ["\ud800\x00", "🎷" * 5000, "a\nSteps: 99, Seed: 1"], ids=ascii)
def test_hostile_prompts_fit_into_files(form: Format, prompt: str) -> None:
    drawn = render(prompt, seed=1, width=64, height=64, negative=prompt)

    assert opened(to_file(drawn, form, {"title": prompt})).size == (64, 64)
