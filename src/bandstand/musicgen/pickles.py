"""Files of torch.save, read without running what is written in them. Not for the format that torch wrote before version 1.6.

A pickle is a program: it names functions and has them called. Here only what rebuilds tensors and plain containers is known by name;
every other class or function becomes a `Record`, which remembers what it was called with and does nothing. Tensors become `Stored`,
for the storages lie uncompressed in the zip file. No torch.

Source: the zip layout of torch.save as its files show it (data.pkl, data/0, data/1 ...); PEP 307 for what a pickle may say.
"""

from __future__ import annotations

import functools
import io
import math
import pickle
import pickletools
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

from bandstand.errors import Misconfigured
from bandstand.musicgen.stored import ITEM_BYTES, Stored, listed, strange

PICKLE_BYTES_MAX = 256_000_000
STORAGES: Mapping[str, str] = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
# Built-ins that make a value out of values and can do nothing else.
PLAIN: Mapping[str, type] = {
    kind.__name__: kind for kind in (dict, list, set, frozenset, tuple, int, float, bool, str)
}


class Record:
    """What stands where the pickle has an object of a class that is not known here.

    module, name  of the class or function        arguments  it was called with
    state         it was given afterwards         entries, elements  if it was filled like a dict or a list
    """

    module: str = ""
    name: str = ""
    arguments: tuple[Any, ...]
    state: Any
    entries: dict[Any, Any]
    elements: list[Any]

    def __new__(cls, *arguments: Any, **keywords: Any) -> Self:
        made = super().__new__(cls)
        made.arguments = (*arguments, keywords) if keywords else arguments
        made.state = None
        made.entries = {}
        made.elements = []
        return made

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.entries[key] = value

    def append(self, value: Any) -> None:
        self.elements.append(value)

    def __repr__(self) -> str:
        return f"<{self.module}.{self.name}>"


class _Ordered(dict[Any, Any]):
    """An OrderedDict; a module's state comes with notes on versions, which say nothing here."""

    def __setstate__(self, state: Any) -> None:
        del state


@dataclass(frozen=True, slots=True)
class _Storage:
    """Numbers in a row; start is the byte of the file where the first one lies."""

    dtype: str
    start: int
    count: int


def read_pickle(file: Path, *, leaf: Callable[[Stored], Any] = lambda stored: stored) -> Any:
    """What was given to torch.save: plain containers, `Stored` for tensors, omegaconf's settings as dicts and lists.

    leaf    what to make of each tensor

    raises  Misconfigured when the file is of the old format, cut off, damaged, or tells of tensors that cannot be
    """
    if found := strange(file):
        raise Misconfigured(f"{file} {found}")
    try:
        with zipfile.ZipFile(file) as archive:
            members = {info.filename: info for info in archive.infolist()}
            root = _root(file, members)
            program = _small(file, archive, members[f"{root}data.pkl"])
            if (order := members.get(f"{root}byteorder")) and archive.read(order) != b"little":
                raise Misconfigured(f"{file} was written by a machine of another byte order")
    # NotImplementedError is zipfile's word for a way of compressing that it does not know.
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError) as error:
        raise Misconfigured(_no_zip(file, error)) from None
    try:
        _survey(program)
        return _plain(_Reader(program, file, root, members).load(), leaf, {})
    except Misconfigured:
        raise
    # Trap: a damaged pickle can raise nearly anything, for its opcodes act on whatever lies on the stack.
    except Exception as error:
        raise Misconfigured(f"{file} is damaged: its pickle makes no sense ({error})") from error


def _no_zip(file: Path, error: Exception) -> str:
    with file.open("rb") as stream:
        start = stream.read(2)
    if start == b"PK":
        return f"{file} is cut off or damaged ({error}); download it again"
    if start[:1] == b"\x80":
        return f"{file} is in the format torch wrote before version 1.6; load it there and save it with a newer torch"
    return f"{file} is no file of torch.save"


def _root(file: Path, members: Mapping[str, zipfile.ZipInfo]) -> str:
    """The folder inside the zip file, with its slash."""
    found = [name for name in members if name == "data.pkl" or name.endswith("/data.pkl")]
    if len(found) != 1:
        raise Misconfigured(f"{file} is no file of torch.save: it has {len(found)} data.pkl")
    return found[0].removesuffix("data.pkl")


def _small(file: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > PICKLE_BYTES_MAX:
        raise Misconfigured(
            f"{file}: {member.filename} is compressed or larger than {PICKLE_BYTES_MAX} bytes"
        )
    return archive.read(member)


def _survey(program: bytes) -> None:
    """A number given to a memo is below the length of the program, or it is there to exhaust the memory.

    raises  ValueError, also for lengths beyond the end and for what is no pickle
    """
    for opcode, argument, _ in pickletools.genops(program):
        if opcode.name.endswith("PUT") and not 0 <= cast("int", argument) <= len(program):
            raise ValueError(f"a memo numbered {argument}")


class _Reader(pickle.Unpickler):
    def __init__(
        self, program: bytes, file: Path, root: str, members: Mapping[str, zipfile.ZipInfo]
    ) -> None:
        super().__init__(io.BytesIO(program), encoding="utf-8")
        self.file = file
        self.size = file.stat().st_size
        self.root = root
        self.members = members
        self.storages: dict[str, _Storage] = {}
        self.known = {
            ("torch._utils", "_rebuild_tensor_v2"): self._tensor,
            ("torch._utils", "_rebuild_parameter"): self._parameter,
            ("torch", "Size"): tuple,
            ("torch", "device"): self._device,
            ("collections", "OrderedDict"): _Ordered,
            **{("builtins", name): kind for name, kind in PLAIN.items()},
            **{("__builtin__", name): kind for name, kind in PLAIN.items()},
            **{("torch", dtype): dtype for dtype in ITEM_BYTES},
            **{("torch", name): dtype for name, dtype in STORAGES.items()},
        }

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        known = self.known.get((module_name, global_name))
        return _record(module_name, global_name) if known is None else known

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, _, count = pid
        if (storage := self.storages.get(key)) is not None:
            return storage
        if dtype not in ITEM_BYTES or not isinstance(count, int):
            raise Misconfigured(f"{self.file}: storage {key} is of a type that is not known here")
        member = self.members.get(f"{self.root}data/{key}")
        if member is None:
            raise Misconfigured(f"{self.file} is damaged: it has no storage {key}")
        if member.compress_type != zipfile.ZIP_STORED:
            raise Misconfigured(f"{self.file}: storage {key} is compressed")
        start, room = self._place(member), member.file_size
        if not 0 <= count * ITEM_BYTES[dtype] <= room or start + room > self.size:
            raise Misconfigured(
                f"{self.file} is damaged: storage {key} claims {count} {dtype} and has {room} bytes"
            )
        storage = self.storages[key] = _Storage(dtype, start, count)
        return storage

    def _place(self, member: zipfile.ZipInfo) -> int:
        """Where the bytes of a member begin: after its own header, whose last two fields say how long it is."""
        with self.file.open("rb") as stream:
            stream.seek(member.header_offset)
            mark, name, extra = struct.unpack("<4s22xHH", stream.read(30))
        if mark != b"PK\x03\x04":
            raise Misconfigured(f"{self.file} is damaged at {member.filename}")
        return member.header_offset + 30 + name + extra

    def _tensor(
        self,
        storage: Any,
        offset: Any,
        shape: Any,
        strides: Any,
        *_: Any,
    ) -> Stored:
        shape, strides = tuple(shape), tuple(strides)
        numbers = (offset, *shape, *strides)
        if not all(isinstance(n, int) and n >= 0 for n in numbers) or len(shape) != len(strides):
            raise Misconfigured(f"{self.file} is damaged: a tensor of shape {shape} cannot be")
        start = storage.start + offset * ITEM_BYTES[storage.dtype]
        tensor = Stored(self.file, storage.dtype, shape, strides, start)
        room = storage.count * tensor.item_bytes
        wanted = max(math.prod(shape) * tensor.item_bytes, tensor.end - storage.start)
        if wanted > room:
            raise Misconfigured(
                f"{self.file}: a tensor of {listed(shape)} {storage.dtype} claims {wanted} bytes "
                f"of a storage of {room}"
            )
        return tensor

    # Trap: what find_class gives may be handed a state, too. A method refuses that; a function would let its defaults be replaced.
    def _parameter(self, tensor: Any, *_: Any) -> Any:
        return tensor

    def _device(self, *parts: Any) -> str:
        return ":".join(map(str, parts))


@functools.cache
def _record(module: str, name: str) -> type[Record]:
    return type("Record", (Record,), {"module": module, "name": name})


def _plain(thing: Any, leaf: Callable[[Stored], Any], done: dict[int, Any]) -> Any:
    """The same, with omegaconf's containers and values as dicts, lists and plain values; other records stay.

    done  what became of each container, by id: one that holds itself, or is held a thousand times, is visited once
    """
    if isinstance(thing, Stored):
        return leaf(thing)
    if not isinstance(thing, dict | list | tuple | Record):
        return thing
    if id(thing) not in done:
        done[id(thing)] = thing
        done[id(thing)] = _opened(thing, leaf, done)
    return done[id(thing)]


def _opened(
    thing: dict[Any, Any] | list[Any] | tuple[Any, ...] | Record,
    leaf: Callable[[Stored], Any],
    done: dict[int, Any],
) -> Any:
    if isinstance(thing, Record):
        inside = _omegaconf(thing)
        return thing if inside is thing else _plain(inside, leaf, done)
    if isinstance(thing, dict):
        return {key: _plain(value, leaf, done) for key, value in thing.items()}
    return type(thing)(_plain(value, leaf, done) for value in thing)


def _omegaconf(record: Record) -> Any:
    """What a node of omegaconf holds: a container its content, a value itself. Any other record is its own."""
    if record.module.partition(".")[0] == "omegaconf" and isinstance(record.state, dict):
        state = cast("dict[str, Any]", record.state)
        return state.get("_content", state.get("_val", record))
    return record
