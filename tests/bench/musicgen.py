"""MusicGen's decoder at real size with random weights, beside transformers and beside the memory it has to read. CPU or GPU, what is there.

All are measured in turns within one run, for the machine's speed moves: a few steps of each, several rounds, the median of each.
A step is the whole loop: decoder, guidance, drawing, delay pattern. Accuracy is against float32 on the same codes.
"""

from __future__ import annotations

import copy
import gc
import os
import queue
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from real import real, save_real
from tiny import tiny_tokenizer
from torch import Tensor

from bandstand.musicgen.checkpoints import Checkpoint, read_checkpoint
from bandstand.musicgen.decoder import Decoder, TorchDecoder
from bandstand.musicgen.decoders import open_decoder, precisions_on
from bandstand.musicgen.memory import positions_of
from bandstand.musicgen.model import MusicGen
from bandstand.musicgen.native.library import why_not
from bandstand.musicgen.piece import Piece
from bandstand.musicgen.runner import Runner, Track
from bandstand.musicgen.sizes import FRAME_RATE

ROUNDS, STEPS, WARM_UPS = 3, 16, 3
REQUESTS = (1, 2, 4, 8)
SLOTS = max(REQUESTS)
FULL_BYTES = 1 << 30
HEAD = ("what", "requests", "ms a step", "x real time", "floor", "over floor", "correct")
GOALS = {
    "int8 over transformers float32": 15.0,
    "int8 over transformers' best bfloat16": 4.0,
    "bfloat16 over transformers' best bfloat16": 2.0,
    "float32 over transformers float32": 4.0,
    "torch int8 over transformers float32": 6.0,
}


def measure(folder: Path) -> Iterator[str]:
    torch.set_grad_enabled(False)
    torch.set_num_threads(os.cpu_count() or 1)  # the tiny models of the tests want one
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = "small" if device == "cpu" else "large"
    model = real(name)
    checkpoint = read_checkpoint(save_real(folder / name, model))
    yield f"MusicGen {name}, random weights, on {device}, torch {torch.__version__}, {torch.get_num_threads()} threads."
    yield from _steps(model, checkpoint, device)
    del model
    gc.collect()
    yield from _whole(folder / name, device)


def _steps(model: Any, checkpoint: Checkpoint, device: str) -> Iterator[str]:
    ours = dict(_ours(checkpoint, device))
    theirs = dict(_theirs(model, device))
    bandwidth = read_speed(device)
    yield f"Memory is read at {bandwidth / 1e9:.0f} GB/s in this run."
    yield from ("", f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|")
    correct = {label: accuracy(decoder, checkpoint) for label, decoder in ours.items()}
    alone: dict[str, float] = {}
    for requests in REQUESTS:
        ways: dict[str, Callable[[int], float]] = {
            label: stepping(decoder, checkpoint, requests) for label, decoder in ours.items()
        }
        ways |= {label: take(requests) for label, take in theirs.items()}
        for label, seconds in in_turns(ways).items():
            if requests == 1:
                alone[label] = seconds
            decoder = ours.get(label)
            floor = weight_bytes(label, checkpoint) / bandwidth if decoder else None
            yield _line(label, requests, seconds, floor, correct.get(label, ""))
    yield ""
    yield from _goals(alone)


def _line(label: str, requests: int, seconds: float, floor: float | None, correct: str) -> str:
    shown = "" if floor is None else f"{1e3 * floor:.1f} ms"
    ratio = "" if floor is None else f"{seconds / floor:.2f}"
    real_time = 1 / FRAME_RATE / seconds
    cells = (
        label,
        str(requests),
        f"{1e3 * seconds:.1f}",
        f"{real_time:.2f}",
        shown,
        ratio,
        correct,
    )
    return f"| {' | '.join(cells)} |"


def _goals(alone: Mapping[str, float]) -> Iterator[str]:
    """Ratios at one request; above 1 is faster than the other."""
    plain = alone["transformers float32"]
    best = min(alone[label] for label in alone if label.startswith("transformers bfloat16"))
    pairs = {
        "int8 over transformers float32": (plain, alone.get("library int8")),
        "int8 over transformers' best bfloat16": (best, alone.get("library int8")),
        "bfloat16 over transformers' best bfloat16": (best, alone.get("library bfloat16")),
        "float32 over transformers float32": (plain, alone.get("library float32")),
        "torch int8 over transformers float32": (plain, alone.get("torch int8")),
        "float16 over transformers' best 16 bits": (best, alone.get("torch float16")),
    }
    for label, (other, own) in pairs.items():
        if own is not None:
            goal = GOALS.get(label)
            told = (
                f", aim {goal:g}: {'reached' if other / own >= goal else '**missed**'}"
                if goal
                else ""
            )
            yield f"* {label}: {other / own:.1f} times{told}"


def _ours(checkpoint: Checkpoint, device: str) -> Iterator[tuple[str, Decoder]]:
    given = {"slots": SLOTS, "length": positions_of(checkpoint.sizes)}
    if device == "cpu":
        for precision in ("float32", "bfloat16", "int8"):
            yield (
                f"torch {precision}",
                TorchDecoder(checkpoint.sizes, checkpoint.weights, precision=precision, **given),
            )
    if device == "cpu" and why_not():
        return
    kind = "library" if device == "cpu" else "torch"
    for precision in precisions_on(device):
        yield (
            f"{kind} {precision}",
            open_decoder(checkpoint, device=device, precision=precision, slots=SLOTS),
        )


def _theirs(
    model: Any, device: str
) -> Iterator[tuple[str, Callable[[int], Callable[[int], float]]]]:
    """transformers' generate: its default, and the quickest of its settings that we know."""
    words = tiny_tokenizer()(["a prompt of eight words and not more"], return_tensors="pt").to(
        device
    )
    model = model.to(device)
    narrow = copy.deepcopy(model).to(torch.bfloat16)

    def way(which: Any, **settings: Any) -> Callable[[int], Callable[[int], float]]:
        def of(requests: int) -> Callable[[int], float]:
            given = {key: value.expand(requests, -1) for key, value in words.items()}
            return lambda steps: hf_seconds(which, given, steps, settings)

        return of

    yield "transformers float32", way(model)
    yield "transformers bfloat16", way(narrow)
    yield "transformers bfloat16, static cache", way(narrow, cache_implementation="static")


def hf_seconds(
    model: Any, given: Mapping[str, Tensor], steps: int, settings: Mapping[str, Any]
) -> float:
    """Seconds of a step of generate, from one call of its decoder to the next; prefill, T5 and EnCodec are left out."""
    calls: list[float] = []
    hook = model.decoder.register_forward_pre_hook(lambda *_: calls.append(time.perf_counter()))
    try:
        model.generate(
            **given,
            max_new_tokens=steps + 4,
            guidance_scale=3.0,
            do_sample=True,
            top_k=250,
            **settings,
        )
    finally:
        hook.remove()
    return statistics.median(later - earlier for earlier, later in pairwise(calls[2:]))


def stepping(decoder: Decoder, checkpoint: Checkpoint, requests: int) -> Callable[[int], float]:
    """So many tracks side by side, begun anew at each call, as transformers begins anew."""
    device = "cuda" if torch.cuda.is_available() else "cpu"

    def take(steps: int) -> float:
        runner = Runner(decoder, device=device)
        for slot in range(requests):
            runner.join(slot, track_of(checkpoint, slot))
            while not runner.fill(slot):
                pass
        times: list[float] = []
        for _ in range(steps):
            began = time.perf_counter()
            runner.step()
            if device == "cuda":
                torch.cuda.synchronize()
            times.append(time.perf_counter() - began)
        return statistics.median(times[2:])

    return take


def track_of(checkpoint: Checkpoint, seed: int) -> Track:
    sizes = checkpoint.sizes
    words = torch.randn(10, sizes.width, generator=torch.Generator().manual_seed(seed))
    nothing = torch.zeros(sizes.codebooks, 0, dtype=torch.int64)
    return Track(frames=1500, seed=seed, prompt=nothing, text=words)


def in_turns(ways: Mapping[str, Callable[[int], float]]) -> dict[str, float]:
    """The median of the rounds, each way a little in each round."""
    for take in ways.values():
        take(WARM_UPS)
    rounds = [{label: take(STEPS) for label, take in ways.items()} for _ in range(ROUNDS)]
    return {label: statistics.median(found[label] for found in rounds) for label in ways}


def read_speed(device: str) -> float:
    """Bytes a second: the best of some readings of more memory than any cache holds, by as many threads as the decoders have."""
    block = torch.ones(FULL_BYTES // 4, device=device)
    times: list[float] = []
    for _ in range(8):
        began = time.perf_counter()
        block.sum().item()
        times.append(time.perf_counter() - began)
    return FULL_BYTES / min(times)


def weight_bytes(label: str, checkpoint: Checkpoint) -> float:
    """What a step reads of the weights: all but the tables, and the two projections that only a track's beginning needs."""
    sizes, each = (
        checkpoint.sizes,
        {"float32": 4, "bfloat16": 2, "float16": 2, "int8": 1, "int4": 0.5625},
    )
    numbers = 14 * sizes.width**2 * sizes.layers + sizes.codebooks * sizes.codes * sizes.width
    return numbers * each[label.rsplit(maxsplit=1)[-1]]


def accuracy(decoder: Decoder, checkpoint: Checkpoint) -> str:
    """Of the logits after 20 given columns, against float32 in torch."""
    exact = TorchDecoder(
        checkpoint.sizes, checkpoint.weights, slots=1, length=64, precision="float32"
    )
    tokens = torch.randint(
        0, 2048, (20, checkpoint.sizes.codebooks), generator=torch.Generator().manual_seed(3)
    )
    found, wanted = (_logits(which, checkpoint, tokens) for which in (decoder, exact))
    error = float((found - wanted).norm() / wanted.norm())
    likely = (set(row.topk(250).indices.tolist()) for row in found.flatten(0, -2))
    truly = (set(row.topk(250).indices.tolist()) for row in wanted.flatten(0, -2))
    overlap = statistics.mean(len(a & b) / 250 for a, b in zip(likely, truly, strict=True))
    return f"error {100 * error:.2f} %, top 250 {100 * overlap:.1f} %"


def _logits(decoder: Decoder, checkpoint: Checkpoint, tokens: Tensor) -> Tensor:
    text = track_of(checkpoint, 0).text
    assert text is not None
    decoder.attend(0, text)
    rows = []
    for position, codes in enumerate(tokens):
        there = torch.full((decoder.slots,), -1)
        there[0] = position
        device = "cuda" if torch.cuda.is_available() and decoder.slots > 1 else "cpu"
        given = codes.expand(decoder.slots, -1).contiguous().to(device)
        rows.append(decoder.logits(given, there.to(device))[0].float().cpu())
    return torch.stack(rows)


FIRST = """
import sys, time
began = float(sys.argv[3])
from pathlib import Path
from bandstand.musicgen.model import MusicGen
from bandstand.musicgen.piece import Piece
def peak():
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
class Listener:
    heard = 0
    def progress(self, fraction): pass
    def log(self, line): pass
    def audio(self, stretch):
        before, self.heard = self.heard, self.heard + stretch.samples.shape[1]
        if before < 32000 <= self.heard:
            print(time.time() - began, peak(), flush=True)
model = MusicGen.read(Path(sys.argv[1]), precision=sys.argv[2], slots=1)
model.make(Piece(text="lo-fi beats", seconds=1.5, seed=1), Listener())
model.close()
"""


def _whole(folder: Path, device: str) -> Iterator[str]:
    """From text to sound, with T5 and EnCodec; and from the start of a process to the first second that can be heard."""
    precisions = (
        ("int8", "bfloat16") if device == "cpu" and not why_not() else precisions_on(device)[:1]
    )
    yield from (
        "",
        "| from text to sound | requests | seconds for 10 s | x real time each |",
        "|---|---|---|---|",
    )
    for precision in precisions:
        model = MusicGen.read(folder, device=device, precision=precision, slots=4)
        model.make(Piece(text="warm up", seconds=1, seed=0))
        for requests in (1, 4):
            seconds = together(model, requests)
            yield f"| {precision} | {requests} | {seconds:.2f} | {10 / seconds:.2f} |"
        model.close()
        del model
        gc.collect()
    yield ""
    for precision in precisions:
        told = subprocess.run(
            [sys.executable, "-c", FIRST, str(folder), precision, str(time.time())],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        yield (
            f"* {precision}, from process start to the first second that can be heard, files in the page cache: "
            f"{float(told[0]):.1f} s; peak memory {int(told[1]) / 1e6:.2f} GB, mapped files included"
        )


def together(model: MusicGen, requests: int) -> float:
    """Seconds until as many pieces of 10 s are done, all begun at once."""
    done: queue.SimpleQueue[float] = queue.SimpleQueue()
    began = time.perf_counter()

    def make(seed: int) -> None:
        model.make(Piece(text=f"lo-fi beats {seed}", seconds=10, seed=seed))
        done.put(time.perf_counter() - began)

    threads = [threading.Thread(target=make, args=(seed,)) for seed in range(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(done.get() for _ in threads)
