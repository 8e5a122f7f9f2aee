"""The score: a whole piece as data, written by composition and read by performance, MIDI and mix.

No sound in here and no randomness. Positions and lengths are in beats (quarter notes, also in 6/8); seconds
come from `Score.seconds_at`. Pitches are MIDI note numbers (60 = middle C); on a kit they are General MIDI
percussion keys (36 kick, 38 snare, 42 closed hat ...).
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, field


class Role(enum.StrEnum):
    """What a part does in the arrangement."""

    LEAD = "lead"
    COUNTER = "counter"  # answers the lead
    COMP = "comp"  # chords in rhythm
    PAD = "pad"  # chords held
    ARP = "arp"  # chords broken
    BASS = "bass"
    DRUMS = "drums"
    PERCUSSION = "percussion"
    DRONE = "drone"


@dataclass(frozen=True, slots=True)
class Note:
    """One note of a part.

    start     beats from the beginning of the piece, swing and humanising included
    length    beats, > 0
    pitch     MIDI note number; a percussion key on a kit
    velocity  0..1
    """

    start: float
    length: float
    pitch: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Part:
    """One instrument's notes, sorted by start.

    instrument  a name of `instruments.INSTRUMENTS`
    level       dB relative to the style's usual level of this role
    pan         -1 (left) .. 1 (right)
    """

    role: Role
    instrument: str
    notes: tuple[Note, ...]
    level: float = 0.0
    pan: float = 0.0


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of whole bars with one character.

    name    "intro", "a" (verse), "b" (chorus), "bridge", "build", "drop", "break", "solo", "outro"
    bars    from `first_bar` (0-based), `bars` of them
    energy  0..1
    traits  how it is played: "half-time", "stripped", "answer" ... (see `plan/form.py`)
    lift    semitones by which it sounds above the key of the piece
    """

    name: str
    first_bar: int
    bars: int
    energy: float
    traits: frozenset[str] = frozenset()
    lift: int = 0


@dataclass(frozen=True, slots=True)
class Chord:
    """A harmony from `start` on, for `length` beats.

    root   pitch class 0..11 (0 = C)
    notes  pitch classes of the chord, root first
    name   as musicians write it: "G#m7"
    bass   pitch class of the lowest note where it is not the root: C/E
    """

    start: float
    length: float
    root: int
    notes: tuple[int, ...]
    name: str
    bass: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """tonic: pitch class 0..11; mode: a name of `theory.MODES` ("major", "minor", "dorian" ...)."""

    tonic: int
    mode: str


@dataclass(frozen=True, slots=True)
class Metre:
    """beats: quarter notes in a bar (3.0 for 3/4 and for 6/8); written: as in "4/4", "3/4", "6/8"."""

    written: str
    beats: float


@dataclass(frozen=True, slots=True)
class Mix:
    """How the piece should sound as a whole; the values come from the style.

    tilt          dB per octave around 1 kHz, negative = darker
    low_cut       Hz
    high_cut      Hz; 20000 = open
    reverb        0..1 send level; `reverb_seconds` its decay (T60)
    delay         0..1 tempo-synced echo of the lead
    drive         0..1 saturation of the whole
    width         0..1 stereo width of what is not bass, kick, snare or lead
    sidechain     0..1 how much the kick ducks pads and bass
    dust          0..1 vinyl crackle and wow (lo-fi)
    balance       dB per role, on top of the defaults of the mix
    """

    tilt: float = 0.0
    low_cut: float = 30.0
    high_cut: float = 20000.0
    reverb: float = 0.2
    reverb_seconds: float = 1.4
    delay: float = 0.0
    drive: float = 0.1
    width: float = 0.6
    sidechain: float = 0.0
    dust: float = 0.0
    balance: Mapping[Role, float] = field(default_factory=dict[Role, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Music that a piece is composed around: what was heard in given sound, or read from a file.

    tune    one voice on the straight grid, in beats from the first barline; the lead plays it. A tune shorter than the
            piece is sung again. Empty: the lead sings a tune of its own
    chords  by bar from the first one, their starts in beats from the first barline; they go round when they are
            fewer than the bars. Empty: the tune is harmonised, or the style's chords are played
    key     of the tune and the chords as they are here; in another key they are moved to it
    bpm, metre  None: of the prompt or the style. What the prompt says wins over all three
    told    sentences for people: what of the given music is not played as it was
    """

    tune: tuple[Note, ...] = ()
    chords: tuple[tuple[Chord, ...], ...] = ()
    key: Key | None = None
    bpm: float | None = None
    metre: Metre | None = None
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """A tempo that does not stay: from a beat on, over so many beats, each a little shorter or longer than the one
    before, until it is so many times what it was; there it stays.
    """

    start: float
    beats: float
    times: float

    def steady(self, beat: float) -> float:
        """Beats of the first tempo that take as long as these."""
        inside = min(max(beat - self.start, 0.0), self.beats)
        after = max(beat - self.start - self.beats, 0.0)
        longer = 1.0 / self.times - 1.0
        return min(beat, self.start) + (
            inside + longer * inside**2 / (2.0 * self.beats) + after / self.times
        )

    def drifted(self, steady: float) -> float:
        """The beat that comes after so many beats of the first tempo."""
        left = max(steady - self.start, 0.0)
        longer = 1.0 / self.times - 1.0
        whole = self.beats * (1.0 + 0.5 * longer)
        if left >= whole:
            return self.start + self.beats + (left - whole) * self.times
        bent = 2.0 * left / (1.0 + math.sqrt(1.0 + 2.0 * longer * left / self.beats))
        return min(steady, self.start) + bent


@dataclass(frozen=True, slots=True)
class Score:
    """A whole piece.

    seconds   exact length of the result; the music ends within it, the rest rings out
    bpm       quarter notes per minute, exactly as asked; never bent to fit
    drift     how the tempo moves away from it, if it does
    bars      whole bars; 0 when the piece is shorter than one bar
    seed      of the piece; rendering draws its own noise from it
    loops     its end goes over into its beginning: no last chord, and its bars fill its seconds
    marks     what the critic found, by check: 0..1, 1 is faultless (see `compose/critic.py`)
    fade      seconds at the end over which the sound fades away, 0 for an end on the last chord; fade_in: at the
              beginning, over which it comes
    """

    title: str
    style: str
    seed: int
    seconds: float
    bpm: float
    key: Key
    metre: Metre
    bars: int
    sections: tuple[Section, ...]
    chords: tuple[Chord, ...]
    parts: tuple[Part, ...]
    mix: Mix
    loops: bool = False
    marks: Mapping[str, float] = field(default_factory=dict[str, float])
    fade: float = 0.0
    fade_in: float = 0.0
    drift: Drift | None = None

    @property
    def beat_seconds(self) -> float:
        """Of the tempo that is written at the beginning."""
        return 60.0 / self.bpm

    def seconds_at(self, beat: float) -> float:
        return (self.drift.steady(beat) if self.drift else beat) * self.beat_seconds

    def beat_at(self, seconds: float) -> float:
        steady = seconds / self.beat_seconds
        return self.drift.drifted(steady) if self.drift else steady
