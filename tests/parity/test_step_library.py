"""The CPU step library against transformers' decoder and against torch, and what it promises: nothing of a row depends on others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from oracle import relative, their_logits
from safetensors import safe_open
from safetensors.torch import save_file
from tiny import NAMES, checkpoint_of, loaded_tiny
from torch import Tensor
from tracks import GREEDY, codes_of, track_of

from bandstand.musicgen.decoder import TorchDecoder
from bandstand.musicgen.memory import positions_of
from bandstand.musicgen.native.decoder import PRECISIONS, NativeDecoder
from bandstand.musicgen.native.library import LEVELS, use_level, why_not
from bandstand.musicgen.native.mapped import forget
from bandstand.musicgen.runner import Track
from bandstand.musicgen.sizes import SIZES, Sizes

pytestmark = pytest.mark.skipif(why_not() is not None, reason=f"step library: {why_not()}")

STEPS = 70  # more than one block of the cache


@pytest.fixture(params=range(len(LEVELS)), ids=LEVELS)
def level(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each set of instructions that this machine has."""
    found = use_level(request.param)
    if found != LEVELS[request.param]:
        use_level()
        pytest.skip(f"this machine has no {LEVELS[request.param]}")
    yield found
    use_level()


def native(name: str, *, precision: str = "float32", slots: int = 2, **more: Any) -> Any:
    checkpoint = checkpoint_of(name)
    length = positions_of(checkpoint.sizes)
    return NativeDecoder(
        checkpoint.sizes,
        checkpoint.weights,
        precision=precision,
        slots=slots,
        length=length,
        **{"threads": 2} | more,
    )


def random_columns(sizes: Sizes, *, seed: int = 5, count: int = STEPS) -> Tensor:
    """int64 [K, S], special tokens among them"""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, sizes.codes + 1, (sizes.codebooks, count), generator=generator)


def begin(decoder: NativeDecoder, slot: int, track: Track) -> int:
    """The position of the first column."""
    if track.text is not None:
        decoder.attend(slot, track.text)
    if track.prefix is None:
        return 0
    decoder.prefill(slot, track.prefix, 0)
    return track.prefix.shape[1]


def stepped(decoder: NativeDecoder, tracks: Mapping[int, Track], *, count: int = STEPS) -> Tensor:
    """float32 [S, N, 2, K, V] when the tracks run together, each in its slot with its own columns and at its own pace."""
    sizes = decoder.sizes
    starts = {slot: begin(decoder, slot, track) for slot, track in tracks.items()}
    columns = {slot: random_columns(sizes, seed=track.seed) for slot, track in tracks.items()}
    rows: list[Tensor] = []
    for step in range(count):
        tokens = torch.zeros(decoder.slots, sizes.codebooks, dtype=torch.int64)
        positions = torch.full((decoder.slots,), -1)
        for slot, start in starts.items():
            tokens[slot] = columns[slot][:, step]
            positions[slot] = start + step
        rows.append(decoder.logits(tokens, positions))
    return torch.stack(rows)


@pytest.mark.parametrize("name", NAMES)
def test_logits_are_those_of_transformers_at_every_step(name: str) -> None:
    decoder = native(name)
    track = track_of(decoder.sizes)

    found = stepped(decoder, {1: track})[:, 1]

    columns = random_columns(decoder.sizes, seed=track.seed)
    assert relative(found, their_logits(loaded_tiny(name), track, columns)) < 1e-4


@pytest.mark.parametrize("precision", PRECISIONS)
def test_all_instructions_say_the_same(level: str, precision: str) -> None:
    decoder = native("stereo-medium", precision=precision)
    found = stepped(decoder, {1: track_of(decoder.sizes)})[:, 1]
    use_level(0)
    plain = native("stereo-medium", precision=precision)

    wanted = stepped(plain, {1: track_of(plain.sizes)})[:, 1]

    # A number between two steps of a coarse scale falls to the one or the other side, and what follows amplifies it.
    bounds = {"float32": 1e-5, "bfloat16": 0.01, "int8": 0.02, "int4": 0.05}
    assert relative(found, wanted) < bounds[precision]


@pytest.mark.parametrize(
    ("precision", "bound"), [("float32", 1e-5), ("bfloat16", 0.02), ("int8", 0.06), ("int4", 0.5)]
)
def test_coarser_weights_stay_close(level: str, precision: str, bound: float) -> None:
    decoder = native("medium", precision=precision)
    track = track_of(decoder.sizes)

    found = stepped(decoder, {1: track})[:, 1]

    columns = random_columns(decoder.sizes, seed=track.seed)
    wanted = their_logits(loaded_tiny("medium"), track, columns)
    assert relative(found, wanted) < bound


@pytest.mark.parametrize("name", ["small", "stereo-melody"])
def test_greedy_codes_of_200_steps_are_those_of_torch(name: str) -> None:
    checkpoint = checkpoint_of(name)
    track = track_of(checkpoint.sizes, frames=200, sampling=GREEDY)
    length = positions_of(checkpoint.sizes)
    torch_decoder = TorchDecoder(checkpoint.sizes, checkpoint.weights, slots=2, length=length)

    (found,) = codes_of(native(name), track)

    (wanted,) = codes_of(torch_decoder, track)
    assert torch.equal(found, wanted)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["medium", "stereo-melody"])
def test_row_does_not_depend_on_other_rows(level: str, name: str, precision: str) -> None:
    alone, crowded = (native(name, precision=precision, slots=count) for count in (1, 8))
    tracks = {slot: track_of(alone.sizes, seed=slot, text=3 + slot) for slot in range(8)}

    together = stepped(crowded, tracks, count=6)

    assert torch.equal(together[:, 5], stepped(alone, {0: tracks[5]}, count=6)[:, 0])


@pytest.mark.parametrize("precision", PRECISIONS)
def test_threads_change_nothing(precision: str) -> None:
    decoders = [native("small", precision=precision, threads=count) for count in (1, 2, 3)]
    tracks = {slot: track_of(decoders[0].sizes, seed=slot) for slot in range(2)}

    first, *others = (stepped(decoder, tracks, count=40) for decoder in decoders)

    assert all(torch.equal(first, other) for other in others)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_filling_in_is_stepping(level: str, precision: str) -> None:
    decoder = native("small", precision=precision)
    track = track_of(decoder.sizes)
    columns = random_columns(decoder.sizes, seed=track.seed)
    wanted = stepped(decoder, {0: track})[-1, 0]

    begin(decoder, 1, track)
    vectors = decoder.embed(columns.T[:-1]).expand(2, -1, -1)
    decoder.prefill(1, vectors[:, :23], 0)
    decoder.prefill(1, vectors[:, 23:], 23)
    tokens = columns[:, -1].expand(2, -1)
    found = decoder.logits(tokens, torch.tensor([-1, STEPS - 1]))[1]

    assert torch.equal(found, wanted)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_slot_remembers_nothing_of_the_track_before(precision: str) -> None:
    fresh, used = native("small", precision=precision), native("small", precision=precision)
    track = track_of(fresh.sizes, text=5)
    used.attend(0, torch.full((200, fresh.sizes.width), torch.nan))
    used.prefill(0, torch.full((2, 300, fresh.sizes.width), torch.nan), 0)

    found = stepped(used, {0: track})

    assert torch.equal(found, stepped(fresh, {0: track}))


def test_idle_slot_keeps_its_cache() -> None:
    decoder, other = native("small"), native("small")
    tracks = {slot: track_of(decoder.sizes, seed=slot) for slot in range(2)}
    wanted = stepped(other, {0: tracks[0]}, count=20)[19, 0]

    stepped(decoder, {0: tracks[0]}, count=19)
    stepped(decoder, {1: tracks[1]}, count=30)
    last = random_columns(decoder.sizes, seed=0)[:, 19]
    found = decoder.logits(torch.stack([last, last]), torch.tensor([19, -1]))

    assert torch.equal(found[0], wanted)
    assert not found[1].any()


def test_null_row_does_not_attend_across() -> None:
    decoder = native("small")
    first, second = (track_of(decoder.sizes, seed=1, text=count) for count in (3, 30))

    one, other = stepped(decoder, {0: first}), stepped(decoder, {0: second})

    assert torch.equal(one[:, 0, 1], other[:, 0, 1])
    assert not torch.allclose(one[:, 0, 0], other[:, 0, 0], atol=0.1)


def test_no_text_makes_both_rows_the_same() -> None:
    decoder = native("small")
    track = Track(frames=20, seed=1, prompt=torch.zeros(4, 0), text=torch.zeros(0, 32))

    found = stepped(decoder, {1: track})[:, 1]

    assert torch.equal(found[:, 0], found[:, 1])


def test_sizes_that_vectors_do_not_divide_are_refused() -> None:
    odd = Sizes(width=48, layers=1, heads=4, inner=192, codebooks=4)

    with pytest.raises(ValueError, match="sixteens"):
        NativeDecoder(odd, {}, precision="float32", slots=1, length=16)


def test_closed_decoder_says_so() -> None:
    decoder = native("small")

    decoder.close()

    with pytest.raises(AssertionError, match="closed"):
        decoder.embed(torch.zeros(1, 4, dtype=torch.int64))


def resident(tensor: Tensor) -> int:
    """Kilobytes of the mapping that the tensor lies in."""
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first, _, rest = line.partition("-")
        if not rest.startswith(" ") and " " in rest and ":" not in first:
            last = rest.partition(" ")[0]
            inside = int(first, 16) <= tensor.data_ptr() < int(last, 16)
        elif inside and line.startswith("Rss:"):
            return int(line.split()[1])
    raise AssertionError("the tensor is in no mapping")


def test_mapped_weights_leave_memory_and_come_back(tmp_path: Path) -> None:
    wanted = torch.arange(2**20, dtype=torch.float32)
    save_file({"weights": wanted}, tmp_path / "weights.safetensors")
    with safe_open(tmp_path / "weights.safetensors", framework="pt") as file:
        mapped = file.get_tensor("weights")
    assert mapped.sum() == wanted.sum()
    before = resident(mapped)

    forget(mapped)

    assert resident(mapped) < before / 2
    assert torch.equal(mapped, wanted)


def test_weights_in_memory_are_left_alone(tmp_path: Path) -> None:
    wanted = torch.arange(2**20, dtype=torch.float32)
    ours = wanted.clone()
    save_file({"weights": wanted}, tmp_path / "weights.safetensors")
    with safe_open(tmp_path / "weights.safetensors", framework="pt") as file:
        changed = file.get_tensor("weights")
    changed[5000] = -1.0

    forget(ours)
    forget(changed)

    assert torch.equal(ours, wanted)
    assert changed[5000] == -1.0


class RandomWeights(Mapping[str, Tensor]):
    """Weights of a real size, made when they are read."""

    def __init__(self, sizes: Sizes) -> None:
        self.shapes = sizes.shapes()

    def __getitem__(self, name: str) -> Tensor:
        shape = self.shapes[name]
        if name.endswith("norm.weight"):
            return torch.ones(shape)
        generator = torch.Generator().manual_seed(sum(name.encode()))
        return torch.empty(shape).normal_(0.0, 0.02, generator=generator)

    def __iter__(self) -> Iterator[str]:
        return iter(self.shapes)

    def __len__(self) -> int:
        return len(self.shapes)


@pytest.mark.slow
def test_int8_at_the_real_size_is_close_to_float32() -> None:
    sizes = SIZES["small"]
    track = track_of(sizes)
    found, wanted = (
        stepped(
            NativeDecoder(sizes, RandomWeights(sizes), precision=precision, slots=1, length=64),
            {0: track},
            count=20,
        )
        for precision in ("int8", "float32")
    )

    best, same = (logits.topk(250).indices for logits in (found, wanted))
    overlap = torch.isin(best + _apart(best), same + _apart(same)).float().mean()
    assert (found - wanted).norm() / wanted.norm() < 0.05
    assert overlap > 0.95


def _apart(indices: Tensor) -> Tensor:
    """Numbers that keep the rows of indices apart when they are all looked up at once."""
    rows = torch.arange(indices[..., 0].numel()).view(indices.shape[:-1])
    return rows[..., None] * 10000
