"""What the tests of Replicate's API share: a server whose test tone stands in for MusicGen, and how to wait for a prediction."""

from __future__ import annotations

import io
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import soundfile
from patience import PATIENCE_SECONDS, once
from servers import Server

VERSION = "671ac645ce5e552cc63a54a2bbff63fcf798043055d2dac5fc9e36a837eedcfb"
MODEL = "meta/musicgen"
WISH = {"prompt": "a tone", "duration": 1}
OVER = {"succeeded", "failed", "canceled"}


def tone_server(folder: Path, **settings: object) -> Generator[Server]:
    """A prompt's words steer the tone: `work=2` seconds in `steps=10`, `fail` ..."""
    usual = {"engines": "fake", "stand_in": "other", "allowed_private_hosts": "127.0.0.1"}
    running = Server(folder, {**usual, **settings})
    running.start()
    yield running
    running.stop()


def create(
    client: httpx2.Client, *, headers: dict[str, str] | None = None, **words: Any
) -> dict[str, Any]:
    """A prediction as it was accepted; words: of the body, `input` is WISH if it is not among them."""
    body = {"version": VERSION, "input": WISH, **words}
    answer = client.post("/v1/predictions", json=body, headers=headers)
    assert answer.status_code in {201, 202}, answer.text
    return answer.json()


def settled(
    client: httpx2.Client, prediction: dict[str, Any], *, seconds: float = PATIENCE_SECONDS
) -> dict[str, Any]:
    return once(
        lambda: client.get(f"/v1/predictions/{prediction['id']}").json(),
        lambda told: told["status"] in OVER,
        seconds=seconds,
    )


def until_processing(client: httpx2.Client, prediction: dict[str, Any]) -> None:
    once(
        lambda: client.get(f"/v1/predictions/{prediction['id']}").json()["status"],
        lambda status: status != "starting",
    )


def sound_of(content: bytes) -> tuple[int, int, int]:
    """Frames, rate and channels."""
    read = soundfile.info(io.BytesIO(content))
    return read.frames, read.samplerate, read.channels


def wave(seconds: float, *, rate: int = 32000) -> bytes:
    """Somebody's recording: a mono WAV of silence."""
    file = io.BytesIO()
    soundfile.write(file, [0.0] * round(seconds * rate), rate, format="WAV")
    return file.getvalue()
