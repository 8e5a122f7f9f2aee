"""A stranger's MIDI file -> its tune, chords, key, tempo and metre. Who played what is left behind: the style decides.

The tune is the track that says so in its name, or else the one that sings most: few notes at once, and high ones. Of
chords in it the highest note counts. Harmony is what all the tracks sound together, bar by bar.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import mido
import numpy as np
from numpy.typing import NDArray

from bandstand.composer import theory
from bandstand.composer.analyse.harmony import triads_of
from bandstand.composer.analyse.key import key_of_classes
from bandstand.composer.given.grid import straightened
from bandstand.composer.given.sound import chords_of
from bandstand.composer.score import Given, Key, Metre, Note
from bandstand.errors import Invalid

NOTES_MAX = 20_000
TRACKS_MAX = 128
BEATS_MAX = 2400.0  # ten minutes at the fastest tempo
PERCUSSION = 9
SINGS = ("lead", "melody", "tune", "vocal", "voice", "sing")
SLOWEST, FASTEST = 40.0, 240.0
# What mido raises over files that are damaged on purpose, besides its own errors.
DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    struct.error,
    mido.KeySignatureError,
)


@dataclass
class Track:
    """One track on one channel."""

    name: str
    notes: list[Note] = field(default_factory=list[Note])


@dataclass(frozen=True)
class Head:
    """The middle tempo, the metre that holds longest, the first key. told: what of them is not played."""

    bpm: float
    metre: Metre
    key: Key | None
    told: tuple[str, ...]


@dataclass(frozen=True)
class File:
    """What is used of a MIDI file; times in beats."""

    head: Head
    tracks: list[Track]


def read_midi(content: bytes) -> Given:
    """raises  Invalid with field "score" for what is no MIDI file, holds no notes or too many"""
    file = _read(content)
    head = file.head
    melodic = [track for track in file.tracks if track.notes]
    if not melodic:
        raise Invalid("score", "there are no notes in the MIDI file, apart from drums")
    every = [note for track in melodic for note in track.notes]
    key = head.key or key_of_classes(_classes(every))[0]
    first = head.metre.beats * (min(note.start for note in every) // head.metre.beats)
    tune = _skyline(max(melodic, key=_singing).notes)
    end = max(note.start + min(note.length, head.metre.beats) for note in every)
    count = max(1, math.ceil((end - first) / head.metre.beats - 1e-6))
    bars, bass = (
        _chroma_by_bar(notes, first, head.metre, count) for notes in (every, _lowest(every))
    )
    return Given(
        tune=tuple(Note(n.start - first, n.length, n.pitch, n.velocity) for n in tune),
        chords=chords_of(triads_of(bars, bass, key), key, head.metre),
        key=key,
        bpm=head.bpm,
        metre=head.metre,
        told=head.told,
    )


def _read(content: bytes) -> File:
    try:
        file = mido.MidiFile(file=io.BytesIO(content), charset="latin-1", clip=True)
    except DAMAGE as error:
        raise Invalid(
            "score", f"the MIDI file is damaged: {str(error) or 'it breaks off'}"
        ) from None
    ticks = int(file.ticks_per_beat)
    if ticks <= 0 or ticks >= 0x8000:
        raise Invalid("score", "the MIDI file counts in seconds, not in beats")
    if len(file.tracks) > TRACKS_MAX:
        raise Invalid("score", f"the MIDI file has {len(file.tracks)} tracks; at most {TRACKS_MAX}")
    head = _head(file.tracks)
    bpm, scale = head.bpm, 1.0 / ticks
    # A tempo that we do not play is written in other beats: half as many, or twice.
    while bpm > FASTEST:
        bpm, scale = bpm / 2.0, scale / 2.0
    while bpm < SLOWEST:
        bpm, scale = bpm * 2.0, scale * 2.0
    tracks = [part for track in file.tracks for part in _parts(track, scale)]
    if sum(len(track.notes) for track in tracks) > NOTES_MAX:
        raise Invalid("score", f"the MIDI file has more than {NOTES_MAX} notes")
    return File(replace(head, bpm=bpm), tracks)


def _head(tracks: Sequence[mido.MidiTrack]) -> Head:
    tempos: list[tuple[int, int]] = [(0, 500_000)]
    metres: list[tuple[int, str]] = [(0, "4/4")]
    key, end = None, 0
    for track in tracks:
        now = 0
        for message in track:
            now += int(message.time)
            if message.type == "set_tempo":
                tempos.append((now, max(1, int(message.tempo))))
            elif message.type == "time_signature":
                metres.append((now, f"{message.numerator}/{message.denominator}"))
            elif message.type == "key_signature":
                key = key or _key(message.key)
        end = max(end, now)
    held = _held(tempos, end)
    tempo = _middle(held)
    told = [f"The tempo of the MIDI file changes; all is played at {60e6 / tempo:.4g} bpm."]
    told = told if len(held) > 1 else []
    held = _held(metres, end)
    written = max(reversed(held), key=lambda metre: held[metre])
    metre = theory.metre(written if written in theory.METRES else "4/4")
    if written != metre.written:
        told.append(f"The metre {written} is not known here; {metre.written} is played.")
    if len(held) > 1:
        told.append(f"The metre of the MIDI file changes; all is played in {metre.written}.")
    return Head(60e6 / tempo, metre, key, tuple(told))


T = TypeVar("T")


def _held(changes: Sequence[tuple[int, T]], end: int) -> dict[T, int]:
    """For how many ticks each value holds; only what holds at all, or the last."""
    ordered = sorted(changes, key=lambda change: change[0])
    held: dict[T, int] = {}
    for (start, value), stop in zip(ordered, [at for at, _ in ordered[1:]] + [end], strict=True):
        held[value] = held.get(value, 0) + max(0, stop - start)
    return {value: ticks for value, ticks in held.items() if ticks} or {ordered[-1][1]: 1}


def _middle(held: Mapping[int, int]) -> int:
    """The value below which half of the time lies: no moment's whim where every beat has a tempo of its own."""
    passed = 0
    for value in sorted(held):
        passed += held[value]
        if 2 * passed >= sum(held.values()):
            return value
    return max(held)


def _key(written: str) -> Key:
    minor = written.endswith("m")
    letter, *sharps = written.removesuffix("m")
    shift = sum(1 if sharp == "#" else -1 for sharp in sharps)
    return Key((theory.NATURALS[letter.lower()] + shift) % 12, "minor" if minor else "major")


def _parts(track: mido.MidiTrack, scale: float) -> Iterator[Track]:
    """The channels of a track, without the drums."""
    name = str(track.name).lower()
    parts: dict[int, Track] = {}
    held: dict[tuple[int, int], tuple[float, int]] = {}

    def end(channel: int, pitch: int, now: float) -> None:
        start, velocity = held.pop((channel, pitch))
        part = parts.setdefault(channel, Track(name))
        if now > start:
            part.notes.append(Note(start, now - start, pitch, velocity / 127.0))

    ticks = 0
    for message in track:
        ticks += int(message.time)
        now = min(ticks * scale, BEATS_MAX)
        if now >= BEATS_MAX:
            break
        if message.type not in {"note_on", "note_off"} or message.channel == PERCUSSION:
            continue
        if (message.channel, message.note) in held:
            end(message.channel, message.note, now)
        if message.type == "note_on" and message.velocity > 0:
            held[message.channel, message.note] = now, message.velocity
    # Notes that nobody ends last to the end of their track.
    for channel, pitch in tuple(held):
        end(channel, pitch, min(ticks * scale, BEATS_MAX))
    for part in parts.values():
        part.notes.sort(key=lambda note: (note.start, note.pitch))
        yield part


def _singing(track: Track) -> float:
    """How much a track is like a tune."""
    starts = len({round(note.start, 1) for note in track.notes})
    high = sum(note.pitch for note in track.notes) / len(track.notes)
    named = any(word in track.name for word in SINGS)
    return 3.0 * named + starts / len(track.notes) + min(starts, 64) / 64.0 + high / 48.0


def _skyline(notes: Sequence[Note]) -> list[Note]:
    """The highest note of each moment, on the straight grid, one after the other."""
    found: dict[float, Note] = {}
    for note in notes:
        written = straightened(note)
        if written.start not in found or found[written.start].pitch < note.pitch:
            found[written.start] = written
    line = [found[start] for start in sorted(found)]
    ends = [note.start for note in line[1:]] + [BEATS_MAX * 2]
    return [
        replace(note, length=min(note.length, end - note.start))
        for note, end in zip(line, ends, strict=True)
    ]


def _classes(notes: Sequence[Note]) -> NDArray[np.float64]:
    found = np.zeros(12)
    for note in notes:
        found[note.pitch % 12] += note.length
    return found


def _lowest(notes: Sequence[Note]) -> list[Note]:
    """The deeper third of the notes."""
    pitches = sorted(note.pitch for note in notes)
    edge = pitches[len(pitches) // 3]
    return [note for note in notes if note.pitch <= edge]


def _chroma_by_bar(
    notes: Sequence[Note], first: float, metre: Metre, bars: int
) -> NDArray[np.float64]:
    """Float64 [bars, 12]: how long each pitch class sounds in each bar."""
    found = np.zeros((bars, 12))
    for note in notes:
        bar = int((note.start - first) // metre.beats)
        left = note.length
        at = note.start - first
        while left > 1e-9 and bar < bars:
            here = min(left, (bar + 1) * metre.beats - at)
            found[bar, note.pitch % 12] += here
            left, at, bar = left - here, at + here, bar + 1
    return found
