"""The parts of a piece as files of their own, all of one length, in one zip. Not for the mix: that is `codecs.py`.

They are written block by block, so that memory does not grow with the piece, first as floats: only at the end is known
by how much all of them must be lowered, by the same, for none to clip. The same parts give the same bytes, always.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

from bandstand.audio.clip import Samples

ENCODINGS = {"wav": "WAV", "flac": "FLAC"}
_LOUDEST = 0.99
_BLOCK = 65536
_BEGAN = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can tell: no clock
_LEVEL = 0.0  # of FLAC's compression: parts are large, and made while somebody waits


class _Writing(Protocol):
    def write(self, data: Samples) -> None: ...
    def close(self) -> None: ...


def write_stems(
    blocks: Iterable[Sequence[Samples]],
    names: Sequence[str],
    rate: int,
    encoding: str,
    folder: Path,
) -> tuple[Path, float]:
    """A zip with one 24-bit file for each name.

    blocks    for each name float32 [2, n], one after the other
    encoding  "wav" or "flac"
    folder    an empty one, for this alone
    return    the zip, in the folder, and the factor that all parts were lowered by
    """
    floats = [folder / f"{number}.float" for number in range(len(names))]
    peak = _gather(blocks, floats, rate)
    factor = min(1.0, _LOUDEST / peak) if peak > 0 else 1.0
    target = folder / "stems.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for name, source in zip(names, floats, strict=True):
            finished = folder / f"{name}.{encoding}"
            _finish(source, finished, rate, ENCODINGS[encoding], np.float32(factor))
            source.unlink()
            entry = zipfile.ZipInfo(finished.name, _BEGAN)
            with finished.open("rb") as part, packed.open(entry, "w", force_zip64=True) as written:
                while piece := part.read(1 << 20):
                    written.write(piece)
            finished.unlink()
    return target, factor


def _gather(blocks: Iterable[Sequence[Samples]], floats: Sequence[Path], rate: int) -> float:
    """Write what comes; the highest sample of it all."""
    peak = 0.0
    files: list[_Writing] = [
        soundfile.SoundFile(path, "w", rate, 2, "FLOAT", format="RAW") for path in floats
    ]
    try:
        for block in blocks:
            for file, part in zip(files, block, strict=True):
                peak = max(peak, float(np.abs(part).max(initial=0.0)))
                file.write(np.ascontiguousarray(part.T))
    finally:
        for file in files:
            file.close()
    return peak


def _finish(source: Path, target: Path, rate: int, container: str, factor: np.float32) -> None:
    level = _LEVEL if container == "FLAC" else None
    with (
        soundfile.SoundFile(source, "r", rate, 2, "FLOAT", format="RAW") as sound,
        soundfile.SoundFile(
            target, "w", rate, 2, "PCM_24", format=container, compression_level=level
        ) as written,
    ):
        while len(block := sound.read(_BLOCK, "float32")):
            written.write(block * factor)
