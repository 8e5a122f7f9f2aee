"""A stranger's MIDI file -> its tune, chords, key, tempo and metre. Who played what is left behind: the style decides.

The tune is the track that says so in its name, or else the one that sings most: few notes at once, and high ones. Of
chords in it the highest note counts. Harmony is what all the tracks sound together, bar by bar.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

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


@dataclass
class File:
    """What is used of a MIDI file; times in beats."""

    bpm: float
    metre: Metre
    key: Key | None
    tracks: list[Track]


def read_midi(content: bytes) -> Given:
    """raises  Invalid with field "score" for what is no MIDI file, holds no notes or too many"""
    file = _read(content)
    melodic = [track for track in file.tracks if track.notes]
    if not melodic:
        raise Invalid("score", "there are no notes in the MIDI file, apart from drums")
    every = [note for track in melodic for note in track.notes]
    key = file.key or key_of_classes(_classes(every))[0]
    first = file.metre.beats * (min(note.start for note in every) // file.metre.beats)
    tune = _skyline(max(melodic, key=_singing).notes)
    end = max(note.start + min(note.length, file.metre.beats) for note in every)
    count = max(1, math.ceil((end - first) / file.metre.beats - 1e-6))
    bars, bass = (
        _chroma_by_bar(notes, first, file.metre, count) for notes in (every, _lowest(every))
    )
    return Given(
        tune=tuple(Note(n.start - first, n.length, n.pitch, n.velocity) for n in tune),
        chords=chords_of(triads_of(bars, bass, key), key, file.metre),
        key=key,
        bpm=file.bpm,
        metre=file.metre,
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
    bpm, metre, key = _head(file.tracks)
    scale = 1.0 / ticks
    # A tempo that we do not play is written in other beats: half as many, or twice.
    while bpm > FASTEST:
        bpm, scale = bpm / 2.0, scale / 2.0
    while bpm < SLOWEST:
        bpm, scale = bpm * 2.0, scale * 2.0
    tracks = [part for track in file.tracks for part in _parts(track, scale)]
    if sum(len(track.notes) for track in tracks) > NOTES_MAX:
        raise Invalid("score", f"the MIDI file has more than {NOTES_MAX} notes")
    return File(bpm, metre, key, tracks)


def _head(tracks: Sequence[mido.MidiTrack]) -> tuple[float, Metre, Key | None]:
    """Tempo, metre and key; of several tempos the one that holds longest."""
    tempos: list[tuple[int, float]] = [(0, 500_000.0)]
    metre, key, end = theory.metre("4/4"), None, 0
    for track in tracks:
        now = 0
        for message in track:
            now += int(message.time)
            if message.type == "set_tempo":
                tempos.append((now, float(max(1, message.tempo))))
            elif message.type == "time_signature":
                written = f"{message.numerator}/{message.denominator}"
                metre = theory.metre(written) if written in theory.METRES else metre
            elif message.type == "key_signature":
                key = _key(message.key)
        end = max(end, now)
    tempos.sort(key=lambda change: change[0])
    ends = [start for start, _ in tempos[1:]] + [end + 1]
    held: dict[float, int] = {}
    for (start, tempo), stop in zip(tempos, ends, strict=True):
        held[tempo] = held.get(tempo, 0) + stop - start
    return 60e6 / max(held, key=lambda tempo: held[tempo]), metre, key


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
    ticks = 0
    for message in track:
        ticks += int(message.time)
        now = ticks * scale
        if now > BEATS_MAX:
            break
        if message.type not in {"note_on", "note_off"} or message.channel == PERCUSSION:
            continue
        key = (message.channel, message.note)
        if key in held:
            start, velocity = held.pop(key)
            part = parts.setdefault(message.channel, Track(name))
            if now > start:
                part.notes.append(Note(start, now - start, message.note, velocity / 127.0))
        if message.type == "note_on" and message.velocity > 0:
            held[key] = now, message.velocity
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
