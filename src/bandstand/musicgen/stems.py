"""The part of a recording that carries its tune: voices and all else that is neither drums nor bass, told apart by Demucs.

Not needed: without the extra `stems` or without weights the melody is heard in the full mix, which the log says. Demucs' code is MIT;
its weights are not under that licence, and its author gives them "only for scientific purposes" (facebookresearch/demucs, issue 327).
Source: MusicGen (arXiv:2306.05284), section 3.1; the model is S. Rouard et al., "Hybrid Transformers for Music Source Separation" (2022).
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from threading import Lock
from typing import Any

import structlog
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from bandstand.errors import Misconfigured
from bandstand.musicgen.sizes import RATE

WEIGHTS = (
    "955717e8.safetensors"  # what htdemucs is called in adefossez/HTDemucs on the Hugging Face hub
)
KIND = "demucs.htdemucs.HTDemucs"
KEPT = ("vocals", "other")

LOG = structlog.get_logger("musicgen")


class Stems:
    """htdemucs, loaded; called with sound it gives the stems to keep, as `melody_frames(separate=...)` wants it.

    From any thread, one after another: a separation takes all cores and about a gigabyte.
    """

    def __init__(self, file: Path, *, device: str = "cpu") -> None:
        """raises Misconfigured when the file is something else than htdemucs"""
        try:
            self._model = _load(file).to(device)
            self._kept = [self._model.sources.index(stem) for stem in KEPT]
        # Whatever a foreign file may hold: wrong types, other names, tensors of other shapes.
        except (
            SafetensorError,
            LookupError,
            TypeError,
            ValueError,
            ArithmeticError,
            RuntimeError,
        ) as error:
            raise Misconfigured(f"{file} is not htdemucs: {error}") from error
        self._device = device
        self._lock = Lock()

    @torch.no_grad()
    def __call__(self, sound: Tensor) -> Tensor:
        """
        sound   float32 [N] at 32 kHz
        return  float32 [N or one less]; silence stays silence, the same sound always gives the same
        """
        resample = _part_of("julius").resample_frac
        rate = self._model.samplerate
        mix = resample(sound.to(self._device), RATE, rate).expand(1, self._model.audio_channels, -1)
        with self._lock:
            # The reference shifts by Python's random number and averages over one try: nothing is gained, and chance comes in.
            stems = _part_of("demucs.apply").apply_model(self._model, mix, shifts=0)
        tune = stems[0, self._kept].sum(0).mean(0)
        return resample(tune, rate, RATE).cpu()


def open_stems(folder: Path, *, device: str = "cpu") -> Stems | None:
    """Demucs with the weights that lie somewhere in `folder`; None, and a line in the log, when there is none.

    raises  Misconfigured when the weights are there and are none
    """
    if lack := why_no_stems(folder):
        LOG.warning("melodies are heard in the full mix, drums and bass included", because=lack)
        return None
    return Stems(_weights(folder)[0], device=device)


def why_no_stems(folder: Path) -> str | None:
    """What is missing, and what to do about it; None when nothing is."""
    if importlib.util.find_spec("demucs") is None:
        return "demucs is not installed: pip install 'bandstand[stems]'"
    if not _weights(folder):
        return f"there is no {WEIGHTS} in {folder}: it is a file of adefossez/HTDemucs on the hub"
    return None


def _weights(folder: Path) -> Sequence[Path]:
    return sorted(folder.rglob(WEIGHTS))


def _load(file: Path) -> Any:
    """The model that a file of Demucs' own making describes.

    Trap: Demucs' own loader calls any class that the file names, with any arguments; here only the one we want is made.
    """
    with safe_open(file, framework="pt") as stored:
        about = stored.metadata() or {}
        state = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118, it is no mapping
    if (kind := about.get("klass")) != KIND:
        raise ValueError(f"it says that it holds {kind or 'nothing'}")
    package = {
        "klass": _part_of("demucs.htdemucs").HTDemucs,
        "args": json.loads(about["args"], object_hook=_fraction),
        "kwargs": json.loads(about["kwargs"], object_hook=_fraction),
        "state": state,
    }
    return _part_of("demucs.states").load_model(package).eval()


def _fraction(found: dict[str, Any]) -> Any:
    if found.get("_type") == "fraction":
        return Fraction(found["numerator"], found["denominator"])
    return found


def _part_of(library: str) -> Any:
    """Of Demucs, or of the resampler that comes with it; nobody else needs them."""
    return importlib.import_module(library)
