"""Demucs is an extra: what needs it is skipped without it. Its weights here are random, of a small htdemucs."""

from __future__ import annotations

import importlib.util
import json
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from structlog.testing import capture_logs
from tunes import silence, tune

from bandstand.errors import Misconfigured
from bandstand.musicgen.chroma import melody_frames, null_frames
from bandstand.musicgen.stems import KIND, WEIGHTS, Stems, open_stems, why_no_stems

IS_HERE = importlib.util.find_spec("demucs") is not None
without = pytest.mark.skipif(IS_HERE, reason="demucs is installed")
needs_demucs = pytest.mark.skipif(
    not IS_HERE, reason="stems are not tested: pip install 'bandstand[stems]'"
)
# Initialising some of the smallest layers warns of them.
pytestmark = pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")

SMALL = {
    "sources": ["drums", "bass", "other", "vocals"],
    "channels": 4,
    "dconv_comp": 2,
    "t_layers": 1,
    "t_heads": 2,
    "bottom_channels": 16,
    "segment": Fraction(3, 2),
}


def write(file: Path, *, kind: str = KIND, **changed: Any) -> Path:
    """As Demucs' author keeps models on the hub: tensors, and in the metadata the class and what it is called with."""
    from demucs.htdemucs import HTDemucs

    settings = SMALL | changed
    torch.manual_seed(0)
    save_file(
        HTDemucs(**settings).state_dict(),
        file,
        {"klass": kind, "args": "[]", "kwargs": json.dumps(settings, default=as_json)},
    )
    return file


def as_json(fraction: Fraction) -> dict[str, Any]:
    return {
        "_type": "fraction",
        "numerator": fraction.numerator,
        "denominator": fraction.denominator,
    }


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("models") / WEIGHTS)


@without
def test_without_demucs_the_log_tells_what_is_heard_instead(tmp_path: Path) -> None:
    with capture_logs() as lines:
        opened = open_stems(tmp_path)

    assert opened is None
    (line,) = lines
    assert "full mix" in line["event"]
    assert "pip install 'bandstand[stems]'" in line["because"]


@needs_demucs
def test_without_weights_the_log_tells_what_is_heard_instead(tmp_path: Path) -> None:
    with capture_logs() as lines:
        opened = open_stems(tmp_path)

    assert opened is None
    (line,) = lines
    assert "full mix" in line["event"]
    assert WEIGHTS in line["because"]


@needs_demucs
def test_weights_are_found_anywhere_in_the_folder_of_models(tmp_path: Path) -> None:
    (tmp_path / "demucs" / "htdemucs").mkdir(parents=True)
    write(tmp_path / "demucs" / "htdemucs" / WEIGHTS)

    with capture_logs() as lines:
        opened = open_stems(tmp_path)

    assert isinstance(opened, Stems)
    assert lines == []
    assert why_no_stems(tmp_path) is None


@needs_demucs
def test_vocals_and_other_are_kept(weights: Path) -> None:
    """By Demucs' own functions, step by step as the reference does it."""
    from demucs.apply import apply_model
    from demucs.audio import convert_audio
    from demucs.hf import load_safetensors_model

    sound = torch.tensor(tune(2.0).samples[0])
    model = load_safetensors_model(weights).eval()
    stems = apply_model(model, convert_audio(sound[None, None], 32000, 44100, 2), shifts=0)
    theirs = convert_audio(stems[:, [3, 2]].sum(1), 44100, 32000, 1)[0, 0]

    ours = Stems(weights)(sound)

    assert (ours - theirs).abs().max() < 1e-6
    assert ours.abs().max() > 1e-3


@needs_demucs
def test_the_same_sound_gives_the_same_stems(weights: Path) -> None:
    stems, sound = Stems(weights), torch.tensor(tune(2.0).samples[0])
    random.seed(1)
    first = stems(sound)
    random.seed(2)

    second = stems(sound)

    assert torch.equal(first, second)


@needs_demucs
def test_silence_stays_silence(weights: Path) -> None:
    frames = melody_frames(silence(3.0), separate=Stems(weights))

    assert torch.equal(frames, null_frames())


@needs_demucs
@pytest.mark.parametrize("count", [1, 2, 77, 16383, 32001])
def test_stems_are_as_long_as_the_sound_or_a_sample_less(weights: Path, count: int) -> None:
    assert count - len(Stems(weights)(torch.ones(count))) in {0, 1}


@needs_demucs
def test_a_file_that_names_another_class_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / WEIGHTS, kind="subprocess.Popen")

    with pytest.raises(Misconfigured, match=r"955717e8\.safetensors is not htdemucs.*Popen"):
        Stems(file)


@needs_demucs
def test_a_file_of_other_stems_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / WEIGHTS, sources=["drums", "bass", "other", "voice"])

    with pytest.raises(Misconfigured, match="vocals"):
        Stems(file)


@pytest.mark.parametrize("content", [b"", b"no weights", b"\xff" * 4096])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / WEIGHTS
    file.write_bytes(content)

    with pytest.raises(Misconfigured, match="is not htdemucs"):
        Stems(file)


def test_a_file_without_a_description_is_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.ones(3)}, tmp_path / WEIGHTS)

    with pytest.raises(Misconfigured, match="it says that it holds nothing"):
        Stems(tmp_path / WEIGHTS)
