"""Finds what is wrong with the file of a style, and says it in sentences that a musician can act on.

Not for taste, nor for what only sound can show: whether loops are dull is for `tests/unit/composer/test_styles.py`.
The format is told in the docstring of this package.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

from bandstand.composer import theory
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.score import Mix, Role
from bandstand.errors import Misconfigured

STEPS = {"4/4": 16, "3/4": 12, "6/8": 12}
"""Kinds of metre, and the sixteenths in a bar of their patterns."""
COMPOUND = {"6/8", "9/8", "12/8"}
TRIPLE = {"3/4", "3/8", "6/4"}

NEEDED = ("title", "bpm", "modes", "colour", "energy", "humanise", "progressions", "instruments")
SPANS = {
    "energy": (0.0, 1.0),
    "swing": (0.5, 0.75),
    "humanise": (0.0, 0.03),
    "lay_back": (-0.02, 0.02),
    "section_bars": (2, 32),
}
COLOURS = ("power", "triad", "add9", "seventh", "ninth", "dominant")
USES = ("main", "b", "half", "fill")
MANNERS = ("block", "stab", "strum", "broken")
TABLA = ("ge", "ka", "na", "tin", "tun", "te")
SIGNS = {"bass": "12345678a.-", "arp": "0123456789.-", "drone": "158.-"}
STROKES, RHYTHM = "Xxort.-", "Xxo.-"
HOME_SHARE = 0.35
LOWEST_BASS = 43
"""A bass reaches down to G2 at least."""

TUNE = {
    "density": (0.0, 1.0),
    "syncopation": (0.0, 1.0),
    "span": (3, 16),
    "register": (-24, 24),
    "length": (0.1, 1.2),
    "fine": None,
    "pentatonic": None,
}
MIX: dict[str, tuple[float, float] | None] = dict.fromkeys(
    (field.name for field in fields(Mix)), (0.0, 1.0)
) | {
    "tilt": (-6.0, 3.0),
    "low_cut": (20.0, 400.0),
    "high_cut": (2000.0, 20000.0),
    "reverb_seconds": (0.1, 12.0),
    "balance": None,
}
"""What is not named here goes from 0 to 1."""

Complaints = Iterator[str]


def kind_of(written: str) -> str:
    """Which kind of metre a metre is of: the keys of `STEPS`."""
    if written in COMPOUND:
        return "6/8"
    return "3/4" if written in TRIPLE else "4/4"


def prove(file: str, text: str) -> dict[str, Any]:
    """Read the file of a style.

    raises  Misconfigured with a sentence for each thing that is wrong
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{file} is no TOML: {error}") from error
    wrong = list(_complaints(raw))
    if wrong:
        raise Misconfigured("\n".join(f"{file}: {sentence}" for sentence in wrong))
    return raw


def _complaints(raw: Mapping[str, Any]) -> Complaints:
    for name in NEEDED:
        if name not in raw:
            yield f"{name} is missing."
    checks: dict[str, Callable[[Any], Complaints]] = {
        "title": partial(_words, "title"),
        "bpm": _bpm,
        "modes": partial(_each, "modes", allowed=theory.MODES),
        "colour": partial(_one, "colour", allowed=COLOURS),
        "swing_unit": partial(_one, "swing_unit", allowed=(0.25, 0.5)),
        "metre": partial(_one, "metre", allowed=theory.METRES),
        "idiom": partial(_words, "idiom"),
        "progressions": partial(_progressions, "progressions", begins="1"),
        "contrast": partial(_progressions, "contrast", begins="1234567"),
        "instruments": _instruments,
        "tune": partial(_settings, "tune", spans=TUNE),
        "mix": _mix,
        "metres": _metres,
    } | {name: _within(name, span) for name, span in SPANS.items()}
    idioms = ("drums", "percussion", "tabla", "bass", "comp", "arp", "drone")
    for name, value in raw.items():
        if name in checks:
            yield from checks[name](value)
        elif name not in idioms:
            yield f"{name} is no field of a style."
    written = raw.get("metre", "4/4")
    if written in theory.METRES:
        yield from _idioms(
            "", {name: raw[name] for name in idioms if name in raw}, kind_of(written)
        )


def _one(field: str, value: Any, allowed: Iterable[Any]) -> Complaints:
    choice = list(allowed)
    if value not in choice:
        yield f"{field} is {value!r}; it can be {', '.join(map(str, choice))}."


def _each(field: str, values: Any, allowed: Iterable[str]) -> Complaints:
    if not isinstance(values, list) or not values:
        yield f"{field} is {values!r}; it is a list of names."
        return
    for value in values:
        yield from _one(field, value, allowed)


def _words(field: str, value: Any) -> Complaints:
    if not isinstance(value, str) or not value.strip():
        yield f"{field} is {value!r}; it is a name."


def _within(field: str, span: tuple[float, float]) -> Callable[[Any], Complaints]:
    def check(value: Any) -> Complaints:
        if not _is_number(value) or not span[0] <= value <= span[1]:
            yield f"{field} is {value!r}; it is a number from {span[0]} to {span[1]}."

    return check


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bpm(value: Any) -> Complaints:
    numbers = isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
    if not numbers or not 40 <= value[0] < value[1] <= 240:
        yield f"bpm is {value!r}; it is two numbers from 40 to 240, the slowest tempo first."


def _progressions(field: str, value: Mapping[str, Any], begins: str) -> Complaints:
    for family in ("major", "minor"):
        if family not in value:
            yield f"{field}.{family} is missing; a prompt may ask for either."
    for mode, loops in value.items():
        yield from _one(f"{field}: the mode", mode, theory.MODES)
        if not isinstance(loops, list) or not loops:
            yield f"{field}.{mode} is {loops!r}; it is a list of loops."
            continue
        for loop in loops:
            yield from _loop(f"{field}.{mode}", loop, begins)


def _loop(field: str, loop: str, begins: str) -> Complaints:
    bars = [bar.split("+") for bar in loop.split()]
    degrees = [degree for bar in bars for degree in bar]
    for degree in degrees:
        if degree not in list("1234567"):
            yield f"{field}: {degree!r} in {loop!r} is no degree; they count from 1 to 7."
            return
    if not degrees or degrees[0] not in begins:
        yield f"{field}: {loop!r} does not begin on the tonic, 1."
        return
    share = sum(bar.count("1") / len(bar) for bar in bars) / len(bars)
    if share < HOME_SHARE:
        yield f"{field}: {loop!r} is at home, on 1, for {share:.0%} of its bars; {HOME_SHARE:.0%} are needed."


def _instruments(value: Mapping[str, Any]) -> Complaints:
    if "lead" not in value:
        yield "instruments.lead is missing; somebody sings."
    for role, names in value.items():
        yield from _one("instruments: the role", role, [str(role) for role in Role])
        yield from _each(f"instruments.{role}", names, INSTRUMENTS)
        for name in names:
            if name in INSTRUMENTS and not _is_able(name, role):
                yield f"instruments.{role} is {name!r}, which cannot play that role."


def _is_able(name: str, role: str) -> bool:
    instrument = INSTRUMENTS[name]
    beats = role in {Role.DRUMS, Role.PERCUSSION}
    if beats or instrument.family == "kit":
        return beats and instrument.family == "kit"
    if role == Role.BASS:
        return instrument.low <= LOWEST_BASS
    return instrument.family != "bass" or role == Role.DRONE


def _metres(value: Mapping[str, Any]) -> Complaints:
    for kind, table in value.items():
        yield from _one("metres: the kind", kind, STEPS)
        if kind in STEPS:
            yield from _idioms(f"metres.{kind}.", table, kind)


def _idioms(field: str, table: Mapping[str, Any], kind: str) -> Complaints:
    steps = STEPS[kind]
    for name, value in table.items():
        if name in {"drums", "percussion", "tabla"}:
            yield from _grooves(f"{field}{name}", value, steps, TABLA if name == "tabla" else KEYS)
        elif name == "comp":
            yield from _comping(f"{field}comp", value, steps)
        elif name in SIGNS:
            for line in value:
                yield from _line(f"{field}{name}", line, SIGNS[name], steps)
        else:
            yield f"{field}{name} is no field of a metre."
    for line in table.get("bass", ()):
        if not line.lstrip(".").startswith("1"):
            yield f"{field}bass: {line!r} does not begin with the root, 1."


def _grooves(
    field: str, grooves: Sequence[Mapping[str, str]], steps: int, keys: Iterable[str]
) -> Complaints:
    if not any(groove.get("use") == "main" for groove in grooves):
        yield f"{field} has no groove whose use is 'main'."
    for groove in grooves:
        yield from _one(f"{field}: use", groove.get("use"), USES)
        for key, line in groove.items():
            if key != "use":
                yield from _one(f"{field}: the stroke", key, keys)
                yield from _line(f"{field}.{key}", line, STROKES, steps)


def _comping(field: str, manners: Sequence[Mapping[str, str]], steps: int) -> Complaints:
    for manner in manners:
        if set(manner) != {"how", "rhythm"}:
            yield f"{field} is {dict(manner)!r}; it has how and rhythm."
            continue
        yield from _one(f"{field}: how", manner["how"], MANNERS)
        yield from _line(f"{field}: rhythm", manner["rhythm"], RHYTHM, steps)


def _line(field: str, line: Any, signs: str, steps: int) -> Complaints:
    if not isinstance(line, str):
        yield f"{field} is {line!r}; it is a line of signs in quotes."
        return
    for sign in sorted(set(line) - set(signs)):
        yield f"{field}: {sign!r} in {line!r} is none of the signs {signs}"
    if not line or len(line) % steps:
        yield f"{field}: {line!r} has {len(line)} sixteenths; a bar has {steps}."


def _settings(
    field: str, value: Mapping[str, Any], spans: Mapping[str, tuple[float, float] | None]
) -> Complaints:
    for name, setting in value.items():
        if name not in spans:
            yield f"{field}.{name} is no setting; there are {', '.join(spans)}."
            continue
        span = spans[name]
        if span is not None:
            yield from _within(f"{field}.{name}", span)(setting)


def _mix(value: Mapping[str, Any]) -> Complaints:
    yield from _settings("mix", value, MIX)
    for role, level in value.get("balance", {}).items():
        yield from _one("mix.balance: the role", role, [str(role) for role in Role])
        yield from _within(f"mix.balance.{role}", (-12.0, 12.0))(level)
