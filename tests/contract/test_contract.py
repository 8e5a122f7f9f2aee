"""What is said on the wire, exchange by exchange, from the documents we were given: one folder per dialect, one file per exchange.

    {"source": ..., "given": [exchange ...], "request": ..., "response": ...}

`given` comes before it; with `"until": true` it is asked again until its answer fits. A body must fit whole: a member too many is
a difference. `<name>` in a text stands for what is not known before (NAMED says what fits it); an `<id>` is the same wherever it
stands in one file, `"<number>"` is any number. A `sound` is told by its frames, rate and channels.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import soundfile
from patience import PATIENCE_SECONDS
from servers import KEY, Server

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.json"))
NAMED = {
    "id": "[a-z2-7]{26}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
    "moment": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "query": "exp=[^&]+&sig=.+",
    "text": ".+",
}
Json = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """The test tone stands in for every model of music, the canvas for every one of images."""
    folder = tmp_path_factory.mktemp("contract")
    running = Server(folder, {"engines": "fake,canvas", "stand_in": "other"})
    running.start()
    yield running
    running.stop()


def test_every_folder_has_exchanges() -> None:
    folders = [folder for folder in HERE.iterdir() if folder.is_dir() and folder.name[0] != "_"]

    assert folders
    assert [folder.name for folder in folders if not list(folder.glob("*.json"))] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_exchange_is_as_documented(server: Server, file: Path) -> None:
    told = json.loads(file.read_text())
    talk = Talk(server)

    for exchange in [*told.get("given", []), told]:
        talk.hold(exchange)


class Talk:
    """Some exchanges in a row, and what was learnt in them."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._known = {"url": server.url, "key": KEY}

    def hold(self, exchange: Json) -> None:
        patience = PATIENCE_SECONDS if exchange.get("until") else 0.0
        until = time.monotonic() + patience
        while found := list(self._differences(exchange)):
            assert time.monotonic() < until, "\n".join(found)
            time.sleep(0.03)

    def _ask(self, request: Json) -> httpx2.Response:
        headers = {name: self._filled(text) for name, text in request.get("headers", {}).items()}
        given = {name: request[name] for name in ("json", "content") if name in request}
        if "json" in given:
            given["json"] = json.loads(json.dumps(given["json"]).replace("<key>", KEY))
        with self._server.client(None) as client:
            path = self._filled(request["path"])
            return client.request(request["method"], path, headers=headers, **given)

    def _filled(self, text: str) -> str:
        return re.sub("<([a-z]+)>", lambda found: self._known[found[1]], text)

    def _differences(self, exchange: Json) -> Iterator[str]:
        answer, wanted = self._ask(exchange["request"]), exchange["response"]
        if answer.status_code != wanted["status"]:
            yield f"status is {answer.status_code}: {answer.text[:300]}"
            return
        for name, text in wanted.get("headers", {}).items():
            yield from self._unlike(answer.headers.get(name), text, name)
        if "body" in wanted:
            yield from self._unlike(answer.json(), wanted["body"], "body")
        if "sound" in wanted:
            sound = soundfile.info(io.BytesIO(answer.content))
            heard = {"frames": sound.frames, "rate": sound.samplerate, "channels": sound.channels}
            yield from self._unlike(heard, wanted["sound"], "sound")

    def _unlike(self, got: object, wanted: object, where: str) -> Iterator[str]:
        if isinstance(wanted, dict) and isinstance(got, dict):
            yield from (f"{where}.{name} is missing" for name in wanted.keys() - got.keys())
            yield from (f"{where}.{name} is too many" for name in got.keys() - wanted.keys())
            for name in sorted(wanted.keys() & got.keys()):
                yield from self._unlike(got[name], wanted[name], f"{where}.{name}")
        elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
            for place, pair in enumerate(zip(got, wanted, strict=True)):
                yield from self._unlike(*pair, f"{where}[{place}]")
        elif not self._is_like(got, wanted):
            yield f"{where} is {got!r}, not {wanted!r}"

    def _is_like(self, got: object, wanted: object) -> bool:
        if wanted == "<number>":
            return isinstance(got, int | float) and not isinstance(got, bool)
        if isinstance(wanted, str) and isinstance(got, str):
            return self._fits(got, wanted)
        return got == wanted and type(got) is type(wanted)

    def _fits(self, got: str, wanted: str) -> bool:
        parts = re.split("<([a-z]+)>", wanted)
        pattern = "".join(
            self._pattern(part) if place % 2 else re.escape(part)
            for place, part in enumerate(parts)
        )
        found = re.fullmatch(pattern, got)
        if found and "id" in found.groupdict():
            self._known["id"] = found["id"]
        return found is not None

    def _pattern(self, name: str) -> str:
        if name in self._known:
            return re.escape(self._known[name])
        return f"(?P<id>{NAMED[name]})" if name == "id" else NAMED[name]
