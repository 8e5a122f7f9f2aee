"""The composer over many seeds: whether tempo, key, loudness and silence are as promised, piece by piece.

What no floor can be named for: the figures are shares of pieces. The five prompts at 15 and 30 s, then each style.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from unit.composer.hearing import key_of, refined_tempo

from bandstand.audio.clip import Clip
from bandstand.audio.loudness import integrated_loudness, true_peak
from bandstand.composer.piece import compose
from bandstand.composer.plan.style import style_names
from bandstand.composer.theory import family
from bench.figures import Row

RATE = 32000
SEEDS = 12
STYLE_SEEDS = 3
PROMPTS = (
    "sitar, tabla, flute, Indian classical, fusion, meditative, G# minor, 96 bpm",
    "marimba, percussion, bass, tropical house, melodic riff, G# minor, 96 bpm",
    "An electronic music soundtrack with a trumpet solo",
    "rock music from the 90s",
    "lo-fi music with a soothing melody",
)
LUFS, LUFS_MAY_DIFFER, PEAK_MAX = -14.0, 0.5, -1.0
TEMPO_MAY_DIFFER = 0.005
SILENT = -50.0  # dBFS of half a second

Job = tuple[str, float, int]


@dataclass(frozen=True)
class Heard:
    """One piece: what was wrong with it, by kind; the same words for the same fault."""

    job: Job
    faults: frozenset[str]


def measure(_folder: Path) -> Iterator[Row]:
    five = [(p, s, seed) for p in PROMPTS for s in (15.0, 30.0) for seed in range(SEEDS)]
    styles = [
        (name.replace("-", " "), 30.0, seed)
        for name in style_names()
        for seed in range(STYLE_SEEDS)
    ]
    with ProcessPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
        for words, jobs, keys in (("five prompts", five, 1.0), ("every style", styles, 0.9)):
            heard = list(pool.map(listen, jobs))
            for fault in ("key", "tempo", "loudness", "peak", "silence"):
                yield _row(words, fault, heard, keys if fault == "key" else 1.0)


def _row(words: str, fault: str, heard: Sequence[Heard], aim: float) -> Row:
    wrong = [piece.job for piece in heard if fault in piece.faults]
    right = 100.0 * (1.0 - len(wrong) / len(heard))
    return Row(
        what=f"{words}, {len(heard)} pieces: {fault} as promised",
        figure=right,
        unit="%",
        aim=f"at least {100 * aim:g} %",
        reached=right >= 100.0 * aim,
        correct="; ".join(f"{prompt[:24]}, {s:g} s, seed {n}" for prompt, s, n in wrong[:6]),
    )


def listen(job: Job) -> Heard:
    prompt, seconds, seed = job
    piece = compose(prompt, seconds=seconds, seed=seed, rate=RATE)
    sound = np.concatenate([stretch.clip.samples for stretch in piece.play()], axis=1)
    key, bpm = piece.score.key, piece.score.bpm
    checks: dict[str, Callable[[], bool]] = {
        "key": lambda: key_of(sound, RATE) == (key.tonic, family(key.mode)),
        "tempo": lambda: _tempo_error(sound, bpm) <= TEMPO_MAY_DIFFER,
        "loudness": lambda: abs(integrated_loudness(Clip(sound, RATE)) - LUFS) <= LUFS_MAY_DIFFER,
        "peak": lambda: true_peak(Clip(sound, RATE)) <= PEAK_MAX,
        "silence": lambda: _quietest(sound) >= SILENT,
    }
    return Heard(job, frozenset(fault for fault, holds in checks.items() if not holds()))


def _tempo_error(sound: np.ndarray, bpm: float) -> float:
    heard = refined_tempo(sound, RATE)
    return min(abs(heard / (bpm * times) - 1.0) for times in (0.5, 1.0, 2.0))


def _quietest(sound: np.ndarray) -> float:
    """dBFS of the quietest half second before the last second, or of the first fifth of a second."""
    half = RATE // 2
    halves = (sound.shape[1] - RATE) // half
    frames = sound[:, : halves * half].reshape(2, halves, half)
    powers = [*(frames**2).mean(axis=(0, 2)).tolist(), float((sound[:, : RATE // 5] ** 2).mean())]
    return 10.0 * float(np.log10(min(powers) + 1e-12))
