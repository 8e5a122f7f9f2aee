"""Tensors by name in a folder of weights, however many files they are spread over, and the JSON beside them. No torch.

Not what the tensors mean; that is `describe.py`. Source: the layout that transformers' save_pretrained writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bandstand.errors import Misconfigured
from bandstand.musicgen.pickles import read_pickle
from bandstand.musicgen.stored import Stored, read_safetensors

JSON_BYTES_MAX = 50_000_000


@dataclass(frozen=True, kw_only=True)
class Held:
    """files: their names in the folder"""

    files: tuple[str, ...]
    tensors: Mapping[str, Stored]

    def under(self, prefix: str) -> dict[str, Stored]:
        """The tensors whose names begin so, without the prefix."""
        return {
            name.removeprefix(prefix): stored
            for name, stored in self.tensors.items()
            if name.startswith(prefix)
        }


def has_weights(folder: Path) -> bool:
    return any((folder / name).exists() for whole in KINDS for name in (whole, _index(whole)))


def weights_in(folder: Path) -> Held:
    """Of transformers' layout: one file, or several with an index; safetensors before pickles.

    raises  Misconfigured when there are none, a file of the index is missing, or one is damaged
    """
    for whole, read in KINDS.items():
        if (folder / whole).exists():
            return Held(files=(whole,), tensors=read(folder / whole))
        if (folder / _index(whole)).exists():
            return _shards(folder, _index(whole), read)
    raise Misconfigured(f"{folder} has no weights: model.safetensors is missing")


def state_in(thing: Any, file: Path) -> dict[str, Stored]:
    """The tensors by name of a state dict that was read from a pickle.

    raises  Misconfigured when it is none
    """
    if not isinstance(thing, dict):
        raise Misconfigured(f"{file} holds no tensors by name")
    state = cast("dict[Any, Any]", thing)
    for name, value in state.items():
        if not isinstance(value, Stored):
            raise Misconfigured(f"{file}: {name} is no tensor but {value!r:.80}")
    return state


def read_json(file: Path) -> dict[str, Any]:
    """raises Misconfigured when it is missing, damaged or no object"""
    try:
        if file.stat().st_size > JSON_BYTES_MAX:
            raise Misconfigured(f"{file} is too large for what it should be")
        found = json.loads(file.read_bytes())
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise Misconfigured(f"{file} is damaged: it is no JSON") from None
    if not isinstance(found, dict):
        raise Misconfigured(f"{file} is damaged: it is no JSON object")
    return cast("dict[str, Any]", found)


def _index(whole: str) -> str:
    return f"{whole}.index.json"


def _shards(folder: Path, index: str, read: Callable[[Path], dict[str, Stored]]) -> Held:
    told = read_json(folder / index).get("weight_map")
    places = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    names = sorted({str(name) for name in places.values()})
    tensors: dict[str, Stored] = {}
    for name in names:
        if Path(name).name != name:
            raise Misconfigured(f"{folder / index} names a file outside of its folder: {name}")
        if not (folder / name).is_file():
            raise Misconfigured(f"{folder / name} is missing, and {index} needs it")
        tensors |= read(folder / name)
    for tensor, name in places.items():
        if tensor not in tensors or tensors[tensor].file.name != name:
            raise Misconfigured(
                f"{folder / name} lacks the tensor {tensor}, and {index} has it there"
            )
    return Held(files=(index, *names), tensors=tensors)


def _read_state(file: Path) -> dict[str, Stored]:
    return state_in(read_pickle(file), file)


KINDS: Mapping[str, Callable[[Path], dict[str, Stored]]] = {
    "model.safetensors": read_safetensors,
    "pytorch_model.bin": _read_state,
}
