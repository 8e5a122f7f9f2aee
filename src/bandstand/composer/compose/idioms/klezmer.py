"""Klezmer: freygish and misheberakh with their cadences; freylekhs, bulgar, sher and hora; a singer who sobs and turns.

In freygish (phrygian dominant) the seventh degree's minor chord leads home, in misheberakh (ukrainian dorian) the second's
major one or the minor fifth. A long piece opens with a doina: free over held chords. Source: common practice of the
European and American bands of about 1900 to 1930.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose import groove
from bandstand.composer.compose.chart import Bar, Event
from bandstand.composer.compose.idioms import changes, ground, ornaments, polish, tune
from bandstand.composer.compose.voicing import voice_chord
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import HANDS, Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

MINOR = (
    "1:m | 1:m | 5:7 | 1:m",
    "1:m | 4:m | 5:7 | 1:m",
    "1:m | 1:m | 4:m | 1:m | 4:m | 1:m | 5:7 | 1:m",
    "1:m | 5:7 | 1:m | 1:m | 4:m | 4:m | 1:m 5:7 | 1:m",
    "4:m | 1:m | 5:7 | 1:m",
)
CHANGES = {
    "phrygian dominant": (
        "1: | 1: | b7:m | 1:",
        "1: | 4:m | b7:m | 1:",
        "1: | 1: | 4:m | 1: | 4:m | 4:m | b7:m | 1:",
        "1: | 1: b2: | b7:m | 1:",
        "4:m 1: | 1: | b7:m | 1:",
        "1: | b7:m | 1: | 1: | 4:m | b2: | b7:m | 1:",
        "b7:m 1: | 1: | b2: | 1:",
    ),
    "ukrainian dorian": (
        "1:m | 1:m | 2: | 1:m",
        "1:m | 5:m | 2: | 1:m",
        "1:m | 2: | 5:m | 1:m | 1:m | b3: | 2: | 1:m",
        "1:m | 1:m | 2: | 1:m | 5:m | 5:m | 2: | 1:m",
        "2: | 1:m | 5:m | 1:m",
        "b3: | 1:m | 2: | 1:m",
    ),
    "harmonic minor": MINOR,
    "minor": MINOR,
    "major": (
        "1: | 1: | 5:7 | 1:",
        "1: | 4: | 5:7 | 1:",
        "1: | 5:7 | 1: | 1: | 4: | 4: | 1: 5:7 | 1:",
        "4: | 1: | 5:7 | 1:",
    ),
}


@dataclass(frozen=True, slots=True)
class Dance:
    """What accompanies a dance, in strokes of a bar: low notes, chords, and the drummer's lines."""

    bass: str
    chords: str
    drums: Mapping[str, str]


DANCES: Mapping[str, Mapping[str, Dance]] = {
    "duple": {
        "freylekhs": Dance(
            "X...x...X...x...",
            "..x...x...x...x.",
            {"kick": "X...x...X...x...", "snare": "..x...x...x...xo", "hat": "..x...x...x...x."},
        ),
        "bulgar": Dance(
            "X-..x-..X-..x-..",
            "..x.x...x.x...x.",
            {"kick": "X...x...X...x...", "snare": "X.oxo.X.oxo.X.o.", "hat": "x.x.x.x.x.x.x.x."},
        ),
        "sher": Dance(
            "X...x...X...x...",
            "..x...x...x.x.x.",
            {
                "kick": "X...x...X...x...",
                "snare": "o.x.o.xxo.x.o.xx",
                "woodblock": "x...x...x...x...",
            },
        ),
        "khosidl": Dance(
            "X---....x---....",
            "....x.x.....x.x.",
            {"kick": "X.......x...x...", "snare": "....x.x.....x.xo"},
        ),
        "terkisher": Dance(
            "X-----x-X---x---",
            "....x.......x.x.",
            {"kick": "X.....x.X...x...", "tambourine": "..x.x.x...x.x.x."},
        ),
    },
    "triple": {
        "hora": Dance(
            "X-------x---", "x.......X...", {"kick": "X.......x...", "snare": "........X..."}
        ),
        "zhok": Dance(
            "X-------....",
            "........X.x.",
            {"kick": "X...........", "snare": "........X..o", "hat": "x.......x..."},
        ),
    },
    "short": {
        "hora": Dance("X---x-", "x...X.", {"kick": "X...x.", "snare": "....X."}),
        "zhok": Dance("X---..", "....Xx", {"kick": "X.....", "snare": "....Xo", "hat": "x...x."}),
    },
    "compound": {
        "freylekhs": Dance(
            "X-..x-X-..x-",
            "..x...x...x.",
            {"kick": "X.....x.....", "snare": "..x.x...x.x."},
        ),
        "tarantella": Dance(
            "X-----x-----",
            "..x.x...x.x.",
            {"kick": "X.....X.....", "tambourine": "x.x.x.x.x.x."},
        ),
    },
}
"""By kind of metre; "short" is the hora's three-eight, which limps: long, short."""
SLOW_DANCES, QUICK_DANCES = ("khosidl", "terkisher", "bulgar"), ("freylekhs", "bulgar", "sher")
SLOW = 112.0
"""Quarters a minute below which nobody runs."""
DANCED = {
    "duple": (
        ("x-x-xxx-X---x-x-", "xxxxx-x-X---...."),
        ("X---x-xxx-x-x-x-", "x-xxx-x-X-----.."),
        ("..x-x-x-xxxxX---", "x-x-xxx-X---X---"),
        ("X-----x-x-x-X---", "xxxxX---x-x-X---"),
        ("x-xxx-xxx-xxX---", "x-x-x-x-X-----.."),
        ("X-----x-----x-x-", "x-x-x-x-X-----.."),
        ("xxxxX-x-xxxxX-x-", "x-xxx-x-X---X-.."),
    ),
    "triple": (
        ("X-------x-x-", "x---x-x-X---"),
        ("x-x-x-x-X---", "X-------X-.."),
        ("X-----x-x---", "x-xxx-x-X---"),
    ),
    "compound": (
        ("x-x-x-X---x-", "x-xxx-X-----"),
        ("X---x-x-x-x-", "x-x-x-X---.."),
        ("x-xxxxX---x-", "X---x-X-----"),
    ),
}
LIMPED = (("X---x-", "x-x-x-"), ("x-x-X-", "X-----"), ("X---xx", "x---X-"))
FREE = {
    "duple": (
        ("X-----------xxxx", "x-xxX-------...."),
        ("X-------xxxxxxxx", "X-----------...."),
        ("..x-X-------x-xx", "xxxxX-----------"),
    ),
    "triple": (("X-------xxxx", "X-----------"), ("..xxX-------", "xxxxX-------")),
}
DANCE = tune.Manner(
    rhythms=DANCED,
    scheme="aabc",
    centre=73,
    reach=9,
    rub=2.4,
    length=0.92,
    leaps=1.4,
    leaning=0.16,
    borne=0.45,
)
DOINA = tune.Manner(rhythms=FREE, scheme="abac", centre=74, reach=11, rub=1.0, length=0.98)
FREE_FROM, FREE_SECONDS = 90.0, 16.0
"""Seconds from which on a piece opens with a doina, and that this lasts at most."""
SOB_SECONDS, TRILL_SECONDS = 0.05, 0.085
SOBS, TURNS, TRILLS = 0.35, 0.3, 0.5
"""How often notes long enough are choked, turned and trilled."""
HALVED = 0.5
STAB = 0.3
"""Beats of a chord after the beat."""
TENOR = 62
SKINS = {"kick": "conga-low", "snare": "conga-high", "hat": "tambourine"}
"""What hands play for the drummer's lines."""


def harmonise(chart: Sequence[Bar], plan: Plan) -> tuple[Bar, ...]:
    """The cadences of the mode; a doina stays on the tonic but for the bar before its last."""
    laid = changes.by_section(chart, plan, CHANGES)
    free = doina(plan)
    if plan.key.mode not in CHANGES or not free:
        return laid
    home, leading = CHANGES[plan.key.mode][0].split(" | ")[0::2]
    words = [leading if place == free - 2 else home for place in range(free)]
    opening = [changes.in_bar((word,), bar, plan) for word, bar in zip(words, laid, strict=False)]
    return ground.with_chords(laid, [*opening, *(bar.chords for bar in laid[free:])])


def doina(plan: Plan) -> int:
    """How many bars a piece opens with that nobody dances to."""
    if plan.seconds < FREE_FROM or plan.loops or not plan.sections:
        return 0
    fitting = int(FREE_SECONDS * plan.bpm / 60.0 / plan.metre.beats)
    first = plan.sections[0]
    half = plan.sections[1].bars // 2 if first.name == "intro" and len(plan.sections) > 1 else 0
    return min(4 * (fitting // 4), first.bars + half)


def dance_of(plan: Plan) -> Dance:
    """The dance of a piece; all players agree."""
    kind = "short" if plan.metre.beats < 2 else ground.kind(plan.metre)
    dances = DANCES[kind]
    names = [*dances]
    if kind == "duple":
        slow = plan.bpm < SLOW or plan.drive < -HALVED
        names = [*(SLOW_DANCES if slow else QUICK_DANCES)]
    return dances[names[int(ground.agreed(plan, "dance").integers(len(names)))]]


def sing(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """The doina, then the dance; both with krekhts, dreydlekh and trills."""
    free = doina(plan)
    manner = DANCE
    if plan.metre.beats < 2:
        manner = replace(DANCE, rhythms={"duple": LIMPED, "triple": LIMPED})
    opening = tune.sing([bar for bar in bars if bar.index < free], plan, voice, dice, DOINA)
    danced = tune.sing([bar for bar in bars if bar.index >= free], plan, voice, dice, manner)
    answered = polish.answered([*opening, *danced], bars, plan, voice)
    sung = polish.eased(answered, bars, plan, voice)
    return ground.within(_dressed(sung, plan, voice, dice), bars)


def _dressed(
    events: Sequence[Event], plan: Plan, voice: Voice, dice: np.random.Generator
) -> list[Event]:
    """Each place of a phrase is dressed in the same way each time; the long notes of a doina more often."""
    known = INSTRUMENTS[voice.instrument]
    scale = theory.scale(plan.key)
    second = plan.bpm / 60.0
    sob, quick = SOB_SECONDS * second, TRILL_SECONDS * second
    free = doina(plan) * plan.metre.beats
    rolls = dice.random((2, round(8 * plan.metre.beats))).tolist()
    dressed: list[Event] = []
    for event in events:
        start, length, pitch, _ = event
        around = ornaments.beside(pitch, scale, known)
        roll, choice = (row[round(4 * start) % len(row)] for row in rolls)
        often = 2.0 if start < free else 1.0
        if around is None or length < 0.4:
            dressed.append(event)
        elif length >= 1.5 and roll < often * TRILLS and choice < HALVED:
            dressed += ornaments.trilled(event, around[1], quick)
        elif length >= 0.8 and roll < often * TURNS:
            dressed += ornaments.turned(event, *around)
        elif length >= 6 * sob and choice < SOBS:
            dressed += ornaments.sobbed(event, around[1], sob)
        else:
            dressed.append(event)
    return dressed


def oompah(
    bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """The chords after the beats; under a doina they are held, by strings that are struck as a tremolo."""
    dance, free = dance_of(plan), doina(plan)
    sustained = INSTRUMENTS[voice.instrument].sustained
    previous: tuple[int, ...] = ()
    events: list[Event] = []
    for bar in bars:
        if bar.index < free:
            previous = voice_chord(bar.chords[0], voice, previous)
            events += _held(bar, previous) if sustained else _tremolo(bar, previous)
            continue
        strength = ground.strength(bar)
        for offset, _, symbol in ground.strokes(dance.chords, bar.beats):
            previous = voice_chord(bar.chord_at(offset), voice, previous)
            loud = 0.72 * ground.LOUDNESS[symbol] * strength
            events += [(bar.start + offset, STAB, pitch, loud) for pitch in previous]
    if bars and not events:
        events = _held(bars[0], voice_chord(bars[0].chords[0], voice))
    return ground.within(events, bars)


def _held(bar: Bar, pitches: Sequence[int]) -> list[Event]:
    return [(bar.start, 0.98 * bar.beats, pitch, 0.45) for pitch in pitches]


def _tremolo(bar: Bar, pitches: Sequence[int]) -> list[Event]:
    """The outer and the inner notes by turns, in sixteenths, swelling to the middle of the bar."""
    sets = (pitches[::2], pitches[1::2] or pitches[::2])
    count = round(4 * bar.beats)
    swell = np.sin(np.pi * np.arange(count) / count)
    return [
        (bar.start + 0.25 * n, 0.24, pitch, 0.34 + 0.16 * float(swell[n]))
        for n in range(count)
        for pitch in sets[n % 2]
    ]


def second(
    bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator
) -> list[Event]:
    """The second player: a fiddle's double stops after the beats, a wind's tenor on the low strokes; under a doina a long
    note.
    """
    dance, free = dance_of(plan), doina(plan)
    known = INSTRUMENTS[voice.instrument]
    strings = known.family == "bowed"
    events: list[Event] = []
    at = float(min(max(TENOR, known.low + 5), known.high - 5))
    for bar in bars:
        if bar.index < free:
            at = ground.nearest(ground.ladder(bar.chords[0].notes, voice.instrument, TENOR), at)
            events.append((bar.start, 0.95 * bar.beats, at, 0.42))
            continue
        for offset, _, symbol in ground.strokes(dance.chords if strings else dance.bass, bar.beats):
            notes = bar.chord_at(offset).notes[1:3]
            ladder = ground.ladder(notes, voice.instrument, TENOR)
            at = ground.nearest(ladder, 0.5 * at + 0.5 * TENOR)
            upper = [pitch for pitch in ladder if pitch > at][:1] if strings else []
            loud = 0.6 * ground.LOUDNESS[symbol] * ground.strength(bar)
            length = STAB if strings else 2 * STAB
            events += [(bar.start + offset, length, pitch, loud) for pitch in (int(at), *upper)]
    if bars and not events:
        events = [
            (
                bars[0].start,
                bars[0].beats,
                ground.closest(bars[0].chords[0].root, TENOR, voice.instrument),
                0.4,
            )
        ]
    return ground.within(events, bars)


def tsimbl(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """A dulcimer: two hammers by turns on broken chords; under a doina, and where a phrase ends, a tremolo."""
    free = doina(plan)
    shapes = ("0121", "0212", "0102", "1020")
    shape = shapes[int(dice.integers(len(shapes)))]
    fine = bool(dice.random() < HALVED)
    previous: tuple[int, ...] = ()
    events: list[Event] = []
    for bar in bars:
        previous = voice_chord(bar.chords[0], voice, previous)
        if bar.index < free or (bar.is_last and bar.section.bars >= 4):
            events += _tremolo(bar, previous)
            continue
        step = 0.25 if fine and bar.is_peak else 0.5
        for n in range(max(1, round(bar.beats / step))):
            chord = bar.chord_at(n * step)
            previous = (
                voice_chord(chord, voice, previous) if chord is not bar.chords[0] else previous
            )
            pitch = previous[int(shape[n % len(shape)]) % len(previous)]
            loud = (0.56 if n % 4 == 0 else 0.44) * ground.strength(bar)
            events.append((bar.start + n * step, 0.9 * step, pitch, loud))
    return ground.within(events, bars)


def low(bars: Sequence[Bar], plan: Plan, voice: Voice, _dice: np.random.Generator) -> list[Event]:
    """Root and fifth by turns on what the dance has for them; a doina's root is held."""
    dance, free = dance_of(plan), doina(plan)
    known = INSTRUMENTS[voice.instrument]
    events: list[Event] = []
    for bar in bars:
        line = dance.bass if bar.index >= free else "X" + "-" * (round(4 * bar.beats) - 1)
        places = list(ground.strokes(line, bar.beats)) or [(0.0, bar.beats, "x")]
        for n, (offset, length, symbol) in enumerate(places):
            chord = bar.chord_at(offset)
            fifth = (chord.root + 7) % 12
            own = chord.root if n % 2 == 0 or fifth not in chord.notes else fifth
            pitch = ground.closest(own, known.low + 9, voice.instrument)
            loud = 0.86 * ground.LOUDNESS[symbol] * ground.strength(bar)
            sounding = 0.92 * length if length > 0.25 else 0.42
            events.append((bar.start + offset, sounding, pitch, loud))
    return ground.within(events, bars)


def drum(bars: Sequence[Bar], plan: Plan, voice: Voice, dice: np.random.Generator) -> list[Event]:
    """Poyk and tats: bass drum, snare and a small cymbal; hands play the same on skins. They begin with the dance."""
    if voice.instrument == "tabla":
        return ground.within(groove.drum(bars, plan, voice, dice), bars)
    dance, free = dance_of(plan), doina(plan)
    skins = SKINS if voice.instrument in HANDS or voice.role is Role.PERCUSSION else {}
    ghosts = dice.random((4, round(4 * plan.metre.beats))).tolist()
    lines = {skins.get(name, name): line for name, line in dance.drums.items()}
    events: list[Event] = []
    for bar in bars:
        if bar.index < free:
            events.append((bar.start, 2.0, KEYS["tambourine"], 0.3))
            continue
        strength = ground.strength(bar)
        # A verse does without the cymbal.
        own = lines if bar.is_peak else {key: line for key, line in lines.items() if key != "hat"}
        events += ground.strike(own, bar, strength)
        if bar.is_last and bar.section.bars >= 4:
            events += _roll(bar, strength, KEYS[skins.get("snare", "snare")])
        elif bar.place == 0 and bar.is_peak and voice.role is Role.DRUMS:
            events.append((bar.start, 2.0, KEYS["crash"], 0.55 * strength))
        for n, roll in enumerate(ghosts[bar.index % 4]):
            if n % 2 and roll < 0.08 + 0.14 * bar.intensity and n * 0.25 < bar.beats:
                key = KEYS[skins.get("snare", "snare")]
                events.append((bar.start + n * 0.25, 0.15, key, 0.3 * strength))
    return ground.within(ground.once(events), bars)


def _roll(bar: Bar, strength: float, key: int) -> list[Event]:
    """The last two beats of a section in sixteenths, growing."""
    first = max(0.0, bar.beats - 2.0)
    count = round(4 * (bar.beats - first))
    return [
        (bar.start + first + 0.25 * n, 0.2, key, (0.45 + 0.35 * n / count) * strength)
        for n in range(count)
    ]


PLAYERS = {
    Role.LEAD: sing,
    Role.COUNTER: second,
    Role.COMP: oompah,
    Role.ARP: tsimbl,
    Role.BASS: low,
    Role.DRUMS: drum,
    Role.PERCUSSION: drum,
}
