"""The composer: seconds for half a minute of music once it is warm, beside the making of its voices alone; then the
whole battery (`tests/battery`) over all its prompts, and its checks of notes over many seeds.

A battery that was broken off goes on where it stopped when neither it nor the composer has changed since.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from battery.checks import Verdict, table, verdicts
from battery.runner import CHECKS, SINGLE, Setting, card, run
from battery.speed import PROMPTS
from battery.work import mapped, read_prompts, spread

from bandstand.audio.clip import Clip
from bandstand.audio.loudness import integrated_loudness, true_peak
from bandstand.audio.tags import Tags
from bandstand.composer.piece import block_edges, compose, warm_up
from bandstand.composer.render.stem import Player, Stem
from bandstand.composer.score import Score
from bandstand.engines import Made
from bandstand.engines.press import press
from bandstand.specs import MusicSpec
from bench import figures
from bench.figures import Row, quantile

SECONDS = 30.0
WHOLE_MAX, FIRST_MAX = 1.5, 0.5
RATE = 44100
THREADS = 2
LUFS, LUFS_MAY_DIFFER, PEAK_MAX = -14.0, 0.5, -1.0
SEEDS, QUICK_PROMPTS, QUICK_SEEDS, QUICK_SECONDS = 4, 10, 2, 15.0
SWEPT_SEEDS, FIRST_SWEPT = 120, 1000
OF_NOTES = frozenset(
    check.id for check in SINGLE if check.number in {4, 17, 18, 19, 20, 21, 22, 32}
)
OF_NOTES |= {"24a"}
"""Checks that need no sound."""
OF_PIECES = frozenset(check.id for check in CHECKS if check.figure or check.number in {8, 29, 30})
"""Checks that have other figures for other prompts."""


@dataclass(frozen=True)
class Run:
    """One piece: when it could first be heard, when it was a file, how long its voices alone take."""

    first: float
    whole: float
    voices: float
    problems: Sequence[str]


def measure(_folder: Path) -> Iterator[str]:
    yield from figures.table(_speed())
    known, apart = read_prompts("prompts.txt"), read_prompts("held_out.txt")
    everything = frozenset(check.id for check in CHECKS)
    yield from _judged("The battery, prompts to tune on", known, SEEDS, SECONDS, everything)
    yield from _judged("The battery, prompts nobody tunes on", apart, SEEDS, SECONDS, OF_PIECES)
    yield from sweep(_folder)


def quick(_folder: Path) -> Iterator[str]:
    """A few minutes, to see where one stands: some prompts, no absurd ones, no given sound, no ten minutes of music."""
    prompts = spread(read_prompts("prompts.txt"), QUICK_PROMPTS)
    yield from _judged("The battery, some of it", prompts, QUICK_SEEDS, QUICK_SECONDS, OF_PIECES)


def sweep(_folder: Path) -> Iterator[str]:
    """Notes alone, over many seeds, each with the next of all prompts."""
    prompts = [*read_prompts("prompts.txt"), *read_prompts("held_out.txt")]
    pairs = [(prompts[n % len(prompts)], FIRST_SWEPT + n) for n in range(SWEPT_SEEDS)]
    work = partial(card, seconds=SECONDS, rate=RATE, ids=sorted(OF_NOTES))
    findings = [found for made in mapped(work, pairs, _jobs()) for found in made.findings]
    yield from _told(f"Notes alone, {SWEPT_SEEDS} seeds", verdicts(CHECKS, findings))


def _judged(
    title: str, prompts: Sequence[str], seeds: int, seconds: float, wanted: frozenset[str]
) -> Iterator[str]:
    setting = Setting(prompts, range(seeds), seconds, jobs=_jobs(), wanted=wanted, say=_say)
    told = f"{title}: {len(prompts)} prompts, {seeds} seeds, {seconds:g} s"
    yield from _told(told, verdicts(CHECKS, run(setting)))


def _told(title: str, found: Iterator[Verdict]) -> Iterator[str]:
    """A paragraph and a table."""
    judged = list(found)
    reached = sum(verdict.reached for verdict in judged)
    yield from ("", f"{title}; {reached} of {len(judged)} figures as they should be.", "")
    yield from table(judged)


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def _jobs() -> int:
    return max(1, os.cpu_count() or 1)


def _speed() -> Iterator[Row]:
    warm_up()
    _run(PROMPTS[0], seed=0)
    runs = [_run(prompt, seed=number) for number, prompt in enumerate(PROMPTS)]
    problems = [problem for run in runs for problem in run.problems]
    correct = "; ".join(problems) or (
        f"length to the sample, {LUFS:g} LUFS within {LUFS_MAY_DIFFER:g}, true peak at most {PEAK_MAX:g} dB"
    )
    for words, pick in (("median", 0.5), ("slowest", 1.0)):
        whole = quantile([run.whole for run in runs], pick)
        run = next(run for run in runs if run.whole == whole)
        yield Row(
            what=(
                f"{SECONDS:g} s piece to finished WAV, {words} of {len(runs)} styles "
                f"({SECONDS / whole:.0f} times real time), beside its voices unmixed"
            ),
            figure=whole,
            unit="s",
            floor=run.voices,
            aim=f"at most {WHOLE_MAX:g} s",
            reached=whole <= WHOLE_MAX,
            correct=correct if words == "slowest" else "",
        )
    first = quantile([run.first for run in runs], 1.0)
    yield Row(
        what=f"first stretch that can be heard, slowest of {len(runs)}",
        figure=first,
        unit="s",
        aim=f"at most {FIRST_MAX:g} s",
        reached=first <= FIRST_MAX,
    )


def _run(prompt: str, *, seed: int) -> Run:
    began = time.perf_counter()
    piece = compose(prompt, seconds=SECONDS, seed=seed, rate=RATE)
    stretches: list[Clip] = []
    first = 0.0
    for stretch in piece.play():
        first = first or time.perf_counter() - began
        stretches.append(stretch.clip)
    clip = Clip(np.concatenate([stretch.samples for stretch in stretches], axis=1), RATE)
    _press(clip, prompt, seed)
    whole = time.perf_counter() - began
    began = time.perf_counter()
    _play_voices(piece.score)
    return Run(first, whole, time.perf_counter() - began, list(_problems(clip, prompt)))


def _press(clip: Clip, prompt: str, seed: int) -> None:
    tags = Tags(
        prompt=prompt, seed=seed, model="composer", engine="composer", licence="", software="bench"
    )
    with tempfile.TemporaryDirectory() as folder:
        press(Made(clip=clip), MusicSpec(prompt=prompt, seconds=SECONDS), tags, Path(folder))


def _play_voices(score: Score) -> None:
    stems = [Stem(Player(score, index, RATE)) for index in range(len(score.parts))]
    with ThreadPoolExecutor(THREADS) as pool:
        for start, stop in pairwise(block_edges(score, RATE)):
            for done in [pool.submit(stem.block, stop - start) for stem in stems]:
                done.result()


def _problems(clip: Clip, prompt: str) -> Iterator[str]:
    if clip.samples.shape[1] != round(SECONDS * RATE):
        yield f"{prompt}: {clip.samples.shape[1]} samples"
    if abs(integrated_loudness(clip) - LUFS) > LUFS_MAY_DIFFER:
        yield f"{prompt}: {integrated_loudness(clip):.1f} LUFS"
    if true_peak(clip) > PEAK_MAX:
        yield f"{prompt}: true peak {true_peak(clip):.2f} dB"
