"""MultiBand Diffusion: what the plain twin makes, in one chunk or several, reproducibly, in bounded memory, from a checkpoint file."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from plain_multiband import diffuse, split, unet
from tiny import checkpoint_of
from tiny_multiband import (
    SCHEDULE,
    UNET,
    TableCodec,
    random_unet,
    save_tiny_multiband,
    tiny_multiband,
)
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from bandstand.errors import Canceled, Misconfigured
from bandstand.musicgen.codec import Codec
from bandstand.musicgen.multiband import (
    Band,
    MultiBand,
    Schedule,
    chunks_of,
    fade_in,
    read_bands,
)
from bandstand.musicgen.unet import UnetSizes

RATE = TableCodec.rate
HOP = TableCodec.hop


def codes_of(frames: int, books: int = 4) -> Tensor:
    return torch.randint(0, 2048, (books, frames), generator=torch.Generator().manual_seed(4))


def multiband(package: Any = None, **how: Any) -> MultiBand:
    return MultiBand(read_bands(package or tiny_multiband(bands=2), RATE), TableCodec(), **how)


def plain_decode(package: Any, codes: Tensor, seed: int) -> np.ndarray:
    """Each side through `plain_multiband`, with the noise that torch draws from the seed."""
    codec = TableCodec()
    sides = codes.shape[0] // 4
    heard = [codec.latents(codes[side::sides]).double().numpy() for side in range(sides)]
    generator = torch.Generator().manual_seed(seed)
    total = np.zeros((sides, codes.shape[1] * HOP))
    for number in range(package["n_bands"]):
        band = package[number]
        steps = band["cfg"]["schedule"]["num_steps"]
        sizes = UnetSizes.read(band["cfg"]["diffusion_unet"], steps=steps)
        tensors = {name: tensor.double().numpy() for name, tensor in band["model_state"].items()}
        betas = np.linspace(1e-5 ** (1 / 7.5), 2.9e-2 ** (1 / 7.5), steps) ** 7.5
        drawn = [
            torch.randn(*total.shape, generator=generator).double() for _ in range(steps // 50)
        ]
        for side in range(sides):
            sound = diffuse(
                lambda x, step, side=side: unet(x, step, heard[side], tensors, sizes),  # noqa: B023
                (noise[side].numpy() for noise in drawn),
                betas,
                5.0,
            )
            total[side] += rescaled(sound, band) if band["processor_state"] else sound
    pairs = [
        (split(ours, RATE, 32), split(theirs.double().numpy(), RATE, 32))
        for ours, theirs in zip(total, codec.decode(codes), strict=True)
    ]
    ours, theirs = (np.stack(bands, axis=1) for bands in zip(*pairs, strict=True))
    gains = theirs.reshape(32, -1).std(1, ddof=1) / ours.reshape(32, -1).std(1, ddof=1)
    return np.einsum("m,mcn->cn", gains, ours)


def rescaled(sound: np.ndarray, band: Any) -> np.ndarray:
    counted = {name: tensor.double().numpy() for name, tensor in band["processor_state"].items()}
    mean = counted["sum_x"] / counted["counts"]
    deviation = np.sqrt(counted["sum_x2"] / counted["counts"] - mean**2)
    gains = (deviation / (counted["sum_target_x2"] / counted["counts"])) ** 0.4
    return (split(sound, RATE, 8) * gains[:, None] + mean[:, None]).sum(0)


@pytest.mark.parametrize(("books", "frames"), [(4, 4), (4, 3), (8, 2)])
def test_clip_is_that_of_the_plain_twin(books: int, frames: int):
    package, codes = tiny_multiband(bands=2), codes_of(frames, books)

    sound = multiband(package).decode(codes, seed=7)

    wanted = plain_decode(package, codes, seed=7)
    assert sound.dtype == torch.float32
    assert sound.shape == wanted.shape == (books // 4, frames * HOP)
    assert np.abs(sound.numpy() - wanted).max() < 1e-4 * np.abs(wanted).max()


def test_twenty_steps_of_a_thousand_are_taken():
    steps = Schedule.read({**SCHEDULE, "num_steps": 1000}).descent()

    assert [step.number for step in steps] == list(range(999, 0, -50))
    assert [step.deviation == 0 for step in steps] == [False] * 19 + [True]
    assert all(step.root < 1 for step in steps)


def test_a_network_that_always_tells_the_noise_leads_to_the_sound():
    schedule = Schedule.read({**SCHEDULE, "num_steps": 1000})
    left = np.cumprod(1 - np.linspace(1e-5 ** (1 / 7.5), 2.9e-2 ** (1 / 7.5), 1000) ** 7.5)
    music = torch.sin(torch.arange(2 * HOP) * 0.1)[None, None]

    def knowing(noisy: Tensor, step: int, heard: Tensor) -> Tensor:
        return (noisy - left[step] ** 0.5 * music) / (1 - left[step]) ** 0.5

    diffusion = MultiBand([Band(knowing, schedule, None)], TableCodec())  # type: ignore[arg-type]
    sound = diffusion._diffuse(torch.zeros(1, 16, 2), 1, None)

    assert (sound - music[0]).abs().max() < 0.02


def test_same_seed_gives_the_same_clip_whatever_else_draws_noise():
    codes = codes_of(5)
    torch.manual_seed(1)
    first = multiband().decode(codes, seed=7)
    state = torch.get_rng_state()

    second = multiband().decode(codes, seed=7)

    assert torch.equal(first, second)
    assert torch.equal(state, torch.get_rng_state())


def test_another_seed_gives_another_clip():
    first, second = (multiband().decode(codes_of(5), seed=seed) for seed in (7, 8))

    assert (first - second).abs().max() > 0.1 * first.std()


def test_bands_have_the_strength_that_the_codec_gives_them():
    codes = codes_of(100)
    diffusion = multiband(tiny_multiband(bands=1))

    sound = diffusion.decode(codes, seed=7)

    ours = diffusion._matched.deviations(sound)
    theirs = diffusion._matched.deviations(TableCodec().decode(codes))
    assert (ours.square().sum() / theirs.square().sum()).sqrt() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("books", "frames"), [(3, 5), (12, 5), (4, 0)])
def test_codes_of_no_clip_are_refused(books: int, frames: int):
    with pytest.raises(ValueError, match="no clip"):
        multiband().decode(codes_of(frames, books), seed=7)


def test_every_pass_is_told_of():
    told: list[tuple[int, int]] = []

    multiband(chunk=10, overlap=4).decode(
        codes_of(15), seed=7, on_step=lambda *tick: told.append(tick)
    )

    passes = 2 * 2 * 2  # bands, steps of a hundred, chunks
    assert told == [(done, passes) for done in range(1, passes + 1)]


def test_clip_called_off_ends_within_one_pass():
    told: list[int] = []

    def call_off(done: int, passes: int) -> None:
        told.append(done)
        if done == 3:
            raise Canceled

    with pytest.raises(Canceled):
        multiband().decode(codes_of(5), seed=7, on_step=call_off)
    assert told == [1, 2, 3]


# ---- chunks ----


@given(st.integers(1, 500), st.integers(1, 20), st.integers(0, 40))
def test_chunks_cover_the_clip_and_share_only_the_overlap(frames: int, overlap: int, more: int):
    chunk = 2 * overlap + more

    chunks = chunks_of(frames, chunk, overlap)

    assert chunks[0].start == 0
    assert chunks[-1].stop == frames
    assert max(map(len, chunks)) <= chunk
    for one, following in itertools.pairwise(chunks):
        assert one.stop - following.start == overlap < len(following)


def test_clip_of_thirty_seconds_is_one_chunk_and_a_longer_one_is_not():
    assert chunks_of(1500, 1500, 100) == (range(1500),)
    assert chunks_of(1501, 1500, 100) == (range(1500), range(1400, 1501))
    assert len(chunks_of(3000, 1500, 100)) == 3


@given(st.integers(1, 1000))
def test_fading_in_and_out_is_one_everywhere(length: int):
    fade = fade_in(length)

    assert (fade + fade.flip(0) - 1).abs().max() < 1e-6


def test_chunks_are_not_heard():
    codes, package = codes_of(60), tiny_multiband(bands=2)

    whole = multiband(package).decode(codes, seed=7)
    parted = multiband(package, chunk=28, overlap=12).decode(codes, seed=7)

    assert torch.corrcoef(torch.cat([whole, parted]))[0, 1] > 0.99
    for joint in (16, 28, 32, 44):
        here = slice((joint - 1) * HOP, (joint + 1) * HOP)
        power = (whole[0, here].square().mean(), parted[0, here].square().mean())
        assert 0.8 < power[1] / power[0] < 1.25
        jump = parted.diff()[0, here].abs().max() / whole.diff()[0, here].abs().max()
        assert jump < 1.5


class LiveBytes(TorchDispatchMode):
    """The most that was in torch's tensors at any time: everything that an operation makes, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in tensors_in(made):
            storage = tensor.untyped_storage()
            key = storage._cdata
            if key not in self.live:
                self.live[key] = storage.nbytes()
                weakref.finalize(storage, self.live.pop, key)
        self.peak = max(self.peak, sum(self.live.values()))
        return made


def tensors_in(made: Any) -> Iterator[Tensor]:
    if isinstance(made, Tensor):
        yield made
    elif isinstance(made, list | tuple):
        for part in made:
            yield from tensors_in(part)


def test_memory_beyond_the_clip_itself_does_not_grow_with_its_length():
    settings = {**UNET, "hidden": 128, "depth": 1}
    package = tiny_multiband(bands=1)
    sizes = UnetSizes.read(settings, steps=100)
    package[0]["cfg"]["diffusion_unet"] = settings
    package[0]["model_state"] = random_unet(sizes, seed=0)
    package[0]["cfg"]["processor"]["use"] = False
    peaks = []
    for frames in (150, 300):
        with LiveBytes() as memory:
            multiband(package, chunk=150, overlap=10).decode(codes_of(frames), seed=7)
        peaks.append(memory.peak)

    clip = 150 * HOP * 4  # bytes of what the second is longer by
    assert peaks[1] - peaks[0] < 10 * clip


# ---- checkpoints ----


def test_file_gives_what_its_plain_contents_give(tmp_path: Path):
    package = tiny_multiband(bands=4)
    file = save_tiny_multiband(tmp_path / "mbd.th", package)

    diffusion = MultiBand.read(file, TableCodec())

    codes = codes_of(3)
    assert torch.equal(diffusion.decode(codes, seed=7), multiband(package).decode(codes, seed=7))


@pytest.mark.parametrize("books", [4, 8])
def test_clip_is_as_long_as_that_of_the_codec(books: int, tmp_path: Path):
    codec = Codec(checkpoint_of("small").codec)
    diffusion = MultiBand.read(save_tiny_multiband(tmp_path / "mbd.th"), codec)
    codes = codes_of(3, books)

    sound = diffusion.decode(codes, seed=7)

    assert sound.shape == codec.decode(codes).shape == (books // 4, 3 * HOP)
    assert sound.isfinite().all()


def test_file_for_another_codec_is_refused(tmp_path: Path):
    file = save_tiny_multiband(tmp_path / "mbd.th")
    codec = TableCodec()
    codec.vectors = codec.vectors[..., :8]

    with pytest.raises(Misconfigured, match="another codec"):
        MultiBand.read(file, codec)


def test_file_that_is_something_else_is_refused(tmp_path: Path):
    torch.save({"best_state": {}, "xp.cfg": ""}, tmp_path / "state_dict.bin")

    with pytest.raises(Misconfigured, match="no checkpoint of MultiBand Diffusion"):
        MultiBand.read(tmp_path / "state_dict.bin", TableCodec())


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        (["sample_rate"], 24000, "for 24000 Hz, the codec for 32000 Hz"),
        (["n_bands"], 5, "has no 4"),
        (["n_bands"], "4", "no checkpoint"),
        ([2], [], "has no 2"),
        ([3, "cfg"], None, "has no cfg"),
        ([3, "cfg", "channels"], 2, "more than one channel"),
        ([3, "cfg", "schedule", "num_steps"], 999, "multiple of 50"),
        ([3, "cfg", "schedule", "beta_t0"], "small", "beta_t0"),
        ([3, "cfg", "schedule", "repartition"], "sigmoid", "schedule"),
        ([3, "cfg", "diffusion_unet", "transformer"], True, "transformer"),
        ([3, "cfg", "processor", "name"], "other", "processor"),
        ([3, "cfg", "processor", "power_std"], "x", "power_std"),
        ([3, "processor_state", "sum_x"], torch.zeros(3), "sum_x"),
        ([3, "processor_state", "counts"], torch.zeros(1), "makes no sense"),
        ([3, "model_state", "conv_codec.bias"], torch.zeros(3), "conv_codec.bias"),
    ],
)
def test_checkpoint_that_contradicts_itself_is_refused(where: list[Any], value: Any, message: str):
    package = tiny_multiband()
    inner = package
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value

    with pytest.raises(Misconfigured, match=message):
        read_bands(package, RATE)


def test_schedule_without_a_limit_leaves_samples_alone():
    assert Schedule.read({**SCHEDULE, "clip": None}).limit == 0
