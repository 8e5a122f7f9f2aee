"""Drawing with tiny pipelines of all three families: seeds, progress, cancel, previews, LoRAs, safety. The pictures are noise."""

from __future__ import annotations

import dataclasses
import io
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_files import save_kohya, save_peft
from tiny_pictures import FAMILIES, tiny_checker, tiny_pictures, tiny_taesd

from bandstand.diffusion.latents import Autoencoder, fit_map, fitted
from bandstand.diffusion.model import Diffuser
from bandstand.diffusion.reading import Companions
from bandstand.diffusion.ways import WAYS
from bandstand.diffusion.wish import Adapter, Brake, Pixels, Wish
from bandstand.errors import Canceled, Failed, Misconfigured

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
BIRD = Wish(prompt="a red bird", width=64, height=64, seeds=(1,), steps=3)


class Heard:
    """What a watcher was told. brake: pulled at the first progress"""

    def __init__(self, brake: Brake | None = None) -> None:
        self.fractions: list[float] = []
        self.lines: list[str] = []
        self.previews: list[bytes] = []
        self._brake = brake

    def progress(self, fraction: float) -> None:
        self.fractions.append(fraction)
        if self._brake is not None:
            self._brake.pull()

    def log(self, line: str) -> None:
        self.lines.append(line)

    def preview(self, jpeg: bytes) -> None:
        self.previews.append(jpeg)


class LinearDecoder:
    """An autoencoder's half that makes each latent 8 x 8 pixels of one colour."""

    dtype = torch.float32
    config = SimpleNamespace(scaling_factor=1.0, latent_channels=4)

    def __init__(self, colours: torch.Tensor) -> None:
        self._colours = colours

    def decode(self, latents: torch.Tensor, *, return_dict: bool) -> tuple[torch.Tensor]:
        seen = torch.einsum("bchw,cr->brhw", latents, self._colours) + 0.2
        return (torch.nn.functional.interpolate(seen, scale_factor=8),)


@pytest.fixture(scope="module")
def diffuser() -> Diffuser:
    return Diffuser.read(tiny_pictures("sd-1"), preview_seconds=0)


def drawn(diffuser: Diffuser, wish: Wish = BIRD, **more: Any) -> Pixels:
    return diffuser.draw(dataclasses.replace(wish, **more), Heard())[0].pixels


def apart(one: Pixels, other: Pixels) -> float:
    """Mean difference in steps of 1/255."""
    return float(np.abs(one.astype(int) - other).mean())


class TestSeeds:
    @pytest.mark.parametrize("family", FAMILIES)
    def test_picture_is_the_same_alone_and_among_others(self, family: str):
        diffuser = Diffuser.read(tiny_pictures(family))

        four = diffuser.draw(dataclasses.replace(BIRD, seeds=(1, 2, 3, 4)), Heard())

        assert [picture.seed for picture in four] == [1, 2, 3, 4]
        assert (drawn(diffuser, seeds=(3,)) == four[2].pixels).all()
        assert apart(four[0].pixels, four[1].pixels) > 5

    def test_same_seed_gives_the_same_picture_after_reading_again(self, diffuser: Diffuser):
        again = Diffuser.read(tiny_pictures("sd-1"))

        assert (drawn(again) == drawn(diffuser)).all()

    def test_words_are_heard(self, diffuser: Diffuser):
        assert apart(drawn(diffuser), drawn(diffuser, prompt="blue sea")) > 3

    def test_negative_words_are_heard(self, diffuser: Diffuser):
        assert apart(drawn(diffuser), drawn(diffuser, negative="feathers")) > 3

    def test_negative_words_count_for_nothing_without_guidance(self, diffuser: Diffuser):
        plain = drawn(diffuser, guidance=1.0)

        assert (plain == drawn(diffuser, guidance=1.0, negative="feathers")).all()

    def test_guidance_goes_to_thirty(self, diffuser: Diffuser):
        assert apart(drawn(diffuser, guidance=30.0), drawn(diffuser)) > 3

    @pytest.mark.parametrize(("width", "height"), [(64, 128), (72, 64), (128, 72)])
    def test_size_is_the_one_that_was_asked_for(self, diffuser: Diffuser, width: int, height: int):
        assert drawn(diffuser, width=width, height=height).shape == (height, width, 3)


class TestSchedulers:
    @pytest.mark.parametrize("name", WAYS)
    def test_each_draws_and_repeats_itself(self, diffuser: Diffuser, name: str):
        first = drawn(diffuser, scheduler=name, steps=4)

        assert first.std() > 1
        assert (drawn(diffuser, scheduler=name, steps=4) == first).all()

    def test_checkpoints_own_comes_back(self, diffuser: Diffuser):
        before = drawn(diffuser)
        drawn(diffuser, scheduler="euler-a")

        assert (drawn(diffuser) == before).all()

    def test_unknown_one_is_told_with_those_there_are(self, diffuser: Diffuser):
        with pytest.raises(Failed, match="'magic'; there are: ddim"):
            drawn(diffuser, scheduler="magic")

    def test_few_step_model_is_known_by_its_scheduler(self):
        lcm = Diffuser.read(tiny_pictures("sd-1", few_step=True))

        assert lcm.about.is_few
        assert drawn(lcm, steps=2).std() > 1


class TestWatching:
    def test_progress_is_told_for_each_step_of_each_picture(self, diffuser: Diffuser):
        heard = Heard()

        diffuser.draw(dataclasses.replace(BIRD, seeds=(1, 2), scheduler="ddim"), heard)

        assert len(heard.fractions) == 2 * (BIRD.steps + 1)
        assert heard.fractions == sorted(heard.fractions)
        assert heard.fractions[-1] == 1.0

    def test_pulled_brake_ends_it_within_a_step(self, diffuser: Diffuser):
        brake = Brake()
        heard = Heard(brake)

        with pytest.raises(Canceled):
            diffuser.draw(dataclasses.replace(BIRD, steps=50), heard, brake)

        assert len(heard.fractions) == 1

    def test_canceled_drawing_leaves_no_trace(self, diffuser: Diffuser, tmp_path: Path):
        before = drawn(diffuser)
        lora = save_peft(diffuser._pipeline.unet, tmp_path / "style.safetensors")
        brake = Brake()
        wish = dataclasses.replace(BIRD, adapters=(Adapter(lora),), scheduler="unipc")

        with pytest.raises(Canceled):
            diffuser.draw(wish, Heard(brake), brake)

        assert (drawn(diffuser) == before).all()

    def test_previews_are_jpegs_of_the_pictures_shape(self, diffuser: Diffuser):
        heard = Heard()

        diffuser.draw(dataclasses.replace(BIRD, width=64, height=128), heard)

        assert heard.previews
        with Image.open(io.BytesIO(heard.previews[0])) as image:
            assert (image.format, image.size) == ("JPEG", (64, 128))

    def test_previews_wait_for_their_time(self):
        patient = Diffuser.read(tiny_pictures("sd-1"), preview_seconds=60)
        heard = Heard()

        patient.draw(BIRD, heard)

        assert heard.previews == []

    def test_tiny_autoencoder_shows_previews_when_it_is_there(self):
        companions = Companions(tiny=tiny_taesd())
        with_tiny = Diffuser.read(tiny_pictures("sd-1"), companions=companions, preview_seconds=0)
        heard = Heard()

        with_tiny.draw(BIRD, heard)

        assert heard.previews
        assert (drawn(with_tiny) == drawn(Diffuser.read(tiny_pictures("sd-1")))).all()

    def test_fitted_preview_of_a_linear_decoder_is_exact(self):
        colours = torch.tensor(
            [[0.1, 0.0, -0.1], [0.0, 0.05, 0.0], [0.02, 0.0, 0.0], [0.0, 0.1, 0.1]]
        )
        own = Autoencoder(LinearDecoder(colours))

        fitted_colours = fit_map(own)

        assert torch.allclose(fitted_colours[:-1], colours, atol=1e-5)
        assert torch.allclose(fitted_colours[-1], torch.full((3,), 0.2), atol=1e-5)

    def test_prompt_that_is_too_long_is_told(self, diffuser: Diffuser):
        heard = Heard()

        diffuser.draw(dataclasses.replace(BIRD, prompt="bird " * 60), heard)

        assert heard.lines == ["only the first 75 of 240 tokens of the prompt count"]


class TestFromAPicture:
    @pytest.mark.parametrize("family", FAMILIES)
    def test_less_strength_leaves_more_of_it(self, family: str):
        diffuser = Diffuser.read(tiny_pictures(family))
        start = np.full((64, 64, 3), 200, np.uint8)
        own = drawn(diffuser, init=start, strength=0.0, steps=10)

        apart_at = [apart(drawn(diffuser, init=start, strength=s, steps=10), own) for s in (0.3, 1)]

        assert apart_at[0] < apart_at[1]

    def test_same_seed_gives_the_same_picture(self, diffuser: Diffuser):
        start = np.full((40, 90, 3), 90, np.uint8)

        assert (drawn(diffuser, init=start) == drawn(diffuser, init=start)).all()

    def test_middle_of_it_is_taken(self):
        wide = np.zeros((10, 30, 3), np.uint8)
        wide[:, 10:20] = 255

        assert fitted(wide, 8, 8)[:, 1:-1].min() > 200


class TestLoras:
    @pytest.mark.parametrize("save", [save_peft, save_kohya])
    @pytest.mark.parametrize("family", FAMILIES)
    def test_taking_it_off_restores_every_bit(self, family: str, save: Any, tmp_path: Path):
        diffuser = Diffuser.read(tiny_pictures(family))
        unet = diffuser._pipeline.unet
        tensors = {name: tensor.clone() for name, tensor in unet.state_dict().items()}
        before = drawn(diffuser)
        lora = save(unet, tmp_path / "style.safetensors")

        assert apart(drawn(diffuser, adapters=(Adapter(lora),)), before) > 3

        after = unet.state_dict()
        assert after.keys() == tensors.keys()
        assert all(torch.equal(after[name], tensor) for name, tensor in tensors.items())
        assert (drawn(diffuser) == before).all()

    def test_both_formats_mean_the_same(self, diffuser: Diffuser, tmp_path: Path):
        unet = diffuser._pipeline.unet
        peft = save_peft(unet, tmp_path / "peft.safetensors")
        kohya = save_kohya(unet, tmp_path / "kohya.safetensors")

        pictures = [drawn(diffuser, adapters=(Adapter(file, 0.7),)) for file in (peft, kohya)]

        assert apart(*pictures) == 0

    def test_weight_nought_is_without_it(self, diffuser: Diffuser, tmp_path: Path):
        lora = save_peft(diffuser._pipeline.unet, tmp_path / "style.safetensors")

        assert (drawn(diffuser, adapters=(Adapter(lora, 0.0),)) == drawn(diffuser)).all()

    def test_two_add_up(self, diffuser: Diffuser, tmp_path: Path):
        unet = diffuser._pipeline.unet
        one = Adapter(save_peft(unet, tmp_path / "one.safetensors", seed=1), 0.5)
        two = Adapter(save_peft(unet, tmp_path / "two.safetensors", seed=2), 0.5)

        both = drawn(diffuser, adapters=(one, two))

        assert apart(both, drawn(diffuser, adapters=(one,))) > 1
        assert apart(both, drawn(diffuser, adapters=(two,))) > 1

    def test_one_for_another_family_is_refused(self, diffuser: Diffuser, tmp_path: Path):
        before = drawn(diffuser)
        xl = Diffuser.read(tiny_pictures("sdxl"))
        lora = save_kohya(xl._pipeline.unet, tmp_path / "xl.safetensors")

        with pytest.raises(Failed, match="'xl'"):
            drawn(diffuser, adapters=(Adapter(lora),))

        assert (drawn(diffuser) == before).all()


class TestSafety:
    @pytest.fixture
    def careful(self, tmp_path: Path) -> Any:
        """Reads a pipeline with a checker that finds everything unfit, or nothing."""

        def read(*, unfit: bool) -> Diffuser:
            folder = tmp_path / f"careful-{unfit}"
            shutil.copytree(tiny_pictures("sd-1"), folder)
            tiny_checker(folder, unfit=unfit)
            return Diffuser.read(folder)

        return read

    def test_checkpoint_tells_that_it_has_a_checker(self, careful: Any):
        assert careful(unfit=True).about.has_checker

    def test_unfit_picture_is_blurred(self, careful: Any):
        diffuser = careful(unfit=True)
        heard = Heard()

        (picture,) = diffuser.draw(dataclasses.replace(BIRD, safety="blur"), heard)

        assert picture.is_blurred
        assert picture.pixels.std() < drawn(diffuser).std() / 2
        assert "blurred" in heard.lines[0]

    def test_unfit_picture_is_refused(self, careful: Any):
        with pytest.raises(Failed, match="holds the picture back"):
            drawn(careful(unfit=True), safety="refuse")

    def test_fit_picture_is_left_as_it_is(self, careful: Any):
        diffuser = careful(unfit=False)

        assert (drawn(diffuser, safety="blur") == drawn(diffuser)).all()

    def test_without_a_checker_nothing_pretends_to_be_safe(self, diffuser: Diffuser):
        with pytest.raises(Failed, match="bandstand models pull safety-checker"):
            drawn(diffuser, safety="blur")


class TestSizesAndNumbers:
    def test_picture_is_enlarged_and_says_by_what(self, diffuser: Diffuser):
        heard = Heard()

        (picture,) = diffuser.draw(dataclasses.replace(BIRD, upscale=4), heard)

        assert picture.pixels.shape == (256, 256, 3)
        assert heard.lines == ["enlarged 4 times by Lanczos"]

    def test_bfloat16_draws_nearly_the_same(self, diffuser: Diffuser):
        half = Diffuser.read(tiny_pictures("sd-1"), precision="bfloat16")

        assert apart(drawn(half, guidance=1.0), drawn(diffuser, guidance=1.0)) < 8

    def test_large_picture_is_decoded_in_tiles(self, diffuser: Diffuser):
        own: Autoencoder = diffuser._vae

        own._tile(2048 * 2048)
        assert own._vae.use_tiling

        own._tile(512 * 512)
        assert not own._vae.use_tiling

    def test_single_file_without_a_tokenizer_is_told(self, tmp_path: Path):
        from tiny_files import save_single
        from tiny_pictures import tiny_pipeline

        save_single(tiny_pipeline("sd-1"), "sd-1", tmp_path / "tiny.safetensors")

        with pytest.raises(Misconfigured, match="brings no tokenizer"):
            Diffuser.read(tmp_path)
