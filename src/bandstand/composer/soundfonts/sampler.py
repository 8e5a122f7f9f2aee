"""Plays instruments from a SoundFont's samples, level-matched against our own sound of the same instrument.

Only those instruments for which a set of samples is the better source; synthesizers, basses, electronic kits, tabla
and tanpura stay our own synthesis, and so does everything the file does not have.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.mix.loudness import Meter
from bandstand.composer.render.patches import PATCHES, Voice, chain_of, voice_of
from bandstand.composer.render.perform import Sounding
from bandstand.composer.render.waves import Wave
from bandstand.composer.soundfonts import zones
from bandstand.composer.soundfonts.playing import FOREVER, LOOK, ONCE, WHILE_HELD, play_sample
from bandstand.composer.soundfonts.reading import read_tables
from bandstand.composer.soundfonts.samples import Sample, Samples, Undecodable
from bandstand.composer.soundfonts.zones import Region, find_preset, gain_of, regions_of

_PITCHED = (
    "piano", "upright-piano", "honky-tonk-piano", "electric-piano", "wurlitzer", "harpsichord", "clavinet",
    "celesta", "glockenspiel", "music-box", "vibraphone", "marimba", "xylophone", "bells", "dulcimer", "timpani",
    "steel-drum", "kalimba", "church-organ", "accordion", "bandoneon", "harmonica", "nylon-guitar", "steel-guitar",
    "clean-guitar", "muted-guitar", "harp", "banjo", "koto", "shamisen", "sitar", "violin", "viola", "cello",
    "strings", "tremolo-strings", "pizzicato-strings", "fiddle", "choir", "voice", "trumpet", "muted-trumpet",
    "trombone", "tuba", "horn", "brass", "orchestra-hit", "saxophone", "soprano-saxophone", "tenor-saxophone",
    "baritone-saxophone", "oboe", "english-horn", "bassoon", "clarinet", "flute", "piccolo", "recorder", "pan-flute",
    "shakuhachi", "whistle", "bagpipe",
)  # fmt: skip
"""Instruments whose General MIDI program is the instrument itself and not merely its nearest relative."""

_KITS = {
    "acoustic-kit": 0,
    "jazz-kit": 32,
    "brush-kit": 40,
    "orchestral-kit": 48,
    "hand-percussion": 0,
    "congas": 0,
    "bongos": 0,
}
_BEATING = frozenset({"honky-tonk-piano", "accordion"})
"""Layers that a set tunes apart on purpose; the others are brought to their pitch."""

_PERCUSSION_BANK = 128
_LONGEST_RELEASE = 3.0
_STROKE = 6.0
"""Seconds after which a looped stroke of a kit is over."""

_LEGATO_SECONDS = 0.035
_STEP_MAX = 32.0
_LATE_ENTRY = 0.09
"""Seconds into a sample without loop where a slurred note takes it up: after its attack."""


class SoundSet:
    """The presets of one file. Several parts and several pieces may play from it at once.

    raises  Misconfigured when the file cannot be used
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.sha256 = ""
        self._tables = read_tables(path)
        self._samples = Samples(self._tables)
        self._lock = threading.Lock()
        self._presets: dict[str, tuple[Region, ...]] = {}
        self._levels: dict[tuple[str, int], float] = {}

    def about(self) -> dict[str, str]:
        """What a piece's description says of it, for the same seed gives the same sound only with the same file."""
        return {"name": self.name, "sha256": self.sha256}

    def regions_of(self, instrument: str) -> tuple[Region, ...]:
        """The regions an instrument is played from; none when it is our own, or the file does not have it."""
        with self._lock:
            if instrument not in self._presets:
                self._presets[instrument] = self._found(instrument)
            return self._presets[instrument]

    def _found(self, instrument: str) -> tuple[Region, ...]:
        if instrument in _KITS:
            row = find_preset(self._tables, _PERCUSSION_BANK, _KITS[instrument])
        elif instrument in _PITCHED:
            row = find_preset(self._tables, 0, INSTRUMENTS[instrument].program)
        else:
            row = None
        return () if row is None else regions_of(self._tables, row)

    def voice_of(self, instrument: str, rate: int, *, tonic: int, seed: int) -> SampledVoice | None:
        """The voice of an instrument at one rate; None when our own is the better one, or the only one."""
        regions = self.regions_of(instrument)
        if not regions:
            return None
        spare = voice_of(instrument, rate, tonic=tonic, seed=seed)
        voice = SampledVoice(self._samples, regions, instrument, rate, spare)
        voice.level = self._level(instrument, rate, voice)
        return voice

    def _level(self, instrument: str, rate: int, voice: SampledVoice) -> float:
        """The gain that makes a note from the samples as loud as one of our own."""
        with self._lock:
            known = self._levels.get((instrument, rate))
        if known is None:
            theirs = _loudness(instrument, rate, voice, sampled=True)
            own = _loudness(
                instrument, rate, voice_of(instrument, rate, tonic=0, seed=1), sampled=False
            )
            quiet = theirs < -80.0 or own < -80.0
            known = 1.0 if quiet else 10.0 ** (max(min(own - theirs, 30.0), -30.0) / 20.0)
            with self._lock:
                self._levels[instrument, rate] = known
        return known


def _loudness(instrument: str, rate: int, voice: Voice, *, sampled: bool) -> float:
    """LUFS of one note in the middle of the range; of kick and snare on a kit."""
    known = INSTRUMENTS[instrument]
    kit = known.family == "kit"
    pitches = (36, 38, 64) if kit else ((known.low + known.high) // 2,)
    hold = 1_000_000_000 if kit else round(0.6 * rate)
    out: NDArray[np.float32] = np.zeros((2, rate), dtype=np.float32)
    for pitch in pitches:
        note = Sounding(0, hold, pitch, 0.7, 0.0, 7)
        heard: NDArray[np.float32] = np.zeros(
            (2, max(min(voice.tail(note), 60 * rate), rate)), dtype=np.float32
        )
        voice.play(heard, 0, note)
        out += heard[:, :rate]
    chain = chain_of(instrument, rate, sampled=sampled)
    meter = Meter(rate)
    meter.feed(chain.run(out) if chain else out)
    return meter.integrated()


@dataclass(frozen=True, slots=True)
class _Breath:
    """One pitch of a slur: where it begins in the note, how long it is held, from which pitch it comes."""

    after: int
    hold: int
    pitch: int
    velocity: float
    bend: float
    slurred: bool


class SampledVoice:
    """Plays one instrument; a note whose sample is broken is played by `spare`, our own voice.

    level  gain that matches our own sound
    """

    def __init__(
        self,
        samples: Samples,
        regions: tuple[Region, ...],
        instrument: str,
        rate: int,
        spare: Voice,
    ) -> None:
        self._samples, self._regions, self._rate = samples, regions, rate
        self._spare = spare
        self._kit = INSTRUMENTS[instrument].family == "kit"
        self._beats = instrument in _BEATING
        patch = PATCHES.get(instrument)
        self._manner = patch if isinstance(patch, Wave) else None
        self.level = 1.0

    def choked(self, notes: Sequence[Sounding]) -> tuple[Sounding, ...]:
        """The notes of a part, each ended by the next one of its exclusive class."""
        cut: list[Sounding] = []
        following: dict[int, int] = {}
        for note in reversed(notes):
            classes = {
                region.get(zones.CLASS) for region in self._matching(note.pitch, note.velocity)
            } - {0}
            until = min((following[kind] for kind in classes if kind in following), default=None)
            if until is not None and until - note.at < note.hold:
                cut.append(replace(note, hold=max(until - note.at, 1)))
            else:
                cut.append(note)
            following.update(dict.fromkeys(classes, note.at))
        return tuple(reversed(cut))

    def _matching(self, pitch: int, velocity: float) -> list[Region]:
        hard = max(1, min(127, round(127.0 * velocity)))
        return [region for region in self._regions if region.sounds(pitch, hard)]

    def tail(self, note: Sounding) -> int:
        """Samples from the start of a note to its last sound."""
        regions = self._matching(note.pitch, note.velocity)
        if not regions:
            return self._spare.tail(note)
        tails = [self._region_tail(region, note.hold, note.pitch) for region in regions]
        return max(*tails, self._spare.tail(note), 64)

    def _region_tail(self, region: Region, hold: int, pitch: int) -> int:
        release = min(region.seconds(zones.VOLUME_ENVELOPE + 5), _LONGEST_RELEASE)
        return min(hold, round(self._longest(region, pitch) * self._rate)) + round(
            release * self._rate
        )

    def _longest(self, region: Region, pitch: int) -> float:
        """Seconds a region can sound at a pitch before it comes to its end; a loop has none."""
        looped = region.get(zones.MODE) & 3 in {FOREVER, WHILE_HELD}
        if looped:
            return _STROKE if self._kit else 60.0
        slower = 2.0 ** ((_root(region, self._samples) - pitch) / 12.0)
        return min(self._samples.seconds(region.sample) * slower, 30.0)

    def play(self, out: NDArray[np.float32], at: int, note: Sounding) -> None:
        """Add a note and those slurred to it."""
        try:
            voices = [
                (part, region, self._sample(region, part.pitch, part.hold))
                for part in _breaths(note, self._rate)
                for region in self._matching(part.pitch, part.velocity)
            ]
        except Undecodable:
            voices = []
        if not voices:
            self._spare.play(out, at, note)
        for part, region, sample in voices:
            self._sound(out, at + part.after, part, region, sample, note.seed)

    def _sample(self, region: Region, pitch: int, hold: int) -> Sample:
        faster = 2.0 ** max((pitch - _root(region, self._samples)) / 12.0, 0.0)
        seconds = self._region_tail(region, hold, pitch) / self._rate + 0.2
        return self._samples.get(region.sample, min(seconds * faster, 60.0))

    def _sound(
        self,
        out: NDArray[np.float32],
        at: int,
        part: _Breath,
        region: Region,
        sample: Sample,
        seed: int,
    ) -> None:
        hard = max(1, min(127, round(127.0 * part.velocity)))
        pan = max(-500.0, min(500.0, region.at(zones.PAN, part.pitch, hard))) / 1000.0 + 0.5
        loud = self.level * gain_of(region, part.pitch, hard)
        swell = self._manner.swell if self._manner else 0.0
        gains = np.array(
            [
                loud * math.cos(0.5 * math.pi * pan),
                loud * math.sin(0.5 * math.pi * pan),
                region.get(zones.LFO_TO_VOLUME) / 10.0,
                _hertz(region.get(zones.LFO_RATE)),
                region.seconds(zones.LFO_DELAY),
                swell,
            ]
        )
        play_sample(
            out,
            at,
            part.hold,
            self._region_tail(region, part.hold, part.pitch),
            sample.sound,
            _marks(region, sample, slurred=part.slurred, kit=self._kit),
            self._pitch(region, sample, part, seed),
            gains,
            _volume(region, part.pitch, slurred=part.slurred),
            _second(region, part.pitch),
            np.array(
                [
                    region.at(zones.CUTOFF, part.pitch, hard) / 100.0,
                    region.get(zones.RESONANCE) / 10.0,
                    region.get(zones.ENVELOPE_TO_CUTOFF) / 100.0,
                    region.get(zones.LFO_TO_CUTOFF) / 100.0,
                ]
            ),
            float(self._rate),
        )

    def _pitch(
        self, region: Region, sample: Sample, part: _Breath, seed: int
    ) -> NDArray[np.float64]:
        root = _root(region, self._samples)
        scale = region.get(zones.SCALE) / 100.0
        exact = self._kit or self._beats
        off = 0.0 if exact else self._samples.cents_off(region.sample, root)
        semitones = (part.pitch - root) * scale - off / 100.0
        step = min(sample.rate / self._rate * 2.0 ** (semitones / 12.0), _STEP_MAX)
        dice = np.random.default_rng([seed, part.after])
        depth = region.get(zones.VIBRATO_TO_PITCH) / 100.0
        speed, delay = _hertz(region.get(zones.VIBRATO_RATE)), region.seconds(zones.VIBRATO_DELAY)
        wave = self._manner
        if wave is not None and wave.depth and not depth and wave.players == 1:
            # a set's own vibrato lies in its samples, so ours is only half as deep
            depth, speed = 0.005 * wave.depth * dice.uniform(0.7, 1.2), wave.vibrato
            delay = wave.delay * dice.uniform(0.9, 1.6)
        bend = part.bend or (0.7 * wave.scoop * dice.uniform(0.2, 1.2) if wave else 0.0)
        looks = self._rate / LOOK
        fade = 0.05 if part.bend else wave.scoop_seconds if wave else 0.05
        return np.array(
            [
                step,
                bend,
                math.exp(-1.0 / (fade * looks)),
                speed,
                delay,
                depth,
                region.get(zones.ENVELOPE_TO_PITCH) / 100.0,
                0.5,
            ]
        )


def _breaths(note: Sounding, rate: int) -> list[_Breath]:
    """The pitches of a slur one by one; each lasts a little into the next."""
    starts = [0, *(turn.after for turn in note.turns)]
    pitches = [note.pitch, *(turn.pitch for turn in note.turns)]
    loud = [note.velocity, *(turn.velocity for turn in note.turns)]
    over = round(0.5 * _LEGATO_SECONDS * rate)
    found: list[_Breath] = []
    for index, start in enumerate(starts):
        last = index + 1 == len(starts)
        until = note.hold if last else starts[index + 1] + over
        bend = note.bend if index == 0 else 0.5 * (pitches[index - 1] - pitches[index])
        bend = max(-2.0, min(2.0, bend))
        found.append(
            _Breath(start, max(until - start, 1), pitches[index], loud[index], bend, index > 0)
        )
    return found


def _root(region: Region, samples: Samples) -> float:
    """The key, as a fraction, at which a region's sample is read as it is."""
    key, correction = samples.pitch_of(region.sample)
    override = region.get(zones.ROOT)
    tuned = region.get(zones.COARSE_TUNE) + (region.get(zones.FINE_TUNE) + correction) / 100.0
    return (override if 0 <= override <= 127 else key) - tuned


def _hertz(cents: int) -> float:
    return 8.176 * 2.0 ** (max(min(cents, 4500), -16000) / 1200.0)


def _marks(region: Region, sample: Sample, *, slurred: bool, kit: bool) -> NDArray[np.int64]:
    """Where reading begins and ends and goes round, whatever the file says within the sample."""
    length = len(sample.sound)

    def moved(place: int, fine: int, coarse: int) -> int:
        return place + region.get(fine) + 32768 * region.get(coarse)

    first = moved(0, zones.START, zones.START_COARSE)
    end = moved(length, zones.END, zones.END_COARSE)
    loop_start = moved(sample.loop_start, zones.LOOP_START, zones.LOOP_START_COARSE)
    loop_end = moved(sample.loop_end, zones.LOOP_END, zones.LOOP_END_COARSE)
    mode = region.get(zones.MODE) & 3
    end = max(min(end, length), 0)
    if (
        not 0 <= loop_start < loop_end - 3
        or loop_end > length
        or sample.loop_end == sample.loop_start
    ):
        mode, loop_start, loop_end = ONCE, 0, 0
    mode = ONCE if mode == 2 or (kit and mode == FOREVER and loop_end - loop_start < 4) else mode
    if slurred:
        late = round(_LATE_ENTRY * sample.rate)
        first = max(first, min(late, loop_start) if mode != ONCE else min(late, end // 3))
    first = max(min(first, (loop_end if mode != ONCE else end) - 1), 0)
    return np.array([first, end, loop_start, loop_end, mode], dtype=np.int64)


def _volume(region: Region, key: int, *, slurred: bool) -> NDArray[np.float64]:
    envelope = _times(region, zones.VOLUME_ENVELOPE, key)
    envelope[4] = max(min(region.get(zones.VOLUME_ENVELOPE + 4), 1440), 0) / 10.0
    envelope[5] = min(envelope[5], _LONGEST_RELEASE)
    if slurred:
        envelope[0], envelope[1], envelope[2] = 0.0, _LEGATO_SECONDS, 0.0
        envelope[3] = max(envelope[3], 0.05)
    return envelope


def _second(region: Region, key: int) -> NDArray[np.float64]:
    envelope = _times(region, zones.SECOND_ENVELOPE, key)
    envelope[4] = 1.0 - max(min(region.get(zones.SECOND_ENVELOPE + 4), 1000), 0) / 1000.0
    return envelope


def _times(region: Region, first: int, key: int) -> NDArray[np.float64]:
    """Six values of which the fifth is left to the caller; higher keys hold and decay sooner."""
    times = [region.seconds(first + n) for n in (0, 1, 2, 3)]
    for place, by_key in ((2, 6), (3, 7)):
        cents = region.get(first + by_key) * (60 - key)
        times[place] *= 2.0 ** (max(min(cents, 12000), -12000) / 1200.0)
    return np.array([*(min(time, 100.0) for time in times), 0.0, region.seconds(first + 5)])
