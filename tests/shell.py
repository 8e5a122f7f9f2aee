"""Commands of the program as people and scripts type them: a folder, an environment, and what comes of it.

The commands are processes of their own; how they end is told by the codes below, as docs/cli.md lists them.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from patience import PATIENCE_SECONDS

from bandstand.settings import PREFIX

COMMAND = (sys.executable, "-m", "bandstand")
DONE, FAILED, USAGE, AWAY, QUOTA, INTERRUPTED = 0, 1, 2, 3, 4, 130


class Shell:
    """Somebody who types commands in a folder of their own. settings: as in `bandstand.settings`, without the prefix."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.settings = {"ENGINES": "fake", **settings}

    def environment(self, **more: str) -> dict[str, str]:
        """Nothing of ours that is around the tests, nor of who runs them."""
        around = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
        home = {"XDG_CONFIG_HOME": str(self.folder / "config"), "no_proxy": "127.0.0.1"}
        ours = {PREFIX + name: text for name, text in self.settings.items()}
        return around | home | ours | more

    def run(
        self, *arguments: str, given: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS * 2,
            check=False,
        )

    def start(
        self, *arguments: str, stderr: int = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def see(self, *arguments: str, **environment: str) -> tuple[str, str]:
        """What is told on stdout, and what comes to the eyes of who sits at a terminal, as it is written there."""
        ours, theirs = pty.openpty()
        environment = {"TERM": "xterm-256color", **environment}
        running = self.start(*arguments, stderr=theirs, **environment)
        os.close(theirs)
        drawn = _read_to_end(ours)
        return running.communicate()[0], drawn

    def files(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


def _read_to_end(terminal: int) -> str:
    drawn = b""
    try:
        while piece := os.read(terminal, 4096):
            drawn += piece
    except OSError:  # how a terminal says that nobody writes to it any more
        pass
    finally:
        os.close(terminal)
    return drawn.decode()
