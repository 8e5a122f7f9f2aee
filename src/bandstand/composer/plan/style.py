"""Styles as data: reads `styles/*.toml` and `metres.toml`. The format is told in the docstring of this package.

What is wrong with a file is found in `proof.py`, before anything is made of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from bandstand.composer import theory
from bandstand.composer.plan.proof import kind_of, prove
from bandstand.composer.score import Metre, Mix, Role

_HERE = files("bandstand.composer.plan")
_PACKAGED = _HERE.joinpath("styles")


@dataclass(frozen=True, slots=True)
class Groove:
    """use: "main", "b", "half" or "fill"; lines: percussion key name -> sixteenths."""

    use: str
    lines: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Comping:
    """how: "block", "stab", "strum" or "broken"; rhythm: sixteenths."""

    how: str
    rhythm: str


@dataclass(frozen=True, slots=True)
class Idioms:
    """What the rhythm section knows to play in one metre."""

    drums: tuple[Groove, ...] = ()
    percussion: tuple[Groove, ...] = ()
    tabla: tuple[Groove, ...] = ()
    bass: tuple[str, ...] = ()
    comp: tuple[Comping, ...] = ()
    arp: tuple[str, ...] = ()
    drone: tuple[str, ...] = ()

    def over(self, other: Idioms) -> Idioms:
        """What is known here, and the other's where nothing is."""
        return Idioms(*(getattr(self, f.name) or getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tune:
    """The character of a melody; see the package docstring."""

    density: float = 0.55
    syncopation: float = 0.2
    span: int = 9
    register: int = 0
    length: float = 0.9
    fine: bool = False
    pentatonic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    name: str
    title: str
    bpm: tuple[float, float]
    modes: tuple[str, ...]
    colour: str
    energy: float
    swing: float
    swing_unit: float
    humanise: float
    lay_back: float
    section_bars: int
    metre: Metre
    progressions: Mapping[str, tuple[str, ...]]
    contrast: Mapping[str, tuple[str, ...]]
    instruments: Mapping[Role, tuple[str, ...]]
    own: Mapping[str, Idioms]
    tune: Tune
    mix: Mix
    idiom: str | None = None

    def idioms(self, metre: Metre) -> Idioms:
        """What to play in a metre: the style's own, or what everybody knows."""
        kind = kind_of(metre.written)
        return self.own.get(kind, Idioms()).over(_common()[kind])


@cache
def style_names(folder: Path | None = None) -> tuple[str, ...]:
    """The styles that come with the package, and those of another folder."""
    places = [_PACKAGED, *([folder] if folder else [])]
    found = {f.name.removesuffix(".toml") for place in places for f in place.iterdir()}
    return tuple(sorted(name for name in found if not name.startswith((".", "_"))))


@cache
def style(name: str, folder: Path | None = None) -> Style:
    """One style by name; a file of the other folder comes before the package's own.

    raises  Misconfigured when the file is wrong, with each field and value that is
    """
    file = folder / f"{name}.toml" if folder else None
    own = file is not None and file.is_file()
    text = (file if own and file else _PACKAGED.joinpath(f"{name}.toml")).read_text("utf-8")
    return read_style(name, text)


def read_style(name: str, text: str) -> Style:
    """Make a style of the text of its file.

    raises  Misconfigured as `style` does
    """
    raw = prove(f"{name}.toml", text)
    mix = dict(raw.get("mix", {}))
    balance = {Role(role): float(level) for role, level in mix.pop("balance", {}).items()}
    metre = theory.metre(raw.get("metre", "4/4"))
    own = {kind_of(metre.written): _idioms(raw)} | {
        kind: _idioms(table) for kind, table in raw.get("metres", {}).items()
    }
    slowest, fastest = raw["bpm"]
    return Style(
        name=name,
        title=raw["title"],
        bpm=(float(slowest), float(fastest)),
        modes=tuple(raw["modes"]),
        colour=raw["colour"],
        energy=raw["energy"],
        swing=raw.get("swing", 0.5),
        swing_unit=raw.get("swing_unit", 0.5),
        humanise=raw["humanise"],
        lay_back=raw.get("lay_back", 0.0),
        section_bars=raw.get("section_bars", 8),
        metre=metre,
        progressions=_by_mode(raw["progressions"]),
        contrast=_by_mode(raw.get("contrast", {})),
        instruments={Role(role): tuple(names) for role, names in raw["instruments"].items()},
        own=own,
        tune=Tune(**raw.get("tune", {})),
        mix=Mix(**mix, balance=balance),
        idiom=raw.get("idiom"),
    )


@cache
def _common() -> Mapping[str, Idioms]:
    text = _HERE.joinpath("metres.toml").read_text("utf-8")
    return {kind: _idioms(table) for kind, table in tomllib.loads(text).items()}


def _by_mode(table: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {mode: tuple(loops) for mode, loops in table.items()}


def _idioms(table: Mapping[str, Any]) -> Idioms:
    return Idioms(
        drums=_grooves(table.get("drums", ())),
        percussion=_grooves(table.get("percussion", ())),
        tabla=_grooves(table.get("tabla", ())),
        bass=tuple(table.get("bass", ())),
        comp=tuple(Comping(**entry) for entry in table.get("comp", ())),
        arp=tuple(table.get("arp", ())),
        drone=tuple(table.get("drone", ())),
    )


def _grooves(tables: Sequence[Mapping[str, str]]) -> tuple[Groove, ...]:
    return tuple(
        Groove(table["use"], {key: line for key, line in table.items() if key != "use"})
        for table in tables
    )
