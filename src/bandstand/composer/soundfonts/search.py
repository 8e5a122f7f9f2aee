"""Where a SoundFont may lie on this machine, and how the one that is used is named in a piece's description.

The order is that of quality; what the setting names comes before all. Not for what is in the file (`reading.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from bandstand.composer.soundfonts.sampler import SoundSet
from bandstand.errors import Misconfigured

NAMES = (
    "MuseScore_General_Full.sf3",
    "MuseScore_General.sf3",
    "FluidR3_GM.sf2",
    "MuseScore_General_Lite.sf3",
    "FluidR3Mono_GM.sf3",
)
NONE = Path("none")
"""What the setting says to keep to our own synthesis, whatever lies on the machine."""

FOLDERS = (
    Path("/usr/share/sounds/sf3"),
    Path("/usr/share/sounds/sf2"),
    Path("/usr/share/soundfonts"),
    Path("/usr/share/fluidr3mono-gm-soundfont"),
)


def candidates(folders: Sequence[Path] = FOLDERS) -> Iterable[Path]:
    """The files that are there, the best first."""
    for name in NAMES:
        for folder in folders:
            if (folder / name).is_file():
                yield folder / name


def find_soundset(wanted: Path | None, folders: Sequence[Path] = FOLDERS) -> SoundSet | None:
    """The samples to play from: the file that is wanted, else the best one found; None: own synthesis only.

    wanted  a file, or `NONE`

    raises  Misconfigured when the wanted file cannot be used; one that was merely found is passed over
    """
    if wanted == NONE:
        return None
    if wanted is not None:
        return open_soundset(wanted)
    for path in candidates(folders):
        try:
            return open_soundset(path)
        except Misconfigured:
            continue
    return None


def open_soundset(path: Path) -> SoundSet:
    """The samples of one file.

    raises  Misconfigured when it cannot be used
    """
    sounds = SoundSet(path)
    with path.open("rb") as file:
        sounds.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return sounds
