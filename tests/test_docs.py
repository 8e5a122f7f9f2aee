"""The documents tell the truth: pages made from code are fresh, names in them exist, the README can be followed.

Not whether they are well written.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import cast

import httpx2
import pytest
from fastapi import FastAPI
from patience import PATIENCE_SECONDS, once
from services import free_port

from bandstand.dialects import Dialect, all_dialects
from bandstand.service import Service

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"
KEY = "bs_0123456789ab_the-key-that-the-readme-calls-yours"
PAGES = [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))]
# Where a file that is named without its whole path may lie.
ROOTS = (REPOSITORY, REPOSITORY / "src" / "bandstand", DOCS)
# Names of files that are made at run time.
NOT_IN_THE_TREE = {"data/"}
NAMED = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|md|toml)|(?:[\w.-]+/)+)`")
USERS_OWN = {"bandstand.toml", "config.toml"}


def test_pages_made_from_the_code_are_fresh() -> None:
    """Hence every setting, command, route and error is documented: those pages are made of all of them."""
    done = subprocess.run(
        [sys.executable, "scripts/pages.py", "--check"],
        cwd=REPOSITORY,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("dialect", all_dialects(), ids=lambda dialect: dialect.name)
def test_each_dialect_has_a_page_that_names_its_routes(dialect: Dialect) -> None:
    page = _without_names((DOCS / "dialects" / f"{dialect.name}.md").read_text())

    app = FastAPI()
    app.include_router(dialect.routes(cast("Service", None)))
    paths = list(app.openapi()["paths"])

    assert paths
    assert not [path for path in paths if _without_names(path) not in page]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())

    assert not [link for link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_files_that_are_named_exist(page: Path) -> None:
    named = set(NAMED.findall(page.read_text())) - NOT_IN_THE_TREE - USERS_OWN

    assert not [name for name in named if not any((root / name).exists() for root in ROOTS)]


def test_scripts_that_the_readme_calls_can_be_run() -> None:
    called = set(re.findall(r"scripts/[\w-]+", (REPOSITORY / "README.md").read_text()))

    assert called
    assert not [name for name in called if not os.access(REPOSITORY / name, os.X_OK)]


class Reader:
    """Somebody who types what the README says, in a folder of their own, on a port of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.server: subprocess.Popen[bytes] | None = None

    def follow(self, language: str, block: str) -> str:
        """What the block printed; one that starts the server returns when the server answers."""
        block = block.replace("http://127.0.0.1:8046", f"http://127.0.0.1:{self.port}")
        block = block.replace("scripts/", f"{REPOSITORY}/scripts/")
        if language == "python":
            return self._run(sys.executable, "-c", f"API_KEY = {KEY!r}\n{block}")
        if block.strip() == f"{REPOSITORY}/scripts/start":
            self._start(block.strip())
            return ""
        return self._run("sh", "-euc", block)

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _start(self, script: str) -> None:
        self.server = subprocess.Popen([script], cwd=self.folder, env=self._environment())
        once(self._is_ready, seconds=120, why="the server answers")

    def _is_ready(self) -> bool:
        try:
            answer = httpx2.get(
                f"http://127.0.0.1:{self.port}/readyz",
                timeout=PATIENCE_SECONDS,
                trust_env=False,
                verify=False,
            )
        except httpx2.TransportError:
            return False
        return answer.status_code == 200

    def _environment(self) -> dict[str, str]:
        settings = {"PORT": str(self.port), "API_KEY": KEY, "LOG_LEVEL": "error"}
        ours = {f"BANDSTAND_{name}": value for name, value in settings.items()}
        return _environment() | ours | {"no_proxy": "127.0.0.1"}


@pytest.fixture
def reader(tmp_path: Path) -> Generator[Reader]:
    reader = Reader(tmp_path)
    yield reader
    if reader.server:
        reader.server.send_signal(signal.SIGTERM)
        reader.server.wait(timeout=PATIENCE_SECONDS)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_readme_can_be_followed_from_top_to_bottom(reader: Reader) -> None:
    blocks = list(_blocks((REPOSITORY / "README.md").read_text()))

    generated, started, submitted, predicted = (reader.follow(*block) for block in blocks)

    assert generated.strip() == "out.wav"
    assert (reader.folder / "out.wav").stat().st_size > 500_000
    assert started == ""
    assert json.loads(submitted)["status"] == "queued"
    assert predicted.startswith("succeeded http://127.0.0.1")


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """The code blocks that name their language, with it."""
    yield from re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _without_names(text: str) -> str:
    """Paths with their parameters unnamed, for a page may call an id what it likes."""
    return re.sub(r"\{\w+\}", "{}", text)


def _environment() -> dict[str, str]:
    """Without settings, and without a display: nobody looks at the page that would open."""
    left_out = ("BANDSTAND_", "DISPLAY", "WAYLAND_DISPLAY")
    return {name: text for name, text in os.environ.items() if not name.startswith(left_out)}
