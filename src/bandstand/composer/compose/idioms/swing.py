"""Jazz that swings: walking bass, ride and comping left hand, rootless voicings, lines of eighths with enclosures.

Eighths are written straight; the style's swing comes with the performance. Sources: Mark Levine, The Jazz Theory Book
(1995), for voicings; common practice for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.fills import fill_begins, swelling
from bandstand.composer.compose.idioms import changes, ground, tune
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Role

CHANGES = {
    "major": (
        "1:maj7 6:m7 | 2:m7 5:7 | 1:maj7 6:m7 | 2:m7 5:7",
        "1:maj7 | 1:maj7 | 2:m7 5:7 | 1:maj7",
        "1:maj7 4:maj7 | 3:m7 6:7 | 2:m7 5:7 | 1:maj7",
        "1:maj7 | 6:7 | 2:m7 5:7 | 1:maj7 | 1:maj7 | 2:7 | 2:m7 5:7 | 1:maj7",
        "1:maj7 b3:dim7 | 2:m7 5:7 | 1:maj7 | 1:maj7",
    ),
    "minor": (
        "1:m7 | 2:m7b5 5:7 | 1:m7 | 1:m7",
        "1:m7 4:m7 | 1:m7 | 2:m7b5 5:7 | 1:m7",
        "1:m7 | 4:m7 b7:7 | b3:maj7 b6:maj7 | 2:m7b5 5:7 | 1:m7 | 1:m7 | 2:m7b5 5:7 | 1:m7",
        "1:m7 b6:maj7 | 2:m7b5 5:7 | 1:m7 | 1:m7",
    ),
    "dorian": (
        "1:m7 | 1:m7 | 1:m7 4:7 | 1:m7",
        "1:m7 | 4:7 | 1:m7 | 1:m7",
        "1:m7 2:m7 | 1:m7 | 4:7 2:m7 | 1:m7",
    ),
}
HEADS = {
    "duple": (
        ("x-x-x-x-X-x-..x-", "--x-x-x---......"),
        ("..x-x-x-x-x-x-x-", "X-..X---........"),
        ("x---x-x-..x-x-x-", "x-x-..X---......"),
        ("....x-x-x-x-x-x-", "x-x-x-X---..x-X-"),
        ("X-..x-..X---..x-", "--x-x-..X---...."),
        ("..x---x---x-x-x-", "X---..x-X---...."),
    ),
    "triple": (
        ("x-x-x-x-x-x-", "X---..x-...."),
        ("..x-x-x-x---", "x-x-x-X-...."),
        ("X-..x-x-x-x-", "x-x-X---...."),
    ),
    "compound": (
        ("x-x-x-x-x-x-", "X---x-X-----"),
        ("x---x-x-x-x-", "x-x-x-X-...."),
    ),
}
HEAD = tune.Manner(
    rhythms=HEADS,
    scheme="abac",
    centre=70,
    reach=10,
    chromatic=0.22,
    rub=1.5,
    length=0.95,
    leaning=0.15,
)
COMPS = (
    ("X.....X.........", "x-----....X....."),
    ("......X-......X-", "......X-........"),
    ("..X.......X.....", "....X-....X....."),
    ("X---......X.....", "..X.....x-----.."),
    ("x-......X.......", "......x---......"),
)
GREEN = ("x...X...x...X...",)
ANOTHER_LINE = 0.2
"""How often the bass walks another way over changes that it has walked over before."""
TWO_FEEL = 0.5
"""Below this intensity the bass plays in two."""
RIDES = ("X...x.x.X...x.x.", "X...x...X...x.x.", "X...x.x.X...x...")
FILL = {
    "snare": "..x.x.x...xxX.X.",
    "tom-mid": "........x.......",
    "kick": "x.....x.......x.",
    "pedal": "....x.......x...",
}
GHOSTS = (2, 6, 7, 10, 14)
"""Sixteenths where the left hand likes to answer."""


def harmonise(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    """The language of ii-V-I; in rare modes the style's own chords."""
    return changes.by_section(chart, plan, CHANGES)


def walk(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Four to the bar: the root where a chord begins, a step or a semitone into the next, chord and scale between.

    Over changes that come again the same line is mostly walked again.
    """
    known = INSTRUMENTS[voice.instrument]
    reach = known.low, min(known.high, known.low + 24)
    pulse = theory.pulse(plan.metre)
    at = ground.closest(bars[0].chords[0].root, known.low + 9, voice.instrument) if bars else 0
    walked: dict[tuple[object, ...], list[int]] = {}
    events: list[Event] = []
    for bar in bars:
        feel = 2 * pulse if bar.intensity < TWO_FEEL and bar.beats >= 4 * pulse else pulse
        beats = np.arange(0.0, bar.beats - 1e-9, feel).tolist()
        own = tuple((chord.start - bar.start, chord.notes) for chord in bar.chords)
        place = (own, bar.next_chord.root, feel)
        if place not in walked or dice.random() < ANOTHER_LINE:
            walked[place] = _line(bar, beats, at, reach, plan, dice)
        for n, (beat, pitch) in enumerate(zip(beats, walked[place], strict=True)):
            until = beats[n + 1] if n + 1 < len(beats) else bar.beats
            loud = 0.74 + 0.12 * bar.intensity + (0.05 if n % 2 else 0.0)
            events.append((bar.start + beat, 0.93 * (until - beat), pitch, loud))
        at = walked[place][-1]
    return ground.within(events, bars)


def _line(
    bar: Bar,
    beats: Sequence[float],
    at: int,
    reach: tuple[int, int],
    plan: Plan,
    dice: np.random.Generator,
) -> list[int]:
    """One bar of a walk that comes from a pitch."""
    scale = theory.scale(plan.key)
    line: list[int] = []
    for n, beat in enumerate(beats):
        chord = bar.chord_at(beat)
        until = beats[n + 1] if n + 1 < len(beats) else bar.beats
        following = bar.chord_at(until) if until < bar.beats else bar.next_chord
        if abs(bar.start + beat - chord.start) < 1e-6 or n == 0:
            at = _near_root(chord, at, *reach)
        elif following.start != chord.start and until >= chord.start + chord.length - bar.start:
            at = _approach(following, at, reach, scale, dice)
        else:
            at = _step_on(chord, at, reach, plan, dice)
        line.append(at)
    return line


def _near_root(chord: Chord, at: int, low: int, high: int) -> int:
    roots = [p for p in range(low, high + 1) if p % 12 == chord.root]
    # Back towards the middle, or the line would climb out of its register.
    return min(roots, key=lambda p: abs(p - at) + 0.4 * abs(p - low - 9))


def _approach(
    following: Chord,
    at: int,
    reach: tuple[int, int],
    scale: frozenset[int],
    dice: np.random.Generator,
) -> int:
    """A step of the scale or a semitone into the next root, or its fifth."""
    target = _near_root(following, at, *reach)
    side = -1 if dice.random() < 0.5 + 0.3 * (at < target) - 0.3 * (at > target) else 1
    wanted = target + side
    if wanted % 12 not in scale and dice.random() < 0.6:
        wanted = target + 2 * side if (target + 2 * side) % 12 in scale else target - side
    if dice.random() < 0.2:
        wanted = target + 7 if target + 7 <= reach[1] else target - 5
    within = reach[0] <= wanted <= reach[1]
    return wanted if within else target + (1 if target < reach[1] else -1)


def _step_on(
    chord: Chord, at: int, reach: tuple[int, int], plan: Plan, dice: np.random.Generator
) -> int:
    """Onward through the chord, or along the scale."""
    scale = theory.scale(plan.key)
    near = [p for p in range(max(reach[0], at - 5), min(reach[1], at + 5) + 1) if p != at]
    beside = {(note + side) % 12 for note in chord.notes for side in (-1, 1)}
    passing = {note: 0.25 if note in beside else 1.0 for note in scale}
    weights = np.array([3.0 if p % 12 in chord.notes else passing.get(p % 12, 0.0) for p in near])
    return near[int(dice.choice(len(near), p=weights / weights.sum()))]


def comp(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Rootless chords that push; guitars keep time on every beat with three-note shells."""
    strums = INSTRUMENTS[voice.instrument].family == "plucked"
    patterns = COMPS[int(dice.integers(len(COMPS)))]
    other = COMPS[int(dice.integers(len(COMPS)))]
    scale = theory.scale(plan.key)
    previous: tuple[int, ...] = ()
    events: list[Event] = []
    for bar in bars:
        chosen = GREEN if strums else other if bar.is_peak else patterns
        for offset, length, symbol in ground.strokes(chosen[bar.place % len(chosen)], bar.beats):
            # What is struck on the last eighth already belongs to the next bar.
            pushes = not strums and offset >= bar.beats - 0.5 and bar.beats > 1.0
            chord = bar.next_chord if pushes else bar.chord_at(offset)
            previous = shell(chord, voice, 3 if strums else 4, previous, scale)
            loud = 0.72 * ground.LOUDNESS[symbol] * (0.75 + 0.25 * bar.intensity)
            sounding = 0.3 if strums else min(max(length, 0.35), 1.4)
            events += [(bar.start + offset, sounding, pitch, loud) for pitch in previous]
    if bars and not events:
        previous = shell(bars[0].chords[0], voice, 3 if strums else 4, (), scale)
        events = [(bars[0].start, 0.35, pitch, 0.5) for pitch in previous]
    return ground.within(events, bars)


def shell(
    chord: Chord,
    voice: Voice,
    size: int,
    previous: Sequence[int] = (),
    scale: frozenset[int] = frozenset(),
) -> tuple[int, ...]:
    """Third and seventh first, then colours; the root is the bass's.

    size   notes at most; a triad keeps all it has
    scale  of the piece: a ninth that is not in it is no colour
    """
    notes = chord.notes
    above = [(note - chord.root) % 12 for note in notes]
    ninth = (chord.root + 2) % 12
    # Over a minor third a ninth rubs, for others hold that third.
    bears = len(notes) > 3 and 3 not in above and ninth not in notes
    colours = [2] if bears and ninth in scale else []
    wanted = [*above[1:2], *above[3:4], *above[2:3], *colours][:size]
    if len(wanted) < 2:
        wanted = above
    known = INSTRUMENTS[voice.instrument]
    centre = sum(previous) / len(previous) if previous else 60.0
    centre = min(max(0.5 * centre + 30.0, known.low + 8), known.high - 9)
    guide = ground.closest((chord.root + wanted[0]) % 12, centre - 3, voice.instrument)
    pitches = [guide]
    for interval in sorted(wanted[1:], key=lambda step: (step - wanted[0]) % 12):
        pitch = guide + (interval - wanted[0]) % 12
        pitches.append(pitch if pitch <= known.high else pitch - 12)
    return tuple(sorted(set(pitches)))


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Ride, foot on two and four, a feathered kick, and a left hand that talks."""
    if voice.instrument in HAND_DRUMS or ground.kind(plan.metre) == "compound":
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    ride = RIDES[int(dice.integers(len(RIDES)))]
    cymbal = "ride" if dice.random() < 0.75 else "hat"
    events: list[Event] = []
    for bar in bars:
        strength = ground.strength(bar)
        lines = {cymbal: ride, "pedal": "....x.......x...", "kick": "o...o...o...o..."}
        played = ground.strike(lines, bar, strength) + _left_hand(bar, strength, dice)
        left = bar.start + fill_begins(bar, plan, voice.role, turns=False)
        filled = swelling(ground.strike(FILL, bar, strength), left, bar.start + bar.beats)
        events += [e for e in played if e[0] < left - 1e-9] + filled
        if bar.place == 0 and bar.intensity >= 0.65:
            events.append((bar.start, 2.0, KEYS["crash"], 0.5 * strength))
    return ground.within(ground.once(events), bars)


HAND_DRUMS = frozenset({"tabla", "hand-percussion", "congas", "bongos", "cajon", "djembe", "dhol"})


def _left_hand(bar: Bar, strength: float, dice: np.random.Generator) -> list[Event]:
    events: list[Event] = []
    for step, roll in zip(GHOSTS, dice.random(len(GHOSTS)).tolist(), strict=True):
        if step * 0.25 < bar.beats and roll < 0.12 + 0.2 * bar.intensity:
            drum_key = "snare" if roll < 0.2 else "kick"
            loud = 0.34 if roll < 0.12 else 0.55
            events.append((bar.start + step * 0.25, 0.2, KEYS[drum_key], loud * strength))
    return events


def blow(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A head in eighths; notes before a beat lead into it by a semitone."""
    return tune.sing(bars, plan, voice, dice, HEAD)


PLAYERS = {
    Role.LEAD: blow,
    Role.COMP: comp,
    Role.BASS: walk,
    Role.DRUMS: drum,
}
