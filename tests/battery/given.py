"""26, 27, 28: music that goes on from given sound, and music around a given tune.

The given sounds are pieces of the composer, whose tempo and key are known, and an organ made here of sines, which owes
nothing to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from unit.composer import hearing

from bandstand.audio.clip import Clip
from bandstand.composer import theory
from bandstand.composer.analyse.heard import listen
from bandstand.composer.given.continuation import continue_from
from bandstand.composer.given.sound import given_of
from bandstand.composer.piece import compose
from bandstand.composer.render.stem import Player, Stem
from bandstand.composer.score import Role
from battery import ears
from battery.checks import Bound, Check
from battery.key import mirex
from battery.take import Take

if TYPE_CHECKING:
    from battery.runner import Setting

GIVEN_SECONDS, WHOLE_SECONDS = 12.37, 26.0
STEP_SECONDS = 8.0
"""Before and after a join: two bars or more, so that one chord does not stand for the loudness."""
BRIEF = 15.0
RATE = 32000
OWN = 1.05
"""By how much a join must be rougher than the given sound alone for it to be the join's doing."""
SEEDS = (5, 6)
ORGAN = "an organ of sines"
SOURCES = (
    ORGAN,
    "rock music from the 90s",
    "lo-fi music with a soothing melody",
    "tropical house with marimba, G# minor, 96 bpm",
    "jazz trio with saxophone",
    "celtic folk in 3/4, D major",
    "synthwave, 100 bpm, A minor",
)
ONE_VOICE = "one voice of sines"
TUNES = (
    (ONE_VOICE, 0),
    ("flute alone, no drums, no bass", 4),
    ("violin alone, 90 bpm", 5),
    ("trumpet alone", 6),
)
ASKED = ("rock band", "lo-fi", "orchestra")
HARMONICS = (1.0, 0.5, 0.3, 0.15)
SCALE = (0, 2, 4, 5, 7, 9, 11)
ROOTS = (0, 5, 3, 4)
STEPS = (4, 2, 3, 1, 2, 0, 1, 2, 4, 5, 4, 2, 3, 1, 2, 0)
TRITONE = 6
BAR, FEWEST = 16, 24  # sixteenths


@dataclass(frozen=True)
class Source:
    """A given sound, and what is true of it."""

    clip: Clip
    bpm: float
    key: tuple[int, str]


@dataclass(frozen=True)
class Continued:
    """What came of it: float32 [2, N], and where the given sound is no longer alone, and no longer there."""

    source: Source
    sound: np.ndarray
    join: int
    crossfade: int


def organ(seconds: float, *, chords: bool = True, rate: int = RATE, bpm: float = 104.0) -> Source:
    """D major: four chords around, a bass, a tick on each beat and a tune; or the tune alone."""
    beats = int(seconds * bpm / 60.0) + 1
    sound = np.zeros(round((seconds + 2.0) * rate))
    for beat in range(beats):
        at = beat * 60.0 / bpm
        _pipe(sound, at, 0.95 * 60.0 / bpm, 74 + _degree(STEPS[beat % len(STEPS)]), 0.25, rate)
        if not chords:
            continue
        root = ROOTS[beat // 4 % 4]
        for step in (0, 2, 4):
            _pipe(sound, at, 60.0 / bpm, 62 + _degree(root + step), 0.1, rate)
        _pipe(sound, at, 60.0 / bpm, 38 + _degree(root), 0.3, rate)
        start, length = round(at * rate), round(0.03 * rate)
        noise = np.random.default_rng(beat).normal(size=length)
        sound[start : start + length] += 0.25 * noise * np.linspace(1, 0, length) ** 2
    stereo = np.stack([sound, sound]).astype(np.float32)[:, : round(seconds * rate)] * 0.5
    return Source(Clip(np.ascontiguousarray(stereo), rate), bpm, (2, "major"))


def _degree(step: int) -> int:
    return 12 * (step // 7) + SCALE[step % 7]


def _pipe(out: np.ndarray, at: float, seconds: float, pitch: int, loud: float, rate: int) -> None:
    start, length = round(at * rate), round(seconds * rate)
    time = np.arange(length) / rate
    frequency = 440.0 * 2.0 ** ((pitch - 69) / 12.0)
    wave = sum(a * np.sin(2 * np.pi * n * frequency * time) for n, a in enumerate(HARMONICS, 1))
    edge = np.minimum(1.0, np.minimum(time, seconds - time) / 0.01)
    out[start : start + length] += loud * wave * edge


def source(name: str, seed: int, seconds: float) -> Source:
    if name == ORGAN:
        return organ(seconds)
    take = Take(name, seed, WHOLE_SECONDS, RATE)
    key = (take.score.key.tonic, theory.family(take.score.key.mode))
    sound = np.ascontiguousarray(take.sound[:, : round(seconds * RATE)])
    return Source(Clip(sound, RATE), take.score.bpm, key)


@cache
def _continued(name: str, seed: int) -> Continued:
    given = source(name, seed, GIVEN_SECONDS)
    made = continue_from("", given.clip, seconds=WHOLE_SECONDS, seed=seed, rate=RATE)
    sound = np.concatenate([stretch.clip.samples for stretch in made.play()], axis=1)
    return Continued(given, sound, made.join, made.crossfade)


def _all(setting: Setting) -> Iterator[tuple[str, int, Continued]]:
    """Of every source; of two where short pieces say that there is little time."""
    brief = setting.seconds < BRIEF
    for name in SOURCES[:2] if brief else SOURCES:
        for seed in SEEDS[:1] if brief else SEEDS:
            yield name, seed, _continued(name, seed)


def click(sound: np.ndarray, at: int, rate: int) -> float:
    """How much the third difference stands out within 3 samples of a place, against the 12 ms around it."""
    around = round(0.012 * rate)
    rough = np.abs(np.diff(np.asarray(sound, dtype=np.float64).mean(axis=0), 3))
    place = at - 2
    near = rough[max(0, place - 3) : place + 4]
    usual = np.percentile(rough[max(0, place - around) : place + around], 98)
    return float(near.max() / (usual + 1e-12))


def joins(setting: Setting) -> Iterator[tuple[str, int, float]]:
    """At both ends of the crossfade, the worse."""
    for name, seed, made in _all(setting):
        yield name, seed, _roughest(made)


def _roughest(made: Continued) -> float:
    """The worse end. Where the crossfade begins, a stroke that the given sound has there by itself is no click."""
    begins, ends = (click(made.sound, at, RATE) for at in (made.join, made.join + made.crossfade))
    own = click(made.source.clip.samples, made.join, RATE)
    return ends if begins < OWN * own else max(begins, ends)


def joins_over_clean(setting: Setting) -> Iterator[tuple[str, int, float]]:
    """The same, less the 99th percentile of places where nothing was joined."""
    dice = np.random.default_rng(0)
    for name, seed, made in _all(setting):
        places = dice.integers(RATE, made.join - RATE, 400)
        clean = np.percentile([click(made.sound, int(place), RATE) for place in places], 99)
        yield name, seed, _roughest(made) - float(clean)


def goes_on_in_tempo(setting: Setting) -> Iterator[tuple[str, int, float]]:
    """Share by which the tempo heard after the join differs from the true one of what was given."""
    for name, seed, made in _all(setting):
        heard = hearing.refined_tempo(made.sound[:, made.join :], RATE)
        times = (0.5, 1.0, 2.0, 2.0 / 3.0, 4.0 / 3.0)
        yield name, seed, min(abs(heard / (made.source.bpm * of) - 1.0) for of in times)


def goes_on_in_key(setting: Setting) -> Iterator[tuple[str, int, float]]:
    for name, seed, made in _all(setting):
        after = made.sound[:, made.join + made.crossfade :]
        yield name, seed, mirex(hearing.key_of(after, RATE), made.source.key)


def loudness_step(setting: Setting) -> Iterator[tuple[str, int, float]]:
    """LU between the sound before and after the join."""
    length = round(STEP_SECONDS * RATE)
    for name, seed, made in _all(setting):
        end = made.join + made.crossfade
        before = ears.loudness(made.sound[:, made.join - length : made.join], RATE)
        yield name, seed, ears.loudness(made.sound[:, end : end + length], RATE) - before


def changed_samples(setting: Setting) -> Iterator[tuple[str, int, float]]:
    """Samples before the crossfade that are not those that were given."""
    for name, seed, made in _all(setting):
        given = made.source.clip.samples[:, : made.join]
        yield name, seed, float((given != made.sound[:, : made.join]).any(axis=0).sum())


def sixteenths(sound: np.ndarray, rate: int, bpm: float) -> np.ndarray:
    """Chroma [sixteenths, 12] of unit length; silence is 0."""
    heard = ears.mono(sound, rate)
    chroma = ears.fine_chroma(heard)
    rows = ears.by_beat(chroma, ears.RATE / 256, np.arange(0, heard.size / ears.RATE, 15.0 / bpm))
    loud = np.sqrt([np.mean(np.square(part)) for part in np.array_split(heard, len(rows))])
    rows[loud < 0.1 * loud.max()] = 0.0
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)


def likeness(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Mean cosine of sixteenths in which both sound, and of the same a tritone off.

    At the best shift within a bar to either side: where the first bar of a tune without chords begins is a matter of taste.
    """
    best = (-1.0, -1.0)
    for shift in range(-BAR, BAR + 1):
        mine, theirs = one[max(0, shift) :], other[max(0, -shift) :]
        length = min(len(mine), len(theirs))
        mine, theirs = mine[:length], theirs[:length]
        both = mine.any(axis=1) & theirs.any(axis=1)
        if both.sum() >= FEWEST:
            straight, moved = (
                float((mine * np.roll(theirs, semitones, axis=1)).sum(axis=1)[both].mean())
                for semitones in (0, TRITONE)
            )
            best = max(best, (straight, moved))
    return best


@cache
def _followed(name: str, seed: int) -> list[tuple[str, float, float]]:
    """For each style asked for: likeness of the lead that follows a given sound to that sound, and a tritone off."""
    one_voice = name == ONE_VOICE
    given = organ(GIVEN_SECONDS, chords=False) if one_voice else source(name, seed, GIVEN_SECONDS)
    around = given_of(listen(given.clip))
    found: list[tuple[str, float, float]] = []
    for prompt in ASKED:
        score = compose(prompt, seconds=GIVEN_SECONDS, seed=seed, rate=RATE, given=around).score
        index = next(n for n, part in enumerate(score.parts) if part.role is Role.LEAD)
        lead = Stem(Player(score, index, RATE)).block(given.clip.samples.shape[1])
        mine = sixteenths(given.clip.samples, RATE, score.bpm)
        straight, moved = likeness(mine, sixteenths(lead, RATE, score.bpm))
        found.append((f"{prompt} after {name}", straight, moved))
    return found


def follows_tune(setting: Setting) -> Iterator[tuple[str, int, float]]:
    """Of tunes that are given alone. The tune itself, played dry by the same instrument, has 0.99."""
    for name, seed in TUNES:
        for subject, straight, _ in _followed(name, seed):
            yield subject, seed, straight


def follows_more_than_chance(setting: Setting) -> Iterator[tuple[str, int, float]]:
    """Of whole pieces as well: likeness, less that of the lead a tritone higher."""
    for name, seed in (*TUNES, *((name, SEEDS[0]) for name in SOURCES)):
        for subject, straight, moved in _followed(name, seed):
            yield subject, seed, straight - moved


CHECKS = (
    Check("26a", "click at joins", Bound(high=1.5), survey=joins, share=1.0),
    Check("26b", "click over clean p99", Bound(high=0.2), survey=joins_over_clean, share=1.0),
    Check(
        "27a", "continuation, tempo error", Bound(high=0.005), survey=goes_on_in_tempo, share=0.9
    ),
    Check("27b", "continuation, MIREX mark", Bound(low=0.5), survey=goes_on_in_key, share=0.9),
    Check("27c", "continuation, LU step", Bound(-1.0, 1.0), survey=loudness_step, share=0.9),
    Check("27d", "given samples changed", Bound(0, 0), survey=changed_samples, share=1.0),
    Check("28a", "lead follows a given tune", Bound(low=0.8), survey=follows_tune, share=1.0),
    Check(
        "28b", "and less a tritone off", Bound(low=0.15), survey=follows_more_than_chance, share=1.0
    ),
)
