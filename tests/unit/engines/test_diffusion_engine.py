"""The engine `diffusion`: its models, files with what they were made from, cancel, and what is told when something is missing."""

from __future__ import annotations

import asyncio
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_files import save_kohya, save_single
from tiny_pictures import tiny_pictures, tiny_pipeline, write_tokenizer

from bandstand.diffusion.numbers import has_bfloat16, precisions_on
from bandstand.engines import Artist, Equipment, Inputs
from bandstand.engines.diffusion import DiffusionArtist, Steady, choose_precision, open_engine
from bandstand.errors import Failed, Invalid, Misconfigured, NotFound
from bandstand.specs import ImageSpec, Lora, PictureFormat

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Reported:
    def __init__(self) -> None:
        self.fractions: list[float] = []
        self.lines: list[str] = []
        self.begun = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def progress(self, fraction: float) -> None:
        self.fractions.append(fraction)
        if fraction > 0:
            self._loop.call_soon_threadsafe(self.begun.set)

    def log(self, line: str) -> None:
        self.lines.append(line)

    def audio(self, stretch: object) -> None: ...
    def preview(self, jpeg: bytes) -> None: ...


@pytest.fixture
def models(tmp_path: Path) -> Path:
    shutil.copytree(tiny_pictures("sd-1"), tmp_path / "models" / "mine")
    return tmp_path / "models"


def artist(models: Path, **more: Any) -> DiffusionArtist:
    return open_engine(Equipment(models=models, device="cpu", precision="float32", **more))


def wish(**more: Any) -> ImageSpec:
    usual = {"prompt": "a red bird", "model": "mine", "width": 64, "height": 64, "steps": 3}
    return ImageSpec(**{**usual, "seed": 5, **more})


def opened(content: bytes | Path) -> Image.Image:
    assert isinstance(content, bytes)
    return Image.open(io.BytesIO(content))


def png(side: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), (200, 40, 40)).save(out, "PNG")
    return out.getvalue()


async def drawn(models: Path, spec: ImageSpec, inputs: Inputs | None = None) -> list[bytes]:
    engine = artist(models)
    made = await engine.draw(spec, inputs or Inputs(), Reported())
    await engine.stop()
    return [bytes(p.content) for p in made.pictures if isinstance(p.content, bytes)]


def test_it_is_an_artist(tmp_path: Path):
    assert isinstance(artist(tmp_path), Artist)


async def test_pictures_are_finished_files_that_tell_their_seeds(models: Path):
    engine = artist(models)
    report = Reported()

    made = await engine.draw(wish(count=2), Inputs(), report)
    await engine.stop()

    assert [picture.name for picture in made.pictures] == ["image-1.png", "image-2.png"]
    assert [picture.about["seed"] for picture in made.pictures] == [5, 6]
    assert {picture.kind for picture in made.pictures} == {"image"}
    assert made.about == {"device": "cpu", "precision": "float32"}
    assert report.lines == ["loading mine on cpu in float32"]
    assert report.fractions[-1] == 1.0


async def test_same_bytes_come_alone_and_among_others(models: Path):
    both = await drawn(models, wish(count=2))
    alone = await drawn(models, wish(seed=6))

    def pixels(content: bytes) -> Any:
        return np.asarray(opened(content))

    assert (pixels(both[1]) == pixels(alone[0])).all()
    assert both[1] == alone[0]


async def test_png_tells_other_tools_how_it_was_made(models: Path):
    """Read with the expression that the web interfaces' readers share: pairs of a name and a value, parted by commas."""
    spec = wish(negative="sun, moon", scheduler="dpm++-2m-karras", guidance=5.5, prompt="a\nbird")

    (content,) = await drawn(models, spec)

    text = opened(content).text
    *_, negative, settings = text["parameters"].split("\n")
    pairs = dict(re.findall(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)', settings))
    assert text["parameters"].startswith("a bird\n")
    assert negative == "Negative prompt: sun, moon"
    assert (pairs["Steps"], pairs["Seed"], pairs["Size"]) == ("3", "5", "64x64")
    assert (pairs["Sampler"], pairs["Schedule type"]) == ("DPM++ 2M", "Karras")
    assert (pairs["CFG scale"], pairs["Model"]) == ("5.5", "mine")
    assert json.loads(text["bandstand"])["negative"] == "sun, moon"


async def test_nothing_is_told_when_that_is_wished(models: Path):
    (content,) = await drawn(models, wish(describe=False))

    assert opened(content).text == {"Software": "Bandstand diffusion"}


@pytest.mark.parametrize("form", [PictureFormat.JPEG, PictureFormat.WEBP])
async def test_other_formats_tell_it_in_exif(models: Path, form: PictureFormat):
    (content,) = await drawn(models, wish(format=form))

    image = opened(content)
    comment = image.getexif().get_ifd(0x8769)[0x9286]
    assert image.format == form.value.upper()
    assert comment.removeprefix(b"UNICODE\0").decode("utf-16-be").startswith("a red bird\nSteps: 3")


async def test_picture_to_start_from_is_used(models: Path):
    start = Inputs(picture=png(90))

    from_it = await drawn(models, wish(strength=0.5), start)

    assert from_it != await drawn(models, wish())
    assert from_it == await drawn(models, wish(strength=0.5), start)


async def test_lora_is_found_by_its_name_in_a_folder_or_beside_them(models: Path):
    lora = save_kohya(tiny_pipeline("sd-1").unet, models / "style.safetensors")
    (models / "style-too").mkdir()
    shutil.copy(lora, models / "style-too" / "any.safetensors")
    plain = await drawn(models, wish(describe=False))

    with_it = [
        await drawn(models, wish(describe=False, loras=(Lora(name=name, weight=0.8),)))
        for name in ("style", "style.safetensors", "style-too")
    ]

    assert with_it[0] != plain
    assert with_it[0] == with_it[1] == with_it[2]


async def test_lora_that_is_not_there_is_told(models: Path):
    with pytest.raises(Failed, match="no LoRA 'style'"):
        await drawn(models, wish(loras=(Lora(name="style"),)))


async def test_model_is_no_lora(models: Path):
    with pytest.raises(Failed, match="no LoRA 'mine'"):
        await drawn(models, wish(loras=(Lora(name="mine"),)))


async def test_model_without_weights_is_told(tmp_path: Path):
    with pytest.raises(NotFound, match="'mine' has no weights here"):
        await drawn(tmp_path, wish())


async def test_broken_model_is_told_with_its_reason(models: Path):
    shutil.rmtree(models / "mine" / "vae")

    with pytest.raises(Invalid, match="part vae"):
        await drawn(models, wish())


async def test_model_that_is_too_large_for_its_memory_is_told(models: Path):
    with pytest.raises(Failed, match="BANDSTAND_MEMORY_GB"):
        await artist(models, memory_gb=0.1).draw(wish(), Inputs(), Reported())


async def test_single_file_asks_for_its_tokenizer_and_then_draws(tmp_path: Path):
    models = tmp_path / "models"
    (models / "mine").mkdir(parents=True)
    save_single(tiny_pipeline("sd-1"), "sd-1", models / "mine" / "any.safetensors")

    with pytest.raises(Misconfigured, match="bandstand models pull clip-tokenizer"):
        await drawn(models, wish())

    write_tokenizer(models / "clip-tokenizer")
    shutil.copytree(tiny_pictures("sd-1"), tmp_path / "folders" / "mine")
    assert await drawn(models, wish()) == await drawn(tmp_path / "folders", wish())


async def test_two_models_take_turns_in_a_memory_for_one(models: Path):
    shutil.copytree(tiny_pictures("sd-2"), models / "other")
    engine = artist(models, memory_gb=3.0)

    first = await engine.draw(wish(), Inputs(), Reported())
    await engine.draw(wish(model="other"), Inputs(), Reported())

    assert engine._shelf.names == ("other",)
    assert (await engine.draw(wish(), Inputs(), Reported())).pictures == first.pictures
    await engine.stop()


async def test_canceled_job_lets_go_at_once_and_the_next_one_draws(models: Path):
    engine = artist(models)
    report = Reported()
    drawing = asyncio.create_task(engine.draw(wish(steps=150, count=4), Inputs(), report))
    await report.begun.wait()

    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    told = len(report.fractions)
    made = await engine.draw(wish(), Inputs(), Reported())
    await engine.stop()

    assert len(made.pictures) == 1
    assert len(report.fractions) <= told + 2


async def test_slow_step_is_no_silence():
    report = Reported()
    steady = Steady(report)
    steady.progress(0.4)

    beating = asyncio.create_task(steady.beat(0.01))
    await asyncio.sleep(0.1)
    beating.cancel()

    assert len(report.fractions) > 2
    assert set(report.fractions) == {0.4}


def test_precision_is_the_usual_one_where_another_cannot_be_had():
    assert choose_precision("float32", "cpu") == "float32"
    assert choose_precision("int8", "cuda") == "float16"
    assert choose_precision("auto", "cpu") == ("bfloat16" if has_bfloat16() else "float32")
    assert precisions_on("mps")[0] == "float32"
