"""From the words of a prompt to a palette, a family and a variant. Not drawing. The data are `words.toml` and `families.toml`.

Neighbouring seeds take neighbouring entries of the lists that suit the prompt, so that four pictures of one prompt with the
seeds s, s+1, s+2, s+3 are four different pictures, not four throws of the same dice.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bandstand.canvas.brief import VARIANTS
from bandstand.canvas.families import FAMILIES
from bandstand.canvas.palette import PALETTES, Palette, from_hex, mixed
from bandstand.errors import Invalid

WEIGHTS = {"genre": 4, "scene": 4, "mood": 2, "instrument": 1}
SHOWN = 6
"""A thing that is named weighs more than the music's genre."""
MUSIC = 2
"""So much more for a family that draws the loudness, when there is one to draw."""
GOOD = 0.5
"""What reaches this part of the best score is taken in turn."""
NEGATION = re.compile(
    r"\b(?:no|without|not|avoid|except)\s+(?:any\s+|too\s+much\s+)?(\w+)", re.IGNORECASE
)


@dataclass(frozen=True)
class Row:
    """What a group of words asks for. kind: genre, mood, instrument, scene, time, colour or shows"""

    kind: str
    name: str
    words: tuple[str, ...]
    palettes: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    colour: tuple[float, float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """words: the ones that were understood, as they stand in the data"""

    family: str
    palette: Palette
    variant: int
    dice: np.random.Generator
    words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The wishes that were found: scores of palettes and families, colours, and what is ruled out."""

    palettes: Counter[str] = field(default_factory=Counter[str])
    families: Counter[str] = field(default_factory=Counter[str])
    colours: dict[str, tuple[float, float, float]] = field(
        default_factory=dict[str, tuple[float, float, float]]
    )
    times: list[str] = field(default_factory=list[str])
    words: list[str] = field(default_factory=list[str])


def choose(
    prompt: str,
    *,
    seed: int,
    palette: str | None = None,
    family: str | None = None,
    negative: str = "",
    has_music: bool = False,
) -> Choice:
    """raises  Invalid when a palette or family is asked for that there is not"""
    _known("palette", palette, PALETTES)
    _known("family", family, FAMILIES)
    unwanted = " ".join([negative, *NEGATION.findall(prompt)])
    wanted = _understood(NEGATION.sub(" ", prompt))
    banned = _banned(unwanted)
    if has_music:
        for name in _traits("music"):
            wanted.families[name] += MUSIC
    order = _dice(prompt, "order")
    number = int(order.integers(1 << 20)) + seed
    families = [family] if family else _suitable(wanted.families, FAMILIES, banned, order)
    rounds, place = divmod(number, len(families))
    chosen = families[place]
    colours = _palettes(wanted, banned, order, palette)
    turn = rounds + place
    variant = turn % VARIANTS
    if wanted.times and chosen in _traits("sky"):
        variant = ("dawn", "day", "dusk", "night").index(wanted.times[number % len(wanted.times)])
    return Choice(
        family=chosen,
        palette=colours[(turn + rounds // VARIANTS) % len(colours)],
        variant=variant,
        dice=_dice(prompt, str(seed)),
        words=tuple(dict.fromkeys(wanted.words)),
    )


def _known(what: str, name: str | None, there: Mapping[str, Any]) -> None:
    if name is not None and name not in there:
        raise Invalid(what, f"there is no {what} {name!r}; there are: {', '.join(there)}")


def _dice(prompt: str, more: str) -> np.random.Generator:
    """The same on every machine, whatever hashing Python does in it."""
    said = f"{prompt}\x00{more}".encode("utf-8", "surrogatepass")
    return np.random.Generator(np.random.PCG64(int.from_bytes(hashlib.sha256(said).digest())))


def _suitable(
    scores: Counter[str], there: Iterable[str], banned: set[str], order: np.random.Generator
) -> list[str]:
    """The best of them, shuffled; all of them when nothing was asked for. Bans that would leave nothing do not count."""
    left = [name for name in there if name not in banned] or list(there)
    best = max((scores[name] for name in left), default=0)
    good = [name for name in left if scores[name] >= best * GOOD]
    order.shuffle(good)
    return good


def _palettes(
    wanted: Wanted, banned: set[str], order: np.random.Generator, asked: str | None
) -> Sequence[Palette]:
    suitable = _suitable(wanted.palettes, PALETTES, banned, order)
    if asked:
        return [PALETTES[asked]]
    colours = {name: tone for name, tone in wanted.colours.items() if name not in banned}
    if colours:
        return [mixed(" and ".join(colours), list(colours.values()))]
    return [PALETTES[name] for name in suitable]


def _banned(text: str) -> set[str]:
    """Names of families, palettes and colours that must not appear; a colour takes the palettes that have it along."""
    said = _plain(text)
    banned = {name for name in (*FAMILIES, *PALETTES) if _says(said, name)}
    for row in _rows():
        if _found(row, said):
            if row.kind == "shows":
                banned |= {*row.families}
            if row.kind == "colour":
                banned.add(row.name)
                banned |= {name for name, palette in PALETTES.items() if row.name in palette.hues}
    return banned


def _understood(prompt: str) -> Wanted:
    wanted, said = Wanted(), _plain(prompt)
    for row in _rows():
        found = _found(row, said)
        if not found:
            continue
        wanted.words.extend(found)
        weight = WEIGHTS.get(row.kind, SHOWN)
        wanted.palettes.update(dict.fromkeys(row.palettes, weight))
        wanted.families.update(dict.fromkeys(row.families, weight))
        if row.colour:
            wanted.colours[row.name] = row.colour
        if row.kind == "time":
            wanted.times.append(row.name)
    return wanted


def _plain(text: str) -> str:
    """Lower case, single spaces, no signs, a space at both ends."""
    folded = unicodedata.normalize("NFKC", text).lower()
    words = re.findall(r"[^\W_]+", folded)
    return f" {' '.join(words)} "


def _says(said: str, word: str) -> bool:
    return f" {word} " in said or f" {word}s " in said


def _found(row: Row, said: str) -> list[str]:
    """Its words that occur, in the plural too; but the blues are not blue."""
    if row.kind == "colour":
        return [word for word in row.words if f" {word} " in said]
    return [word for word in row.words if _says(said, word)]


@cache
def _rows() -> tuple[Row, ...]:
    tables = _table("words.toml")
    rows = [Row("time", name, tuple(words)) for name, words in tables.pop("time").items()]
    for kind, group in tables.items():
        rows += [_row(kind, name, entry) for name, entry in group.items()]
    rows += [
        Row("shows", name, tuple(entry["shows"]), families=(name,))
        for name, entry in _table("families.toml").items()
    ]
    return tuple(rows)


def _row(kind: str, name: str, entry: Mapping[str, Any]) -> Row:
    return Row(
        kind,
        name,
        tuple(entry["words"]),
        tuple(entry.get("palettes", ())),
        tuple(entry.get("families", ())),
        from_hex(entry["hex"]) if "hex" in entry else None,
    )


@cache
def _traits(trait: str) -> frozenset[str]:
    return frozenset(name for name, entry in _table("families.toml").items() if entry.get(trait))


@cache
def _table(file: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(file).read_text())
