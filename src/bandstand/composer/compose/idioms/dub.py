"""Dub: reggae from which the engineer takes players away, and throws the last thing that they said into the echo.

The bass is never taken away. Which bars the others lose is settled once for the piece, as at a mixing desk; what is left
of a player there are repeats of his last stroke, each softer, as long as they agree with the chord.

Source: common practice after King Tubby and Lee Perry.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground, reggae, tune
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

# Four bars: x plays, e is left to the echo.
FADERS = {
    Role.COMP: ("xxxe", "xxee", "xexe", "xxex", "xxxx"),
    Role.ARP: ("eexx", "xxxe", "exex", "xexx"),
    Role.DRUMS: ("xxxx", "xxxe", "xxxx", "xexx"),
    Role.PERCUSSION: ("xxxx", "eexx", "xxee"),
}
ECHO, REPEATS, FADING = 0.75, 5, 0.66
"""Beats from one repeat to the next, a dotted eighth; how many there are; what each keeps of the one before."""
THROWN = frozenset({KEYS["rim"], KEYS["snare"]})
KEPT = frozenset({KEYS["hat"], KEYS["open"], KEYS["shaker"]})
"""What a drummer goes on with while the rest of him is in the echo."""
PHRASES = {
    "duple": (
        ("....x-x-X-------", "......x-x---...."),
        ("..x-x---X---....", "x-----..x-......"),
        ("X---..x-x-x-X---", "........x-x-X---"),
        ("....X-----x-x---", "x---....x-x-...."),
        ("x-x-X---........", "..x-x-x-X---...."),
    ),
    "triple": (("..x-x-X-----", "x---........"), ("X---x-x-....", "....x-x-X---")),
    "compound": (("..x-x-X-----", "x-----......"), ("X-----x-x---", "......x-x-x-")),
}
TUNE = tune.Manner(
    rhythms=PHRASES,
    scheme="aaba",
    centre=66,
    reach=8,
    length=0.85,
    rub=1.4,
    leaps=1.2,
    leaning=0.25,
    strict=0.8,
)


def faders_of(plan: Plan, role: Role) -> str:
    """Where a role plays and where it is left to the echo: eight bars, for all who play it."""
    written = FADERS[role]
    dice = ground.agreed(plan, f"board {role}")
    first, second = (written[int(n)] for n in dice.integers(len(written), size=2))
    return first + second


def is_out(bar: Bar, plan: Plan, role: Role) -> bool:
    """Whether a player has been taken away; never at the beginning of a section, nor of a piece of few bars."""
    return bar.place > 0 and faders_of(plan, role)[bar.place % 8] == "e" and plan.bars > 2


def skank(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    return _mixed(reggae.skank(bars, plan, voice, dice), bars, plan, Role.COMP)


def pick(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    return _mixed(reggae.pick(bars, plan, voice, dice), bars, plan, Role.ARP)


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The kit; while it is out a rim goes into the echo over the hats."""
    role = Role.PERCUSSION if voice.role is Role.PERCUSSION else Role.DRUMS
    return _mixed(reggae.drum(bars, plan, voice, dice), bars, plan, role, kit=True)


def _mixed(
    events: list[Event], bars: Sequence[Bar], plan: Plan, role: Role, *, kit: bool = False
) -> list[Event]:
    """What comes through the desk."""
    out = {bar.index for bar in bars if is_out(bar, plan, role)}
    beats = plan.metre.beats
    heard = [
        event
        for event in events
        if int((event[0] + 1e-6) // beats) not in out or (kit and event[2] in KEPT)
    ]
    thrown: list[Event] = []
    for bar in bars:
        if bar.index in out and bar.index - 1 not in out:
            thrown += _thrown(heard, bar, plan, kit=kit)
    mixed = ground.within(ground.once(heard + thrown), bars)
    return mixed or events


def _thrown(events: Sequence[Event], bar: Bar, plan: Plan, *, kit: bool) -> list[Event]:
    """The last stroke before a bar, repeated into it."""
    before = [e for e in events if e[0] < bar.start - 1e-6 and (not kit or e[2] in THROWN)]
    if not before:
        return []
    last = max(e[0] for e in before)
    if last < bar.start - bar.beats:
        return []
    stroke = [event for event in before if event[0] == last]
    scale = theory.scale(plan.key)
    return [
        (last + n * ECHO, min(length, ECHO), pitch, loud * FADING**n)
        for n in range(1, REPEATS + 1)
        for _, length, pitch, loud in stroke
        if bar.start <= last + n * ECHO < bar.start + bar.beats
        and (kit or _agrees(pitch, bar, last + n * ECHO, scale))
    ]


def _agrees(pitch: int, bar: Bar, at: float, scale: frozenset[int]) -> bool:
    rubs = any((pitch - note) % 12 in {1, 11} for note in bar.chord_at(at - bar.start).notes)
    return pitch % 12 in scale and not rubs


def blow(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A melodica that says little and waits for the answer of the echo."""
    return tune.sing(bars, plan, voice, dice, reggae.manner(TUNE, plan))


PLAYERS = {
    **reggae.PLAYERS,
    Role.LEAD: blow,
    Role.COMP: skank,
    Role.ARP: pick,
    Role.DRUMS: drum,
    Role.PERCUSSION: drum,
}
