"""Stems: parts go in block by block and come out of the zip as they were."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bandstand.audio.stems import write_stems

RATE = 32000


def blocks(parts: np.ndarray, size: int = 1000):
    for start in range(0, parts.shape[2], size):
        yield tuple(part[:, start : start + size] for part in parts)


@pytest.fixture
def parts() -> np.ndarray:
    return np.random.default_rng(1).normal(0.0, 0.1, (3, 2, 4321)).astype(np.float32)


def read(zipped: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(zipped) as packed:
        return {
            name: soundfile.read(io.BytesIO(packed.read(name)))[0].T for name in packed.namelist()
        }


@pytest.mark.parametrize("encoding", ["wav", "flac"])
def test_parts_come_out_as_they_went_in(parts: np.ndarray, tmp_path: Path, encoding: str):
    zipped, factor = write_stems(blocks(parts), ("a", "b", "c"), RATE, encoding, tmp_path)

    found = read(zipped)
    assert list(found) == [f"{name}.{encoding}" for name in "abc"]
    assert factor == 1.0
    for part, sound in zip(parts, found.values(), strict=True):
        assert sound == pytest.approx(part, abs=2.0**-22)


def test_loud_parts_are_lowered_alike(parts: np.ndarray, tmp_path: Path):
    parts[1] *= 30.0

    zipped, factor = write_stems(blocks(parts), ("a", "b", "c"), RATE, "wav", tmp_path)

    found = np.stack(list(read(zipped).values()))
    assert np.abs(found).max() == pytest.approx(0.99, abs=1e-3)
    assert found == pytest.approx(parts * factor, abs=1e-5)


def test_same_parts_give_the_same_bytes(parts: np.ndarray, tmp_path: Path):
    made: list[bytes] = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        zipped, _ = write_stems(blocks(parts), ("a", "b", "c"), RATE, "flac", tmp_path / name)
        made.append(zipped.read_bytes())

    assert made[0] == made[1]


def test_nothing_but_the_zip_is_left(parts: np.ndarray, tmp_path: Path):
    write_stems(blocks(parts), ("a", "b", "c"), RATE, "wav", tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["stems.zip"]
