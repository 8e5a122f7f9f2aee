"""Ska: everybody on the upbeat, kick and snare together on two and four, a bass that walks, horns with one idea.

The brass riffs are short and come back at once; the second horn has a riff of its own behind the tune.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.drive import driven
from bandstand.composer.compose.idioms import ground, lines, tune
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import HANDS, Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Role

UPSTROKES = ("..X...X...X...X.", "..X...X...X.o.X.", "..X...Xo..X...Xo", "..Xo..X...Xo..X.")
COMPOUND_UPSTROKES = ("..x.X...x.X.", "....X.....X.")
ORGAN = ("..X...X...X...X.", ".oX..oX..oX..oX.", "..X..oX...X..oX.")
STRUCK = 0.3
WALKS = (
    (1, 1, 1, -1),
    (2, -1, 1, -1),
    (1, 1, -1, -1),
    (-1, 2, 1, -1),
    (1, -1, 2, -1),
    (2, 1, -1, -1),
)
"""Chord notes by which the bass moves from beat to beat."""
KICKED: Sequence[Mapping[str, str]] = (
    {"kick": "....X.......X...", "rim": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "....X.......X...", "snare": "....X.......X...", "hat": "xoxox.xoxoxox.xo"},
    {"kick": "X...X...X...X...", "snare": "....X..o....X..o", "hat": "..x...x...x...x."},
    {"kick": "X...X...X...X...", "snare": "....X.......X.o.", "ride": "x.xox.x.x.xox.x."},
    {"kick": "....X.......X...", "snare": "....X..o....X...", "ride": "x.x.x.xox.x.x.xo"},
)
COMPOUND_KICKED: Mapping[str, str] = {
    "kick": "......X.....",
    "snare": "......X...o.",
    "hat": "x.x.x.x.x.x.",
}
TURNS = ("o..o......o.....", "..........o..o..", ".......o......oo", "..o....o........")
"""Ghosts of the left hand in every second bar."""
FILLS: Sequence[Mapping[str, str]] = (
    {"snare": "....X...xxX.xxX.", "kick": "....X.......X...", "hat": "x.x.x.x........."},
    {"snare": "....X.......xxxx", "timbale": "........xxx.....", "hat": "x.x.x.x........."},
    {"snare": "x.x.X.x.xxxxX.X.", "kick": "X...X...X...X..."},
)
RIFFS = {
    "duple": (
        ("X-..x-x-X---....", "..x-x-x-X---...."),
        ("..x-..x-X---x-x-", "X-......x-x-X---"),
        ("X---X-x-..x-X---", "X---X-x-........"),
        ("..x-x-x-x-x-X-..", "..x-x-x-X-------"),
        ("X-x-X-..x-x-X---", "....x-x-X-......"),
        ("....x-x-x-x-X---", "x-x-X---....x-x-"),
    ),
    "triple": (("X-..x-x-X---", "..x-X-......"), ("..x-x-x-X---", "X---x-......")),
    "compound": (("X-..x-x-X---", "..x-x-X-...."), ("x-x-x-X-..x-", "X-----......")),
}
TUNE = tune.Manner(rhythms=RIFFS, scheme="aaba", centre=68, reach=8, length=0.8, rub=1.4, leaps=1.3)
BACKING = (
    ("......X-..X-....", "................"),
    ("X-............x-", "X-......x-x-X-.."),
    ("..............x-", "X---....x-..X-.."),
    ("X-..X-..........", "......x-X---...."),
)
LOUD = 0.6


def chop(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The upstroke on each "and", three strings high."""
    organ = INSTRUMENTS[voice.instrument].family == "organ"
    written = ORGAN if organ else UPSTROKES
    written = COMPOUND_UPSTROKES if ground.kind(plan.metre) == "compound" else written
    verse, chorus = (written[int(n)] for n in dice.permutation(len(written))[:2])
    events: list[Event] = []
    for bar in bars:
        for offset, _, symbol in ground.strokes(chorus if bar.is_peak else verse, bar.beats):
            notes = ground.close(bar.chord_at(offset), voice.instrument, 66)
            notes = notes if symbol == "X" else notes[-2:]
            loud = 0.78 * ground.LOUDNESS[symbol] * (0.8 + 0.2 * bar.intensity)
            events += [(bar.start + offset, STRUCK, pitch, loud) for pitch in notes]
    if bars and not events:
        notes = ground.close(bars[0].chords[0], voice.instrument, 66)
        events = [(bars[0].start, STRUCK, pitch, 0.6) for pitch in notes]
    return ground.within(events, bars)


def walk(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Four to the bar: the root where a chord begins, then along the chord, and a step of the scale into the next."""
    shapes = [WALKS[int(n)] for n in dice.permutation(len(WALKS))[:2]]
    pulse = theory.pulse(plan.metre)
    events: list[Event] = []
    for bar in bars:
        shape = shapes[bar.is_peak]
        beats = np.arange(0.0, bar.beats - 1e-9, pulse).tolist()
        at = 0
        for n, beat in enumerate(beats):
            chord = bar.chord_at(beat)
            until = min(beat + pulse, bar.beats)
            following = bar.chord_at(until) if until < bar.beats else bar.next_chord
            if n == 0 or abs(bar.start + beat - chord.start) < 1e-6:
                at = lines.degree("1", bar, beat, plan, voice.instrument)
            elif until >= bar.beats and following.root != chord.root:
                at = lines.degree("a", bar, beat, plan, voice.instrument)
            else:
                at = _along(chord, at, shape[n % len(shape)], voice)
            loud = 0.76 + 0.12 * bar.intensity
            events.append((bar.start + beat, 0.88 * (until - beat), at, loud))
    return ground.within(events, bars)


def _along(chord: Chord, at: int, by: int, voice: Voice) -> int:
    """So many notes of the chord up or down, turning round where the fingerboard ends."""
    classes = {note for note in chord.notes[:4] if (chord.root - note) % 12 != 1}
    known = INSTRUMENTS[voice.instrument]
    rungs = [p for p in range(known.low, min(known.high, known.low + 21) + 1) if p % 12 in classes]
    place = rungs.index(ground.nearest(rungs, at)) + by
    if not 0 <= place < len(rungs):
        place -= 2 * by
    return rungs[min(max(place, 0), len(rungs) - 1)]


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The backbeat with both feet in it."""
    if voice.instrument in HANDS or voice.role is Role.PERCUSSION:
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    compound = ground.kind(plan.metre) == "compound"
    verse, chorus = (KICKED[int(n)] for n in dice.permutation(len(KICKED))[:2])
    turn = TURNS[int(dice.integers(len(TURNS)))]
    fill = FILLS[int(dice.integers(len(FILLS)))]
    events: list[Event] = []
    for bar in bars:
        lines_of_bar = COMPOUND_KICKED if compound else chorus if bar.is_peak else verse
        if bar.is_last and bar.section.bars >= 4:
            lines_of_bar = fill
        elif bar.place % 2:
            lines_of_bar = {"snare": turn} | dict(lines_of_bar)
            if bar.place % 4 == 3:
                lines_of_bar["open"] = "..............x."
        played = driven(lines_of_bar, min(plan.drive, 0.0), 4)
        events += ground.strike(played, bar, ground.strength(bar))
        if bar.place == 0 and bar.index and bar.intensity >= LOUD:
            events.append((bar.start, 2.0, KEYS["crash"], 0.55))
    if bars and not events:
        events = [(bars[0].start, ground.RINGING, KEYS["rim"], 0.7)]
    return ground.within(ground.once(events), bars)


def blow(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A riff, again, another, and the first one."""
    return tune.sing(bars, plan, voice, dice, TUNE)


def back(bars: Sequence[Bar], _plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The riff behind the tune: two bars in close harmony, off the beat; horns alone play its upper note."""
    riff = BACKING[int(dice.integers(len(BACKING)))]
    section = INSTRUMENTS[voice.instrument].family in {"organ", "keys", "plucked"}
    size = 3 if section or voice.instrument in {"brass", "strings"} else 1
    events: list[Event] = []
    for bar in bars:
        for offset, length, symbol in ground.strokes(riff[bar.place % 2], bar.beats):
            notes = ground.close(bar.chord_at(offset), voice.instrument, 63, 3)[-size:]
            loud = 0.6 * ground.LOUDNESS[symbol] * (0.8 + 0.2 * bar.intensity)
            events += [(bar.start + offset, 0.8 * length, pitch, loud) for pitch in notes]
    if bars and not events:
        notes = ground.close(bars[0].chords[0], voice.instrument, 63, 3)[-size:]
        events = [(bars[0].start, 0.5, pitch, 0.5) for pitch in notes]
    return ground.within(events, bars)


PLAYERS = {
    Role.LEAD: blow,
    Role.COUNTER: back,
    Role.COMP: chop,
    Role.ARP: chop,
    Role.BASS: walk,
    Role.DRUMS: drum,
}
