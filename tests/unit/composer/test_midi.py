"""A MIDI file says what its score says."""

from __future__ import annotations

import io
import json

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandstand.composer.compose import compose_score
from bandstand.composer.describe import describe
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.midi import score_to_midi
from bandstand.composer.plan.plan import make_plan
from bandstand.composer.prompt.parse import parse
from bandstand.composer.score import Score


def composed(prompt: str, seconds: float = 30, seed: int = 1) -> Score:
    return compose_score(make_plan(parse(prompt), seconds, seed), seed)


def read(score: Score) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(score_to_midi(score)))


def messages(file: mido.MidiFile, kind: str) -> list[mido.Message]:
    return [message for track in file.tracks for message in track if message.type == kind]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), seconds=st.floats(0.5, 90), bpm=st.floats(40, 240))
def test_every_note_and_the_tempo_survive(seed, seconds, bpm):
    score = composed(f"jazz {bpm:.3f} bpm", seconds, seed)
    file = read(score)
    (tempo,) = messages(file, "set_tempo")

    assert len(messages(file, "note_on")) == sum(len(part.notes) for part in score.parts)
    assert len(messages(file, "note_off")) == len(messages(file, "note_on"))
    assert abs(mido.tempo2bpm(tempo.tempo) - score.bpm) < 0.01


def test_drums_are_on_channel_ten_and_nobody_else_is():
    score = composed("tropical house, marimba, percussion, bass")

    for part, track in zip(score.parts, read(score).tracks[1:], strict=True):
        channels = {message.channel for message in track if message.type == "note_on"}
        assert (channels == {9}) == (INSTRUMENTS[part.instrument].family == "kit")


def test_each_part_is_a_named_track_with_its_program():
    score = composed("An electronic music soundtrack with a trumpet solo")
    track = next(track for track in read(score).tracks if track.name.startswith("trumpet"))

    assert [message.program for message in track if message.type == "program_change"] == [56]


@pytest.mark.parametrize(
    ("prompt", "key", "metre"), [("G# minor waltz", "G#m", (3, 4)), ("Bb major 6/8", "Bb", (6, 8))]
)
def test_key_metre_and_sections_are_written(prompt, key, metre):
    score = composed(prompt)
    file = read(score)
    (signature,) = messages(file, "time_signature")

    assert [message.key for message in messages(file, "key_signature")] == [key]
    assert (signature.numerator, signature.denominator) == metre
    assert [message.text for message in messages(file, "marker")] == [
        section.name for section in score.sections
    ]


def test_a_piece_is_described_in_json():
    prompt = "marimba, flubber, G# minor, 96 bpm"
    told = describe(composed(prompt), parse(prompt))

    assert json.loads(json.dumps(told)) == told
    assert (told["key"], told["bpm"], told["ignored"]) == ("G# minor", 96.0, ["flubber"])
    assert told["chords"][-1]["name"] == "G#m"
