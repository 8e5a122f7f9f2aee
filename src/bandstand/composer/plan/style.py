"""Styles as data: reads `styles/*.toml` and `metres.toml`. The format is told in the docstring of this package."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from bandstand.composer.score import Metre, Mix, Role

COMPOUND = {"6/8", "9/8", "12/8"}
TRIPLE = {"3/4", "3/8", "6/4"}


@dataclass(frozen=True, slots=True)
class Groove:
    """use: "main", "half" or "fill"; lines: percussion key name -> sixteenths."""

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
    section_bars: int
    progressions: Mapping[str, tuple[str, ...]]
    instruments: Mapping[Role, tuple[str, ...]]
    own: Mapping[str, Idioms]
    tune: Tune
    mix: Mix
    idiom: str | None = None

    def idioms(self, metre: Metre) -> Idioms:
        """What to play in a metre: the style's own, or what everybody knows."""
        kind = _kind(metre)
        return self.own.get(kind, Idioms()).over(_common()[kind])


@cache
def style_names() -> tuple[str, ...]:
    folder = files("bandstand.composer.plan").joinpath("styles")
    return tuple(
        sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))
    )


@cache
def style(name: str) -> Style:
    raw = _toml(f"styles/{name}.toml")
    mix = dict(raw.get("mix", {}))
    balance = {Role(role): float(level) for role, level in mix.pop("balance", {}).items()}
    own = {"4/4": _idioms(raw)} | {
        kind: _idioms(table) for kind, table in raw.get("metre", {}).items()
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
        section_bars=raw.get("section_bars", 8),
        progressions={kind: tuple(loops) for kind, loops in raw["progressions"].items()},
        instruments={Role(role): tuple(names) for role, names in raw["instruments"].items()},
        own=own,
        tune=Tune(**raw.get("tune", {})),
        mix=Mix(**mix, balance=balance),
        idiom=raw.get("idiom"),
    )


@cache
def _common() -> Mapping[str, Idioms]:
    return {kind: _idioms(table) for kind, table in _toml("metres.toml").items()}


def _kind(metre: Metre) -> str:
    if metre.written in COMPOUND:
        return "6/8"
    return "3/4" if metre.written in TRIPLE else "4/4"


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


def _toml(path: str) -> dict[str, Any]:
    return tomllib.loads(files("bandstand.composer.plan").joinpath(path).read_text("utf-8"))
