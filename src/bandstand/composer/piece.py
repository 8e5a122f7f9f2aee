"""A piece from a prompt to sound: the room's front door.

Compose, then play bar by bar: what has been played can be heard while the rest is being made, and whoever stops
listening stops the work. Not for files and formats; those are `bandstand.audio`.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from bandstand.audio.clip import Clip
from bandstand.composer.compose import compose_score
from bandstand.composer.describe import describe
from bandstand.composer.filters import Stereo
from bandstand.composer.given.changes import changes
from bandstand.composer.loop import with_run_up, without_run_up
from bandstand.composer.midi import score_to_midi
from bandstand.composer.mix.desk import Desk, fade_in, fade_out
from bandstand.composer.mix.ride import Ride
from bandstand.composer.mix.sheet import rehearse
from bandstand.composer.plan.plan import make_plan
from bandstand.composer.prompt.intent import Intent
from bandstand.composer.prompt.parse import parse
from bandstand.composer.render.stem import Player, Stem
from bandstand.composer.score import Given, Key, Metre, Mix, Note, Part, Role, Score
from bandstand.composer.soundfonts import playing
from bandstand.composer.soundfonts.sampler import SoundSet
from bandstand.composer.stems import stems

_THREADS = 2
_LONGEST_BLOCK = 2.5
"""Seconds that are played at once at most: so often the loudness is looked after."""


@dataclass(frozen=True)
class Stretch:
    """Finished sound, and the fraction 0..1 of the piece that is finished after it."""

    clip: Clip
    fraction: float


@dataclass(frozen=True)
class Piece:
    """What was asked, what was written for it, and the rate it is played at."""

    intent: Intent
    score: Score
    rate: int
    sounds: SoundSet | None = None

    def play(self) -> Iterator[Stretch]:
        """Stereo sound, bar by bar; all stretches together have round(seconds * rate) samples.

        Closing the iterator stops the work.
        """
        return render(self.score, self.rate, self.sounds)

    def stems(self) -> Iterator[tuple[Stereo, ...]]:
        """Each part alone and the room, bar by bar, before the master; named by `stems.stem_names`."""
        return stems(self.score, self.rate, self.sounds)

    def midi(self) -> bytes:
        """The score as a MIDI file."""
        return score_to_midi(self.score)

    def describe(self) -> dict[str, Any]:
        """What was understood and composed, ready for JSON."""
        return describe(self.score, self.intent)


def compose(
    prompt: str,
    *,
    seconds: float,
    seed: int,
    rate: int = 44100,
    variation: int = 0,
    given: Given | None = None,
    sounds: SoundSet | None = None,
) -> Piece:
    """Write a piece; nothing sounds before `Piece.play`.

    seconds    > 0, exact length of the sound
    rate       Hz, 8000..48000; the sound is made at this rate, not resampled
    variation  0 is the piece; others keep its motif, form, tempo and key, and vary the rest
    sounds     samples to play from where they are better; None: all is our own synthesis
    given      what to compose around; tempo, key and metre that the prompt asks for win over its own
    """
    return compose_asked(
        parse(prompt),
        seconds=seconds,
        seed=seed,
        rate=rate,
        variation=variation,
        given=given,
        sounds=sounds,
    )


def compose_asked(
    intent: Intent,
    *,
    seconds: float,
    seed: int,
    rate: int,
    variation: int = 0,
    given: Given | None = None,
    sounds: SoundSet | None = None,
) -> Piece:
    """As `compose`, for a prompt that is understood already."""
    assert 8000 <= rate <= 48000, f"rate {rate} is outside 8000..48000"
    around = given and _in_metre(given, intent.metre)
    plan = make_plan(intent, seconds, seed, given=around, variation=variation)
    if given is not None:
        intent = replace(intent, conflicts=(*intent.conflicts, *changes(given, plan)))
    return Piece(intent, compose_score(plan, seed), rate, sounds)


def _in_metre(given: Given, asked: Metre | None) -> Given:
    """Chords that were heard by the bar say nothing of bars of another length."""
    if asked is None or given.metre is None or asked.beats == given.metre.beats:
        return given
    return replace(given, chords=())


def warm_up() -> None:
    """Compile every kernel, or load it from the cache, by playing a second of everything."""
    notes = (Note(0.0, 0.5, 60, 0.7), Note(0.5, 0.5, 62, 0.7))
    drums = tuple(Note(0.25 * step, 0.25, key, 0.7) for step, key in enumerate((36, 42, 38, 46)))
    parts = (
        Part(Role.LEAD, "flute", notes),
        Part(Role.COMP, "piano", notes),
        Part(Role.PAD, "distorted-guitar", notes),
        Part(Role.DRUMS, "electronic-kit", drums),
    )
    score = Score(
        title="warm-up",
        style="warm-up",
        seed=0,
        seconds=1.0,
        bpm=120.0,
        key=Key(0, "major"),
        metre=Metre("4/4", 4.0),
        bars=0,
        sections=(),
        chords=(),
        parts=parts,
        mix=Mix(delay=0.3, dust=0.5, sidechain=0.5),
    )
    for _ in render(score, 32000):
        pass
    playing.warm_up()


def block_edges(score: Score, rate: int) -> list[int]:
    """Where the piece is cut, in samples: at its barlines, and about as often in what rings after the last.

    Long bars are cut into equal parts. The first quarter of the first bar is a block of its own, so that something is
    heard soon.
    """
    total = round(score.seconds * rate)
    beats = score.metre.beats
    parts = math.ceil(beats * score.beat_seconds / _LONGEST_BLOCK)
    count = max(1, math.ceil(score.beat_at(score.seconds) / beats)) * parts
    edges = [round(score.seconds_at(index * beats / parts) * rate) for index in range(count + 1)]
    early = round(score.seconds_at(beats) * rate / 4.0)
    return [0, *sorted({edge for edge in (early, *edges[1:]) if 0 < edge < total}), total]


def render(score: Score, rate: int, sounds: SoundSet | None = None) -> Generator[Stretch]:
    """A score as finished stereo sound, bar by bar: round(seconds * rate) samples in all.

    sounds  samples to play from where they are the better source; None: all is our own synthesis

    What comes out does not depend on how fast it is taken. Closing the generator stops the work.
    """
    total = round(score.seconds * rate)
    if total == 0:
        return
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="stems")
    try:
        if score.loops:
            yield from _looped(score, rate, total, pool, sounds)
        else:
            yield from _played(score, rate, total, pool, sounds)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _looped(
    score: Score, rate: int, total: int, pool: ThreadPoolExecutor, sounds: SoundSet | None
) -> Iterator[Stretch]:
    longer = with_run_up(score)
    length = round(longer.seconds * rate)
    played = _played(longer, rate, length, pool, sounds, run_up=length - total)
    blocks = (stretch.clip.samples for stretch in played)
    position = 0
    for sound in without_run_up(blocks, length - total, total, rate):
        position += sound.shape[1]
        yield Stretch(Clip(sound, rate), position / total)


def _played(
    score: Score,
    rate: int,
    total: int,
    pool: ThreadPoolExecutor,
    sounds: SoundSet | None,
    run_up: int = 0,
) -> Iterator[Stretch]:
    players = [Player(score, index, rate, sounds) for index in range(len(score.parts))]
    rehearsed = rehearse(score, players, rate, pool, run_up)
    sheet = rehearsed.sheet
    desk = Desk(score, rate, sheet)
    stems = [Stem(player) for player in players]
    edges = block_edges(score, rate)
    lengths = [stop - start for start, stop in pairwise(edges)]
    expected = [
        (
            stop - start,
            rehearsed.expected.power(start / rate, stop / rate)
            * _risen(score, start, stop - start, rate),
            rehearsed.expected.kind(start / rate, stop / rate),
        )
        for start, stop in pairwise(edges)
    ]
    ride = Ride([] if rehearsed.whole else expected, rate)
    evener = None if rehearsed.whole or score.loops else rehearsed.evener
    lengths[-1] += desk.latency

    def ask(samples: int) -> list[Future[Stereo]]:
        return [pool.submit(stem.block, samples) for stem in stems]

    coming = ask(lengths[0])
    position, gain = -desk.latency, sheet.master
    for index in range(len(lengths)):
        blocks = [future.result() for future in coming]
        coming = ask(lengths[index + 1]) if index + 1 < len(lengths) else []
        trimmed = sheet.master + ride.trim
        sound = desk.finish(desk.shape(desk.blend(blocks, lengths[index])), gain, trimmed)
        gain = trimmed
        sound, position = _cropped(sound, position)
        if not score.loops:
            fade_in(sound, position, rate, score.fade_in)
            fade_out(sound, position, total, rate, score.fade)
        position += sound.shape[1]
        ride.heard(sound)
        if evener:
            evener.heard(sound)
            desk.level_thirds(evener.gains)
        yield Stretch(Clip(np.ascontiguousarray(sound), rate), position / total)


def _risen(score: Score, start: int, samples: int, rate: int) -> float:
    """What a fade-in leaves of the power of a stretch."""
    ones = np.ones((1, samples), np.float32)
    return float(np.square(fade_in(ones, start, rate, score.fade_in)).mean())


def _cropped(sound: Stereo, position: int) -> tuple[Stereo, int]:
    """Without what lies before the beginning: the desk is late by its latency."""
    late = min(max(-position, 0), sound.shape[1])
    return sound[:, late:], position + late
