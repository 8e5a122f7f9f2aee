"""8, 32, 33: the same piece again, a MIDI file that says what is played, and prompts that nobody would write."""

from __future__ import annotations

import json
import subprocess
import sys
import traceback
from collections.abc import Iterator
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

from battery import sound
from battery.checks import Bound, Check
from battery.take import Take
from battery.work import mapped, spread

if TYPE_CHECKING:
    from battery.runner import Setting

AGAIN_SECONDS, AGAIN_PROMPTS = 6.0, 8
AGAIN = """
import hashlib, json, sys
from bandstand.composer.piece import compose
for prompt, seed, seconds, rate in json.load(sys.stdin):
    heard = hashlib.sha256()
    parts = [s.clip.samples for s in compose(prompt, seconds=seconds, seed=seed, rate=rate).play()]
    heard.update(__import__("numpy").concatenate(parts, axis=1).tobytes())
    print(heard.hexdigest())
"""
ABSURD = (
    "",
    " \n\t ",
    "music " * 833,
    "🎸🔥🎹 ✨ 🥁",
    "fast slow loud silent happy sad metal lullaby, no drums, drums, 60 bpm, 200 bpm, C major, C minor",
    "glorpcore with a zambiphone",
    "'; DROP TABLE songs; -- <script>alert(1)</script> {{7*7}} %s %n",
    "悲しい雨の夜のピアノ",
    "no instruments, without music, no melody, no drums, no bass, no chords",
    "999999 bpm in H flat sharp minor, 17/0 time",
    "a loop of a loop in 5/4, 0 bpm, -3 bpm",
)
LENGTHS = (0.5, 1.0, 2.5, 8.0)
TEMPOS = (40, 240)
METRES = ("3/4", "6/8", "4/4", "5/4", "7/8", "12/8")
LONG = (("slow ambient pads", 300.0), ("rock song, 180 bpm", 600.0))
HELD = tuple(check for check in sound.CHECKS if check.number in {7, 9, 10, 11})


def differs_elsewhere(setting: Setting) -> Iterator[tuple[str, int, float]]:
    """1 where another process makes other samples of a prompt and a seed."""
    seed = setting.seeds[0]
    prompts = spread(setting.prompts, AGAIN_PROMPTS)
    asked = [(prompt, seed, AGAIN_SECONDS, setting.rate) for prompt in prompts]
    done = subprocess.run(
        [sys.executable, "-c", AGAIN],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    for order, digest in zip(asked, done.stdout.split(), strict=True):
        yield order[0], seed, float(Take(*order).digest != digest)


def same_seeds(setting: Setting) -> Iterator[tuple[str, None, float]]:
    """Pairs of seeds that make the same sound."""
    heard: dict[str, list[str]] = {}
    for card in setting.cards:
        heard.setdefault(card.prompt, []).append(card.digest)
    for prompt, digests in heard.items():
        yield prompt, None, float(sum(a == b for a, b in combinations(digests, 2)))


def midi_notes(take: Take) -> float:
    """Notes of the file too many or too few."""
    return float(abs(take.midi.notes - sum(len(part.notes) for part in take.score.parts)))


def midi_tempo(take: Take) -> float:
    """Beats per minute by which the file's tempo is off."""
    return abs(60e6 / take.midi.tempos[0] - take.score.bpm)


def faults(order: tuple[str, float], rate: int) -> tuple[str, list[str]]:
    """What goes wrong with a prompt and a length: an exception, whichever it is, or a check of 7 to 11."""
    prompt, seconds = order
    name = f"{seconds:g} s of {prompt.strip()[:24]!r}"
    try:
        take = Take(prompt, 3, seconds, rate)
        findings = [found for check in HELD if (found := check.judge(take))]
    except Exception:  # noqa: BLE001
        return name, [traceback.format_exc(limit=-1).splitlines()[-1]]
    return name, [f"{found.check}: {found.figure:.3g}" for found in findings if not found.holds]


def orders() -> list[tuple[str, float]]:
    odd = [(prompt, seconds) for prompt in ABSURD for seconds in LENGTHS]
    timed = [(f"pop, {bpm} bpm, {metre}", 8.0) for bpm in TEMPOS for metre in METRES]
    return [*odd, *timed, *LONG]


def absurd(setting: Setting) -> Iterator[tuple[str, None, float]]:
    for name, found in mapped(partial(faults, rate=setting.rate), orders(), setting.jobs):
        if found:
            setting.say(f"{name}: {', '.join(found)}")
        yield name, None, float(len(found))


CHECKS = (
    Check(
        "8a", "other samples in another process", Bound(0, 0), survey=differs_elsewhere, share=1.0
    ),
    Check("8b", "pairs of seeds that sound the same", Bound(0, 0), survey=same_seeds, share=1.0),
    Check("32a", "MIDI, notes off", Bound(0, 0), midi_notes, share=1.0),
    Check("32b", "MIDI, bpm off", Bound(high=0.01), midi_tempo, share=1.0),
    Check("33", "faults of absurd orders", Bound(0, 0), survey=absurd, share=1.0),
)
