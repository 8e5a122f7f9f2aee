"""What `bandstand doctor` tells of things that could be here and are not: what each adds, how large, under which licence, and
the one command that brings it. Sizes are of files on disk, rounded, for a CPU; a pull tells exactly before anything comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bandstand.settings import Settings


@dataclass(frozen=True)
class Addition:
    """One thing. adds: what one has of it; command: brings it"""

    name: str
    adds: str
    size: str
    licence: str
    command: str
    is_here: bool

    @property
    def state(self) -> str:
        return "here" if self.is_here else f"not here; {self.adds}: {self.size}, {self.licence}"


def additions(settings: Settings) -> Iterator[Addition]:
    """All that could be added, whether it is here or not."""
    from bandstand.composer.soundfonts.search import candidates
    from bandstand.engines.weights import installed_diffusers, installed_models

    yield Addition(
        "libraries for MusicGen",
        "music from Meta's models",
        "0.9 GB",
        "BSD-3-Clause and Apache-2.0",
        "pip install 'bandstand[musicgen]'",
        _are_here("torch", "safetensors", "tokenizers", "huggingface_hub"),
    )
    yield Addition(
        "weights of MusicGen",
        "its smallest model",
        "2.4 GB",
        "CC-BY-NC-4.0 (no commercial use)",
        "bandstand models pull small",
        bool(installed_models(settings.models_folder)),
    )
    yield Addition(
        "libraries for diffusion",
        "pictures from Stable Diffusion's models",
        "1.0 GB",
        "BSD-3-Clause and Apache-2.0",
        "pip install 'bandstand[images]'",
        _are_here("torch", "diffusers", "transformers"),
    )
    yield Addition(
        "weights of a diffusion model",
        "the smallest of them",
        "about 4 GB",
        "CreativeML-OpenRAIL-M (some uses are excluded)",
        "bandstand models pull sd-1.5",
        bool(installed_diffusers(settings.models_folder)),
    )
    yield Addition(
        "SoundFont",
        "recorded acoustic instruments for the composer",
        "23 MB",
        "MIT",
        "apt-get install fluidr3mono-gm-soundfont",
        settings.soundfont is not None or any(True for _ in candidates()),
    )


def _are_here(*modules: str) -> bool:
    return all(find_spec(module) for module in modules)
