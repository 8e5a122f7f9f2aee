"""Reads just enough of a Standard MIDI File to count its notes, without the library that wrote it.

Source: Standard MIDI File 1.0: chunks, variable-length times, running status.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

ARGUMENTS = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}


@dataclass
class Track:
    """notes: starts in ticks and keys; programs: as they were chosen; channels: of the notes."""

    notes: list[tuple[int, int]] = field(default_factory=list)
    programs: list[int] = field(default_factory=list)
    channels: set[int] = field(default_factory=set)


@dataclass
class File:
    """tempos: microseconds a quarter, in order."""

    kind: int
    ticks: int
    tracks: list[Track]
    tempos: list[int]

    @property
    def notes(self) -> int:
        return sum(len(track.notes) for track in self.tracks)


def read(data: bytes) -> File:
    """Take a file apart; raises ValueError when it is none."""
    if data[:4] != b"MThd":
        raise ValueError("no MIDI file")
    length, kind, count, ticks = struct.unpack(">IHHH", data[4:14])
    file, place = File(kind, ticks, [], []), 8 + length
    while place < len(data):
        name, length = data[place : place + 4], struct.unpack(">I", data[place + 4 : place + 8])[0]
        place += 8
        if place + length > len(data):
            raise ValueError("a chunk is cut off")
        if name == b"MTrk":
            file.tracks.append(_track(data[place : place + length], file))
        place += length
    if len(file.tracks) != count:
        raise ValueError(f"{len(file.tracks)} tracks instead of {count}")
    return file


def _track(data: bytes, file: File) -> Track:
    track, place, now, status = Track(), 0, 0, 0
    while place < len(data):
        wait, place = _number(data, place)
        now += wait
        if data[place] & 0x80:
            status, place = data[place], place + 1
        if status == 0xFF:
            kind = data[place]
            length, place = _number(data, place + 1)
            if kind == 0x51:
                file.tempos.append(int.from_bytes(data[place : place + length], "big"))
        elif status in {0xF0, 0xF7}:
            length, place = _number(data, place)
        else:
            length = ARGUMENTS[status & 0xF0]
            _heard(track, now, status, data[place : place + length])
        place += length
    return track


def _heard(track: Track, now: int, status: int, arguments: bytes) -> None:
    if status & 0xF0 == 0xC0:
        track.programs.append(arguments[0])
    elif status & 0xF0 == 0x90 and arguments[1] > 0:
        track.notes.append((now, arguments[0]))
        track.channels.add(status & 0x0F)


def _number(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    while True:
        byte = data[place]
        value, place = value << 7 | byte & 0x7F, place + 1
        if not byte & 0x80:
            return value, place
