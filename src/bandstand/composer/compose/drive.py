"""How lively a prompt wants its style: which figures are chosen and which strokes are left out or added. Not how fast
and not how loud; tempo is the plan's, loudness the section's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

LIVELY, WILD = 0.4, 0.75
"""From here on sixteenths are filled in softly, and played out."""
CALM, QUIET, STILL, ASLEEP = -0.3, -0.7, -0.85, -0.95
"""Down to here what keeps time leaves out strokes between the eighths, then those between the beats in the verses, then
everywhere, then the beat itself.
"""
TIMEKEEPERS = frozenset(
    {"hat", "open", "ride", "shaker", "tambourine", "cabasa", "cowbell", "ride-bell"}
)
DOUBLED = TIMEKEEPERS - {"open", "cowbell", "ride-bell"}
"""Those that a hand can play twice as fast; two hats that stand open have to ring."""
GENTLER = {"crash": "ride", "china": "ride", "open": "hat", "ride-bell": "ride"}
SHOWN, BEAT = "Xxo", 4

Figure = TypeVar("Figure")


def suited(
    figures: Sequence[Figure], busyness: Callable[[Figure], float], drive: float
) -> list[Figure]:
    """The calmer ones of several figures, or the busier ones; all of them where nothing was asked.

    drive  -1..1
    """
    if CALM < drive < LIVELY or len(figures) < 3:
        return list(figures)
    kept = max(2, round(len(figures) * (0.65 - 0.3 * abs(drive))))
    ranked = sorted(figures, key=busyness, reverse=drive > 0)
    return [figure for figure in figures if figure in ranked[:kept]]


def strokes(line: str) -> int:
    """How many strokes a line of sixteenths has in a bar, soft ones counted half."""
    played = sum(symbol not in ".-" for symbol in line) - 0.5 * line.count("o")
    return round(16 * played / len(line))


def driven(
    lines: Mapping[str, str], drive: float, pulse: int, *, verse: bool = False
) -> dict[str, str]:
    """The lines of a groove, thinned or filled.

    pulse  sixteenths from one beat to the next
    verse  whether more is to come: a calm drummer opens up in the chorus
    """
    if drive <= CALM:
        # The triplets of a slow shuffle are the shuffle.
        quiet = QUIET if verse and pulse == BEAT else STILL
        apart = 2 if drive > quiet else pulse if drive > ASLEEP else 2 * pulse
        lines = _gentle(lines)
        return {key: _thinned(key, line, drive, pulse, apart) for key, line in lines.items()}
    if drive >= LIVELY:
        return {
            key: _filled(line, "x" if drive >= WILD else "o") if key in DOUBLED else line
            for key, line in lines.items()
        }
    return dict(lines)


def _gentle(lines: Mapping[str, str]) -> dict[str, str]:
    """The lines with nobody riding on a crash or an open hat."""
    return {
        GENTLER[key] if key in GENTLER and GENTLER[key] not in lines else key: line
        for key, line in lines.items()
    }


def _thinned(key: str, line: str, drive: float, pulse: int, apart: int) -> str:
    if key not in TIMEKEEPERS:
        return "".join(_softened(sign, n, drive) for n, sign in enumerate(line))
    offbeat = apart > 2 and all(line[n] == "." for n in range(0, len(line), pulse))
    first = pulse // 2 if offbeat else 0
    return "".join(sign if n % apart == first else "." for n, sign in enumerate(line))


def _softened(sign: str, place: int, drive: float) -> str:
    """A stroke of the other drums: what lies between the eighths is only hinted at, and left out where all is still."""
    if place % 2 == 0:
        return sign if sign in "Xx" or drive > STILL else "."
    return "o" if sign in SHOWN and drive > STILL else "."


def _filled(line: str, sign: str) -> str:
    """Sixteenths between the eighths of a line that has at least half of these."""
    if 4 * sum(symbol in "Xxo" for symbol in line) < len(line):
        return line
    return "".join(sign if symbol == "." and n % 2 else symbol for n, symbol in enumerate(line))
