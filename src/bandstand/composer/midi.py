"""A score as a MIDI file, for any sequencer. Keeps every note; sound, mix and swing percentages stay behind.

Source: Standard MIDI File 1.0, type 1: track 0 carries tempo, metre, key and the section names, then one track a
part. The file's tempo is whole microseconds a quarter; the exact bpm is in `describe`.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator

import mido

from bandstand.composer import theory
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.score import Part, Score

TICKS = 960  # per quarter note
PERCUSSION = 9  # channel 10, as people count
CHANNELS = tuple(channel for channel in range(16) if channel != PERCUSSION)


def score_to_midi(score: Score) -> bytes:
    """Write a score as a type 1 MIDI file."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS, charset="utf-8")
    file.tracks.append(_conductor(score))
    melodic = 0
    for part in score.parts:
        channel = PERCUSSION
        if INSTRUMENTS[part.instrument].family != "kit":
            channel = CHANNELS[melodic % len(CHANNELS)]
            melodic += 1
        file.tracks.append(_track(part, channel))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _conductor(score: Score) -> mido.MidiTrack:
    beats, unit = (int(number) for number in score.metre.written.split("/"))
    minor = "m" if theory.family(score.key.mode) == "minor" else ""
    head = [
        mido.MetaMessage("track_name", name=score.title),
        mido.MetaMessage("time_signature", numerator=beats, denominator=unit),
        mido.MetaMessage("key_signature", key=theory.tonic_name(score.key) + minor),
    ]
    markers = [
        (
            _ticks(section.first_bar * score.metre.beats),
            mido.MetaMessage("marker", text=section.name),
        )
        for section in score.sections
    ]
    ending = _ticks(score.beat_at(score.seconds))
    rows = [*((0, message) for message in head), *_tempos(score), *markers]
    return _timed(sorted(rows, key=lambda row: row[0]), ending)


def _tempos(score: Score) -> Iterator[tuple[int, mido.MetaMessage]]:
    """The tempo, and where it drifts one of its own for each beat."""
    drift = score.drift
    beats = [0.0]
    if drift:
        beats += [drift.start + n for n in range(math.ceil(drift.beats) + 1)]
    for beat in sorted(set(beats)):
        steady = beat == 0.0 and (drift is None or drift.start > 0.0)
        lasts = (
            score.beat_seconds if steady else score.seconds_at(beat + 1) - score.seconds_at(beat)
        )
        yield _ticks(beat), mido.MetaMessage("set_tempo", tempo=round(1e6 * lasts))


def _track(part: Part, channel: int) -> mido.MidiTrack:
    instrument = INSTRUMENTS[part.instrument]
    messages: list[tuple[int, mido.Message | mido.MetaMessage]] = [
        (0, mido.MetaMessage("track_name", name=f"{part.instrument} ({part.role})")),
        (0, mido.Message("program_change", channel=channel, program=instrument.program)),
        (
            0,
            mido.Message(
                "control_change", channel=channel, control=10, value=round(63.5 + 63.5 * part.pan)
            ),
        ),
    ]
    strokes: list[tuple[int, int, mido.Message]] = []
    for note in part.notes:
        start = _ticks(note.start)
        end = max(start + 1, _ticks(note.start + note.length))
        velocity = min(127, max(1, round(127 * note.velocity)))
        on = mido.Message("note_on", channel=channel, note=note.pitch, velocity=velocity)
        strokes.append((start, 1, on))
        strokes.append((end, 0, mido.Message("note_off", channel=channel, note=note.pitch)))
    # At one tick a note ends before the next of the same pitch begins.
    strokes.sort(key=lambda stroke: stroke[:2])
    messages += [(tick, message) for tick, _, message in strokes]
    return _timed(messages, messages[-1][0])


def _timed(
    messages: Iterable[tuple[int, mido.Message | mido.MetaMessage]], ending: int
) -> mido.MidiTrack:
    """A track with the waits between its messages."""
    track = mido.MidiTrack()
    now = 0
    for tick, message in messages:
        message.time = tick - now
        track.append(message)
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, ending - now)))
    return track


def _ticks(beats: float) -> int:
    return round(beats * TICKS)
