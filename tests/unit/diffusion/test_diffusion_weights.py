"""What folders and files of diffusion weights say of themselves; the worst that strangers put there is refused, and never run."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tiny_files import save_kohya, save_peft, save_single
from tiny_pictures import FAMILIES, tiny_pictures, tiny_pipeline, write_tokenizer

from bandstand.diffusion.describe import Family, Layout, LoraDescription, holds_pictures, survey
from bandstand.diffusion.memory import Thrift, bytes_needed, choose_thrift
from bandstand.diffusion.model import Diffuser
from bandstand.diffusion.reading import Companions, survey_model
from bandstand.diffusion.wish import Wish
from bandstand.errors import Misconfigured

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Silent:
    def progress(self, fraction: float) -> None: ...
    def log(self, line: str) -> None: ...
    def preview(self, jpeg: bytes) -> None: ...


class Malice:
    """Unpickled, it would touch a file."""

    def __init__(self, touched: Path) -> None:
        self._touched = touched

    def __reduce__(self) -> Any:
        return Path.touch, (self._touched,)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a whole pipeline, to be damaged."""
    return shutil.copytree(tiny_pictures("sd-1"), tmp_path / "tiny")


def change(file: Path, **words: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | words))


class TestFolders:
    @pytest.mark.parametrize("family", FAMILIES)
    def test_family_is_known_by_its_parts(self, family: str):
        found = survey_model(tiny_pictures(family))

        assert (found.family, found.layout, found.side) == (Family(family), Layout.FOLDER, 64)
        assert found.parameters > 1_000_000

    def test_variant_in_half_numbers_is_found(self, folder: Path):
        for file in folder.rglob("*.safetensors"):
            file.rename(file.with_name(f"{file.stem}.fp16.safetensors"))

        assert survey_model(folder) == survey_model(tiny_pictures("sd-1"))
        assert Diffuser.read(folder).about.parameters > 1_000_000

    @pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
    def test_part_without_tensors_is_named(self, folder: Path, part: str):
        for file in (folder / part).glob("*.safetensors"):
            file.unlink()

        with pytest.raises(Misconfigured, match=f"part {part} has no .safetensors"):
            survey(folder)

    def test_missing_tokenizer_is_named(self, folder: Path):
        shutil.rmtree(folder / "tokenizer")

        with pytest.raises(Misconfigured, match="tokenizer is missing"):
            survey(folder)

    @pytest.mark.parametrize(
        "told",
        [
            {"unet": ["unet", "StolenUNet"]},
            {"text_encoder": ["transformers", "T5EncoderModel"]},
            {"transformer": ["diffusers", "FluxTransformer2DModel"]},
            {"scheduler": ["scheduler", "OwnScheduler"]},
        ],
    )
    def test_parts_of_strange_classes_are_refused(self, folder: Path, told: dict[str, Any]):
        (folder / "unet" / "unet.py").write_text("raise SystemExit('code of a stranger was run')")
        change(folder / "model_index.json", **told)

        with pytest.raises(Misconfigured, match=r"model_index\.json names"):
            Diffuser.read(folder)

    def test_scheduler_of_a_strange_class_is_refused(self, folder: Path):
        change(folder / "scheduler" / "scheduler_config.json", _class_name="UNet2DConditionModel")

        with pytest.raises(Misconfigured, match="is no scheduler of diffusers"):
            Diffuser.read(folder)

    def test_model_that_fills_holes_is_refused(self, folder: Path):
        change(folder / "unet" / "config.json", in_channels=9)

        with pytest.raises(Misconfigured, match="takes 9 channels"):
            survey(folder)

    @pytest.mark.parametrize("kept", [0, 4, 100, 10_000])
    def test_file_that_is_cut_off_is_told(self, folder: Path, kept: int):
        file = folder / "unet" / "diffusion_pytorch_model.safetensors"
        file.write_bytes(file.read_bytes()[:kept])

        with pytest.raises(Misconfigured, match=r"damaged|cut off"):
            survey(folder)

    def test_configuration_that_contradicts_the_tensors_is_told(self, folder: Path):
        change(folder / "unet" / "config.json", block_out_channels=[32, 96])

        with pytest.raises(Misconfigured, match="cannot be read"):
            Diffuser.read(folder)

    @pytest.mark.parametrize("content", ["", "[]", "{", '{"a": ' * 5000])
    def test_index_that_is_no_json_object_is_told(self, folder: Path, content: str):
        (folder / "model_index.json").write_text(content)

        with pytest.raises(Misconfigured, match=r"model_index\.json is damaged"):
            survey(folder)


class TestPickles:
    def test_malicious_pickle_is_refused_and_not_run(self, folder: Path, tmp_path: Path):
        touched = tmp_path / "touched"
        malice = pickle.dumps(Malice(touched))
        for file in folder.rglob("*.safetensors"):
            name = "pytorch_model" if file.stem == "model" else file.stem
            file.unlink()
            file.with_name(f"{name}.bin").write_bytes(malice)

        with pytest.raises(Misconfigured, match=r"pickled ones .* are never loaded"):
            Diffuser.read(folder)

        assert not touched.exists()

    def test_malicious_checkpoint_beside_is_not_looked_at(self, folder: Path, tmp_path: Path):
        touched = tmp_path / "touched"
        (folder / "model.ckpt").write_bytes(pickle.dumps(Malice(touched)))
        (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(pickle.dumps(Malice(touched)))

        Diffuser.read(folder)

        assert not touched.exists()

    def test_pickle_that_is_called_safetensors_is_refused(self, tmp_path: Path):
        touched = tmp_path / "touched"
        (tmp_path / "evil.safetensors").write_bytes(pickle.dumps(Malice(touched)))

        with pytest.raises(Misconfigured, match="damaged"):
            Diffuser.read(tmp_path)

        assert not touched.exists()


class TestSingleFiles:
    @pytest.mark.parametrize("family", FAMILIES)
    def test_one_file_draws_what_its_folder_does(self, family: str, tmp_path: Path):
        save_single(tiny_pipeline(family), family, tmp_path / "tiny.safetensors")
        companions = Companions(tokenizer=write_tokenizer(tmp_path / "tokenizer"))

        one = Diffuser.read(tmp_path, companions=companions)

        many = Diffuser.read(tiny_pictures(family))
        assert one.about.layout is Layout.FILE
        assert dict(one.about.parts).keys() <= dict(many.about.parts).keys()
        for part in many.about.parts:
            theirs = getattr(many._pipeline, part).state_dict()
            ours = getattr(one._pipeline, part).state_dict()
            assert ours.keys() == theirs.keys()
            assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
        wish = Wish(prompt="a red bird", width=64, height=64, seeds=(1,), steps=3)
        pictures = [d.draw(wish, Silent())[0].pixels.astype(int) for d in (one, many)]
        assert np.abs(pictures[0] - pictures[1]).max() <= 1

    def test_scheduler_beside_the_file_counts(self, tmp_path: Path):
        save_single(tiny_pipeline("sd-2"), "sd-2", tmp_path / "tiny.safetensors")
        told = json.loads(
            (tiny_pictures("sd-1") / "scheduler" / "scheduler_config.json").read_text()
        )
        (tmp_path / "scheduler_config.json").write_text(json.dumps(told))
        companions = Companions(tokenizer=write_tokenizer(tmp_path / "tokenizer"))

        read = Diffuser.read(tmp_path, companions=companions)

        assert read._own_scheduler.config.prediction_type == "epsilon"

    def test_file_of_something_else_is_refused(self, tmp_path: Path):
        save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")

        with pytest.raises(Misconfigured, match="no whole checkpoint"):
            survey(tmp_path)


class TestLoras:
    @pytest.mark.parametrize("save", [save_peft, save_kohya])
    def test_it_is_known_by_its_tensors(self, save: Any, tmp_path: Path):
        file = save(tiny_pipeline("sd-1").unet, tmp_path / "style.safetensors")

        found = survey(tmp_path)

        assert isinstance(found, LoraDescription)
        assert found.file == file

    def test_family_is_told_by_the_width_of_the_text(self, tmp_path: Path):
        name = (
            "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"
        )
        save_file({name: torch.zeros(4, 2048)}, tmp_path / "style.safetensors")

        found = survey(tmp_path)

        assert isinstance(found, LoraDescription)
        assert found.family is Family.SDXL

    def test_it_is_no_model(self, tmp_path: Path):
        save_peft(tiny_pipeline("sd-1").unet, tmp_path / "style.safetensors")

        with pytest.raises(Misconfigured, match="is a LoRA"):
            Diffuser.read(tmp_path)


class TestMemory:
    def test_model_that_fits_stays_whole(self):
        about = survey_model(tiny_pictures("sd-1"))

        assert choose_thrift(about, "float16", device="cuda", bytes_max=10**10) is Thrift.WHOLE

    def test_less_memory_is_met_by_more_thrift(self):
        about = survey_model(tiny_pictures("sd-1"))
        needs = [bytes_needed(about, "float16", thrift) for thrift in Thrift]

        chosen = [choose_thrift(about, "float16", device="cuda", bytes_max=n) for n in needs]

        assert needs == sorted(needs, reverse=True)
        assert chosen == list(Thrift)

    def test_without_a_gpu_nothing_can_be_put_aside(self):
        about = survey_model(tiny_pictures("sd-1"))

        assert choose_thrift(about, "float32", device="cpu", bytes_max=1) is Thrift.WHOLE


def test_folder_of_music_holds_no_pictures(tmp_path: Path):
    (tmp_path / "model.safetensors").touch()

    assert not holds_pictures(tmp_path)
