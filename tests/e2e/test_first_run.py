"""The first minutes: a server that opens its page prints a way in that works, and there is something to hear."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from patience import once
from servers import Server
from visitors import TYPED, browser

BROWSER = """#!/bin/sh
echo "$1" >> "{told}"
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the browser of this machine writes down what it was opened with."""
    return tmp_path_factory.mktemp("browser") / "told"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, told: Path) -> Generator[Server]:
    program = told.parent / "browser"
    program.write_text(BROWSER.format(told=told))
    program.chmod(0o755)
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as around:
        around.setenv("DISPLAY", ":0")
        around.setenv("BROWSER", str(program))
        server = Server(folder, {"engines": "composer"}, ("serve", "--open"))
        server.start()
    yield server
    server.stop()


def test_browser_is_opened_at_a_link_that_works_and_there_is_something_to_hear(
    opened: Server, told: Path
):
    once(told.exists, why="the browser is opened")
    link = told.read_text().strip()

    with browser(opened) as person:
        assert person.get(link, headers=TYPED).status_code == 303
        (example,) = once(lambda: person.get("/app/library").json()["items"])
        once(
            lambda: person.get("/app/library").json()["items"][0]["status"],
            lambda now: now == "succeeded",
        )
        items = person.get("/app/library").json()["items"]

    assert link in opened.log
    assert example["example"] is True
    assert items[0]["made_by"]["engine"] == "composer"
    assert items[0]["credits"] == 0
    assert {"audio", "cover", "midi"} <= {output["kind"] for output in items[0]["outputs"]}


def test_example_is_made_once(bandstand: Callable[..., Server]):
    server = bandstand("serve", "--open", role="api", engines="composer")
    count = server.stored_jobs()
    assert server.stop() == 0

    server.start()

    assert count == 1
    assert server.stored_jobs() == 0


@pytest.mark.parametrize(
    ("command", "settings", "count"),
    [
        (("serve",), {}, 0),
        (("serve", "--open"), {}, 1),
        (("serve", "--open"), {"first_example": False}, 0),
    ],
)
def test_example_is_made_for_who_opens_the_page_unless_settings_say_no(
    bandstand: Callable[..., Server],
    command: tuple[str, ...],
    settings: dict[str, object],
    count: int,
):
    server = bandstand(*command, role="api", engines="composer", **settings)

    assert server.stored_jobs() == count
    assert re.search(rf"{server.url}/login/[0-9a-f]{{12}}\.", server.log)
