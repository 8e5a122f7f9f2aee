"""Going on from given sound: the sound itself, bit by bit, and from its end a piece in its tempo, key, harmony and loudness.

The piece begins on the last downbeat of the given sound, so that its bars go on where the sound's bars were, and is
heard from the join on: for 60 ms both sound, at equal power. Before the join the given sound is untouched. Length
counts both, as MusicGen's does. Not for following a tune: that is `sound.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bandstand.audio.clip import Clip
from bandstand.audio.loudness import integrated_loudness
from bandstand.audio.resample import resample, to_channels
from bandstand.composer.analyse.harmony import Triad
from bandstand.composer.analyse.heard import Hearing, listen
from bandstand.composer.filters import Stereo
from bandstand.composer.given.sound import TONAL, chords_of, given_of, metre_of, told
from bandstand.composer.mix.desk import CEILING
from bandstand.composer.mix.limiter import Limiter
from bandstand.composer.piece import Piece, Stretch, compose_asked
from bandstand.composer.prompt.intent import Intent
from bandstand.composer.prompt.parse import parse
from bandstand.composer.score import Given, Score
from bandstand.composer.soundfonts.sampler import SoundSet
from bandstand.composer.stems import stem_names

CROSSFADE_SECONDS = 0.06
HEARD_SECONDS = 45.0  # of the end: a tempo that drifts is followed where it matters
LOUD_SECONDS = 10.0  # before the join, whose loudness is gone on with
MATCHED_SECONDS = 10.0  # after the join, which are brought to it
SETTLED_SECONDS = 20.0  # after the join, from when the loudness of the whole piece is brought to it
LOOPS = (8, 4, 2)  # bars that may come round
PIECE_LUFS = -14.0  # what every piece is mastered to
SAME = 0.015
"""How near the tempo that is asked for must be to the one that is heard, to be the one that is heard."""
LOUDEST, SOFTEST = -6.0, -40.0  # LUFS to which a piece is brought at most and at least


@dataclass(frozen=True)
class Continuation:
    """
    given     float32 [2, S] at the rate of the piece
    piece     what goes on; its first sample lies at `start` of the whole
    total     samples of the whole
    """

    given: Stereo
    piece: Piece
    start: int
    total: int
    hearing: Hearing

    @property
    def rate(self) -> int:
        return self.piece.rate

    @property
    def crossfade(self) -> int:
        return min(round(CROSSFADE_SECONDS * self.rate), self.given.shape[1] // 2)

    @property
    def join(self) -> int:
        """The first sample that is not the given sound alone."""
        return self.given.shape[1] - self.crossfade

    def play(self) -> Iterator[Stretch]:
        """The given sound at once, then the piece bar by bar."""
        for start in range(0, self.join, self.rate):
            stop = min(start + self.rate, self.join)
            yield self._stretch(self.given[:, start:stop], stop)
        position = self.join
        for block in self._levelled():
            heard = self._crossfaded(block, position)
            position += heard.shape[1]
            yield self._stretch(heard, position)

    def stems(self) -> Iterator[tuple[Stereo, ...]]:
        """The parts of the piece that goes on, silent until the join; named as the piece's."""
        count = len(stem_names(self.piece.score))
        for start in range(0, self.join, self.rate):
            silence = np.zeros((2, min(self.rate, self.join - start)), np.float32)
            yield (silence,) * count
        late = self.join - self.start
        for block in self.piece.stems():
            skipped = min(late, block[0].shape[1])
            late -= skipped
            if block[0].shape[1] > skipped:
                yield tuple(part[:, skipped:] for part in block)

    @property
    def score(self) -> Score:
        """Of the piece that goes on."""
        return self.piece.score

    def midi(self) -> bytes:
        """The piece that goes on, from its first bar."""
        return self.piece.midi()

    def describe(self) -> dict[str, Any]:
        """As the piece does, in seconds of the whole."""
        plan = self.piece.describe()
        for name in ("sections", "chords"):
            for row in plan[name]:
                row["start"] = round(max(0.0, row["start"] + self.start / self.rate), 3)
        return {
            **plan,
            "seconds": self.total / self.rate,
            "heard": told(self.hearing),
            "continues": {
                "join": round(self.join / self.rate, 3),
                "first_bar": round(self.start / self.rate, 3),
            },
        }

    def _stretch(self, sound: Stereo, position: int) -> Stretch:
        return Stretch(Clip(np.ascontiguousarray(sound), self.rate), position / self.total)

    def _crossfaded(self, block: Stereo, position: int) -> Stereo:
        """A block of the piece, with the end of the given sound as far as that goes."""
        fading = self.given[:, position : position + block.shape[1]]
        length = fading.shape[1]
        if not length:
            return block
        done = (position - self.join + np.arange(length) + 0.5) / self.crossfade
        # Slowly at both ends: the smoothest of sounds tells where a slope begins.
        angle = done**2 * (3.0 - 2.0 * done) * (np.pi / 2.0)
        mixed = block.copy()
        mixed[:, :length] *= np.sin(angle).astype(np.float32)
        mixed[:, :length] += fading * np.cos(angle).astype(np.float32)
        return mixed

    def _levelled(self) -> Iterator[Stereo]:
        """The piece from the join on, as loud as the given sound; limited, for that may be louder than we are."""
        blocks = self._from_join()
        ahead, heard = _take(blocks, round(MATCHED_SECONDS * self.rate))
        gains = self._gains(heard)
        limiter = Limiter(self.rate, CEILING) if max(gains) > 0.0 else None
        late, position = limiter.latency if limiter else 0, 0
        for block in _chained(ahead, blocks, late):
            louder = block * self._curve(position, block.shape[1], gains)
            position += block.shape[1]
            if limiter is None:
                yield louder
                continue
            limited = limiter.run(louder)
            skipped = min(late, limited.shape[1])
            late -= skipped
            if limited.shape[1] > skipped:
                yield limited[:, skipped:]

    def _from_join(self) -> Iterator[Stereo]:
        """Closing it stops the piece."""
        late = self.join - self.start
        for stretch in self.piece.play():
            sound = stretch.clip.samples
            skipped = min(late, sound.shape[1])
            late -= skipped
            if sound.shape[1] > skipped:
                yield sound[:, skipped:]

    def _gains(self, heard: Stereo) -> tuple[float, float]:
        """Decibels for what comes first and for the rest."""
        end = self.given[:, -round(LOUD_SECONDS * self.rate) :]
        wanted = integrated_loudness(Clip(np.ascontiguousarray(end), self.rate))
        if not np.isfinite(wanted):
            return 0.0, 0.0
        wanted = min(max(wanted, SOFTEST), LOUDEST)
        first = integrated_loudness(Clip(heard, self.rate))
        if not np.isfinite(first):
            return wanted - PIECE_LUFS, wanted - PIECE_LUFS
        gain = _gain_to(wanted, first, heard, self.rate)
        whole = self.join + heard.shape[1] >= self.total
        return gain, gain if whole else gain + first - PIECE_LUFS

    def _curve(self, start: int, length: int, gains: tuple[float, float]) -> np.ndarray:
        """Factors that move from one gain to the other once what comes first is over."""
        seconds = (start + np.arange(length)) / self.rate
        decibels = np.interp(seconds, (MATCHED_SECONDS, SETTLED_SECONDS), gains)
        return (10.0 ** (decibels / 20.0)).astype(np.float32)


def _gain_to(wanted: float, first: float, heard: Stereo, rate: int) -> float:
    """The gain that brings what is heard to a loudness, limiter included."""
    gain = wanted - first
    for _ in range(2 if gain > 0.0 else 0):
        loud = Limiter(rate, CEILING).run(heard * np.float32(10.0 ** (gain / 20.0)))
        gain += wanted - integrated_loudness(Clip(loud, rate))
    return gain


def _take(blocks: Iterator[Stereo], samples: int) -> tuple[list[Stereo], Stereo]:
    """The first blocks, and as many of their samples."""
    taken: list[Stereo] = []
    length = 0
    for block in blocks:
        taken.append(block)
        length += block.shape[1]
        if length >= samples:
            break
    whole = np.concatenate([*taken, np.zeros((2, 0), np.float32)], axis=1)
    return taken, np.ascontiguousarray(whole[:, :samples])


def _chained(ahead: Sequence[Stereo], blocks: Iterator[Stereo], late: int) -> Iterator[Stereo]:
    """All blocks, and at the end what a limiter that is late still has to be given."""
    yield from ahead
    yield from blocks
    if late:
        yield np.zeros((2, late), np.float32)


def continue_from(
    prompt: str,
    sound: Clip,
    *,
    seconds: float,
    seed: int,
    rate: int = 44100,
    variation: int = 0,
    sounds: SoundSet | None = None,
) -> Continuation:
    """Listen to the sound, and write a piece that goes on from it.

    seconds  of the whole, more than the sound has
    """
    assert seconds > sound.seconds, f"{seconds} s leave no room after {sound.seconds} s"
    total = round(seconds * rate)
    given = to_channels(resample(sound, rate), 2).samples[:, : total - 1]
    hearing, first = _listen(sound)
    around = _given(hearing)
    intent = _going_on_as_asked(parse(prompt), around.bpm)
    if intent.bpm is not None or around.metre is None:
        first = max(0.0, sound.seconds - CROSSFADE_SECONDS)  # other bars, which begin at the join
    start = min(round(first * rate), given.shape[1])
    piece = compose_asked(
        intent,
        seconds=(total - start) / rate,
        seed=seed,
        rate=rate,
        variation=variation,
        given=around,
        sounds=sounds,
    )
    return Continuation(given, piece, start, total, hearing)


def _going_on_as_asked(intent: Intent, heard: float | None) -> Intent:
    """What can be asked of a piece that has begun already: no intro, and no loop.

    heard  the tempo of what is gone on from
    """
    told: tuple[str, ...] = ()
    if "loop" in intent.flags:
        told = ("What goes on from given audio is no loop.",)
    bpm = intent.bpm
    if bpm and heard and any(abs(bpm * times / heard - 1.0) < SAME for times in (0.5, 1, 2)):
        bpm = None
    return replace(
        intent,
        bpm=bpm,
        flags=(intent.flags - {"intro", "loop"}) | {"no-intro"},
        conflicts=(*intent.conflicts, *told),
    )


def _listen(sound: Clip) -> tuple[Hearing, float]:
    """What is heard at the end of the sound, and where its last downbeat lies, in seconds."""
    skipped = max(0, sound.samples.shape[1] - round(HEARD_SECONDS * sound.rate))
    hearing = listen(Clip(np.ascontiguousarray(sound.samples[:, skipped:]), sound.rate))
    bars = _bars_done(hearing)
    # A sound of less than a bar may have no downbeat: then the piece begins with it.
    first = hearing.pulse.bar + bars * hearing.pulse.bar_seconds if bars >= 0 else 0.0
    return hearing, skipped / sound.rate + first


def _bars_done(hearing: Hearing) -> int:
    """Bars that are over when the crossfade begins; -1 when not even the first downbeat has come."""
    latest = hearing.seconds - 1.5 * CROSSFADE_SECONDS
    return int((latest - hearing.pulse.bar) // hearing.pulse.bar_seconds) if latest > 0 else -1


def _given(hearing: Hearing) -> Given:
    """Tempo, key and metre of the sound, and the chords of its last bars; of what is no music at most the beat."""
    metre = metre_of(hearing)
    if hearing.tonal < TONAL:
        return given_of(hearing)
    return Given(
        chords=chords_of(_going_on(hearing), hearing.key, metre),
        key=hearing.key,
        bpm=hearing.pulse.bpm,
        metre=metre,
    )


def _going_on(hearing: Hearing) -> list[Triad]:
    """The chords that come round, turned so that the first is the one of the last, unfinished bar: what is heard in it,
    where that is half of it, else what is due.
    """
    done, pulse = max(0, _bars_done(hearing)), hearing.pulse
    begun = hearing.seconds - pulse.bar - done * pulse.bar_seconds
    known = done + (begun >= 0.5 * pulse.bar_seconds)
    bars = [replace(triad, clear=True) for triad in hearing.bars[:known]]
    if len(bars) < 2:
        return []
    loops = [length for length in LOOPS if length <= len(bars)]
    loop = bars[-max(loops, key=lambda length: _comes_round(bars, length)) :]
    return [*loop[-1:], *loop[:-1]] if len(bars) > done else loop


def _comes_round(bars: Sequence[Triad], length: int) -> float:
    """Share of the bars that are as the one a loop before; longer loops are believed sooner when it is no less."""
    pairs = [(now, before) for now, before in zip(bars[length:], bars, strict=False)]
    if not pairs:
        return 0.3
    return sum(now == before for now, before in pairs[-16:]) / len(pairs[-16:])
