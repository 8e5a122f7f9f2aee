"""A tiny MultiBand Diffusion with random weights, laid out as the published checkpoint is, its settings objects of omegaconf included.

omegaconf is not installed; what stands for its classes here is pickled under their names.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from bandstand.musicgen.unet import UnetSizes

UNET: dict[str, Any] = {
    "hidden": 8,
    "depth": 2,
    "res_blocks": 1,
    "norm_groups": 4,
    "kernel": 8,
    "stride": 4,
    "growth": 2,
    "max_channels": 10_000,
    "dropout": 0.0,
    "emb_all_layers": True,
    "bilstm": False,
    "codec_dim": 16,
    "transformer": False,
    "cross_attention": False,
}
SCHEDULE: dict[str, Any] = {
    "repartition": "power",
    "variable_step_batch": True,
    "beta_t0": 1.0e-5,
    "beta_t1": 2.9e-2,
    "beta_exp": 7.5,
    "num_steps": 100,
    "variance": "beta",
    "clip": 5.0,
    "rescale": 1.0,
    "n_bands": None,
    "noise_scale": 1.0,
}
PROCESSOR: dict[str, Any] = {
    "name": "multi_band_processor",
    "use": True,
    "n_bands": 8,
    "num_samples": 100,
    "power_std": 0.4,
}


def tiny_multiband(*, bands: int = 4, steps: int = 100, rate: int = 32000) -> dict[Any, Any]:
    """What torch.load gives of such a file, with plain dicts for settings. The lower half of the bands is not rescaled, as published."""
    package: dict[Any, Any] = {"sample_rate": rate, "n_bands": bands}
    for number in range(bands):
        is_used = 2 * number >= bands
        package[number] = {
            "cfg": {
                "channels": 1,
                "sample_rate": rate,
                "schedule": {**SCHEDULE, "num_steps": steps},
                "diffusion_unet": dict(UNET),
                "processor": {**PROCESSOR, "use": is_used},
            },
            "model_state": random_unet(UnetSizes.read(UNET, steps=steps), seed=number),
            "processor_state": _counted(number) if is_used else {},
        }
    return package


def random_unet(sizes: UnetSizes, *, seed: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in sizes.shapes().items():
        drawn = torch.randn(shape, generator=generator)
        inputs = torch.Size(shape[1:]).numel() if len(shape) == 3 else 1
        is_scale = ".norm" in name and name.endswith("weight")
        tensors[name] = 1 + 0.1 * drawn if is_scale else 0.7 * drawn / inputs**0.5
    return tensors


def _counted(seed: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    counts = torch.tensor([100.0])
    mean, power, noise = (torch.rand(8, generator=generator) for _ in range(3))
    return {
        "counts": counts,
        "sum_x": counts * mean * 1e-3,
        "sum_x2": counts * (power + 0.1) * 1e-2,
        "sum_target_x2": counts * (noise + 0.1) * 1e-1,
        "split_bands.lowpass.filters": torch.zeros(7, 1, 5),
    }


def save_tiny_multiband(file: Path, package: dict[Any, Any] | None = None) -> Path:
    package = package or tiny_multiband()
    with _omegaconf() as wrap:
        for number in range(package["n_bands"]):
            package = {**package, number: {**package[number], "cfg": wrap(package[number]["cfg"])}}
        torch.save(package, file)
    return file


@contextlib.contextmanager
def _omegaconf() -> Iterator[Any]:
    """Names for the time of pickling only: the modules are gone when it is read."""
    container = ModuleType("omegaconf.dictconfig")
    leaf = ModuleType("omegaconf.nodes")
    container.DictConfig = type("DictConfig", (), {"__module__": container.__name__})  # type: ignore[attr-defined]
    leaf.AnyNode = type("AnyNode", (), {"__module__": leaf.__name__})  # type: ignore[attr-defined]

    def wrap(value: Any, parent: Any = None) -> Any:
        is_branch = isinstance(value, dict)
        node = container.DictConfig() if is_branch else leaf.AnyNode()
        node._parent = parent
        node._metadata = None
        if is_branch:
            node._content = {key: wrap(inner, node) for key, inner in value.items()}
        else:
            node._val = value
        return node

    modules = {
        "omegaconf": ModuleType("omegaconf"),
        container.__name__: container,
        leaf.__name__: leaf,
    }
    sys.modules.update(modules)
    try:
        yield wrap
    finally:
        for name in modules:
            del sys.modules[name]


class TableCodec:
    """Gives what MultiBand Diffusion needs of a codec, from tables: nothing is learnt, nothing is heard."""

    rate = 32000
    hop = 640
    codebooks = 4

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(3)
        self.vectors = torch.randn(4, 2048, UNET["codec_dim"], generator=generator)
        self.sounds = torch.randn(4, 2048, self.hop, generator=generator).cumsum(dim=2) * 0.01

    def decode(self, codes: Tensor) -> Tensor:
        sides = codes.shape[0] // self.codebooks
        return torch.stack([self._sum(self.sounds, codes[side::sides]) for side in range(sides)])

    def _sum(self, tables: Tensor, codes: Tensor) -> Tensor:
        return (
            torch.stack([table[row] for table, row in zip(tables, codes, strict=True)])
            .sum(0)
            .flatten()
        )

    def latents(self, codes: Tensor) -> Tensor:
        assert codes.shape[0] == self.codebooks
        return (
            torch.stack([table[row] for table, row in zip(self.vectors, codes, strict=True)])
            .sum(0)
            .T
        )
