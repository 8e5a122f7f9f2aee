"""Reads a SoundFont file: its chunks, its records, and nothing beyond their bounds.

Such a file may come from anywhere, so every length and every index is checked once, here; whoever uses the records
need not. Not for what the records mean (`zones.py`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from bandstand.errors import Misconfigured

Records = NDArray[np.void]

_PRESET = np.dtype(
    [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("rest", "S12")]
)
_BAG = np.dtype([("generators", "<u2"), ("modulators", "<u2")])
_MODULATOR = np.dtype(
    [("source", "<u2"), ("target", "<u2"), ("amount", "<i2"), ("scale", "<u2"), ("curve", "<u2")]
)
_GENERATOR = np.dtype([("what", "<u2"), ("amount", "<i2")])
_INSTRUMENT = np.dtype([("name", "S20"), ("bag", "<u2")])
_SAMPLE = np.dtype(
    [
        ("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4"),
        ("rate", "<u4"), ("key", "u1"), ("correction", "i1"), ("link", "<u2"), ("kind", "<u2"),
    ]
)  # fmt: skip
_TABLES = {
    b"phdr": _PRESET,
    b"pbag": _BAG,
    b"pmod": _MODULATOR,
    b"pgen": _GENERATOR,
    b"inst": _INSTRUMENT,
    b"ibag": _BAG,
    b"imod": _MODULATOR,
    b"igen": _GENERATOR,
    b"shdr": _SAMPLE,
}
_NEXT = frozenset({b"LIST", *_TABLES})
RECORDS_MAX = 2_000_000
"""Of one table; the richest sets known have some tens of thousands."""

VORBIS = 0x10
"""Bit of a sample's kind: its data is an Ogg Vorbis file (SF3)."""

INSTRUMENT, SAMPLE = 41, 53
"""Generators that point to another table; they end a zone."""


@dataclass(frozen=True)
class Tables:
    """The records of a file, each table without its last record, which only marks the end.

    sound          uint8 [bytes] of the sample chunk, mapped and not read
    preset_bags    where each preset's zones begin among the bags, and where the last one's end; the like for
                   instruments; the like for the generators and modulators of each bag
    """

    presets: Records
    instruments: Records
    samples: Records
    preset_bags: NDArray[np.int64]
    instrument_bags: NDArray[np.int64]
    preset_zones: NDArray[np.int64]
    instrument_zones: NDArray[np.int64]
    preset_generators: Records
    instrument_generators: Records
    preset_modulators: Records
    instrument_modulators: Records
    sound: NDArray[np.uint8]


def read_tables(path: Path) -> Tables:
    """Open a file.

    raises  Misconfigured, saying what is wrong with it
    """
    try:
        content: NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError) as error:
        raise Misconfigured(f"the SoundFont {path} cannot be read: {error}") from None
    try:
        return _tables(content)
    except ValueError as error:
        raise Misconfigured(f"{path} is no usable SoundFont: {error}") from None


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def _chunks(content: NDArray[np.uint8], start: int, stop: int) -> dict[bytes, tuple[int, int]]:
    """Name -> (first byte, byte after the last) of the chunks in a stretch; LIST chunks by their kind."""
    found: dict[bytes, tuple[int, int]] = {}
    while start + 8 <= stop:
        name = content[start : start + 4].tobytes()
        size = int(struct.unpack("<I", content[start + 4 : start + 8].tobytes())[0])
        begin, end = start + 8, start + 8 + size
        if end > stop:
            _refuse(f"its chunk {name!r} is longer than the file")
        if name == b"LIST":
            if size < 4:
                _refuse("one of its lists has no kind")
            name, begin = content[begin : begin + 4].tobytes(), begin + 4
        found.setdefault(name, (begin, end))
        # An odd chunk should be followed by one more byte; writers of SF3 leave it out.
        padded = size % 2 == 1 and content[end : end + 4].tobytes() not in _NEXT
        start = end + int(padded)
    return found


def _tables(content: NDArray[np.uint8]) -> Tables:
    if len(content) < 12 or content[:4].tobytes() != b"RIFF" or content[8:12].tobytes() != b"sfbk":
        _refuse("it does not begin like one")
    lists = _chunks(content, 12, len(content))
    for name in (b"sdta", b"pdta"):
        if name not in lists:
            _refuse(f"the list {name.decode()} is missing")
    data = _chunks(content, *lists[b"sdta"])
    begin, end = data.get(b"smpl", (0, 0))
    places = _chunks(content, *lists[b"pdta"])
    read = {name: _table(content, places, name, kind) for name, kind in _TABLES.items()}
    sound = content[begin:end]
    return Tables(
        presets=read[b"phdr"][:-1],
        instruments=read[b"inst"][:-1],
        samples=_checked_samples(read[b"shdr"][:-1], len(sound)),
        preset_bags=_edges(read[b"phdr"]["bag"], len(read[b"pbag"]), "phdr"),
        instrument_bags=_edges(read[b"inst"]["bag"], len(read[b"ibag"]), "inst"),
        preset_zones=_zones(read[b"pbag"], read[b"pgen"], read[b"pmod"], "pbag"),
        instrument_zones=_zones(read[b"ibag"], read[b"igen"], read[b"imod"], "ibag"),
        preset_generators=_pointing(read[b"pgen"], INSTRUMENT, len(read[b"inst"]) - 1),
        instrument_generators=_pointing(read[b"igen"], SAMPLE, len(read[b"shdr"]) - 1),
        preset_modulators=read[b"pmod"],
        instrument_modulators=read[b"imod"],
        sound=sound,
    )


def _table(
    content: NDArray[np.uint8],
    places: dict[bytes, tuple[int, int]],
    name: bytes,
    kind: np.dtype[np.void],
) -> Records:
    if name not in places:
        _refuse(f"the table {name.decode()} is missing")
    begin, end = places[name]
    count, rest = divmod(end - begin, kind.itemsize)
    if rest or not 1 <= count <= RECORDS_MAX:
        _refuse(f"the table {name.decode()} has {end - begin} bytes")
    return np.frombuffer(content[begin:end].tobytes(), dtype=kind)


def _edges(starts: NDArray[np.uint16], count: int, name: str) -> NDArray[np.int64]:
    """Where each record's share of the next table begins, and where the last one's ends."""
    edges = starts.astype(np.int64)
    if (np.diff(edges) < 0).any() or edges[-1] > count - 1:
        _refuse(f"the table {name} points outside the one it describes")
    return edges


def _zones(bags: Records, generators: Records, modulators: Records, name: str) -> NDArray[np.int64]:
    """int64 [bags, 2]: where the generators and the modulators of each bag begin; the last row is the end."""
    rows = (
        _edges(bags["generators"], len(generators), name),
        _edges(bags["modulators"], len(modulators), name),
    )
    return np.stack(rows, axis=1)


def _pointing(generators: Records, what: int, count: int) -> Records:
    targets = generators["amount"][generators["what"] == what].astype(np.uint16)
    if (targets >= count).any():
        _refuse("a zone points to a sound that is not there")
    return generators


def _checked_samples(samples: Records, available: int) -> Records:
    """The sample headers; those whose bounds lie outside the chunk are refused, whole file included."""
    unit = np.where(samples["kind"] & VORBIS, 1, 2)
    start, end = samples["start"].astype(np.int64), samples["end"].astype(np.int64)
    heard = (samples["kind"] & 0x8000) == 0  # the others lie in the ROM of a sound card
    if ((end < start) | (end * unit > available))[heard].any():
        _refuse("a sample lies outside the file")
    if ((samples["rate"] < 400) | (samples["rate"] > 400_000))[heard].any():
        _refuse("a sample has no possible rate")
    return samples
