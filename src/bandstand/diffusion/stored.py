"""What files of a checkpoint say of themselves before a tensor is read: the header of safetensors, and JSON. No torch.

Source: the format of safetensors (github.com/huggingface/safetensors, "Format"): eight bytes that say how long the header is,
the header in JSON, then the tensors.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bandstand.errors import Misconfigured

HEADER_BYTES_MAX = 100_000_000
JSON_BYTES_MAX = 10_000_000


@dataclass(frozen=True)
class Header:
    """shapes  of the tensors, by name; about: what whoever saved it wrote down"""

    shapes: Mapping[str, tuple[int, ...]]
    about: Mapping[str, str]


def read_header(file: Path) -> Header:
    """raises  Misconfigured when it is no safetensors file, or is cut off"""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            start = stream.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            if not 2 <= length <= HEADER_BYTES_MAX:
                raise Misconfigured(f"{file.name} is damaged: it is no safetensors file")
            header: Any = json.loads(stream.read(length))
        about = header.pop("__metadata__", None) or {}
        shapes = {name: tuple(map(int, entry["shape"])) for name, entry in header.items()}
        end = max((int(entry["data_offsets"][1]) for entry in header.values()), default=0)
    except OSError as error:
        raise Misconfigured(f"{file.name} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        raise Misconfigured(
            f"{file.name} is damaged: the header of a safetensors file is not there"
        ) from None
    if 8 + length + end > size:
        raise Misconfigured(
            f"{file.name} is cut off: it has {size} bytes, its header tells of {8 + length + end}"
        )
    return Header(shapes, {str(name): str(text) for name, text in about.items()})


def read_json(file: Path) -> dict[str, Any]:
    """raises  Misconfigured when it is missing, damaged or no object"""
    try:
        if file.stat().st_size > JSON_BYTES_MAX:
            raise Misconfigured(f"{file.name} is too large for what it should be")
        found = json.loads(file.read_bytes())
    except OSError as error:
        raise Misconfigured(f"{file.name} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise Misconfigured(f"{file.name} is damaged: it is no JSON") from None
    if not isinstance(found, dict):
        raise Misconfigured(f"{file.name} is damaged: it is no JSON object")
    return cast("dict[str, Any]", found)
