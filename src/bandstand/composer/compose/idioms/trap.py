"""Trap: half-time, the clap on three, hats that run and roll, an 808 that is kick and bass at once, a loop of bells.

Where quarters are slow somebody has counted two bars as one: a step of a pattern is then half as long. Nothing sounds
together with the 808 but itself, one note at a time; where a note begins before the last is over, the bass glides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import ground, lines, tune
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import HANDS, Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

SLOW = 100.0
"""Quarters a minute below which a bar of the piece is two of trap."""
# Two bars: degrees as in `lines.py` where kick and bass strike, k for the kick alone.
BOOMS = (
    "1---------1-----|1-----k-----5---",
    "1-----1---------|1---------1-3---",
    "1-----------1---|..1---k-----v-u-",
    "1--1------1-----|1-------..k-5-3-",
    "1---------k-1---|1-----1-----7-5-",
    "1-----1-----1---|....1---k---v---",
    "1-------..1---1-|1---------5---3-",
    "1--1--k---1-----|1-----------8-5-",
)
GLIDES, TOUCH = 0.7, 0.04
"""How often the last notes of a line are joined; beats by which they overlap."""
FADES = 3.5
"""Beats after which a boom has died away."""
# Four bars of hats: t three, r four and q six strokes in the time that a symbol is held.
HATS = (
    "x.x.x.x.x.x.x.x.x.x.x.x.x.x.t-x.x.x.x.x.x.x.x.x.x.x.x.x.x.t-r---",
    "x.x.x.xxx.x.x.x.x.x.x.x.r-x.x.x.x.x.x.xxx.x.x.x.x.x.t-t-x.x.r-x.",
    "x.x.x.x.x.t-x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.t-x.x.x.x.r-x.x.x.q---",
    "x.xxx.x.x.x.x.xxx.x.x.x.x.t-x.x.x.xxx.x.x.x.x.xxx.x.x.x.r-r-t-x.",
    "x.x.x.x.r-x.x.x.x.x.x.x.x.x.x.xxx.x.x.x.r-x.x.x.x.x.t-x.t-x.r---",
)
BREATHS = (2, 6, 10, 14, 4, 12)
"""Steps of which two are left out in every second bar: hats that never breathe are a machine gun."""
STROKES = {"t": 3, "r": 4, "q": 6}
ROLLED = 0.62
OPEN = ("......x.........", "..............x.", "..........x.....", "................")
EXTRAS = ("...o......o.....", "......o........o", ".............o..", "..o...........o.")
QUIET, FULL = 0.5, 0.6
MOTIFS = {
    "duple": (
        ("X-----x-----X---", "x-----x---......"),
        ("X---X---x---X---", "x---....x---x---"),
        ("..X-----x---x---", "X-----x---......"),
        ("x-x-X-----x-x---", "X-------........"),
        ("X-----x---X-----", "....x---x---x---"),
        ("X--x--x--x--X---", "X-----......x---"),
        ("....X---x---X---", "x-----x-X-------"),
    ),
    "triple": (("X-----x---X-", "x---x---...."), ("X---X---x---", "X-------....")),
    "compound": (("X---x-X---x-", "X-----......"), ("X-----x-x---", "x---X-------")),
}
LOOP = tune.Manner(
    rhythms=MOTIFS, scheme="aaba", centre=73, reach=8, length=0.9, rub=1.6, leaps=1.8, strict=0.85
)
PLUCKS = (
    ("x..x..x..x..x.x.", (0, 1, 2, 1, 2, 0)),
    ("x.....x...x.....", (0, 2, 1, 2)),
    ("x..x....x..x....", (2, 1, 0, 1)),
    ("..x...x...x...x.", (0, 1, 2, 1)),
)


def tick(plan: Plan) -> float:
    """Beats of a step."""
    return 0.25 if plan.bpm >= SLOW else 0.125


def boom_of(plan: Plan) -> str:
    """The line of the 808, which the drummer's foot plays too."""
    written = BOOMS[int(ground.agreed(plan, "808").integers(len(BOOMS)))]
    first, second = written.split("|")
    return first + second if round(plan.metre.beats / tick(plan)) in {16, 32} else first


def boom(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Long tails, each cut by the next; in every second pass the end of the line glides."""
    glide = float(dice.random()) < GLIDES
    struck: list[tuple[Bar, float, float, str]] = []
    for bar in bars:
        line = boom_of(plan)
        for offset, length, symbol in lines.strokes(line, bar, tick(plan)):
            if symbol != "k" and (bar.intensity >= QUIET or symbol in "1v8"):
                struck.append((bar, offset, length, symbol))
    events: list[Event] = []
    ends = [*(bar.start + offset for bar, offset, _, _ in struck[1:]), float("inf")]
    for (bar, offset, length, symbol), end in zip(struck, ends, strict=False):
        start = bar.start + offset
        chord = bar.chord_at(offset)
        first = abs(start - chord.start) < 1e-6
        pitch = lines.degree("1" if first else symbol, bar, offset, plan, voice.instrument)
        room = min(end - start, chord.start + chord.length - start, FADES)
        held = min(room, max(length, 0.94 * room))
        joined = glide and symbol in "357uv" and bar.place % 2 == 1 and end - start <= 1.0
        held = end - start + TOUCH if joined else 0.94 * held
        events.append((start, held, pitch, 0.8 + 0.14 * bar.intensity))
    if bars and not events:
        pitch = lines.degree("1", bars[0], 0.0, plan, voice.instrument)
        events = [(bars[0].start, bars[0].beats, pitch, 0.8)]
    return ground.within(events, bars)


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Kick under the 808, clap on three, hats in eighths that roll where a phrase ends."""
    if voice.instrument in HANDS or voice.role is Role.PERCUSSION:
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    hats = HATS[int(ground.agreed(plan, "hats").integers(len(HATS)))]
    opened, extra = (
        (OPEN, EXTRAS)[n][int(pick)] for n, pick in enumerate(dice.integers(len(OPEN), size=2))
    )
    gaps = dice.permutation(BREATHS)
    clapped = ("clap", "snare") if dice.random() < 0.5 else ("snare", "clap")
    events: list[Event] = []
    for bar in bars:
        held_back = {float(step * tick(plan)) for step in (*gaps[:3], *(gaps[1:4] + 16))}
        breathes = bar.place % 4 in {1, 2}
        struck = _hats(bar, plan, hats, held_back if breathes else frozenset())
        struck += _kit(bar, plan, {"kick": boom_of(plan)})
        back = _backbeat(bar, plan)
        struck += _kit(bar, plan, {clapped[0]: back})
        if bar.intensity >= FULL:
            struck += _kit(bar, plan, {clapped[1]: back.replace("X", "o"), "open": opened})
            if bar.place % 2:
                struck += _kit(bar, plan, {"rim": extra})
        if bar.is_last and bar.section.bars >= 4:
            struck = _left(struck, bar) + _snare_roll(bar)
        elif bar.place == 0 and bar.index and bar.intensity >= FULL:
            struck.append((bar.start, 2.0, KEYS["crash"], 0.55))
        events += struck
    return ground.within(ground.once(events), bars)


def _kit(bar: Bar, plan: Plan, played: dict[str, str]) -> list[Event]:
    loud = {"X": 0.95, "x": 0.7, "o": 0.5}
    return [
        (
            bar.start + offset,
            ground.LENGTHS.get(name, ground.RINGING),
            KEYS[name],
            loud.get(symbol, 0.9 if offset == 0.0 else 0.78) * ground.strength(bar),
        )
        for name, line in played.items()
        for offset, _, symbol in lines.strokes(line, bar, tick(plan))
    ]


def _backbeat(bar: Bar, plan: Plan) -> str:
    """One stroke in the middle of a bar of trap."""
    steps = round(bar.beats / tick(plan))
    middle = 6 if ground.kind(plan.metre) == "compound" else 8
    if steps % 16 == 0:
        return ("." * 8 + "X" + "." * 7) * (steps // 16)
    middle = middle if middle < steps else steps // 2
    return "." * middle + "X" + "." * (steps - middle - 1)


def _hats(bar: Bar, plan: Plan, line: str, left_out: Collection[float]) -> list[Event]:
    events: list[Event] = []
    step, quiet = 2 * tick(plan), bar.intensity < QUIET
    for offset, length, symbol in lines.strokes(line, bar, tick(plan)):
        beside = offset in left_out or (quiet and offset % step > 1e-6)
        if beside and symbol not in STROKES:
            continue
        count = 1 if quiet else STROKES.get(symbol, 1)
        loud = (0.72 if offset % 1.0 == 0.0 else 0.6) * ground.strength(bar)
        apart = length / count
        events += [
            (bar.start + offset + n * apart, apart, KEYS["hat"], loud * _swell(n, count))
            for n in range(count)
        ]
    return events


def _swell(n: int, count: int) -> float:
    """A roll comes up from half."""
    return 1.0 if count == 1 else ROLLED + (1.0 - ROLLED) * n / (count - 1)


def _left(struck: list[Event], bar: Bar) -> list[Event]:
    """The kick leaves before a change."""
    half = bar.start + bar.beats / 2
    return [event for event in struck if event[2] != KEYS["kick"] or event[0] < half]


def _snare_roll(bar: Bar) -> list[Event]:
    """The last beat in sixteenths, its last quarter twice as fast."""
    first = bar.start + max(bar.beats - 1.0, 0.0)
    places = [n * 0.25 for n in range(3)] + [0.75, 0.875]
    return [
        (first + at, 0.1, KEYS["snare"], 0.45 + 0.1 * n)
        for n, at in enumerate(places)
        if first + at < bar.start + bar.beats - 1e-6
    ]


def chime(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Two bars of bells or plucks that come round."""
    return tune.sing(bars, plan, voice, dice, LOOP)


def pluck(bars: Sequence[Bar], _plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Three notes of the chord in a rhythm of threes, far above."""
    line, order = PLUCKS[int(dice.integers(len(PLUCKS)))]
    known = INSTRUMENTS[voice.instrument]
    centre = min(78, known.high - 8)
    events: list[Event] = []
    for bar in bars:
        for n, (offset, length, _) in enumerate(ground.strokes(line, bar.beats)):
            notes = ground.close(bar.chord_at(offset), voice.instrument, centre)
            pitch = notes[order[n % len(order)] % len(notes)]
            loud = 0.4 + 0.18 * bar.intensity
            events.append((bar.start + offset, max(length, 0.4), pitch, loud))
    if bars and not events:
        pitch = ground.close(bars[0].chords[0], voice.instrument, centre)[0]
        events = [(bars[0].start, 0.5, pitch, 0.5)]
    return ground.within(events, bars)


PLAYERS = {
    Role.LEAD: chime,
    Role.ARP: pluck,
    Role.BASS: boom,
    Role.DRUMS: drum,
}
