"""Tensors out of files, mapped and not read: a page comes into memory when somebody looks at it, and may leave again. And into files.

Not for finding out what a file holds; that is `stored.py` and `pickles.py`.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from bandstand.errors import Misconfigured, Unavailable
from bandstand.musicgen.pickles import read_pickle
from bandstand.musicgen.stored import SAFETENSORS_TYPES, Stored


class Mapped:
    """Files that are mapped once, however many tensors lie in them. Writing to a tensor does not change its file."""

    def __init__(self) -> None:
        self._files: dict[Path, Tensor] = {}

    def tensor(self, stored: Stored) -> Tensor:
        """A view of the file; a copy where the file has it at an odd place."""
        file = self._map(stored.file)
        if not 0 <= stored.start <= stored.end <= file.numel():
            raise Misconfigured(f"{stored.file} is cut off; download it again")
        items = file[stored.start : stored.end]
        if items.data_ptr() % stored.item_bytes:
            items = items.clone()
        return items.view(getattr(torch, stored.dtype)).as_strided(
            stored.shape, stored.strides, items.storage_offset() // stored.item_bytes
        )

    def _map(self, path: Path) -> Tensor:
        if path not in self._files:
            size = path.stat().st_size
            pages = torch.UntypedStorage.from_file(str(path), shared=False, nbytes=size)
            self._files[path] = torch.empty(0, dtype=torch.uint8).set_(
                cast("torch.UntypedStorage", pages)
            )
        return self._files[path]


class Lazy(Mapping[str, Tensor]):
    """Tensors by name, made when asked for and not kept, so that a large model can be repacked layer by layer."""

    def __init__(self, makers: Mapping[str, Callable[[], Tensor]]) -> None:
        self._makers = makers

    def __getitem__(self, name: str) -> Tensor:
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def lazily(pieces: Mapping[str, tuple[Stored, ...]], mapped: Mapped) -> Lazy:
    """
    pieces  what each is made of, its rows one under another: of one piece it is a view of the file, of several a new tensor
    """
    return Lazy({name: functools.partial(_joined, parts, mapped) for name, parts in pieces.items()})


def _joined(pieces: tuple[Stored, ...], mapped: Mapped) -> Tensor:
    views = [mapped.tensor(piece) for piece in pieces]
    return views[0] if len(views) == 1 else torch.cat(views)


def load(file: Path) -> Any:
    """What was given to torch.save, with its tensors; see `read_pickle` for what becomes of the rest."""
    return read_pickle(file, leaf=Mapped().tensor)


def write_safetensors(file: Path, tensors: Mapping[str, Tensor]) -> None:
    """One tensor after the other, so that of a lazy mapping one at a time is in memory.

    raises  Unavailable when there is no room; then the file is as it was
    """
    kinds = {name: kind for kind, name in SAFETENSORS_TYPES.items()}
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, tensor in tensors.items():
        first, end = end, end + tensor.numel() * tensor.element_size()
        dtype = str(tensor.dtype).removeprefix("torch.")
        header[name] = {
            "dtype": kinds[dtype],
            "shape": list(tensor.shape),
            "data_offsets": [first, end],
        }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with aside(file) as temporary, temporary.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            stream.write(tensor.contiguous().flatten().view(torch.uint8).numpy().data)


@contextmanager
def aside(file: Path) -> Generator[Path]:
    """Where to write a file, so that under its own name only a whole one is ever seen.

    raises  Unavailable when it cannot be written
    """
    temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        yield temporary
        temporary.replace(file)
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)
