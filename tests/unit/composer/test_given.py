"""Given music: a tune that was sung, a MIDI file, a plan; what is played around it, and what is refused."""

from __future__ import annotations

import io
import json

import mido
import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from sounds import band, sung

from bandstand.audio.clip import Clip
from bandstand.composer import theory
from bandstand.composer.analyse.heard import listen
from bandstand.composer.given.grid import on_grid
from bandstand.composer.given.notes import read_notes
from bandstand.composer.given.sound import BEAT, NOTHING, given_of
from bandstand.composer.piece import compose
from bandstand.composer.score import Given, Key, Role
from bandstand.errors import Invalid

PIECE = compose("jazz quartet, 130 bpm, Eb major", seconds=20.0, seed=4)
PLAN = PIECE.describe()


@pytest.fixture(scope="module")
def tune() -> Given:
    return given_of(listen(sung(3, 96.0, bars=8, plucked=True)[0]))


@pytest.mark.parametrize("prompt", ["rock band", "bossa nova", "solo violin, baroque"])
def test_lead_plays_the_tune_that_was_given(tune: Given, prompt: str):
    score = compose(prompt, seconds=16.0, seed=1, given=tune).score

    assert score.bpm == pytest.approx(96.0, rel=2e-3)
    assert fidelity(score, tune, 0) >= 0.8
    assert fidelity(score, tune, 0) - fidelity(score, tune, 6) >= 0.15


def test_given_tune_is_sung_to_its_end_over_the_last_chord(tune: Given):
    score = compose("rock band", seconds=14.0, seed=1, given=tune).score
    lead = next(part for part in score.parts if part.role is Role.LEAD)
    last = score.bars * score.metre.beats

    written = {note.start for note in tune.tune if last < note.start < score.beat_at(14.0) - 0.25}

    assert written
    assert {on_grid(note.start) for note in lead.notes if note.start > last + 0.1} >= written


def test_key_that_the_prompt_asks_for_moves_the_tune(tune: Given):
    key = Key((tune.key.tonic + 3) % 12, tune.key.mode)

    score = compose(f"rock in {theory.key_name(key)}", seconds=16.0, seed=1, given=tune).score

    assert score.key == key
    assert fidelity(score, tune, 3) >= 0.8


def test_tempo_that_the_prompt_asks_for_wins(tune: Given):
    assert compose("rock, 140 bpm", seconds=8.0, seed=1, given=tune).score.bpm == 140.0


@pytest.mark.parametrize(("beats", "told"), [(True, BEAT), (False, NOTHING)])
def test_sound_without_notes_is_not_followed_and_that_is_told(*, beats: bool, told: str):
    noise = np.random.default_rng(1).normal(0.0, 0.3, (1, 8 * 32000))
    strokes = np.arange(8 * 32000) % 16000 < 900 if beats else 1.0

    given = given_of(listen(Clip((noise * strokes).astype(np.float32), 32000)))

    assert (given.tune, given.chords, given.key, given.told) == ((), (), None, (told,))
    assert (given.bpm is not None) == beats


@pytest.mark.parametrize("prompt", ["drums only", "ambient, no melody"])
def test_tune_that_nobody_may_play_is_told(tune: Given, prompt: str):
    piece = compose(prompt, seconds=8.0, seed=1, given=tune)

    assert "Nobody" in " ".join(piece.describe()["conflicts"])


def test_chords_of_a_band_are_played_again():
    heard = listen(band(("Am", "F", "C", "G"), 104.0, bars=8))

    score = compose("folk", seconds=18.0, seed=1, given=given_of(heard)).score

    roots = [chord.root for chord in score.chords if chord.start % 4 == 0][:4]
    assert roots == [9, 5, 0, 7]


def test_midi_of_a_piece_brings_its_tune_tempo_and_key_back():
    found = read_notes(PIECE.midi())

    assert found.key == PIECE.score.key
    assert found.bpm == pytest.approx(PIECE.score.bpm, rel=1e-5)
    assert [note.pitch for note in found.tune] == [row[2] for row in PLAN["tune"]]


def test_plan_of_a_piece_brings_its_chords_and_tune_back():
    found = read_notes(json.dumps(PLAN).encode())

    written = [c for c in PIECE.score.chords if c.start < PIECE.score.bars * 4]
    assert [chord.root for bar in found.chords for chord in bar] == [c.root for c in written]
    assert [note.pitch for note in found.tune] == [row[2] for row in PLAN["tune"]]
    assert (found.bpm, found.key) == (PIECE.score.bpm, PIECE.score.key)


def test_plan_is_played_in_another_style():
    found = read_notes(json.dumps(PLAN).encode())

    score = compose("reggae", seconds=20.0, seed=9, given=found).score

    assert score.style == "reggae"
    assert fidelity(score, found, 0) >= 0.8


def test_shortest_chord_chart_is_enough():
    chart = {"bpm": 90, "chords": [{"beat": 0, "name": "C"}, {"beat": 8, "name": "G7"}]}

    found = read_notes(json.dumps(chart).encode())

    assert [bar[0].name for bar in found.chords] == ["C", "C", "G7"]


def test_names_alone_are_a_chord_for_each_bar():
    found = read_notes(b'{"metre": "3/4", "chords": ["C", "N.C.", "G7"]}')

    assert [(bar[0].start, bar[0].name) for bar in found.chords] == [(0, "C"), (3, "C"), (6, "G7")]


@pytest.mark.parametrize(
    ("spelt", "name"),
    [
        ("Cmin7", "Cm7"),
        ("CM7", "Cmaj7"),
        ("F#-", "F#m"),
        ("Bbsus", "Bbsus4"),
        ("am", "Am"),
        ("Gø7", "Gm7b5"),
        ("C(add9)", "Cadd9"),
        ("D13", "D9"),
        ("E7b9", "E7"),
        ("C6/9", "Cadd9"),
    ],
)
def test_chords_are_read_however_they_are_spelt(spelt: str, name: str):
    found, usual = (
        read_notes(json.dumps({"key": "C major", "chords": [{"beat": 0, "name": each}]}).encode())
        for each in (spelt, name)
    )

    assert found.chords == usual.chords


@pytest.mark.parametrize(
    ("chords", "key"),
    [
        (["C", "G", "Am", "F"], Key(0, "major")),
        (["Em", "Am", "B7", "Em"], Key(4, "minor")),
        (["Dm7", "G7", "Cmaj7"], Key(0, "major")),
    ],
)
def test_chords_without_a_key_are_played_in_their_own(chords: list[str], key: Key):
    found = read_notes(json.dumps({"chords": chords}).encode())

    assert found.key == key


@pytest.mark.parametrize("written", ["c# minor", "C#m", "cis-Moll", "C# minor"])
def test_keys_are_read_however_they_are_spelt(written: str):
    plan = {"key": written, "chords": ["A"]}

    assert read_notes(json.dumps(plan).encode()).key == Key(1, "minor")


@pytest.mark.parametrize("content", [b"", b"hello", b"ID3\x04\x00", b"<html>"])
def test_what_is_no_score_at_all_is_told_apart(content: bytes):
    with pytest.raises(Invalid, match="neither a MIDI file nor the plan"):
        read_notes(content)


def test_midi_in_a_windows_wrapper_is_read():
    content = PIECE.midi()

    assert read_notes(b"RIFF\0\0\0\0RMIDdata\0\0\0\0" + content) == read_notes(content)


def test_metre_and_tempo_that_hold_longest_are_played_and_told():
    head = [
        mido.MetaMessage("time_signature", numerator=3, denominator=4),
        mido.MetaMessage("set_tempo", tempo=500_000),
    ]
    later = [
        mido.MetaMessage("time_signature", numerator=4, denominator=4),
        mido.MetaMessage("set_tempo", tempo=400_000),
    ]
    notes = [message for n in range(60) for message in (on(60 + n % 9), off(60 + n % 9))]

    piece = compose(
        "folk", seconds=8.0, seed=1, given=read_notes(midi([*head, *notes, *later, *notes[:20]]))
    )

    assert (piece.score.metre.written, piece.score.bpm) == ("3/4", 120.0)
    told = " ".join(piece.describe()["conflicts"])
    assert "metre" in told
    assert "tempo" in told


def test_metre_that_is_not_known_is_told():
    odd = mido.MetaMessage("time_signature", numerator=11, denominator=8)

    assert "11/8" in read_notes(midi([odd, on(60), off(60)])).told[0]


def test_note_that_nobody_ends_lasts_to_the_end():
    found = read_notes(midi([on(60), mido.Message("note_on", note=64, velocity=0, time=480)]))

    assert [(note.pitch, note.length) for note in found.tune] == [(60, 1.0)]


def test_key_and_tempo_that_are_changed_are_told():
    piece = compose("rock, 140 bpm, A minor", seconds=8.0, seed=1, given=read_notes(PIECE.midi()))

    told = " ".join(piece.describe()["conflicts"])
    assert "A minor" in told
    assert "140" in told


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("[]", "no JSON object"),
        ("{}", "neither chords nor a tune"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"chords": 5}', "no list"),
        ('{"chords": [{"beat": 0, "name": "H"}]}', "no chord"),
        ('{"chords": [{"beat": -1, "name": "C"}]}', "between"),
        ('{"chords": [{"beat": NaN, "name": "C"}]}', "between"),
        (f'{{"chords": [{{"beat": {"9" * 400}, "name": "C"}}]}}', "between"),
        ('{"tune": [[0, 1, 60]]}', "must be"),
        ('{"tune": [[0, 1, 300, 1]]}', "pitch"),
        ('{"bpm": 9000, "tune": [[0, 1, 60, 1]]}', "bpm"),
        ('{"key": "J dur", "tune": [[0, 1, 60, 1]]}', "key"),
        ('{"metre": [], "tune": [[0, 1, 60, 1]]}', "metre"),
    ],
)
def test_plan_that_says_nothing_is_refused_with_the_reason(written: str, problem: str):
    with pytest.raises(Invalid, match=problem) as caught:
        read_notes(written.encode())

    assert caught.value.problems[0].field == "score"


def test_midi_without_notes_is_refused():
    with pytest.raises(Invalid, match="no notes"):
        read_notes(midi([]))


def test_midi_with_too_many_notes_is_refused():
    strokes = [message for n in range(20_001) for message in (on(60 + n % 9), off(60 + n % 9))]

    with pytest.raises(Invalid, match="more than 20000"):
        read_notes(midi(strokes, ticks=1920))


def test_midi_that_breaks_off_is_refused():
    with pytest.raises(Invalid, match="damaged"):
        read_notes(PIECE.midi()[:40])


@settings(max_examples=150, deadline=None)
@drawn(st.data())
def test_damaged_midi_is_read_or_refused(data: st.DataObject):
    content = bytearray(PIECE.midi())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(4, min(len(content), 600) - 1))
        content[place] = data.draw(st.integers(0, 255))

    try:
        found = read_notes(bytes(content))
    except Invalid:
        return

    assert 40.0 <= (found.bpm or 120.0) <= 240.0
    assert all(0 <= note.pitch <= 127 and note.length > 0 for note in found.tune)


@pytest.mark.parametrize("bpm", [10.0, 480.0, 3000.0])
def test_absurd_tempo_of_a_file_is_written_in_other_beats(bpm: float):
    content = midi([mido.MetaMessage("set_tempo", tempo=round(60e6 / bpm)), on(60), off(60)])

    assert 40.0 <= (read_notes(content).bpm or 0) <= 240.0


def test_track_that_is_called_the_melody_is_the_tune():
    file = mido.MidiFile(ticks_per_beat=480)
    for name, pitch in (("piano", 84), ("Melody", 60), ("bass", 36)):
        notes = [on(pitch), off(pitch)] * 4
        file.tracks.append(mido.MidiTrack([mido.MetaMessage("track_name", name=name), *notes]))

    assert {note.pitch for note in read_notes(packed(file)).tune} == {60}


@pytest.mark.parametrize(
    ("played", "written"), [(1.02, 1.0), (0.24, 0.25), (1 / 3 + 0.005, 1 / 3), (2.65, 2 + 2 / 3)]
)
def test_played_notes_are_straightened(played: float, written: float):
    assert on_grid(played) == pytest.approx(written)


def test_variation_keeps_tempo_key_form_and_leader_and_changes_notes():
    first, second = (compose("indie rock", seconds=20.0, seed=4, variation=n).score for n in (0, 1))

    assert (first.bpm, first.key, first.sections) == (second.bpm, second.key, second.sections)
    assert lead(first).instrument == lead(second).instrument
    assert first.parts != second.parts


def lead(score):
    return next(part for part in score.parts if part.role is Role.LEAD)


def fidelity(score, given: Given, shift: int) -> float:
    """Share of the tune's sixteenths on which the lead has the same pitch class, moved by so many semitones."""
    end = min(score.bars * score.metre.beats, max(n.start + n.length for n in given.tune))
    agreed = total = 0
    for note in given.tune:
        at = note.start + 0.125
        while at < min(note.start + note.length, end):
            sounding = [
                n for n in lead(score).notes if n.start <= at + 0.1 < n.start + n.length + 0.1
            ]
            total += 1
            agreed += any((n.pitch - shift) % 12 == note.pitch % 12 for n in sounding)
            at += 0.25
    return agreed / total


def on(pitch: int) -> mido.Message:
    return mido.Message("note_on", note=pitch, velocity=90, time=0)


def off(pitch: int) -> mido.Message:
    return mido.Message("note_off", note=pitch, time=48)


def midi(messages: list, ticks: int = 480) -> bytes:
    file = mido.MidiFile(ticks_per_beat=ticks)
    file.tracks.append(mido.MidiTrack(messages))
    return packed(file)


def packed(file: mido.MidiFile) -> bytes:
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()
