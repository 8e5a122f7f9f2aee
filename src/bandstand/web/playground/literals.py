"""How values are written down in programs: JSON, a word of a shell, a Python literal. And what a snippet is."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KEY = "$BANDSTAND_KEY"
Words = Mapping[str, Any]


@dataclass(frozen=True)
class Snippet:
    """A request in the words of one API. text: None where that API has nothing like it"""

    name: str
    text: str | None
    notes: Sequence[str] = ()


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def as_word(value: Any) -> str:
    """One word for a POSIX shell, whatever is in it."""
    return shlex.quote(str(value))


def as_python(value: Any, depth: int = 0) -> str:
    """A literal over several lines, indented for `depth` levels of the program around it."""
    if not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
    pad = "    " * (depth + 1)
    if isinstance(value, dict):
        marks, members = "{}", [f"{json.dumps(k)}: {as_python(v, depth + 1)}" for k, v in value.items()]  # fmt: skip
    else:
        marks, members = "[]", [as_python(member, depth + 1) for member in value]
    if not members:
        return marks
    lines = "".join(f"{pad}{member},\n" for member in members)
    return f"{marks[0]}\n{lines}{pad[:-4]}{marks[1]}"


def as_arguments(words: Words, depth: int = 1) -> str:
    """Keyword arguments, one to a line."""
    pad = "    " * depth
    return "".join(f"{pad}{name}={as_python(value, depth)},\n" for name, value in words.items())


def given(**words: Any) -> dict[str, Any]:
    """Those that were given."""
    return {name: value for name, value in words.items() if value is not None}


def unsaid(wish: Words, *said: str) -> list[str]:
    """What the API has no word for, in a sentence."""
    left = [name.replace("_", " ") for name in wish if name not in said]
    return [f"It has no word for {', '.join(left)}: left out here."] if left else []


def span_of(wish: Words, *names: str) -> dict[str, Any]:
    """The stretch of sound that was given under one of these names."""
    stretch = next((wish[name] for name in names if wish.get(name)), {})
    return {"source": stretch} if isinstance(stretch, str) else dict(stretch)
