"""MultiBand Diffusion: another way from codes to sound, slower than the codec's own and cleaner. Four U-Nets, each for a band of its own.

Not the U-Net (`unet.py`) and not the bands of the equaliser (`bands.py`). A clip depends on its codes and its seed, and on nothing else:
the noise is drawn on the CPU, band by band and step by step, and the chunks of a long clip follow from its length.
Source: "From Discrete Tokens to High-Fidelity Audio Using Multi-Band Diffusion" (arXiv:2308.02560); its reference, audiocraft 896ec7c.

C sides of a clip (1 or 2), K codebooks of all sides, T frames, N samples, M mel bands.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch
from torch import Tensor

from bandstand.errors import Misconfigured
from bandstand.musicgen.bands import MelBands
from bandstand.musicgen.tensors import load
from bandstand.musicgen.unet import Unet, UnetSizes, numbers

EVERY = 50  # of the diffusion's steps, one in fifty is taken
MATCHED_BANDS = 32  # in which the result gets the strength that the codec's sound has
CHUNK = 1500  # frames that a U-Net hears at once; a shorter clip is one chunk, as in the reference
OVERLAP = 100  # frames that two chunks share, and over which one fades into the other

OnStep = Callable[[int, int], None]


class Codec(Protocol):
    """What is needed of `codec.Codec`."""

    @property
    def rate(self) -> int: ...
    @property
    def hop(self) -> int: ...
    @property
    def codebooks(self) -> int: ...
    def decode(self, codes: Tensor) -> Tensor: ...
    def latents(self, codes: Tensor) -> Tensor: ...


@dataclass(frozen=True, kw_only=True)
class Step:
    """
    number     as the U-Net knows it
    slope      of the told noise that is taken away
    root       by which what remains is divided
    deviation  of the fresh noise that is added; 0 in the last step
    """

    number: int
    slope: float
    root: float
    deviation: float


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """
    first, last  variance that the first and the last step of the diffusion add; between them a power law of `exponent`
    steps        of the diffusion; a multiple of 50
    limit        of every sample between two steps; 0 for none
    noise        scale of all noise
    """

    first: float = 1e-4
    last: float = 0.02
    exponent: float = 1.0
    steps: int = 1000
    limit: float = 5.0
    noise: float = 1.0

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Schedule:
        """From the reference's own words."""
        if settings.get("repartition", "power") != "power" or settings.get("n_bands") is not None:
            raise Misconfigured("this schedule of MultiBand Diffusion is not known")
        names = {
            "beta_t0": "first",
            "beta_t1": "last",
            "beta_exp": "exponent",
            "num_steps": "steps",
            "clip": "limit",
            "noise_scale": "noise",
        }
        settings = {**settings, "clip": settings.get("clip", cls.limit) or 0.0}
        schedule = cls(**numbers(settings, names, like=cls()))
        if schedule.steps < EVERY or schedule.steps % EVERY:
            raise Misconfigured(f"{schedule.steps} steps of diffusion are no multiple of {EVERY}")
        return schedule

    def descent(self) -> tuple[Step, ...]:
        """From noise to sound: of 1000 steps the 20 from 999, 949 ... to 49.

        With a[t] the share of the sound's power that is left after step t, a step from t to the next lower t' has
        alpha = a[t] / a[t'], takes (1 - alpha) / sqrt(1 - a[t]) of the told noise, divides by sqrt(alpha), and adds noise of variance
        (1 - alpha) (1 - a[t']) / (1 - a[t]). Trap: the last step goes to step 0, not to the clean sound, and adds no noise.
        """
        ends = (self.first ** (1 / self.exponent), self.last ** (1 / self.exponent))
        left = np.cumprod(1 - np.linspace(*ends, self.steps) ** self.exponent)
        numbers = [*range(self.steps - 1, 0, -EVERY), 0]
        steps: list[Step] = []
        for number, lower in itertools.pairwise(numbers):
            alpha = left[number] / left[lower]
            variance = (1 - alpha) * (1 - left[lower]) / (1 - left[number])
            steps.append(
                Step(
                    number=number,
                    slope=float((1 - alpha) / np.sqrt(1 - left[number])),
                    root=float(np.sqrt(alpha)),
                    deviation=float(np.sqrt(variance)) if lower else 0.0,
                )
            )
        return tuple(steps)


@dataclass(frozen=True)
class Rescale:
    """Gives a sound, in which noise and music are as strong in every mel band, the spectrum of music again."""

    bands: MelBands
    gains: Tensor  # [M]
    offset: float

    @classmethod
    def read(
        cls, band: Mapping[str, Any], rate: int, device: torch.device | str = "cpu"
    ) -> Rescale | None:
        """From what the reference counted in training; None where it rescaled nothing.

        raises  Misconfigured when something is missing or was never counted
        """
        settings, state = _part(_part(band, "cfg"), "processor"), _part(band, "processor_state")
        if not settings.get("use"):
            return None
        if settings.get("name") != "multi_band_processor":
            raise Misconfigured(f"the processor {settings.get('name')!r} is not known")
        count = settings.get("n_bands", 8)
        seen = _counted(state, "counts", 1)
        mean = _counted(state, "sum_x", count) / seen
        deviation = (_counted(state, "sum_x2", count) / seen - mean**2).clamp(min=0).sqrt()
        # Trap: a variance, used as if it were a deviation; the U-Nets were trained with it.
        target = _counted(state, "sum_target_x2", count) / seen
        power = settings.get("power_std", 1.0)
        if not isinstance(power, int | float):
            raise Misconfigured(f"power_std of MultiBand Diffusion cannot be {power!r}")
        gains = (deviation / target) ** power
        if not (gains.isfinite() & mean.isfinite()).all():
            raise Misconfigured("what the processor has counted makes no sense")
        return cls(MelBands(rate, count, device), gains, float(mean.sum()))

    def __call__(self, sound: Tensor) -> Tensor:
        return self.bands.weigh(sound, self.gains) + self.offset


@dataclass(frozen=True)
class Band:
    """One of the diffusions whose sounds are summed."""

    unet: Unet
    schedule: Schedule
    rescale: Rescale | None


class MultiBand:
    """Called off by an exception from `on_step`, which is told of every pass through a U-Net."""

    def __init__(
        self,
        bands: Sequence[Band],
        codec: Codec,
        *,
        device: torch.device | str = "cpu",
        chunk: int = CHUNK,
        overlap: int = OVERLAP,
    ) -> None:
        """
        chunk, overlap  frames; the overlap at most half of the chunk
        """
        assert 0 < overlap <= chunk // 2, "only two chunks may share a frame"
        self._bands = bands
        self._codec = codec
        self._device = device
        self._chunk = chunk
        self._overlap = overlap
        self._matched = MelBands(codec.rate, MATCHED_BANDS, device)

    @classmethod
    def read(cls, file: Path, codec: Codec, *, device: torch.device | str = "cpu") -> MultiBand:
        """A checkpoint of the reference, such as mbd_musicgen_32khz.th.

        raises  Misconfigured when it is none, or not for this codec
        """
        bands = read_bands(load(file), codec.rate, device)
        nothing = torch.zeros(codec.codebooks, 1, dtype=torch.int64)
        width = codec.latents(nothing).shape[0]
        if any(band.unet.sizes.latent != width for band in bands):
            raise Misconfigured(f"{file} is for another codec: this one's latents are {width} wide")
        return cls(bands, codec, device=device)

    @torch.no_grad()
    def decode(self, codes: Tensor, *, seed: int, on_step: OnStep | None = None) -> Tensor:
        """
        codes    int64 [K, T], at least one frame; in stereo the sides in turns
        seed     of the noise
        on_step  called after each pass through a U-Net with the passes done and all there are
        return   float32 [C, N], N = T * hop, on the device
        raises   ValueError when the codes are not of one or two sides; whatever on_step raises
        """
        sides, rest = divmod(codes.shape[0], self._codec.codebooks)
        if rest or sides not in {1, 2} or not codes.shape[1]:
            raise ValueError(f"codes of {list(codes.shape)} are no clip in mono or stereo")
        plain = self._codec.decode(codes).to(self._device)
        heard = torch.stack([self._codec.latents(codes[side::sides]) for side in range(sides)])
        sound = self._diffuse(heard.to(self._device), seed, on_step)
        return self._matched.match(sound, plain)

    def _diffuse(self, heard: Tensor, seed: int, on_step: OnStep | None) -> Tensor:
        """What the codec heard [C, latent, T] -> the sum of all bands [C, N]."""
        length = heard.shape[2] * self._codec.hop
        chunks = chunks_of(heard.shape[2], self._chunk, self._overlap)
        descents = [band.schedule.descent() for band in self._bands]
        ticks = itertools.count(1)
        passes = sum(map(len, descents)) * len(chunks)
        generator = torch.Generator().manual_seed(seed)

        def tick() -> None:
            if on_step is not None:
                on_step(next(ticks), passes)

        def noise(scale: float) -> Tensor:
            drawn = torch.randn(heard.shape[0], 1, length, generator=generator)
            return drawn.mul_(scale).to(heard.device)

        total = torch.zeros(heard.shape[0], length, device=heard.device)
        for band, descent in zip(self._bands, descents, strict=True):
            scale, limit = band.schedule.noise, band.schedule.limit
            sound = noise(scale)
            for step in descent:
                told = self._told(band.unet, sound, step.number, heard, chunks, tick)
                sound.sub_(told, alpha=step.slope * scale).div_(step.root)
                if step.deviation:
                    sound.add_(noise(scale), alpha=step.deviation)
                if limit:
                    sound.clamp_(-limit, limit)
            total += band.rescale(sound[:, 0]) if band.rescale else sound[:, 0]
        return total

    def _told(
        self,
        unet: Unet,
        sound: Tensor,
        step: int,
        heard: Tensor,
        chunks: Sequence[range],
        tick: Callable[[], None],
    ) -> Tensor:
        """The noise that the U-Net tells of a clip, chunk by chunk: where two share frames, one fades into the other.

        Blending what is told in every step, and not the finished sounds, keeps the chunks in phase: to each step there is one sound.
        """
        hop = self._codec.hop
        fade = fade_in(self._overlap * hop).to(sound.device)
        told = torch.zeros_like(sound)
        for number, chunk in enumerate(chunks):
            here = slice(chunk.start * hop, chunk.stop * hop)
            estimate = unet(sound[..., here], step, heard[..., chunk.start : chunk.stop])
            if number > 0:
                estimate[..., : len(fade)] *= fade
            if number < len(chunks) - 1:
                estimate[..., -len(fade) :] *= fade.flip(0)
            told[..., here] += estimate
            tick()
        return told


def chunks_of(frames: int, chunk: int, overlap: int) -> tuple[range, ...]:
    """The frames of each chunk: all as long as allowed but the last, which is longer than the overlap (or the only one)."""
    starts = range(0, max(1, frames - overlap), chunk - overlap)
    return tuple(range(start, min(start + chunk, frames)) for start in starts)


def fade_in(length: int) -> Tensor:
    """Rises from 0 to 1 as a squared sine does; with its mirror image it is 1 everywhere. float32 [length]."""
    angle = (torch.arange(length, dtype=torch.float64) + 0.5) / length * (np.pi / 2)
    return angle.sin().square().float()


def read_bands(package: Any, rate: int, device: torch.device | str = "cpu") -> tuple[Band, ...]:
    """
    package  what stands in the checkpoint, its settings as plain dicts
    rate     Hz, of the codec it is to go with
    raises   Misconfigured
    """
    count = package.get("n_bands") if isinstance(package, Mapping) else None
    if not isinstance(count, int) or count < 1:
        raise Misconfigured("this file is no checkpoint of MultiBand Diffusion")
    if package.get("sample_rate") != rate:
        found = package.get("sample_rate")
        raise Misconfigured(f"this MultiBand Diffusion is for {found} Hz, the codec for {rate} Hz")
    return tuple(_band(_part(package, number), rate, device) for number in range(count))


def _band(band: Mapping[str, Any], rate: int, device: torch.device | str) -> Band:
    settings = _part(band, "cfg")
    if settings.get("channels") != 1:
        raise Misconfigured("a U-Net of MultiBand Diffusion for more than one channel is not known")
    schedule = Schedule.read(_part(settings, "schedule"))
    sizes = UnetSizes.read(_part(settings, "diffusion_unet"), steps=schedule.steps)
    unet = Unet(sizes, _part(band, "model_state"), device)
    return Band(unet, schedule, Rescale.read(band, rate, device))


def _part(whole: Mapping[Any, Any], name: str | int) -> Mapping[Any, Any]:
    part = whole.get(name)
    if not isinstance(part, Mapping):
        raise Misconfigured(f"this checkpoint of MultiBand Diffusion has no {name}")
    return cast("Mapping[Any, Any]", part)


def _counted(state: Mapping[str, Any], name: str, length: int) -> Tensor:
    tensor = state.get(name)
    if not isinstance(tensor, Tensor) or tensor.shape != (length,):
        raise Misconfigured(f"the processor's {name} is missing or not [{length}]")
    return tensor.double().cpu()
