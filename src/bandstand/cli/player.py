"""Hearing a file with a program that is already on the machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bandstand.errors import Unavailable

PLAYERS = {
    "ffplay": ("-nodisp", "-autoexit", "-loglevel", "error"),
    "mpv": ("--no-video", "--really-quiet"),
    "afplay": (),
}


def find_player() -> str | None:
    """The first of the known ones that is installed."""
    return next((name for name in PLAYERS if shutil.which(name)), None)


def play(file: Path) -> None:
    """Blocking. raises Unavailable when there is nothing to play it with, or it cannot."""
    player = find_player()
    if player is None:
        raise Unavailable(f"There is no player here; install one of: {', '.join(PLAYERS)}.")
    done = subprocess.run(  # noqa: S603 - one of the names above
        [player, *PLAYERS[player], str(file.absolute())], check=False, stdout=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise Unavailable(f"{player} cannot play {file}.")
