"""Tensors as they lie in files: where, of what type, of what shape. Not their values; `tensors.py` maps those. No torch.

Source: the format of safetensors (github.com/huggingface/safetensors, "Format"): eight bytes that say how long the header is, the
header in JSON, then the tensors.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bandstand.errors import Misconfigured

ITEM_BYTES: Mapping[str, int] = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint8": 1,
    "bool": 1,
}
SAFETENSORS_TYPES: Mapping[str, str] = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}
HEADER_BYTES_MAX = 100_000_000


@dataclass(frozen=True, slots=True)
class Stored:
    """
    dtype    as torch calls it, a key of ITEM_BYTES
    strides  in items, one for each axis
    start    byte of the file where the first item lies
    """

    file: Path
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    start: int

    @property
    def item_bytes(self) -> int:
        return ITEM_BYTES[self.dtype]

    @property
    def end(self) -> int:
        """The first byte after the last item."""
        if 0 in self.shape:
            return self.start
        last = sum((n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True))
        return self.start + (last + 1) * self.item_bytes

    def rows(self, first: int, count: int) -> Stored:
        start = self.start + first * self.strides[0] * self.item_bytes
        return replace(self, shape=(count, *self.shape[1:]), start=start)


def packed_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Of a tensor whose items lie one after another, the last axis fastest."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def listed(shape: Iterable[int]) -> str:
    """A shape as it is told to people: 2048x1024."""
    return "x".join(map(str, shape)) or "a single number"


def strange(file: Path) -> str | None:
    """What a file is that is no file of weights; None when nothing is known against it."""
    with file.open("rb") as stream:
        start = stream.read(64)
    if start.startswith(b"version https://git-lfs"):
        return "is a pointer of Git LFS; the weights themselves were not downloaded"
    if not start:
        return "is empty"
    return None


def read_safetensors(file: Path) -> dict[str, Stored]:
    """The tensors of a file, by name.

    raises  Misconfigured when it is cut off, damaged, or of a type that is not known here
    """
    if found := strange(file):
        raise Misconfigured(f"{file} {found}")
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= HEADER_BYTES_MAX:
            raise Misconfigured(f"{file} is damaged: it is no safetensors file")
        if 8 + length > size:
            raise Misconfigured(_cut_off(file, size, 8 + length))
        header = _header(file, stream.read(length))
    tensors = {
        name: _entry(file, name, entry, 8 + length)
        for name, entry in header.items()
        if name != "__metadata__"
    }
    end = max((tensor.end for tensor in tensors.values()), default=8 + length)
    if end > size:
        raise Misconfigured(_cut_off(file, size, end))
    return tensors


def _cut_off(file: Path, size: int, promised: int) -> str:
    return (
        f"{file} is cut off: it has {size} bytes, its header tells of {promised}; download it again"
    )


def _header(file: Path, text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise Misconfigured(f"{file} is damaged: its header is no JSON") from None
    if not isinstance(header, dict):
        raise Misconfigured(f"{file} is damaged: its header is no JSON object")
    return header


def _entry(file: Path, name: str, entry: Any, origin: int) -> Stored:
    try:
        kind, shape, (first, last) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        dtype = SAFETENSORS_TYPES.get(kind)
    except (TypeError, KeyError, ValueError):
        raise Misconfigured(f"{file} is damaged: its header on {name} makes no sense") from None
    if dtype is None:
        raise Misconfigured(f"{file}: {name} is of type {kind}, which is not known here")
    if not all(isinstance(n, int) and n >= 0 for n in (*shape, first, last)):
        raise Misconfigured(f"{file} is damaged: its header on {name} makes no sense")
    if last - first != math.prod(shape) * ITEM_BYTES[dtype]:
        raise Misconfigured(
            f"{file} is damaged: {name} is {listed(shape)} {dtype} and cannot take {last - first} bytes"
        )
    return Stored(file, dtype, shape, packed_strides(shape), origin + first)
