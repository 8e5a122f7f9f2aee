"""The orchestra: choirs of instruments instead of a band. Cinematic ostinati, classical figures, baroque continuo.

The tune itself is the common one, except in the baroque, which spins a motif forth without rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import changes, ground, tune
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

# Accents in sixteenths; which note of the chord is struck comes from the figure.
OSTINATI = ("X.x.x.X.x.x.X.x.", "XxxxXxxxXxxxXxxx", "X.xxX.xxX.xxX.xx", "X..X..X.X..X..X.")
FIGURES = ((0, 1, 2, 1), (0, 2, 1, 2), (0, 0, 2, 1), (0, 1, 0, 2))
LOW_OSTINATI = ("X.x.x.x.X.x.x.x.", "X..x..x.X..x..x.", "X.xxX.x.X.xxX.x.")
STIRS_AT, HIGH_AT, LOUD_AT = 0.5, 0.6, 0.75
SEQUENCES = {
    "major": (
        "1: | 5: | 1: | 5: 1:",
        "1: 4: | 7:dim 3:m | 6:m 2:m | 5: 1: | 1: | 5: | 1: 5: | 1:",
        "1: 5: | 6:m 3:m | 4: 1: | 5: 1:",
        "1: | 4: 1: | 5: | 1:",
    ),
    "minor": (
        "1:m | 4:m | 5: 1:m | 1:m",
        "1:m 4:m | b7: b3: | b6: 2:dim | 5: 1:m | 1:m | 4:m 1:m | 1:m 5: | 1:m",
        "1:m | 4:m 1:m | 5: | 1:m",
        "1:m | b6: b3: | 4:m 5: | 1:m",
    ),
}
SEQUENCES["harmonic minor"] = SEQUENCES["minor"]
SPUN = {
    "duple": (
        ("x-xxx-x-x-xxx-x-", "x-xxx-x-X---x-x-"),
        ("xxxxx-x-xxxxx-x-", "xxxxx-x-X---...."),
        ("X-x-x-x-xxxxx-x-", "X-x-x-x-X---x-x-"),
        ("..xxx-xxx-x-x-x-", "x-xxx-xxX---...."),
    ),
    "triple": (
        ("x-x-x-x-x-x-", "x-xxx-x-X---"),
        ("X---xxxxx-x-", "X---xxxxX---"),
        ("x-xxx-xxx-x-", "x-x-X-------"),
    ),
    "compound": (
        ("x-x-x-x-x-x-", "X---x-X-----"),
        ("xxxxx-x-x-x-", "xxxxx-X-----"),
    ),
}
FORTH = tune.Manner(rhythms=SPUN, scheme="aabaac", centre=74, reach=10, leaps=0.7, length=0.9)
ROLL_BARS = 1


def repeat(
    bars: Sequence[Bar], _plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """An ostinato of short bows; quiet bars have every other note of it, intense ones an octave more."""
    line = OSTINATI[int(dice.integers(len(OSTINATI)))]
    figure = FIGURES[int(dice.integers(len(FIGURES)))]
    known = INSTRUMENTS[voice.instrument]
    centre = {Role.COMP: 57, Role.ARP: 69}.get(voice.role, 60)
    events: list[Event] = []
    for bar in bars:
        for n, (offset, length, symbol) in enumerate(ground.strokes(line, bar.beats)):
            if bar.intensity < 0.5 and offset % 0.5:
                continue
            notes = ground.close(bar.chord_at(offset), voice.instrument, centre, 3)
            pitch = notes[figure[n % len(figure)] % len(notes)]
            loud = ground.LOUDNESS[symbol] * (0.5 + 0.3 * bar.intensity)
            events.append((bar.start + offset, min(0.8 * length, 0.4), pitch, loud))
            doubled = bar.intensity >= LOUD_AT and symbol == "X" and pitch + 12 <= known.high
            if doubled:
                events.append((bar.start + offset, min(0.8 * length, 0.4), pitch + 12, 0.8 * loud))
    return ground.within(events, bars)


def divide(
    bars: Sequence[Bar], _plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """A choir of players in open position: the low ones hold root and fifth, the high ones join when it grows."""
    known = INSTRUMENTS[voice.instrument]
    base = max(known.low, 43)
    events: list[Event] = []
    for bar in bars:
        for chord in bar.chords:
            low = base + (chord.root - base) % 12
            inner = [ground.closest(note, low + 13, voice.instrument) for note in chord.notes[1:3]]
            pitches = {low, *inner}
            if bar.intensity >= HIGH_AT:
                pitches |= {
                    ground.closest(note, low + 22, voice.instrument) for note in chord.notes[:2]
                }
            loud = 0.42 + 0.25 * bar.intensity
            events += [(chord.start, 0.98 * chord.length, p, loud) for p in sorted(pitches)]
    return ground.within(events, bars)


def tread(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Cellos and basses: a pedal while it is calm, then an ostinato on the root."""
    line = LOW_OSTINATI[int(dice.integers(len(LOW_OSTINATI)))]
    known = INSTRUMENTS[voice.instrument]
    events: list[Event] = []
    for bar in bars:
        if bar.intensity < HIGH_AT:
            for chord in bar.chords:
                root = ground.closest(chord.root, known.low + 7, voice.instrument)
                events.append((chord.start, 0.97 * chord.length, root, 0.66))
            continue
        for n, (offset, length, symbol) in enumerate(ground.strokes(line, bar.beats)):
            chord = bar.chord_at(offset)
            root = ground.closest(chord.root, known.low + 7, voice.instrument)
            fifth = root + 7
            alone = n % 4 == 3 and fifth % 12 in chord.notes and fifth <= known.high
            pitch = fifth if alone and fifth % 12 in theory.scale(plan.key) else root
            loud = ground.LOUDNESS[symbol] * (0.6 + 0.3 * bar.intensity)
            events.append((bar.start + offset, 0.8 * length, pitch, loud))
    return ground.within(events, bars)


def thunder(
    bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Timpani and drums: a stroke where sections begin, a rolling crescendo into the next, a march at the height."""
    if voice.instrument == "tabla" or voice.role is Role.PERCUSSION:
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    pulse = theory.pulse(plan.metre)
    march = ("X...X.x.", "X..xX...", "X..X..X.")[int(dice.integers(3))] * 2
    events: list[Event] = []
    for bar in bars:
        strength = ground.strength(bar)
        if bar.place == 0:
            events.append((bar.start, 2.0, KEYS["kick"], 0.9 * strength))
            if bar.index and bar.intensity >= HIGH_AT:
                events.append((bar.start, 2.5, KEYS["crash"], 0.7 * strength))
        elif bar.is_last and bar.section.bars > ROLL_BARS:
            events += _roll(bar, strength)
            continue
        if bar.intensity >= LOUD_AT:
            events += ground.strike({"tom-low": march, "kick": "X......."}, bar, 0.8 * strength)
            continue
        if bar.intensity >= STIRS_AT:
            # The march is there from afar before it comes.
            events += ground.strike({"tom-low": march.replace("x", ".")}, bar, 0.66 * strength)[1:]
        if bar.place:
            events.append((bar.start, 1.0, KEYS["kick"], 0.6 * strength))
            late = bar.beats - pulse
            if late > 0 and bar.place % 2:
                events.append((bar.start + late, 0.8, KEYS["tom-low"], 0.5 * strength))
    return ground.within(ground.once(events), bars)


def _roll(bar: Bar, strength: float) -> list[Event]:
    """A stroke, and a roll in the second half of the bar."""
    steps = round(4 * bar.beats)
    rolled = [
        (bar.start + n * 0.25, 0.25, KEYS["tom-low"], strength * (0.25 + 0.6 * n / steps))
        for n in range(steps // 2, steps)
    ]
    return [(bar.start, 1.0, KEYS["kick"], 0.6 * strength), *rolled]


def alberti(
    bars: Sequence[Bar], _plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Low, high, middle, high: a chord broken as Mozart's left hand does."""
    step = 0.5 if dice.random() < 0.75 else 0.25
    events: list[Event] = []
    for bar in bars:
        order = (0, 2, 1, 2)
        for n in range(round(bar.beats / step)):
            notes = ground.close(bar.chord_at(n * step), voice.instrument, 57, 3)
            pitch = notes[order[n % 4] % len(notes)]
            loud = (0.55 if n % 4 == 0 else 0.42) * (0.85 + 0.25 * bar.intensity)
            events.append((bar.start + n * step, 0.95 * step, pitch, loud))
    return ground.within(events, bars)


def continuo(
    bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """The bass walks without rest: roots where chords begin, steps towards the next between that do not rub."""
    known = INSTRUMENTS[voice.instrument]
    pulse = theory.pulse(plan.metre)
    step = pulse / 2 if pulse == 1.0 and plan.bpm < 96 else pulse
    scale = theory.scale(plan.key)
    top = min(known.high, known.low + 24)
    events: list[Event] = []
    for bar in bars:
        for chord in bar.chords:
            count = max(1, round(chord.length / step))
            root = ground.closest(chord.root, known.low + 10, voice.instrument)
            following = next((c for c in bar.chords if c.start > chord.start), bar.next_chord)
            goal = ground.closest(following.root, known.low + 10, voice.instrument)
            beside = {(note + side) % 12 for note in chord.notes for side in (-1, 1)}
            allowed = (scale - beside) | set(chord.notes)
            rungs = [p for p in range(known.low, top + 1) if p % 12 in allowed]
            line = _towards(root, goal, count, rungs)
            each = chord.length / count
            events += [
                (chord.start + n * each, 0.92 * each, pitch, 0.72 if n == 0 else 0.62)
                for n, pitch in enumerate(line)
            ]
    return ground.within(events, bars)


def _towards(root: int, goal: int, count: int, rungs: Sequence[int]) -> list[int]:
    """Some notes from a root that arrive beside the next one."""
    at = min(range(len(rungs)), key=lambda n: abs(rungs[n] - root))
    end = min(range(len(rungs)), key=lambda n: abs(rungs[n] - goal))
    line = [rungs[at]]
    for left in range(count - 1, 0, -1):
        distance = end - at
        if distance == 0:
            # Turn around a root that stays.
            at += 1 if left % 2 and at + 1 < len(rungs) else -1 if at else 1
        elif abs(distance) >= left or abs(distance) > 1:
            at += 1 if distance > 0 else -1
        else:
            at += -1 if distance > 0 and at else 1 if at + 1 < len(rungs) else -1
        line.append(rungs[at])
    return line


def realise(
    bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """The keyboard's right hand over the figured bass: a chord on each beat it changes, and broken upwards between."""
    pulse = theory.pulse(plan.metre)
    events: list[Event] = []
    for bar in bars:
        for n, start in enumerate(np.arange(0.0, bar.beats - 1e-9, pulse).tolist()):
            chord = bar.chord_at(start)
            notes = ground.close(chord, voice.instrument, 64, 3)
            room = min(pulse, bar.beats - start)
            fresh = abs(bar.start + start - chord.start) < 1e-6
            if fresh or n % 2 == 0:
                events += [(bar.start + start, 0.55 * room, pitch, 0.5) for pitch in notes]
            else:
                each = room / 2
                events += [
                    (bar.start + start + k * each, each, pitch, 0.44)
                    for k, pitch in enumerate(notes[-2:])
                ]
    return ground.within(events, bars)


def spin(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A motif spun forth through the sequence."""
    return tune.sing(bars, plan, voice, dice, FORTH)


def harmonise(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    """Cadences and falling fifths."""
    return changes.by_section(chart, plan, SEQUENCES)


CINEMATIC = {
    Role.COMP: repeat,
    Role.ARP: repeat,
    Role.PAD: divide,
    Role.BASS: tread,
    Role.DRUMS: thunder,
}
CLASSICAL = {Role.COMP: alberti, Role.DRUMS: thunder}
BAROQUE = {Role.LEAD: spin, Role.COMP: realise, Role.BASS: continuo, Role.DRUMS: thunder}
