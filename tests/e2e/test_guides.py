"""What the guides tell to type does what they say: every block of code in them is run, against a server with the composer.

Where a page wants an official client that cannot be installed here, its test is skipped and says so.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from clients import RUN_SECONDS_MAX, installed
from servers import KEY, Server

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
CLIENTS = {
    "leap": ("leap-python-sdk==1.0.0",),
    "modelslab": ("modelslab_py==0.2.3", "requests"),
    "segmind": ("segmind==1.3.0",),
}
TOLD = {
    "replicate": r"^http://127\.0\.0\.1\S+/track\.wav\?",
    "leap": r"^http://127\.0\.0\.1\S+/track\.wav\?",
    "modelslab": r"^success http://127\.0\.0\.1\S+/track\.wav\?",
    "segmind": r"^200 audio/wav$",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    settings = {"engines": "composer,canvas", "answer_seconds": 60}
    running = Server(tmp_path_factory.mktemp("guides"), settings)
    running.start()
    yield running
    running.stop()


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def for_this(server: Server, block: str) -> str:
    """With the address and the key that the guides leave open."""
    filled = block.replace("https://music.example", server.url).replace("bs_…", KEY)
    return filled.replace("http://127.0.0.1:8046", server.url)


def run(command: list[str], folder: Path, **more: str) -> str:
    around = {name: text for name, text in os.environ.items() if not name.startswith("BANDSTAND_")}
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env=around | {"no_proxy": "127.0.0.1", "PATH": programs} | more,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("api", sorted(TOLD))
def test_a_migrated_program_makes_music_here(server: Server, tmp_path: Path, api: str) -> None:
    (program,) = blocks(f"migrate/{api}.md", "python")
    python = str(installed(*CLIENTS[api]).python) if api in CLIENTS else sys.executable

    told = run([python, "-c", for_this(server, program)], tmp_path)

    assert re.match(TOLD[api], told)


@pytest.mark.parametrize("api", sorted(TOLD))
def test_a_migration_begins_with_the_lines_that_change(api: str) -> None:
    changes = [line for block in blocks(f"migrate/{api}.md", "diff") for line in block.splitlines()]

    assert [line[0] for line in changes] == ["-", "+"] * (len(changes) // 2)
    assert all("music.example" in line for line in changes[1::2])


@pytest.mark.parametrize(
    ("page", "number"),
    [
        (page, number)
        for page in ("recipes.md", "client.md")
        for number in range(len(blocks(page, "python")))
    ],
)
def test_a_recipe_can_be_followed(server: Server, tmp_path: Path, page: str, number: int) -> None:
    program = blocks(page, "python")[number]

    run([sys.executable, "-c", for_this(server, program)], tmp_path)

    made = {path.name for path in tmp_path.iterdir() if path.stat().st_size > 100}
    assert made >= set(re.findall(r'"([\w.]+\.(?:wav|mp3|flac|mid|zip|png))"', program))


@pytest.mark.parametrize("number", range(len(blocks("recipes.md", "sh"))))
def test_commands_of_a_recipe_can_be_typed(server: Server, tmp_path: Path, number: int) -> None:
    command = ["sh", "-euc", blocks("recipes.md", "sh")[number]]

    assert run(command, tmp_path, BANDSTAND_DATA=str(server.folder / "data"))


def test_the_first_five_minutes_can_be_followed(server: Server, tmp_path: Path) -> None:
    typed = [block for block in blocks("start.md", "sh") if block != "scripts/start serve\n"]

    for block in typed:
        command = for_this(server, block).replace("scripts/", f"{REPOSITORY}/scripts/")
        run(["sh", "-euc", command], tmp_path, BANDSTAND_API_KEY=KEY)

    files = {path.name for path in tmp_path.iterdir()}
    assert files == {
        "rain.mp3",
        "rain.cover.jpg",
        "longer.wav",
        "house.wav",
        "lake.png",
        "piano.flac",
    }
