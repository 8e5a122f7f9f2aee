"""Official client packages, each version in an environment of its own, made once and kept.

Their pins clash with ours and with one another: two of them even share one module name. What cannot be installed is skipped.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_cache_path

INSTALL_SECONDS_MAX = 170.0
RUN_SECONDS_MAX = 120.0


@dataclass(frozen=True)
class Package:
    """An environment with one package in it."""

    python: Path

    def run(self, program: str, *arguments: str) -> str:
        """What the program printed; it must end well."""
        done = subprocess.run(
            [self.python, "-c", textwrap.dedent(program), *arguments],
            env={"PATH": os.environ["PATH"], "no_proxy": "*"},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS_MAX,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def tell(self, program: str, *arguments: str) -> Any:
        """The JSON value on the last line that the program printed."""
        return json.loads(self.run(program, *arguments).splitlines()[-1])


def installed(requirement: str, *besides: str) -> Package:
    """The environment of `name==version`. Skips the test, saying why, when there is no way to make it.

    besides  packages that it needs and does not ask for
    """
    folder, trouble = _made(requirement, *besides)
    if trouble:
        pytest.skip(f"{requirement} cannot be installed here: {trouble}")
    return Package(folder / "bin" / "python")


@cache
def _made(requirement: str, *besides: str) -> tuple[Path, str | None]:
    """The folder, and what went wrong. One process makes it, and another that wants the same waits."""
    folder = user_cache_path("bandstand-tests", ensure_exists=True) / requirement
    with folder.with_name(f".{requirement}").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return folder, _make(folder, requirement, *besides)


def _make(folder: Path, *requirements: str) -> str | None:
    """A folder that was not finished is made anew by the next run."""
    finished = folder / "complete"
    if finished.exists():
        return None
    shutil.rmtree(folder, ignore_errors=True)
    try:
        _call(sys.executable, "-m", "venv", folder)
        _call(folder / "bin" / "python", "-m", "pip", "install", *requirements)
    except subprocess.CalledProcessError as error:
        return error.stderr[-500:]
    except (subprocess.TimeoutExpired, OSError) as error:
        return str(error)
    finished.touch()
    return None


def _call(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX)
