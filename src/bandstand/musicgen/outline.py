"""Settings of audiocraft, as much of them as is asked for: a path such as seanet.ratios gives a text or several.

They come as the YAML that OmegaConf writes (mappings and lists in blocks, one scalar a line), or as dicts out of a pickle. Not a reader of
YAML: anchors, tags and texts over several lines are passed over, and none of the settings that matter here has them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, cast

Found = str | tuple[str, ...]

_LINE = re.compile(
    r"(?P<indent> *)(?:- (?P<item>.*)|(?P<key>'[^']*'|\"[^\"]*\"|[\w./-]+):(?: +(?P<value>.*))?)"
)
_REFERENCE = re.compile(r"\$\{([\w.]+)\}")
HOPS_MAX = 10


class Outline:
    def __init__(self, find: Callable[[str], Found | None]) -> None:
        self._find = find

    @classmethod
    def of(cls, settings: Any) -> Outline:
        """settings  the text of a YAML file, or nested dicts; anything else tells nothing"""
        if isinstance(settings, str):
            return cls(_read(settings).get)
        return cls(functools.partial(_walk, settings))

    def get(self, path: str) -> Found | None:
        """None where nothing, or null, is said. A setting that refers to another one gives what that one says."""
        for _ in range(HOPS_MAX):
            found = self._find(path)
            reference = _REFERENCE.fullmatch(found) if isinstance(found, str) else None
            if reference is None:
                return None if found in {"null", "~", "", "None"} else found
            path = reference[1]
        return None

    def text(self, path: str, default: str) -> str:
        found = self.get(path)
        return found if isinstance(found, str) else default

    def number(self, path: str, default: int) -> int:
        found = self.text(path, "")
        return int(found) if re.fullmatch(r"-?\d+", found) else default

    def numbers(self, path: str, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        found = self.get(path)
        listed = found if isinstance(found, tuple) else ()
        return tuple(map(int, listed)) if listed and all(map(str.isdigit, listed)) else default

    def is_on(self, path: str, *, default: bool) -> bool:
        return self.text(path, str(default)).lower() == "true"


def _read(text: str) -> dict[str, Found]:
    values: dict[str, Found] = {}
    above: list[tuple[int, str]] = []  # the keys that hold the current line, with their indents
    for line in text.splitlines():
        match = _LINE.fullmatch(line.split(" #")[0].rstrip())
        if match is None:
            continue
        indent = len(match["indent"])
        if match["key"] is None:
            # A list may stand as far left as its key.
            above = [entry for entry in above if entry[0] <= indent]
            if above and isinstance(before := values.get(above[-1][1], ()), tuple):
                values[above[-1][1]] = (*before, _bare(match["item"]))
            continue
        above = [entry for entry in above if entry[0] < indent]
        path = (f"{above[-1][1]}." if above else "") + _bare(match["key"])
        above.append((indent, path))
        if value := match["value"]:
            values[path] = _value(value)
    return values


def _value(text: str) -> Found:
    if text.startswith("[") and text.endswith("]"):
        return tuple(_bare(part.strip()) for part in text[1:-1].split(",") if part.strip())
    return _bare(text)


def _bare(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _walk(settings: Any, path: str) -> Found | None:
    for part in path.split("."):
        if not isinstance(settings, dict):
            return None
        settings = cast("dict[Any, Any]", settings).get(part)
    if isinstance(settings, list | tuple):
        return tuple(map(str, cast("list[Any]", settings)))
    return None if settings is None else str(settings)
