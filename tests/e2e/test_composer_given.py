"""The composer with what it is given, through the native API and the command line: tunes, beginnings, notes, stems."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import mido
import numpy as np
import pytest
import soundfile
from servers import Server, finished

RATE = 44100
PITCHES = (69, 71, 72, 76, 74, 72, 71, 69) * 2
BPM = 120.0


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[httpx2.Client]:
    running = Server(tmp_path_factory.mktemp("composer"), {"engines": "composer"})
    running.start()
    with running.client() as ours:
        yield ours
    running.stop()


def tune() -> bytes:
    """Half notes of a plucked string, as a 16-bit WAV file."""
    length = round(RATE * 120.0 / BPM)
    time = np.arange(length) / RATE
    notes: list[np.ndarray] = []
    for pitch in PITCHES:
        hertz = 440.0 * 2.0 ** ((pitch - 69) / 12.0)
        wave = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 5))
        notes.append(0.2 * wave * np.exp(-3.0 * time) * np.minimum(1.0, time / 0.004))
    buffer = io.BytesIO()
    soundfile.write(buffer, np.concatenate(notes), RATE, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def data_uri(content: bytes, media_type: str = "audio/wav") -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def made(client: httpx2.Client, **wish: Any) -> dict[str, Any]:
    answer = client.post("/v1/jobs", json={"prompt": "pop band", "seed": 3, **wish})
    assert answer.status_code == 201, answer.text
    job = finished(client, answer.json()["id"])
    assert job["status"] == "succeeded", job["error"]
    return job


def output(client: httpx2.Client, job: dict[str, Any], kind: str) -> bytes:
    url = next(output["url"] for output in job["outputs"] if output["kind"] == kind)
    return client.get(url).content


def plan_of(client: httpx2.Client, job: dict[str, Any]) -> dict[str, Any]:
    return json.loads(output(client, job, "plan"))


def heard_pitches(plan: dict[str, Any]) -> list[int]:
    return [round(row[2]) % 12 for row in plan["tune"]]


def test_tune_of_a_sound_is_played_by_the_lead(client: httpx2.Client) -> None:
    job = made(client, melody=data_uri(tune()), seconds=12)

    plan = plan_of(client, job)
    assert heard_pitches(plan)[:5] == [pitch % 12 for pitch in PITCHES[:5]]
    assert job["outputs"][0]["about"]["heard"]["notes"] >= len(PITCHES)


def test_given_beginning_stands_bit_by_bit_in_the_result(client: httpx2.Client) -> None:
    given, _ = soundfile.read(io.BytesIO(tune()), dtype="int16")

    job = made(client, continues={"source": data_uri(tune()), "end": 8.0}, seconds=14)

    track, rate = soundfile.read(io.BytesIO(output(client, job, "audio")), dtype="int16")
    join = round(job["outputs"][0]["about"]["continues"]["join"] * RATE)
    assert (rate, len(track)) == (RATE, 14 * RATE)
    assert join == pytest.approx((8.0 - 0.06) * RATE, abs=50)
    assert np.array_equal(track[: join - 50, 0], given[: join - 50])
    assert np.abs(track[8 * RATE :]).max() > 1000


@pytest.mark.parametrize("encoding", ["wav", "flac"])
def test_stems_are_as_long_as_the_track_and_have_its_parts(
    client: httpx2.Client, encoding: str
) -> None:
    job = made(client, seconds=4, stems=encoding)

    packed = zipfile.ZipFile(io.BytesIO(output(client, job, "stems")))
    parts = {name: soundfile.read(io.BytesIO(packed.read(name)))[0] for name in packed.namelist()}
    instruments = [row["instrument"] for row in plan_of(client, job)["instruments"]]
    assert len(parts) == len(instruments) + 1
    assert all(len(part) == 4 * RATE for part in parts.values())
    assert all(name.endswith(f"{encoding}") for name in parts)
    track, _ = soundfile.read(io.BytesIO(output(client, job, "audio")))
    assert _likeness(np.sum(list(parts.values()), axis=0), track) > 0.8


def test_midi_file_is_played_in_another_style(client: httpx2.Client) -> None:
    first = made(client, seconds=12, prompt="jazz trio")
    notes = data_uri(output(client, first, "midi"), "audio/midi")

    second = made(client, seconds=12, prompt="reggae", score=notes)

    plans = [plan_of(client, job) for job in (first, second)]
    assert plans[1]["style"] == "reggae"
    assert plans[0]["bpm"] == pytest.approx(plans[1]["bpm"], rel=1e-5)
    count = min(6, len(plans[0]["tune"]))
    assert heard_pitches(plans[1])[:count] == heard_pitches(plans[0])[:count]
    assert second["asked"]["score"].startswith("data:audio/midi;sha256=")


def test_plan_of_an_earlier_job_is_played_by_its_address(client: httpx2.Client) -> None:
    first = made(client, seconds=12, prompt="jazz trio")
    address = next(o["url"] for o in first["outputs"] if o["kind"] == "plan")

    second = made(client, seconds=12, prompt="rock", score=address)

    assert plan_of(client, second)["key"] == plan_of(client, first)["key"]


def test_variation_is_another_piece_in_the_same_tempo_and_key(client: httpx2.Client) -> None:
    jobs = [made(client, seconds=10, variation=number) for number in (0, 1)]

    plans = [plan_of(client, job) for job in jobs]
    for name in ("bpm", "key", "sections"):
        assert plans[0][name] == plans[1][name]
    assert output(client, jobs[0], "midi") != output(client, jobs[1], "midi")


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"score": data_uri(b"RIFFwhatever")}, "neither a MIDI file"),
        ({"score": data_uri(b"MThd" + bytes(500_000))}, "at most 400 kB"),
        ({"score": data_uri(b"{}"), "melody": data_uri(tune())}, "cannot be combined"),
        ({"stems": "mp3"}, "wav"),
        ({"stems": "wav", "seconds": 400}, "at most 300"),
        ({"variation": -1}, "0"),
        ({"variation": 1, "model": "large"}, "cannot do this"),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    client: httpx2.Client, wish: dict[str, Any], told: str
) -> None:
    answer = client.post("/v1/jobs", json={"prompt": "pop", **wish})

    assert answer.status_code == 422
    assert told in answer.text


@pytest.mark.parametrize("content", [b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0", b"{}"])
def test_score_that_cannot_be_read_fails_with_the_reason(
    client: httpx2.Client, content: bytes
) -> None:
    answer = client.post("/v1/jobs", json={"prompt": "pop", "score": data_uri(content)})

    job = finished(client, answer.json()["id"])
    assert job["status"] == "failed"
    assert "score" in job["error"]


def test_words_that_were_not_understood_are_told(client: httpx2.Client) -> None:
    job = made(client, prompt="techno with a xylorimbaphone, 130 bpm", seconds=2)

    about = job["outputs"][0]["about"]
    assert "130 bpm" in " ".join(about["understood"])
    assert any("xylorimba" in word for word in about["ignored"])


def test_command_line_plays_notes_and_writes_stems(tmp_path: Path) -> None:
    file = mido.MidiFile()
    notes = [
        mido.Message(kind, note=60 + step, time=time)
        for step in (0, 2, 4, 5)
        for kind, time in (("note_on", 0), ("note_off", 480))
    ]
    file.tracks.append(mido.MidiTrack(notes))
    file.save(tmp_path / "score.mid")
    around = {k: v for k, v in os.environ.items() if not k.startswith("BANDSTAND_")}

    options = ("--score", "score.mid", "-s", "4", "--stems", "flac", "-o", "song.wav")

    done = subprocess.run(
        [sys.executable, "-m", "bandstand", "folk band, quixotic", *options],
        cwd=tmp_path,
        env={**around, "BANDSTAND_ENGINES": "composer", "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"score.mid", "song.wav", "song.stems.zip"}
    assert "understood: folk" in done.stderr
    assert "quixotic" in done.stderr


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of how loud both are over time."""
    size = RATE // 20
    levels = [
        np.sqrt(
            np.square(sound[: len(sound) // size * size]).mean(axis=1).reshape(-1, size).mean(1)
        )
        for sound in (one, other)
    ]
    return float(np.corrcoef(*levels)[0, 1])
